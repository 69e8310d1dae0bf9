"""Of whom a loan is asked once a borrower has died, over HTTP."""

from tests.support import Ccas, disbursed, etag_of, ok, refused, repayment


async def test_a_borrower_who_died_leaves_the_debt_to_the_estate_and_no_letter_goes(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["liable"]) == ("overdue", ["borrower"])
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    path = f"/people/{request['applicant_id']}"
    await ok(besancon.agent.patch(path, {"deceased_on": "2011-06-01"}, etag=await etag_of(besancon.agent, path)))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-05-31")))["liable"] == ["borrower"]
    after = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-06-01"))
    assert (after["liable"], after["outstanding_cents"]) == (["estate"], 200_000)
    letter = f"/loans/{loan_id}/documents/first_unpaid_letter"
    assert (await refused(besancon.agent.get(letter), 409, "document_not_ready"))["missing"] == "living_borrower"
    paid = {**repayment(200_000, "2011-09-01", "N-1"), "payer": "estate"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", paid))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["status"] == "closed"
