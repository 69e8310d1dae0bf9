"""Agendas: built from what is ready, put back, decided, and held to the quorum of each item."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from app.database import tenant_transaction
from app.domain.errors import MicrocreditError
from app.services import agenda_outcomes
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.api.test_timelines import statements_of
from tests.committees import HELD_ON, Sitting, session_of, settled, with_rule
from tests.support import APPROVAL, Ccas, Databases, Json, demand, disbursed, ok, refused, run_sql, submitted

ADJOURNMENT: Json = {
    "outcome": "adjourn",
    "reason_code": "missing_papers",
    "reason": "Le devis manque",
    "decided_on": HELD_ON,
    "signatory": "La présidente de la commission",
}


async def test_all_that_is_ready_goes_on_the_agenda_in_order_of_reception(besancon: Ccas) -> None:
    late = await submitted(besancon, received_on="2011-01-05")
    early = await submitted(besancon, received_on="2011-01-04")
    await submitted(besancon, received_on="2011-01-21")
    await ok(besancon.agent.post("/requests", demand(besancon)))
    sitting = await session_of(besancon)
    built = (await sitting.act("agenda/build"))["items"]
    assert [(item["position"], item["kind"], item["request_id"]) for item in built] == [
        (1, "request", early),
        (2, "request", late),
    ]
    assert (await sitting.act("agenda/build"))["items"] == built == await sitting.agenda()
    another = await session_of(besancon)
    assert (await another.act("agenda/build"))["items"] == []
    problem = besancon.agent.post(f"{another.path}/agenda", {"request_id": early})
    await refused(problem, 409, "already_on_agenda")


async def test_a_file_that_is_not_ready_is_refused_with_its_state(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    put = besancon.agent.post(f"{sitting.path}/agenda", {"request_id": request["id"]})
    assert (await refused(put, 409, "file_not_ready"))["state"] == "intake"
    assert await sitting.agenda() == []


async def test_a_file_received_after_a_session_is_not_of_it(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    request_id = await submitted(besancon, received_on="2011-01-21")
    put = besancon.agent.post(f"{sitting.path}/agenda", {"request_id": request_id})
    assert (await refused(put, 409, "date_out_of_order"))["not_before"] == "2011-01-21"


async def test_an_item_that_is_withdrawn_goes_on_another_agenda(besancon: Ccas) -> None:
    sitting, another = await session_of(besancon), await session_of(besancon)
    request_id = await submitted(besancon)
    item = await sitting.act("agenda", {"request_id": request_id})
    path = f"{sitting.path}/agenda/{item['id']}"
    withdrawn = await ok(besancon.agent.post(f"{path}/withdraw", {"reason": "La personne est absente"}))
    assert (withdrawn["withdrawn_on"], withdrawn["withdrawn_reason"]) == (HELD_ON, "La personne est absente")
    await refused(besancon.agent.post(f"{path}/withdraw", {"reason": "x"}), 409, "item_settled")
    await another.act("agenda", {"request_id": request_id})
    assert await ok(besancon.decider.get(path)) == withdrawn


async def test_a_running_loan_is_looked_at_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    sitting = await session_of(besancon, held_on="2011-03-10")
    item = await sitting.act("agenda", {"loan_id": loan_id, "review_reason": "deferral"})
    assert (item["kind"], item["loan_id"], item["review_reason"]) == ("loan_review", loan_id, "deferral")
    review = f"{sitting.path}/agenda/{item['id']}/review"
    agreed = {"outcome": "agreed", "months": 3, "reason": "Perte d’emploi"}
    await refused(besancon.agent.post(review, agreed), 409, "session_not_open")
    await sitting.opened()
    told = await ok(besancon.agent.post(review, agreed))
    assert (told["outcome"], told["outcome_months"], told["outcome_reason"]) == ("agreed", 3, "Perte d’emploi")
    await refused(besancon.agent.post(review, agreed), 409, "item_settled")


async def test_a_loan_that_is_not_paid_out_that_day_is_not_looked_at_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    sitting = await session_of(besancon)
    put = besancon.agent.post(f"{sitting.path}/agenda", {"loan_id": loan_id, "review_reason": "support"})
    assert (await refused(put, 409, "date_out_of_order"))["not_before"] == "2011-01-30"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "one_of_two"),
        ({"loan_id": "01900000-0000-7000-8000-000000000000"}, "review_of_a_loan"),
    ],
)
async def test_one_thing_is_put_on_an_agenda_at_a_time(besancon: Ccas, body: Json, code: str) -> None:
    sitting = await session_of(besancon)
    problem = await refused(besancon.agent.post(f"{sitting.path}/agenda", body), 422, "invalid")
    assert [error["code"] for error in problem["errors"]] == [code]


# What a decision of a session asks of it.


async def test_a_decision_settles_its_file_once(besancon: Ccas, app: FastAPI) -> None:
    request_id = await submitted(besancon)
    sitting = await session_of(besancon)
    item = await sitting.act("agenda", {"request_id": request_id})
    await sitting.opened()
    decision_id = await settled(sitting, request_id, APPROVAL)
    (told,) = await sitting.agenda()
    assert (told["outcome"], told["outcome_decision_id"]) == ("decided", decision_id)
    assert await code_of(app, sitting, request_id) == "not_on_agenda"
    withdrawal = besancon.agent.post(f"{sitting.path}/agenda/{item['id']}/withdraw", {"reason": "x"})
    await refused(withdrawal, 409, "item_settled")


async def test_a_decision_is_of_an_open_session_of_its_day_with_the_file_on_its_agenda(
    besancon: Ccas, app: FastAPI
) -> None:
    request_id = await submitted(besancon)
    sitting = await session_of(besancon)
    assert await code_of(app, sitting, request_id) == "session_not_open"
    await sitting.opened()
    assert await code_of(app, sitting, request_id, on="2011-01-21") == "not_session_day"
    assert await code_of(app, sitting, request_id) == "not_on_agenda"
    await sitting.act("agenda/build")
    assert await code_of(app, sitting, request_id) is None
    nowhere = replace(sitting, path=f"{sitting.committee}/sessions/{request_id}")
    assert await code_of(app, nowhere, request_id) == "not_found"


async def code_of(app: FastAPI, sitting: Sitting, request_id: str, *, on: str = HELD_ON) -> str | None:
    """The code of what a decision of the session would be refused for."""
    async with tenant_transaction(app.state.sessions, sitting.ccas.id) as session:
        try:
            day = date.fromisoformat(on)
            await agenda_outcomes.for_decision(session, UUID(sitting.id), UUID(request_id), decided_on=day, away=())
        except MicrocreditError as refusal:
            return refusal.code
    return None


async def test_a_member_who_leaves_is_not_counted_in_the_quorum_of_the_file(
    besancon: Ccas, app: FastAPI, databases: Databases
) -> None:
    with_rule(databases, besancon, quorum_members_min=2)
    first, second = await submitted(besancon), await submitted(besancon)
    sitting = await session_of(besancon)
    items = (await sitting.act("agenda/build"))["items"]
    await sitting.opened()
    path = f"{sitting.path}/agenda/{items[0]['id']}"
    gone = await ok(besancon.agent.post(f"{path}/recusals", {"member_id": sitting.voter, "reason": "Un parent"}))
    assert (gone["name"], gone["reason"]) == ("Un élu", "Un parent")
    again = besancon.agent.post(f"{path}/recusals", {"member_id": sitting.voter, "reason": "Encore"})
    await refused(again, 409, "already_recused")
    assert (await ok(besancon.agent.get(path)))["recusals"] == [gone]
    assert await code_of(app, sitting, first) == "no_quorum"
    assert await code_of(app, sitting, second) is None


# What the database holds, and what a commune sees.


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update agenda_items set position = 9", "never changes once it has its outcome"),
        (
            "update agenda_items set outcome = 'ratified'",
            "ck_agenda_items_outcome_of_its_kind",
        ),
        (
            (
                "insert into agenda_items"
                " (tenant_id, id, session_id, position, kind, request_id, account_id, entered_at)"
                " select tenant_id, gen_random_uuid(), session_id, 9, kind, request_id, account_id, now()"
                " from agenda_items"
            ),
            "uq_agenda_items_one_open_request",
        ),
    ],
)
async def test_the_database_holds_items_as_they_are(
    besancon: Ccas, databases: Databases, statement: str, constraint: str
) -> None:
    sitting = await session_of(besancon)
    await sitting.act("agenda", {"request_id": await submitted(besancon)})
    with pytest.raises(DBAPIError, match=constraint):
        run_sql(databases, besancon, statement)


async def test_an_agenda_shows_each_commune_its_files_in_one_order(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    made = {code: await ok(fresnes.agent.post("/requests", demand_of(fresnes, code))) for code in (FRESNES, CONDE)}
    run_sql(databases, fresnes, "update requests set status = 'submitted'")
    sitting = await session_of(fresnes, held_on="2018-03-20")
    await sitting.act("agenda", {"request_id": made[FRESNES]["id"]})
    own = await sitting.act("agenda/build", by=conde)
    assert [(item["position"], item["request_id"]) for item in own["items"]] == [(2, made[CONDE]["id"])]
    whole = await sitting.agenda()
    assert [item["position"] for item in whole] == [1, 2]
    foreign = f"{sitting.path}/agenda/{whole[0]['id']}"
    await refused(conde.get(foreign), 404, "not_found")
    await refused(conde.post(f"{foreign}/withdraw", {"reason": "x"}), 404, "not_found")


async def test_a_long_agenda_asks_the_database_no_more_than_a_short_one(besancon: Ccas, app: FastAPI) -> None:
    asked = []
    for number in (1, 11):
        for _ in range(number):
            await submitted(besancon)
        sitting = await session_of(besancon)
        with statements_of(app) as statements:
            built = await sitting.act("agenda/build")
            shown = await sitting.agenda()
        assert len(built["items"]) == len(shown) == number
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 30
