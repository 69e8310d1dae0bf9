"""Loans with a past, for the properties of events: any contract, and what happened to it since."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import event, reject
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, RemainderOn, Rounding, schedule
from app.domain.deferral import DeferralMode, defer
from app.domain.early_repayment import Choice, repay_early
from app.domain.rescheduling import reschedule
from app.domain.schedule_versions import ScheduleVersion, due_by, in_force, month_shift
from app.parameters.yaml_file import load_yaml

CASES = load_yaml(Path(__file__).parents[1] / "cases" / "loan_events.yaml")


@dataclass(frozen=True)
class Loan:
    """A version, all that was paid on it in cents, and the day."""

    version: ScheduleVersion
    paid_cents: int
    on: date


def contract(name: str) -> ScheduleVersion:
    """The first version of a loan of the cases."""
    ask: dict[str, Any] = {"rate_percent": "0", **CASES["loans"][name]}
    ask["rate_percent"] = Decimal(ask["rate_percent"])
    if "remainder_on" in ask:
        ask["remainder_on"] = RemainderOn(ask["remainder_on"])
    first = ask["first_due_on"]
    return in_force(schedule(**ask), rate_percent=ask["rate_percent"], released_on=month_shift(first, -1, first.day))


def case_loan(case: dict[str, Any]) -> Loan:
    """The loan of a case, the day and the payments it speaks of."""
    version = contract(case["loan"])
    on = version.rows[case["after"] - 1].due_on + timedelta(days=case.get("days", 0))
    return Loan(version, paid(version, case.get("paid", case["after"])), on)


def paid(version: ScheduleVersion, count: int) -> int:
    """The cents of the first instalments and of all early repayments."""
    early = sum(early.total_cents for early in version.prepayments)
    return early + sum(row.total_cents for row in version.rows[:count])


any_rate = st.just(Decimal(0)) | st.decimals(0, 25, places=2) | st.decimals(0, 100, places=6)


def refused(fault: ImpossiblePlan) -> ImpossiblePlan:
    """The refusal of what was asked. A fault of the rows is ours, and no refusal."""
    if fault.field == "rows":
        raise fault
    return fault


@st.composite
def contracts(draw: st.DrawFn, *, rates: st.SearchStrategy[Decimal] | None = None) -> ScheduleVersion:
    """A first version: any amount, rate, duration and rounding that a schedule fits."""
    rate = draw(any_rate if rates is None else rates)
    first = draw(
        st.dates(date(2010, 1, 1), date(2040, 12, 31)) | st.sampled_from([date(2026, 1, 31), date(2028, 2, 29)])
    )
    ask = {
        "principal_cents": draw(st.integers(1, 7_500_000) | st.integers(1, 5_000)),
        "rate_percent": rate,
        "first_due_on": first,
        "duration_months": draw(st.integers(1, 120) | st.integers(1, 12)),
        "rounding_unit_cents": draw(st.sampled_from([1, 1, 100])),
        "rounding": draw(st.sampled_from(Rounding)),
        "remainder_on": RemainderOn.LAST if rate else draw(st.sampled_from(RemainderOn)),
    }
    try:
        rows = schedule(**ask)
    except ImpossiblePlan:
        reject()
    return in_force(rows, rate_percent=rate, released_on=first - timedelta(days=draw(st.integers(0, 120))))


@st.composite
def histories(draw: st.DrawFn, *, rates: st.SearchStrategy[Decimal] | None = None) -> Loan:
    """A loan to which up to three things happened, paid up to some day: in time, late or ahead."""
    version = draw(contracts(rates=rates))
    earliest = version.released_on
    for _ in range(draw(st.integers(0, 3))):
        loan = draw(_moments(version, earliest))
        try:
            version = draw(_changes(loan))
        except ImpossiblePlan as fault:
            event(f"step refused: {refused(fault).field}")
            continue
        earliest = version.effective_on or earliest
        if not version.rows or version.rows[-1].due_on <= earliest:
            break
    return draw(_moments(version, earliest))


@st.composite
def paid_ahead(draw: st.DrawFn) -> Loan:
    """The same, with all that is due paid, and at least one instalment to come where there is one."""
    loan = draw(histories())
    due, count = due_by(loan.version, loan.on), len(loan.version.rows)
    return replace(loan, paid_cents=paid(loan.version, draw(st.integers(min(due + 1, count), count))))


@st.composite
def _moments(draw: st.DrawFn, version: ScheduleVersion, earliest: date) -> Loan:
    """A day from ``earliest`` on, and payments up to date, or ahead, or late as far as the version allows."""
    last = max(row.due_on for row in version.rows) if version.rows else earliest
    on = earliest + timedelta(days=draw(st.integers(0, max(0, (last - earliest).days) + 40)))
    due, settled = due_by(version, on), max((early.after_number for early in version.prepayments), default=0)
    count = draw(st.just(max(due, settled)) | st.integers(settled, len(version.rows)))
    part = draw(st.just(0) | st.integers(0, version.rows[count].total_cents - 1)) if count < len(version.rows) else 0
    return Loan(version, paid(version, count) + part, on)


@st.composite
def _changes(draw: st.DrawFn, loan: Loan) -> ScheduleVersion:
    """The next version after some event; raises ImpossiblePlan where it is refused."""
    kind = draw(st.sampled_from(["early", "defer", "reschedule"]))
    if kind == "early":
        amount = draw(st.integers(1, max(1, loan.version.principal_cents)))
        choice = draw(st.sampled_from([Choice.SHORTEN, Choice.REDUCE]))
        return repay_early(
            loan.version, on=loan.on, amount_cents=amount, choice=choice, paid_cents=loan.paid_cents
        ).version
    if kind == "defer":
        return defer(
            loan.version,
            on=loan.on,
            number=draw(st.integers(1, max(1, len(loan.version.rows)))),
            months=draw(st.integers(1, 4)),
            mode=draw(st.sampled_from(DeferralMode)),
            paid_cents=loan.paid_cents,
        ).version
    return reschedule(
        loan.version,
        on=loan.on,
        paid_cents=loan.paid_cents,
        first_due_on=loan.on + timedelta(days=draw(st.integers(1, 100))),
        duration_months=draw(st.integers(1, 60)),
    ).version


def assert_sound(before: ScheduleVersion, after: ScheduleVersion) -> None:
    """What every event keeps, told again from the rows alone."""
    repaid = [row.principal_cents for row in after.rows] + [early.principal_cents for early in after.prepayments]
    assert sum(repaid) == before.principal_cents
    assert all(min(row.principal_cents, row.interest_cents) >= 0 for row in after.rows)
    assert all(row.total_cents == row.principal_cents + row.interest_cents > 0 for row in after.rows)
    assert all(one.due_on < other.due_on for one, other in pairwise(after.rows))
    assert [row.number for row in after.rows] == list(range(1, len(after.rows) + 1))
    assert not after.rows or after.rows[-1].balance_cents == after.prepaid(len(after.rows))
    last = after.prepayments[-1].after_number if after.prepayments else 0
    assert all(row.balance_cents > 0 for row in after.rows[: len(after.rows) - (last < len(after.rows))])
    assert sum(pause.interest_cents for pause in after.pauses) <= (after.rows[-1].interest_cents if after.rows else 0)
