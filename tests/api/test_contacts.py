"""Contacts: counted before any request, filled little by little, ended by a request or by another answer."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from tests.lenders import authorised, handed_over, lender_of
from tests.support import (
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    Staff,
    demand,
    desk_of,
    etag_of,
    ok,
    refused,
    run_sql,
)

WHOLE_SHEET: Json = {
    "first_names": "Camille",
    "birth_name": "Éluard",
    "birth_on": "1988-03-02",
    "phone": "05 61 00 00 00",
    "household": {"adults": 1, "minor_children": 2},
    "situations": ["fixed_term_contract", "student"],
    "project_description": "Une voiture pour aller travailler",
    "project_cost_cents": 200_000,
    "requested_amount_cents": 150_000,
}
CLOSING: Json = {
    "reason_code": "referred_elsewhere",
    "other_answer": {"kind": "budget_advice", "given_on": "2018-03-02"},
    "closed_on": "2018-03-02",
}


def call(ccas: Ccas, **changes: Any) -> Json:
    """A phone call of 1 March 2018."""
    return {"contacted_on": "2018-03-01", "channel": "phone", "commune_insee_code": ccas.insee_code, **changes}


def sheet(ccas: Ccas, **changes: Any) -> Json:
    """A sheet that lacks nothing but the purpose, which the contact says."""
    return {**WHOLE_SHEET, "commune_insee_code": ccas.insee_code, **changes}


async def organisation(ccas: Ccas, *kinds: str, name: str = "Mission Locale") -> str:
    """The identifier of an organisation of these kinds."""
    return str((await ok(ccas.agent.post("/organisations", {"name": name, "kinds": [*kinds]})))["id"])


async def contact(staff: Staff, body: Json) -> str:
    """The path of a new contact."""
    return f"/contacts/{(await ok(staff.post('/contacts', body)))['id']}"


async def count_of(ccas: Ccas, path: str) -> int:
    """How many things a list holds."""
    return len((await ok(ccas.agent.get(path)))["items"])


async def test_someone_who_gives_no_name_is_counted(toulouse: Ccas, databases: Databases) -> None:
    desk = desk_of(databases, toulouse)
    made = await ok(desk.post("/contacts", call(toulouse)))
    assert made["status"] == "open"
    assert set(made["sheet"].values()) == {None}
    listed = await ok(desk.get("/contacts"))
    assert [(one["id"], one["birth_name"], one["person_id"]) for one in listed["items"]] == [(made["id"], None, None)]
    assert await count_of(toulouse, "/people") == await count_of(toulouse, "/requests") == 0


async def test_the_sheet_is_filled_little_by_little(toulouse: Ccas, databases: Databases) -> None:
    desk = desk_of(databases, toulouse)
    path = await contact(desk, call(toulouse, sheet={"first_names": "Camille", "phone": "05 61 00 00 00"}))
    named = await ok(desk.patch(path, {"sheet": {"birth_name": "Éluard"}, "purpose": "mobility"}, etag='"1"'))
    assert (named["version"], named["purpose"], named["channel"]) == (2, "mobility", "phone")
    last = {"sheet": {"phone": None, "household": {"adults": 2, "minor_children": 0}}, "words": "Je rappellerai"}
    await ok(desk.patch(path, last, etag='"2"'))
    told = await ok(desk.get(path))
    filled = {name: value for name, value in told["sheet"].items() if value is not None}
    assert filled == {
        "first_names": "Camille",
        "birth_name": "Éluard",
        "household": {"adults": 2, "minor_children": 0},
    }
    assert told["words"] == "Je rappellerai"
    await refused(desk.patch(path, {"words": "x"}, etag='"2"'), 412, "version_stale")


async def test_the_sheet_becomes_a_request_and_the_precheck_without_typing_anything_twice(
    toulouse: Ccas, databases: Databases
) -> None:
    prescriber_id = await organisation(toulouse, "prescriber")
    begun = call(toulouse, channel="prescriber", prescriber_id=prescriber_id, purpose="vehicle_purchase")
    path = await contact(toulouse.agent, {**begun, "sheet": sheet(toulouse)})
    became = await ok(toulouse.agent.post(f"{path}/request", {}))
    assert (became["status"], became["version"]) == ("request", 2)
    request = await ok(toulouse.agent.get(f"/requests/{became['request_id']}"))
    assert {name: request[name] for name in ("status", "received_on", "channel", "prescriber_id", "purpose")} == {
        "status": "intake",
        "received_on": "2018-03-01",
        "channel": "prescriber",
        "prescriber_id": prescriber_id,
        "purpose": "vehicle_purchase",
    }
    for name in ("household", "situations", "project_description", "project_cost_cents", "requested_amount_cents"):
        assert request[name] == WHOLE_SHEET[name]
    person = await ok(toulouse.agent.get(f"/people/{became['person_id']}"))
    assert person["id"] == request["applicant_id"]
    assert {name: person[name] for name in ("first_names", "birth_name", "birth_on", "phone")} == {
        name: WHOLE_SHEET[name] for name in ("first_names", "birth_name", "birth_on", "phone")
    }
    await authorised(toulouse, person["id"])
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    seen = await ok(lender_of(databases, toulouse).get(f"/partner/handoffs/{handoff['id']}"))
    assert seen["payload"]["applicant"] == {
        "first_names": "Camille", "birth_name": "Éluard", "birth_on": "1988-03-02",
        "birth_place": None,
    }  # fmt: skip


async def test_what_neither_the_sheet_nor_the_body_says_is_named(toulouse: Ccas) -> None:
    unfinished = sheet(toulouse, birth_on=None, household=None)
    path = await contact(toulouse.agent, call(toulouse, sheet=unfinished))
    body = {"applicant": {"usage_name": "Martin"}, "project_cost_cents": 180_000}
    problem = await refused(toulouse.agent.post(f"{path}/request", body), 422, "invalid")
    assert {(fault["pointer"], fault["code"]) for fault in problem["errors"]} == {
        ("/body/applicant/birth_on", "missing"),
        ("/body/household", "missing"),
        ("/body/purpose", "missing"),
    }
    assert (await ok(toulouse.agent.get(path)))["status"] == "open"
    assert await count_of(toulouse, "/people") == await count_of(toulouse, "/requests") == 0


async def test_the_body_completes_and_corrects_the_sheet(toulouse: Ccas) -> None:
    path = await contact(toulouse.agent, call(toulouse, sheet=sheet(toulouse, birth_on=None)))
    rest = {
        "applicant": {"birth_on": "1990-01-01", "nationality": "french"},
        "purpose": "mobility",
        "requested_amount_cents": 120_000,
        "received_on": "2018-03-05",
    }
    became = await ok(toulouse.agent.post(f"{path}/request", rest))
    request = await ok(toulouse.agent.get(f"/requests/{became['request_id']}"))
    assert (request["purpose"], request["requested_amount_cents"], request["received_on"]) == (
        "mobility", 120_000, "2018-03-05",
    )  # fmt: skip
    person = await ok(toulouse.agent.get(f"/people/{became['person_id']}"))
    assert (person["birth_on"], person["nationality"], person["birth_name"]) == ("1990-01-01", "french", "Éluard")


async def test_a_known_person_is_not_entered_again(toulouse: Ccas) -> None:
    known = await ok(toulouse.agent.post("/people", demand(toulouse)["applicant"]))
    asked = {name: WHOLE_SHEET[name] for name in WHOLE_SHEET if name.startswith(("project", "requested", "house"))}
    path = await contact(toulouse.agent, call(toulouse, person_id=known["id"], purpose="mobility", sheet=asked))
    became = await ok(toulouse.agent.post(f"{path}/request", {}))
    assert became["person_id"] == known["id"]
    assert await count_of(toulouse, "/people") == 1
    found = await ok(toulouse.agent.get("/contacts", q="exemple"))
    assert [one["id"] for one in found["items"]] == [became["id"]]


async def test_someone_of_the_same_name_and_birth_date_is_told_and_never_merged(toulouse: Ccas) -> None:
    known = await ok(toulouse.agent.post("/people", {**demand(toulouse)["applicant"], "birth_name": "Eluard"}))
    path = await contact(toulouse.agent, call(toulouse, purpose="mobility", sheet=sheet(toulouse)))
    became = await ok(toulouse.agent.post(f"{path}/request", {}))
    assert became["similar_person_ids"] == [known["id"]]
    assert became["person_id"] != known["id"]


async def test_a_request_is_not_received_before_the_contact(toulouse: Ccas) -> None:
    path = await contact(toulouse.agent, call(toulouse, purpose="mobility", sheet=sheet(toulouse)))
    early = toulouse.agent.post(f"{path}/request", {"received_on": "2018-02-28"})
    problem = await refused(early, 409, "date_out_of_order")
    assert problem["not_before"] == "2018-03-01"


async def test_a_contact_has_one_outcome(toulouse: Ccas) -> None:
    path = await contact(toulouse.agent, call(toulouse, purpose="mobility", sheet=sheet(toulouse)))
    await ok(toulouse.agent.post(f"{path}/request", {}))
    for answer in (
        toulouse.agent.post(f"{path}/request", {}),
        toulouse.agent.post(f"{path}/close", CLOSING),
        toulouse.agent.patch(path, {"words": "x"}, etag='"2"'),
    ):
        await refused(answer, 409, "contact_became_request")
    assert await count_of(toulouse, "/requests") == 1
    path = await contact(toulouse.agent, call(toulouse))
    await ok(toulouse.agent.post(f"{path}/close", CLOSING))
    for answer in (
        toulouse.agent.post(f"{path}/request", {}),
        toulouse.agent.post(f"{path}/close", CLOSING),
        toulouse.agent.patch(path, {"words": "x"}, etag='"2"'),
    ):
        await refused(answer, 409, "contact_answered")


async def test_a_contact_ends_with_the_other_answer_that_was_given(toulouse: Ccas, databases: Databases) -> None:
    desk = desk_of(databases, toulouse)
    adie = await organisation(toulouse, "lender", "referral", name="ADIE")
    path = await contact(desk, call(toulouse))
    given = {"kind": "partner_lender", "organisation_id": adie, "given_on": "2018-03-02"}
    closed = await ok(desk.post(f"{path}/close", {**CLOSING, "reason": "Projet de commerce", "other_answer": given}))
    assert {name: closed[name] for name in ("status", "closed_on", "closing_reason_code", "closing_reason")} == {
        "status": "answered",
        "closed_on": "2018-03-02",
        "closing_reason_code": "referred_elsewhere",
        "closing_reason": "Projet de commerce",
    }
    assert closed["other_answer"] == {**given, "attempts_on": []}
    told = run_sql(databases, toulouse, "select action, from_status, to_status, account_id from contact_transitions")
    assert [dict(row) for row in told] == [
        {"action": "answer", "from_status": "open", "to_status": "answered", "account_id": desk.account_id}
    ]


async def test_someone_unreachable_was_called_twice_on_two_days(toulouse: Ccas) -> None:
    path = await contact(toulouse.agent, call(toulouse))
    once = {"kind": "unreachable", "given_on": "2018-03-09", "attempts_on": ["2018-03-05", "2018-03-05"]}
    ending = {**CLOSING, "reason_code": "unreachable", "closed_on": "2018-03-09"}
    await refused(toulouse.agent.post(f"{path}/close", {**ending, "other_answer": once}), 409, "unreachable_too_soon")
    before = {**once, "attempts_on": ["2018-02-27", "2018-03-05"]}
    await refused(toulouse.agent.post(f"{path}/close", {**ending, "other_answer": before}), 409, "date_out_of_order")
    twice = {**once, "attempts_on": ["2018-03-08", "2018-03-05"]}
    closed = await ok(toulouse.agent.post(f"{path}/close", {**ending, "other_answer": twice}))
    assert closed["other_answer"]["attempts_on"] == ["2018-03-05", "2018-03-08"]


ENDING = "update contacts set status = 'answered', closed_on = '2018-03-02', closing_reason_code = 'other'"
UNREACHABLE = ", other_answer_kind = 'unreachable', other_answer_on = '2018-03-02'"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update contacts set status = 'answered'", "closed_when_answered"),
        ("update contacts set closed_on = '2018-03-02'", "closed_when_answered"),
        (ENDING, "no_dead_end"),
        (ENDING + UNREACHABLE, "unreachable_was_tried_twice"),
        (ENDING + UNREACHABLE + ", other_answer_attempts_on = '{2018-03-01}'", "unreachable_was_tried_twice"),
        ("update contacts set other_answer_on = '2018-02-28'", "answered_after_contact"),
        ("update contacts set status = 'request'", "request_when_become"),
    ],
)
async def test_the_database_too_refuses_a_dead_end(
    toulouse: Ccas, databases: Databases, statement: str, constraint: str
) -> None:
    await contact(toulouse.agent, call(toulouse))
    with pytest.raises(IntegrityError, match=constraint):
        run_sql(databases, toulouse, statement)


async def test_contacts_are_found_by_every_filter(fresnes: Ccas) -> None:
    conde = "59153"
    mission = await organisation(fresnes, "prescriber")
    first = await contact(fresnes.agent, call(fresnes, contacted_on="2018-01-10", channel="desk"))
    second = await contact(
        fresnes.agent,
        call(fresnes, contacted_on="2018-02-10", commune_insee_code=conde, sheet={"birth_name": "Éluard"}),
    )
    third = await contact(fresnes.agent, call(fresnes, channel="prescriber", prescriber_id=mission))
    await ok(fresnes.agent.post(f"{third}/close", CLOSING))
    for query, paths in (
        ({}, [third, second, first]),
        ({"status": "open"}, [second, first]),
        ({"status": "answered"}, [third]),
        ({"channel": "desk"}, [first]),
        ({"commune_insee_code": conde}, [second]),
        ({"prescriber_id": mission}, [third]),
        ({"contacted_from": "2018-02-10"}, [third, second]),
        ({"contacted_to": "2018-02-10"}, [second, first]),
        ({"q": "eluard"}, [second]),
        ({"q": "nobody"}, []),
    ):
        listed = await ok(fresnes.agent.get("/contacts", **query))
        assert [f"/contacts/{one['id']}" for one in listed["items"]] == paths, query


async def test_what_cannot_be_is_refused_by_name_and_nothing_is_counted(toulouse: Ccas) -> None:
    supplier = await organisation(toulouse, "supplier", name="Auto-école")
    closed = await organisation(toulouse, "prescriber", name="Ancien service")
    path = f"/organisations/{closed}"
    await ok(toulouse.agent.patch(path, {"closed_on": "2018-02-28"}, etag=await etag_of(toulouse.agent, path)))
    for changes, code in (
        ({"prescriber_id": supplier}, "not_prescriber"),
        ({"prescriber_id": closed}, "organisation_closed"),
        ({"prescriber_id": "00000000-0000-7000-8000-000000000000"}, "organisation_unknown"),
        ({"person_id": "00000000-0000-7000-8000-000000000000"}, "applicant_unknown"),
        ({"commune_insee_code": "25056"}, "commune_not_served"),
        ({"contacted_on": "2150-01-01"}, "date_in_future"),
        ({"sheet": {"birth_on": "2150-01-01"}}, "date_in_future"),
    ):
        await refused(toulouse.agent.post("/contacts", call(toulouse, **changes)), 409, code)
    assert await count_of(toulouse, "/contacts") == 0
    open_then = await contact(toulouse.agent, call(toulouse, contacted_on="2018-02-27", prescriber_id=closed))
    later = toulouse.agent.patch(open_then, {"contacted_on": "2018-02-28"}, etag='"1"')
    await refused(later, 409, "organisation_closed")


async def test_a_request_names_its_prescriber_in_the_directory(besancon: Ccas) -> None:
    mission, supplier = [
        await organisation(besancon, kind, name=name) for kind, name in (("prescriber", "ML"), ("supplier", "AE"))
    ]
    await refused(besancon.agent.post("/requests", demand(besancon, prescriber_id=supplier)), 409, "not_prescriber")
    request = await ok(besancon.agent.post("/requests", demand(besancon, prescriber_id=mission)))
    path = f"/requests/{request['id']}"
    await refused(besancon.agent.patch(path, {"prescriber_id": supplier}, etag='"1"'), 409, "not_prescriber")
    assert (await ok(besancon.agent.get(path)))["prescriber_id"] == mission
    ending = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    elsewhere = {**ending, "other_answer": {**OTHER_ANSWER, "organisation_id": mission}}
    closed = await ok(besancon.agent.post(f"{path}/close", elsewhere))
    assert closed["other_answer"]["organisation_id"] == mission


async def test_the_desk_names_the_agent_who_will_instruct(toulouse: Ccas, databases: Databases) -> None:
    desk = desk_of(databases, toulouse)
    path = await contact(desk, call(toulouse, purpose="mobility", sheet=sheet(toulouse)))
    problem = await refused(desk.post(f"{path}/request", {}), 422, "invalid")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/body/instructing_agent_id"]
    itself = {"instructing_agent_id": str(desk.account_id)}
    await refused(desk.post(f"{path}/request", itself), 409, "cannot_instruct")
    agent = {"instructing_agent_id": str(toulouse.agent.account_id)}
    became = await ok(desk.post(f"{path}/request", agent))
    request = await ok(toulouse.agent.get(f"/requests/{became['request_id']}"))
    assert request["instructing_agent_id"] == str(toulouse.agent.account_id)


async def test_the_desk_searches_and_reads_no_whole_file(toulouse: Ccas, databases: Databases) -> None:
    desk = desk_of(databases, toulouse)
    request = await ok(toulouse.agent.post("/requests", demand(toulouse, received_on="2018-03-01")))
    listed = await ok(desk.get("/requests", q="exemple"))
    assert [one["id"] for one in listed["items"]] == [request["id"]]
    assert (await ok(desk.get(f"/people/{request['applicant_id']}")))["birth_name"] == "Exemple"
    path = f"/requests/{request['id']}"
    for answer in (
        desk.get(path),
        desk.get(f"{path}/budget"),
        desk.get(f"{path}/actions"),
        desk.post(f"{path}/assess"),
        desk.get("/decisions"),
        desk.get("/loans"),
        desk.get("/handoffs"),
        desk.post("/organisations", {"name": "X", "kinds": ["referral"]}),
    ):
        await refused(answer, 403, "forbidden")


async def test_another_ccas_sees_no_contact_and_no_organisation_of_this_one(toulouse: Ccas, besancon: Ccas) -> None:
    mission = await organisation(toulouse, "prescriber")
    path = await contact(toulouse.agent, call(toulouse))
    for answer in (
        besancon.agent.get(path),
        besancon.agent.patch(path, {"words": "x"}, etag='"1"'),
        besancon.agent.post(f"{path}/close", CLOSING),
        besancon.agent.post(f"{path}/request", {}),
    ):
        await refused(answer, 404, "not_found")
    theirs = call(besancon, prescriber_id=mission)
    await refused(besancon.agent.post("/contacts", theirs), 409, "organisation_unknown")
