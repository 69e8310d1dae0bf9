"""Nothing leaves for a partner without the person's recorded authorisation."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.lenders import SUPPORT_PERSON, authorised, endorsed, lender_of, sent
from tests.support import Ccas, Databases, Json, demand, ok, refused

GIVEN: Json = {"purposes": ["precheck"], "given_on": "2018-03-02"}
SECOND = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}


async def request_of(ccas: Ccas, **changes: Any) -> Json:
    """A request received on 1 March 2018 from somebody who has not authorised anything yet."""
    return await ok(ccas.agent.post("/requests", demand(ccas, received_on="2018-03-01", **changes)))


async def given(ccas: Ccas, person_id: str, **changes: Any) -> Json:
    body = {"recipient": ccas.lender, **GIVEN, **changes}
    return await ok(ccas.agent.post(f"/people/{person_id}/authorisations", body))


def precheck(ccas: Ccas, request: Json, sent_on: str) -> Any:
    body = {"kind": "precheck", "support_person": SUPPORT_PERSON, "sent_on": sent_on}
    return ccas.agent.post(f"/requests/{request['id']}/handoffs", body)


async def test_an_authorisation_is_read_as_it_was_given_oldest_first(toulouse: Ccas) -> None:
    request = await request_of(toulouse)
    path = f"/people/{request['applicant_id']}/authorisations"
    first = await given(toulouse, request["applicant_id"], purposes=["precheck", "loan_file", "precheck"])
    second = await given(toulouse, request["applicant_id"])
    assert first == {
        "id": first["id"],
        "person_id": request["applicant_id"],
        "recipient": toulouse.lender,
        "organisation_id": None,
        "purposes": ["loan_file", "precheck"],
        "given_on": "2018-03-02",
        "withdrawn_on": None,
        "entered_at": first["entered_at"],
    }
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        assert await ok(staff.get(path)) == {"items": [first, second], "next_cursor": None}


async def test_what_is_not_an_authorisation_is_refused_and_leaves_nothing(toulouse: Ccas) -> None:
    request = await request_of(toulouse)
    path = f"/people/{request['applicant_id']}/authorisations"
    body = {"recipient": toulouse.lender, **GIVEN}
    tomorrow = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - well after today anywhere
    for changes, status, code in (
        ({"recipient": "nobody_at_all"}, 409, "unknown_partner"),
        ({"given_on": tomorrow}, 409, "date_in_future"),
        ({"purposes": []}, 422, "invalid"),
        ({"purposes": ["marketing"]}, 422, "invalid"),
        ({"recipient": "Crédit Municipal"}, 422, "invalid"),
        ({"recipient": None}, 422, "invalid"),
        ({"organisation_id": str(uuid4())}, 422, "invalid"),
        ({"purposes": ["referral"]}, 422, "invalid"),
        ({"recipient": None, "organisation_id": str(uuid4())}, 422, "invalid"),
        ({"recipient": None, "organisation_id": str(uuid4()), "purposes": ["referral"]}, 409, "organisation_unknown"),
        ({"comment": "orally"}, 422, "invalid"),
    ):
        await refused(toulouse.agent.post(path, {**body, **changes}), status, code)
    assert (await ok(toulouse.agent.get(path)))["items"] == []


async def test_a_referral_is_authorised_to_an_organisation_of_the_directory(besancon: Ccas) -> None:
    person_id = (await ok(besancon.agent.post("/requests", demand(besancon))))["applicant_id"]
    organisation = await ok(besancon.agent.post("/organisations", {"name": "Caisse Solidaire", "kinds": ["referral"]}))
    path = f"/people/{person_id}/authorisations"
    body = {"organisation_id": organisation["id"], "purposes": ["referral"], "given_on": "2011-01-03"}
    told = await ok(besancon.agent.post(path, body))
    assert {**body, "recipient": None, "withdrawn_on": None}.items() <= told.items()
    withdrawn = await ok(besancon.agent.post(f"{path}/{told['id']}/withdrawal", {"withdrawn_on": "2011-02-01"}))
    assert (await ok(besancon.agent.get(path)))["items"] == [withdrawn]
    body["organisation_id"] = str(uuid4())
    await refused(besancon.agent.post(path, body), 409, "organisation_unknown")


async def test_people_of_another_ccas_and_people_who_are_nowhere_look_the_same(toulouse: Ccas, amiens: Ccas) -> None:
    person_id = (await request_of(toulouse))["applicant_id"]
    authorisation = await given(toulouse, person_id)
    body = {"recipient": amiens.lender, **GIVEN}
    withdrawal = {"withdrawn_on": "2018-03-03"}
    problems = []
    for person in (person_id, uuid4()):
        path = f"/people/{person}/authorisations"
        problems += [
            await refused(amiens.agent.post(path, body), 404, "not_found"),
            await refused(amiens.agent.get(path), 404, "not_found"),
            await refused(amiens.agent.post(f"{path}/{authorisation['id']}/withdrawal", withdrawal), 404, "not_found"),
        ]
    assert all(problem == problems[0] for problem in problems)
    other = (await request_of(toulouse))["applicant_id"]
    mismatched = f"/people/{other}/authorisations/{authorisation['id']}/withdrawal"
    await refused(toulouse.agent.post(mismatched, withdrawal), 404, "not_found")
    assert (await ok(toulouse.agent.get(f"/people/{person_id}/authorisations")))["items"] == [authorisation]


async def test_agents_alone_record_authorisations_and_partners_see_none(databases: Databases, toulouse: Ccas) -> None:
    person_id = (await request_of(toulouse))["applicant_id"]
    path = f"/people/{person_id}/authorisations"
    authorisation = await given(toulouse, person_id)
    for caller in (toulouse.decider, toulouse.manager, lender_of(databases, toulouse)):
        await refused(caller.post(path, {"recipient": toulouse.lender, **GIVEN}), 403, "forbidden")
        withdrawal = caller.post(f"{path}/{authorisation['id']}/withdrawal", {"withdrawn_on": "2018-03-03"})
        await refused(withdrawal, 403, "forbidden")
    await refused(lender_of(databases, toulouse).get(path), 403, "forbidden")


@pytest.mark.parametrize(
    ("sent_on", "good"), [("2018-03-01", False), ("2018-03-02", True), ("2018-03-04", True), ("2018-03-05", False)]
)
async def test_an_authorisation_is_good_from_its_day_to_the_day_before_it_is_withdrawn(
    toulouse: Ccas,
    sent_on: str,
    good: bool,  # noqa: FBT001 - a parameter
) -> None:
    request = await request_of(toulouse)
    authorisation = await given(toulouse, request["applicant_id"])
    path = f"/people/{request['applicant_id']}/authorisations/{authorisation['id']}/withdrawal"
    withdrawn = await ok(toulouse.agent.post(path, {"withdrawn_on": "2018-03-05"}))
    assert withdrawn == {**authorisation, "withdrawn_on": "2018-03-05"}
    if good:
        assert (await ok(precheck(toulouse, request, sent_on)))["status"] == "sent"
    else:
        problem = await refused(precheck(toulouse, request, sent_on), 409, "authorisation_missing")
        told = {name: problem[name] for name in ("party", "kind", "recipient", "on")}
        assert told == {"party": "borrower", "kind": "precheck", "recipient": toulouse.lender, "on": sent_on}
        assert (await ok(toulouse.agent.get("/handoffs")))["items"] == []


async def test_an_authorisation_is_withdrawn_once_and_may_be_given_again(toulouse: Ccas) -> None:
    request = await request_of(toulouse)
    authorisation = await given(toulouse, request["applicant_id"])
    path = f"/people/{request['applicant_id']}/authorisations/{authorisation['id']}/withdrawal"
    late = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - well after today anywhere
    await refused(toulouse.agent.post(path, {"withdrawn_on": "2018-03-01"}), 409, "date_out_of_order")
    await refused(toulouse.agent.post(path, {"withdrawn_on": late}), 409, "date_in_future")
    await ok(toulouse.agent.post(path, {"withdrawn_on": "2018-03-02"}))
    await refused(toulouse.agent.post(path, {"withdrawn_on": "2018-03-03"}), 409, "authorisation_withdrawn")
    await refused(precheck(toulouse, request, "2018-03-02"), 409, "authorisation_missing")
    await given(toulouse, request["applicant_id"], given_on="2018-03-06")
    assert (await ok(precheck(toulouse, request, "2018-03-06")))["status"] == "sent"


async def test_it_is_the_same_person_the_same_partner_and_the_same_purpose_that_are_authorised(
    toulouse: Ccas, amiens: Ccas
) -> None:
    request = await request_of(toulouse)
    stranger = await request_of(toulouse)
    await given(toulouse, request["applicant_id"], purposes=["loan_file"])
    await given(toulouse, request["applicant_id"], recipient=amiens.lender)
    await given(toulouse, stranger["applicant_id"])
    await refused(precheck(toulouse, request, "2018-03-02"), 409, "authorisation_missing")
    await given(toulouse, request["applicant_id"])
    assert (await ok(precheck(toulouse, request, "2018-03-02")))["status"] == "sent"


async def test_both_borrowers_authorise_each_handoff(toulouse: Ccas) -> None:
    second = await ok(toulouse.agent.post("/people", {**SECOND, "commune_insee_code": toulouse.insee_code}))
    request = await request_of(toulouse, co_applicant_id=second["id"])
    await given(toulouse, request["applicant_id"])
    problem = await refused(precheck(toulouse, request, "2018-03-02"), 409, "authorisation_missing")
    assert problem["party"] == "co_borrower"
    await given(toulouse, second["id"])
    assert (await ok(precheck(toulouse, request, "2018-03-02")))["status"] == "sent"


async def test_the_loan_file_wants_its_own_purpose_of_both(amiens: Ccas) -> None:
    second = await ok(amiens.agent.post("/people", {**SECOND, "commune_insee_code": amiens.insee_code}))
    await authorised(amiens, second["id"], kinds=("precheck",))
    request = await endorsed(amiens, None, 200_000, 24, co_applicant_id=second["id"])
    body = {"kind": "loan_file", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-13"}
    path = f"/requests/{request['id']}/handoffs"
    problem = await refused(amiens.agent.post(path, body), 409, "authorisation_missing")
    assert (problem["party"], problem["kind"]) == ("co_borrower", "loan_file")
    assert (await ok(amiens.agent.get(f"/requests/{request['id']}")))["status"] == "endorsed"
    await authorised(amiens, second["id"], kinds=("loan_file",))
    assert (await ok(amiens.agent.post(path, body)))["status"] == "sent"


async def test_once_it_is_withdrawn_nothing_more_is_told_and_what_was_handed_over_may_still_be_answered(
    databases: Databases, amiens: Ccas
) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    answers = f"/partner/handoffs/{handoff['id']}/answers"
    await ok(bank.post(answers, {"decision": "more_information", "decided_on": "2018-03-14", "asked": "Le devis"}))
    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    people = f"/people/{request['applicant_id']}/authorisations"
    (authorisation,) = (await ok(amiens.agent.get(people)))["items"]
    await ok(amiens.agent.post(f"{people}/{authorisation['id']}/withdrawal", {"withdrawn_on": "2018-03-15"}))
    completion = amiens.agent.post(f"/handoffs/{handoff['id']}/completions", {"note": "Devis du garage"})
    await refused(completion, 409, "authorisation_missing")
    assert (await ok(bank.get(f"/partner/handoffs/{handoff['id']}")))["status"] == "more_information"
    refusal = await ok(bank.post(answers, {"decision": "refused", "decided_on": "2018-03-16"}))
    assert refusal["status"] == "refused"
