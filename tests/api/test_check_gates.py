"""What the lender's check opens is a rule of the CCAS for each stage: it blocks, informs, or is taken no notice of."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.channels import Source
from app.domain.ficp import CheckEffect, CheckGate
from tests.lenders import (
    Lender,
    check,
    handed_over,
    lender_of,
    letter,
    offer,
    offered_by,
    prechecked,
    rules_under,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, open_with, refused, submitted

PUSH = "/partner/ficp-checks"
ACCEPTED: Json = {"decision": "accepted", "decided_on": "2018-03-16"}
APPOINTMENT: Json = {"starts_at": "2018-03-08T09:00:00Z", "status": "attended", "kind": "desk"}
INFORMS, IGNORES = CheckGate(effect=CheckEffect.INFORM), CheckGate(effect=CheckEffect.IGNORE)


def under(databases: Databases, client: AsyncClient, **gates: CheckGate) -> Ccas:
    """Toulouse, its checks opening what these gates say."""
    rules = rules_under("toulouse")
    (version,) = rules.versions
    (product,) = version.products
    untold = tuple(path for path in product.not_stated if path.partition(".")[0] not in gates)
    changes: dict[str, Any] = {"not_stated": untold, **gates}
    changed = replace(version, products=(replace(product, **changes),))
    return open_with(databases, client, replace(rules, versions=(changed,)))


async def shown(ccas: Ccas, request_id: str) -> dict[str, tuple[str, str]]:
    """What staff are shown of the checks of a request, by stage, and what the rules make of them."""
    items = (await ok(ccas.agent.get(f"/requests/{request_id}/ficp-checks")))["items"]
    return {item["stage"]: (item["standing"], item["effect"]) for item in items}


async def accepted(lender: Lender, handoff: Json, outcome: str | None) -> str:
    """Where a loan file stands that its lender accepted, after a check or without one."""
    if outcome is not None:
        await ok(lender.post(PUSH, check(handoff, outcome, "G-1", consulted_at="2018-03-15T10:00:00Z")))
    return str((await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", ACCEPTED)))["status"])


async def test_a_precheck_that_only_informs_opens_the_appointment_and_is_told_beside_it(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = under(databases, client, precheck=INFORMS)
    lender, request = lender_of(databases, ccas), await taken_in(ccas)
    path = f"/requests/{request['id']}"
    assert (await ok(ccas.agent.post(f"{path}/appointments", APPOINTMENT)))["check_warnings"] == []
    await prechecked(ccas, lender, request, "unfavorable")
    warning = {"partner": ccas.lender, "stage": "precheck", "standing": "unfavourable"}
    assert (await ok(ccas.agent.post(f"{path}/appointments", APPOINTMENT)))["check_warnings"] == [warning]
    await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}))
    assert await shown(ccas, request["id"]) == {"precheck": ("unfavourable", "inform")}


async def test_a_decision_shows_what_a_check_that_only_informs_stands_against(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = under(databases, client, grant_check=INFORMS)
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, lender, 300_000, 36)
    (decision,) = (await ok(ccas.agent.get("/decisions", request_id=handoff["request_id"])))["items"]
    read = f"/decisions/{decision['id']}"
    assert (await ok(ccas.agent.get(read)))["check_warnings"] == []
    assert await accepted(lender, handoff, "unfavorable") == "accepted", "the lender alone refuses"
    warning = {"partner": ccas.lender, "stage": "grant_decision", "standing": "unfavourable"}
    assert (await ok(ccas.agent.get(read)))["check_warnings"] == [warning]
    later = {"consulted_at": "2018-03-16T09:00:00Z"}
    await ok(lender.post(PUSH, check(handoff, "to_clear", "G-2", **later)))
    assert (await ok(ccas.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "accepted"
    await offered_by(ccas, lender, handoff, offer(300_000, 36, "3.04"))


async def test_a_check_that_the_rules_take_no_notice_of_is_neither_asked_for_nor_shown(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = under(databases, client, precheck=IGNORES, grant_check=IGNORES)
    lender, request = lender_of(databases, ccas), await taken_in(ccas)
    sending = {"kind": "precheck", "support_person": "x", "sent_on": "2018-03-02"}
    await refused(ccas.agent.post(f"/requests/{request['id']}/handoffs", sending), 409, "precheck_not_asked")
    handoff = await sent(ccas, None, 300_000, 36)
    assert await accepted(lender, handoff, "unfavorable") == "accepted"
    assert await shown(ccas, handoff["request_id"]) == {}
    timeline = (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    assert "ficp_check" not in {event["kind"] for event in timeline}
    problem = await refused(ccas.agent.post(f"/handoffs/{handoff['id']}/check-renewals"), 409, "check_not_asked")
    assert problem["stage"] == "grant_decision"
    await offered_by(ccas, lender, handoff, offer(300_000, 36, "3.04"))


@pytest.mark.parametrize(
    ("told_by", "status"), [((Source.OFFICER_LINK,), "awaiting_check"), ((Source.PARTNER_MACHINE,), "accepted")]
)
async def test_a_favourable_check_opens_the_gate_that_its_source_may_open(
    databases: Databases, client: AsyncClient, told_by: tuple[Source, ...], status: str
) -> None:
    ccas = under(databases, client, grant_check=CheckGate(effect=CheckEffect.BLOCK, told_by=told_by))
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, lender, 300_000, 36)
    assert await accepted(lender, handoff, "favorable") == status
    opened = "favourable" if status == "accepted" else "pending"
    items = (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
    (of_grant,) = [item for item in items if item["stage"] == "grant_decision"]
    assert of_grant["told_by"] == list(told_by)
    assert (of_grant["standing"], of_grant["consulted_on"]) in (("pending", None), ("to_renew", "2018-03-15"))
    assert (of_grant["standing"] == "pending") == (opened == "pending")


@pytest.mark.parametrize(
    ("ways", "statuses"),
    [(["letter", "machine"], ["awaiting_check", "accepted"]), (["machine", "letter"], ["accepted", "accepted"])],
)
async def test_a_consultation_opens_the_gate_once_the_source_that_is_heard_tells_it_whoever_told_it_before(
    databases: Databases, client: AsyncClient, ways: list[str], statuses: list[str]
) -> None:
    gate = CheckGate(effect=CheckEffect.BLOCK, told_by=(Source.PARTNER_MACHINE,))
    ccas = under(databases, client, grant_check=gate)
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, lender, 300_000, 36)
    told = check(handoff, ref="G-1", consulted_at="2018-03-15T10:00:00Z")
    by_letter = {name: value for name, value in told.items() if name != "handoff_id"} | {"letter": letter()}
    assert await accepted(lender, handoff, None) == "awaiting_check"
    pushes = {
        "letter": partial(ccas.agent.post, f"/handoffs/{handoff['id']}/ficp-checks", by_letter),
        "machine": partial(lender.post, PUSH, told),
    }
    for way, status in zip(ways, statuses, strict=True):
        assert (await ok(pushes[way]()))["status"] == "recorded"
        assert (await ok(ccas.agent.get(f"/handoffs/{handoff['id']}")))["status"] == status


async def test_the_rules_of_the_day_on_which_the_file_was_sent_hold_until_it_is_over(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    assert await shown(toulouse, request["id"]) == {"precheck": ("pending", "block")}
    problem = await refused(
        toulouse.agent.post(f"/requests/{request['id']}/assess", {"assessed_on": "2018-03-08"}),
        409,
        "check_not_favourable",
    )
    assert (problem["stage"], problem["standing"]) == ("precheck", "pending")


@pytest.mark.parametrize("kind", ["precheck", "loan_file"])
async def test_where_the_ccas_lends_its_own_money_no_check_can_be_asked_for(besancon: Ccas, kind: str) -> None:
    request_id = await submitted(besancon)
    sending = {"kind": kind, "support_person": "x", "sent_on": "2011-01-20"}
    await refused(besancon.agent.post(f"/requests/{request_id}/handoffs", sending), 409, "no_lender")
    assert await shown(besancon, request_id) == {}
