"""Loans whose schedule changes, as tests need them."""

from decimal import Decimal
from typing import Any

from httpx import AsyncClient

from app.domain.amortization import RemainderOn, Rounding
from app.domain.products import DeferralRule, RoundingRule
from tests.api.test_overrides import open_changed
from tests.support import Ccas, Databases, Json, approved, ok, repayment

IN_CENTS = RoundingRule(unit_cents=1, mode=Rounding.HALF_UP, remainder_on=(RemainderOn.LAST,))
# 2 000 € over 24 months at 6.20 %: 23 × 88.82 then 88.87 (project reference, § 2.2), first due on 5 February 2011.
AMIENS: Json = {"loan": {"amount_cents": 200_000, "duration_months": 24}}


def lending_at(databases: Databases, client: AsyncClient, rate: str, **changes: Any) -> Ccas:
    """A CCAS that lends its own money at a rate, instalments to the cent."""
    return open_changed(databases, client, rate_percent=Decimal(rate), rounding=IN_CENTS, **changes)


def deferring(databases: Databases, client: AsyncClient, **limits: int | None) -> Ccas:
    """A CCAS that lends at 0 %, whose rules limit deferrals."""
    return open_changed(databases, client, deferrals=DeferralRule(**limits))


async def running(ccas: Ccas, decision: Json = AMIENS, **terms: Any) -> str:
    """The identifier of a loan of 2 000 € paid out on 30 January 2011, whose instalments are those of the rules."""
    request_id = await approved(ccas, None, decision)
    offer = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05", **terms}
    loan_id = str((await ok(ccas.agent.post(f"/requests/{request_id}/loans", offer)))["id"])
    for party in ("ccas", "borrower"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    return loan_id


def decided(on: str, **changes: Any) -> Json:
    """Who decided a change, the president unless said."""
    return {"decided_on": on, "decided_by": "president", **changes}


def deferral(number: int, on: str, *, months: int = 1, decision: Json | None = None, **changes: Any) -> Json:
    """Instalments put off from a day on, which is that of the decision."""
    return {"months": months, "first_number": number, "decision": decision or decided(on), **changes}


async def defer(ccas: Ccas, loan_id: str, number: int, on: str, **changes: Any) -> Json:
    """Puts an instalment off."""
    return await ok(ccas.agent.post(f"/loans/{loan_id}/deferrals", deferral(number, on, **changes)))


async def rows_of(ccas: Ccas, loan_id: str, **query: Any) -> list[Json]:
    """The instalments of the schedule in force, or of a version."""
    return list((await ok(ccas.agent.get(f"/loans/{loan_id}/schedule", **query)))["rows"])


async def pay(ccas: Ccas, loan_id: str, count: int, *, first: int = 1) -> None:
    """Pays instalments of the schedule in force on their day, as the accountant tells it."""
    for row in (await rows_of(ccas, loan_id))[first - 1 : first - 1 + count]:
        told = repayment(row["total_cents"], row["due_on"], f"P-{loan_id}-{row['number']}")
        await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", told))


async def paid(ccas: Ccas, loan_id: str, amount_cents: int, on: str) -> str:
    """The identifier of a repayment that the accountant told."""
    told = repayment(amount_cents, on, f"E-{loan_id}-{on}-{amount_cents}")
    return str((await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", told)))["id"])


async def repay_early(ccas: Ccas, loan_id: str, amount_cents: int, on: str, choice: str) -> Json:
    """Repays an amount early, on a day on which all that was due is paid."""
    body = {"repayment_id": await paid(ccas, loan_id, amount_cents, on), "choice": choice, "decision": decided(on)}
    return await ok(ccas.agent.post(f"/loans/{loan_id}/early-repayments", body))


def told(rows: list[Json]) -> list[tuple[str, int]]:
    """The days and amounts of instalments."""
    return [(row["due_on"], row["total_cents"]) for row in rows]
