"""What a lender reports of its loan by letter: what its machine would tell, the same fact by either way."""

from uuid import uuid4

import pytest

from tests.api.test_lender_reports import acceleration, loss, push, reports, schedule
from tests.api.test_lender_reversals import reversal
from tests.api.test_statements import loan_on, running, tell
from tests.lenders import lender_of, letter, repayment_line
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

OF_LOSS: Json = {"amount_cents": 1_000, "loss_reference": "P-1"}
TOLD: dict[str, Json] = {
    "schedules": schedule(("2018-07-05", 96_000, 1_000), ("2018-08-05", 96_151, 500)),
    "accelerations": acceleration(outstanding_principal_cents=192_151),
    "losses": loss(),
    "guarantee-calls": {"reference": "G-1", "called_on": "2018-12-05", "guarantor": "Fonds", **OF_LOSS},
    "recoveries": {"reference": "RC-1", "recovered_on": "2018-12-10", **OF_LOSS},
    "reversals": reversal("repayment", "R-1"),
}
BEFORE = {"schedules": "2018-06-09", "accelerations": "2018-08-19", "losses": "2018-11-30",
          "guarantee-calls": "2018-12-04", "recoveries": "2018-12-09", "reversals": "2018-06-19"}  # fmt: skip


@pytest.mark.parametrize("what", TOLD)
async def test_a_report_is_the_same_by_letter_by_another_letter_and_by_the_machine(
    databases: Databases, amiens: Ccas, what: str
) -> None:
    bank, handoff, path = await running(databases, amiens)
    body, by_letter = TOLD[what], {**TOLD[what], "letter": letter("2018-12-31")}
    first = await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/{what}", by_letter))
    other = {**body, "letter": letter("2019-01-02", reference="CM/2019/1")}
    again = await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/{what}", other))
    by_machine = await push(bank, handoff, what, body)
    assert (first["known"], again["known"], by_machine["known"]) == (False, True, True)
    assert len({one["id"] for one in (first, again, by_machine)}) == 1
    assert [one["source"] for one in await reports(amiens, path)] == ["reported_by_staff"]
    changed = {**other, "reference": body["reference"], **_another_day(body)}
    await refused(amiens.agent.post(f"/handoffs/{handoff['id']}/{what}", changed), 409, "reference_already_used")


@pytest.mark.parametrize("what", TOLD)
async def test_what_the_machine_told_is_known_by_letter(databases: Databases, amiens: Ccas, what: str) -> None:
    bank, handoff, path = await running(databases, amiens)
    told = await push(bank, handoff, what, TOLD[what])
    by_letter = {**TOLD[what], "letter": letter("2018-12-31")}
    again = await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/{what}", by_letter))
    assert (again["id"], again["known"]) == (told["id"], True)
    assert [one["source"] for one in await reports(amiens, path)] == ["partner_machine"]


@pytest.mark.parametrize("what", TOLD)
async def test_a_letter_of_before_what_it_reports_is_refused_by_its_name(
    databases: Databases, amiens: Ccas, what: str
) -> None:
    _, handoff, path = await running(databases, amiens)
    where = f"/handoffs/{handoff['id']}/{what}"
    for dated_on, code in ((BEFORE[what], "date_out_of_order"), ("2118-01-01", "date_in_future")):
        told = await refused(amiens.agent.post(where, {**TOLD[what], "letter": letter(dated_on)}), 409, code)
        assert told["field"] == "letter.dated_on"
    await refused(amiens.agent.post(where, TOLD[what]), 422, "invalid")
    assert await reports(amiens, path) == []
    assert run_sql(databases, amiens, "select id from tellings union select id from loan_decisions") == []


async def test_agents_enter_reports_by_letter_of_their_own_ccas_and_nobody_else(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    _, handoff, path = await running(databases, amiens)
    for what, body in TOLD.items():
        by_letter = {**body, "letter": letter("2018-12-31")}
        for other in (amiens.decider, amiens.manager, lender_of(databases, amiens)):
            await refused(other.post(f"/handoffs/{handoff['id']}/{what}", by_letter), 403, "forbidden")
        for identifier in (handoff["id"], str(uuid4())):
            await refused(fresnes.agent.post(f"/handoffs/{identifier}/{what}", by_letter), 404, "not_found")
    assert await reports(amiens, path) == []


async def test_a_bank_without_a_machine_tells_of_the_end_of_its_loan_by_letters(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    await tell(bank, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
    for what in ("accelerations", "losses", "guarantee-calls", "recoveries"):
        by_letter = {**TOLD[what], "letter": letter("2018-12-31")}
        assert (await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/{what}", by_letter)))["known"] is False
    loan = await loan_on(amiens, path, "2018-12-31")
    assert (loan["status"], loan["outstanding_cents"], loan["legally_due_cents"]) == ("closed", 0, 192_151)
    login = (await ok(amiens.agent.get("/me")))["username"].partition("@")[0]
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    told = [item for item in timeline if item["kind"] == "lender_report"]
    assert {(item["author"], item["partner"], item["source"]) for item in told} == {
        (login, amiens.lender, "reported_by_staff")
    }
    (entered,) = run_sql(databases, amiens, "select count(*) as many from tellings")
    assert entered["many"] == 1


def _another_day(body: Json) -> Json:
    name = next(name for name in body if name.endswith("_on"))
    return {name: "2018-06-01"}
