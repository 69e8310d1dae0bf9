"""The budget over the term of an imagined loan: without its instalment, with it, and the month that leaves least."""

from typing import Any

import pytest

from tests.support import Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql

# 1 200 € less 350 € of rent (550 € less 200 € of aid), 80 € of energy, 150 € of debts: 620 €; 150 / 1 200 = 12.50 %.
HOUSEHOLD: Json = {
    "resources": [{"kind": "wage", "amount_cents": 120_000}, {"kind": "housing_aid", "amount_cents": 20_000}],
    "charges": [
        {"kind": "rent", "amount_cents": 55_000},
        {"kind": "energy", "amount_cents": 8_000},
        {"kind": "debt_instalments", "label": "Voiture", "amount_cents": 10_000, "outstanding_cents": 20_000,
         "ends_on": "2018-04-10"},
        {"kind": "debt_instalments", "label": "Téléphone", "amount_cents": 5_000},
    ],
    "as_of_on": "2018-03-01",
}  # fmt: skip
LOAN: Json = {"amount_cents": 60_000, "duration_months": 6, "first_due_on": "2018-03-05"}


async def with_a_budget(ccas: Ccas, body: Json = HOUSEHOLD) -> str:
    request = await ok(ccas.agent.post("/requests", demand(ccas, received_on="2018-03-01")))
    path = f"/requests/{request['id']}"
    await ok(ccas.agent.put(f"{path}/budget", body, etag=await etag_of(ccas.agent, path)))
    return path


async def projected(ccas: Ccas, path: str, **loan: Any) -> Any:
    return await ccas.agent.get(f"{path}/budget/projection", **loan)


async def test_a_budget_tells_what_is_left_and_what_debts_take(besancon: Ccas) -> None:
    budget = await ok(besancon.agent.get(f"{await with_a_budget(besancon)}/budget"))
    told = ("left_to_live_cents", "debt_instalments_cents", "debt_ratio_percent", "as_of_on", "resources_cents")
    assert [budget[name] for name in told] == [62_000, 15_000, "12.50", "2018-03-01", 140_000]
    assert (budget["counted_per"], budget["left_to_live_per_unit_cents"]) == (None, None)
    assert [(line["label"], line["outstanding_cents"], line["ends_on"]) for line in budget["charges"][2:]] == [
        ("Voiture", 20_000, "2018-04-10"),
        ("Téléphone", None, None),
    ]


async def test_a_debt_that_ended_before_the_day_of_the_budget_counts_in_nothing(
    besancon: Ccas, databases: Databases
) -> None:
    debts = [
        {"kind": "debt_instalments", "amount_cents": 5_000},
        {"kind": "debt_instalments", "amount_cents": 10_000, "ends_on": "2018-04-10"},
    ]
    body = {"resources": [{"kind": "wage", "amount_cents": 100_000}], "charges": debts}
    path = await with_a_budget(besancon, body)
    told = ("charges_cents", "left_to_live_cents", "debt_instalments_cents", "debt_ratio_percent")
    budget = await ok(besancon.agent.get(f"{path}/budget"))
    assert [budget[name] for name in told] == [5_000, 95_000, 5_000, "5.00"]
    assert len(budget["charges"]) == 2
    first = (await ok(projected(besancon, path, **LOAN)))["periods"][0]
    assert (first["debt_instalments_cents"], first["left_to_live_before_cents"]) == (5_000, 95_000)

    # The day on which it ends, and a day that is told, in place of that of the entry.
    run_sql(databases, besancon, "update budgets set entered_at = '2018-04-10T12:00:00Z'", as_owner=True)
    budget = await ok(besancon.agent.get(f"{path}/budget"))
    assert [budget[name] for name in told] == [15_000, 85_000, 15_000, "15.00"]
    run_sql(databases, besancon, "update budgets set as_of_on = '2018-04-11'", as_owner=True)
    assert (await ok(besancon.agent.get(f"{path}/budget")))["debt_instalments_cents"] == 5_000


async def test_there_is_no_debt_ratio_where_nothing_comes_in(besancon: Ccas) -> None:
    charges = [{"kind": "debt_instalments", "amount_cents": 5_000}]
    path = await with_a_budget(besancon, {"resources": [], "charges": charges})
    budget = await ok(besancon.agent.get(f"{path}/budget"))
    assert (budget["debt_ratio_percent"], budget["left_to_live_cents"], budget["as_of_on"]) == (None, -5_000, None)


async def test_the_term_is_told_by_periods_and_the_month_that_leaves_the_least_is_named(besancon: Ccas) -> None:
    """600 € over 6 months at 0 %: 100 € a month; the car's debt ends in April."""
    told = await ok(projected(besancon, await with_a_budget(besancon), **LOAN))
    names = ("from_on", "to_on", "months", "instalment_cents", "debt_instalments_cents", "left_to_live_before_cents",
             "left_to_live_after_cents", "debt_ratio_before_percent", "debt_ratio_after_percent")  # fmt: skip
    assert [[period[name] for name in names] for period in told["periods"]] == [
        ["2018-03-01", "2018-04-30", 2, 10_000, 15_000, 62_000, 52_000, "12.50", "20.83"],
        ["2018-05-01", "2018-08-31", 4, 10_000, 5_000, 72_000, 62_000, "4.17", "12.50"],
    ]
    assert told["lowest"] == {"from_on": "2018-03-01", "left_to_live_cents": 52_000}
    assert (told["amount_cents"], told["duration_months"], told["rate_percent"]) == (60_000, 6, "0")
    assert (told["revision"], told["as_of_on"]) == (1, "2018-03-01")


async def test_the_agent_may_choose_the_instalment_in_place_of_the_duration(besancon: Ccas) -> None:
    loan = {"amount_cents": 60_000, "instalment_cents": 20_000, "first_due_on": "2018-03-05"}
    told = await ok(projected(besancon, await with_a_budget(besancon), **loan))
    assert told["duration_months"] == 3
    assert [period["months"] for period in told["periods"]] == [2, 1]


async def test_what_the_city_pays_is_not_taken_from_the_household(toulouse: Ccas) -> None:
    """3 000 € over 36 months at 3.04 %: the borrower pays 79.70 € the first month, the City 7.60 €."""
    loan = {"amount_cents": 300_000, "duration_months": 36, "first_due_on": "2018-05-05"}
    told = await ok(projected(toulouse, await with_a_budget(toulouse), **loan))
    first = told["periods"][0]
    assert (first["instalment_cents"], first["left_to_live_after_cents"]) == (7_970, 72_000 - 7_970)


async def test_a_rate_that_the_rules_do_not_state_is_the_callers(fresnes: Ccas) -> None:
    path = await with_a_budget(fresnes)
    await refused(projected(fresnes, path, **LOAN), 409, "rule_not_stated")
    told = await ok(projected(fresnes, path, **LOAN, rate_percent="6.20"))
    assert told["rate_percent"] == "6.2"


@pytest.mark.parametrize(
    ("loan", "status", "code"),
    [
        ({"amount_cents": 60_000}, 422, "invalid"),
        ({**LOAN, "instalment_cents": 10_000}, 422, "invalid"),
        ({**LOAN, "amount_cents": 0}, 422, "invalid"),
        ({**LOAN, "duration_months": "6.0"}, 422, "invalid"),
        ({"amount_cents": 5, "duration_months": 6}, 409, "impossible_schedule"),
    ],
)
async def test_a_loan_that_is_none_is_refused(besancon: Ccas, loan: Json, status: int, code: str) -> None:
    await refused(projected(besancon, await with_a_budget(besancon), **loan), status, code)


async def test_there_is_nothing_to_project_without_a_budget(besancon: Ccas, toulouse: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    await refused(projected(besancon, path, **LOAN), 409, "budget_missing")
    await refused(projected(toulouse, path, **LOAN), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"as_of_on": "2199-01-01"}, 409, "date_in_future"),
        ({"as_of_on": "2018-04-11"}, 409, "date_out_of_order"),
        ({"charges": [{"kind": "rent", "amount_cents": 1, "ends_on": "2018-05-01"}]}, 422, "invalid"),
        ({"charges": [{"kind": "debt_instalments", "amount_cents": 1, "outstanding_cents": -1}]}, 422, "invalid"),
    ],
)
async def test_a_budget_that_cannot_be_leaves_no_revision(besancon: Ccas, change: Json, status: int, code: str) -> None:
    path = await with_a_budget(besancon)
    etag = await etag_of(besancon.agent, path)
    await refused(besancon.agent.put(f"{path}/budget", {**HOUSEHOLD, **change}, etag=etag), status, code)
    assert (await ok(besancon.agent.get(f"{path}/budget")))["revision"] == 1
