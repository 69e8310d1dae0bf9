"""Two at the same instant: one wins, the other is told, and the money moves once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable

import pytest
from httpx import Response

from tests.support import (
    APPROVAL,
    OTHER_ANSWER,
    Ccas,
    accepted,
    approved,
    disbursed,
    offered,
    ok,
    repayment,
    submitted,
)

PAYMENT = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
OFFER = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
REFUSAL = {
    "outcome": "refuse",
    "reason_code": "unclear_project",
    "reason": "Manque de lisibilité",
    "other_answer": OTHER_ANSWER,
    "decided_on": "2011-01-20",
    "signatory": "La présidente de la commission",
}
SEVERAL = range(4)


async def together(*answers: Awaitable[Response]) -> list[Response]:
    """The answers of requests that are under way at once; none is an accident."""
    responses = await asyncio.gather(*answers)
    assert {response.status_code for response in responses} <= {200, 201, 409, 412}, [one.text for one in responses]
    return list(responses)


def outcomes(responses: list[Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


async def test_of_two_deciders_one_wins_and_the_other_is_told(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}/decisions"
    responses = await together(besancon.decider.post(path, APPROVAL), besancon.decider.post(path, REFUSAL))
    assert outcomes(responses) == {201: 1, 409: 1}
    (won,) = [response.json() for response in responses if response.is_success]
    status = {"approve": "approved", "refuse": "refused"}[won["outcome"]]
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["status"] == status
    assert [item["id"] for item in (await ok(besancon.agent.get("/decisions")))["items"]] == [won["id"]]


async def test_of_an_approval_and_a_withdrawal_at_once_the_file_tells_one_story(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}"
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    decision, closed = await together(
        besancon.decider.post(f"{path}/decisions", APPROVAL), besancon.agent.post(f"{path}/close", closing)
    )
    assert closed.status_code == 200
    request = await ok(besancon.agent.get(path))
    assert request["status"] == "withdrawn"
    assert len((await ok(besancon.agent.get("/decisions")))["items"]) == int(decision.is_success)


async def test_of_several_disbursements_one_is_paid(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    responses = await together(*(besancon.agent.post(f"/loans/{loan_id}/disbursements", PAYMENT) for _ in SEVERAL))
    assert outcomes(responses) == {201: 1, 409: 3}
    entries = (await ok(besancon.agent.get(f"/loans/{loan_id}/ledger")))["items"]
    assert [entry["kind"] for entry in entries] == ["disbursement"]


async def test_a_repayment_told_several_times_at_once_under_different_keys_is_entered_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    responses = await together(*(besancon.agent.post(f"/loans/{loan_id}/repayments", told) for _ in SEVERAL))
    assert outcomes(responses) == {201: 4}
    assert len({response.json()["id"] for response in responses}) == 1
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["repaid_cents"] == 4_500


async def test_one_reference_told_at_once_on_two_loans_pays_one(besancon: Ccas) -> None:
    loans = [await disbursed(besancon), await disbursed(besancon)]
    told = repayment(4_500, "2011-02-05", "T-1")
    responses = await together(*(besancon.agent.post(f"/loans/{loan}/repayments", told) for loan in loans))
    assert outcomes(responses) == {201: 1, 409: 1}
    repaid = [(await ok(besancon.agent.get(f"/loans/{loan}")))["repaid_cents"] for loan in loans]
    assert sorted(repaid) == [0, 4_500]


async def test_different_repayments_at_once_are_all_entered(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await together(
        *(
            besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(1_000, "2011-02-05", f"T-{number}"))
            for number in SEVERAL
        )
    )
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["repaid_cents"] == 4_000


async def test_of_several_offers_one_is_made(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    responses = await together(*(besancon.agent.post(f"/requests/{request_id}/loans", OFFER) for _ in SEVERAL))
    assert outcomes(responses) == {201: 1, 409: 3}
    assert {one.json()["code"] for one in responses if not one.is_success} == {"loan_already_exists"}
    assert len((await ok(besancon.agent.get("/loans")))["items"]) == 1


async def test_of_an_offer_and_a_withdrawal_at_once_no_loan_hangs_on_a_closed_request(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    path = f"/requests/{request_id}"
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    responses = await together(
        besancon.agent.post(f"{path}/loans", OFFER), besancon.agent.post(f"{path}/close", closing)
    )
    assert outcomes(responses)[409] == 1
    status = (await ok(besancon.agent.get(path)))["status"]
    loans = (await ok(besancon.agent.get("/loans")))["items"]
    assert (status, len(loans)) in [("approved", 1), ("withdrawn", 0)]


async def test_two_parties_who_sign_at_once_both_sign_and_the_loan_is_accepted(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    responses = await together(
        *(
            besancon.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"})
            for party in ("ccas", "borrower")
        )
    )
    assert outcomes(responses) == {201: 2}
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["awaiting_signature_of"]) == ("accepted", [])


async def test_of_a_last_signature_and_a_cancellation_at_once_the_file_and_the_loan_agree(besancon: Ccas) -> None:
    """Signed first, the contract is rescinded; cancelled first, it is no longer signed. Either way nothing is left."""
    loan_id = await offered(besancon)
    path = f"/loans/{loan_id}"
    await ok(besancon.agent.post(f"{path}/signatures", {"party": "ccas", "signed_on": "2011-01-22"}))
    signature, cancellation = await together(
        besancon.agent.post(f"{path}/signatures", {"party": "borrower", "signed_on": "2011-01-22"}),
        besancon.agent.post(f"{path}/cancellations", {"cancelled_on": "2011-01-22", "reason": "Désistement"}),
    )
    assert cancellation.status_code == 201
    loan = await ok(besancon.agent.get(path))
    assert (loan["status"], len(loan["signatures"])) == ("cancelled", 1 + signature.is_success)
    assert (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["status"] == "approved"


async def test_of_a_payment_and_a_rescission_at_once_one_holds(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    path = f"/loans/{loan_id}"
    payment, rescission = await together(
        besancon.agent.post(f"{path}/disbursements", PAYMENT),
        besancon.agent.post(f"{path}/cancellations", {"cancelled_on": "2011-01-25", "reason": "Rétractation"}),
    )
    assert outcomes([payment, rescission]) == {201: 1, 409: 1}
    loan = await ok(besancon.agent.get(path))
    status = (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["status"]
    entries = (await ok(besancon.agent.get(f"{path}/ledger")))["items"]
    if payment.is_success:
        assert (status, loan["outstanding_cents"], len(entries)) == ("contracted", 200_000, 1)
    else:
        assert (status, loan["status"], entries) == ("approved", "cancelled", [])


async def test_a_repayment_is_taken_back_once_by_two_at_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(4_500, "2011-02-05", "T-1")))
    path = f"/loans/{loan_id}/repayments/{entry['id']}/reversal"
    body = {"reversed_on": "2011-02-10", "reason": "Rejet"}
    responses = await together(*(besancon.agent.post(path, body) for _ in SEVERAL))
    assert outcomes(responses) == {201: 1, 409: 3}
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["repaid_cents"] == 0


async def test_a_reference_freed_by_a_reversal_is_used_once_by_several_at_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path = f"/loans/{loan_id}/repayments"
    told = repayment(4_500, "2011-02-05", "T-1")
    entry = await ok(besancon.agent.post(path, told))
    await ok(besancon.agent.post(f"{path}/{entry['id']}/reversal", {"reversed_on": "2011-02-05", "reason": "Erreur"}))
    responses = await together(*(besancon.agent.post(path, told) for _ in SEVERAL))
    assert len({response.json()["id"] for response in responses if response.is_success}) == 1
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["repaid_cents"] == 4_500


@pytest.mark.parametrize("part", ["", "/budget"])
async def test_of_two_changes_of_one_version_one_is_stale(besancon: Ccas, part: str) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}"
    adjourned = {
        "outcome": "adjourn",
        "reason_code": "missing_papers",
        "reason": "Devis",
        "missing": ["Devis"],
        "decided_on": "2011-01-20",
        "signatory": "La présidente",
    }
    await ok(besancon.decider.post(f"{path}/decisions", adjourned))
    etag = f'"{(await ok(besancon.agent.get(path)))["version"]}"'
    if part:
        budget = {"resources": [], "charges": []}
        answers = [besancon.agent.put(f"{path}{part}", budget, etag=etag) for _ in range(2)]
    else:
        answers = [besancon.agent.patch(path, {"prescriber": name}, etag=etag) for name in ("A", "B")]
    assert outcomes(await together(*answers)) == {200: 1, 412: 1}
