"""Sessions of committees: convened, opened with a quorum, chaired, cancelled."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.committees import committee_of, session_of, with_rule
from tests.support import Ccas, Databases, Json, ok, refused, run_sql, submitted


async def test_a_session_is_planned_convened_and_opened(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    assert (await ok(besancon.decider.get(sitting.path)))["status"] == "planned"
    convened = await sitting.act("convene", {"convened_on": "2011-01-10"})
    assert (convened["status"], convened["members_in_office"], convened["members_present"]) == ("convened", 2, 0)
    await sitting.seat(chair="present", voter="excused")
    opened = await sitting.act("open", {})
    assert (opened["status"], opened["chaired_by"], opened["quorum"]) == ("open", sitting.chair, None)
    assert opened["members_present"] == 1
    (listed,) = (await ok(besancon.agent.get(f"{sitting.committee}/sessions")))["items"]
    assert listed == {name: opened[name] for name in listed}


async def test_of_each_member_the_last_entry_counts(besancon: Ccas, databases: Databases) -> None:
    sitting = await (await session_of(besancon)).convened()
    assert [seat["status"] for seat in (await ok(besancon.agent.get(f"{sitting.path}/attendances")))["items"]] == [
        None
    ] * 3
    await sitting.seat(chair="excused", voter="present")
    seats = await sitting.seat(chair="present", voice="absent")
    assert [(seat["name"], seat["status"]) for seat in seats["items"]] == [
        ("La présidente", "present"),
        ("Un élu", "present"),
        ("Une associée", "absent"),
    ]
    counted = run_sql(databases, besancon, "select count(*) as entries from session_attendances")
    assert counted == [{"entries": 4}]


async def test_who_is_there_is_noted_once_the_members_are_convened(besancon: Ccas, databases: Databases) -> None:
    sitting = await session_of(besancon)
    members = [{"member_id": sitting.chair, "status": "present"}]
    seat = f"{sitting.path}/attendances"
    await refused(besancon.agent.post(seat, {"members": members}), 409, "session_not_open")
    other, _ = await committee_of(besancon)
    stranger = (await ok(besancon.agent.get(f"{other}/members")))["items"][0]["id"]
    await sitting.convened()
    both = [*members, {"member_id": stranger, "status": "present"}]
    problem = await refused(besancon.agent.post(seat, {"members": both}), 409, "not_in_office")
    assert problem["held_on"] == "2011-01-20"
    assert run_sql(databases, besancon, "select * from session_attendances") == []


async def test_members_are_those_in_office_on_the_day(besancon: Ccas) -> None:
    path, members = await committee_of(besancon)
    await ok(besancon.manager.post(f"{path}/members/{members['voter']}/end", {"term_to": "2011-01-19"}))
    sitting = await session_of(besancon, committee=(path, members))
    seats = (await ok(besancon.agent.get(f"{sitting.path}/attendances")))["items"]
    assert [seat["member_id"] for seat in seats] == [members["chair"], members["voice"]]


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        ({"quorum_members_min": 2}, 2),
        ({"quorum_percent": "51"}, 2),
        ({"quorum_members_min": 1, "quorum_percent": "100"}, 2),
    ],
)
async def test_without_its_quorum_a_session_does_not_open(
    besancon: Ccas, databases: Databases, rule: Json, needed: int
) -> None:
    with_rule(databases, besancon, **rule)
    sitting = await (await session_of(besancon)).convened()
    await sitting.seat(chair="present", voice="present")
    problem = await refused(besancon.agent.post(f"{sitting.path}/open", {}), 409, "no_quorum")
    assert (problem["present"], problem["needed"]) == (1, needed)
    assert (await ok(besancon.agent.get(sitting.path)))["status"] == "convened"
    await sitting.seat(voter="present")
    assert (await sitting.act("open", {}))["quorum"] == needed


async def test_a_member_with_a_vote_chairs_where_the_chair_is_not_there(besancon: Ccas) -> None:
    sitting = await (await session_of(besancon)).convened()
    await sitting.seat(chair="excused", voter="present", voice="present")
    opening = f"{sitting.path}/open"
    await refused(besancon.agent.post(opening, {}), 409, "chair_missing")
    await refused(besancon.agent.post(opening, {"chaired_by": sitting.voice}), 409, "cannot_chair")
    await refused(besancon.agent.post(opening, {"chaired_by": sitting.chair}), 409, "cannot_chair")
    await refused(besancon.agent.post(opening, {"chaired_by": sitting.id}), 409, "not_in_office")
    assert (await sitting.act("open", {"chaired_by": sitting.voter}))["chaired_by"] == sitting.voter
    await sitting.act("close", by=besancon.decider)  # who chairs has no account


async def test_nobody_chairs_in_place_of_the_chair_who_is_there(besancon: Ccas) -> None:
    sitting = await (await session_of(besancon)).convened()
    await sitting.seat(chair="present", voter="present")
    await refused(besancon.agent.post(f"{sitting.path}/open", {"chaired_by": sitting.voter}), 409, "chair_present")


async def test_a_session_opens_on_its_day_or_later(besancon: Ccas) -> None:
    today = datetime.now(UTC).date()
    sitting = await session_of(besancon, held_on=str(today + timedelta(days=30)))
    tomorrow = {"convened_on": str(today + timedelta(days=2))}
    await refused(besancon.agent.post(f"{sitting.path}/convene", tomorrow), 409, "date_in_future")
    await sitting.act("convene", {"convened_on": str(today - timedelta(days=1))})
    await sitting.seat(chair="present")
    await refused(besancon.agent.post(f"{sitting.path}/open", {}), 409, "date_in_future")


async def test_convocations_leave_before_the_session(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    late = besancon.agent.post(f"{sitting.path}/convene", {"convened_on": "2011-01-21"})
    await refused(late, 409, "date_out_of_order")


async def test_what_was_on_the_agenda_of_a_cancelled_session_may_go_on_another(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    request_id = await submitted(besancon)
    await sitting.act("agenda/build")
    cancelled = await sitting.act("cancel", {"reason": "Neige"})
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "Neige")
    (item,) = await sitting.agenda()
    assert (item["withdrawn_on"], item["withdrawn_reason"]) == ("2011-01-20", "Neige")
    for action, body in (("convene", {"convened_on": "2011-01-10"}), ("cancel", {"reason": "Encore"})):
        problem = await refused(besancon.agent.post(f"{sitting.path}/{action}", body), 409, "illegal_transition")
        assert (problem["action"], problem["state"]) == (f"{action}_session", "cancelled")
    await refused(besancon.agent.post(f"{sitting.path}/agenda/build"), 409, "session_over")
    another = await session_of(besancon)
    await another.act("agenda", {"request_id": request_id})


async def test_a_session_is_that_of_its_committee_and_of_no_other(besancon: Ccas) -> None:
    sitting = await session_of(besancon)
    other, _ = await committee_of(besancon)
    await refused(besancon.agent.get(f"{other}/sessions/{sitting.id}"), 404, "not_found")
    await refused(besancon.agent.post(f"{other}/sessions/{sitting.id}/cancel", {"reason": "x"}), 404, "not_found")


async def test_who_decides_reads_and_does_not_prepare(besancon: Ccas) -> None:
    sitting, staff = await session_of(besancon), besancon.decider
    await refused(staff.post(f"{sitting.path}/convene", {"convened_on": "2011-01-10"}), 403, "forbidden")
    await refused(staff.post(f"{sitting.path}/agenda/build"), 403, "forbidden")
    await ok(staff.get(f"{sitting.path}/agenda"))


async def test_the_database_moves_no_session_to_another_day(besancon: Ccas, databases: Databases) -> None:
    sitting = await session_of(besancon)
    move = "update committee_sessions set held_on = '2011-02-20' where id = :id"
    with pytest.raises(DBAPIError, match="a session that is over never changes"):
        run_sql(databases, besancon, move, id=sitting.id)
