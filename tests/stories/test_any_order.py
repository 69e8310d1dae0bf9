"""What is told late: the same facts entered in any order give the same loan and the same ledger, on every day."""

from itertools import permutations
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI

from tests.api.test_timelines import statements_of
from tests.arrears import decided, paid, running
from tests.support import Ccas, Databases, Json, ok, run_sql, told_until

# Named or not, by the borrower or the CCAS, early, twice on a day, taken back later, and an instalment put off.
FACTS = ("first", "named", "support", "same_day", "returned", "deferral")
DAYS = ("2011-02-05", "2011-03-06", "2011-04-06", "2011-05-20", "2011-06-06", "2011-12-31", "2013-03-01")
STATE = ("status", "outstanding_cents", "overdue_cents", "credit_cents", "supported_cents", "next_due")
ORDERS = Random(8).sample(list(permutations(FACTS)), 12)  # noqa: S311 - a seed, so that a failure can be told again
_LINES = (
    "select account, effect_on::text, sum(amount_cents)::bigint as cents from ledger_lines where loan_id = :loan_id"
    " group by account, effect_on having sum(amount_cents) <> 0 order by effect_on, account"
)


async def enter(ccas: Ccas, loan_id: str, fact: str) -> None:
    match fact:
        case "first":
            await paid(ccas, loan_id, 4_500, "2011-02-05", f"{loan_id}-1")
        case "named":
            await paid(ccas, loan_id, 9_000, "2011-05-16", f"{loan_id}-2", instalment_ref=5)
        case "support":
            await paid(ccas, loan_id, 8_500, "2011-05-16", f"{loan_id}-3", payer="ccas", instalment_ref=2)
        case "same_day":
            await paid(ccas, loan_id, 200, "2011-05-16", f"{loan_id}-4")
        case "returned":
            entry = await paid(ccas, loan_id, 8_500, "2011-05-17", f"{loan_id}-5")
            back = {"reversed_on": "2011-05-25", "reason": "Rejet"}
            await ok(ccas.agent.post(f"/loans/{loan_id}/repayments/{entry['id']}/reversal", back))
        case "deferral":
            body = {"months": 1, "first_ref": 9, "on": "2011-05-10", "decision": decided("2011-05-10")}
            await ok(ccas.agent.post(f"/loans/{loan_id}/deferrals", body))


async def seen(ccas: Ccas, loan_id: str) -> list[Json]:
    """The loan on days on which it differs."""
    told = [await ok(ccas.manager.get(f"/loans/{loan_id}", as_of=day)) for day in DAYS]
    return [{name: loan[name] for name in STATE} for loan in told]


async def test_the_same_facts_in_any_order_give_the_same_loan_and_the_same_ledger(
    besancon: Ccas, databases: Databases
) -> None:
    found: list[tuple[list[Json], list[Any]]] = []
    for order in ORDERS:
        loan_id = await running(besancon)
        for fact in order:
            await enter(besancon, loan_id, fact)
        await told_until(besancon)
        lines = [tuple(row.values()) for row in run_sql(databases, besancon, _LINES, loan_id=loan_id)]
        found.append((await seen(besancon, loan_id), lines))
    assert all(state == found[0][0] for state, _ in found)
    assert all(lines == found[0][1] for _, lines in found)
    last = found[0][0][-1]
    assert last["outstanding_cents"] == 200_000 - 4_500 - 9_000 - 8_500 - 200


async def test_an_early_repayment_whose_payment_came_back_is_shown_until_it_is_cancelled(
    besancon: Ccas,
) -> None:
    loan_id = await running(besancon)
    await paid(besancon, loan_id, 4_500, "2011-02-05", "E-1")
    entry = await paid(besancon, loan_id, 100_000, "2011-02-20", "E-2")
    early = {"repayment_id": entry["id"], "choice": "shorten", "decision": decided("2011-02-21", decided_by="borrower")}
    change = await ok(besancon.agent.post(f"/loans/{loan_id}/early-repayments", early))
    back = {"reversed_on": "2011-03-01", "reason": "Rejet"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments/{entry['id']}/reversal", back))
    loan = await ok(besancon.manager.get(f"/loans/{loan_id}"))
    assert loan["anomalies"] == ["early_repayment_taken_back"]
    path = f"/loans/{loan_id}/schedule-changes/{change['change']['version']}/cancellation"
    await ok(besancon.agent.post(path, {"decision": decided("2011-03-02")}))
    loan = await ok(besancon.manager.get(f"/loans/{loan_id}"))
    assert (loan["anomalies"], loan["outstanding_cents"], loan["schedule_version"]) == ([], 195_500, 1)


async def test_a_credit_refund_entered_in_error_is_taken_back(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await paid(besancon, loan_id, 201_000, "2011-02-05", "E-3")
    await ok(
        besancon.agent.post(f"/loans/{loan_id}/credit-refunds", {"amount_cents": 600, "refunded_on": "2011-03-01"})
    )
    entries = (await ok(besancon.manager.get(f"/loans/{loan_id}/ledger")))["items"]
    back = {"reversed_on": "2011-03-05", "reason": "Erreur"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/ledger/{entries[-1]['id']}/reversal", back))
    assert (await ok(besancon.manager.get(f"/loans/{loan_id}")))["credit_cents"] == 1_000


@pytest.mark.parametrize("months", [1, 24])
async def test_reading_a_loan_takes_as_many_statements_whatever_was_paid(
    app: FastAPI, besancon: Ccas, months: int
) -> None:
    loan_id = await running(besancon)
    for month in range(months):
        day = f"{2011 + (month + 1) // 12}-{(month + 1) % 12 + 1:02d}-05"
        await paid(besancon, loan_id, 4_500 if month == 0 else 8_300, day, f"{loan_id}-{month}")
    await told_until(besancon)
    with statements_of(app) as statements:
        await ok(besancon.manager.get(f"/loans/{loan_id}", as_of="2013-01-06"))
    assert len(statements) <= 24, statements
