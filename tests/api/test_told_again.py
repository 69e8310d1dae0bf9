"""What a bank tells again, whenever, under whatever key, and whichever way: known, and recorded once."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.test_inbox import ACCEPTED, ASKED, REFUSED, answer_path
from tests.api.test_lender_reports import schedule
from tests.lenders import Lender, check, lender_of, letter, offer, repayment_line, sent, signed
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

LINES = (
    "DOSSIER;NATURE;REFERENCE;DATE;MONTANT;ECHEANCE;REFERENCE_REJETEE;MOTIF;CAPITAL_RESTANT_DU",
    "{id};REMBOURSEMENT;R-2;05/06/2018;92,03;;;;",
    "{id};IMPAYE;;;;2;;;",
    "{id};SOLDE;;;;;;;2000,00",
)


def _statement(handoff: Json) -> Json:
    one = repayment_line(handoff, 8_882, "2018-05-05", "R-1", outstanding_principal_cents=192_151)
    back = {"kind": "returned", "reference": "X-1", "repayment_reference": "R-1", "returned_on": "2018-05-09"}
    unpaid = {"kind": "unpaid", "instalment_number": 1, "outstanding_principal_cents": 200_000}
    balance = {"kind": "balance", "outstanding_principal_cents": 199_999}
    items = [one, *({**line, "handoff_id": handoff["id"]} for line in (back, unpaid, balance))]
    return {"position_on": "2018-05-31", "items": items}


def _file(handoff: Json) -> Json:
    content = "\r\n".join(LINES).format(id=handoff["id"]).encode()
    return {"position_on": "2018-06-30", "file_name": "juin.csv", "content_base64": b64encode(content).decode()}


@dataclass(frozen=True)
class Told:
    """One push: of a handoff, or of all that the bank has."""

    what: str
    body: Callable[[Json], Json]
    of_handoff: bool = True
    then: str | None = None

    async def push(self, bank: Lender, handoff: Json) -> Json:
        of = f"handoffs/{handoff['id']}/" if self.of_handoff else ""
        return await ok(bank.post(f"/partner/{of}{self.what}", self.body(handoff)))


# In the order of the life of a loan; `then` is what the CCAS does next.
TOLD = (
    Told("acknowledgements", lambda _: {"reference": "D-1"}),
    Told("answers", lambda _: {**ASKED, "reference": "D-1"}, then="complete"),
    Told("ficp-checks", lambda handoff: check(handoff, consulted_at="2018-03-15T10:00:00Z"), of_handoff=False),
    Told("answers", lambda _: {**ACCEPTED, "reference": "D-2"}),
    Told("offers", lambda _: offer(200_000, 24, "6.20"), then="sign"),
    Told("disbursements", lambda _: {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "reference": "V-1",
                                     "payee": {"kind": "supplier"}}),
    Told("repayments", _statement, of_handoff=False),
    Told("statement-files", _file, of_handoff=False),
    Told("schedules", lambda _: schedule(("2018-08-05", 100_000, 900), ("2018-09-05", 100_000, 500))),
    Told("accelerations", lambda _: {"reference": "DT-1", "accelerated_on": "2018-10-20"}),
    Told("losses", lambda _: {"reference": "P-1", "lost_on": "2018-12-01", "principal_cents": 192_151,
                              "interest_cents": 0}),
    Told("guarantee-calls", lambda _: {"reference": "AG-1", "called_on": "2018-12-10", "guarantor": "Fonds",
                                       "amount_cents": 96_075, "loss_reference": "P-1"}),
    Told("recoveries", lambda _: {"reference": "RC-1", "recovered_on": "2019-02-01", "amount_cents": 10_000,
                                  "loss_reference": "P-1"}),
)  # fmt: skip
# That a statement arrived, and what was answered, is a log of what came; each line of it is a fact.
LOGS = {"statements", "statement_positions", "idempotency_records"}
TABLES = "select table_name from information_schema.columns where column_name = 'tenant_id' order by 1"


def recorded(databases: Databases, ccas: Ccas) -> dict[str, int]:
    """How many rows each table has of the CCAS, and the versions of its handoffs and loans."""
    tables = {row["table_name"] for row in run_sql(databases, ccas, TABLES)} - LOGS
    of_tenant = "where tenant_id::text = current_setting('app.tenant_id')"
    counts = " union all ".join(f"select '{name}' as of, count(*) as n from {name} {of_tenant}" for name in tables)  # noqa: S608
    versions = "".join(
        f" union all select '{name} version', coalesce(sum(version), 0) from {name}"  # noqa: S608
        for name in ("handoffs", "loans", "requests")
    )
    return {row["of"]: int(row["n"]) for row in run_sql(databases, ccas, counts + versions)}


def is_known(answer: Json) -> bool:
    """Whether the answer says that all that was told was told before."""
    items = answer.get("items", [answer])
    return all(item.get("known") is True or item.get("status") == "known" for item in items)


async def next_of_the_ccas(ccas: Ccas, handoff: Json, then: str | None, answer: Json) -> None:
    """What the CCAS does after the bank has told something."""
    if then == "complete":
        await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/completions", {"note": "Le voici"}))
    if then == "sign":
        await signed(ccas, answer["loan_id"])


@pytest.mark.parametrize("number", range(len(TOLD)), ids=[told.what for told in TOLD])
async def test_each_push_told_again_under_another_key_is_known_and_recorded_once(
    databases: Databases, amiens: Ccas, number: int
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    for earlier in TOLD[:number]:
        await next_of_the_ccas(amiens, handoff, earlier.then, await earlier.push(bank, handoff))
    first = await TOLD[number].push(bank, handoff)
    assert not is_known(first)
    before = recorded(databases, amiens)
    again = await TOLD[number].push(bank, handoff)
    assert is_known(again), again
    assert recorded(databases, amiens) == before


async def test_all_that_a_bank_told_may_be_told_again_at_the_end_backwards(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    for told in TOLD:
        await next_of_the_ccas(amiens, handoff, told.then, await told.push(bank, handoff))
    loan = (await ok(amiens.agent.get("/loans")))["items"][0]
    before = recorded(databases, amiens), await ok(amiens.agent.get(f"/loans/{loan['id']}", as_of="2019-03-01"))
    for told in reversed(TOLD):
        answer = await told.push(bank, handoff)
        assert is_known(answer), (told.what, answer)
    after = recorded(databases, amiens), await ok(amiens.agent.get(f"/loans/{loan['id']}", as_of="2019-03-01"))
    assert after == before


# The same answer, whichever way.

REPEATED: list[Json] = [ASKED, ACCEPTED, REFUSED]


async def by_machine(databases: Databases, _: AsyncClient, ccas: Ccas, handoff: Json, told: Json) -> Json:
    return await ok(lender_of(databases, ccas).post(answer_path(handoff), told))


async def by_letter(_: Databases, __: AsyncClient, ccas: Ccas, handoff: Json, told: Json) -> Json:
    body = {**told, "letter": letter()}
    return await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/answers", body))


async def by_link(_: Databases, client: AsyncClient, ccas: Ccas, handoff: Json, told: Json) -> Json:
    made = await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": "Dominique Modèle"}))
    return await ok(client.post(made["path"], json={"answer": told}))


Way = Callable[[Databases, AsyncClient, Ccas, Json, Json], Awaitable[Json]]


def steps_of(databases: Databases, ccas: Ccas) -> list[Any]:
    return run_sql(databases, ccas, "select action, decided_on, partner_reference, telling_id from handoff_transitions")


WAYS = ((by_machine, by_letter), (by_letter, by_machine), (by_machine, by_link), (by_link, by_letter))


@pytest.mark.parametrize(
    ("first", "second", "told"),
    # A link ends with its handoff, so that none is left to tell a refusal again.
    [(*ways, told) for ways in WAYS for told in REPEATED if (ways[1], told) != (by_link, REFUSED)],
)
async def test_an_answer_told_by_two_ways_is_one_answer(
    databases: Databases, client: AsyncClient, amiens: Ccas, first: Way, second: Way, told: Json
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    assert (await first(databases, client, amiens, handoff, told))["known"] is False
    before = steps_of(databases, amiens)
    again = await second(databases, client, amiens, handoff, told)
    assert again["known"] is True
    assert steps_of(databases, amiens) == before
    read = await ok(amiens.agent.get(f"/handoffs/{handoff['id']}"))
    assert (read["status"], read["answered_on"]) == (again["status"], again["answered_on"])


async def test_a_letter_that_names_no_reference_tells_what_the_machine_told_under_one_and_a_machine_does_not(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post(answer_path(handoff), {**ACCEPTED, "reference": "D-1"}))
    by_staff = f"/handoffs/{handoff['id']}/answers"
    assert (await ok(amiens.agent.post(by_staff, {**ACCEPTED, "letter": letter()})))["known"]
    for other in ({}, {"reference": "D-2"}, {"reference": "D-1", "decided_on": "2018-03-15"}):
        problem = await refused(bank.post(answer_path(handoff), {**ACCEPTED, **other}), 409, "answer_differs")
        assert problem["decided_on"] == "2018-03-16"
    other = amiens.agent.post(by_staff, {**ACCEPTED, "reference": "D-2", "letter": letter()})
    await refused(other, 409, "answer_differs")
    read = await ok(bank.get(f"/partner/handoffs/{handoff['id']}"))
    assert (read["partner_reference"], len(read["steps"])) == ("D-1", 2)


async def test_what_was_asked_once_is_not_asked_again_by_a_repetition_and_something_else_is(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post(answer_path(handoff), ASKED))
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/completions", {"note": "Le voici"}))
    late = await ok(bank.post(answer_path(handoff), ASKED))
    assert (late["known"], late["status"]) == (True, "in_progress")
    more = await ok(bank.post(answer_path(handoff), {**ASKED, "asked": "Le contrat de travail"}))
    assert (more["known"], more["status"]) == (False, "more_information")


async def test_an_acceptance_that_became_a_refusal_stays_one_when_it_is_told_again(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post(answer_path(handoff), ACCEPTED))
    await ok(bank.post(answer_path(handoff), {**REFUSED, "decided_on": "2018-03-18"}))
    late = await ok(bank.post(answer_path(handoff), ACCEPTED))
    assert (late["known"], late["status"], late["answered_on"]) == (True, "refused", "2018-03-18")
    await refused(bank.post(answer_path(handoff), REFUSED), 409, "answer_differs")


async def test_an_answer_is_known_once_the_file_was_taken_back_and_its_acknowledgement_too(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    received = f"/partner/handoffs/{handoff['id']}/acknowledgements"
    await ok(bank.post(received, {"reference": "D-1"}))
    await ok(bank.post(answer_path(handoff), ACCEPTED))
    taken_back = {"withdrawn_on": "2018-03-17", "reason": "Le projet a changé"}
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/withdrawals", taken_back))
    for path, told in ((received, {"reference": "D-1"}), (answer_path(handoff), ACCEPTED)):
        answer = await ok(bank.post(path, told))
        assert (answer["known"], answer["status"], answer["partner_reference"]) == (True, "withdrawn", "D-1")
    await refused(bank.post(received), 409, "illegal_transition")


async def test_of_one_answer_sent_many_times_at_once_under_keys_of_its_own_one_is_recorded(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    answers = await asyncio.gather(*(bank.post(answer_path(handoff), REFUSED) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    assert sorted(answer.json()["known"] for answer in answers) == [False, True, True, True, True]
    assert [row["action"] for row in steps_of(databases, amiens)] == ["send", "refuse"]
