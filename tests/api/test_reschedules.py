"""Reschedulings over HTTP: what is still owed, over another duration or instalment, rounded as the rules say."""

import pytest
from httpx import AsyncClient

from tests.schedules import AMIENS, decided, lending_at, pay, rows_of, running, told
from tests.support import Ccas, Databases, Json, disbursed, ok, refused


def plan(on: str, **terms: object) -> Json:
    """A rescheduling decided on a day."""
    return {"decision": decided(on), **terms}


async def test_at_0_percent_what_is_owed_is_spread_over_another_duration(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 12)
    body = plan("2012-01-05", first_due_on="2012-02-05", duration_months=17)
    change = await ok(besancon.agent.post(f"/loans/{loan_id}/reschedules", body))
    assert (change["kind"], change["version"], change["last_due_on"]) == ("reschedule", 2, "2013-06-05")
    rows = told(await rows_of(besancon, loan_id))
    # 2 000 less 45 and 11 × 85 leaves 1 020 €: 17 × 60.
    assert rows[12:] == [(day, 6_000) for day, _ in rows[12:]]
    assert (len(rows), rows[12][0], sum(cents for _, cents in rows)) == (29, "2012-02-05", 200_000)
    assert rows[:12] == told(await rows_of(besancon, loan_id, version=1))[:12]


async def test_an_instalment_may_be_chosen_and_another_day_of_the_month(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 12)
    body = plan("2012-01-05", first_due_on="2012-02-29", instalment_cents=10_000, anchor_day=31)
    await ok(besancon.agent.post(f"/loans/{loan_id}/reschedules", body))
    rows = told(await rows_of(besancon, loan_id))[12:]
    assert (rows[:3], len(rows)) == ([("2012-02-29", 10_000), ("2012-03-31", 10_000), ("2012-04-30", 10_000)], 11)
    assert rows[-1] == ("2012-12-31", 2_000)


async def test_an_unpaid_instalment_is_spread_with_the_rest_and_of_one_paid_in_part_the_part_stays(
    besancon: Ccas,
) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 2)
    part = {"amount_cents": 3_000, "received_on": "2011-04-05", "source": "public_accountant", "reference": "part"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", part))
    body = plan("2011-05-20", first_due_on="2011-06-20", duration_months=23)
    await ok(besancon.agent.post(f"/loans/{loan_id}/reschedules", body))
    rows = told(await rows_of(besancon, loan_id))
    assert rows[2:4] == [("2011-04-05", 3_000), ("2011-06-20", 8_000)]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert loan["outstanding_cents"] == 184_000
    assert sum(cents for _, cents in rows) == 200_000


async def test_the_same_duration_from_the_next_date_changes_nothing(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    before = told(await rows_of(ccas, loan_id))
    await pay(ccas, loan_id, 12)
    body = plan("2012-01-05", first_due_on="2012-02-05", duration_months=12)
    change = await ok(ccas.agent.post(f"/loans/{loan_id}/reschedules", body))
    assert told(await rows_of(ccas, loan_id)) == before
    assert change["interest_cents"] == 13_173


async def test_the_interest_of_unpaid_instalments_waits_and_bears_none(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 10)
    body = plan("2012-01-05", first_due_on="2012-02-05", instalment_cents=8_882)
    change = await ok(ccas.agent.post(f"/loans/{loan_id}/reschedules", body))
    rows = await rows_of(ccas, loan_id)
    assert (len(rows) - 10, change["last_due_on"]) == (15, "2013-04-05")
    assert sum(row["principal_cents"] for row in rows[10:]) == 119_663
    assert sum(row["principal_cents"] for row in rows) == 200_000


async def test_a_loan_in_litigation_may_be_rescheduled(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-06-05"}))
    body = plan("2011-07-20", first_due_on="2011-08-05", instalment_cents=5_000)
    await ok(besancon.agent.post(f"/loans/{loan_id}/reschedules", body))
    assert {cents for _, cents in told(await rows_of(besancon, loan_id))} == {5_000}


BAD: list[tuple[Json, int, str, Json]] = [
    (
        plan("2011-03-20", first_due_on="2011-03-25", duration_months=12),
        409,
        "impossible_schedule",
        {"field": "first_due_on", "bound": "2011-04-05"},
    ),
    (
        plan("2011-03-20", first_due_on="2011-04-05", instalment_cents=100),
        409,
        "impossible_schedule",
        {"field": "instalment_cents"},
    ),
    (
        plan("2011-03-20", first_due_on="2011-04-05", duration_months=12, anchor_day=7),
        409,
        "impossible_schedule",
        {"field": "anchor_day", "bound": 5},
    ),
    (plan("2011-03-20", first_due_on="2011-03-01", duration_months=12), 409, "date_out_of_order", {}),
    (plan("2011-03-20", first_due_on="2011-04-05"), 422, "invalid", {}),
    (plan("2011-03-20", first_due_on="2011-04-05", duration_months=121), 422, "invalid", {}),
    (plan("2011-03-20", first_due_on="2011-04-05", duration_months=12, rate_percent=5), 422, "invalid", {}),
    (plan("2011-03-20", first_due_on="2011-04-05", duration_months=12, instalment_cents=100), 422, "invalid", {}),
    (plan("2011-01-20", first_due_on="2011-04-05", duration_months=12), 409, "date_out_of_order", {}),
]


@pytest.mark.parametrize(("body", "status", "code", "facts"), BAD)
async def test_what_no_schedule_fits_is_refused_with_its_bound(
    besancon: Ccas, body: Json, status: int, code: str, facts: Json
) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 2)
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/reschedules", body), status, code)
    assert {name: problem[name] for name in facts} == facts
    assert len((await ok(besancon.agent.get(f"/loans/{loan_id}/schedule-changes")))["items"]) == 1


async def test_nothing_is_left_to_reschedule_of_a_loan_wholly_repaid(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await pay(besancon, loan_id, 24)
    body = plan("2013-01-06", first_due_on="2013-02-05", duration_months=12)
    await refused(besancon.agent.post(f"/loans/{loan_id}/reschedules", body), 409, "nothing_owed")


async def test_a_rate_may_be_set_by_the_decision(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas, AMIENS)
    await pay(ccas, loan_id, 12)
    body = plan("2012-01-05", first_due_on="2012-02-05", duration_months=12, rate_percent="0")
    change = await ok(ccas.agent.post(f"/loans/{loan_id}/reschedules", body))
    rows = await rows_of(ccas, loan_id)
    assert {row["interest_cents"] for row in rows[12:]} == {0}
    # 131.73 less the 34.96 that were to come (project reference, § 2.3).
    assert change["interest_cents"] == 13_173 - 3_496
