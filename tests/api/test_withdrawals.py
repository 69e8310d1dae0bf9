"""The borrower's withdrawal from a contract over HTTP (rétractation)."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.lenders import accepted_file, offer, offered_by, signed
from tests.support import (
    Ccas,
    Databases,
    Json,
    accepted,
    disbursed,
    offered,
    offered_on,
    ok,
    refused,
    repayment,
    run_sql,
    told_until,
)


async def withdraw(ccas: Ccas, loan_id: str, on: str, **changes: str) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/withdrawals", {"withdrawn_on": on, **changes}))


async def sign(ccas: Ccas, loan_id: str, party: str, on: str) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": on}))


async def test_before_the_payment_the_loan_is_cancelled_and_the_file_closes_with_another_answer(
    besancon: Ccas,
) -> None:
    loan_id = await accepted(besancon)
    loan = await withdraw(besancon, loan_id, "2011-01-26", received_on="2011-01-28")
    assert loan["status"] == "cancelled"
    assert loan["withdrawal"] == {
        "withdrawn_on": "2011-01-26", "received_on": "2011-01-28", "refund_due_on": None,
    }  # fmt: skip
    before = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-01-25"))
    assert (before["status"], before["withdrawal"]) == ("accepted", None)
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", payment), 409, "illegal_transition")
    path = f"/requests/{loan['request_id']}"
    assert (await ok(besancon.agent.get(path)))["status"] == "approved"
    closing = {
        "outcome": "withdrawn",
        "reason_code": "family_solution",
        "closed_on": "2011-01-28",
        "other_answer": {"kind": "family_solution", "given_on": "2011-01-28"},
    }
    assert (await ok(besancon.agent.post(f"{path}/close", closing)))["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("signed_on", "last", "late"),
    [("2026-03-02", "2026-03-16", "2026-03-17"), ("2026-04-20", "2026-05-04", "2026-05-05"),
     ("2015-12-18", "2016-01-04", "2016-01-05"), ("2011-04-23", "2011-05-02", "2011-05-03")],
)  # fmt: skip
async def test_the_last_day_is_included_and_the_next_is_too_late(
    besancon: Ccas, signed_on: str, last: str, late: str
) -> None:
    """The day of sending counts: the form may come later."""
    loan_id = await offered_on(besancon, signed_on)
    for party in ("ccas", "borrower"):
        await sign(besancon, loan_id, party, signed_on)
    answer = besancon.agent.post(f"/loans/{loan_id}/withdrawals", {"withdrawn_on": late})
    assert (await refused(answer, 409, "withdrawal_over"))["not_after"] == last
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["withdrawal"] is None
    assert (await withdraw(besancon, loan_id, last, received_on=late))["status"] == "cancelled"


async def test_before_all_have_signed_the_offer_ends_and_the_file_stays_approved(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "borrower", "2011-01-22")
    loan = await withdraw(besancon, loan_id, "2011-01-23")
    assert loan["status"] == "cancelled"
    assert (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["status"] == "approved"


async def test_nobody_withdraws_from_what_no_borrower_accepted(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "ccas", "2011-01-22")
    answer = besancon.agent.post(f"/loans/{loan_id}/withdrawals", {"withdrawn_on": "2011-01-23"})
    await refused(answer, 409, "illegal_transition")


async def test_a_withdrawal_sent_before_the_last_party_signed_takes_effect_after_it(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "borrower", "2011-01-22")
    await sign(besancon, loan_id, "ccas", "2011-01-26")
    assert (await withdraw(besancon, loan_id, "2011-01-24"))["status"] == "cancelled"
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-01-25")))["status"] == "offered"


async def test_after_the_payment_the_principal_is_owed_back_within_thirty_days(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-02")
    for party in ("ccas", "borrower"):
        await sign(besancon, loan_id, party, "2026-03-02")
    payment = {"amount_cents": 200_000, "disbursed_on": "2026-03-10", "payee": {"kind": "supplier"}}
    await ok(besancon.agent.post(f"/loans/{loan_id}/disbursements", payment))
    loan = await withdraw(besancon, loan_id, "2026-03-12")
    assert (loan["withdrawal"]["refund_due_on"], loan["outstanding_cents"]) == ("2026-04-11", 200_000)
    assert (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["status"] == "contracted"
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(200_000, "2026-04-02", "R-1")))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["status"] == "closed"


async def test_after_a_withdrawal_no_letter_asks_for_an_instalment_and_the_work_is_due_with_the_principal(
    besancon: Ccas,
) -> None:
    loan_id = await offered_on(besancon, "2026-03-02", first_due_on="2026-03-20")
    for party in ("ccas", "borrower"):
        await sign(besancon, loan_id, party, "2026-03-02")
    payment = {"amount_cents": 200_000, "disbursed_on": "2026-03-10", "payee": {"kind": "supplier"}}
    await ok(besancon.agent.post(f"/loans/{loan_id}/disbursements", payment))
    await told_until(besancon)

    async def due() -> list[tuple[str, str]]:
        items = (await ok(besancon.agent.get("/worklist", kind="first_unpaid")))["items"]
        return [(item["since_on"], item["due_on"]) for item in items]

    await told_until(besancon)
    letter = f"/loans/{loan_id}/documents/first_unpaid_letter"
    assert await due() == [("2026-03-20", "2026-03-20")]
    assert (await besancon.agent.get(letter)).status_code == 200
    await withdraw(besancon, loan_id, "2026-03-12")
    assert await due() == [("2026-04-11", "2026-04-11")]
    problem = await refused(besancon.agent.get(letter), 409, "document_not_ready")
    assert problem["missing"] == "unpaid_instalment"


async def test_after_the_payment_the_parts_that_were_paid_out_are_one_row_and_no_more_is_paid(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-02", first_due_on="2026-03-20")
    for party in ("ccas", "borrower"):
        await sign(besancon, loan_id, party, "2026-03-02")
    path = f"/loans/{loan_id}/disbursements"
    for cents, on in ((60_000, "2026-03-10"), (40_000, "2026-03-11")):
        await ok(besancon.agent.post(path, {"amount_cents": cents, "disbursed_on": on, "payee": {"kind": "supplier"}}))
    loan = await withdraw(besancon, loan_id, "2026-03-12")
    assert (loan["schedule_version"], loan["outstanding_cents"]) == (2, 100_000)
    schedule = await ok(besancon.agent.get(f"/loans/{loan_id}/schedule"))
    rows = [(row["due_on"], row["principal_cents"], row["interest_cents"]) for row in schedule["rows"]]
    assert (schedule["kind"], rows) == ("withdrawal", [("2026-04-11", 100_000, 0)])
    undo = {"decision": {"decided_on": "2026-03-13", "decided_by": "president"}}
    changes = f"/loans/{loan_id}/schedule-changes/2/cancellation"
    await refused(besancon.agent.post(changes, undo), 409, "not_cancelled_here")
    more = {"amount_cents": 1, "disbursed_on": "2026-03-13", "payee": {"kind": "supplier"}}
    await refused(besancon.agent.post(path, more), 409, "already_withdrawn")
    before = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2026-03-11"))
    assert before["schedule_version"] == 1


async def test_before_may_2011_no_day_is_known_for_the_money_to_come_back(besancon: Ccas) -> None:
    loan = await withdraw(besancon, await disbursed(besancon), "2011-01-31")
    assert loan["withdrawal"] == {"withdrawn_on": "2011-01-31", "received_on": None, "refund_due_on": None}


async def test_nobody_withdraws_twice(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await withdraw(besancon, loan_id, "2011-01-31")
    answer = besancon.agent.post(f"/loans/{loan_id}/withdrawals", {"withdrawn_on": "2011-01-31"})
    assert (await refused(answer, 409, "already_withdrawn"))["withdrawn_on"] == "2011-01-31"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"withdrawn_on": "2011-01-21"}, "withdrawn_on", "date_out_of_order"),
        ({"withdrawn_on": "2199-01-01"}, "withdrawn_on", "date_in_future"),
        ({"withdrawn_on": "2011-01-24", "received_on": "2011-01-23"}, "received_on", "date_out_of_order"),
        ({"withdrawn_on": "2011-01-24", "received_on": "2199-01-01"}, "received_on", "date_in_future"),
    ],
)
async def test_a_withdrawal_lies_between_the_acceptance_and_today(
    besancon: Ccas, body: Json, field: str, code: str
) -> None:
    loan_id = await accepted(besancon)
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/withdrawals", body), 409, code)
    assert problem["field"] == field
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["withdrawal"]) == ("accepted", None)


async def test_from_a_lenders_loan_the_file_goes_back_to_what_the_lender_accepted(
    databases: Databases, toulouse: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, bank, handoff, offer(300_000, 36, "3.04"))
    await signed(toulouse, loan_id)
    loan = await withdraw(toulouse, loan_id, "2018-04-09")
    assert (loan["status"], loan["withdrawal_until"]) == ("cancelled", "2018-04-09")
    assert (await ok(toulouse.agent.get(f"/requests/{loan['request_id']}")))["status"] == "lender_accepted"


async def test_the_life_of_the_file_tells_a_withdrawal_once_on_the_day_it_was_sent(besancon: Ccas) -> None:
    loan = await withdraw(besancon, await accepted(besancon), "2011-01-26")
    events = (await ok(besancon.agent.get(f"/requests/{loan['request_id']}/timeline")))["items"]
    told = [event["kind"] for event in events if event["on"] == "2011-01-26"]
    assert (told.count("withdrawal"), "loan" in told) == (1, False)


async def test_only_the_agent_enters_a_withdrawal(besancon: Ccas) -> None:
    path = f"/loans/{await accepted(besancon)}/withdrawals"
    for staff in (besancon.decider, besancon.manager):
        await refused(staff.post(path, {"withdrawn_on": "2011-01-24"}), 403, "forbidden")


@pytest.mark.parametrize("statement", ["update withdrawals set tenant_id = tenant_id", "delete from withdrawals"])
async def test_the_service_cannot_rewrite_a_withdrawal(besancon: Ccas, databases: Databases, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, statement)


async def test_a_withdrawal_is_not_told_as_known_before_it_was_entered(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    known_at = datetime.now(UTC).isoformat()
    told = await withdraw(besancon, loan_id, "2011-01-31")
    assert told["withdrawal"] is not None
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-03-01", known_at=known_at))
    assert loan["withdrawal"] is None
