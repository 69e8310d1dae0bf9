"""What waits for someone: derived from what is recorded, the longest first."""

from tests.api.test_assignments import agent_of, given_to
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.api.test_workload import contact
from tests.lenders import check, lender_of, sent
from tests.support import Ccas, Databases, Json, Staff, accepted, disbursed, offered, ok, repayment


async def waiting(staff: Staff, **query: str) -> list[Json]:
    """All that waits, by pages of one."""
    items: list[Json] = []
    page = await ok(staff.get("/worklist", limit=1, **query))
    items += page["items"]
    while page["next_cursor"]:
        page = await ok(staff.get("/worklist", limit=1, cursor=page["next_cursor"], **query))
        items += page["items"]
    return items


async def test_what_waits_is_listed_the_longest_first_over_pages(fresnes: Ccas) -> None:
    call = await contact(fresnes, "2018-02-01")
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    later = await contact(fresnes, "2018-03-02")
    found = await waiting(fresnes.agent)
    assert [(one["kind"], one["since_on"], one["contact_id"], one["request_id"]) for one in found] == [
        ("call_to_return", "2018-02-01", call["id"], None),
        ("nothing_done", "2018-03-01", None, request["id"]),
        ("call_to_return", "2018-03-02", later["id"], None),
    ]
    assert [one["title"] for one in found][:2] == ["Appel à rappeler", "Demande sans suite donnée"]
    assert found == (await ok(fresnes.agent.get("/worklist")))["items"]
    assert await waiting(fresnes.agent, kind="nothing_done") == [found[1]]


async def test_mine_is_of_the_files_that_one_holds_and_the_calls_that_one_took(
    fresnes: Ccas, databases: Databases
) -> None:
    other = agent_of(databases, fresnes)
    await contact(fresnes, "2018-02-01")
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    await ok(fresnes.agent.post(f"/requests/{request['id']}/assignments", given_to(other)))
    mine = {staff: [one["kind"] for one in await waiting(staff, mine="true")] for staff in (fresnes.agent, other)}
    assert mine == {fresnes.agent: ["call_to_return"], other: ["nothing_done"]}


async def test_each_commune_is_told_what_waits_there(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    await contact(fresnes, "2018-02-01", FRESNES)
    await ok(fresnes.agent.post("/requests", demand_of(fresnes, FRESNES)))
    own = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    assert [one["request_id"] for one in await waiting(conde)] == [own["id"]]
    assert len(await waiting(fresnes.agent)) == 3


async def test_a_loan_waits_for_its_signatures_then_for_its_money_then_for_what_is_late(besancon: Ccas) -> None:
    told = {}
    for made in (offered, accepted, disbursed):
        told[await made(besancon)] = made
    found = {one["loan_id"]: one for one in await waiting(besancon.agent)}
    seen = [(found[loan_id]["kind"], found[loan_id]["since_on"], found[loan_id]["due_on"]) for loan_id in told]
    assert seen == [
        ("contract_not_signed", "2011-01-21", None),
        ("money_not_paid", "2011-01-22", found[[*told][1]]["due_on"]),
        ("first_unpaid", "2011-02-05", "2011-02-05"),
    ]


async def test_an_unpaid_instalment_waits_until_it_is_paid(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    first = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["next_due"]
    (late,) = await waiting(besancon.agent, kind="first_unpaid")
    assert (late["loan_id"], late["due_on"]) == (loan_id, first["due_on"])
    path = f"/loans/{loan_id}/repayments"
    await ok(besancon.agent.post(path, repayment(first["amount_cents"], "2011-03-01", "B-1")))
    (later,) = await waiting(besancon.agent, kind="first_unpaid")
    assert later["due_on"] == (await ok(besancon.agent.get(f"/loans/{loan_id}")))["next_due"]["due_on"]
    await ok(besancon.agent.post(path, repayment(200_000 - first["amount_cents"], "2013-03-02", "B-2")))
    assert await waiting(besancon.agent, kind="first_unpaid") == []


async def test_a_file_waits_for_its_lender_until_it_answers(toulouse: Ccas, databases: Databases) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    (silent,) = await waiting(toulouse.agent, kind="silent_lender")
    assert silent["request_id"] == handoff["request_id"]
    answer = {"decision": "refused", "decided_on": "2018-03-20"}
    await ok(lender.post("/partner/ficp-checks", check(handoff, ref="C-late")))
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    assert await waiting(toulouse.agent, kind="silent_lender") == []


async def test_a_paper_is_late_the_day_after_it_was_due(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    asked = {"code": "identity", "asked_on": "2018-03-02", "due_on": "2018-03-16"}
    paper = await ok(fresnes.agent.post(f"/requests/{request['id']}/papers", asked))
    (late,) = await waiting(fresnes.agent, kind="late_paper")
    assert (late["request_id"], late["since_on"], late["due_on"]) == (request["id"], "2018-03-02", "2018-03-16")
    seen = {"seen_on": "2018-03-20", "kind": "original"}
    await ok(fresnes.agent.post(f"/papers/{paper['id']}/receipt", seen))
    assert await waiting(fresnes.agent, kind="late_paper") == []
