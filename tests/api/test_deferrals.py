"""Deferrals over HTTP: at 0 % an instalment moves after the last one with its amount, and nothing else changes."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.committees import session_of
from tests.lenders import accepted_by, lender_of, offer, paid_out, sent
from tests.schedules import (
    decided,
    defer,
    deferral,
    deferring,
    lending_at,
    pay,
    rows_of,
    running,
    told,
)
from tests.support import Ccas, Databases, Json, disbursed, offered, ok, refused, run_sql


async def unchanged(ccas: Ccas, loan_id: str, version: int = 1) -> None:
    """Fails if a refusal left anything behind."""
    changes = (await ok(ccas.agent.get(f"/loans/{loan_id}/schedule-changes")))["items"]
    assert [change["version"] for change in changes] == list(range(1, version + 1))


async def test_at_0_percent_the_instalment_moves_after_the_last_one_with_its_amount(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    before = await rows_of(besancon, loan_id)
    change = await defer(besancon, loan_id, 3, "2011-03-20")
    rows = await rows_of(besancon, loan_id)
    moved = [row for row in told(before) if row != ("2011-04-05", 8_500)]
    assert told(rows) == [*moved, ("2013-02-05", 8_500)]
    assert [row["number"] for row in rows] == list(range(1, 25))
    assert [row["balance_cents"] for row in rows][-2:] == [8_500, 0]
    assert sum(row["principal_cents"] for row in rows) == 200_000
    assert {name: change[name] for name in ("version", "kind", "effective_on", "last_due_on", "interest_cents")} == {
        "version": 2,
        "kind": "deferral",
        "effective_on": "2011-03-20",
        "last_due_on": "2013-02-05",
        "interest_cents": 0,
    }
    assert change["decision"]["decided_by"] == "president"
    assert await rows_of(besancon, loan_id, version=1) == before


async def test_the_first_instalment_put_off_keeps_its_own_amount(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 1, "2011-02-01")
    rows = told(await rows_of(besancon, loan_id))
    assert (rows[0], rows[-1]) == (("2011-03-05", 8_500), ("2013-02-05", 4_500))


async def test_an_instalment_is_named_by_its_lasting_number_too(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 3, "2011-03-20")
    rows = await rows_of(besancon, loan_id)
    assert (rows[2]["number"], rows[2]["ref"], rows[-1]["ref"]) == (3, 4, 25)
    body = {"months": 1, "first_ref": 4, "decision": decided("2011-04-20")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/deferrals", body))
    assert "2011-05-05" not in [row["due_on"] for row in await rows_of(besancon, loan_id)]
    gone = {**body, "first_ref": 3}
    await refused(besancon.agent.post(f"/loans/{loan_id}/deferrals", gone), 409, "not_in_schedule")


async def test_an_instalment_put_off_is_late_no_more(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 2)
    await ok(besancon.agent.post("/positions", {"position_on": "2011-04-30", "reference": "avril"}))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-04-10")))["overdue_cents"] == 8_500
    await defer(besancon, loan_id, 3, "2011-04-08")
    days = {"2011-04-07": 8_500, "2011-04-10": 0}
    for day, overdue_cents in days.items():
        assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=day)))["overdue_cents"] == overdue_cents
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-04-10"))
    assert (loan["schedule_version"], loan["next_due"]["due_on"]) == (2, "2011-05-05")


AT_RATE: list[tuple[Json, Json]] = [
    ({"mode": "shift"}, {"interest": 13_960, "rows": 24, "odd": 9_674, "last": "2013-02-05"}),
    ({"mode": "interest_only"}, {"interest": 13_960, "rows": 25, "odd": 8_887, "last": "2013-02-05"}),
    ({"mode": "shift", "months": 2}, {"interest": 14_747, "rows": 24, "odd": 10_461, "last": "2013-03-05"}),
    ({"mode": "interest_only", "months": 2}, {"interest": 14_747, "rows": 26, "odd": 8_887, "last": "2013-03-05"}),
]


@pytest.mark.parametrize(("ask", "expected"), AT_RATE)
async def test_with_interest_the_pause_bears_a_month_that_is_not_capitalised(
    databases: Databases, client: AsyncClient, ask: dict[str, Any], expected: Json
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 6)
    change = await defer(ccas, loan_id, 7, "2011-07-20", **ask)
    rows = await rows_of(ccas, loan_id)
    assert expected == {
        "interest": 13_173 + change["cost_cents"],
        "rows": len(rows),
        "odd": rows[-1]["total_cents"],
        "last": change["last_due_on"],
    }
    if ask["mode"] == "interest_only":
        assert [row["total_cents"] for row in rows][6] == 787
    assert rows[5]["balance_cents"] == 152_295
    assert sum(row["principal_cents"] for row in rows) == 200_000


async def test_the_rules_limit_how_many_instalments_are_put_off_in_all(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = deferring(databases, client, count_max=2)
    loan_id = await disbursed(ccas)
    await defer(ccas, loan_id, 2, "2011-02-20")
    await defer(ccas, loan_id, 4, "2011-04-20")
    third = deferral(6, "2011-06-20", decision=decided("2011-06-20", decided_by="commission"))
    problem = await refused(ccas.agent.post(f"/loans/{loan_id}/deferrals", third), 409, "rules_breached")
    (breach,) = problem["breaches"]
    assert (breach["rule"], breach["limit"], breach["actual"]) == ("deferrals.count_max", 2, 3)
    await unchanged(ccas, loan_id, 3)
    assert run_sql(databases, ccas, "select count(*) from loan_decisions")[0]["count"] == 2


async def test_beyond_so_many_in_a_row_the_commission_decides(databases: Databases, client: AsyncClient) -> None:
    ccas = deferring(databases, client, count_max=6, consecutive_max=1)
    loan_id = await disbursed(ccas)
    await defer(ccas, loan_id, 3, "2011-03-20")
    path = f"/loans/{loan_id}/deferrals"
    problem = await refused(ccas.agent.post(path, deferral(3, "2011-04-20")), 409, "rules_breached")
    assert [breach["rule"] for breach in problem["breaches"]] == ["deferrals.consecutive_max"]
    await unchanged(ccas, loan_id, 2)
    await defer(ccas, loan_id, 3, "2011-04-20", decision=decided("2011-04-20", decided_by="commission"))
    assert told(await rows_of(ccas, loan_id))[2][0] == "2011-06-05"


async def test_what_was_cancelled_counts_no_more(databases: Databases, client: AsyncClient) -> None:
    ccas = deferring(databases, client, count_max=1)
    loan_id = await disbursed(ccas)
    await defer(ccas, loan_id, 3, "2011-03-20")
    undo = {"decision": decided("2011-03-25")}
    await ok(ccas.agent.post(f"/loans/{loan_id}/schedule-changes/2/cancellation", undo))
    await defer(ccas, loan_id, 5, "2011-05-20")


async def test_a_null_limit_does_not_limit(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    change = await defer(besancon, loan_id, 2, "2011-02-20", months=12)
    assert change["last_due_on"] == "2014-01-05"
    assert told(await rows_of(besancon, loan_id))[1] == ("2012-03-05", 8_500)


async def test_an_instalment_wholly_paid_is_not_put_off(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 2)
    path = f"/loans/{loan_id}/deferrals"
    problem = await refused(besancon.agent.post(path, deferral(2, "2011-03-20")), 409, "instalment_paid")
    assert (problem["number"], problem["due_on"]) == (2, "2011-03-05")
    await unchanged(besancon, loan_id)


async def test_one_paid_ahead_because_its_payer_named_it_is_not_put_off_either(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    named = {
        "amount_cents": 8_500,
        "received_on": "2011-02-10",
        "source": "public_accountant",
        "reference": "N-4",
        "instalment_ref": 4,
    }
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", named))
    path = f"/loans/{loan_id}/deferrals"
    await refused(besancon.agent.post(path, deferral(4, "2011-03-20")), 409, "instalment_paid")
    await refused(besancon.agent.post(path, deferral(3, "2011-03-20", months=2)), 409, "instalment_paid")
    await defer(besancon, loan_id, 3, "2011-03-20")


BAD: list[tuple[Json, int, str]] = [
    (deferral(3, "2011-01-29"), 409, "date_out_of_order"),
    (deferral(3, "2199-01-01"), 409, "date_in_future"),
    (deferral(25, "2011-03-20"), 409, "not_in_schedule"),
    (deferral(3, "2011-03-20", schedule_version=2), 409, "schedule_replaced"),
    (deferral(3, "2011-03-20", first_ref=3), 422, "invalid"),
    ({"months": 1, "decision": decided("2011-03-20")}, 422, "invalid"),
    (deferral(3, "2011-03-20", months=0), 422, "invalid"),
    (deferral(3, "2011-03-20", mode="never"), 422, "invalid"),
    ({"months": 1, "first_number": 3}, 422, "invalid"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD)
async def test_bad_input_is_named_and_leaves_nothing(besancon: Ccas, body: Json, status: int, code: str) -> None:
    loan_id = await disbursed(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/deferrals", body), status, code)
    await unchanged(besancon, loan_id)


async def test_nothing_is_put_off_before_the_money_left_nor_in_litigation(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    path = f"/loans/{loan_id}/deferrals"
    await refused(besancon.agent.post(path, deferral(3, "2011-03-20")), 409, "illegal_transition")
    in_litigation = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{in_litigation}/litigation", {"opened_on": "2011-06-05"}))
    path = f"/loans/{in_litigation}/deferrals"
    await refused(besancon.agent.post(path, deferral(7, "2011-06-20")), 409, "illegal_transition")


async def test_a_session_that_is_cited_has_agreed(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    sitting = await session_of(besancon, held_on="2011-03-15")
    item = await sitting.act("agenda", {"loan_id": loan_id, "review_reason": "deferral"})
    await sitting.opened()
    cited = decided("2011-03-15", decided_by="commission", session_id=sitting.id)
    path = f"/loans/{loan_id}/deferrals"
    body = deferral(3, "2011-03-15", decision=cited)
    await refused(besancon.agent.post(path, body), 409, "not_agreed_in_session")
    review = {"outcome": "agreed", "months": 1, "reason": "Un emploi perdu"}
    await sitting.act(f"agenda/{item['id']}/review", review)
    problem = await refused(besancon.agent.post(path, {**body, "months": 2}), 409, "impossible_schedule")
    assert (problem["field"], problem["bound"]) == ("months", 1)
    change = await ok(besancon.agent.post(path, body))
    assert change["decision"]["session_id"] == sitting.id
    plan = {"first_due_on": "2011-05-05", "duration_months": 12, "decision": cited}
    await refused(besancon.agent.post(f"/loans/{loan_id}/reschedules", plan), 409, "not_agreed_in_session")


async def test_a_partner_s_loan_is_changed_by_the_partner_alone(amiens: Ccas, databases: Databases) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    lender = lender_of(databases, amiens)
    await accepted_by(lender, handoff)
    await paid_out(amiens, lender, handoff, offer(200_000, 24, "6.20"))
    loan_id = (await ok(amiens.agent.get("/loans")))["items"][0]["id"]
    path = f"/loans/{loan_id}/deferrals"
    await refused(amiens.agent.post(path, deferral(3, "2018-06-01")), 409, "partner_lends")
    await refused(amiens.agent.get(f"/loans/{loan_id}/payoff"), 409, "partner_lends")
