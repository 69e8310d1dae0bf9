"""Committees and the terms of office of their members."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.committees import committee_of, session_of
from tests.support import Ccas, Databases, Json, etag_of, ok, refused, run_sql

VOTER: Json = {"name": "Une élue", "capacity": "voting", "term_from": "2009-10-01"}


async def test_a_manager_sets_up_a_committee_and_changes_its_name(besancon: Ccas) -> None:
    path, _ = await committee_of(besancon)
    changed = await ok(besancon.manager.patch(path, {"name": "Commission"}, etag=await etag_of(besancon.agent, path)))
    assert (changed["name"], changed["reference"]) == ("Commission", "Délibération du 1er octobre 2009")
    assert await ok(besancon.decider.get(path)) == changed
    assert (await ok(besancon.agent.get("/committees")))["items"][0] == changed
    await refused(besancon.manager.patch(path, {"name": "x"}, etag='"1"'), 412, "version_stale")
    await refused(besancon.agent.post("/committees", {"name": "x"}), 403, "forbidden")


async def test_terms_of_office_are_dated_and_kept_when_they_end(besancon: Ccas) -> None:
    path, members = await committee_of(besancon)
    ended = await ok(besancon.manager.post(f"{path}/members/{members['voter']}/end", {"term_to": "2014-03-30"}))
    assert (ended["term_to"], ended["ended"]) == ("2014-03-30", True)
    again = besancon.manager.post(f"{path}/members/{members['voter']}/end", {"term_to": "2014-03-30"})
    await refused(again, 409, "term_ended")
    listed = {item["id"]: item for item in (await ok(besancon.agent.get(f"{path}/members")))["items"]}
    assert set(listed) == set(members.values())
    assert listed[members["voter"]] == ended
    assert listed[members["chair"]]["account_id"] == str(besancon.decider.account_id)


async def test_a_term_that_was_to_end_may_end_sooner_and_not_later(besancon: Ccas) -> None:
    path, _ = await committee_of(besancon)
    member = await ok(besancon.manager.post(f"{path}/members", {**VOTER, "term_to": "2014-03-30"}))
    end = f"{path}/members/{member['id']}/end"
    await refused(besancon.manager.post(end, {"term_to": "2014-03-31"}), 409, "term_ended")
    await refused(besancon.manager.post(end, {"term_to": "2009-09-30"}), 409, "date_out_of_order")
    assert (await ok(besancon.manager.post(end, {"term_to": "2012-01-01"})))["term_to"] == "2012-01-01"


async def test_nobody_leaves_office_before_a_session_they_attended(besancon: Ccas) -> None:
    sitting = await (await session_of(besancon)).opened()
    end = f"{sitting.committee}/members/{sitting.voter}/end"
    problem = await refused(besancon.manager.post(end, {"term_to": "2011-01-19"}), 409, "date_out_of_order")
    assert problem["not_before"] == "2011-01-20"
    await ok(besancon.manager.post(end, {"term_to": "2011-01-20"}))


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ({"term_from": "2009-09-30", "term_to": "2009-09-30"}, None),
        ({"term_from": "2009-09-30", "term_to": "2009-10-01"}, "chair_taken"),
        ({"term_from": "2014-04-01"}, "chair_taken"),
    ],
)
async def test_nobody_else_chairs_on_a_day_of_a_chairs_term(besancon: Ccas, term: Json, code: str | None) -> None:
    path, _ = await committee_of(besancon)
    another = besancon.manager.post(f"{path}/members", {**VOTER, **term, "chair": True})
    if code is not None:
        await refused(another, 409, code)
    else:
        await ok(another)


async def test_one_chair_follows_another(besancon: Ccas) -> None:
    path, members = await committee_of(besancon)
    await ok(besancon.manager.post(f"{path}/members/{members['chair']}/end", {"term_to": "2014-03-30"}))
    await ok(besancon.manager.post(f"{path}/members", {**VOTER, "chair": True, "term_from": "2014-03-31"}))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"chair": True, "capacity": "advisory"}, "chair_without_vote"),
        ({"term_to": "2009-09-30"}, "ends_before_it_begins"),
    ],
)
async def test_a_term_that_cannot_be_is_refused(besancon: Ccas, changes: Json, fault: str) -> None:
    path, _ = await committee_of(besancon)
    problem = await refused(besancon.manager.post(f"{path}/members", {**VOTER, **changes}), 422, "invalid")
    assert [error["code"] for error in problem["errors"]] == [fault]


async def test_an_account_that_is_none_is_no_member_s(besancon: Ccas, toulouse: Ccas) -> None:
    path, _ = await committee_of(besancon)
    foreign = {**VOTER, "account_id": str(toulouse.agent.account_id)}
    await refused(besancon.manager.post(f"{path}/members", foreign), 409, "account_unknown")


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update committee_members set name = 'x' where id = :id", "a term of office never changes"),
        ("update committee_members set term_to = '2014-01-01' where id = :id", "a term of office never changes"),
        (
            (
                "insert into committee_members"
                " (tenant_id, id, committee_id, name, capacity, chair, term_from, account_id,"
                " entered_at) select tenant_id, gen_random_uuid(), committee_id, 'x', capacity, chair, '2010-01-01',"
                " account_id, now() from committee_members where id = :id"
            ),
            "ex_committee_members_one_chair_a_day",
        ),
    ],
)
async def test_the_database_holds_terms_as_they_were_entered(
    besancon: Ccas, databases: Databases, statement: str, constraint: str
) -> None:
    _, members = await committee_of(besancon)
    with pytest.raises(DBAPIError, match=constraint):
        run_sql(databases, besancon, statement, id=members["chair"])
