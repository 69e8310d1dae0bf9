"""One loan month by month: deferred, supported, in litigation, half admitted en non-valeur, recovered years later."""

from datetime import UTC, date
from typing import Any

from app.commands import nightly
from tests.api.test_write_offs import write_off
from tests.arrears import arrears, decided, paid, positioned, running, support
from tests.support import Ccas, Databases, Json, ok, run_sql

FIGURES = ("status", "outstanding_cents", "overdue_cents", "legally_due_cents")


async def seen(ccas: Ccas, loan_id: str, day: str, **query: Any) -> tuple[Any, ...]:
    """The status of the loan and what is owed and late on a day, in cents."""
    loan = await ok(ccas.manager.get(f"/loans/{loan_id}", as_of=day, **query))
    return tuple(loan[name] for name in FIGURES)


async def did(ccas: Ccas, loan_id: str, what: str, body: Json) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/{what}", body))


async def rows(ccas: Ccas, loan_id: str, version: int | None = None) -> list[Json]:
    query = {"version": version} if version else {}
    return list((await ok(ccas.manager.get(f"/loans/{loan_id}/schedule", **query)))["rows"])


async def instant(databases: Databases, ccas: Ccas) -> str:
    """Now, as the database's clock has it."""
    (row,) = run_sql(databases, ccas, "select clock_timestamp() as at")
    return str(row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


async def test_a_loan_goes_through_all_that_may_befall_it(besancon: Ccas, databases: Databases) -> None:
    """2 000 € over 24 months from 5 February 2011, the first of 45 €, then 85 € (Besançon, case G06)."""
    loan_id = await running(besancon)
    assert await seen(besancon, loan_id, "2011-02-28") == ("running", 200_000, 0, 200_000)  # nobody has told anything

    await paid(besancon, loan_id, 4_500, "2011-02-05", "T-1")
    await paid(besancon, loan_id, 8_500, "2011-03-07", "T-2")
    await positioned(besancon, "2011-04-30")
    assert await seen(besancon, loan_id, "2011-04-30") == ("overdue", 187_000, 8_500, 187_000)

    (night,) = await nightly.run(databases.app_url, date(2011, 5, 1), slug=besancon.slug)
    assert (night.detected, night.failures) == (1, {})
    (late,) = await arrears(besancon)
    assert (late["loan_id"], late["instalment_ref"], late["due_on"], late["detected_on"]) == (
        loan_id,
        3,
        "2011-04-05",
        "2011-05-01",
    )
    await did(besancon, loan_id, "letters", {"kind": "first_unpaid", "sent_on": "2011-05-02"})

    deferral = {"months": 1, "first_ref": 3, "decision": decided("2011-05-04")}
    await did(besancon, loan_id, "deferrals", deferral)
    before, after = await rows(besancon, loan_id, 1), await rows(besancon, loan_id)
    assert (before[-1]["due_on"], after[-1]["due_on"]) == ("2013-01-05", "2013-02-05")
    assert sorted(row["total_cents"] for row in after) == sorted(row["total_cents"] for row in before)
    assert await seen(besancon, loan_id, "2011-05-04") == ("running", 187_000, 0, 187_000)

    await positioned(besancon, "2011-05-31")
    assert await seen(besancon, loan_id, "2011-05-31") == ("overdue", 187_000, 8_500, 187_000)
    (late,) = await arrears(besancon)
    await did(besancon, loan_id, "supports", support("2011-06-10", (late["instalment_ref"], 8_500)))
    assert await seen(besancon, loan_id, "2011-06-10") == ("running", 187_000, 0, 187_000)
    told = {"payer": "ccas", "instalment_ref": late["instalment_ref"]}
    await paid(besancon, loan_id, 8_500, "2011-06-20", "T-3", **told)
    assert await seen(besancon, loan_id, "2011-06-20") == ("running", 178_500, 0, 178_500)

    await positioned(besancon, "2011-12-31")
    assert await seen(besancon, loan_id, "2011-12-31") == ("overdue", 178_500, 7 * 8_500, 178_500)
    published = await instant(databases, besancon)

    await did(
        besancon,
        loan_id,
        "litigation",
        {"opened_on": "2012-01-15", "decision": decided("2012-01-15", decided_by="accountant")},
    )
    await paid(besancon, loan_id, 30_000, "2012-03-10", "SATD-1")
    await positioned(besancon, "2013-06-30")
    assert await seen(besancon, loan_id, "2013-06-19") == ("litigation", 148_500, 148_500, 148_500)
    await did(besancon, loan_id, "write-offs", write_off(100_000, "2013-06-20"))
    assert await seen(besancon, loan_id, "2013-06-20") == ("litigation", 48_500, 48_500, 148_500)

    await paid(besancon, loan_id, 48_500, "2013-09-10", "SATD-2")
    closed = await ok(besancon.manager.get(f"/loans/{loan_id}"))
    assert (closed["status"], closed["outstanding_cents"], closed["legally_due_cents"]) == ("closed", 0, 100_000)
    assert set(closed["closing_reasons"]) == {"with_support", "after_litigation", "with_non_valeur"}

    await paid(besancon, loan_id, 15_000, "2014-02-03", "SATD-3")
    assert (await seen(besancon, loan_id, "2014-02-03"))[3] == 85_000
    await paid(besancon, loan_id, 90_000, "2014-05-12", "SATD-4")
    recovered = await ok(besancon.manager.get(f"/loans/{loan_id}"))
    assert (recovered["recovered_cents"], recovered["credit_cents"], recovered["legally_due_cents"]) == (
        100_000,
        5_000,
        0,
    )
    assert recovered["anomalies"] == ["repaid_beyond_debt"]

    await paid(besancon, loan_id, 5_000, "2011-08-10", "T-OUBLIE")
    assert await seen(besancon, loan_id, "2011-12-31") == ("overdue", 173_500, 7 * 8_500 - 5_000, 173_500)
    assert await seen(besancon, loan_id, "2011-12-31", known_at=published) == ("overdue", 178_500, 7 * 8_500, 178_500)
    assert (await ok(besancon.manager.get(f"/loans/{loan_id}")))["credit_cents"] == 10_000
