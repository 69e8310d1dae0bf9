"""Debts admitted en non-valeur: out of the books, still due, recovered later up to what was admitted."""

from typing import Any

import pytest

from tests.api.test_partner_signatures import signed_loan
from tests.support import Ccas, Databases, Json, accepted, disbursed, ok, refused, repayment, run_sql

BALANCES = ("outstanding_cents", "legally_due_cents", "written_off_cents", "recovered_cents", "credit_cents")


def board(decided_on: str = "2012-06-20", **changes: Any) -> Json:
    """A decision of the board."""
    return {"decided_on": decided_on, "decided_by": "board", "reference": "CA 2012-14", **changes}


def write_off(amount_cents: int, on: str = "2012-06-20", **changes: Any) -> Json:
    """A write-off on the accountant's list, decided on its day."""
    body = {"amount_cents": amount_cents, "written_off_on": on, "proposal_reference": "Liste 2012-3"}
    return {**body, "decision": board(on), **changes}


async def balances(ccas: Ccas, loan_id: str, day: str | None = None) -> tuple[int, ...]:
    loan = await ok(ccas.manager.get(f"/loans/{loan_id}", **({"as_of": day} if day else {})))
    return tuple(loan[name] for name in BALANCES)


async def written_off(ccas: Ccas, loan_id: str, *args: Any, **changes: Any) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/write-offs", write_off(*args, **changes)))


async def repaid(ccas: Ccas, loan_id: str, cents: int, on: str, reference: str, **changes: Any) -> Json:
    body = {**repayment(cents, on, reference), **changes}
    return await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", body))


async def test_a_partial_non_valeur_leaves_the_books_and_is_recovered_up_to_what_was_admitted(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await repaid(besancon, loan_id, 4_500, "2011-02-05", "R-1")
    entry = await written_off(besancon, loan_id, 95_500)
    assert (entry["kind"], entry["reference"], entry["effect_on"]) == ("write_off", "Liste 2012-3", "2012-06-20")
    assert {line["account"]: line["amount_cents"] for line in entry["lines"]} == {
        "loans": -95_500,
        "non_valeur": 95_500,
        "off_books": 95_500,
        "off_books_contra": -95_500,
    }
    assert await balances(besancon, loan_id, "2012-06-19") == (195_500, 195_500, 0, 0, 0)
    assert await balances(besancon, loan_id) == (100_000, 195_500, 95_500, 0, 0)
    await repaid(besancon, loan_id, 100_000, "2012-09-01", "R-2")
    assert await balances(besancon, loan_id) == (0, 95_500, 95_500, 0, 0)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["closing_reasons"]) == ("closed", ["with_non_valeur"])
    await repaid(besancon, loan_id, 50_000, "2013-01-10", "R-3")
    assert await balances(besancon, loan_id) == (0, 45_500, 95_500, 50_000, 0)
    await repaid(besancon, loan_id, 60_000, "2013-02-10", "R-4")
    assert await balances(besancon, loan_id) == (0, 0, 95_500, 95_500, 14_500)


async def test_the_decision_of_the_board_is_kept_with_its_reference(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    entry = await written_off(besancon, loan_id, 1_000)
    rows = run_sql(
        databases, besancon, "select id::text, kind, decided_by, reference from loan_decisions where loan_id = :id",
        id=loan_id,
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [(entry["decision_id"], "write_off", "board", "CA 2012-14")]


async def test_a_repayment_told_late_of_a_day_before_the_write_off_gives_the_same_as_in_time(besancon: Ccas) -> None:
    in_time, late = [await disbursed(besancon) for _ in range(2)]
    await repaid(besancon, in_time, 30_000, "2012-01-10", "T-1")
    for loan_id in (in_time, late):
        await written_off(besancon, loan_id, 150_000)
    await repaid(besancon, late, 30_000, "2012-01-10", "L-1")
    for day in ("2012-01-09", "2012-01-10", "2012-06-20", "2013-01-01"):
        assert await balances(besancon, in_time, day) == await balances(besancon, late, day)


async def nothing_written(ccas: Ccas, loan_id: str, before: Json) -> None:
    """Nothing of what was refused is there: neither an entry, nor a decision, nor a version."""
    assert await ok(ccas.agent.get(f"/loans/{loan_id}/ledger")) == before["ledger"]
    assert (await ok(ccas.agent.get(f"/loans/{loan_id}")))["version"] == before["loan"]["version"]


async def seen(ccas: Ccas, loan_id: str) -> Json:
    return {
        "ledger": await ok(ccas.agent.get(f"/loans/{loan_id}/ledger")),
        "loan": await ok(ccas.agent.get(f"/loans/{loan_id}")),
    }


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount_cents": 195_501}, 409, "write_off_above_outstanding"),
        ({"amount_cents": 0}, 422, "invalid"),
        ({"amount_cents": -1}, 422, "invalid"),
        ({"amount_cents": 10.5}, 422, "invalid"),
        ({"amount_cents": "100"}, 422, "invalid"),
        ({"written_off_on": "2011-01-29", "decision": board("2011-01-29")}, 409, "date_out_of_order"),
        ({"written_off_on": "2012-06-19"}, 409, "date_out_of_order"),
        ({"decision": board("2011-01-29")}, 409, "date_out_of_order"),
        ({"written_off_on": "2199-01-01"}, 409, "date_in_future"),
        ({"decision": board(decided_by="commission")}, 409, "decided_by_another"),
        ({"decision": None}, 422, "invalid"),
        ({"proposal_reference": " "}, 422, "invalid"),
        ({"surprise": 1}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_written_off_is_refused_and_leaves_nothing(
    besancon: Ccas, databases: Databases, changes: Json, status: int, code: str
) -> None:
    loan_id = await disbursed(besancon)
    await repaid(besancon, loan_id, 4_500, "2011-02-05", "R-1")
    before = await seen(besancon, loan_id)
    problem = await refused(
        besancon.agent.post(f"/loans/{loan_id}/write-offs", {**write_off(1_000), **changes}), status, code
    )
    if code == "write_off_above_outstanding":
        assert (problem["due_cents"], problem["on"]) == (195_500, "2012-06-20")
    await nothing_written(besancon, loan_id, before)
    assert run_sql(databases, besancon, "select 1 from loan_decisions where loan_id = :id", id=loan_id) == []


async def test_nothing_is_written_off_before_the_money_leaves_nor_of_a_loan_given_up(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/write-offs", write_off(1)), 409, "illegal_transition")
    given_up = {"cancelled_on": "2011-01-25", "reason": "Projet abandonné"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", given_up))
    await refused(besancon.agent.post(f"/loans/{loan_id}/write-offs", write_off(1)), 409, "illegal_transition")


async def test_nothing_is_written_off_of_a_loan_that_is_repaid_or_all_written_off(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await repaid(besancon, loan_id, 200_000, "2012-01-10", "R-1")
    await refused(besancon.agent.post(f"/loans/{loan_id}/write-offs", write_off(1)), 409, "nothing_owed")
    other = await disbursed(besancon)
    await written_off(besancon, other, 200_000)
    await refused(besancon.agent.post(f"/loans/{other}/write-offs", write_off(1)), 409, "nothing_owed")


async def test_what_a_partner_lent_is_not_ours_to_write_off(databases: Databases, amiens: Ccas) -> None:
    _, _, path = await signed_loan(databases, amiens)
    await refused(amiens.agent.post(f"{path}/write-offs", write_off(1)), 409, "partner_lends")


async def test_a_loan_wholly_written_off_is_closed_and_still_due(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await written_off(besancon, loan_id, 200_000)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["closing_reasons"]) == ("closed", ["with_non_valeur"])
    assert (loan["outstanding_cents"], loan["legally_due_cents"], loan["overdue_cents"]) == (0, 200_000, 0)
    attestation = besancon.agent.get(f"/loans/{loan_id}/documents/repayment_attestation")
    await refused(attestation, 409, "document_not_ready")
