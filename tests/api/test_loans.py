"""Loans over HTTP: offered, signed, paid out, taken to litigation; the status of a day."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.support import (
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    accepted,
    approved,
    demand,
    disbursed,
    etag_of,
    offered,
    ok,
    refused,
    repayment,
    run_sql,
    submitted,
)

OFFER: Json = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
PAYMENT: Json = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}


async def sign(ccas: Ccas, loan_id: str, party: str, on: str = "2011-01-22") -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": on}))


async def on_day(ccas: Ccas, loan_id: str, day: str) -> Json:
    return await ok(ccas.agent.get(f"/loans/{loan_id}", as_of=day))


async def status_on(ccas: Ccas, loan_id: str, day: str) -> str:
    return str((await on_day(ccas, loan_id, day))["status"])


async def repay(ccas: Ccas, loan_id: str, amount_cents: int, on: str) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(amount_cents, on, str(uuid4()))))


async def couple(ccas: Ccas, **partner: Any) -> Json:
    """What makes a demand that of a couple."""
    person = {**demand(ccas)["applicant"], "first_names": "Sacha", **partner}
    co_applicant = await ok(ccas.agent.post("/people", person))
    return {"co_applicant_id": co_applicant["id"], "household": {"adults": 2, "minor_children": 0}}


# Offered


async def test_an_approved_loan_is_offered_with_its_schedule(besancon: Ccas) -> None:
    """Besançon, case G06: 45 €, then 23 times 85 €."""
    loan = await ok(besancon.agent.get(f"/loans/{await offered(besancon)}"))
    assert (loan["status"], loan["principal_cents"], loan["rate_percent"]) == ("offered", 200_000, "0")
    assert (loan["outstanding_cents"], loan["overdue_cents"], loan["next_due"]) == (0, 0, None)
    assert loan["awaiting_signature_of"] == ["borrower", "ccas"]
    assert (loan["reference"], loan["schedule_version"], loan["duration_months"]) == ("P-2011-0001", 1, 24)
    schedule = await ok(besancon.agent.get(f"/loans/{loan['id']}/schedule"))
    rows = schedule["rows"]
    assert [row["total_cents"] for row in rows] == [4_500] + 23 * [8_500]
    assert (rows[0]["due_on"], rows[-1]["due_on"], rows[-1]["balance_cents"]) == ("2011-02-05", "2013-01-05", 0)
    assert [row["number"] for row in rows] == list(range(1, 25))


async def test_due_dates_fall_on_the_last_day_of_shorter_months(besancon: Ccas) -> None:
    loan_id = await offered(besancon, first_due_on="2011-01-31")
    rows = (await ok(besancon.agent.get(f"/loans/{loan_id}/schedule")))["rows"]
    assert [row["due_on"] for row in rows[:4]] == ["2011-01-31", "2011-02-28", "2011-03-31", "2011-04-30"]


async def test_a_contract_may_choose_the_last_day_of_months(besancon: Ccas) -> None:
    loan_id = await offered(besancon, first_due_on="2011-02-28", anchor_day=31)
    rows = (await ok(besancon.agent.get(f"/loans/{loan_id}/schedule")))["rows"]
    assert [row["due_on"] for row in rows[:3]] == ["2011-02-28", "2011-03-31", "2011-04-30"]


@pytest.mark.parametrize(
    ("loan", "first", "last"),
    [
        ({"duration_months": 36}, 5_600, 4_000),
        ({"duration_months": 36, "remainder_on": "first"}, 4_000, 5_600),
        ({"duration_months": 24, "rounding_unit_cents": 1, "rounding": "half_up"}, 8_333, 8_341),
        ({"duration_months": 30, "instalment_cents": 6_700}, 6_700, 5_700),
    ],
)
async def test_the_schedule_is_the_one_that_was_decided(besancon: Ccas, loan: Json, first: int, last: int) -> None:
    """Case G18 among them: 2 000 € over 36 months, 56 € and a last instalment of 40 €."""
    terms = {"loan": {"amount_cents": 200_000, **loan}}
    request_id = await approved(besancon, None, terms)
    contract = await ok(besancon.agent.post(f"/requests/{request_id}/loans", OFFER))
    rows = (await ok(besancon.agent.get(f"/loans/{contract['id']}/schedule")))["rows"]
    assert (rows[0]["total_cents"], rows[-1]["total_cents"]) == (first, last)
    assert len(rows) == loan["duration_months"] == contract["duration_months"]
    assert sum(row["principal_cents"] for row in rows) == 200_000
    assert all(row["interest_cents"] == 0 for row in rows)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"offered_on": "2011-01-19"}, "offered_on", "date_out_of_order"),
        ({"offered_on": "2199-01-01", "first_due_on": "2199-02-01"}, "offered_on", "date_in_future"),
        ({"first_due_on": "2011-01-20"}, "first_due_on", "date_out_of_order"),
        ({"disbursed_on": "2011-01-20"}, "disbursed_on", "date_out_of_order"),
        ({"disbursed_on": "2011-02-06"}, "first_due_on", "date_out_of_order"),
    ],
)
async def test_an_offer_follows_its_decision_and_comes_before_what_it_announces(
    besancon: Ccas, change: Json, field: str, code: str
) -> None:
    request_id = await approved(besancon)
    problem = await refused(besancon.agent.post(f"/requests/{request_id}/loans", {**OFFER, **change}), 409, code)
    assert problem["field"] == field
    assert (await ok(besancon.agent.get("/loans")))["items"] == []


async def test_a_loan_may_be_offered_on_the_day_it_was_approved(besancon: Ccas) -> None:
    loan_id = await offered(besancon, offered_on="2011-01-20", disbursed_on="2011-01-20", first_due_on="2011-01-20")
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["expected_disbursed_on"] == "2011-01-20"


async def test_a_request_has_one_loan_at_a_time(besancon: Ccas) -> None:
    loan = await ok(besancon.agent.get(f"/loans/{await offered(besancon)}"))
    await refused(besancon.agent.post(f"/requests/{loan['request_id']}/loans", OFFER), 409, "loan_already_exists")


async def test_no_loan_is_offered_before_it_is_approved(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    await refused(besancon.agent.post(f"/requests/{request_id}/loans", OFFER), 409, "illegal_transition")


@pytest.mark.parametrize(("birth_on", "allowed"), [("1993-01-21", True), ("1993-01-22", False), ("1994-06-01", False)])
async def test_a_minor_may_be_helped_and_is_offered_no_loan(
    besancon: Ccas,
    birth_on: str,
    allowed: bool,  # noqa: FBT001
) -> None:
    applicant = {**demand(besancon)["applicant"], "birth_on": birth_on}
    request_id = await approved(besancon, applicant=applicant)
    answer = besancon.agent.post(f"/requests/{request_id}/loans", OFFER)
    if allowed:
        await ok(answer)
    else:
        problem = await refused(answer, 409, "borrower_is_minor")
        assert (problem["party"], problem["on"]) == ("borrower", "2011-01-21")


async def test_a_minor_who_comes_of_age_is_offered_the_loan_then(besancon: Ccas) -> None:
    applicant = {**demand(besancon)["applicant"], "birth_on": "1993-02-10"}
    request_id = await approved(besancon, applicant=applicant)
    path = f"/requests/{request_id}/loans"
    await refused(besancon.agent.post(path, OFFER), 409, "borrower_is_minor")
    later = {"offered_on": "2011-02-10", "first_due_on": "2011-03-05"}
    assert (await ok(besancon.agent.post(path, later)))["status"] == "offered"


async def test_a_minor_is_no_co_borrower_either(besancon: Ccas) -> None:
    request_id = await approved(besancon, **await couple(besancon, birth_on="1995-06-01"))
    problem = await refused(besancon.agent.post(f"/requests/{request_id}/loans", OFFER), 409, "borrower_is_minor")
    assert problem["party"] == "co_borrower"


async def test_a_borrower_whose_birth_date_is_corrected_to_that_of_a_minor_does_not_sign(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    person = (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["applicant_id"]
    await ok(besancon.agent.patch(f"/people/{person}", {"birth_on": "1994-01-01"}, etag='"1"'))
    signature = {"party": "borrower", "signed_on": "2011-01-22"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", signature), 409, "borrower_is_minor")


async def test_an_emancipated_minor_is_offered_a_loan_and_signs_it(besancon: Ccas) -> None:
    applicant = {**demand(besancon)["applicant"], "birth_on": "1994-06-01", "capacity": "emancipated"}
    request_id = await approved(besancon, applicant=applicant)
    loan = await ok(besancon.agent.post(f"/requests/{request_id}/loans", OFFER))
    signature = {"party": "borrower", "signed_on": "2011-01-22"}
    signed = await ok(besancon.agent.post(f"/loans/{loan['id']}/signatures", signature))
    assert [each["party"] for each in signed["signatures"]] == ["borrower"]


async def test_a_person_known_as_a_minor_is_offered_no_loan_whatever_the_birth_date(besancon: Ccas) -> None:
    applicant = {**demand(besancon)["applicant"], "capacity": "minor"}
    request_id = await approved(besancon, applicant=applicant)
    await refused(besancon.agent.post(f"/requests/{request_id}/loans", OFFER), 409, "borrower_is_minor")


# Signed


async def test_the_last_signature_accepts_the_loan_and_makes_the_request_contracted(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    first = await sign(besancon, loan_id, "ccas")
    assert (first["status"], first["awaiting_signature_of"]) == ("offered", ["borrower"])
    request = f"/requests/{first['request_id']}"
    assert (await ok(besancon.agent.get(request)))["status"] == "approved"
    second = await sign(besancon, loan_id, "borrower", "2011-01-24")
    assert (second["status"], second["awaiting_signature_of"]) == ("accepted", [])
    assert [(one["party"], one["signed_on"]) for one in second["signatures"]] == [
        ("ccas", "2011-01-22"),
        ("borrower", "2011-01-24"),
    ]
    assert (await ok(besancon.agent.get(request)))["status"] == "contracted"


async def test_a_loan_is_accepted_on_the_day_of_its_latest_signature_whichever_is_entered_last(
    besancon: Ccas,
) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "ccas", "2011-01-24")
    await sign(besancon, loan_id, "borrower", "2011-01-22")
    assert await status_on(besancon, loan_id, "2011-01-23") == "offered"
    assert await status_on(besancon, loan_id, "2011-01-24") == "accepted"


async def test_the_state_of_a_day_shows_the_signatures_of_that_day_and_awaits_the_others(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    before = await on_day(besancon, loan_id, "2011-01-21")
    assert before["status"] == "offered"
    assert before["signatures"] == []
    assert set(before["awaiting_signature_of"]) == {"borrower", "ccas"}


async def test_nobody_signs_twice(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "borrower")
    again = {"party": "borrower", "signed_on": "2011-01-23"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", again), 409, "already_signed")


@pytest.mark.parametrize("party", ["lender", "co_borrower"])
async def test_someone_who_is_no_party_does_not_sign(besancon: Ccas, party: str) -> None:
    loan_id = await offered(besancon)
    signature = {"party": party, "signed_on": "2011-01-22"}
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", signature), 409, "party_not_expected")
    assert problem["party"] == party


async def test_a_couple_signs_both(besancon: Ccas) -> None:
    request_id = await approved(besancon, **await couple(besancon))
    loan_id = (await ok(besancon.agent.post(f"/requests/{request_id}/loans", OFFER)))["id"]
    for party in ("ccas", "borrower"):
        loan = await sign(besancon, loan_id, party)
    assert (loan["status"], loan["awaiting_signature_of"]) == ("offered", ["co_borrower"])
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", PAYMENT), 409, "illegal_transition")
    assert (await sign(besancon, loan_id, "co_borrower"))["status"] == "accepted"


@pytest.mark.parametrize(("signed_on", "code"), [("2011-01-20", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_a_signature_lies_between_the_offer_and_today(besancon: Ccas, signed_on: str, code: str) -> None:
    loan_id = await offered(besancon)
    signature = {"party": "borrower", "signed_on": signed_on}
    await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", signature), 409, code)


# Cancelled


async def test_an_offer_is_withdrawn_and_the_request_closes_with_another_answer(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    loan = await ok(
        besancon.agent.post(
            f"/loans/{loan_id}/cancellations", {"cancelled_on": "2011-02-01", "reason": "N'a pas donné suite"}
        )
    )
    assert loan["status"] == "cancelled"
    assert await status_on(besancon, loan_id, "2011-01-31") == "offered"
    path = f"/requests/{loan['request_id']}"
    assert (await ok(besancon.agent.get(path)))["status"] == "approved"
    closing = {
        "outcome": "withdrawn",
        "reason_code": "family_solution",
        "closed_on": "2011-02-02",
        "other_answer": {"kind": "family_solution", "given_on": "2011-02-02"},
    }
    assert (await ok(besancon.agent.post(f"{path}/close", closing)))["status"] == "withdrawn"


async def test_a_loan_may_be_offered_anew_once_the_first_offer_was_withdrawn(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    cancelled = {"cancelled_on": "2011-02-01", "reason": "Erreur de date"}
    first = await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancelled))
    path = f"/requests/{first['request_id']}/loans"
    second = await ok(besancon.agent.post(path, {"offered_on": "2011-02-02", "first_due_on": "2011-03-05"}))
    assert (second["reference"], second["status"]) == ("P-2011-0002", "offered")
    listed = await ok(besancon.agent.get("/loans", request_id=first["request_id"]))
    assert [item["id"] for item in listed["items"]] == [second["id"], first["id"]]


async def test_a_loan_that_is_paid_out_is_no_longer_given_up(besancon: Ccas) -> None:
    cancelled = {"cancelled_on": "2011-02-01", "reason": "Trop tard"}
    path = f"/loans/{await disbursed(besancon)}/cancellations"
    await refused(besancon.agent.post(path, cancelled), 409, "illegal_transition")


async def test_a_contract_that_is_rescinded_makes_room_for_another(besancon: Ccas) -> None:
    """The borrower steps back, or the payment comes too late: the file is approved again, and no dead end."""
    loan_id = await accepted(besancon)
    cancelled = {"cancelled_on": "2011-02-01", "reason": "Rétractation"}
    loan = await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancelled))
    assert loan["status"] == "cancelled"
    request = f"/requests/{loan['request_id']}"
    assert (await ok(besancon.agent.get(request)))["status"] == "approved"
    offer = {"offered_on": "2011-02-01", "first_due_on": "2011-04-05"}
    assert (await ok(besancon.agent.post(f"{request}/loans", offer)))["status"] == "offered"


async def test_a_rescinded_contract_is_seen_on_the_days_it_stood_and_the_file_closes_after_it(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    rescinded = {"cancelled_on": "2011-02-01", "reason": "Rétractation"}
    loan = await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", rescinded))
    assert await status_on(besancon, loan_id, "2011-01-31") == "accepted"
    assert await status_on(besancon, loan_id, "2011-02-01") == "cancelled"
    path = f"/requests/{loan['request_id']}/close"
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    early = besancon.agent.post(path, {**closing, "closed_on": "2011-01-31"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2011-02-01"
    assert (await ok(besancon.agent.post(path, {**closing, "closed_on": "2011-02-01"})))["status"] == "withdrawn"


async def test_a_rescission_is_not_dated_before_the_signatures_it_undoes(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    rescinded = {"cancelled_on": "2011-01-21", "reason": "Rétractation"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/cancellations", rescinded), 409, "date_out_of_order")
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["status"] == "accepted"


async def test_a_debt_settled_early_that_bounced_and_was_recovered_is_closed_after_litigation(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await repay(besancon, loan_id, 200_000, "2011-03-01")
    body = {"reversed_on": "2011-03-10", "reason": "Chèque sans provision"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments/{entry['id']}/reversal", body))
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01"}))
    await repay(besancon, loan_id, 200_000, "2011-09-01")
    for day, expected in (("2011-03-05", ["early"]), ("2011-08-31", []), ("2011-09-01", ["after_litigation"])):
        assert (await on_day(besancon, loan_id, day))["closing_reasons"] == expected


async def test_nobody_signs_a_loan_whose_first_instalment_is_past(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    late = {"party": "ccas", "signed_on": "2011-02-06"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", late), 409, "due_before_paid")


async def test_nobody_signs_a_loan_that_could_only_be_paid_after_its_first_instalment(besancon: Ccas) -> None:
    """Accepted on the 22nd, paid from the 30th on: the CCAS may not pay before, nor the borrower owe before."""
    loan_id = await offered(besancon, first_due_on="2011-01-29")
    path = f"/loans/{loan_id}/signatures"
    await sign(besancon, loan_id, "ccas", "2011-01-22")
    answer = besancon.agent.post(path, {"party": "borrower", "signed_on": "2011-01-22"})
    problem = await refused(answer, 409, "due_before_paid")
    assert problem["first_due_on"] == "2011-01-29"
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["awaiting_signature_of"]) == ("offered", ["borrower"])
    assert (await sign(besancon, loan_id, "borrower", "2011-01-21"))["earliest_release_on"] == "2011-01-29"


async def test_an_offer_is_not_withdrawn_before_it_was_signed_by_someone(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "ccas", "2011-01-24")
    cancelled = {"cancelled_on": "2011-01-22", "reason": "Désistement"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancelled), 409, "date_out_of_order")


async def test_no_second_offer_is_dated_before_the_first_was_withdrawn(besancon: Ccas) -> None:
    """Else one request has two live loans on the days between."""
    loan_id = await offered(besancon)
    cancelled = {"cancelled_on": "2011-02-01", "reason": "Erreur de date"}
    request_id = (await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancelled)))["request_id"]
    earlier = {"offered_on": "2011-01-25", "first_due_on": "2011-03-05"}
    await refused(besancon.agent.post(f"/requests/{request_id}/loans", earlier), 409, "date_out_of_order")


async def test_a_cancelled_loan_is_neither_signed_nor_paid(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    cancelled = {"cancelled_on": "2011-02-01", "reason": "Désistement"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancelled))
    signature = {"party": "borrower", "signed_on": "2011-02-02"}
    for event, body in (("signatures", signature), ("disbursements", PAYMENT), ("cancellations", cancelled)):
        await refused(besancon.agent.post(f"/loans/{loan_id}/{event}", body), 409, "illegal_transition")


# Paid out


async def test_a_signed_loan_is_paid_out_whole(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    loan = await on_day(besancon, loan_id, "2011-01-30")
    assert (loan["status"], loan["outstanding_cents"]) == ("not_started", 200_000)
    assert loan["next_due"] == {"number": 1, "ref": 1, "due_on": "2011-02-05", "amount_cents": 4_500}
    assert (await on_day(besancon, loan_id, "2011-01-29"))["outstanding_cents"] == 0
    (entry,) = (await ok(besancon.agent.get(f"/loans/{loan_id}/ledger")))["items"]
    assert (entry["kind"], entry["amount_cents"], entry["payee_kind"]) == ("disbursement", 200_000, "supplier")


async def test_no_more_is_paid_out_than_the_loan(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    more = {**PAYMENT, "amount_cents": 200_001}
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", more), 409, "more_than_lent")
    assert problem["left_cents"] == 200_000


async def test_a_loan_is_paid_out_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", PAYMENT), 409, "more_than_lent")
    assert len((await ok(besancon.agent.get(f"/loans/{loan_id}/ledger")))["items"]) == 1


async def test_a_loan_is_not_paid_out_before_everyone_signed(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await sign(besancon, loan_id, "borrower")
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", PAYMENT), 409, "illegal_transition")


@pytest.mark.parametrize(("on", "code"), [("2011-01-21", "release_too_early"), ("2199-01-01", "date_in_future")])
async def test_a_payment_lies_between_the_first_day_of_the_law_and_today(besancon: Ccas, on: str, code: str) -> None:
    loan_id = await accepted(besancon)
    payment = {**PAYMENT, "disbursed_on": on}
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", payment), 409, code)


async def test_a_payee_other_than_the_rules_say_is_refused(besancon: Ccas) -> None:
    """Besançon pays the supplier: « Suivi du paiement du prêt au prestataire »."""
    payment = {**PAYMENT, "payee": {"kind": "borrower"}}
    response = await besancon.agent.post(f"/loans/{await accepted(besancon)}/disbursements", payment)
    assert response.status_code == 409, response.text


async def test_nobody_is_late_on_the_day_the_money_is_paid_out(besancon: Ccas) -> None:
    """The first due date had passed when the payment came: the loan must not be born overdue."""
    loan_id = await accepted(besancon)
    payment = {**PAYMENT, "disbursed_on": "2011-03-01"}
    response = await besancon.agent.post(f"/loans/{loan_id}/disbursements", payment)
    if response.is_success:
        assert (await on_day(besancon, loan_id, "2011-03-01"))["overdue_cents"] == 0
    else:
        assert response.status_code == 409


# The status of a day


@pytest.mark.parametrize(
    ("day", "status", "outstanding", "overdue"),
    [
        ("2011-01-21", "offered", 0, 0),
        ("2011-01-22", "accepted", 0, 0),
        ("2011-01-29", "accepted", 0, 0),
        ("2011-01-30", "not_started", 200_000, 0),
        ("2011-02-04", "not_started", 200_000, 0),
        ("2011-02-05", "running", 200_000, 0),
        ("2011-02-06", "overdue", 200_000, 4_500),
        ("2011-02-09", "overdue", 200_000, 4_500),
        ("2011-02-10", "running", 195_500, 0),
        ("2011-03-05", "running", 195_500, 0),
        ("2011-03-06", "overdue", 195_500, 8_500),
        ("2011-04-06", "overdue", 195_500, 17_000),
        ("2011-04-15", "litigation", 195_500, 17_000),
    ],
)
async def test_the_status_follows_from_the_day_that_is_asked(
    besancon: Ccas, day: str, status: str, outstanding: int, overdue: int
) -> None:
    loan_id = await disbursed(besancon)
    await repay(besancon, loan_id, 4_500, "2011-02-10")
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-04-15"}))
    loan = await on_day(besancon, loan_id, day)
    assert (loan["status"], loan["outstanding_cents"], loan["overdue_cents"]) == (status, outstanding, overdue)
    assert (loan["as_of"], loan["closing_reasons"]) == (day, [])


async def test_there_is_no_state_before_the_offer(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    problem = await refused(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-01-20"), 409, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("as_of", "2011-01-21")


async def test_a_day_to_come_tells_what_falls_due_if_nothing_more_is_paid(besancon: Ccas) -> None:
    loan = await on_day(besancon, await disbursed(besancon), "2199-01-01")
    assert (loan["status"], loan["overdue_cents"], loan["outstanding_cents"]) == ("overdue", 200_000, 200_000)


async def test_the_etag_of_another_day_is_another(besancon: Ccas) -> None:
    path = f"/loans/{await disbursed(besancon)}"
    tags = {
        (await besancon.agent.get(path, as_of=day)).headers["etag"]
        for day in ("2011-01-30", "2011-02-06", "2011-01-30")
    }
    assert len(tags) == 2
    before = await etag_of(besancon.agent, path)
    await repay(besancon, path.rpartition("/")[2], 4_500, "2011-02-05")
    assert await etag_of(besancon.agent, path) != before


@pytest.mark.parametrize(
    ("paid_on", "reasons"),
    [
        ("2011-12-24", ["early"]),
        ("2012-12-31", ["early"]),
        ("2013-01-02", ["on_schedule"]),
        ("2013-01-05", ["on_schedule"]),
        ("2013-03-01", ["on_schedule"]),
    ],
)
async def test_a_loan_that_is_wholly_repaid_is_closed_early_or_on_schedule(
    besancon: Ccas, paid_on: str, reasons: list[str]
) -> None:
    """« Remboursé par anticipation avec la prime de Noël » is early; the month of the last due date is not."""
    loan_id = await disbursed(besancon)
    await repay(besancon, loan_id, 200_000, paid_on)
    loan = await on_day(besancon, loan_id, paid_on)
    assert (loan["status"], loan["closing_reasons"], loan["outstanding_cents"]) == ("closed", reasons, 0)
    assert (loan["next_due"], loan["overdue_cents"]) == (None, 0)


# Litigation


async def test_a_debt_recovered_in_litigation_closes_the_loan_after_litigation(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01", "reason": "Impayés"}))
    await repay(besancon, loan_id, 120_000, "2011-09-01")
    assert await status_on(besancon, loan_id, "2011-09-01") == "litigation"
    await repay(besancon, loan_id, 80_000, "2011-10-01")
    loan = await on_day(besancon, loan_id, "2011-10-01")
    assert (loan["status"], loan["closing_reasons"]) == ("closed", ["after_litigation"])


@pytest.mark.parametrize(("on", "code"), [("2011-01-29", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_litigation_lies_between_the_payment_and_today(besancon: Ccas, on: str, code: str) -> None:
    loan_id = await disbursed(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": on}), 409, code)


async def test_litigation_opens_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    opened = {"opened_on": "2011-07-01"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", opened))
    await refused(besancon.agent.post(f"/loans/{loan_id}/litigation", opened), 409, "illegal_transition")


async def test_a_loan_settled_on_schedule_is_never_closed_after_litigation(besancon: Ccas) -> None:
    """The accountant's litigation came too late, or was opened by mistake: the person had paid."""
    loan_id = await disbursed(besancon)
    await repay(besancon, loan_id, 200_000, "2013-01-04")
    await besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2013-02-01"})
    loan = await on_day(besancon, loan_id, "2013-02-01")
    assert (loan["status"], loan["closing_reasons"]) == ("closed", ["on_schedule"])


async def test_the_reason_for_litigation_and_its_author_are_logged(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    await ok(
        besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01", "reason": "1re mensualité"})
    )
    log = run_sql(
        databases,
        besancon,
        "select action, from_stage, to_stage, effect_on::text, reason, account_id from loan_transitions"
        " where loan_id = :id order by id",
        id=loan_id,
    )
    agent = besancon.agent.account_id
    assert [tuple(row.values()) for row in log] == [
        ("offer", None, "offered", "2011-01-21", None, agent),
        ("sign", "offered", "offered", "2011-01-22", None, agent),
        ("sign", "offered", "offered", "2011-01-22", None, agent),
        ("accept", "offered", "accepted", "2011-01-22", None, agent),
        ("disburse", "accepted", "disbursed", "2011-01-30", None, agent),
        ("open_litigation", "disbursed", "litigation", "2011-07-01", "1re mensualité", agent),
    ]


# Read


async def test_loans_are_listed_newest_first_and_by_request(besancon: Ccas) -> None:
    ids = [await offered(besancon) for _ in range(3)]
    listed = (await ok(besancon.manager.get("/loans")))["items"]
    assert [item["id"] for item in listed] == ids[::-1]
    only = (await ok(besancon.manager.get("/loans", request_id=listed[1]["request_id"])))["items"]
    assert [item["id"] for item in only] == [ids[1]]
    assert (await ok(besancon.manager.get("/loans", request_id=str(uuid4()))))["items"] == []


@pytest.mark.parametrize("request_id", ["-" * 36, "0" * 36, "not-a-uuid"])
async def test_a_filter_that_is_no_identifier_is_ill_formed(besancon: Ccas, request_id: str) -> None:
    await refused(besancon.agent.get("/loans", request_id=request_id), 422, "invalid")


@pytest.mark.parametrize("version", [2, 10_000])
async def test_a_version_of_the_schedule_that_is_not_there_is_not_found(besancon: Ccas, version: int) -> None:
    loan_id = await offered(besancon)
    await ok(besancon.agent.get(f"/loans/{loan_id}/schedule", version=1))
    await refused(besancon.agent.get(f"/loans/{loan_id}/schedule", version=version), 404, "not_found")


@pytest.mark.parametrize("part", ["", "/schedule", "/ledger", "/actions"])
async def test_a_loan_of_another_ccas_looks_like_nothing(besancon: Ccas, toulouse: Ccas, part: str) -> None:
    loan_id = await disbursed(besancon)
    answers = [await refused(toulouse.agent.get(f"/loans/{one}{part}"), 404, "not_found") for one in (loan_id, uuid4())]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("signatures", {"party": "borrower", "signed_on": "2011-01-22"}),
        ("disbursements", PAYMENT),
        ("litigation", {"opened_on": "2011-07-01"}),
        ("cancellations", {"cancelled_on": "2011-02-01", "reason": "x"}),
        ("repayments", repayment(100, "2011-02-05", "T1")),
        ("repayments/01900000-0000-7000-8000-000000000000/reversal", {"reversed_on": "2011-02-05", "reason": "x"}),
    ],
)
async def test_nothing_is_done_to_a_loan_of_another_ccas(
    besancon: Ccas, toulouse: Ccas, event: str, body: Json
) -> None:
    loan_id = await disbursed(besancon)
    await refused(toulouse.agent.post(f"/loans/{loan_id}/{event}", body), 404, "not_found")


@pytest.mark.parametrize("table", ["schedules", "schedule_rows", "signatures", "loan_transitions"])
@pytest.mark.parametrize("statement", ["update {} set tenant_id = tenant_id", "delete from {}"])
async def test_the_service_cannot_rewrite_the_history_of_a_loan(
    besancon: Ccas, databases: Databases, table: str, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, statement.format(table))


async def test_an_approval_that_is_not_contracted_leaves_no_loan_behind(besancon: Ccas) -> None:
    """Besançon, case G05: approved, « sans suite »."""
    request_id = await approved(besancon)
    closing = {"outcome": "closed_without_action", "reason_code": "no_follow_up", "other_answer": OTHER_ANSWER}
    await ok(besancon.agent.post(f"/requests/{request_id}/close", closing))
    await refused(besancon.agent.post(f"/requests/{request_id}/loans", OFFER), 409, "illegal_transition")
    assert (await ok(besancon.agent.get("/loans", request_id=request_id)))["items"] == []
