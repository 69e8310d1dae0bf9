"""What a simulation costs: the calculation in processor time, and the route when one caller asks alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median, quantiles
from time import perf_counter, process_time

import httpx

from app.domain.amortization import Instalment, schedule
from app.domain.apr import apr, monthly_flows
from app.domain.usury import UsuryTable, usury
from app.parameters.law import usury_table
from benchmarks.processes import BenchError

_PRINCIPAL_CENTS, _MONTHS, _RATE_PERCENT = 300_000, 36, Decimal("3.04")
_OFFERED_ON, _FIRST_DUE_ON = date(2026, 7, 1), date(2026, 8, 1)
_ROUNDS, _A_ROUND = 15, 40
_CALLS, _WARM_UP_CALLS = 400, 20


@dataclass(frozen=True, slots=True)
class Alone:
    """What one caller waits for, asking one thing after the other; the client in Python is in it."""

    p50_ms: float
    p99_ms: float


def report(address: str, slug: str) -> str:
    """The figures of both, for the loan of Toulouse: 3 000 € over 36 months at 3.04 %.

    `slug` names a CCAS whose rules allow it. Raises BenchError if the service refuses, httpx.HTTPError.
    """
    table = usury_table()
    rows = _schedule()
    parts = {
        "schedule": _cpu_ms(_schedule),
        "APR": _cpu_ms(lambda: _apr_percent(rows)),
        "usury": _cpu_ms(lambda: _usury(Decimal("3.08"), table)),
    }
    whole = _cpu_ms(lambda: _usury(_apr_percent(_schedule()), table))
    named = ", ".join(f"{name} {cost:.3f}" for name, cost in parts.items())
    asked = {"amount_cents": _PRINCIPAL_CENTS, "duration_months": _MONTHS, "on": str(_OFFERED_ON)}
    with_rules = _alone(address, {**asked, "tenant": slug})
    without = _alone(address, {**asked, "rate_percent": str(_RATE_PERCENT)})
    return (
        f"36 rows, their APR and its usury test: {whole:.2f} ms of CPU ({named}); expected <= 1\n"
        f"simulations, one caller alone: with a CCAS {_told(with_rules)}, without {_told(without)}; p99 expected < 20"
    )


def _schedule() -> tuple[Instalment, ...]:
    return schedule(
        principal_cents=_PRINCIPAL_CENTS,
        rate_percent=_RATE_PERCENT,
        first_due_on=_FIRST_DUE_ON,
        duration_months=_MONTHS,
    )


def _apr_percent(rows: tuple[Instalment, ...]) -> Decimal:
    flows = monthly_flows(
        disbursements=[(_OFFERED_ON, _PRINCIPAL_CENTS)],
        fee_cents=0,
        instalments=[(row.due_on, row.total_cents) for row in rows],
    )
    return apr(flows).percent


def _usury(apr_percent: Decimal, table: UsuryTable) -> None:
    usury(apr_percent=apr_percent, amount_cents=_PRINCIPAL_CENTS, offered_on=_OFFERED_ON, table=table)


def _cpu_ms(work: Callable[[], object]) -> float:
    """Milliseconds of processor time of one call: the median of some rounds, each of many calls."""

    def one_round() -> float:
        began = process_time()
        for _ in range(_A_ROUND):
            work()
        return (process_time() - began) / _A_ROUND * 1000

    return median(one_round() for _ in range(_ROUNDS))


def _alone(address: str, asked: dict[str, object]) -> Alone:
    with httpx.Client(base_url=address, trust_env=False) as client:
        waits = [_wait_ms(client, asked) for _ in range(_WARM_UP_CALLS + _CALLS)][_WARM_UP_CALLS:]
    return Alone(p50_ms=median(waits), p99_ms=quantiles(waits, n=100)[98])


def _wait_ms(client: httpx.Client, asked: dict[str, object]) -> float:
    began = perf_counter()
    answer = client.post("/v1/simulations", json=asked)
    waited = (perf_counter() - began) * 1000
    if not answer.is_success:
        raise BenchError(f"a simulation was refused: {answer.text}")
    return waited


def _told(alone: Alone) -> str:
    return f"p50 {alone.p50_ms:.1f} ms, p99 {alone.p99_ms:.1f} ms"
