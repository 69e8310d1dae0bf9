"""Over-indebtedness of a borrower over HTTP (surendettement)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import open_engine, open_sessions, tenant_transaction
from app.services import suspensions
from tests.support import Ccas, Databases, Json, accepted, disbursed, ok, refused, repayment, run_sql

PLAN = {"first_due_on": "2011-12-05", "instalment_cents": 5_000}


def event(kind: str, on: str, by: str = "over_indebtedness_commission", **told: object) -> Json:
    return {"kind": kind, "decision": {"decided_on": on, "decided_by": by, "reference": "BDF-7"}, **told}


async def tell(ccas: Ccas, loan_id: str, *event_: Any, **told: Any) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/over-indebtedness", event(*event_, **told)))


async def refuse(ccas: Ccas, loan_id: str, body: Json, status: int, code: str) -> Json:
    return await refused(ccas.agent.post(f"/loans/{loan_id}/over-indebtedness", body), status, code)


async def of_loan(ccas: Ccas, loan_id: str, *names: str, as_of: str) -> tuple[object, ...]:
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of=as_of))
    return tuple(loan[name] for name in names)


async def position(ccas: Ccas, on: str) -> None:
    await ok(ccas.agent.post("/positions", {"position_on": on, "reference": f"Position du {on}"}))


async def events(ccas: Ccas, loan_id: str) -> list[Json]:
    return list((await ok(ccas.agent.get(f"/loans/{loan_id}/over-indebtedness")))["items"])


async def test_an_admission_suspends_a_late_loan_and_no_letter_goes(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await position(besancon, "2011-06-30")
    letter = f"/loans/{loan_id}/documents/first_unpaid_letter"
    assert (await besancon.agent.get(letter)).status_code == 200
    told = await tell(besancon, loan_id, "filed", "2011-05-01", "borrower")
    assert (told["kind"], told["decided_by"], told["schedule_version"]) == ("filed", "borrower", None)
    assert await of_loan(besancon, loan_id, "status", as_of="2011-05-02") == ("overdue",)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    names = ("status", "suspended", "overdue_cents")
    assert await of_loan(besancon, loan_id, *names, as_of="2011-06-14") == ("overdue", False, 38_500)
    assert await of_loan(besancon, loan_id, *names, as_of="2011-06-15") == ("suspended", True, 0)
    assert await of_loan(besancon, loan_id, "status", as_of="2013-06-15") == ("suspended",)
    assert await of_loan(besancon, loan_id, "status", as_of="2013-06-16") == ("overdue",)


async def test_a_letter_does_not_go_while_the_loan_is_suspended(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await position(besancon, "2011-06-30")
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011
    await tell(besancon, loan_id, "admissible", yesterday.isoformat())
    problem = await refused(
        besancon.agent.get(f"/loans/{loan_id}/documents/first_unpaid_letter"), 409, "document_not_ready"
    )
    assert problem["missing"] == "unpaid_instalment"


async def test_no_instalment_is_put_off_while_the_loan_is_suspended(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    body = {"months": 1, "first_number": 6, "decision": {"decided_on": "2011-06-20", "decided_by": "commission"}}
    told = await refused(besancon.agent.post(f"/loans/{loan_id}/deferrals", body), 409, "loan_suspended")
    assert told["until"] == "2013-06-15"
    assert await of_loan(besancon, loan_id, "schedule_version", as_of="2011-06-20") == (1,)


async def test_a_plan_replaces_the_schedule_over_what_is_left(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(21_500, "2011-04-05", "R-1")))
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    told = await tell(besancon, loan_id, "plan", "2011-10-20", plan=PLAN)
    assert told["schedule_version"] == 2
    schedule = await ok(besancon.agent.get(f"/loans/{loan_id}/schedule"))
    rows = [(row["due_on"], row["total_cents"]) for row in schedule["rows"]]
    assert schedule["kind"] == "plan"
    assert rows[:4] == [("2011-02-05", 4_500), ("2011-03-05", 8_500), ("2011-04-05", 8_500), ("2011-12-05", 5_000)]
    assert sum(cents for _, cents in rows) == 200_000
    names = ("status", "overdue_cents", "outstanding_cents", "schedule_version")
    assert await of_loan(besancon, loan_id, *names, as_of="2011-10-20") == ("running", 0, 178_500, 2)
    assert await of_loan(besancon, loan_id, "status", "schedule_version", as_of="2011-10-19") == ("suspended", 1)


async def test_caducity_revives_the_schedule_from_before_the_plan_from_its_day_on(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    await tell(besancon, loan_id, "measures", "2011-10-20", plan=PLAN)
    await position(besancon, "2012-06-30")
    told = await tell(besancon, loan_id, "lapsed", "2012-03-01", "lender")
    assert told["schedule_version"] == 1
    names = ("status", "schedule_version", "overdue_cents")
    # Under the measures, three instalments of 50 € were due; without them, 45 € and twelve of 85 €.
    assert await of_loan(besancon, loan_id, *names, as_of="2012-02-29") == ("overdue", 2, 15_000)
    assert await of_loan(besancon, loan_id, *names, as_of="2012-03-01") == ("overdue", 1, 4_500 + 12 * 8_500)


async def test_a_lapse_without_a_plan_changes_no_schedule(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    told = await tell(besancon, loan_id, "lapsed", "2011-08-01")
    assert told["schedule_version"] is None
    assert await of_loan(besancon, loan_id, "suspended", "schedule_version", as_of="2011-08-01") == (False, 1)


async def test_a_moratorium_asks_for_nothing_until_its_last_day_and_may_say_what_comes_after(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await position(besancon, "2014-01-01")
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    early = event("moratorium", "2011-10-01", until="2012-09-30", plan={**PLAN, "first_due_on": "2012-09-30"})
    told = await refuse(besancon, loan_id, early, 409, "plan_too_soon")
    assert (told["field"], told["until"]) == ("plan.first_due_on", "2012-09-30")
    after = {**PLAN, "first_due_on": "2012-10-05"}
    told = await tell(besancon, loan_id, "moratorium", "2011-10-01", until="2012-09-30", plan=after)
    assert (told["until"], told["schedule_version"]) == ("2012-09-30", 2)
    assert await of_loan(besancon, loan_id, "status", as_of="2012-09-30") == ("suspended",)
    assert await of_loan(besancon, loan_id, "status", "overdue_cents", as_of="2012-10-05") == ("running", 0)
    assert await of_loan(besancon, loan_id, "status", "overdue_cents", as_of="2012-10-06") == ("overdue", 5_000)


async def test_the_judge_gives_two_years_at_most_and_litigation_goes_on_after(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-04-01"}))
    grace = event("judge_grace", "2011-05-02", "judge", until="2013-05-03")
    told = await refuse(besancon, loan_id, grace, 409, "suspension_too_long")
    assert (told["field"], told["not_after"]) == ("until", "2013-05-02")
    await tell(besancon, loan_id, "judge_grace", "2011-05-02", "judge", until="2012-05-02")
    assert await of_loan(besancon, loan_id, "status", as_of="2012-05-02") == ("suspended",)
    assert await of_loan(besancon, loan_id, "status", as_of="2012-05-03") == ("litigation",)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (event("plan", "2011-07-01", plan=PLAN), 409, "procedure_out_of_order"),
        (event("lapsed", "2011-07-01"), 409, "procedure_out_of_order"),
        (event("inadmissible", "2011-07-01"), 409, "procedure_out_of_order"),
        (event("admissible", "2199-07-01"), 409, "date_in_future"),
        (event("admissible", "2011-01-29"), 409, "date_out_of_order"),
        (event("judge_grace", "2011-07-01", until="2011-06-30"), 409, "date_out_of_order"),
        (event("plan", "2011-07-01"), 422, "invalid"),
        (event("moratorium", "2011-07-01"), 422, "invalid"),
        (event("admissible", "2011-07-01", until="2012-07-01"), 422, "invalid"),
        (event("admissible", "2011-07-01", plan=PLAN), 422, "invalid"),
        (event("measures", "2011-07-01", plan={"first_due_on": "2011-12-05"}), 422, "invalid"),
    ],
)
async def test_what_cannot_happen_is_refused_and_nothing_is_recorded(
    besancon: Ccas, databases: Databases, body: Json, status: int, code: str
) -> None:
    loan_id = await disbursed(besancon)
    await refuse(besancon, loan_id, body, status, code)
    assert await events(besancon, loan_id) == []
    decisions = run_sql(databases, besancon, "select 1 from loan_decisions")
    assert decisions == []


async def test_events_come_in_the_order_of_their_days(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    told = await refuse(besancon, loan_id, event("lapsed", "2011-06-14"), 409, "date_out_of_order")
    assert told["not_before"] == "2011-06-15"


async def test_a_plan_longer_than_seven_years_is_refused_and_nothing_half_written(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    plan = {"first_due_on": "2011-12-05", "duration_months": 84}
    told = await refuse(besancon, loan_id, event("plan", "2011-10-20", plan=plan), 409, "plan_too_long")
    assert (told["last_due_on"], told["not_after"]) == ("2018-11-05", "2018-10-20")
    assert [one["kind"] for one in await events(besancon, loan_id)] == ["admissible"]
    assert len(run_sql(databases, besancon, "select 1 from schedules")) == 1


async def test_a_plan_that_no_rows_fit_names_what_to_change(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    plan = {"first_due_on": "2011-10-20", "duration_months": 12}
    told = await refuse(besancon, loan_id, event("plan", "2011-10-20", plan=plan), 409, "impossible_schedule")
    assert told["field"] == "first_due_on"


async def test_before_the_money_left_there_is_nothing_to_suspend(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await refuse(besancon, loan_id, event("admissible", "2011-01-25"), 409, "illegal_transition")


async def test_events_are_history(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    await tell(besancon, loan_id, "admissible", "2011-06-15")
    for statement in ("update over_indebtedness_events set until = null", "delete from over_indebtedness_events"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, statement)


async def test_all_the_suspended_loans_are_found_at_once_as_one_by_one(besancon: Ccas, databases: Databases) -> None:
    lives = [
        [],
        [("filed", "2011-03-01")],
        [("admissible", "2011-03-01")],
        [("admissible", "2011-03-01"), ("lapsed", "2011-05-01")],
        [("admissible", "2011-03-01"), ("filed", "2011-05-01")],
    ]
    loans = []
    for life in lives:
        loans.append(await disbursed(besancon))
        for kind, on in life:
            if (kind, on) != ("filed", "2011-05-01"):
                await tell(besancon, loans[-1], kind, on)
    await tell(besancon, loans[0], "judge_grace", "2011-04-01", "judge", until="2011-04-30")
    await tell(besancon, loans[4], "moratorium", "2011-06-01", until="2011-08-31")
    engine = open_engine(databases.app_url, pool_size=1, pool_wait_seconds=5)
    try:
        async with tenant_transaction(open_sessions(engine), besancon.id) as session:
            assert (await session.execute(text("select count(*) from loans"))).scalar_one() == len(lives)
            for day in (
                date(2011, 2, 28), date(2011, 3, 1), date(2011, 4, 1), date(2011, 4, 30), date(2011, 5, 1),
                date(2011, 6, 1), date(2011, 8, 31), date(2011, 9, 1), date(2013, 3, 1), date(2013, 3, 2),
            ):  # fmt: skip
                together = {
                    str(loan_id) for loan_id in await session.scalars(suspensions.suspended_loans(session, on=day))
                }
                alone = {
                    loan_id
                    for loan_id in loans
                    if (await of_loan(besancon, loan_id, "suspended", as_of=day.isoformat())) == (True,)
                }
                assert together == alone, day
    finally:
        await engine.dispose()
