"""What settles a loan, over HTTP, with the figures of the project reference, § 2.3."""

import pytest
from httpx import AsyncClient

from tests.api.test_write_offs import repaid, written_off
from tests.schedules import defer, lending_at, paid, pay, running
from tests.support import Ccas, Databases, disbursed, offered, ok, refused


@pytest.mark.parametrize(
    ("on", "count", "expected"),
    [
        ("2012-01-05", 11, {"unpaid_cents": 8_882, "balance_cents": 103_093, "amount_cents": 111_975}),
        ("2012-01-05", 12, {"unpaid_cents": 0, "amount_cents": 103_093, "interest_saved_cents": 3_496}),
        ("2012-01-15", 12, {"accrued_cents": 175, "days": 10, "amount_cents": 103_268, "interest_saved_cents": 3_321}),
        ("2012-01-15", 10, {"unpaid_cents": 17_764, "accrued_cents": 175, "amount_cents": 121_032}),
        ("2012-01-05", 13, {"paid_ahead_cents": 8_882, "amount_cents": 94_211, "interest_saved_cents": 3_496}),
    ],
)
async def test_with_interest_the_balance_and_the_days_since_the_last_due_date(
    databases: Databases, client: AsyncClient, on: str, count: int, expected: dict[str, int]
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, min(count, 12))
    if count > 12:
        await paid(ccas, loan_id, 8_882, "2012-01-05")
    quote = await ok(ccas.agent.get(f"/loans/{loan_id}/payoff", on=on))
    assert {name: quote[name] for name in expected} == expected


async def test_without_interest_the_balance_alone(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 14)
    quote = await ok(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2012-03-26"))
    assert {name: quote[name] for name in ("amount_cents", "accrued_cents", "schedule_version")} == {
        "amount_cents": 85_000,
        "accrued_cents": 0,
        "schedule_version": 1,
    }


async def test_what_was_overpaid_is_a_credit(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await paid(besancon, loan_id, 201_000, "2011-02-05")
    quote = await ok(besancon.agent.get(f"/loans/{loan_id}/payoff"))
    assert (quote["amount_cents"], quote["credit_cents"]) == (0, 1_000)


async def test_what_was_recovered_of_a_non_valeur_is_not_asked_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await written_off(besancon, loan_id, 50_000)
    await repaid(besancon, loan_id, 153_000, "2012-07-01", "R-1")
    found = await ok(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2012-07-01"))
    assert (found["amount_cents"], found["credit_cents"]) == (0, 0)


async def test_a_day_before_the_last_change_has_no_answer_of_the_schedule_in_force(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 3, "2011-03-20")
    problem = await refused(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2011-03-19"), 409, "impossible_schedule")
    assert (problem["field"], problem["bound"]) == ("on", "2011-03-20")
    await refused(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2011-01-01"), 409, "date_out_of_order")


async def test_a_loan_that_is_not_paid_out_has_none(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    await refused(besancon.agent.get(f"/loans/{loan_id}/payoff"), 409, "loan_not_running")


async def test_where_all_that_was_paid_out_came_back_nothing_settles_the_loan(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    (part,) = (await ok(besancon.agent.get(f"/loans/{loan_id}/disbursements")))["items"]
    path = f"/loans/{loan_id}/disbursements/{part['id']}/reversal"
    await ok(besancon.agent.post(path, {"reversed_on": "2011-03-01", "reason": "Mandat rejeté"}))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2011-02-10")))["amount_cents"] == 200_000
    await refused(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2011-04-10"), 409, "loan_not_running")


async def test_what_was_recovered_of_a_non_valeur_is_not_asked_for_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    decision = {"decided_on": "2011-03-01", "decided_by": "board"}
    body = {"amount_cents": 50_000, "written_off_on": "2011-03-01", "proposal_reference": "E-1", "decision": decision}
    await ok(besancon.agent.post(f"/loans/{loan_id}/write-offs", body))
    await paid(besancon, loan_id, 150_000, "2011-04-01")
    await paid(besancon, loan_id, 10_000, "2011-05-01")
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}/payoff", on="2011-06-01")))["amount_cents"] == 0
