"""A session is held by several: nobody instructs, records and closes alone, and nothing leaves before its minutes."""

import asyncio
from collections import Counter

import pytest
from httpx import AsyncClient

from app.domain.notices import FastTrackNotice
from tests.api.test_fast_track import AHEAD, OFFER, decided_ahead
from tests.api.test_four_eyes import EVERY_ROLE, RATIFIED, given_to, member, reasons
from tests.api.test_overrides import open_changed
from tests.api.test_ratifications import NAMED, NOT_RATIFIED
from tests.api.test_rectifications import decided, rectify
from tests.committees import HELD_ON, Sitting, ahead_of, committee_of, session_of, settled, with_rule
from tests.support import APPROVAL, OTHER_ANSWER, Ccas, Databases, Json, approved, ok, refused, submitted

MET: Json = {"met_on": "2011-02-02"}
GIVEN_UP: Json = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": OTHER_ANSWER}


@pytest.fixture
def ccas(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS whose sessions ratify what was decided ahead of them, before anybody is told."""
    rule = FastTrackNotice.AFTER_RATIFICATION
    return open_changed(databases, client, fast_track=True, fast_track_ratified=True, fast_track_notice=rule)


async def before_a_session(ccas: Ccas, request_id: str, **changes: object) -> Sitting:
    """A session that is open with the file on its agenda."""
    sitting = await session_of(ccas, **changes)  # type: ignore[arg-type]
    await sitting.act("agenda", {"request_id": request_id})
    return await sitting.opened()


async def chaired_without_account(ccas: Ccas) -> tuple[str, dict[str, str]]:
    """A committee whose chair never signs in."""
    path = f"/committees/{(await ok(ccas.manager.post('/committees', {'name': 'Commission'})))['id']}"
    parts = {"chair": {"capacity": "voting", "chair": True}, "voter": {"capacity": "voting"}, "voice": {}}
    members = {}
    for part, said in parts.items():
        term = {"name": part, "capacity": "advisory", "term_from": "2009-10-01", **said}
        members[part] = str((await ok(ccas.manager.post(f"{path}/members", term)))["id"])
    return path, members


async def test_what_a_session_decided_takes_effect_with_its_minutes(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    sitting = await before_a_session(besancon, request_id)
    decision_id = await settled(sitting, request_id, {**APPROVAL, **NAMED})
    path = f"/decisions/{decision_id}"
    assert (await ok(besancon.agent.get(path)))["notice"]["why_not"] == ["minutes_open"]
    assert (await ok(besancon.manager.get("/worklist", kind="decision_not_notified")))["items"] == []
    await refused(besancon.agent.post(f"/requests/{request_id}/loans", OFFER), 409, "minutes_not_closed")
    assert await reasons(besancon.agent, request_id, "offer_loan") == ["minutes_not_closed"]
    await sitting.act("close", by=besancon.decider)
    assert (await ok(besancon.agent.get(path)))["notice"]["why_not"] == []
    assert len((await ok(besancon.manager.get("/worklist", kind="decision_not_notified")))["items"]) == 1
    await ok(besancon.agent.post(f"/requests/{request_id}/loans", OFFER))


async def test_who_instructed_and_recorded_does_not_close_the_minutes(besancon: Ccas, databases: Databases) -> None:
    alone = member(databases, besancon, "seule")
    request_id = await given_to(besancon, alone)
    sitting = await before_a_session(besancon, request_id, committee=await chaired_without_account(besancon))
    await ok(alone.post(f"/requests/{request_id}/decisions", {**APPROVAL, "session_id": sitting.id}))
    told = await refused(alone.post(f"{sitting.path}/close"), 409, "four_eyes")
    assert told["can_act"] == ["decider"]
    await sitting.act("close", by=besancon.decider)


async def test_a_chair_does_not_record_a_file_they_instructed(besancon: Ccas, databases: Databases) -> None:
    chair = member(databases, besancon, "presidente", EVERY_ROLE)
    path, members = await chaired_without_account(besancon)
    await ok(besancon.manager.post(f"{path}/members/{members['chair']}/end", {"term_to": "2010-12-31"}))
    term = {"name": "P", "capacity": "voting", "chair": True, "account_id": str(chair.account_id)}
    found = await ok(besancon.manager.post(f"{path}/members", {**term, "term_from": "2011-01-01"}))
    request_id = await given_to(besancon, chair)
    sitting = await before_a_session(besancon, request_id, committee=(path, {**members, "chair": found["id"]}))
    decision, url = {**APPROVAL, "session_id": sitting.id}, f"/requests/{request_id}/decisions"
    await refused(chair.post(url, decision), 409, "four_eyes")
    told = await refused(besancon.decider.post(url, decision), 409, "instructed_by_member")
    assert told["members"] == ["P"]
    (item,) = await sitting.agenda()
    await sitting.act(f"agenda/{item['id']}/recusals", {"member_id": found["id"], "reason": "A instruit le dossier"})
    await ok(besancon.decider.post(url, decision))


async def test_a_file_that_all_have_left_is_decided_by_nobody(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    sitting = await before_a_session(besancon, request_id)
    (item,) = await sitting.agenda()
    for member_id in (sitting.chair, sitting.voter):
        await sitting.act(f"agenda/{item['id']}/recusals", {"member_id": member_id, "reason": "Un parent"})
    decision = {**APPROVAL, "session_id": sitting.id}
    told = await refused(besancon.decider.post(f"/requests/{request_id}/decisions", decision), 409, "no_quorum")
    assert (told["present"], told["needed"]) == (0, 1)


async def test_nobody_ratifies_alone_what_they_decided_ahead(ccas: Ccas, databases: Databases) -> None:
    decision = await decided_ahead(ccas)
    path = f"/decisions/{decision['id']}/ratifications"
    await refused(ccas.decider.post(path, RATIFIED), 409, "four_eyes")
    assert await reasons(ccas.decider, decision["request_id"], "ratify") == ["four_eyes"]
    with_rule(databases, ccas, session_required=True)
    await refused(member(databases, ccas, "autre").post(path, RATIFIED), 409, "session_required")
    sitting = await ahead_of(ccas, held_on=RATIFIED["ratified_on"])
    await ok(ccas.decider.post(path, {**RATIFIED, "session_id": sitting.id}))
    loans = f"/requests/{decision['request_id']}/loans"
    offer = {"offered_on": "2011-02-02", "first_due_on": "2011-03-05"}
    await refused(ccas.agent.post(loans, offer), 409, "minutes_not_closed")
    await sitting.act("close", by=ccas.decider)
    await ok(ccas.agent.post(loans, offer))


async def test_what_a_cancelled_session_was_told_of_is_told_to_the_next(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, fast_track=True)
    await decided_ahead(ccas)
    cancelled = await (await session_of(ccas, held_on="2011-02-10")).convened()
    assert len(await cancelled.agenda()) == 1
    await cancelled.act("cancel", {"reason": "Neige"})
    assert [item["outcome"] for item in await (await ahead_of(ccas, held_on="2011-02-20")).agenda()] == ["noted"]


async def test_no_condition_is_met_of_what_no_longer_gives(besancon: Ccas) -> None:
    withdrawn, closed = [await approved(besancon, None, {"conditions": ["Le permis"]}) for _ in range(2)]
    first, second = await decided(besancon, withdrawn), await decided(besancon, closed)
    await rectify(besancon, first, "withdrawal")
    await refused(besancon.agent.post(f"/decisions/{first}/conditions/1/met", MET), 409, "decision_no_longer_stands")
    await ok(besancon.agent.post(f"/requests/{closed}/close", GIVEN_UP))
    told = await refused(besancon.agent.post(f"/decisions/{second}/conditions/1/met", MET), 409, "illegal_transition")
    assert told["state"] == "withdrawn"


async def test_a_session_closes_once_a_file_given_up_is_off_its_agenda(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    sitting = await before_a_session(besancon, request_id)
    await ok(besancon.agent.post(f"/requests/{request_id}/close", GIVEN_UP))
    await refused(besancon.decider.post(f"{sitting.path}/close"), 409, "items_left")
    (item,) = await sitting.agenda()
    await sitting.act(f"agenda/{item['id']}/withdraw", {"reason": "Désistement"})
    await sitting.act("close", by=besancon.decider)


async def test_who_is_told_after_the_ratification_was_not_told_before_it(ccas: Ccas, databases: Databases) -> None:
    request_id = await submitted(ccas)
    decision = await ok(ccas.decider.post(f"/requests/{request_id}/decisions", {**AHEAD, **NAMED}))
    assert (await ok(ccas.manager.get("/worklist", kind="decision_not_notified")))["items"] == []
    await ok(member(databases, ccas, "autre").post(f"/decisions/{decision['id']}/ratifications", RATIFIED))
    assert len((await ok(ccas.manager.get("/worklist", kind="decision_not_notified")))["items"]) == 1
    told: Json = {"notified_on": "2011-01-31", "channel": "post", "recipient": "applicant"}
    path = f"/decisions/{decision['id']}/notifications"
    assert (await refused(ccas.agent.post(path, told), 409, "date_out_of_order"))["not_before"] == "2011-02-01"
    await ok(ccas.agent.post(path, {**told, "notified_on": "2011-02-01"}))


async def test_the_figures_tell_what_was_decided_ahead_and_count_as_approved_what_stands(
    ccas: Ccas, databases: Databases
) -> None:
    other = member(databases, ccas, "autre")
    for answer in (None, RATIFIED, NOT_RATIFIED):
        decision = await ok(ccas.decider.post(f"/requests/{await submitted(ccas)}/decisions", {**AHEAD, **NAMED}))
        if answer is not None:
            await ok(other.post(f"/decisions/{decision['id']}/ratifications", answer))
    told = await ok(ccas.agent.get("/decisions/figures"))
    one, none = {"count": 1, "cents": 200_000}, {"count": 0, "cents": 0}
    assert told["fast_track"] == {"provisional": one, "ratified": one, "not_ratified": one, "at_once": none}
    assert (told["requests"], told["approved"]["decided"]) == (2, {"count": 2, "cents": 400_000})
    assert (await ok(ccas.manager.get("/worklist", kind="decision_not_notified")))["items"][0]["since_on"] == HELD_ON


async def test_deciding_building_and_closing_at_once_wait_for_one_another(besancon: Ccas) -> None:
    """None of them is given up by the database for a deadlock."""
    files = [await submitted(besancon) for _ in range(3)]
    sitting = await session_of(besancon, committee=await committee_of(besancon))
    await sitting.act("agenda/build")
    await sitting.opened()
    acts = [besancon.decider.post(f"{sitting.path}/close")]
    for request_id in files:
        decision = {**APPROVAL, "session_id": sitting.id}
        acts.append(besancon.decider.post(f"/requests/{request_id}/decisions", decision))
        acts.append(besancon.agent.post(f"{sitting.path}/agenda", {"request_id": request_id}))
        acts.append(besancon.agent.post(f"{sitting.path}/agenda/build"))
    codes = Counter(int(response.status_code) for response in await asyncio.gather(*acts))
    assert set(codes) == {201, 409}
    assert codes[201] >= 6
