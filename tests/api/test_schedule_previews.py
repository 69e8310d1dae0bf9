"""Previews over HTTP: the same figures as the change itself, and nothing written."""

import pytest
from httpx import AsyncClient

from tests.schedules import decided, deferring, lending_at, pay, rows_of, running, told
from tests.support import Ccas, Databases, Json, disbursed, ok, refused, run_sql


async def preview(ccas: Ccas, loan_id: str, **body: object) -> Json:
    """What a change would give."""
    return await ok(ccas.agent.post(f"/loans/{loan_id}/schedule-previews", body))


async def test_at_0_percent_a_deferral_costs_nothing_and_ends_one_month_later(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    seen = await preview(besancon, loan_id, kind="deferral", months=1, first_number=3, on="2011-03-20")
    assert {name: seen[name] for name in ("kind", "on", "schedule_version", "cost_cents", "ccas_cost_cents")} == {
        "kind": "deferral",
        "on": "2011-03-20",
        "schedule_version": 1,
        "cost_cents": 0,
        "ccas_cost_cents": 0,
    }
    assert seen["last_due_on"] == "2013-02-05"
    assert (told(seen["removed"]), told(seen["added"])) == ([("2011-04-05", 8_500)], [("2013-02-05", 8_500)])
    assert (len(seen["rows"]), seen["breaches"]) == (24, [])


@pytest.mark.parametrize(
    ("body", "cost_cents"),
    [
        ({"kind": "deferral", "months": 1, "first_number": 13}, 533),
        ({"kind": "early_repayment", "amount_cents": 40_000, "choice": "reduce"}, -1_356),
        ({"kind": "early_repayment", "amount_cents": 40_000, "choice": "shorten"}, -2_138),
        ({"kind": "early_repayment", "amount_cents": 40_000, "choice": "advance"}, 0),
        ({"kind": "early_repayment", "amount_cents": 103_093, "choice": "settle"}, -3_496),
        ({"kind": "reschedule", "first_due_on": "2012-02-05", "duration_months": 12}, 0),
    ],
)
async def test_with_interest_what_the_borrower_pays_more_the_ccas_gets(
    databases: Databases, client: AsyncClient, body: Json, cost_cents: int
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    seen = await preview(ccas, loan_id, on="2012-01-05", **body)
    assert (seen["cost_cents"], seen["ccas_cost_cents"]) == (cost_cents, -cost_cents)
    assert seen["interest_cents"] == 13_173 + cost_cents


async def test_a_preview_writes_nothing(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    before = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    await preview(besancon, loan_id, kind="reschedule", first_due_on="2011-04-05", duration_months=36, on="2011-03-20")
    assert await ok(besancon.agent.get(f"/loans/{loan_id}")) == before
    written = (
        "select (select count(*) from schedules where loan_id = :id)"
        " + (select count(*) from schedule_activations where loan_id = :id) as count"
    )
    assert run_sql(databases, besancon, written, id=loan_id)[0]["count"] == 2
    assert len(await rows_of(besancon, loan_id)) == 24


async def test_limits_that_would_be_exceeded_are_told_and_not_refused(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = deferring(databases, client, count_max=1, consecutive_max=1)
    loan_id = await disbursed(ccas)
    seen = await preview(ccas, loan_id, kind="deferral", months=2, first_number=3, on="2011-03-20")
    assert [(breach["rule"], breach["limit"], breach["actual"]) for breach in seen["breaches"]] == [
        ("deferrals.count_max", 1, 2),
        ("deferrals.consecutive_max", 1, 2),
    ]
    assert all(breach["message"].endswith(".") for breach in seen["breaches"])


BAD: list[tuple[Json, int, str]] = [
    ({"kind": "deferral", "months": 1, "first_number": 25}, 409, "not_in_schedule"),
    (
        {"kind": "early_repayment", "amount_cents": 4_500, "choice": "reduce", "on": "2011-02-05"},
        409,
        "nothing_beyond_due",
    ),
    ({"kind": "early_repayment", "amount_cents": 0, "choice": "reduce"}, 422, "invalid"),
    ({"kind": "write_off", "amount_cents": 100}, 422, "invalid"),
    ({"months": 1, "first_number": 3}, 422, "invalid"),
    ({"kind": "deferral", "months": 1, "first_number": 3, "decision": decided("2011-03-20")}, 422, "invalid"),
    ({"kind": "deferral", "months": 1, "first_number": 3, "on": "2199-01-01"}, 409, "date_in_future"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD)
async def test_bad_input_is_named(besancon: Ccas, body: Json, status: int, code: str) -> None:
    loan_id = await disbursed(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/schedule-previews", body), status, code)
