"""Who instructed a file does not decide on it alone, whatever their roles."""

from collections.abc import Sequence

import pytest
from httpx import AsyncClient

from app.domain.permissions import Role
from app.domain.products import FourEyes
from tests.api.test_fast_track import AHEAD, decided_ahead
from tests.api.test_overrides import open_changed
from tests.committees import ahead_of, session_of
from tests.support import APPROVAL, Ccas, Databases, Json, Staff, add_staff, ok, refused, submitted

EVERY_ROLE = (Role.AGENT, Role.DECIDER, Role.MANAGER)
RATIFIED: Json = {"ratified": True, "ratified_on": "2011-02-01", "signatory": "La présidente"}


def member(databases: Databases, ccas: Ccas, login: str, roles: Sequence[Role] = EVERY_ROLE) -> Staff:
    """Another member of staff."""
    return Staff(ccas.agent.client, add_staff(databases, ccas.id, login, list(roles)), ccas.id)


async def given_to(ccas: Ccas, staff: Staff) -> str:
    """A submitted file that this member of staff instructs."""
    request_id = await submitted(ccas)
    given = {"account_id": str(staff.account_id), "assigned_on": "2011-01-10"}
    await ok(ccas.agent.post(f"/requests/{request_id}/assignments", given))
    return request_id


async def reasons(staff: Staff, request_id: str, action: str) -> list[str]:
    items = (await ok(staff.get(f"/requests/{request_id}/actions")))["items"]
    found: list[str] = next(item["reasons"] for item in items if item["action"] == action)
    return found


async def test_who_instructs_is_refused_with_the_names_of_who_can(besancon: Ccas, databases: Databases) -> None:
    alone = member(databases, besancon, "referente")
    member(databases, besancon, "autre-decideuse", [Role.DECIDER])
    request_id = await given_to(besancon, alone)
    problem = await refused(alone.post(f"/requests/{request_id}/decisions", APPROVAL), 409, "four_eyes")
    assert problem["can_act"] == ["autre-decideuse", "decider"]
    assert "autre-decideuse, decider" in problem["detail"]
    assert (await ok(besancon.agent.get(f"/requests/{request_id}")))["status"] == "submitted"
    assert await reasons(alone, request_id, "approve") == ["four_eyes"]
    assert await reasons(besancon.decider, request_id, "approve") == []
    await ok(besancon.decider.post(f"/requests/{request_id}/decisions", APPROVAL))


async def test_who_instructed_before_is_refused_as_well(besancon: Ccas, databases: Databases) -> None:
    before = member(databases, besancon, "ancienne")
    request_id = await given_to(besancon, before)
    back = {"account_id": str(besancon.agent.account_id), "assigned_on": "2011-01-11"}
    await ok(before.post(f"/requests/{request_id}/assignments", back))
    await refused(before.post(f"/requests/{request_id}/decisions", APPROVAL), 409, "four_eyes")


async def test_who_records_what_a_session_decided_may_have_instructed(besancon: Ccas, databases: Databases) -> None:
    alone = member(databases, besancon, "referente")
    request_id = await given_to(besancon, alone)
    sitting = await session_of(besancon)
    await sitting.act("agenda", {"request_id": request_id})
    await sitting.opened()
    recorded = {**APPROVAL, "session_id": sitting.id}
    assert (await ok(alone.post(f"/requests/{request_id}/decisions", recorded)))["session_id"] == sitting.id


async def test_the_rules_may_have_a_second_person_named_instead(databases: Databases, client: AsyncClient) -> None:
    exception = FourEyes(required=False, second_person="La présidente du CCAS")
    ccas = open_changed(databases, client, four_eyes=exception)
    alone = member(databases, ccas, "referente")
    request_id = await given_to(ccas, alone)
    path = f"/requests/{request_id}/decisions"
    problem = await refused(alone.post(path, APPROVAL), 409, "second_person_missing")
    assert problem["named_by_rules"] == "La présidente du CCAS"
    assert await reasons(alone, request_id, "approve") == []
    decision = await ok(alone.post(path, {**APPROVAL, "second_person": "Mme Exemple, présidente"}))
    assert decision["second_person"] == "Mme Exemple, présidente"


@pytest.mark.parametrize("named", [None, "Mme Exemple"])
async def test_a_second_person_helps_nobody_where_the_rules_ask_two(
    besancon: Ccas, databases: Databases, named: str | None
) -> None:
    alone = member(databases, besancon, "referente")
    path = f"/requests/{await given_to(besancon, alone)}/decisions"
    await refused(alone.post(path, {**APPROVAL, "second_person": named}), 409, "four_eyes")


async def test_fast_track_is_refused_naming_those_to_whom_the_rules_leave_it(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, fast_track=True, fast_track_by=(Role.MANAGER,))
    alone = member(databases, ccas, "referente")
    member(databases, ccas, "directrice", [Role.DECIDER, Role.MANAGER])
    request_id = await given_to(ccas, alone)
    problem = await refused(alone.post(f"/requests/{request_id}/decisions", AHEAD), 409, "four_eyes")
    assert problem["can_act"] == ["directrice"]


async def test_nor_is_it_ratified_outside_a_session_by_who_instructed(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, fast_track=True, fast_track_ratified=True)
    decision = await decided_ahead(ccas)
    alone = member(databases, ccas, "referente")
    given = {"account_id": str(alone.account_id), "assigned_on": "2011-01-20"}
    await ok(ccas.agent.post(f"/requests/{decision['request_id']}/assignments", given))
    path = f"/decisions/{decision['id']}/ratifications"
    await refused(alone.post(path, RATIFIED), 409, "four_eyes")
    assert await reasons(alone, decision["request_id"], "ratify") == ["four_eyes"]
    sitting = await ahead_of(ccas, held_on=RATIFIED["ratified_on"])
    assert (await ok(alone.post(path, {**RATIFIED, "session_id": sitting.id})))["ratified"] is True
    (item,) = await sitting.agenda()
    assert (item["kind"], item["outcome"]) == ("ratification", "ratified")
