"""Notifications: what a decision must name before anybody is told of it, whom it is told to, and how much."""

from typing import Any

import pytest

from tests.api.test_decisions import REFUSAL
from tests.api.test_rectifications import NOBODY, decided, rectify
from tests.support import APPROVAL, Ccas, Json, approved, ok, refused, submitted

NAMED: Json = {
    "body": "Commission microcrédit",
    "signatory_capacity": "Conseillère municipale déléguée",
    "delegation_reference": "Arrêté 2011-12",
}


def notice(**changes: Any) -> Json:
    return {"notified_on": "2011-01-24", "channel": "registered_post", "recipient": "applicant", **changes}


async def notifiable(ccas: Ccas, **changes: Any) -> str:
    """The identifier of an approval that names all it must."""
    return await decided(ccas, await approved(ccas, None, NAMED, **changes))


async def notify(ccas: Ccas, decision_id: str, **changes: Any) -> Json:
    return await ok(ccas.agent.post(f"/decisions/{decision_id}/notifications", notice(**changes)))


async def denied(ccas: Ccas, decision_id: str, body: Json, code: str) -> Json:
    path = f"/decisions/{decision_id}/notifications"
    before = await ok(ccas.agent.get(path))
    told = await refused(ccas.agent.post(path, body), 409, code)
    assert await ok(ccas.agent.get(path)) == before
    return told


async def to_notify(ccas: Ccas) -> list[tuple[str, str]]:
    items = (await ok(ccas.agent.get("/worklist", kind="decision_not_notified")))["items"]
    return [(item["request_id"], item["since_on"]) for item in items]


async def test_a_decision_is_notified_as_often_as_it_takes(besancon: Ccas) -> None:
    decision_id = await notifiable(besancon)
    first = await notify(besancon, decision_id)
    assert {name: first[name] for name in ("notified_on", "channel", "recipient", "told")} == {
        **notice(),
        "told": "whole_notice",
    }
    second = await notify(besancon, decision_id, channel="hand", notified_on="2011-01-28")
    listed = await ok(besancon.agent.get(f"/decisions/{decision_id}/notifications"))
    assert listed == {"items": [first, second], "next_cursor": None}


async def test_all_that_a_decision_does_not_name_is_told_at_once(besancon: Ccas) -> None:
    decision_id = await decided(besancon, await approved(besancon))
    told = await denied(besancon, decision_id, notice(), "not_notifiable")
    assert told["reasons"] == ["body_missing", "signatory_capacity_missing", "delegation_reference_missing"]
    assert told["detail"] == (
        "Cette décision ne peut pas être notifiée : l’instance consultée manque, la qualité du signataire manque,"
        " la référence de la délégation manque."
    )


async def test_what_a_decision_did_not_name_is_corrected_before_it_is_notified(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    decision_id = await decided(besancon, request_id)
    assert await to_notify(besancon) == []
    await rectify(besancon, decision_id, "material_error", corrections=NAMED)
    assert await to_notify(besancon) == [(request_id, "2011-01-20")]
    await notify(besancon, decision_id, notified_on="2011-02-02")
    assert await to_notify(besancon) == []


async def test_a_decision_withdrawn_is_not_notified(besancon: Ccas) -> None:
    decision_id = await notifiable(besancon)
    await rectify(besancon, decision_id, "withdrawal")
    told = await denied(besancon, decision_id, notice(notified_on="2011-02-02"), "not_notifiable")
    assert told["reasons"] == ["no_longer_stands"]
    assert await to_notify(besancon) == []


async def test_the_last_decision_waits_until_who_demands_it_is_told(besancon: Ccas) -> None:
    request_id = await submitted(besancon, prescriber="ADDSEA")
    taken = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", {**REFUSAL, **NAMED}))
    assert await to_notify(besancon) == [(request_id, "2011-01-20")]
    told = await notify(besancon, taken["id"], recipient="prescriber", channel="email")
    assert told["told"] == "outcome_and_referral"
    assert await to_notify(besancon) == [(request_id, "2011-01-20")]
    await notify(besancon, taken["id"], recipient="legal_representative")
    assert await to_notify(besancon) == []


@pytest.mark.parametrize("recipient", ["co_applicant", "prescriber"])
async def test_nobody_is_told_whom_the_file_does_not_name(besancon: Ccas, recipient: str) -> None:
    told = await denied(besancon, await notifiable(besancon), notice(recipient=recipient), "no_such_recipient")
    assert told["recipient"] == recipient


@pytest.mark.parametrize(
    ("notified_on", "code"), [("2011-01-19", "date_out_of_order"), ("2199-12-31", "date_in_future")]
)
async def test_a_decision_is_notified_between_its_day_and_today(besancon: Ccas, notified_on: str, code: str) -> None:
    await denied(besancon, await notifiable(besancon), notice(notified_on=notified_on), code)


async def test_an_agent_notifies_in_their_own_ccas(besancon: Ccas, toulouse: Ccas) -> None:
    path = f"/decisions/{await notifiable(besancon)}/notifications"
    for staff in (besancon.decider, besancon.manager):
        await refused(staff.post(path, notice()), 403, "forbidden")
    for unknown in (path, f"/decisions/{NOBODY}/notifications"):
        await refused(toulouse.agent.post(unknown, notice()), 404, "not_found")
        await refused(toulouse.agent.get(unknown), 404, "not_found")


async def test_the_timeline_tells_who_was_told(besancon: Ccas) -> None:
    request_id = await approved(besancon, None, NAMED)
    await notify(besancon, await decided(besancon, request_id))
    items = (await ok(besancon.agent.get(f"/requests/{request_id}/timeline")))["items"]
    assert [(item["on"], item["title"]) for item in items if item["kind"] == "notification"] == [
        ("2011-01-24", "Décision notifiée : demandeur")
    ]


def test_an_approval_as_tests_make_it_names_too_little() -> None:
    assert not NAMED.keys() & APPROVAL.keys()
