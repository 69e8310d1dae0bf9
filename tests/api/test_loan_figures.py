"""Loans counted: settled and why, erased, active and how, and where the money is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

from tests.api.test_discharges import discharged
from tests.api.test_partner_signatures import signed_loan
from tests.api.test_remissions import remitted
from tests.api.test_reversals import take_back
from tests.api.test_write_offs import repaid, written_off
from tests.support import Ccas, Databases, Json, accepted, disbursed, offered, ok, refused

NOTHING = {"count": 0, "cents": 0}


async def figures(ccas: Ccas, **query: Any) -> Json:
    """The figures, whose parts add up whatever is asked."""
    told = await ok(ccas.manager.get("/loans/figures", **query))
    for unit in ("count", "cents"):
        assert told["contracted"][unit] == sum(told[part][unit] for part in ("settled", "erased", "active"))
        assert told["active"][unit] == sum(status[unit] for status in told["active"]["statuses"])
    principal, lost = told["principal"], told["non_valeurs"]
    parts = ("repaid_cents", "written_off_cents", "discharged_cents", "remitted_cents", "outstanding_cents")
    assert principal["disbursed_cents"] == sum(principal[part] for part in parts)
    parts = ("recovered_cents", "discharged_cents", "remitted_cents", "still_due_cents")
    assert lost["written_off_cents"] == sum(lost[part] for part in parts)
    assert (principal["balanced"], lost["balanced"]) == (True, True)
    return told


def counted(told: Json, part: str, name: str) -> dict[str, int]:
    """The counts of the reasons or statuses that there are."""
    return {
        one[name]: one["count"] for one in told[part]["reasons" if name == "reason" else "statuses"] if one["count"]
    }


async def test_where_nothing_was_lent_every_figure_is_nought(besancon: Ccas) -> None:
    told = await figures(besancon)
    assert [told[part]["count"] for part in ("contracted", "settled", "erased", "active")] == [0, 0, 0, 0]
    assert told["erased"]["closed"] == NOTHING
    assert [one["status"] for one in told["active"]["statuses"]] == [
        *("accepted", "not_started", "running", "overdue", "litigation", "suspended")
    ]


async def mixed(ccas: Ccas) -> dict[str, str]:
    """One loan of 2 000 € of each kind, paid out on 30 January 2011."""
    names = ("on_schedule", "early", "support", "litigation", "non_valeur", "erased", "remitted", "recovering", "late")
    loans = {name: await disbursed(ccas) for name in names}
    await repaid(ccas, loans["on_schedule"], 200_000, "2013-01-05", "A")
    await repaid(ccas, loans["early"], 200_000, "2011-12-20", "B")
    await repaid(ccas, loans["support"], 191_500, "2012-12-05", "C")
    await repaid(ccas, loans["support"], 8_500, "2013-01-05", "D", payer="ccas")
    for name in ("litigation", "recovering"):
        await ok(ccas.agent.post(f"/loans/{loans[name]}/litigation", {"opened_on": "2011-07-01"}))
    await repaid(ccas, loans["litigation"], 200_000, "2013-03-01", "E")
    await repaid(ccas, loans["non_valeur"], 120_000, "2012-05-05", "F")
    await written_off(ccas, loans["non_valeur"], 80_000)
    await repaid(ccas, loans["non_valeur"], 30_000, "2013-02-01", "G")
    await repaid(ccas, loans["erased"], 50_000, "2011-08-05", "H")
    await discharged(ccas, loans["erased"], 100_000)
    await written_off(ccas, loans["remitted"], 60_000)
    await remitted(ccas, loans["remitted"], 200_000)
    await accepted(ccas)
    await offered(ccas)
    return loans


async def test_each_loan_is_counted_once_and_every_cent_is_somewhere(besancon: Ccas) -> None:
    loans = await mixed(besancon)
    told = await figures(besancon)
    assert told["contracted"] == {"count": 10, "cents": 2_000_000}
    assert told["settled"]["count"] == 6
    assert counted(told, "settled", "reason") == {
        "on_schedule": 1,
        "early": 1,
        "with_support": 1,
        "after_litigation": 1,
        "with_non_valeur": 2,
        "remission": 1,
    }
    assert (told["erased"]["count"], told["erased"]["closed"]["count"]) == (1, 0)
    assert counted(told, "active", "status") == {"accepted": 1, "litigation": 1, "overdue": 1}
    assert told["principal"] == {
        "disbursed_cents": 1_800_000,
        "repaid_cents": 970_000,
        "written_off_cents": 140_000,
        "discharged_cents": 100_000,
        "remitted_cents": 140_000,
        "outstanding_cents": 450_000,
        "balanced": True,
    }
    assert told["non_valeurs"] == {
        "written_off_cents": 140_000,
        "recovered_cents": 30_000,
        "discharged_cents": 0,
        "remitted_cents": 60_000,
        "still_due_cents": 50_000,
        "balanced": True,
    }
    assert (told["legally_due_cents"], told["supported_cents"], told["credit_cents"]) == (500_000, 8_500, 0)
    await agree(besancon, told, list(loans.values()))


async def agree(ccas: Ccas, told: Json, loan_ids: list[str], **query: Any) -> None:
    """What is counted is what the loans tell one by one."""
    loans = [await ok(ccas.manager.get(f"/loans/{loan_id}", **query)) for loan_id in loan_ids]
    for name in ("legally_due_cents", "overdue_cents", "supported_cents", "credit_cents"):
        assert told[name] == sum(loan[name] for loan in loans), name
    for name in ("disbursed_cents", "outstanding_cents"):
        assert told["principal"][name] == sum(loan[name] for loan in loans), name
    closed = [loan for loan in loans if loan["status"] == "closed" and not loan["discharged_cents"]]
    assert told["settled"]["count"] == len(closed)
    for reason, count in counted(told, "settled", "reason").items():
        assert count == sum(reason in loan["closing_reasons"] for loan in closed)


async def test_figures_of_another_day_are_those_of_that_day(besancon: Ccas) -> None:
    loans = await mixed(besancon)
    for day, settled in (("2011-01-29", 0), ("2011-12-30", 1), ("2012-06-30", 2), ("2013-02-28", 5)):
        told = await figures(besancon, as_of=day)
        assert (day, told["settled"]["count"]) == (day, settled)
        await agree(besancon, told, list(loans.values()), as_of=day)


async def test_figures_once_published_are_told_again_as_they_were_known(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await written_off(besancon, loan_id, 200_000)
    known_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    published = await figures(besancon, as_of="2012-12-31", known_at=known_at)
    assert counted(published, "settled", "reason") == {"with_non_valeur": 1}
    await take_back(besancon, loan_id, entry["id"])
    await disbursed(besancon)
    await repaid(besancon, loan_id, 5_000, "2011-03-01", "L-1")
    assert await figures(besancon, as_of="2012-12-31", known_at=known_at) == published
    assert (await figures(besancon, as_of="2012-12-31"))["active"]["count"] == 2


async def test_loans_are_those_that_the_last_party_signed_on_the_days_asked(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    for span, count in (
        ({"contracted_from": "2011-01-22", "contracted_to": "2011-01-22"}, 1),
        ({"contracted_from": "2011-01-23"}, 0),
        ({"contracted_to": "2011-01-21"}, 0),
        ({"as_of": "2011-01-21"}, 0),
        ({"as_of": "2011-01-22"}, 1),
    ):
        assert (await figures(besancon, **span))["contracted"]["count"] == count
    given_up = {"cancelled_on": "2011-01-25", "reason": "Projet abandonné"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", given_up))
    assert (await figures(besancon))["contracted"]["count"] == 0
    assert (await figures(besancon, as_of="2011-01-24"))["contracted"]["count"] == 1
    await refused(besancon.agent.get("/loans/figures", contracted_from="hier"), 422, "invalid")


async def test_what_a_partner_lent_is_counted_by_the_partner(databases: Databases, amiens: Ccas) -> None:
    await signed_loan(databases, amiens)
    assert (await figures(amiens))["contracted"] == NOTHING


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        asked.append(told[2])

    engine = app.state.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def test_figures_ask_the_database_as_often_for_many_loans_as_for_one(app: FastAPI, besancon: Ccas) -> None:
    await disbursed(besancon)
    with statements(app) as for_one:
        await figures(besancon)
    for number in range(3):
        await repaid(besancon, await disbursed(besancon), 4_500, "2011-02-05", f"R-{number}")
    with statements(app) as for_many:
        assert (await figures(besancon))["contracted"]["count"] == 4
    assert len(for_many) == len(for_one)
