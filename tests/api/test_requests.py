"""Requests over HTTP: taken in, described, moved, closed with another answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.support import (
    APPROVAL,
    BUDGET,
    OTHER_ANSWER,
    WHOLE_LOAN,
    Ccas,
    Databases,
    approved,
    demand,
    etag_of,
    offered,
    ok,
    refused,
    run_sql,
    submitted,
)

CLOSING = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
NOBODY = "01900000-0000-7000-8000-000000000000"
PERSON = {"first_names": "Dominique", "birth_name": "Témoin", "birth_on": "1986-07-14"}


async def person(ccas: Ccas, **changes: Any) -> str:
    """The identifier of a new beneficiary."""
    body = {**PERSON, "commune_insee_code": ccas.insee_code, **changes}
    return str((await ok(ccas.agent.post("/people", body)))["id"])


def by_applicant(ccas: Ccas, applicant_id: str, **changes: Any) -> dict[str, Any]:
    """A demand of a known person."""
    body = {**demand(ccas), "applicant_id": applicant_id, **changes}
    del body["applicant"]
    return body


# Taken in


async def test_a_demand_is_taken_in_under_the_rules_of_the_day_it_was_received(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    assert request["status"] == "intake"
    assert request["rules_version"] == 2
    assert request["reference"] == "D-2011-0001"
    assert request == {**await ok(besancon.agent.get(f"/requests/{request['id']}")), "similar_person_ids": []}


@pytest.mark.parametrize(
    ("received_on", "version"),
    [
        ("2009-10-01", 1),
        ("2010-12-31", 1),
        ("2011-01-01", 2),
        ("2011-04-30", 2),
        ("2011-05-01", 3),
        ("2011-10-12", 3),
        ("2011-10-13", 4),
        ("2025-06-30", 4),
    ],
)
async def test_a_demand_shows_the_version_of_the_rules_of_that_day(
    besancon: Ccas, received_on: str, version: int
) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon, received_on=received_on)))
    assert (request["rules_version"], request["received_on"]) == (version, received_on)


async def test_a_demand_from_before_the_first_rules_is_refused(besancon: Ccas) -> None:
    problem = await refused(
        besancon.agent.post("/requests", demand(besancon, received_on="2009-09-30")), 409, "no_rules_in_force"
    )
    assert problem["on"] == "2009-09-30"


async def test_a_demand_without_a_date_is_received_today_by_the_clock_of_the_ccas(besancon: Ccas) -> None:
    body = demand(besancon)
    del body["received_on"]
    request = await ok(besancon.agent.post("/requests", body))
    assert datetime.fromisoformat(request["received_on"]).date() - datetime.now(UTC).date() <= timedelta(days=1)
    assert request["rules_version"] == 4


async def test_a_demand_received_in_the_future_is_refused(besancon: Ccas) -> None:
    problem = await refused(
        besancon.agent.post("/requests", demand(besancon, received_on="2199-01-01")), 409, "date_in_future"
    )
    assert problem["field"] == "received_on"


async def test_a_new_applicant_becomes_a_person_of_the_ccas(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    applicant = await ok(besancon.agent.get(f"/people/{request['applicant_id']}"))
    assert (applicant["first_names"], applicant["birth_name"]) == ("Camille", "Exemple")


async def test_a_known_person_asks_again_without_being_written_twice(besancon: Ccas) -> None:
    known = await person(besancon)
    for _ in range(2):
        request = await ok(besancon.agent.post("/requests", by_applicant(besancon, known)))
        assert request["applicant_id"] == known
    assert len((await ok(besancon.agent.get("/people")))["items"]) == 1


@pytest.mark.parametrize("both", [True, False])
async def test_a_demand_names_one_applicant_and_not_two_nor_none(besancon: Ccas, both: bool) -> None:  # noqa: FBT001
    body = demand(besancon, applicant_id=await person(besancon))
    if not both:
        del body["applicant_id"], body["applicant"]
    problem = await refused(besancon.agent.post("/requests", body), 422, "invalid")
    assert problem["errors"][0]["code"] == "one_of_two"


async def test_a_couple_asks_together(besancon: Ccas) -> None:
    partner = await person(besancon)
    body = demand(besancon, co_applicant_id=partner, household={"adults": 2, "minor_children": 0})
    request = await ok(besancon.agent.post("/requests", body))
    assert request["co_applicant_id"] == partner
    assert request["household"] == {"adults": 2, "minor_children": 0}


async def test_nobody_asks_together_with_themselves(besancon: Ccas) -> None:
    known = await person(besancon)
    await refused(
        besancon.agent.post("/requests", by_applicant(besancon, known, co_applicant_id=known)),
        409,
        "same_person_twice",
    )


@pytest.mark.parametrize("field", ["applicant_id", "co_applicant_id"])
async def test_a_person_of_another_ccas_is_as_unknown_as_one_who_never_was(
    besancon: Ccas, toulouse: Ccas, field: str
) -> None:
    own, foreign = await person(besancon), await person(toulouse)
    answers = []
    for unknown in (foreign, str(uuid4())):
        body = {**by_applicant(besancon, own), field: unknown}
        answers.append(await refused(besancon.agent.post("/requests", body), 409, "applicant_unknown"))
    assert answers[0] == answers[1]
    assert answers[0]["field"] == field


async def test_a_commune_that_the_ccas_does_not_serve_is_refused(besancon: Ccas, toulouse: Ccas) -> None:
    body = demand(besancon, commune_insee_code=toulouse.insee_code)
    problem = await refused(besancon.agent.post("/requests", body), 409, "commune_not_served")
    assert problem["insee_code"] == toulouse.insee_code


async def test_a_demand_that_is_refused_leaves_neither_person_nor_number_behind(besancon: Ccas) -> None:
    await refused(
        besancon.agent.post("/requests", demand(besancon, co_applicant_id=str(uuid4()))), 409, "applicant_unknown"
    )
    assert (await ok(besancon.agent.get("/people")))["items"] == []
    assert (await ok(besancon.agent.post("/requests", demand(besancon))))["reference"] == "D-2011-0001"


async def test_a_demand_takes_the_only_product_or_the_one_it_names(besancon: Ccas) -> None:
    for named in ({}, {"product": "parcours_projet"}):
        request = await ok(besancon.agent.post("/requests", demand(besancon, **named)))
        assert request["product"] == "parcours_projet"


async def test_a_product_that_the_rules_of_the_day_do_not_have_is_refused(besancon: Ccas) -> None:
    problem = await refused(
        besancon.agent.post("/requests", demand(besancon, product="car_loan")), 409, "unknown_product"
    )
    assert (problem["product"], problem["on"]) == ("car_loan", "2011-01-03")


async def test_references_count_the_demands_of_each_year_of_receipt(besancon: Ccas) -> None:
    references = [
        (await ok(besancon.agent.post("/requests", demand(besancon, received_on=on))))["reference"]
        for on in ("2011-03-01", "2010-12-31", "2011-01-01", "2010-01-01", "2011-12-31")
    ]
    assert references == ["D-2011-0001", "D-2010-0001", "D-2011-0002", "D-2010-0002", "D-2011-0003"]


async def test_each_ccas_counts_its_own_demands(besancon: Ccas, toulouse: Ccas) -> None:
    for ccas in (besancon, toulouse):
        assert (await ok(ccas.agent.post("/requests", demand(ccas))))["reference"] == "D-2011-0001"


async def test_demands_taken_in_at_once_have_references_without_holes(besancon: Ccas) -> None:
    answers = await asyncio.gather(*(ok(besancon.agent.post("/requests", demand(besancon))) for _ in range(6)))
    assert sorted(answer["reference"] for answer in answers) == [f"D-2011-{number:04d}" for number in range(1, 7)]


# Changed


async def test_a_change_without_the_version_it_bears_on_is_refused(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    answer = besancon.agent.patch(f"/requests/{request['id']}", {"project_cost_cents": 1}, etag=None)
    await refused(answer, 428, "version_missing")


async def test_a_change_of_an_old_version_is_refused_and_changes_nothing(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    etag = await etag_of(besancon.agent, path)
    await ok(besancon.agent.patch(path, {"prescriber": "Mission locale"}, etag=etag))
    await refused(besancon.agent.patch(path, {"prescriber": "ADDSEA"}, etag=etag), 412, "version_stale")
    assert (await ok(besancon.agent.get(path)))["prescriber"] == "Mission locale"


async def test_what_a_change_does_not_name_stays(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon, prescriber='ADDSEA'))))['id']}"
    before = await ok(besancon.agent.get(path))
    changes = {"household": {"adults": 2, "minor_children": 1}, "project_cost_cents": 250_000}
    after = await ok(besancon.agent.patch(path, changes, etag=f'"{before["version"]}"'))
    assert after == {**before, **changes, "version": before["version"] + 1}
    assert await ok(besancon.agent.get(path)) == after


async def test_the_etag_of_a_change_is_the_one_that_the_next_change_needs(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    etag = await etag_of(besancon.agent, path)
    for cost in (250_000, 260_000, 270_000):
        response = await besancon.agent.patch(path, {"project_cost_cents": cost}, etag=etag)
        assert response.status_code == 200
        etag = response.headers["etag"]
    assert await etag_of(besancon.agent, path) == etag


@pytest.mark.parametrize(
    ("field", "value"),
    [("household", None), ("purpose", None), ("project_cost_cents", None), ("commune_insee_code", None)],
)
async def test_what_a_demand_cannot_lack_cannot_be_taken_away(besancon: Ccas, field: str, value: object) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    etag = await etag_of(besancon.agent, path)
    problem = await refused(besancon.agent.patch(path, {field: value}, etag=etag), 422, "invalid")
    assert problem["errors"][0]["pointer"] == f"/body/{field}"


async def test_a_co_applicant_may_come_and_go_while_the_file_is_instructed(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    partner = await person(besancon)
    for value in (partner, None):
        changed = await ok(
            besancon.agent.patch(path, {"co_applicant_id": value}, etag=await etag_of(besancon.agent, path))
        )
        assert changed["co_applicant_id"] == value


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"commune_insee_code": "39198"}, "commune_not_served"), ({"co_applicant_id": NOBODY}, "applicant_unknown")],
)
async def test_a_change_is_held_to_what_a_demand_is_held_to(besancon: Ccas, changes: dict[str, Any], code: str) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    before = await ok(besancon.agent.get(path))
    await refused(besancon.agent.patch(path, changes, etag=f'"{before["version"]}"'), 409, code)
    assert await ok(besancon.agent.get(path)) == before


async def test_the_applicant_cannot_become_their_own_co_applicant(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    answer = besancon.agent.patch(
        f"/requests/{request['id']}", {"co_applicant_id": request["applicant_id"]}, etag=f'"{request["version"]}"'
    )
    await refused(answer, 409, "same_person_twice")


async def test_nothing_of_the_file_changes_once_the_commission_has_it(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    etag = await etag_of(besancon.agent, path)
    for change in (
        besancon.agent.patch(path, {"project_cost_cents": 1}, etag=etag),
        besancon.agent.put(f"{path}/budget", BUDGET, etag=etag),
        besancon.agent.put(f"{path}/financing-plan", WHOLE_LOAN, etag=etag),
    ):
        await refused(change, 409, "request_locked")
    assert await etag_of(besancon.agent, path) == etag


@pytest.mark.parametrize("code", ["request_locked", "illegal_transition"])
async def test_the_status_of_a_problem_is_that_of_the_answer_and_not_the_state_of_the_file(
    besancon: Ccas, code: str
) -> None:
    """RFC 9457: `status` is a number; the file's own state must not take its place."""
    path = f"/requests/{await submitted(besancon)}"
    etag = await etag_of(besancon.agent, path)
    if code == "request_locked":
        problem = await refused(besancon.agent.patch(path, {"project_cost_cents": 1}, etag=etag), 409, code)
    else:
        problem = await refused(besancon.agent.post(f"{path}/assess"), 409, code)
    assert problem["status"] == 409


# Found again


async def found(ccas: Ccas, **query: Any) -> list[str]:
    """The references found, newest first."""
    return [item["reference"] for item in (await ok(ccas.agent.get("/requests", **query)))["items"]]


async def named(ccas: Ccas, **names: Any) -> str:
    """The reference of a demand by someone of those names."""
    applicant = {**demand(ccas)["applicant"], **names}
    return str((await ok(ccas.agent.post("/requests", demand(ccas, applicant=applicant))))["reference"])


@pytest.mark.parametrize(
    "q", ["Élodie", "elodie", "ELODIE", "Éléonore-Dupré", "eleonore-dupre", "LEFÈVRE", "lefevre", "D-2011-0001"]
)
async def test_names_are_found_without_regard_to_accents_or_case(besancon: Ccas, q: str) -> None:
    wanted = await named(besancon, first_names="Élodie", birth_name="Éléonore-Dupré", usage_name="Lefèvre")
    await named(besancon, first_names="Zoé", birth_name="Autre")
    assert await found(besancon, q=q) == [wanted]


async def test_a_reference_is_found_whatever_its_case(besancon: Ccas) -> None:
    wanted = await named(besancon, first_names="Zoé")
    assert await found(besancon, q="d-2011-0001") == [wanted]


@pytest.mark.parametrize("q", ["%", "_", "\\", "Camille%", "' or true --"])
async def test_signs_that_a_database_reads_are_only_signs(besancon: Ccas, q: str) -> None:
    await named(besancon)
    assert await found(besancon, q=q) == []


async def test_a_person_is_found_by_first_name_and_name_in_the_order_one_says_them(besancon: Ccas) -> None:
    wanted = await named(besancon, first_names="Camille", birth_name="Exemple")
    assert await found(besancon, q="Exemple Camille") == [wanted]
    assert await found(besancon, q="Camille Exemple") == [wanted]


async def test_requests_are_filtered_by_state_commune_and_dates_of_receipt_both_included(besancon: Ccas) -> None:
    days = ("2011-01-03", "2011-02-03", "2011-03-03")
    first, second, third = [
        (await ok(besancon.agent.post("/requests", demand(besancon, received_on=on)))) for on in days
    ]
    await ok(besancon.agent.post(f"/requests/{second['id']}/assess"))
    assert await found(besancon) == [third["reference"], second["reference"], first["reference"]]
    assert await found(besancon, status="assessment") == [second["reference"]]
    assert await found(besancon, status="refused") == []
    assert await found(besancon, received_from=days[1]) == [third["reference"], second["reference"]]
    assert await found(besancon, received_to=days[1]) == [second["reference"], first["reference"]]
    assert await found(besancon, received_from=days[1], received_to=days[1]) == [second["reference"]]
    assert len(await found(besancon, commune_insee_code=besancon.insee_code)) == 3
    assert await found(besancon, commune_insee_code="39198") == []
    assert await found(besancon, status="intake", received_from=days[1], q="exemple") == [third["reference"]]


@pytest.mark.parametrize(
    "query", [{"status": "contact"}, {"received_from": "3/1/2011"}, {"commune_insee_code": "2505"}, {"q": ""}]
)
async def test_a_filter_that_makes_no_sense_is_refused(besancon: Ccas, query: dict[str, str]) -> None:
    problem = await refused(besancon.agent.get("/requests", **query), 422, "invalid")
    assert problem["errors"][0]["pointer"] == f"/query/{next(iter(query))}"


async def test_a_ccas_finds_none_of_anothers_requests(besancon: Ccas, toulouse: Ccas) -> None:
    request = await ok(toulouse.agent.post("/requests", demand(toulouse)))
    assert await found(besancon) == []
    await refused(besancon.agent.get(f"/requests/{request['id']}"), 404, "not_found")


# Moved


async def test_a_request_goes_to_the_commission_with_a_budget_and_a_balanced_plan(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await refused(besancon.agent.post(f"{path}/submit"), 409, "illegal_transition")
    assert (await ok(besancon.agent.post(f"{path}/assess")))["status"] == "assessment"
    await refused(besancon.agent.post(f"{path}/submit"), 409, "budget_missing")
    await ok(besancon.agent.put(f"{path}/budget", BUDGET, etag=await etag_of(besancon.agent, path)))
    await refused(besancon.agent.post(f"{path}/submit"), 409, "plan_missing")
    await ok(besancon.agent.put(f"{path}/financing-plan", WHOLE_LOAN, etag=await etag_of(besancon.agent, path)))
    assert (await ok(besancon.agent.post(f"{path}/submit")))["status"] == "submitted"


@pytest.mark.parametrize("step", ["assess", "submit"])
@pytest.mark.parametrize(("on", "code"), [("2011-01-02", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_a_step_is_dated_from_the_receipt_to_today(besancon: Ccas, step: str, on: str, code: str) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    field = f"{step}ed_on" if step == "assess" else "submitted_on"
    problem = await refused(besancon.agent.post(f"{path}/{step}", {field: on}), 409, code)
    assert problem["field"] == field


async def test_every_step_is_logged_with_its_author_and_its_day(besancon: Ccas, databases: Databases) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await ok(besancon.agent.post(f"{path}/assess", {"assessed_on": "2011-01-05"}))
    await ok(besancon.agent.put(f"{path}/budget", BUDGET, etag=await etag_of(besancon.agent, path)))
    await ok(besancon.agent.put(f"{path}/financing-plan", WHOLE_LOAN, etag=await etag_of(besancon.agent, path)))
    await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-01-10"}))
    await ok(besancon.decider.post(f"{path}/decisions", APPROVAL))
    await ok(besancon.agent.post(f"{path}/close", {**CLOSING, "closed_on": "2011-03-01"}))
    log = run_sql(
        databases,
        besancon,
        "select action, from_status, to_status, effect_on::text, account_id, entered_at from request_transitions"
        " where request_id = :id order by id",
        id=request["id"],
    )
    agent, decider = besancon.agent.account_id, besancon.decider.account_id
    assert [tuple(row.values())[:5] for row in log] == [
        ("assess", "intake", "assessment", "2011-01-05", agent),
        ("submit", "assessment", "submitted", "2011-01-10", agent),
        ("approve", "submitted", "approved", "2011-01-20", decider),
        ("withdraw", "approved", "withdrawn", "2011-03-01", agent),
    ]
    assert all(datetime.now(UTC) - row["entered_at"] < timedelta(minutes=1) for row in log)


@pytest.mark.parametrize("statement", ["update request_transitions set effect_on = now()", "delete from requests"])
async def test_the_service_cannot_rewrite_or_delete_the_past_of_a_request(
    besancon: Ccas, databases: Databases, statement: str
) -> None:
    await submitted(besancon)
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, statement)


# Ended


@pytest.mark.parametrize("outcome", ["withdrawn", "closed_without_action"])
@pytest.mark.parametrize("stage", ["intake", "assessment", "submitted", "approved"])
async def test_a_request_closes_at_any_stage_with_another_answer(besancon: Ccas, stage: str, outcome: str) -> None:
    if stage == "approved":
        request_id = await approved(besancon)
    elif stage == "submitted":
        request_id = await submitted(besancon)
    else:
        request_id = (await ok(besancon.agent.post("/requests", demand(besancon))))["id"]
        if stage == "assessment":
            await ok(besancon.agent.post(f"/requests/{request_id}/assess"))
    closing = {**CLOSING, "outcome": outcome, "reason": "A trouvé une voiture d'occasion"}
    closed = await ok(besancon.agent.post(f"/requests/{request_id}/close", closing))
    assert closed["status"] == outcome
    assert closed["other_answer"]["kind"] == "budget_advice"
    assert closed["other_answer"]["given_on"] == "2011-01-21"
    assert (closed["closing_reason_code"], closed["closing_reason"]) == ("withdrawn", closing["reason"])
    assert await ok(besancon.agent.get(f"/requests/{request_id}")) == closed


@pytest.mark.parametrize(
    "change",
    [
        {"other_answer": None},
        {"reason_code": None},
        {"reason_code": "pending_answer"},
        {"outcome": "refused"},
        {"outcome": "grant_only"},
        {"other_answer": {"kind": "nothing", "given_on": "2011-01-21"}},
        {"other_answer": {"kind": "budget_advice"}},
    ],
)
async def test_a_closing_without_an_end_a_reason_and_an_answer_is_ill_formed(
    besancon: Ccas, change: dict[str, Any]
) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    closing = {name: value for name, value in {**CLOSING, **change}.items() if value is not None}
    await refused(besancon.agent.post(f"/requests/{request['id']}/close", closing), 422, "invalid")
    assert request == {**await ok(besancon.agent.get(f"/requests/{request['id']}")), "similar_person_ids": []}


@pytest.mark.parametrize("attempts", [[], ["2011-01-10"], ["2011-01-10", "2011-01-10"]])
async def test_nobody_is_unreachable_before_two_attempts_on_two_days(besancon: Ccas, attempts: list[str]) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    answer = {"kind": "unreachable", "given_on": "2011-01-21", "attempts_on": attempts}
    await refused(
        besancon.agent.post(f"/requests/{request['id']}/close", {**CLOSING, "other_answer": answer}),
        409,
        "unreachable_too_soon",
    )


async def test_two_attempts_on_two_days_make_a_person_unreachable(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    answer = {"kind": "unreachable", "given_on": "2011-01-21", "attempts_on": ["2011-01-10", "2011-01-17"]}
    closing = {"outcome": "closed_without_action", "reason_code": "unreachable", "other_answer": answer}
    closed = await ok(besancon.agent.post(f"/requests/{request['id']}/close", closing))
    assert closed["other_answer"]["kind"] == "unreachable"


@pytest.mark.parametrize(
    "attempts", [["2011-01-10", "2199-01-01"], ["2010-12-31", "2011-01-10"], ["2011-01-10", "2011-01-22"]]
)
async def test_attempts_lie_between_the_receipt_and_the_answer(besancon: Ccas, attempts: list[str]) -> None:
    """A future call is no attempt, nor is one before the demand or after the person was given up."""
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    answer = {"kind": "unreachable", "given_on": "2011-01-21", "attempts_on": attempts}
    response = await besancon.agent.post(f"/requests/{request['id']}/close", {**CLOSING, "other_answer": answer})
    assert response.status_code == 409, response.text


async def test_the_dates_of_the_attempts_are_kept_with_the_answer(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    attempts = ["2011-01-10", "2011-01-17"]
    answer = {"kind": "unreachable", "given_on": "2011-01-21", "attempts_on": attempts}
    closed = await ok(besancon.agent.post(f"/requests/{request['id']}/close", {**CLOSING, "other_answer": answer}))
    assert closed["other_answer"] == {**answer, "organisation_id": None}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"closed_on": "2011-01-02"}, "closed_on", "date_out_of_order"),
        ({"closed_on": "2199-01-01"}, "closed_on", "date_in_future"),
        (
            {"other_answer": {"kind": "budget_advice", "given_on": "2011-01-02"}},
            "other_answer.given_on",
            "date_out_of_order",
        ),
        (
            {"other_answer": {"kind": "budget_advice", "given_on": "2199-01-01"}},
            "other_answer.given_on",
            "date_in_future",
        ),
    ],
)
async def test_an_end_and_its_answer_lie_between_the_receipt_and_today(
    besancon: Ccas, change: dict[str, Any], field: str, code: str
) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    problem = await refused(besancon.agent.post(f"/requests/{request['id']}/close", {**CLOSING, **change}), 409, code)
    assert problem["field"] == field


async def test_a_person_does_not_withdraw_from_a_loan_before_it_was_approved(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    closing = {**CLOSING, "closed_on": "2011-01-10"}
    problem = await refused(besancon.agent.post(f"/requests/{request_id}/close", closing), 409, "date_out_of_order")
    assert problem["not_before"] == "2011-01-20"


async def test_an_ended_request_does_not_end_again(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    closed = await ok(besancon.agent.post(f"/requests/{request['id']}/close", CLOSING))
    await refused(besancon.agent.post(f"/requests/{request['id']}/close", CLOSING), 409, "illegal_transition")
    assert await ok(besancon.agent.get(f"/requests/{request['id']}")) == closed


async def test_a_request_with_an_offered_loan_does_not_close(besancon: Ccas) -> None:
    loan = await ok(besancon.agent.get(f"/loans/{await offered(besancon)}"))
    await refused(besancon.agent.post(f"/requests/{loan['request_id']}/close", CLOSING), 409, "loan_in_the_way")


@pytest.mark.parametrize("status", ["withdrawn", "closed_without_action", "refused"])
async def test_the_database_itself_refuses_a_dead_end(besancon: Ccas, databases: Databases, status: str) -> None:
    request_id = await submitted(besancon)
    statement = "update requests set status = :status where id = :id"
    with pytest.raises(IntegrityError, match="no_dead_end"):
        run_sql(databases, besancon, statement, status=status, id=request_id)


@pytest.mark.parametrize("column", ["other_answer_kind", "other_answer_on"])
async def test_the_database_keeps_the_answer_of_an_ended_request(
    besancon: Ccas, databases: Databases, column: str
) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    await ok(besancon.agent.post(f"/requests/{request['id']}/close", CLOSING))
    with pytest.raises(IntegrityError, match="no_dead_end"):
        run_sql(databases, besancon, f"update requests set {column} = null where id = :id", id=request["id"])  # noqa: S608


async def test_the_stated_dates_of_a_file_follow_one_another(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await ok(besancon.agent.post(f"{path}/assess", {"assessed_on": "2011-02-01"}))
    closing = {**CLOSING, "closed_on": "2011-01-31"}
    problem = await refused(besancon.agent.post(f"{path}/close", closing), 409, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("closed_on", "2011-02-01")
    submission = besancon.agent.post(f"{path}/submit", {"submitted_on": "2011-01-31"})
    await refused(submission, 409, "date_out_of_order")


async def test_a_step_whose_date_is_not_stated_is_logged_without_one(besancon: Ccas, databases: Databases) -> None:
    request_id = await submitted(besancon)
    log = run_sql(
        databases,
        besancon,
        "select action, effect_on from request_transitions where request_id = :id order by id",
        id=request_id,
    )
    assert [tuple(row.values()) for row in log] == [("assess", None), ("submit", None)]


async def test_the_database_keeps_no_answer_from_before_the_demand(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.post("/requests", demand(besancon)))
    with pytest.raises(IntegrityError, match="answered_after_receipt"):
        run_sql(databases, besancon, "update requests set other_answer_on = received_on - 1")
    run_sql(databases, besancon, "update requests set other_answer_on = received_on")
