"""Referrals: with the person's authorisation, followed until an answer, asked again when there is none."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.database import tenant_transaction
from app.domain.referral_errors import NoReferral
from app.services.referrals import check_referred
from app.services.request_steps import load
from tests.api.test_communes import CONDE, FRESNES, staff_of
from tests.support import Ccas, Databases, Json, Staff, demand, desk_of, ok, refused, run_sql

CAISSE = "Caisse Solidaire de Franche-Comté, Besançon"


async def organisation(ccas: Ccas, *kinds: str, name: str = CAISSE) -> str:
    """The identifier of a new organisation of the directory."""
    body = {"name": name, "kinds": list(kinds or ("referral",))}
    return str((await ok(ccas.agent.post("/organisations", body)))["id"])


async def authorise(ccas: Ccas, person_id: str, organisation_id: str, given_on: str = "2011-01-03") -> str:
    """The path of the person's authorisation of a referral there."""
    path = f"/people/{person_id}/authorisations"
    body = {"organisation_id": organisation_id, "purposes": ["referral"], "given_on": given_on}
    return f"{path}/{(await ok(ccas.agent.post(path, body)))['id']}"


async def file_of(ccas: Ccas, organisation_id: str, **changes: Any) -> str:
    """The path of a request of 3 January 2011, whose applicant authorises a referral there."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, **changes)))
    await authorise(ccas, request["applicant_id"], organisation_id)
    return f"/requests/{request['id']}"


def to(organisation_id: str, **changes: Any) -> Json:
    """A referral of 10 January 2011, by phone; an answer is expected within the month."""
    return {
        "organisation_id": organisation_id,
        "referred_on": "2011-01-10",
        "by": "phone",
        "answer_expected_on": "2011-02-10",
        **changes,
    }


async def referral(ccas: Ccas, **changes: Any) -> Json:
    """A referral of somebody new to an organisation of this test."""
    organisation_id = await organisation(ccas, name=f"Organisme {uuid4()}")
    path = await file_of(ccas, organisation_id)
    return await ok(ccas.agent.post(f"{path}/referrals", to(organisation_id, **changes)))


async def anonymous(ccas: Ccas, **changes: Any) -> str:
    """The path of a contact of 5 January 2011 who gave no name."""
    body = {"contacted_on": "2011-01-05", "channel": "phone", "commune_insee_code": ccas.insee_code, **changes}
    return f"/contacts/{(await ok(ccas.agent.post('/contacts', body)))['id']}"


async def answered(ccas: Ccas, made: Json, answer: str, answered_on: str = "2011-02-01") -> Json:
    """The referral once the staff was told an answer."""
    return await ok(ccas.agent.post(f"/referrals/{made['id']}/answers", {"answer": answer, "answered_on": answered_on}))


async def listed(staff: Staff, **query: Any) -> set[str]:
    """The identifiers of the referrals of a list."""
    return {item["id"] for item in (await ok(staff.get("/referrals", limit=100, **query)))["items"]}


async def test_a_referral_tells_where_how_and_until_when_an_answer_is_awaited(besancon: Ccas) -> None:
    caisse = await organisation(besancon)
    path = await file_of(besancon, caisse)
    body = to(caisse, appointment_at="2011-01-17T13:30:00Z", reason="Prêt au-delà de notre plafond", note="Mme Exemple")
    response = await besancon.agent.post(f"{path}/referrals", body)
    assert response.status_code == 201, response.text
    made = response.json()
    assert made == {
        **body,
        "id": made["id"],
        "version": 1,
        "reference": "O-2011-0001",
        "request_id": path.rpartition("/")[2],
        "contact_id": None,
        "status": "waiting",
        "silent": True,
        "account_id": str(besancon.agent.account_id),
        "entered_at": made["entered_at"],
        "answers": [],
        "reminders": [],
    }
    for staff in (besancon.agent, besancon.decider, besancon.manager):
        assert await ok(staff.get(f"/referrals/{made['id']}")) == made
        (item,) = (await ok(staff.get(f"{path}/referrals")))["items"]
        assert item == {name: value for name, value in made.items() if name not in ("answers", "reminders")}
    assert response.headers["etag"] == (await besancon.agent.get(f"/referrals/{made['id']}")).headers["etag"] == '"1"'


async def test_nobody_is_referred_without_having_authorised_that_organisation_by_that_day(besancon: Ccas) -> None:
    caisse, adie = await organisation(besancon), await organisation(besancon, name="ADIE")
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path, person = f"/requests/{request['id']}/referrals", request["applicant_id"]
    missing = await refused(besancon.agent.post(path, to(caisse)), 409, "authorisation_missing")
    assert (missing["recipient_name"], missing["kind"]) == (CAISSE, "referral")
    await authorise(besancon, person, adie)
    await refused(besancon.agent.post(path, to(caisse)), 409, "authorisation_missing")
    given = await authorise(besancon, person, caisse, "2011-01-08")
    await refused(besancon.agent.post(path, to(caisse, referred_on="2011-01-07")), 409, "authorisation_missing")
    await ok(besancon.agent.post(path, to(caisse)))
    await ok(besancon.agent.post(f"{given}/withdrawal", {"withdrawn_on": "2011-01-20"}))
    await refused(besancon.agent.post(path, to(caisse, referred_on="2011-01-20")), 409, "authorisation_missing")
    assert len((await ok(besancon.agent.get(path)))["items"]) == 1


async def test_both_applicants_authorise_the_referral_of_their_file(besancon: Ccas) -> None:
    caisse = await organisation(besancon)
    second = {"first_names": "Sacha", "birth_name": "Second", "birth_on": "1985-07-01"}
    other = await ok(besancon.agent.post("/people", {**second, "commune_insee_code": besancon.insee_code}))
    path = await file_of(besancon, caisse, co_applicant_id=other["id"], household={"adults": 2, "minor_children": 0})
    await refused(besancon.agent.post(f"{path}/referrals", to(caisse)), 409, "authorisation_missing")
    await authorise(besancon, other["id"], caisse)
    await ok(besancon.agent.post(f"{path}/referrals", to(caisse)))


async def test_who_gave_no_name_leaves_with_the_appointment_as_nothing_is_shared(besancon: Ccas) -> None:
    caisse = await organisation(besancon, "lender")
    contact = await anonymous(besancon, words="Un prêt pour une voiture")
    body = to(caisse, appointment_at="2011-01-17T13:30:00Z")
    made = await ok(besancon.agent.post(f"{contact}/referrals", body))
    assert (made["contact_id"], made["request_id"]) == (contact.rpartition("/")[2], None)
    assert [item["id"] for item in (await ok(besancon.agent.get(f"{contact}/referrals")))["items"]] == [made["id"]]


async def test_whom_a_contact_names_is_recorded_and_authorises_before_leaving(besancon: Ccas) -> None:
    caisse = await organisation(besancon)
    contact = await anonymous(besancon, sheet={"first_names": "Camille", "birth_name": "Exemple"})
    await refused(besancon.agent.post(f"{contact}/referrals", to(caisse)), 409, "person_not_recorded")
    person = await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    await ok(besancon.agent.patch(contact, {"person_id": person["id"]}, etag='"1"'))
    await refused(besancon.agent.post(f"{contact}/referrals", to(caisse)), 409, "authorisation_missing")
    await authorise(besancon, person["id"], caisse)
    await ok(besancon.agent.post(f"{contact}/referrals", to(caisse)))


async def test_the_referrals_of_a_contact_are_seen_on_the_request_that_it_became(besancon: Ccas) -> None:
    caisse = await organisation(besancon)
    contact = await anonymous(besancon)
    made = await ok(besancon.agent.post(f"{contact}/referrals", to(caisse)))
    rest = demand(besancon)
    del rest["received_on"]
    became = await ok(besancon.agent.post(f"{contact}/request", rest))
    path = f"/requests/{became['request_id']}/referrals"
    assert [item["id"] for item in (await ok(besancon.agent.get(path)))["items"]] == [made["id"]]
    await refused(besancon.agent.post(f"{contact}/referrals", to(caisse)), 409, "contact_became_request")


async def test_what_is_not_a_referral_is_refused_and_leaves_nothing(besancon: Ccas, databases: Databases) -> None:
    caisse, prescriber = await organisation(besancon), await organisation(besancon, "prescriber", name="CRIJ")
    path = f"{await file_of(besancon, caisse)}/referrals"
    for changes, status, code in (
        ({"organisation_id": prescriber}, 409, "not_referral_organisation"),
        ({"organisation_id": str(uuid4())}, 409, "organisation_unknown"),
        ({"referred_on": "2190-01-01", "answer_expected_on": "2190-02-01"}, 409, "date_in_future"),
        ({"referred_on": "2011-01-02"}, 409, "date_out_of_order"),
        ({"answer_expected_on": "2011-01-09"}, 409, "date_out_of_order"),
        ({"appointment_at": "2011-01-09T10:00:00Z"}, 409, "date_out_of_order"),
        ({"by": "pigeon"}, 422, "invalid"),
        ({"answer_expected_on": None}, 422, "invalid"),
        ({"status": "accepted"}, 422, "invalid"),
    ):
        await refused(besancon.agent.post(path, to(caisse) | changes), status, code)
    await refused(besancon.agent.post(f"/requests/{uuid4()}/referrals", to(caisse)), 404, "not_found")
    await refused(besancon.agent.post(f"/contacts/{uuid4()}/referrals", to(caisse)), 404, "not_found")
    for staff in (besancon.decider, besancon.manager, desk_of(databases, besancon)):
        await refused(staff.post(path, to(caisse)), 403, "forbidden")
    await refused(desk_of(databases, besancon).get(path), 403, "forbidden")
    assert run_sql(databases, besancon, "select id from referrals") == []
    # The number that was not used is used next.
    assert (await ok(besancon.agent.post(path, to(caisse))))["reference"] == "O-2011-0001"


async def test_an_appointment_of_the_same_day_and_an_answer_expected_at_once_are_in_order(besancon: Ccas) -> None:
    # 23:30 in Besançon the day before is 22:30 UTC: the day is that of the CCAS's own clock.
    made = await referral(besancon, appointment_at="2011-01-09T23:30:00Z", answer_expected_on="2011-01-10")
    assert made["answer_expected_on"] == "2011-01-10"


async def test_the_last_answer_counts_and_those_before_stay(besancon: Ccas) -> None:
    made = await referral(besancon)
    await answered(besancon, made, "refused")
    told = await answered(besancon, made, "accepted", "2011-01-30")
    assert (told["status"], told["silent"], told["version"]) == ("accepted", False, 3)
    assert [(one["answer"], one["answered_on"], one["source"], one["account_id"]) for one in told["answers"]] == [
        (answer, on, "reported_by_staff", str(besancon.agent.account_id))
        for answer, on in (("refused", "2011-02-01"), ("accepted", "2011-01-30"))
    ]


async def test_an_answer_lies_between_the_referral_and_today(besancon: Ccas) -> None:
    made = await referral(besancon)
    path = f"/referrals/{made['id']}/answers"
    for answered_on, code in (("2011-01-09", "date_out_of_order"), ("2190-01-01", "date_in_future")):
        await refused(besancon.agent.post(path, {"answer": "refused", "answered_on": answered_on}), 409, code)
    for body in (
        {"answer": "waiting", "answered_on": "2011-02-01"},
        {"answer": "refused"},
        # Who tells is known by the way it is told.
        {"answer": "refused", "answered_on": "2011-02-01", "source": "partner_link"},
    ):
        await refused(besancon.agent.post(path, body), 422, "invalid")
    await refused(besancon.decider.post(path, {"answer": "refused", "answered_on": "2011-02-01"}), 403, "forbidden")
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}"))) == made


async def test_what_the_ccas_has_withdrawn_is_over(besancon: Ccas) -> None:
    made = await referral(besancon)
    assert (await answered(besancon, made, "withdrawn"))["status"] == "withdrawn"
    path = f"/referrals/{made['id']}"
    again = {"answer": "accepted", "answered_on": "2011-02-02"}
    await refused(besancon.agent.post(f"{path}/answers", again), 409, "illegal_transition")
    reminder = {"reminded_on": "2011-02-11", "answer_expected_on": "2011-03-01"}
    await refused(besancon.agent.post(f"{path}/reminders", reminder), 409, "illegal_transition")
    await refused(besancon.agent.post(f"{path}/links"), 409, "illegal_transition")


async def test_a_late_answer_is_recorded_though_the_request_is_over(besancon: Ccas) -> None:
    made = await referral(besancon)
    other_answer = {"kind": "partner_lender", "organisation_id": made["organisation_id"], "given_on": "2011-01-20"}
    closing = {"outcome": "closed_without_action", "reason_code": "no_follow_up", "other_answer": other_answer}
    await ok(besancon.agent.post(f"/requests/{made['request_id']}/close", closing))
    assert (await answered(besancon, made, "accepted", "2011-06-01"))["status"] == "accepted"
    await ok(besancon.agent.post(f"/requests/{made['request_id']}/referrals", to(made["organisation_id"])))


async def test_the_silent_are_listed_again_from_the_day_after_until_they_are_contacted(besancon: Ccas) -> None:
    made = await referral(besancon)
    assert await listed(besancon.agent, silent_on="2011-02-10") == set()
    assert await listed(besancon.agent, silent_on="2011-02-11") == {made["id"]}
    reminder = {"reminded_on": "2011-02-11", "answer_expected_on": "2011-03-01"}
    told = await ok(besancon.agent.post(f"/referrals/{made['id']}/reminders", reminder))
    assert (told["status"], told["answer_expected_on"], told["version"]) == ("waiting", "2011-03-01", 2)
    assert [(one["reminded_on"], one["answer_expected_on"]) for one in told["reminders"]] == [
        ("2011-02-11", "2011-03-01")
    ]
    assert await listed(besancon.agent, silent_on="2011-03-01") == set()
    assert await listed(besancon.agent, silent_on="2011-03-02") == {made["id"]}
    await answered(besancon, made, "never_went", "2011-03-05")
    assert await listed(besancon.agent, silent_on="2190-01-01") == set()


async def test_who_never_went_is_contacted_again_and_then_goes(besancon: Ccas) -> None:
    made = await referral(besancon)
    await answered(besancon, made, "never_went")
    ahead = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - ahead anywhere
    reminder = {"reminded_on": "2011-03-01", "answer_expected_on": ahead}
    told = await ok(besancon.agent.post(f"/referrals/{made['id']}/reminders", reminder))
    assert (told["status"], told["silent"]) == ("waiting", False)
    assert (await answered(besancon, made, "accepted", "2011-04-01"))["status"] == "accepted"
    await refused(besancon.agent.post(f"/referrals/{made['id']}/reminders", reminder), 409, "illegal_transition")


async def test_a_reminder_lies_after_the_referral_and_its_answer_after_it(besancon: Ccas) -> None:
    made = await referral(besancon)
    path = f"/referrals/{made['id']}/reminders"
    for reminded_on, expected_on, code in (
        ("2011-01-09", "2011-03-01", "date_out_of_order"),
        ("2190-01-01", "2190-03-01", "date_in_future"),
        ("2011-02-11", "2011-02-10", "date_out_of_order"),
    ):
        body = {"reminded_on": reminded_on, "answer_expected_on": expected_on}
        await refused(besancon.agent.post(path, body), 409, code)
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}"))) == made


async def test_the_list_is_of_a_status_an_organisation_and_days(besancon: Ccas) -> None:
    first = await referral(besancon)
    second = await referral(besancon, referred_on="2011-01-20")
    await answered(besancon, second, "no_papers")
    assert await listed(besancon.agent) == {first["id"], second["id"]}
    assert await listed(besancon.agent, status="no_papers") == {second["id"]}
    assert await listed(besancon.agent, status="waiting") == {first["id"]}
    assert await listed(besancon.agent, organisation_id=first["organisation_id"]) == {first["id"]}
    assert await listed(besancon.agent, referred_from="2011-01-11") == {second["id"]}
    assert await listed(besancon.agent, referred_to="2011-01-10") == {first["id"]}
    assert await listed(besancon.agent, referred_from="2011-01-10", referred_to="2011-01-20") == await listed(
        besancon.agent
    )


# Besançon, note de restitution finale: orientations to the Caisse Solidaire de Franche-Comté.
REPORTED = {
    2010: {"referred": 18, "accepted": 4, "refused": 12, "no_papers": 2, "never_went": 0},
    2011: {"referred": 36, "accepted": 12, "refused": 9, "no_papers": 3, "never_went": 12},
}


async def enter_the_orientations(ccas: Ccas, year: int, organisation_id: str) -> None:
    """Enters those of a year as the report counts them, one for each contact; days are assumed."""
    answers = [name for name, number in REPORTED[year].items() if name != "referred" for _ in range(number)]
    for number, answer in enumerate(answers):
        on = date(year, 1, 15) + timedelta(days=9 * number)
        contact = await anonymous(ccas, contacted_on=on.isoformat())
        body = to(organisation_id, referred_on=on.isoformat(), answer_expected_on=(on + timedelta(days=30)).isoformat())
        made = await ok(ccas.agent.post(f"{contact}/referrals", body))
        await answered(ccas, made, answer, (on + timedelta(days=45)).isoformat())


async def test_the_figures_tell_the_orientations_of_the_report_of_besancon(besancon: Ccas) -> None:
    caisse = await organisation(besancon, "referral", "lender")
    for year in REPORTED:
        await enter_the_orientations(besancon, year, caisse)
    for year, reported in REPORTED.items():
        counted = {**reported, "withdrawn": 0, "waiting": 0, "silent": 0}
        span = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
        assert await ok(besancon.manager.get("/referrals/figures", **span)) == {
            "total": counted,
            "by_organisation": [{**counted, "organisation_id": caisse, "organisation_name": CAISSE}],
        }
    both = (await ok(besancon.manager.get("/referrals/figures")))["total"]
    assert both["referred"] == 18 + 36
    assert both["accepted"] + both["refused"] + both["no_papers"] + both["never_went"] == 54


async def test_the_figures_are_by_organisation_and_the_silent_are_among_the_waiting(besancon: Ccas) -> None:
    adie, caisse = await organisation(besancon, name="ADIE"), await organisation(besancon)
    for organisation_id, answer in ((caisse, None), (caisse, "accepted"), (adie, "withdrawn"), (adie, None)):
        contact = await anonymous(besancon)
        until = "2190-01-01" if organisation_id == adie else "2011-02-10"
        made = await ok(besancon.agent.post(f"{contact}/referrals", to(organisation_id, answer_expected_on=until)))
        if answer is not None:
            await answered(besancon, made, answer)
    told = await ok(besancon.agent.get("/referrals/figures"))
    names = ("referred", "accepted", "withdrawn", "waiting", "silent")
    assert [told["total"][name] for name in names] == [4, 1, 1, 2, 1]
    assert [(one["organisation_name"], [one[name] for name in names]) for one in told["by_organisation"]] == [
        ("ADIE", [2, 0, 1, 1, 0]),
        (CAISSE, [2, 1, 0, 1, 1]),
    ]
    assert await ok(besancon.agent.get("/referrals/figures", **{"from": "2012-01-01"})) == {
        "total": dict.fromkeys(told["total"], 0),
        "by_organisation": [],
    }


async def test_answers_and_reminders_are_never_changed_and_nothing_is_deleted(
    besancon: Ccas, databases: Databases
) -> None:
    made = await referral(besancon)
    await answered(besancon, made, "refused")
    for statement in (
        "update referral_answers set answer = 'accepted'",
        "update referral_reminders set reminded_on = '2011-01-01'",
        "delete from referral_answers",
        "delete from referral_reminders",
        "delete from referral_links",
        "delete from referrals",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, statement)


# No dead end.


async def test_the_database_lets_no_contact_end_without_another_answer(besancon: Ccas, databases: Databases) -> None:
    await anonymous(besancon)
    for rest in ("", ", closing_reason_code = 'other'", ", other_answer_kind = 'budget_advice'"):
        with pytest.raises(IntegrityError, match="ck_contacts_no_dead_end"):
            run_sql(databases, besancon, f"update contacts set status = 'answered', closed_on = '2011-01-06'{rest}")  # noqa: S608
    with pytest.raises(IntegrityError, match="ck_contacts_closed_when_answered"):
        run_sql(databases, besancon, "update contacts set status = 'answered'")
    with pytest.raises(IntegrityError, match="ck_contacts_request_when_become"):
        run_sql(databases, besancon, "update contacts set status = 'request'")
    # Nor is one that has ended, with an answer, left without it.
    answered_so = (
        "update contacts set status = 'answered', closed_on = '2011-01-06', closing_reason_code = 'other',"
        " other_answer_kind = 'budget_advice', other_answer_on = '2011-01-06'"
    )
    run_sql(databases, besancon, answered_so)
    with pytest.raises(IntegrityError, match="ck_contacts_no_dead_end"):
        run_sql(databases, besancon, "update contacts set other_answer_kind = null")


@pytest.mark.parametrize(
    "status", ["refused", "declined", "lender_refused", "withdrawn", "closed_without_action", "referred"]
)
async def test_the_database_lets_no_request_end_without_a_grant_or_another_answer(
    besancon: Ccas, databases: Databases, status: str
) -> None:
    await ok(besancon.agent.post("/requests", demand(besancon)))
    for rest in ("", ", other_answer_kind = 'budget_advice'", ", other_answer_on = '2011-01-20'"):
        with pytest.raises(IntegrityError, match="ck_requests_no_dead_end"):
            run_sql(databases, besancon, f"update requests set status = '{status}'{rest}")  # noqa: S608


async def test_a_file_is_referred_once_somebody_was_and_that_was_not_withdrawn(app: FastAPI, besancon: Ccas) -> None:
    caisse = await organisation(besancon)

    async def check(request_id: str) -> None:
        async with tenant_transaction(app.state.sessions, besancon.id) as session:
            await check_referred(session, await load(session, UUID(request_id)))

    path = await file_of(besancon, caisse)
    with pytest.raises(NoReferral):
        await check(path.rpartition("/")[2])
    made = await ok(besancon.agent.post(f"{path}/referrals", to(caisse)))
    await check(made["request_id"])
    await answered(besancon, made, "refused")
    await check(made["request_id"])
    withdrawn = await ok(besancon.agent.post(f"{await file_of(besancon, caisse)}/referrals", to(caisse)))
    await answered(besancon, withdrawn, "withdrawn")
    with pytest.raises(NoReferral):
        await check(withdrawn["request_id"])
    contact = await anonymous(besancon)
    await ok(besancon.agent.post(f"{contact}/referrals", to(caisse)))
    rest = demand(besancon)
    del rest["received_on"]
    await check((await ok(besancon.agent.post(f"{contact}/request", rest)))["request_id"])


# Communes.


async def test_each_commune_sees_and_counts_the_referrals_of_its_own_people(
    fresnes: Ccas, databases: Databases
) -> None:
    caisse, conde = await organisation(fresnes), staff_of(databases, fresnes, CONDE)
    theirs, own = [await anonymous(fresnes, commune_insee_code=code) for code in (FRESNES, CONDE)]
    made = [await ok(fresnes.agent.post(f"{contact}/referrals", to(caisse))) for contact in (theirs, own)]
    assert await listed(fresnes.agent) == {one["id"] for one in made}
    assert await listed(conde) == {made[1]["id"]}
    for path in (f"/referrals/{made[0]['id']}", f"{theirs}/referrals"):
        await refused(conde.get(path), 404, "not_found")
    told = {"answer": "refused", "answered_on": "2011-02-01"}
    await refused(conde.post(f"/referrals/{made[0]['id']}/answers", told), 404, "not_found")
    for staff, number in ((fresnes.agent, 2), (conde, 1)):
        assert (await ok(staff.get("/referrals/figures")))["total"]["referred"] == number
