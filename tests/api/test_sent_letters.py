"""Letters about a loan that a person sent: noted, never sent by the service; to whom none goes."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.commands import nightly
from app.domain.products import Party
from app.services import erasures
from tests.arrears import arrears, decided, positioned, running, support
from tests.support import Ccas, Databases, ok, refused, run_sql

LETTER = {"kind": "first_unpaid", "sent_on": "2011-03-15", "instalment_ref": 1}


async def late_loan(ccas: Ccas) -> str:
    """A loan of which nothing was paid by 10 March 2011."""
    loan_id = await running(ccas)
    await positioned(ccas, "2011-03-10")
    return loan_id


async def test_a_letter_that_was_sent_is_noted_and_shown_in_the_list(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/letters"
    told = await ok(besancon.agent.post(path, LETTER))
    assert (told["kind"], told["recipient"], told["sent_on"], told["instalment_ref"]) == (
        "first_unpaid",
        "borrower",
        "2011-03-15",
        1,
    )
    assert told["account_id"] == str(besancon.agent.account_id)
    again = await ok(besancon.agent.post(path, {"kind": "reminder", "sent_on": "2011-04-15"}))
    assert [one["id"] for one in (await ok(besancon.agent.get(path)))["items"]] == [again["id"], told["id"]]
    assert [one["last_letter_on"] for one in await arrears(besancon)] == ["2011-04-15"]


async def test_no_letter_goes_to_the_dead_but_one_sent_before_is_noted(besancon: Ccas, databases: Databases) -> None:
    loan_id = await late_loan(besancon)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    person = f"/people/{request['applicant_id']}"
    etag = (await besancon.agent.get(person)).headers["etag"]
    await ok(besancon.agent.patch(person, {"deceased_on": "2011-03-15"}, etag=etag))
    path = f"/loans/{loan_id}/letters"
    told = await refused(besancon.agent.post(path, LETTER), 409, "recipient_deceased")
    assert (told["recipient"], told["deceased_on"]) == ("borrower", "2011-03-15")
    assert [row["count"] for row in run_sql(databases, besancon, "select count(*) from sent_letters")] == [0]
    await ok(besancon.agent.post(path, {**LETTER, "sent_on": "2011-03-14"}))


async def test_nobody_is_dunned_for_what_support_covers(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/letters"
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-03-12", (1, 4_500))))
    await refused(besancon.agent.post(path, LETTER), 409, "covered_by_support")
    await ok(besancon.agent.post(path, {**LETTER, "kind": "decision_notice"}))
    await ok(besancon.agent.post(path, {**LETTER, "instalment_ref": 2}))
    await ok(besancon.agent.post(path, {**LETTER, "instalment_ref": None}))


async def test_a_letter_names_a_borrower_an_instalment_and_a_day_that_there_are(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/letters"
    for changes, code in (
        ({"recipient": "co_borrower"}, "recipient_unknown"),
        ({"instalment_ref": 25}, "no_such_instalment"),
        ({"sent_on": "2011-01-29"}, "date_out_of_order"),
        ({"sent_on": "2199-01-01"}, "date_in_future"),
    ):
        await refused(besancon.agent.post(path, {**LETTER, **changes}), 409, code)
    for changes in ({"recipient": "ccas"}, {"kind": "invoice"}, {"instalment_ref": 0}):
        await refused(besancon.agent.post(path, {**LETTER, **changes}), 422, "invalid")
    assert (await ok(besancon.agent.get(path)))["items"] == []


async def test_while_a_procedure_suspends_a_loan_nobody_asks_anything_of_it(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await late_loan(besancon)
    assert len((await ok(besancon.agent.get("/worklist", kind="first_unpaid")))["items"]) == 1
    on = datetime.now(UTC).date() - timedelta(days=10)
    admitted = {"kind": "admissible", "decision": decided(str(on), decided_by="over_indebtedness_commission")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/over-indebtedness", admitted))
    letter = {**LETTER, "sent_on": str(on)}
    await refused(besancon.agent.post(f"/loans/{loan_id}/letters", letter), 409, "loan_suspended")
    decision = support(str(on), (1, 4_500))
    await refused(besancon.agent.post(f"/loans/{loan_id}/supports", decision), 409, "loan_suspended")
    assert [one["no_letter"] for one in await arrears(besancon)] == ["suspended"]
    assert (await ok(besancon.agent.get("/worklist", kind="first_unpaid")))["items"] == []
    options = (await ok(besancon.agent.get(f"/loans/{loan_id}/options", on=str(on))))["items"]
    assert {(one["kind"], *one["reasons"]) for one in options} == {
        (kind, "loan_suspended") for kind in ("deferral", "support", "reschedule", "litigation")
    }
    (night,) = await nightly.run(databases.app_url, on, slug=besancon.slug)
    assert (night.detected, night.failures) == (0, {})
    await ok(besancon.agent.post(f"/loans/{loan_id}/letters", LETTER))


async def test_whose_debt_the_law_erased_gets_no_letter(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    erased = {
        "amount_cents": 200_000,
        "discharged_on": "2011-03-14",
        "ground": "personal_recovery",
        "decision": decided("2011-03-20", decided_by="board"),
    }
    await ok(besancon.agent.post(f"/loans/{loan_id}/discharges", erased))
    told = await refused(besancon.agent.post(f"/loans/{loan_id}/letters", LETTER), 409, "recipient_owes_nothing")
    assert told["recipient"] == "borrower"
    assert await arrears(besancon) == []
    await ok(besancon.agent.post(f"/loans/{loan_id}/letters", {**LETTER, "sent_on": "2011-03-13"}))


async def test_the_list_flags_a_loan_whose_living_borrowers_owe_nothing_any_more(
    besancon: Ccas, monkeypatch: pytest.MonkeyPatch
) -> None:
    await late_loan(besancon)

    async def of_all(_session: AsyncSession, loan_ids: list[UUID], *, on: date) -> dict[UUID, frozenset[Party]]:
        return dict.fromkeys(loan_ids, frozenset({Party.BORROWER}))

    monkeypatch.setattr(erasures, "erased_parties", of_all)
    assert [one["no_letter"] for one in await arrears(besancon)] == ["erased"]
