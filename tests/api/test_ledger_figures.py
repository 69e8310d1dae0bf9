"""What is left to recover on a day, as it was known at an instant, and the accounts that it agrees with."""

from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

from tests.api.test_position_imports import PAID, paid_out, told
from tests.support import Ccas, Json, disbursed, ok, repayment


async def figures(ccas: Ccas, **query: Any) -> Json:
    """What is left to recover."""
    return await ok(ccas.agent.get("/figures/outstanding", **query))


async def paid(ccas: Ccas, loan_id: str, cents: int, on: str, reference: str) -> None:
    """A repayment that the accountant told."""
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(cents, on, reference)))


async def test_before_any_loan_nothing_is_left(besancon: Ccas) -> None:
    found = await figures(besancon, as_of="2011-01-01")
    assert (found["outstanding_cents"], found["loans_account_cents"], found["reconciled"]) == (0, 0, True)
    assert (found["loans"], found["trial_balance_cents"], found["position_on"]) == ([], 0, None)


async def test_what_is_left_is_due_or_to_come_and_due_after_the_position_is_unknown(besancon: Ccas) -> None:
    loan_id = await paid_out(besancon)
    await told(besancon, PAID)
    await paid(besancon, loan_id, 2_500, "2011-02-20", "E-2")
    found = await figures(besancon, as_of="2011-04-05")
    (loan,) = found["loans"]
    assert (loan["loan_id"], loan["reference"], loan["outstanding_cents"]) == (loan_id, "P-2011-0001", 193_000)
    assert (loan["due_cents"], loan["unpaid_cents"], loan["unknown_cents"]) == (14_500, 0, 14_500)
    assert (loan["not_due_cents"], loan["left_cents"], loan["credit_cents"]) == (178_500, 193_000, 0)
    await ok(besancon.agent.post("/positions", {"position_on": "2011-03-31", "reference": "Mars"}))
    later = (await figures(besancon, as_of="2011-04-05"))["loans"][0]
    assert (later["due_cents"], later["unpaid_cents"], later["unknown_cents"]) == (14_500, 6_000, 8_500)


async def test_the_account_of_loans_is_the_sum_of_the_loans_and_all_accounts_sum_to_nothing(besancon: Ccas) -> None:
    loans = [await disbursed(besancon) for _ in range(3)]
    for number, loan_id in enumerate(loans):
        await paid(besancon, loan_id, 4_500 + 1_000 * number, "2011-02-05", f"E-{number}")
    found = await figures(besancon, as_of="2011-12-31")
    assert found["outstanding_cents"] == sum(loan["outstanding_cents"] for loan in found["loans"]) == 583_500
    assert (found["loans_account_cents"], found["reconciled"]) == (583_500, True)
    accounts = {line["account"]: line["balance_cents"] for line in found["trial_balance"]}
    assert (accounts["loans"], accounts["cash"], accounts["credits"]) == (583_500, -583_500, 0)
    assert (sum(accounts.values()), found["trial_balance_cents"]) == (0, 0)


async def test_what_was_overpaid_is_a_credit_and_no_negative_loan(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await paid(besancon, loan_id, 201_000, "2011-02-05", "E-1")
    found = await figures(besancon, as_of="2011-12-31")
    assert (found["outstanding_cents"], found["left_cents"], found["credit_cents"]) == (0, 0, 1_000)
    assert found["reconciled"] is True


async def test_a_figure_published_earlier_comes_out_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await paid(besancon, loan_id, 4_500, "2011-02-05", "E-1")
    published_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    published = await figures(besancon, as_of="2011-03-31", known_at=published_at)
    await paid(besancon, loan_id, 8_500, "2011-03-05", "E-2")
    await ok(besancon.agent.post("/positions", {"position_on": "2011-03-31", "reference": "Mars"}))
    assert await figures(besancon, as_of="2011-03-31", known_at=published_at) == published
    assert (await figures(besancon, as_of="2011-03-31"))["outstanding_cents"] == 187_000
    assert published["outstanding_cents"] == 195_500


async def test_many_loans_cost_as_many_statements_as_one(besancon: Ccas, app: FastAPI) -> None:
    async def statements() -> int:
        sent: list[str] = []

        def note(*arguments: Any) -> None:
            sent.append(str(arguments[2]))

        engine = app.state.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            await figures(besancon, as_of="2011-12-31")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(sent)

    await disbursed(besancon)
    one = await statements()
    for _ in range(3):
        await disbursed(besancon)
    assert await statements() == one
