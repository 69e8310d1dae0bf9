"""Debts waived: ended, in the books and out of them."""

from typing import Any

import pytest

from tests.api.test_write_offs import balances, board, nothing_written, repaid, seen, written_off
from tests.support import Ccas, Json, accepted, disbursed, ok, refused


def remission(amount_cents: int, on: str = "2012-09-20", **changes: Any) -> Json:
    """A remission that the board grants on a day."""
    return {"amount_cents": amount_cents, "remitted_on": on, "decision": board(on), **changes}


async def remitted(ccas: Ccas, loan_id: str, *args: Any, **changes: Any) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/remissions", remission(*args, **changes)))


async def test_a_partial_remission_ends_part_of_the_debt(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await remitted(besancon, loan_id, 50_000)
    assert (entry["kind"], entry["off_books_cents"]) == ("remission", 0)
    assert await balances(besancon, loan_id) == (150_000, 150_000, 0, 0, 0)
    await repaid(besancon, loan_id, 150_001, "2012-10-01", "R-1")
    assert await balances(besancon, loan_id) == (0, 0, 0, 0, 1)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["remitted_cents"], loan["closing_reasons"]) == (50_000, ["remission"])


async def test_what_was_written_off_may_be_waived_after_what_the_books_hold(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await written_off(besancon, loan_id, 150_000)
    entry = await remitted(besancon, loan_id, 120_000)
    assert entry["off_books_cents"] == 70_000
    assert await balances(besancon, loan_id) == (0, 80_000, 150_000, 0, 0)
    too_much = besancon.agent.post(f"/loans/{loan_id}/remissions", remission(80_001))
    assert (await refused(too_much, 409, "above_legally_due"))["due_cents"] == 80_000
    await remitted(besancon, loan_id, 80_000)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["legally_due_cents"], loan["closing_reasons"]) == (0, ["with_non_valeur", "remission"])
    await refused(besancon.agent.post(f"/loans/{loan_id}/remissions", remission(1)), 409, "nothing_owed")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount_cents": 200_001}, 409, "above_legally_due"),
        ({"amount_cents": 0}, 422, "invalid"),
        ({"amount_cents": -5}, 422, "invalid"),
        ({"remitted_on": "2011-01-29", "decision": board("2011-01-29")}, 409, "date_out_of_order"),
        ({"remitted_on": "2199-01-01"}, 409, "date_in_future"),
        ({"decision": board("2012-09-20", decided_by="accountant")}, 409, "decided_by_another"),
    ],
)
async def test_what_cannot_be_waived_is_refused_and_leaves_nothing(
    besancon: Ccas, changes: Json, status: int, code: str
) -> None:
    loan_id = await disbursed(besancon)
    before = await seen(besancon, loan_id)
    body = {**remission(1_000), **changes}
    await refused(besancon.agent.post(f"/loans/{loan_id}/remissions", body), status, code)
    await nothing_written(besancon, loan_id, before)


async def test_nothing_is_waived_before_the_money_leaves(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/remissions", remission(1)), 409, "illegal_transition")
