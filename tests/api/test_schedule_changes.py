"""The versions of a schedule over HTTP: numbered, immutable, one in force, the last change undone at will."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from tests.schedules import decided, defer, deferral, lending_at, pay, repay_early, rows_of, running, told
from tests.support import Ccas, Databases, Json, disbursed, ok, refused, run_sql


async def changes_of(ccas: Ccas, loan_id: str) -> list[Json]:
    """Every version in the order in which it came into force."""
    return list((await ok(ccas.agent.get(f"/loans/{loan_id}/schedule-changes")))["items"])


async def cancel(ccas: Ccas, loan_id: str, version: int, on: str = "2011-06-01") -> Json:
    """Undoes the change that made a version."""
    body = {"decision": decided(on, reason="Saisie erronée")}
    return await ok(ccas.agent.post(f"/loans/{loan_id}/schedule-changes/{version}/cancellation", body))


async def test_a_contract_is_the_first_version_and_nothing_decided_it(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    (first,) = await changes_of(besancon, loan_id)
    assert {name: first[name] for name in ("version", "kind", "effective_on", "decision", "is_in_force")} == {
        "version": 1,
        "kind": "contract",
        "effective_on": None,
        "decision": None,
        "is_in_force": True,
    }


async def test_cancelling_puts_the_version_before_in_force_again_from_the_same_day(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    before = await rows_of(besancon, loan_id)
    await defer(besancon, loan_id, 3, "2011-03-20")
    undone = await cancel(besancon, loan_id, 2)
    assert {name: undone[name] for name in ("version", "kind", "effective_on", "cancels_version", "is_in_force")} == {
        "version": 1,
        "kind": "contract",
        "effective_on": "2011-03-20",
        "cancels_version": 2,
        "is_in_force": True,
    }
    assert (undone["decision"]["kind"], undone["decision"]["reason"]) == ("cancellation", "Saisie erronée")
    assert await rows_of(besancon, loan_id) == before
    assert [change["is_in_force"] for change in await changes_of(besancon, loan_id)] == [False, False, True]
    assert len(await rows_of(besancon, loan_id, version=2)) == 24


async def test_changes_are_undone_from_the_last_to_the_first_and_new_ones_follow(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    contract = told(await rows_of(besancon, loan_id))
    await defer(besancon, loan_id, 3, "2011-03-20")
    second = told(await rows_of(besancon, loan_id))
    await defer(besancon, loan_id, 5, "2011-04-20")
    path = f"/loans/{loan_id}/schedule-changes"
    body = {"decision": decided("2011-06-01")}
    problem = await refused(besancon.agent.post(f"{path}/2/cancellation", body), 409, "not_last_change")
    assert problem["version"] == 3
    await cancel(besancon, loan_id, 3)
    assert told(await rows_of(besancon, loan_id)) == second
    await refused(besancon.agent.post(f"{path}/3/cancellation", body), 409, "change_already_cancelled")
    await cancel(besancon, loan_id, 2)
    assert told(await rows_of(besancon, loan_id)) == contract
    await refused(besancon.agent.post(f"{path}/2/cancellation", body), 409, "change_already_cancelled")
    await refused(besancon.agent.post(f"{path}/1/cancellation", body), 409, "no_schedule_change")
    await defer(besancon, loan_id, 5, "2011-05-02")
    assert [change["version"] for change in await changes_of(besancon, loan_id)] == [1, 2, 3, 2, 1, 4]
    await cancel(besancon, loan_id, 4)
    assert told(await rows_of(besancon, loan_id)) == contract


async def test_a_version_that_is_not_there_is_not_found(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    body = {"decision": decided("2011-06-01")}
    await refused(besancon.agent.post(f"/loans/{loan_id}/schedule-changes/7/cancellation", body), 404, "not_found")


async def test_what_was_paid_since_is_met_again_under_the_version_before(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    before = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-01-04"))
    await repay_early(ccas, loan_id, 40_000, "2012-01-05", "shorten")
    undone = await cancel(ccas, loan_id, 2, on="2012-02-01")
    assert (undone["interest_cents"], undone["cost_cents"]) == (13_173, 2_138)
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-02-01"))
    # 400 € in advance are four instalments and a part, whose interest comes first.
    assert (loan["outstanding_cents"], loan["schedule_version"]) == (65_324, 1)
    assert await ok(ccas.agent.get(f"/loans/{loan_id}", as_of="2012-01-04")) == {**before, "version": loan["version"]}


async def test_of_two_changes_of_what_both_had_seen_one_wins_and_the_other_is_told(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path = f"/loans/{loan_id}/deferrals"
    asked = [deferral(number, "2011-03-20", schedule_version=1) for number in (3, 4, 5, 6)]
    responses = await asyncio.gather(*(besancon.agent.post(path, body) for body in asked))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 3}
    assert {response.json()["code"] for response in responses if not response.is_success} == {"schedule_replaced"}
    assert [change["is_in_force"] for change in await changes_of(besancon, loan_id)] == [False, True]


async def test_changes_made_at_once_follow_one_another(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path = f"/loans/{loan_id}/deferrals"
    responses = await asyncio.gather(
        *(besancon.agent.post(path, deferral(number, "2011-03-20")) for number in (3, 6, 9))
    )
    assert [response.status_code for response in responses] == [201] * 3
    changes = await changes_of(besancon, loan_id)
    assert [change["version"] for change in changes] == [1, 2, 3, 4]
    assert [change["is_in_force"] for change in changes] == [False, False, False, True]
    assert (await rows_of(besancon, loan_id))[-1]["due_on"] == "2013-04-05"


async def test_a_change_and_its_cancelling_at_once_leave_one_version_in_force(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 3, "2011-03-20")
    undo = {"decision": decided("2011-06-01")}
    path = f"/loans/{loan_id}/schedule-changes/2/cancellation"
    responses = await asyncio.gather(*(besancon.agent.post(path, undo) for _ in range(3)))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 2}
    assert {one.json()["code"] for one in responses if not one.is_success} == {"change_already_cancelled"}
    assert sum(change["is_in_force"] for change in await changes_of(besancon, loan_id)) == 1


async def test_the_database_itself_refuses_a_second_version_in_force(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 3, "2011-03-20")
    copied = (
        "insert into schedule_activations"
        " (tenant_id, id, loan_id, schedule_id, effective_on, supersedes_id, decision_id, entered_at)"
        " select tenant_id, :new_id, loan_id, schedule_id, effective_on, supersedes_id, decision_id, entered_at"
        " from schedule_activations where loan_id = :loan_id and supersedes_id is {}"
    )
    for is_null in ("null", "not null"):
        with pytest.raises(IntegrityError):
            run_sql(databases, besancon, copied.format(is_null), new_id=uuid4(), loan_id=loan_id)


async def test_what_may_be_done_is_told_with_the_reasons_against_it(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    names = ("defer", "reschedule", "repay_early", "cancel_change")

    async def possible() -> dict[str, list[str]]:
        actions = (await ok(besancon.agent.get(f"/loans/{loan_id}/actions")))["items"]
        return {one["action"]: one["reasons"] for one in actions if one["action"] in names}

    nothing: dict[str, list[str]] = {name: [] for name in names}
    assert await possible() == {**nothing, "cancel_change": ["no_schedule_change"]}
    await defer(besancon, loan_id, 3, "2011-03-20")
    assert await possible() == nothing
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-06-05"}))
    assert await possible() == {"defer": ["state"], "reschedule": [], "repay_early": ["state"], "cancel_change": []}


async def test_support_lasts_until_the_last_due_date_of_the_schedule_in_force(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    contract = {"form": "oral", "agreed_on": "2011-01-22"}
    path = f"/loans/{loan_id}/support-contracts"
    contract_id = (await ok(besancon.agent.post(path, contract)))["id"]

    async def ends_on() -> str:
        return str((await ok(besancon.agent.get(f"/support-contracts/{contract_id}")))["ends_on"])

    assert await ends_on() == "2013-01-05"
    await defer(besancon, loan_id, 3, "2011-01-31")
    assert await ends_on() == "2013-02-05"
    await repay_early(besancon, loan_id, 200_000, "2011-02-01", "settle")
    assert await ends_on() == "2011-02-01"
    await cancel(besancon, loan_id, 3)
    assert await ends_on() == "2013-02-05"
