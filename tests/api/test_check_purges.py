"""What a lender concluded is erased at the end of its retention; that it was consulted, and when, stays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import create_engine, text

from app.cli import main
from app.commands import CommandRefused, nightly, purge
from tests.lenders import (
    OTHER_ANSWER,
    accepted_file,
    check,
    handed_over,
    lender_of,
    letter,
    offer,
    offered_by,
    prechecked,
    signed,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

PUSH = "/partner/ficp-checks"
CLOSED: Json = {
    "outcome": "closed_without_action",
    "reason_code": "lender_declined",
    "other_answer": OTHER_ANSWER,
    "closed_on": "2018-03-20",
}
GONE = "update ficp_checks set outcome = null, evidence_sha256 = null, purged_at = now()"
LAST_DAY, AFTER = date(2018, 5, 20), date(2018, 5, 21)


async def purged(databases: Databases, ccas: Ccas, on: date) -> int:
    """How many checks of a CCAS lose their conclusion on a day."""
    found = (await purge.run(databases.app_url, on, slug=ccas.slug))[ccas.slug]
    assert found.failures == {}
    return found.checks


def kept(databases: Databases, ccas: Ccas) -> list[Any]:
    """What the database holds of the checks of a CCAS, oldest first."""
    statement = (
        "select consultation_ref, consulted_at, outcome, evidence_sha256, purged_at is not null as purged"
        " from ficp_checks order by id"
    )
    return [dict(row) for row in run_sql(databases, ccas, statement)]


def everywhere(databases: Databases, statement: str) -> list[Any]:
    """The rows that a statement gives to who sees every tenant and every partner."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        rows = list(connection.execute(text(statement)).mappings())
    engine.dispose()
    return rows


async def closed(databases: Databases, ccas: Ccas, ref: str = "C-1") -> Json:
    """An unfavourable precheck, of a request that was closed on 20 March 2018."""
    lender, request = lender_of(databases, ccas), await taken_in(ccas)
    handoff = await handed_over(ccas, request["id"], "precheck", "2018-03-02")
    await ok(lender.post(PUSH, check(handoff, "unfavorable", ref, evidence_sha256="e" * 64)))
    await ok(ccas.agent.post(f"/requests/{request['id']}/close", CLOSED))
    return handoff


async def test_the_conclusion_on_a_closed_request_goes_once_nobody_may_appeal_and_its_date_and_reference_stay(
    databases: Databases, toulouse: Ccas
) -> None:
    handoff = await closed(databases, toulouse)
    await prechecked(toulouse, lender_of(databases, toulouse), await taken_in(toulouse))
    of_closed, running = kept(databases, toulouse)
    assert await purged(databases, toulouse, LAST_DAY) == 0
    assert kept(databases, toulouse) == [of_closed, running]
    assert await purged(databases, toulouse, AFTER) == 1
    left = {**of_closed, "outcome": None, "evidence_sha256": None, "purged": True}
    assert kept(databases, toulouse) == [left, running]
    assert await purged(databases, toulouse, date(2030, 1, 1)) == 0, "once, and never of a request that goes on"

    path = f"/requests/{handoff['request_id']}"
    (item,) = (await ok(toulouse.agent.get(f"{path}/ficp-checks")))["items"]
    assert (item["standing"], item["consulted_on"]) == ("purged", "2018-03-05")
    timeline = (await ok(toulouse.agent.get(f"{path}/timeline")))["items"]
    told = [event["title"] for event in timeline if event["kind"] == "ficp_check"]
    assert told == ["Vérification du prêteur : effacé"]


async def test_what_is_told_again_after_the_purge_is_known_and_what_is_told_late_is_refused(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff = lender_of(databases, toulouse), await closed(databases, toulouse)
    await purged(databases, toulouse, AFTER)
    for again in (check(handoff, "unfavorable", evidence_sha256="e" * 64), check(handoff, "favorable")):
        assert (await ok(lender.post(PUSH, again)))["status"] == "known"
    elsewhen = check(handoff, "unfavorable", consulted_at="2018-03-05T09:30:01Z")
    await refused(lender.post(PUSH, elsewhen), 409, "consultation_ref_reused")
    await refused(lender.post(PUSH, check(handoff, ref="LATE")), 409, "handoff_closed")
    assert [row["outcome"] for row in kept(databases, toulouse)] == [None]


async def test_what_a_letter_told_before_the_purge_is_known_to_the_machine_after_it(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    told = check(handoff, ref="L-1", consulted_at="2018-03-15T10:00:00Z")
    by_letter = {name: value for name, value in told.items() if name != "handoff_id"} | {"letter": letter()}
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/ficp-checks", by_letter))
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    await signed(toulouse, loan_id, "2018-03-26")
    erased = await purged(databases, toulouse, date(2018, 5, 27))
    assert (await ok(lender.post(PUSH, told)))["status"] == "known"
    assert len(kept(databases, toulouse)) == erased


async def test_nothing_is_decided_anew_on_what_was_erased(databases: Databases, toulouse: Ccas) -> None:
    handoff = await closed(databases, toulouse)
    await purged(databases, toulouse, AFTER)
    path = f"/requests/{handoff['request_id']}"
    reopening = {"reopened_on": "2018-06-01", "reason": "La personne revient"}
    assert (await ok(toulouse.agent.post(f"{path}/reopen", reopening)))["status"] == "intake"
    problem = await refused(toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-06-02"}), 409, "fact_purged")
    assert problem["stage"] == "precheck"
    again = await handed_over(toulouse, handoff["request_id"], "precheck", "2018-06-01")
    later = check(again, "favorable", "NEW", consulted_at="2018-06-02T08:00:00Z")
    await ok(lender_of(databases, toulouse).post(PUSH, later))
    await ok(toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-06-02"}))


async def test_the_conclusions_that_a_contract_rests_on_go_two_months_after_its_last_signature(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    assert await purged(databases, toulouse, date(2030, 1, 1)) == 0, "before the contract it is still needed"
    await signed(toulouse, loan_id, "2018-03-26")
    told = check(handoff, "to_clear", "SOON", consulted_at="2018-03-27T08:00:00Z")
    assert (await ok(lender.post(PUSH, told)))["status"] == "recorded"
    assert await purged(databases, toulouse, date(2018, 5, 26)) == 0
    assert await purged(databases, toulouse, date(2018, 5, 27)) == 3
    assert {(row["outcome"], row["purged"]) for row in kept(databases, toulouse)} == {(None, True)}
    await refused(lender.post(PUSH, {**told, "consultation_ref": "LATE"}), 409, "handoff_closed")
    items = (await ok(toulouse.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
    assert [item["standing"] for item in items] == ["purged", "purged"]
    assert (await ok(toulouse.agent.get(f"/loans/{loan_id}")))["status"] == "accepted"


async def test_a_purge_is_the_only_change_that_the_database_takes(databases: Databases, toulouse: Ccas) -> None:
    await closed(databases, toulouse)
    (before,) = kept(databases, toulouse)
    for change in (
        "update ficp_checks set outcome = 'favorable'",
        "update ficp_checks set consulted_at = now()",
        "update ficp_checks set consultation_ref = 'OTHER'",
        "update ficp_checks set evidence_sha256 = null",
        "update ficp_checks set outcome = null, purged_at = now()",
        f"{GONE}, consultation_ref = 'OTHER'",
        f"{GONE}, stage = 'grant_decision'",
    ):
        with pytest.raises(Exception, match="only ever added to"):
            run_sql(databases, toulouse, change)
    assert kept(databases, toulouse) == [before]
    run_sql(databases, toulouse, GONE)
    for change in (
        "update ficp_checks set outcome = 'favorable', purged_at = null",
        "update ficp_checks set purged_at = now() + interval '1 day'",
    ):
        with pytest.raises(Exception, match="only ever added to"):
            run_sql(databases, toulouse, change)


async def test_a_kept_answer_tells_no_conclusion_and_is_forgotten_before_it(
    databases: Databases, toulouse: Ccas
) -> None:
    await closed(databases, toulouse)
    answers = "select path, convert_from(body, 'utf8') as body, headers::text as headers from {}"
    records = [
        dict(row)
        for table in ("partner_idempotency_records", "idempotency_records")
        for row in everywhere(databases, answers.format(table))
    ]
    checks = [row["body"] for row in records if "ficp-checks" in row["path"]]
    assert checks
    assert not any(word in body for body in checks for word in ("favo", "clear", "consult", "e" * 64))
    today = datetime.now(UTC).date()
    count = "select count(*) as n from idempotency_records"
    await purged(databases, toulouse, today)
    assert run_sql(databases, toulouse, count)[0]["n"] > 0
    await purged(databases, toulouse, today + timedelta(days=32))
    assert run_sql(databases, toulouse, count)[0]["n"] == 0
    assert everywhere(databases, "select from partner_idempotency_records") == []


async def test_the_night_purges_too_and_the_purge_can_be_run_alone(
    databases: Databases, toulouse: Ccas, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await closed(databases, toulouse)
    (night,) = await nightly.run(databases.app_url, AFTER, slug=toulouse.slug)
    assert (night.purged, night.failures) == (1, {})
    await closed(databases, toulouse, "C-2")
    monkeypatch.setenv("DATABASE_URL", databases.app_url)
    words = ["purge", "--date", AFTER.isoformat(), "--tenant", toulouse.slug]
    assert await to_thread.run_sync(main, words) == 0
    assert capsys.readouterr().out == f"{toulouse.slug} : 1 conclusion(s) de prêteurs effacée(s)\n"
    for command in ("purge", "nightly"):
        assert await to_thread.run_sync(main, [command, "--date", "2118-05-21"]) == 1
        told = capsys.readouterr()
        assert (told.out, told.err) == ("", f"microcredit {command}: 2118-05-21 is still to come\n")
    with pytest.raises(CommandRefused, match="no CCAS is called nowhere"):
        await purge.run(databases.app_url, AFTER, slug="nowhere")
