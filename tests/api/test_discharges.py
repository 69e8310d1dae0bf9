"""Debts that the law erases: partly or wholly, of one borrower or of all, and never asked for again."""

from typing import Any

import pytest

from tests.api.test_loan_documents import Kind, not_printed, said
from tests.api.test_write_offs import balances, board, nothing_written, repaid, seen, written_off
from tests.support import Ccas, Json, accepted, approved, demand, disbursed, ok, refused, told_until

NOBODY = "01900000-0000-7000-8000-000000000000"


def discharge(amount_cents: int, on: str = "2013-03-01", **changes: Any) -> Json:
    """An erasure by a rétablissement personnel, of which the board takes note in June."""
    told = {"amount_cents": amount_cents, "discharged_on": on, "ground": "personal_recovery", "reference": "BdF 25-7"}
    return {**told, "decision": board("2013-06-20"), **changes}


async def discharged(ccas: Ccas, loan_id: str, *args: Any, **changes: Any) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/discharges", discharge(*args, **changes)))


async def not_discharged(ccas: Ccas, loan_id: str, code: str, *args: Any, **changes: Any) -> Json:
    return await refused(ccas.agent.post(f"/loans/{loan_id}/discharges", discharge(*args, **changes)), 409, code)


async def lent_to_a_couple(ccas: Ccas) -> tuple[str, str, str]:
    """A loan of 2 000 € to two people, paid out on 30 January 2011; the borrower and the co-borrower."""
    person = {**demand(ccas)["applicant"], "first_names": "Sacha", "usage_name": "Autre"}
    other = str((await ok(ccas.agent.post("/people", person)))["id"])
    couple = {"co_applicant_id": other, "household": {"adults": 2, "minor_children": 0}}
    request_id = await approved(ccas, None, None, **couple)
    offer = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    loan_id = str((await ok(ccas.agent.post(f"/requests/{request_id}/loans", offer)))["id"])
    for party in ("ccas", "borrower", "co_borrower"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    await told_until(ccas)
    request = await ok(ccas.agent.get(f"/requests/{request_id}"))
    return loan_id, str(request["applicant_id"]), other


async def test_part_of_a_debt_is_erased_and_the_rest_is_still_repaid(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    told = await discharged(besancon, loan_id, 60_000)
    assert (told["books_cents"], told["off_books_cents"], told["still_owed_cents"]) == (60_000, 0, 0)
    assert (told["person_id"], told["reversed_on"]) == (None, None)
    assert await balances(besancon, loan_id, "2013-02-28") == (200_000, 200_000, 0, 0, 0)
    assert await balances(besancon, loan_id, "2013-03-01") == (140_000, 140_000, 0, 0, 0)
    await repaid(besancon, loan_id, 140_000, "2013-04-01", "R-1")
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["discharged_cents"], loan["closing_reasons"]) == ("closed", 60_000, ["erased"])
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}/discharges")))["items"] == [told]


async def test_what_had_left_the_books_is_erased_after_what_they_hold(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await written_off(besancon, loan_id, 120_000)
    told = await discharged(besancon, loan_id, 200_000)
    assert (told["books_cents"], told["off_books_cents"]) == (80_000, 120_000)
    assert await balances(besancon, loan_id) == (0, 0, 120_000, 0, 0)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert loan["closing_reasons"] == ["with_non_valeur", "erased"]


async def test_money_that_the_accountant_still_tells_of_after_an_erasure_is_a_credit(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await discharged(besancon, loan_id, 200_000)
    await repaid(besancon, loan_id, 5_000, "2013-07-01", "R-1")
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["credit_cents"], loan["status"], loan["legally_due_cents"]) == (5_000, "closed", 0)
    assert loan["anomalies"]


async def test_of_a_couple_the_one_whose_debt_is_erased_is_freed_and_the_other_owes_all(besancon: Ccas) -> None:
    loan_id, borrower, other = await lent_to_a_couple(besancon)
    told = await discharged(besancon, loan_id, 200_000, person_id=borrower)
    assert (told["person_id"], told["entry_id"], told["still_owed_cents"]) == (borrower, None, 200_000)
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)
    letter = await said(besancon, loan_id, Kind.FIRST_UNPAID_LETTER)
    assert "Sacha Autre" in letter
    assert "Camille Exemple" not in letter
    assert (await not_discharged(besancon, loan_id, "above_legally_due", 1, person_id=borrower))["due_cents"] == 0
    last = await discharged(besancon, loan_id, 200_000, "2013-05-01", person_id=other)
    assert (last["books_cents"], last["still_owed_cents"]) == (200_000, 0)
    assert await balances(besancon, loan_id, "2013-04-30") == (200_000, 200_000, 0, 0, 0)
    assert await balances(besancon, loan_id, "2013-05-01") == (0, 0, 0, 0, 0)


async def test_the_debt_leaves_the_books_when_the_last_is_freed_whoever_is_entered_first(besancon: Ccas) -> None:
    loan_id, borrower, other = await lent_to_a_couple(besancon)
    await discharged(besancon, loan_id, 200_000, "2013-05-01", person_id=other)
    told = await discharged(besancon, loan_id, 150_000, "2013-03-01", person_id=borrower)
    assert (told["books_cents"], told["discharged_on"]) == (150_000, "2013-03-01")
    assert await balances(besancon, loan_id, "2013-04-30") == (200_000, 200_000, 0, 0, 0)
    assert await balances(besancon, loan_id, "2013-05-01") == (50_000, 50_000, 0, 0, 0)


async def test_nobody_is_asked_again_for_a_debt_that_was_erased(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    assert "Camille Exemple" in await said(besancon, loan_id, Kind.FIRST_UNPAID_LETTER)
    told = await discharged(besancon, loan_id, 200_000)
    problem = await not_printed(besancon, loan_id, Kind.FIRST_UNPAID_LETTER, "debt_erased")
    assert "éteinte" in problem["detail"]
    litigation = besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2013-07-01"})
    await refused(litigation, 409, "nothing_owed")
    await not_printed(besancon, loan_id, Kind.REPAYMENT_ATTESTATION, "document_not_ready")
    taken_back = {"reversed_on": "2013-08-01", "reason": "Contestation"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/discharges/{told['id']}/reversal", taken_back))
    assert "Camille Exemple" in await said(besancon, loan_id, Kind.FIRST_UNPAID_LETTER)


async def test_an_erasure_is_taken_back_once_with_its_entry(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    told = await discharged(besancon, loan_id, 200_000)
    path = f"/loans/{loan_id}/discharges/{told['id']}/reversal"
    early = {"reversed_on": "2013-02-28", "reason": "Erreur"}
    await refused(besancon.agent.post(path, early), 409, "date_out_of_order")
    back = await ok(besancon.agent.post(path, {**early, "reversed_on": "2013-07-01"}))
    assert (back["id"], back["reversed_on"]) == (told["id"], "2013-07-01")
    assert await balances(besancon, loan_id, "2013-06-30") == (0, 0, 0, 0, 0)
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)
    await refused(besancon.agent.post(path, {**early, "reversed_on": "2013-07-01"}), 409, "already_reversed")
    await refused(besancon.agent.post(f"/loans/{loan_id}/discharges/{NOBODY}/reversal", {**early}), 404, "not_found")


async def test_of_two_erasures_the_one_on_which_the_other_rests_waits(besancon: Ccas) -> None:
    loan_id, borrower, other = await lent_to_a_couple(besancon)
    first = await discharged(besancon, loan_id, 200_000, person_id=borrower)
    last = await discharged(besancon, loan_id, 200_000, "2013-05-01", person_id=other)
    back = {"reversed_on": "2013-07-01", "reason": "Erreur"}
    paths = [f"/loans/{loan_id}/discharges/{one['id']}/reversal" for one in (first, last)]
    problem = await refused(besancon.agent.post(paths[0], back), 409, "later_discharge")
    assert problem["discharged_on"] == "2013-05-01"
    for path in reversed(paths):
        await ok(besancon.agent.post(path, back))
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount_cents": 200_001}, 409, "above_legally_due"),
        ({"amount_cents": 0}, 422, "invalid"),
        ({"amount_cents": -5}, 422, "invalid"),
        ({"discharged_on": "2011-01-29"}, 409, "date_out_of_order"),
        ({"discharged_on": "2013-06-21"}, 409, "date_out_of_order"),
        ({"discharged_on": "2199-01-01"}, 409, "date_in_future"),
        ({"ground": "kindness"}, 422, "invalid"),
        ({"person_id": NOBODY}, 409, "not_a_borrower"),
        ({"decision": board("2013-06-20", decided_by="judge")}, 409, "decided_by_another"),
    ],
)
async def test_what_cannot_be_erased_is_refused_and_leaves_nothing(
    besancon: Ccas, changes: Json, status: int, code: str
) -> None:
    loan_id = await disbursed(besancon)
    before = await seen(besancon, loan_id)
    body = {**discharge(1_000), **changes}
    await refused(besancon.agent.post(f"/loans/{loan_id}/discharges", body), status, code)
    await nothing_written(besancon, loan_id, before)
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}/discharges")))["items"] == []


async def test_nothing_is_erased_before_the_money_leaves_nor_once_all_is(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await not_discharged(besancon, loan_id, "illegal_transition", 1)
    other = await disbursed(besancon)
    await discharged(besancon, other, 200_000)
    for path, body in (
        ("discharges", discharge(1)),
        ("write-offs", {**discharge(1), "written_off_on": "2013-07-01", "proposal_reference": "L"}),
    ):
        told = {name: value for name, value in body.items() if path == "discharges" or name in WRITE_OFF}
        await refused(besancon.agent.post(f"/loans/{other}/{path}", told), 409, "nothing_owed")


WRITE_OFF = ("amount_cents", "written_off_on", "proposal_reference", "decision")
