"""Early repayments over HTTP: of a payment told by the collector, the part beyond what was due on its day."""

import pytest
from httpx import AsyncClient

from tests.schedules import decided, lending_at, paid, pay, repay_early, rows_of, running, told
from tests.support import Ccas, Databases, Json, disbursed, ok, refused


@pytest.mark.parametrize(
    ("choice", "amount_cents", "expected"),
    [
        ("reduce", 40_000, {"rows": 12, "instalment": 5_436, "odd": 5_437, "saved": 1_356, "balance": 63_093}),
        ("shorten", 40_000, {"rows": 8, "instalment": 8_882, "odd": 2_277, "saved": 2_138, "balance": 63_093}),
        ("advance", 40_000, {"rows": 12, "instalment": 8_882, "odd": 8_887, "saved": 0, "balance": 65_324}),
    ],
)
async def test_with_interest_400_euros_after_the_twelfth_instalment(
    databases: Databases, client: AsyncClient, choice: str, amount_cents: int, expected: Json
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    done = await repay_early(ccas, loan_id, amount_cents, "2012-01-05", choice)
    rows = await rows_of(ccas, loan_id)
    assert expected == {
        "rows": len(rows) - 12,
        "instalment": rows[12]["total_cents"],
        "odd": rows[-1]["total_cents"],
        "saved": done["interest_saved_cents"],
        "balance": done["balance_cents"],
    }
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-01-05"))
    assert loan["outstanding_cents"] == expected["balance"]
    assert loan["credit_cents"] == 0
    if choice == "advance":
        assert [cover["cents"] for cover in done["covers"]] == [8_882, 8_882, 8_882, 8_882, 4_472]
        assert done["change"] is None


async def test_what_was_due_on_the_day_comes_first(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 11)
    done = await repay_early(ccas, loan_id, 40_000 + 8_882, "2012-01-05", "reduce")
    assert (done["amount_cents"], done["balance_cents"]) == (40_000, 63_093)


async def test_the_exact_payoff_settles_and_closes_the_loan(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    short = {
        "repayment_id": await paid(ccas, loan_id, 103_000, "2012-01-15"),
        "choice": "settle",
        "decision": decided("2012-01-15"),
    }
    path = f"/loans/{loan_id}/early-repayments"
    problem = await refused(ccas.agent.post(path, short), 409, "impossible_schedule")
    assert (problem["field"], problem["bound"]) == ("amount_cents", 103_268)
    taken_back = {"reversed_on": "2012-01-15", "reason": "Montant erroné"}
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments/{short['repayment_id']}/reversal", taken_back))
    await refused(ccas.agent.post(path, short), 409, "repayment_taken_back")
    done = await repay_early(ccas, loan_id, 103_268, "2012-01-15", "settle")
    assert (done["interest_cents"], done["interest_saved_cents"], done["left_cents"]) == (175, 3_321, 0)
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-01-15"))
    assert (loan["status"], loan["closing_reasons"], loan["outstanding_cents"]) == ("closed", ["early"], 0)
    assert len(await rows_of(ccas, loan_id)) == 12


async def test_what_exceeds_the_payoff_stays_a_credit(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    done = await repay_early(ccas, loan_id, 104_268, "2012-01-15", "settle")
    assert done["amount_cents"] == 103_268
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-01-15"))
    assert (loan["outstanding_cents"], loan["credit_cents"]) == (0, 1_000)


async def test_at_0_percent_two_instalments_less(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 12)
    done = await repay_early(besancon, loan_id, 17_000, "2012-01-20", "shorten")
    rows = told(await rows_of(besancon, loan_id))
    assert (len(rows), rows[-1], done["balance_cents"]) == (22, ("2012-11-05", 8_500), 85_000)
    assert done["change"]["kind"] == "early_repayment"
    assert sum(cents for _, cents in rows) + 17_000 == 200_000


async def test_at_0_percent_all_of_it_before_the_first_due_date(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await repay_early(besancon, loan_id, 200_000, "2011-02-01", "settle")
    assert await rows_of(besancon, loan_id) == []
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-02-01"))
    assert (loan["status"], loan["outstanding_cents"], loan["next_due"]) == ("closed", 0, None)
    changes = (await ok(besancon.agent.get(f"/loans/{loan_id}/schedule-changes")))["items"]
    assert [change["last_due_on"] for change in changes] == ["2013-01-05", None]


async def test_a_payment_of_what_was_due_brings_nothing_early(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    repayment_id = await paid(besancon, loan_id, 4_500, "2011-02-05")
    body = {"repayment_id": repayment_id, "choice": "shorten", "decision": decided("2011-02-05")}
    await refused(besancon.agent.post(f"/loans/{loan_id}/early-repayments", body), 409, "nothing_beyond_due")


async def test_a_payment_changes_the_schedule_once_until_that_is_cancelled(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    body = {
        "repayment_id": await paid(besancon, loan_id, 21_500, "2011-02-05"),
        "choice": "shorten",
        "decision": decided("2011-02-06"),
    }
    path = f"/loans/{loan_id}/early-repayments"
    await ok(besancon.agent.post(path, body))
    problem = await refused(besancon.agent.post(path, body), 409, "repayment_already_used")
    assert problem["version"] == 2
    undo = {"decision": decided("2011-02-07")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/schedule-changes/2/cancellation", undo))
    reduced = await ok(besancon.agent.post(path, {**body, "choice": "reduce"}))
    assert reduced["change"]["version"] == 3
    assert len(await rows_of(besancon, loan_id)) == 24


async def test_a_payment_of_another_loan_is_not_there(besancon: Ccas) -> None:
    loan_id, other = await disbursed(besancon), await disbursed(besancon)
    body = {
        "repayment_id": await paid(besancon, other, 50_000, "2011-02-05"),
        "choice": "shorten",
        "decision": decided("2011-02-06"),
    }
    await refused(besancon.agent.post(f"/loans/{loan_id}/early-repayments", body), 404, "not_found")


async def test_what_is_told_late_of_later_days_is_met_under_the_new_schedule(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 14)
    early = await paid(besancon, loan_id, 17_000, "2012-01-20")
    body = {"repayment_id": early, "choice": "shorten", "decision": decided("2012-03-10")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/early-repayments", body))
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2012-03-10"))
    assert (loan["outstanding_cents"], loan["next_due"]["due_on"]) == (
        200_000 - 4_500 - 13 * 8_500 - 17_000,
        "2012-04-05",
    )


async def test_once_its_payment_is_taken_back_the_change_is_to_be_cancelled_first(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    repayment_id = await paid(besancon, loan_id, 21_500, "2011-02-05")
    body = {"repayment_id": repayment_id, "choice": "shorten", "decision": decided("2011-02-06")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/early-repayments", body))
    back = {"reversed_on": "2011-02-20", "reason": "Rejet de la banque"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments/{repayment_id}/reversal", back))
    await refused(besancon.agent.get(f"/loans/{loan_id}/payoff"), 409, "early_repayment_lost")
    undo = {"decision": decided("2011-02-21")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/schedule-changes/2/cancellation", undo))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}/payoff")))["amount_cents"] == 200_000
