"""What the session answers on a decision that was taken ahead of it."""

import asyncio
from collections import Counter

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError

from app.domain.permissions import Role
from tests.api.test_decisions import GRANT, GRANT_PLAN
from tests.api.test_fast_track import AHEAD, OFFER, decided_ahead
from tests.api.test_overrides import open_changed
from tests.support import (
    APPROVAL,
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    ok,
    refused,
    run_sql,
    submitted,
)

RATIFIED: Json = {"ratified": True, "ratified_on": "2011-02-01", "signatory": "La présidente de la commission"}
NOT_RATIFIED: Json = {**RATIFIED, "ratified": False, "reason": "L’urgence n’est pas établie"}
NAMED: Json = {"body": "Commission", "signatory_capacity": "Présidente", "delegation_reference": "2009-12"}


@pytest.fixture
def ccas(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS whose sessions ratify what was decided ahead of them."""
    return open_changed(databases, client, fast_track=True, fast_track_ratified=True)


@pytest.fixture
def other(ccas: Ccas, databases: Databases) -> Staff:
    """Who decides too, and did not decide ahead of the session."""
    return Staff(ccas.agent.client, add_staff(databases, ccas.id, "autre-decideuse", [Role.DECIDER]), ccas.id)


async def test_ratified_it_takes_effect_and_may_be_notified_and_contracted(ccas: Ccas, other: Staff) -> None:
    decision = await decided_ahead(ccas)
    path = f"/decisions/{decision['id']}"
    before = (await ccas.agent.get(path)).headers["etag"]
    ratification = await ok(other.post(f"{path}/ratifications", {**RATIFIED, **NAMED}))
    response = await ccas.agent.get(path)
    told = response.json()
    assert (told["ratification"], told["provisional"]) == (ratification, True)
    assert told["notice"] == {"may_be_notified": True, "subject_to_ratification": False, "why_not": []}
    assert response.headers["etag"] != before
    request_path = f"/requests/{decision['request_id']}"
    assert (await ok(ccas.agent.get(request_path)))["status"] == "approved"
    assert (await ok(ccas.manager.get("/worklist", kind="ratification_due")))["items"] == []
    events = (await ok(ccas.agent.get(f"{request_path}/timeline")))["items"]
    assert [event["on"] for event in events if event["kind"] == "ratification"] == ["2011-02-01"]
    early = {"offered_on": "2011-01-31", "first_due_on": "2011-03-05"}
    await ok(ccas.agent.post(f"{request_path}/loans", {**OFFER, **early, "offered_on": "2011-02-01"}))


async def test_not_ratified_the_file_is_before_the_session_which_decides_anew(ccas: Ccas, other: Staff) -> None:
    decision = await decided_ahead(ccas)
    path = f"/requests/{decision['request_id']}"
    await ok(other.post(f"/decisions/{decision['id']}/ratifications", NOT_RATIFIED))
    assert (await ok(ccas.agent.get(path)))["status"] == "submitted"
    assert (await ok(ccas.agent.get(f"/decisions/{decision['id']}")))["notice"]["why_not"][-1] == "not_ratified"
    refusal = {
        "outcome": "refuse",
        "reason_code": "unclear_project",
        "reason": "Manque de lisibilité",
        "other_answer": {**OTHER_ANSWER, "given_on": "2011-02-02"},
        "decided_on": "2011-02-01",
        "signatory": "La présidente de la commission",
    }
    second = await ok(ccas.decider.post(f"{path}/decisions", refusal))
    assert (second["number"], (await ok(ccas.agent.get(path)))["status"]) == (2, "refused")


async def test_a_grant_that_is_ratified_ends_the_request(ccas: Ccas, other: Staff) -> None:
    request_id = await submitted(ccas, GRANT_PLAN)
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", {**GRANT, "fast_track": True}))
    await ok(other.post(f"/decisions/{decision['id']}/ratifications", RATIFIED))
    assert (await ok(ccas.agent.get(f"/requests/{request_id}")))["status"] == "grant_only"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"ratified_on": "2011-01-19"}, 409, "date_out_of_order"),
        ({"ratified_on": "2190-01-01"}, 409, "date_in_future"),
        ({"ratified": False}, 422, "invalid"),
        ({"signatory": " "}, 422, "invalid"),
    ],
)
async def test_an_answer_that_cannot_be_changes_nothing(
    ccas: Ccas, other: Staff, changes: Json, status: int, code: str
) -> None:
    decision = await decided_ahead(ccas)
    await refused(other.post(f"/decisions/{decision['id']}/ratifications", {**RATIFIED, **changes}), status, code)
    assert (await ok(ccas.agent.get(f"/requests/{decision['request_id']}")))["status"] == "approved_provisional"
    assert (await ok(ccas.agent.get(f"/decisions/{decision['id']}")))["ratification"] is None


async def test_of_two_answers_at_once_one_counts(ccas: Ccas, other: Staff) -> None:
    decision = await decided_ahead(ccas)
    path = f"/decisions/{decision['id']}/ratifications"
    answers = await asyncio.gather(other.post(path, RATIFIED), other.post(path, NOT_RATIFIED))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 1}
    await refused(other.post(path, RATIFIED), 409, "already_ratified")


async def test_an_ordinary_decision_is_not_ratified_and_the_agent_ratifies_nothing(ccas: Ccas) -> None:
    request_id = await submitted(ccas)
    await refused(ccas.agent.post(f"/requests/{request_id}/decisions", AHEAD), 403, "forbidden")
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", APPROVAL))
    path = f"/decisions/{decision['id']}/ratifications"
    await refused(ccas.agent.post(path, RATIFIED), 403, "forbidden")
    await refused(ccas.decider.post(path, RATIFIED), 409, "nothing_to_ratify")


async def test_the_database_keeps_the_answer_as_it_was_given(ccas: Ccas, other: Staff, databases: Databases) -> None:
    decision = await decided_ahead(ccas)
    await ok(other.post(f"/decisions/{decision['id']}/ratifications", RATIFIED))
    for statement in ("update ratifications set ratified = false", "delete from ratifications"):
        with pytest.raises(DBAPIError):
            run_sql(databases, ccas, statement)
