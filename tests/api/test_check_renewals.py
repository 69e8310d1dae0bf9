"""A check that has expired is asked for anew; a later consultation answers it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from httpx import AsyncClient

from tests.lenders import (
    Lender,
    accepted_by,
    check,
    handed_over,
    lender_of,
    offer,
    open_under,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

PUSH = "/partner/ficp-checks"
NOW = datetime.now(ZoneInfo("Europe/Paris")).replace(hour=0, minute=1, second=0, microsecond=0)
OFFERED: Json = offer(300_000, 36, "3.04")


async def wanted(ccas: Ccas, lender: Lender, handoff: Json) -> set[bool]:
    """Whether another check is wanted, wherever it is told."""
    items = (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
    inbox = (await ok(lender.get("/partner/handoffs")))["items"]
    return {
        (await ok(ccas.agent.get(f"/handoffs/{handoff['id']}")))["check_wanted"],
        (await ok(lender.get(f"/partner/handoffs/{handoff['id']}")))["check_wanted"],
        *(item["check_wanted"] for item in items if item["stage"] == "grant_decision"),
        *(item["check_wanted"] for item in inbox if item["id"] == handoff["id"]),
    }


async def to_renew(ccas: Ccas) -> list[tuple[str, str]]:
    """The requests whose check is to renew, and since when."""
    items = (await ok(ccas.agent.get("/worklist", kind="check_to_renew")))["items"]
    return [(item["request_id"], item["since_on"]) for item in items]


async def test_a_check_that_expired_before_the_offer_is_asked_for_anew_and_answered_by_a_later_one(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    await accepted_by(lender, handoff)
    path = f"/handoffs/{handoff['id']}/check-renewals"
    late = {**OFFERED, "offered_on": "2018-04-15"}
    problem = await refused(lender.post(f"/partner/handoffs/{handoff['id']}/offers", late), 409, "check_not_favourable")
    assert problem["standing"] == "to_renew"
    assert await to_renew(toulouse) == [(handoff["request_id"], "2018-04-15")]
    problem = await refused(toulouse.agent.post(path, {"wanted_on": "2018-04-14"}), 409, "check_not_to_renew")
    assert (problem["stage"], problem["standing"]) == ("grant_decision", "favourable")

    before = (await toulouse.agent.get(f"/handoffs/{handoff['id']}")).headers["etag"]
    made = await ok(toulouse.agent.post(path, {"wanted_on": "2018-04-15"}))
    assert (made["handoff_id"], made["stage"], made["wanted_on"]) == (handoff["id"], "grant_decision", "2018-04-15")
    assert (await toulouse.agent.get(f"/handoffs/{handoff['id']}")).headers["etag"] != before
    assert await wanted(toulouse, lender, handoff) == {True}
    assert await to_renew(toulouse) == [], "it waits for the lender now"
    await refused(toulouse.agent.post(path), 409, "check_already_wanted")
    (event,) = [one for one in (await ok(toulouse.agent.get("/events")))["items"] if "wanted" in one["kind"]]
    assert (event["kind"], event["handoff_id"], event["status"]) == ("handoff.check_wanted", handoff["id"], "accepted")

    for outcome, consulted_at, left in (
        ("favorable", "2018-03-14T10:00:00Z", {True}),  # before the one that expired
        ("unavailable", "2018-04-16T10:00:00Z", {True}),
        ("favorable", "2018-04-16T11:00:00Z", {False}),
    ):
        told = check(handoff, outcome, f"R-{consulted_at[:13]}", consulted_at=consulted_at)
        await ok(lender.post(PUSH, told))
        assert await wanted(toulouse, lender, handoff) == left
    offered = {**OFFERED, "offered_on": "2018-04-17"}
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/offers", offered))
    await refused(toulouse.agent.post(path), 409, "handoff_closed")
    assert len(run_sql(databases, toulouse, "select from check_renewals")) == 1
    timeline = (await ok(toulouse.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    assert [event["on"] for event in timeline if event["kind"] == "check_wanted"] == ["2018-04-15"]


async def test_only_what_has_expired_is_asked_for_anew(databases: Databases, toulouse: Ccas, amiens: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    loan_file = await sent(toulouse, lender, 300_000, 36)
    path = f"/handoffs/{loan_file['id']}/check-renewals"
    problem = await refused(toulouse.agent.post(path), 409, "check_not_to_renew")
    assert problem["standing"] == "pending"
    await ok(lender.post(PUSH, check(loan_file, consulted_at=(NOW - timedelta(days=30)).isoformat())))
    assert (await refused(toulouse.agent.post(path), 409, "check_not_to_renew"))["standing"] == "favourable"
    await ok(lender.post(PUSH, check(loan_file, "to_clear", "C-2", consulted_at=NOW.isoformat())))
    assert (await refused(toulouse.agent.post(path), 409, "check_not_to_renew"))["standing"] == "pending"
    assert await to_renew(toulouse) == []
    precheck = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    await ok(lender.post(PUSH, check(precheck, ref="C-3")))
    problem = await refused(
        toulouse.agent.post(f"/handoffs/{precheck['id']}/check-renewals"), 409, "check_not_to_renew"
    )
    assert (problem["stage"], problem["standing"]) == ("precheck", "favourable")
    await refused(amiens.agent.post(path), 404, "not_found")
    await refused(toulouse.decider.post(path), 403, "forbidden")
    await refused(toulouse.agent.post(path, {"wanted_on": "2199-01-01"}), 409, "date_in_future")
    withdrawal = {"withdrawn_on": "2018-03-20", "reason": "Erreur"}
    await ok(toulouse.agent.post(f"/handoffs/{loan_file['id']}/withdrawals", withdrawal))
    await refused(toulouse.agent.post(path), 409, "handoff_closed")
    assert run_sql(databases, toulouse, "select from check_renewals") == []


async def test_the_check_of_another_lender_is_not_that_of_this_one(databases: Databases, client: AsyncClient) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel={"check_valid_days": 2})
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, None, 200_000, 24)
    await ok(lender.post(PUSH, check(handoff, consulted_at="2018-03-15T10:00:00Z")))
    assert await to_renew(ccas) == [(handoff["request_id"], "2018-03-18")]
