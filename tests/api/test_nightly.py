"""The nightly run: what it notes once, whom it sets aside, and that nobody waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from anyio import to_thread

from app.cli import main
from app.commands import CommandRefused
from app.commands import nightly as command
from app.services import nightly as services
from tests.arrears import arrears, paid, positioned, running, support
from tests.support import Ccas, Databases, Json, ok, run_sql

NIGHT = date(2011, 3, 11)


async def run(databases: Databases, ccas: Ccas, on: date = NIGHT) -> command.Night:
    """One night of a CCAS."""
    (night,) = await command.run(databases.app_url, on, slug=ccas.slug)
    return night


def noted(databases: Databases, ccas: Ccas) -> list[Json]:
    """What the nights have noted, and whom they set aside."""
    detections = (
        "select loan_id::text, instalment_ref, due_on::text, unpaid_cents, position_on::text, detected_on::text"
    )
    failures = "select loan_id::text, run_on::text, error from nightly_failures order by id"
    return [
        *map(dict, run_sql(databases, ccas, f"{detections} from arrears_detections order by loan_id, instalment_ref")),
        *map(dict, run_sql(databases, ccas, failures)),
    ]


@contextmanager
def lying(databases: Databases, ccas: Ccas, loan_id: str) -> Iterator[None]:
    """A loan with lines that no fact gives, which the service never writes; opposite ones make it sound again."""
    _write_lines(databases, ccas, loan_id, kind="disbursement", cents=100)
    yield
    _write_lines(databases, ccas, loan_id, kind="repayment", cents=-100)


def _write_lines(databases: Databases, ccas: Ccas, loan_id: str, *, kind: str, cents: int) -> None:
    run_sql(
        databases,
        ccas,
        "insert into ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)"
        " select e.tenant_id, gen_random_uuid(), e.id, e.loan_id, a.account, a.cents, '2011-02-20'"
        " from ledger_entries e, (values ('cash', :cents), ('loans', -:cents)) a (account, cents)"
        " where e.loan_id = :loan_id and e.kind = :kind",
        loan_id=loan_id,
        kind=kind,
        cents=cents,
    )


async def test_the_first_unpaid_instalment_is_noted_on_the_night_the_position_shows_it(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await running(besancon)
    night = await run(databases, besancon)
    assert (night.loans, night.detected, night.failures) == (1, 0, {}), "before any position nothing is known"
    await positioned(besancon, "2011-03-10")
    night = await run(databases, besancon)
    assert (night.loans, night.detected, night.days_late) == (1, 1, [34])
    expected = {
        "loan_id": loan_id,
        "instalment_ref": 1,
        "due_on": "2011-02-05",
        "unpaid_cents": 4_500,
        "position_on": "2011-03-10",
        "detected_on": "2011-03-11",
    }
    assert noted(databases, besancon) == [expected]
    assert [one["detected_on"] for one in await arrears(besancon)] == ["2011-03-11"]


async def test_a_second_run_of_the_same_night_or_of_a_later_one_notes_nothing_twice(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    await run(databases, besancon)
    before = noted(databases, besancon)
    for on in (NIGHT, date(2011, 3, 12)):
        night = await run(databases, besancon, on)
        assert night.detected == 0
        assert noted(databases, besancon) == before
    await paid(besancon, loan_id, 4_500, "2011-03-12", "T-1")
    assert (await run(databases, besancon, date(2011, 3, 13))).detected == 1
    assert [row["instalment_ref"] for row in noted(databases, besancon)] == [1, 2]


async def test_what_support_covers_is_not_noted(besancon: Ccas, databases: Databases) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-02-10")
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-02-12", (1, 4_500))))
    assert (await run(databases, besancon)).detected == 0


async def test_a_loan_whose_ledger_lies_is_set_aside_and_the_others_are_gone_through(
    besancon: Ccas, databases: Databases
) -> None:
    sound, poisoned, other = [await running(besancon) for _ in range(3)]
    await paid(besancon, poisoned, 1, "2011-02-01", "T-1")
    await positioned(besancon, "2011-03-10")
    with lying(databases, besancon, poisoned):
        for _ in range(2):
            night = await run(databases, besancon)
            assert {str(loan_id): error for loan_id, error in night.failures.items()} == {poisoned: "LedgerDrift"}
            assert night.loans == 3
    *detections, failure = noted(databases, besancon)
    assert {row["loan_id"] for row in detections} == {sound, other}
    assert failure == {"loan_id": poisoned, "run_on": "2011-03-11", "error": "LedgerDrift"}


async def test_a_run_that_is_cut_short_and_started_again_ends_as_one_that_was_not(
    besancon: Ccas, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await running(besancon)
    await positioned(besancon, "2011-03-10")
    look, seen = services.look, []

    async def cut_short(*told: Any, **named: Any) -> Any:
        seen.append(told)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return await look(*told, **named)

    monkeypatch.setattr(services, "look", cut_short)
    with pytest.raises(KeyboardInterrupt):
        await run(databases, besancon)
    assert len(noted(databases, besancon)) == 2
    monkeypatch.undo()
    await run(databases, besancon)
    assert [row["detected_on"] for row in noted(databases, besancon)] == ["2011-03-11"] * 3


@pytest.mark.parametrize("step", ["look", "note"])
async def test_a_writer_never_waits_for_the_run_that_is_on_its_loan(
    besancon: Ccas, databases: Databases, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """At the end of each of its two transactions, both still open, the loan is locked and written by someone else."""
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    taken, written = getattr(services, step), []

    async def watched(*told: Any, **named: Any) -> Any:
        result = await taken(*told, **named)
        written.append(_write(databases, besancon, loan_id))
        return result

    monkeypatch.setattr(services, step, watched)
    night = await run(databases, besancon)
    assert (written, night.detected, night.failures) == ([1], 1, {})


def _write(databases: Databases, ccas: Ccas, loan_id: str) -> int:
    """How many rows somebody else changes who waits for a lock for 250 ms at most."""
    address = databases.app_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, options="-c lock_timeout=250ms") as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", [str(ccas.id)])
        connection.execute("select id from loans where id = %s for update", [loan_id])
        return connection.execute("update loans set version = version + 1 where id = %s", [loan_id]).rowcount


async def test_what_is_entered_while_the_run_looks_is_no_drift(
    besancon: Ccas, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-10")
    facts, entered = services.postings.loan_books.facts, []

    async def entered_meanwhile(*told: Any, **named: Any) -> Any:
        found = await facts(*told, **named)
        if not entered:
            entered.append(True)
            await paid(besancon, loan_id, 4_500, "2011-03-09", "T-1")
        return found

    monkeypatch.setattr(services.postings.loan_books, "facts", entered_meanwhile)
    night = await run(databases, besancon)
    assert (entered, night.failures) == ([True], {})


async def test_the_run_is_that_of_the_serving_role_alone(besancon: Ccas, databases: Databases) -> None:
    with pytest.raises(Exception, match="refusing to serve"):
        await command.run(databases.owner_url, NIGHT, slug=besancon.slug)
    with pytest.raises(CommandRefused, match="no CCAS is called nowhere"):
        await command.run(databases.app_url, NIGHT, slug="nowhere")


async def test_the_report_tells_the_delays_and_the_exit_code_who_was_set_aside(
    besancon: Ccas, databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, poisoned = [await running(besancon) for _ in range(2)]
    await paid(besancon, poisoned, 1, "2011-02-01", "T-1")
    await positioned(besancon, "2011-03-10")
    monkeypatch.setenv("DATABASE_URL", databases.app_url)
    words = ["nightly", "--date", "2011-03-11", "--tenant", besancon.slug]
    assert await to_thread.run_sync(main, words) == 0
    assert capsys.readouterr().out == (
        f"{besancon.slug} : 2 prêt(s), 2 première(s) échéance(s) impayée(s) nouvelle(s)\n"
        "  retards : 30 jours au plus : 0, 60 : 2, 90 : 0, davantage : 0\n"
    )
    with lying(databases, besancon, poisoned):
        assert await to_thread.run_sync(main, words) == 1
        assert f"  mis de côté : {poisoned} (LedgerDrift)\n" in capsys.readouterr().out
    monkeypatch.delenv("DATABASE_URL")
    assert await to_thread.run_sync(main, words) == 1
    assert "DATABASE_URL" in capsys.readouterr().err
