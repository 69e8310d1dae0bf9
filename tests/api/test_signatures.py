"""Who signs, in whose presence, and with which capacity, over HTTP."""

import pytest

from tests.lenders import accepted_file, offer, offered_by
from tests.support import Ccas, Databases, Json, attestation, etag_of, offered, ok, refused

SIGNED: Json = {"party": "borrower", "signed_on": "2011-01-22"}


async def become(ccas: Ccas, loan_id: str, capacity: str) -> str:
    """The borrower's capacity turns out to be another; the path of the request."""
    request_id = (await ok(ccas.agent.get(f"/loans/{loan_id}")))["request_id"]
    path = f"/requests/{request_id}"
    person = f"/people/{(await ok(ccas.agent.get(path)))['applicant_id']}"
    await ok(ccas.agent.patch(person, {"capacity": capacity}, etag=await etag_of(ccas.agent, person)))
    return path


# In whose presence


async def test_at_toulouse_all_are_there_when_each_signs(databases: Databases, toulouse: Ccas) -> None:
    """« En présence de tous les intervenants (bénéficiaire, Crédit Municipal, CCAS) »."""
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    path = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"
    day = {"signed_on": "2018-03-26", "place": "Agence du Crédit Municipal"}
    everyone = ["borrower", "lender", "ccas"]
    for there, absent in (([], ["borrower", "ccas", "lender"]), (["borrower", "ccas"], ["lender"])):
        body = {**day, "party": "ccas", "present": there}
        problem = await refused(toulouse.agent.post(f"{path}/signatures", body), 409, "parties_absent")
        assert problem["absent"] == absent
    assert (await ok(toulouse.agent.get(path)))["signatures"] == []
    for party in everyone:
        support = {"support_contract_signed_on": "2018-03-26"} if party == "borrower" else {}
        body = {**day, **support, "party": party, "present": everyone}
        loan = await ok(toulouse.agent.post(f"{path}/signatures", body))
    assert loan["status"] == "accepted"
    assert {tuple(told["present"]) for told in loan["signatures"]} == {tuple(everyone)}
    assert {told["place"] for told in loan["signatures"]} == {"Agence du Crédit Municipal"}


async def test_the_absent_are_named_in_french(databases: Databases, toulouse: Ccas) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    path = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"
    body = {"party": "ccas", "signed_on": "2018-03-26", "present": ["borrower"]}
    problem = await refused(toulouse.agent.post(f"{path}/signatures", body), 409, "parties_absent")
    assert problem["detail"].endswith("absents : le CCAS, le prêteur.")


async def test_elsewhere_who_was_there_is_recorded_where_it_is_said(besancon: Ccas) -> None:
    path = f"/loans/{await offered(besancon)}/signatures"
    first = await ok(besancon.agent.post(path, {**SIGNED, "present": ["borrower", "ccas"], "place": "CCAS"}))
    second = await ok(besancon.agent.post(path, {**SIGNED, "party": "ccas"}))
    assert [(told["present"], told["place"]) for told in second["signatures"]] == [
        (["borrower", "ccas"], "CCAS"), ([], None),
    ]  # fmt: skip
    assert first["signatures"][0]["curator"] is None


async def test_whoever_is_no_party_is_not_counted_among_those_present(besancon: Ccas) -> None:
    path = f"/loans/{await offered(besancon)}/signatures"
    body = {**SIGNED, "present": ["borrower", "lender"]}
    assert (await refused(besancon.agent.post(path, body), 409, "party_not_expected"))["party"] == "lender"


async def test_a_signature_before_the_offer_tells_the_first_day(besancon: Ccas) -> None:
    path = f"/loans/{await offered(besancon)}/signatures"
    body = {**SIGNED, "signed_on": "2011-01-20"}
    problem = await refused(besancon.agent.post(path, body), 409, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("signed_on", "2011-01-21")


@pytest.mark.parametrize(
    ("support_on", "code"),
    [("2011-01-20", "date_out_of_order"), ("2011-01-23", "date_in_future"), ("2011-01-21", None)],
)
async def test_the_support_contract_is_no_older_than_the_offer_nor_younger_than_the_signature(
    besancon: Ccas, support_on: str, code: str | None
) -> None:
    path = f"/loans/{await offered(besancon)}/signatures"
    body = {**SIGNED, "support_contract_signed_on": support_on}
    if code is None:
        await ok(besancon.agent.post(path, body))
    else:
        problem = await refused(besancon.agent.post(path, body), 409, code)
        assert problem["field"] == "support_contract_signed_on"


# With which capacity


async def test_under_curatorship_the_curator_signs_too(besancon: Ccas) -> None:
    """Article 467 of the Code civil."""
    loan_id = await offered(besancon)
    await become(besancon, loan_id, "curatorship")
    path = f"/loans/{loan_id}/signatures"
    assert (await refused(besancon.agent.post(path, SIGNED), 409, "curator_must_sign"))["party"] == "borrower"
    await ok(besancon.agent.post(path, {**SIGNED, "party": "ccas"}))
    loan = await ok(besancon.agent.post(path, {**SIGNED, "curator": "Dominique Curateur"}))
    assert (loan["status"], loan["signatures"][1]["curator"]) == ("accepted", "Dominique Curateur")


@pytest.mark.parametrize("capacity", ["guardianship", "family_authorisation"])
async def test_under_guardianship_the_authorisation_is_recorded_before_the_signature(
    besancon: Ccas, capacity: str
) -> None:
    loan_id = await offered(besancon)
    request = await become(besancon, loan_id, capacity)
    path = f"/loans/{loan_id}/signatures"

    async def attest(on: str, *, holds: bool) -> None:
        body = attestation("capacity_authorised", attested_on=on, holds=holds, reference="RG 11/00012")
        await ok(besancon.agent.post(f"{request}/attestations", body))

    await refused(besancon.agent.post(path, SIGNED), 409, "capacity_not_authorised")
    await attest("2011-01-23", holds=True)
    problem = await refused(besancon.agent.post(path, SIGNED), 409, "capacity_not_authorised")
    assert (problem["party"], problem["on"]) == ("borrower", "2011-01-22")
    await attest("2011-01-21", holds=False)
    await refused(besancon.agent.post(path, SIGNED), 409, "capacity_not_authorised")
    await attest("2011-01-22", holds=True)
    signed = await ok(besancon.agent.post(path, SIGNED))
    assert [told["party"] for told in signed["signatures"]] == ["borrower"]


async def test_the_capacity_of_the_borrower_does_not_keep_the_ccas_from_signing(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await become(besancon, loan_id, "guardianship")
    await ok(besancon.agent.post(f"/loans/{loan_id}/signatures", {**SIGNED, "party": "ccas"}))


async def test_a_minor_signs_nothing_and_nothing_is_written(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await become(besancon, loan_id, "minor")
    path = f"/loans/{loan_id}"
    await refused(besancon.agent.post(f"{path}/signatures", SIGNED), 409, "borrower_is_minor")
    loan = await ok(besancon.agent.get(path))
    assert (loan["signatures"], loan["status"]) == ([], "offered")
