"""The list of loans with an unpaid instalment: known as far as the accountant has told, ranked, in one's communes."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.permissions import Role
from tests.api.test_communes import staff_of
from tests.arrears import arrears, decided, paid, positioned, running, support
from tests.lenders import lender_of
from tests.openapi import OTHER_COMMUNE, lent_by_partner, open_both
from tests.support import Ccas, Databases, Json, accepted, ok, refused

# Besançon's loan of `running`: 45 €, then 23 × 85 €, from 5 February 2011 on.


async def refs(ccas: Ccas) -> list[tuple[Any, ...]]:
    """Who is late, since when, with how many instalments, for how much."""
    names = ("loan_id", "due_on", "instalments", "unpaid_cents")
    return [tuple(one[name] for name in names) for one in await arrears(ccas)]


async def test_nothing_is_unpaid_before_the_accountant_has_told_of_its_day(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    assert await arrears(besancon) == []
    await positioned(besancon, "2011-02-04")
    assert await arrears(besancon) == []
    await positioned(besancon, "2011-02-05")
    (late,) = await arrears(besancon)
    today = datetime.now(ZoneInfo("Europe/Paris")).date()
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    assert late == {
        "loan_id": loan_id,
        "reference": loan["reference"],
        "request_id": loan["request_id"],
        "partner": None,
        "instalment_ref": 1,
        "due_on": "2011-02-05",
        "days_late": (today - date(2011, 2, 5)).days,
        "instalments": 1,
        "unpaid_cents": 4_500,
        "covered_cents": 0,
        "position_on": "2011-02-05",
        "detected_on": None,
        "last_letter_on": None,
        "instructing_agent_id": request["instructing_agent_id"],
        "no_letter": None,
    }


async def test_an_earlier_position_told_later_takes_nothing_back(besancon: Ccas) -> None:
    await running(besancon)
    for on in ("2011-03-31", "2011-02-01"):
        await positioned(besancon, on)
    assert [(one["instalments"], one["unpaid_cents"]) for one in await arrears(besancon)] == [(2, 13_000)]


async def test_the_longest_late_come_first_then_the_greater_amount_over_pages(besancon: Ccas) -> None:
    a_little, much, since_long = [await running(besancon) for _ in range(3)]
    await paid(besancon, a_little, 8_000, "2011-03-01", "T-1")
    await paid(besancon, much, 4_500, "2011-03-01", "T-2")
    await positioned(besancon, "2011-03-10")
    assert await refs(besancon) == [
        (since_long, "2011-02-05", 2, 13_000),
        (much, "2011-03-05", 1, 8_500),
        (a_little, "2011-03-05", 1, 5_000),
    ]
    seen, query = [], {"limit": 1}
    while True:
        page = await ok(besancon.agent.get("/arrears", **query))
        seen += [one["loan_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [since_long, much, a_little]


async def test_a_repayment_that_names_a_later_instalment_leaves_the_earlier_one_unpaid(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await paid(besancon, loan_id, 8_500, "2011-03-05", "T-1", instalment_ref=2)
    await positioned(besancon, "2011-03-10")
    assert await refs(besancon) == [(loan_id, "2011-02-05", 1, 4_500)]
    reversal = {"reversed_on": "2011-03-12", "reason": "Rejet"}
    (entry,) = [
        one for one in (await ok(besancon.agent.get(f"/loans/{loan_id}/ledger")))["items"] if one["kind"] == "repayment"
    ]
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments/{entry['id']}/reversal", reversal))
    assert await refs(besancon) == [(loan_id, "2011-02-05", 2, 13_000)]


async def test_what_support_wholly_covers_is_not_in_the_list_and_a_part_of_it_is_told(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-03-20", (1, 4_500), (2, 4_000))))
    (late,) = await arrears(besancon)
    shown = ("instalment_ref", "due_on", "instalments", "unpaid_cents", "covered_cents")
    assert [late[name] for name in shown] == [2, "2011-03-05", 1, 8_500, 4_000]
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-03-21", (2, 4_500))))
    assert await arrears(besancon) == []
    assert (await ok(besancon.agent.get("/worklist", kind="first_unpaid")))["items"] == []


HISTORIES: list[list[Json]] = [
    [],
    [{"cents": 20_000}],
    [{"cents": 20_000, "instalment_ref": 3}],
    [{"cents": 8_500, "instalment_ref": 4}, {"cents": 1_000}],
    [{"cents": 8_500, "instalment_ref": 12}, {"cents": 9_000, "instalment_ref": 2}],
    [{"cents": 4_500, "payer": "ccas"}, {"cents": 3_000, "payer": "ccas", "instalment_ref": 3}],
    [{"cents": 200_000}, {"cents": 5_000}],
]
# Of 2 000 € so much was paid out: 45 € and 85 € have been due, then 85 € of which a part was never lent.
DRAWN_CENTS = 15_000


@pytest.mark.parametrize("supported", [False, True])
async def test_the_list_tells_of_every_loan_what_the_loan_tells_of_itself(besancon: Ccas, *, supported: bool) -> None:
    loans = []
    partly = await accepted(besancon)
    payment = {"amount_cents": DRAWN_CENTS, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(besancon.agent.post(f"/loans/{partly}/disbursements", payment))
    for number, history in enumerate(HISTORIES):
        loan_id = await running(besancon)
        loans.append(loan_id)
        if supported:
            await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-02-20", (1, 2_000), (3, 8_500))))
            body = support("2011-02-21", (2, 8_500))
            taken_back = await ok(besancon.agent.post(f"/loans/{loan_id}/supports", body))
            path = f"/loans/{loan_id}/supports/{taken_back['id']}/cancellation"
            await ok(besancon.agent.post(path, {"decision": decided("2011-03-01")}))
        for place, told in enumerate(history):
            fields = {name: value for name, value in told.items() if name != "cents"}
            await paid(besancon, loan_id, told["cents"], "2011-03-05", f"T-{number}-{place}", **fields)
    await positioned(besancon, "2011-06-10")
    listed = {one["loan_id"]: one["unpaid_cents"] - one["covered_cents"] for one in await arrears(besancon)}
    loans.append(partly)
    assert listed[partly] == DRAWN_CENTS
    own = {loan_id: (await ok(besancon.agent.get(f"/loans/{loan_id}")))["overdue_cents"] for loan_id in loans}
    assert {loan_id: listed.get(loan_id, 0) for loan_id in loans} == own
    assert len(set(own.values())) > 3


async def test_loans_in_litigation_are_with_the_accountant(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    assert len(await arrears(besancon)) == 1
    litigation = {"opened_on": "2011-03-20", "decision": decided("2011-03-20", decided_by="accountant")}
    answer = await besancon.agent.post(f"/loans/{loan_id}/litigation", litigation)
    if not answer.is_success:
        await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-03-20"}))
    assert await arrears(besancon) == []


async def test_of_the_dead_the_list_says_that_no_letter_goes_to_them(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    path = f"/people/{request['applicant_id']}"
    etag = (await besancon.agent.get(path)).headers["etag"]
    await ok(besancon.agent.patch(path, {"deceased_on": "2011-03-09"}, etag=etag))
    assert [one["no_letter"] for one in await arrears(besancon)] == ["deceased"]


async def test_a_partners_loan_is_late_as_far_as_its_statements_tell_and_each_sees_its_communes(
    databases: Databases, besancon: Ccas
) -> None:
    ccas = open_both(databases, besancon.agent.client)
    handoff = await lent_by_partner(databases, ccas)
    assert await arrears(ccas) == []
    statement = {"position_on": "2018-06-30", "items": []}
    await ok(lender_of(databases, ccas).post("/partner/repayments", statement))
    (late,) = await arrears(ccas)
    assert (late["request_id"], late["position_on"], late["partner"]) == (
        handoff["request_id"],
        "2018-06-30",
        ccas.lender,
    )
    neighbour = staff_of(databases, ccas, OTHER_COMMUNE, roles=(Role.AGENT,))
    assert (await ok(neighbour.get("/arrears")))["items"] == []
    assert (await ok(neighbour.get("/arrears", mine="true")))["items"] == []


async def test_mine_are_those_whose_file_i_instruct(besancon: Ccas) -> None:
    await running(besancon)
    await positioned(besancon, "2011-03-10")
    assert len(await arrears(besancon, mine="true")) == 1
    assert (await ok(besancon.manager.get("/arrears", mine="true")))["items"] == []
    await refused(besancon.agent.get("/arrears", mine="yes"), 422, "invalid")
