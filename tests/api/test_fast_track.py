"""Fast track: decided ahead of the session, provisional until it ratifies, where the rules say so."""

import pytest
from httpx import AsyncClient

from app.domain.notices import FastTrackNotice
from app.domain.permissions import Role
from tests.api.test_actions import ROLES, colleague_of, judge, try_on_request
from tests.api.test_overrides import open_changed
from tests.committees import ahead_of, with_rule
from tests.support import APPROVAL, OTHER_ANSWER, Ccas, Databases, Json, ok, refused, submitted

AHEAD: Json = {**APPROVAL, "fast_track": True}
OFFER: Json = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}


@pytest.fixture
def ccas(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS whose sessions ratify what was decided ahead of them."""
    return open_changed(databases, client, fast_track=True, fast_track_ratified=True)


async def decided_ahead(ccas: Ccas) -> Json:
    request_id = await submitted(ccas)
    return await ok(ccas.decider.post(f"/requests/{request_id}/decisions", AHEAD))


async def test_it_is_provisional_until_the_session_ratifies_and_no_contract_rests_on_it(ccas: Ccas) -> None:
    decision = await decided_ahead(ccas)
    path = f"/requests/{decision['request_id']}"
    assert (decision["fast_track"], decision["provisional"], decision["ratification"]) == (True, True, None)
    assert (await ok(ccas.agent.get(path)))["status"] == "approved_provisional"
    await refused(ccas.agent.post(f"{path}/loans", OFFER), 409, "ratification_pending")
    await refused(ccas.decider.post(f"{path}/decisions", APPROVAL), 409, "illegal_transition")
    (waiting,) = (await ok(ccas.manager.get("/worklist", kind="ratification_due")))["items"]
    assert (waiting["request_id"], waiting["since_on"]) == (decision["request_id"], "2011-01-20")


async def test_the_rules_that_have_no_fast_track_are_broken_by_it(databases: Databases, client: AsyncClient) -> None:
    ccas = open_changed(databases, client, fast_track=False)
    request_id = await submitted(ccas)
    problem = await refused(ccas.decider.post(f"/requests/{request_id}/decisions", AHEAD), 409, "rules_breached")
    assert [breach["rule"] for breach in problem["breaches"]] == ["fast_track"]
    assert (await ok(ccas.agent.get(f"/requests/{request_id}")))["status"] == "submitted"


async def test_only_the_roles_that_the_rules_name_decide_ahead(databases: Databases, client: AsyncClient) -> None:
    ccas = open_changed(databases, client, fast_track=True, fast_track_by=(Role.MANAGER,))
    request_id = await submitted(ccas)
    problem = await refused(ccas.decider.post(f"/requests/{request_id}/decisions", AHEAD), 409, "rules_breached")
    assert [(breach["rule"], breach["limit"]) for breach in problem["breaches"]] == [("fast_track_by", ["manager"])]
    actions = (await ok(ccas.decider.get(f"/requests/{request_id}/actions")))["items"]
    assert {one["action"]: one["reasons"] for one in actions}["fast_track"] == ["rules_breached"]


async def test_where_nothing_is_said_of_ratification_it_takes_effect_at_once(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, fast_track=True)
    decision = await decided_ahead(ccas)
    assert (decision["fast_track"], decision["provisional"]) == (True, False)
    assert (await ok(ccas.agent.get(f"/requests/{decision['request_id']}")))["status"] == "approved"
    answer = {"ratified": False, "ratified_on": "2011-02-01", "reason": "Non", "signatory": "La présidente"}
    await refused(ccas.decider.post(f"/decisions/{decision['id']}/ratifications", answer), 409, "nothing_to_ratify")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {
                "outcome": "adjourn",
                "loan": None,
                "reason_code": "pending_answer",
                "reason": "x",
                "missing": ["Une réponse"],
            },
            "fast_track_with_aid_only",
        ),
        ({"session_id": "01900000-0000-7000-8000-000000000000"}, "fast_track_without_session"),
        ({"missing": ["Devis"]}, "missing_with_adjournment_only"),
        ({"next_on": "2011-02-17"}, "missing_with_adjournment_only"),
    ],
)
async def test_what_does_not_go_with_it_is_malformed(ccas: Ccas, changes: Json, code: str) -> None:
    path = f"/requests/{await submitted(ccas)}/decisions"
    problem = await refused(ccas.decider.post(path, {**AHEAD, **changes}), 422, "invalid")
    assert [error["code"] for error in problem["errors"]] == [code]


@pytest.mark.parametrize(
    ("rule", "may", "why_not"),
    [
        (FastTrackNotice.SUBJECT_TO_RATIFICATION, True, []),
        (FastTrackNotice.AFTER_RATIFICATION, False, ["ratification_pending"]),
        (None, False, ["ratification_pending"]),
    ],
)
async def test_the_person_is_told_when_the_rules_say(
    databases: Databases,
    client: AsyncClient,
    rule: FastTrackNotice | None,
    may: bool,  # noqa: FBT001
    why_not: list[str],
) -> None:
    ccas = open_changed(databases, client, fast_track=True, fast_track_ratified=True, fast_track_notice=rule)
    named = {"body": "Commission", "signatory_capacity": "Présidente", "delegation_reference": "2009-12"}
    request_id = await submitted(ccas)
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", {**AHEAD, **named}))
    expected = {"may_be_notified": may, "subject_to_ratification": may, "why_not": why_not}
    assert decision["notice"] == expected
    assert (await ok(ccas.agent.get(f"/decisions/{decision['id']}")))["notice"] == expected


async def test_without_body_capacity_and_delegation_no_decision_is_notified(ccas: Ccas) -> None:
    decision = await decided_ahead(ccas)
    lacking = ["body_missing", "signatory_capacity_missing", "delegation_reference_missing", "ratification_pending"]
    assert decision["notice"]["why_not"] == lacking


async def test_a_person_who_gives_up_before_the_session_is_given_another_answer(ccas: Ccas) -> None:
    decision = await decided_ahead(ccas)
    path = f"/requests/{decision['request_id']}"
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}
    assert (await ok(ccas.agent.post(f"{path}/close", closing)))["status"] == "withdrawn"
    late = {"ratified": True, "ratified_on": "2026-01-10", "signatory": "La présidente"}
    await refused(ccas.decider.post(f"/decisions/{decision['id']}/ratifications", late), 409, "illegal_transition")
    assert (await ok(ccas.manager.get("/worklist", kind="ratification_due")))["items"] == []


@pytest.mark.parametrize("role", ROLES)
async def test_a_file_that_waits_for_the_session_tells_what_this_caller_may_do_with_it(
    ccas: Ccas, databases: Databases, role: str
) -> None:
    staff, colleague = getattr(ccas, role), colleague_of(databases, ccas)
    request_id = (await decided_ahead(ccas))["request_id"]
    wrong = []
    for action in (await ok(staff.get(f"/requests/{request_id}/actions")))["items"]:
        response = await try_on_request(ccas, staff, request_id, action["action"], colleague=colleague)
        wrong += judge(action, response)
        if response.is_success:
            request_id = (await decided_ahead(ccas))["request_id"]
    assert wrong == []


async def test_what_needs_no_ratification_is_told_to_the_next_session_once(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, fast_track=True)
    decision = await decided_ahead(ccas)
    before = await ahead_of(ccas, held_on="2011-01-19")
    assert await before.agenda() == []
    told = await ahead_of(ccas, held_on="2011-02-10")
    (item,) = await told.agenda()
    assert (item["decision_id"], item["kind"], item["outcome"]) == (decision["id"], "ratification", "noted")
    assert await (await ahead_of(ccas, held_on="2011-03-10")).agenda() == []
    await told.act("close", by=ccas.decider)


async def test_rules_may_have_everything_decided_in_a_session_but_for_the_fast_track(
    ccas: Ccas, databases: Databases
) -> None:
    with_rule(databases, ccas, session_required=True)
    request_id = await submitted(ccas)
    await refused(ccas.decider.post(f"/requests/{request_id}/decisions", APPROVAL), 409, "session_required")
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", AHEAD))
    answer = {"ratified": True, "ratified_on": "2011-02-01", "signatory": "La présidente"}
    await refused(ccas.decider.post(f"/decisions/{decision['id']}/ratifications", answer), 409, "session_required")
