"""Agreements with the partners that lend: what staff read of them, and the days on which they let a file leave."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.rules import Capability
from tests.lenders import SUPPORT_PERSON, check, endorsed, lender_of, machine_of, open_under, sent, taken_in
from tests.support import Ccas, Databases, Json, ok, refused, submitted


def loan_file(ccas: Ccas, sent_on: str, partner: str | None = None) -> Json:
    return {
        "kind": "loan_file",
        "support_person": SUPPORT_PERSON,
        "sent_on": sent_on,
        "partner": partner or ccas.lender,
    }


async def test_an_agreement_is_read_as_the_rules_state_it_by_all_staff(toulouse: Ccas) -> None:
    (item,) = (await ok(toulouse.agent.get("/agreements")))["items"]
    for staff in (toulouse.agent, toulouse.decider, toulouse.manager):
        assert await ok(staff.get(f"/agreements/{item['id']}")) == item
    assert item == {
        "id": item["id"],
        "partner": toulouse.lender,
        "partner_name": "Crédit Municipal de Toulouse",
        "planned": False,
        "reference": "Conseil d'administration du CCAS du 6 septembre 2007 ; conseil municipal du 23 mai 2008",
        "parties": ["CCAS de Toulouse", "Ville de Toulouse", "Crédit Municipal de Toulouse"],
        "valid_from": "2009-03-01",
        "valid_from_precision": "month",
        "valid_to": None,
        "amount_cents_max": None,
        "duration_months_max": None,
        "rate_percent": None,
        "check_valid_days": 30,
        "answer_days_max": None,
        "signature_required": False,
        "handoff_kinds": None,
        "capabilities": None,
        "contacts": [],
        "deliberations": [],
        "cost_shares": [],
        "source": item["source"],
    }


async def test_agreements_that_are_only_planned_are_listed_as_such_page_by_page(amiens: Ccas) -> None:
    first = await ok(amiens.manager.get("/agreements", limit=2))
    second = await ok(amiens.manager.get("/agreements", limit=2, cursor=first["next_cursor"]))
    assert second["next_cursor"] is None
    listed = {item["partner_name"]: item["planned"] for item in first["items"] + second["items"]}
    assert listed == {"Crédit Mutuel": False, "Banque Postale": True, "Caisse d'Épargne": True}


async def test_where_the_ccas_lends_there_is_no_agreement(besancon: Ccas) -> None:
    assert (await ok(besancon.agent.get("/agreements")))["items"] == []


async def test_the_agreement_of_another_ccas_and_one_that_is_nowhere_look_the_same(
    databases: Databases, toulouse: Ccas, amiens: Ccas
) -> None:
    (foreign,) = (await ok(toulouse.agent.get("/agreements")))["items"]
    problems = [
        await refused(amiens.agent.get(f"/agreements/{id_}"), 404, "not_found") for id_ in (foreign["id"], uuid4())
    ]
    assert problems[0] == problems[1]
    await refused(lender_of(databases, toulouse).get("/agreements"), 403, "forbidden")
    await refused(lender_of(databases, toulouse).get(f"/agreements/{foreign['id']}"), 403, "forbidden")


@pytest.mark.parametrize(
    ("dates", "sent_on", "in_force"),
    [
        ({"valid_from": date(2018, 3, 14)}, "2018-03-13", False),
        ({"valid_from": date(2018, 3, 13)}, "2018-03-13", True),
        ({"valid_to": date(2018, 3, 13)}, "2018-03-13", True),
        ({"valid_to": date(2018, 3, 13)}, "2018-03-14", False),
        ({"valid_from": date(2018, 3, 13), "valid_to": date(2018, 3, 13)}, "2018-03-13", True),
    ],
)
async def test_a_file_leaves_from_the_first_day_of_the_agreement_to_the_last_both_included(
    databases: Databases,
    client: AsyncClient,
    dates: Any,
    sent_on: str,
    in_force: bool,  # noqa: FBT001 - a parameter
) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel=dates)
    request = await endorsed(ccas, None, 200_000, 24)
    handed_over = ccas.agent.post(f"/requests/{request['id']}/handoffs", loan_file(ccas, sent_on))
    if in_force:
        assert (await ok(handed_over))["status"] == "sent"
    else:
        problem = await refused(handed_over, 409, "no_agreement")
        assert (problem["partner"], problem["on"]) == (ccas.lender, sent_on)
        assert (await ok(ccas.agent.get("/handoffs")))["items"] == []
        assert (await ok(ccas.agent.get(f"/requests/{request['id']}")))["status"] == "endorsed"


async def test_nothing_goes_to_a_partner_unknown_without_agreement_or_whose_agreement_is_only_planned(
    databases: Databases, client: AsyncClient, amiens: Ccas, toulouse: Ccas
) -> None:
    request = await endorsed(amiens, None, 200_000, 24)
    path = f"/requests/{request['id']}/handoffs"
    planned = amiens.lender.replace("credit_mutuel", "banque_postale")
    machine_of(databases, client, planned)  # known to the platform as well as to the CCAS
    for partner, code in (
        ("nobody_at_all", "unknown_partner"),
        (toulouse.lender, "no_agreement"),
        (planned, "no_agreement"),
    ):
        problem = await refused(amiens.agent.post(path, loan_file(amiens, "2018-03-13", partner)), 409, code)
        assert problem["partner"] == partner
    assert (await ok(amiens.agent.get("/handoffs")))["items"] == []


async def test_the_agreement_says_for_how_long_a_check_opens_the_acceptance(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel={"check_valid_days": 2})
    bank = lender_of(databases, ccas)
    statuses = []
    for decided_on in ("2018-03-17", "2018-03-18"):
        handoff = await sent(ccas, None, 200_000, 24)
        told = check(handoff, ref=decided_on, consulted_at="2018-03-15T10:00:00Z")
        await ok(bank.post("/partner/ficp-checks", told))
        answer = {"decision": "accepted", "decided_on": decided_on}
        statuses.append((await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", answer)))["status"])
    assert statuses == ["accepted", "awaiting_check"]


async def test_where_the_ccas_lends_nothing_is_handed_over_whatever_the_state(besancon: Ccas, toulouse: Ccas) -> None:
    request_id = await submitted(besancon)
    for kind in ("precheck", "loan_file"):
        body = {"kind": kind, "support_person": SUPPORT_PERSON, "partner": toulouse.lender}
        await refused(besancon.agent.post(f"/requests/{request_id}/handoffs", body), 409, "no_lender")


@pytest.mark.parametrize(
    ("capabilities", "channels"),
    [
        (None, ["api", "file", "link", "letter"]),
        ((), ["api", "file", "link", "letter"]),
        (("webhook",), ["api"]),
        (("letter", "api", "webhook"), ["api", "letter"]),
        (("letter", "link"), ["link", "letter"]),
        (("file",), ["file"]),
    ],
)
async def test_a_file_leaves_by_the_channels_that_the_agreement_lists_and_by_the_best_of_them_unless_told(
    databases: Databases, client: AsyncClient, capabilities: Any, channels: list[str]
) -> None:
    named = None if capabilities is None else tuple(Capability(one) for one in capabilities)
    ccas = open_under(databases, client, "amiens", credit_mutuel={"capabilities": named})
    request = await endorsed(ccas, None, 200_000, 24)
    path = f"/requests/{request['id']}/handoffs"
    for channel in ("api", "file", "link", "letter"):
        if channel in channels:
            continue
        body = {**loan_file(ccas, "2018-03-13"), "channel": channel}
        problem = await refused(ccas.agent.post(path, body), 409, "channel_not_agreed")
        assert (problem["field"], problem["channel"], problem["channels"]) == ("channel", channel, channels)
        assert problem["partner"] == ccas.lender
    assert (await ok(ccas.agent.get("/handoffs")))["items"] == []
    assert (await ok(ccas.agent.get(f"/requests/{request['id']}")))["status"] == "endorsed"
    for channel in (*channels, None):
        asked = {} if channel is None else {"channel": channel}
        handoff = await ok(ccas.agent.post(path, {**loan_file(ccas, "2018-03-13"), **asked}))
        assert handoff["channel"] == (channel or channels[0])
        taken_back = {"withdrawn_on": "2018-03-13", "reason": "Par une autre voie"}
        await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/withdrawals", taken_back))


async def test_what_may_be_done_with_a_request_is_done_by_a_channel_that_is_agreed(
    databases: Databases, client: AsyncClient
) -> None:
    only_letters: Json = {"capabilities": (Capability.LETTER,)}
    ccas = open_under(databases, client, "toulouse", credit_municipal_toulouse=only_letters)
    request = await taken_in(ccas)
    actions = (await ok(ccas.agent.get(f"/requests/{request['id']}/actions")))["items"]
    assert [one["allowed"] for one in actions if one["action"] == "send_precheck"] == [True]
    body = {"kind": "precheck", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-02"}
    handoff = await ok(ccas.agent.post(f"/requests/{request['id']}/handoffs", body))
    assert (handoff["channel"], handoff["status"]) == ("letter", "sent")
    # What the lender tells is a fact, whichever way it comes.
    told = await ok(lender_of(databases, ccas).post("/partner/ficp-checks", check(handoff)))
    assert told["status"] == "recorded"
