"""Support during a loan: agreed in the form that the rules ask, ending with the schedule in force, moral only."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError

from app.domain.products import Commitment
from tests.api.test_overrides import open_changed
from tests.arrears import decided
from tests.lenders import accepted_file, offer, offered_by, signed
from tests.support import Ccas, Databases, Json, disbursed, offered, ok, refused, repayment, run_sql

# The last of 24 instalments of 85 €, the first due on 5 February 2011.
LAST_DUE_ON = "2013-01-05"


def contract(**changes: Any) -> Json:
    return {
        "form": "oral",
        "agreed_on": "2011-01-22",
        "actions_planned": ["social_referent_follow_up", "budget_follow_up"],
        **changes,
    }


async def agreed(ccas: Ccas, loan_id: str, **changes: Any) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/support-contracts", contract(**changes)))


async def not_agreed(ccas: Ccas, loan_id: str, code: str, **changes: Any) -> Json:
    """The refusal, which leaves nothing behind."""
    path = f"/loans/{loan_id}/support-contracts"
    before = await ok(ccas.agent.get(path))
    problem = await refused(ccas.agent.post(path, contract(**changes)), 409, code)
    assert await ok(ccas.agent.get(path)) == before
    return problem


async def directory(ccas: Ccas, *kinds: str) -> str:
    """The identifier of an organisation of the CCAS's directory."""
    body = {"name": f"Association {'-'.join(kinds)}", "kinds": list(kinds)}
    return str((await ok(ccas.agent.post("/organisations", body)))["id"])


async def everything_of(ccas: Ccas, loan_id: str) -> list[Json]:
    """All that the loan is: itself, its schedule, its ledger."""
    return [await ok(ccas.agent.get(f"/loans/{loan_id}{part}")) for part in ("", "/schedule", "/ledger")]


async def test_support_is_agreed_and_lasts_as_long_as_the_loan(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    expected = {
        "loan_id": loan_id,
        "version": 1,
        "form": "oral",
        "agreed_on": "2011-01-22",
        "organisation_id": None,
        "actions_planned": ["budget_follow_up", "social_referent_follow_up"],
        "agreed_ends_on": None,
        "ended_on": None,
        "ending_reason": None,
        "ends_on": LAST_DUE_ON,
        "status": "ended",
    }
    assert expected.items() <= made.items()
    path = f"/loans/{loan_id}/support-contracts"
    assert await ok(besancon.manager.get(path)) == {"items": [made], "next_cursor": None}
    response = await besancon.decider.get(f"/support-contracts/{made['id']}")
    assert (response.json(), response.headers["etag"]) == (made, '"1"')


async def test_the_end_of_support_follows_the_schedule_in_force(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    deferral = {"months": 3, "first_number": 24, "decision": decided("2011-05-04")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/deferrals", deferral))
    read = await ok(besancon.agent.get(f"/support-contracts/{made['id']}"))
    assert (made["ends_on"], read) == ("2013-01-05", {**made, "ends_on": "2013-04-05"})


async def test_a_commitment_that_is_not_kept_changes_nothing_of_the_loan(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(8_500, "2011-02-05", "B-1")))
    before = await everything_of(besancon, loan_id)
    made = await agreed(besancon, loan_id, form="written")
    path = f"/support-contracts/{made['id']}"
    told = {"ended_on": "2011-06-30", "reason": "Absence aux rendez-vous proposés"}
    ended = await ok(besancon.agent.post(f"{path}/end", told))
    assert await everything_of(besancon, loan_id) == before
    assert ended == {
        **made,
        "version": 2,
        "ended_on": "2011-06-30",
        "ending_reason": told["reason"],
        "ends_on": "2011-06-30",
        "status": "ended",
    }


@pytest.mark.parametrize(
    ("ended_on", "code", "facts"),
    [
        ("2011-01-21", "date_out_of_order", {"not_before": "2011-01-22"}),
        ("2118-01-01", "date_in_future", {"field": "ended_on"}),
        ("2013-01-06", "support_ended", {"ends_on": LAST_DUE_ON}),
    ],
)
async def test_support_ends_while_it_runs(besancon: Ccas, ended_on: str, code: str, facts: Json) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    path = f"/support-contracts/{made['id']}"
    problem = await refused(
        besancon.agent.post(f"{path}/end", {"ended_on": ended_on, "reason": "Déménagement"}), 409, code
    )
    assert facts.items() <= problem.items()
    assert await ok(besancon.agent.get(path)) == made


async def test_support_ends_once_and_may_be_agreed_anew_with_somebody_else(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    first = await agreed(besancon, loan_id)
    problem = await not_agreed(besancon, loan_id, "support_already_agreed", agreed_on="2011-06-30")
    assert problem["ends_on"] == LAST_DUE_ON
    path = f"/loans/{loan_id}/support-contracts"
    end = {"ended_on": "2011-06-30", "reason": "Départ du référent"}
    await ok(besancon.agent.post(f"/support-contracts/{first['id']}/end", end))
    await refused(besancon.agent.post(f"/support-contracts/{first['id']}/end", end), 409, "support_ended")
    await not_agreed(besancon, loan_id, "support_already_agreed", agreed_on="2011-06-29")
    supporter = await directory(besancon, "referral")
    second = await agreed(besancon, loan_id, agreed_on="2011-06-30", organisation_id=supporter)
    assert (second["organisation_id"], second["ends_on"]) == (supporter, LAST_DUE_ON)
    listed = await ok(besancon.agent.get(path))
    assert [item["id"] for item in listed["items"]] == [first["id"], second["id"]]


async def test_support_is_agreed_between_the_offer_and_the_last_due_date(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    problem = await not_agreed(besancon, loan_id, "date_out_of_order", agreed_on="2011-01-20")
    assert problem["not_before"] == "2011-01-21"
    await not_agreed(besancon, loan_id, "date_in_future", agreed_on="2118-01-01")
    for field, days in (
        ("agreed_on", {"agreed_on": "2013-01-06"}),
        ("agreed_ends_on", {"agreed_ends_on": "2013-01-06"}),
    ):
        problem = await not_agreed(besancon, loan_id, "support_beyond_loan", **days)
        assert (problem["field"], problem["loan_ends_on"]) == (field, LAST_DUE_ON)
    made = await agreed(besancon, loan_id, agreed_ends_on="2011-06-30")
    assert (made["agreed_ends_on"], made["ends_on"]) == ("2011-06-30", "2011-06-30")
    again = await agreed(besancon, loan_id, agreed_on="2011-06-30")
    assert again["ends_on"] == LAST_DUE_ON


async def test_support_of_a_loan_that_is_given_up_ends_that_day(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    made = await agreed(besancon, loan_id)
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", {"cancelled_on": "2011-01-25", "reason": "Refus"}))
    read = await ok(besancon.agent.get(f"/support-contracts/{made['id']}"))
    assert read["ends_on"] == "2011-01-25"
    await not_agreed(besancon, loan_id, "support_beyond_loan", agreed_on="2011-01-26")


async def test_where_the_rules_ask_a_written_contract_an_oral_one_is_refused(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, commitment=Commitment.WRITTEN, support_months=6)
    loan_id = await disbursed(ccas)
    await not_agreed(ccas, loan_id, "written_support_asked")
    problem = await not_agreed(ccas, loan_id, "support_too_short", form="written", agreed_ends_on="2011-07-21")
    assert problem["asked_until"] == "2011-07-22"
    made = await agreed(ccas, loan_id, form="written")
    assert (made["agreed_ends_on"], made["ends_on"]) == (None, "2011-07-22")


async def test_at_toulouse_the_support_contract_is_that_which_was_signed_with_the_loan(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    day = {"form": "written", "agreed_on": "2018-03-26"}
    await not_agreed(toulouse, loan_id, "written_support_asked", agreed_on="2018-03-26")
    await not_agreed(toulouse, loan_id, "loan_not_signed", **day)
    await signed(toulouse, loan_id)
    problem = await not_agreed(toulouse, loan_id, "signed_on_another_day", form="written", agreed_on="2018-03-27")
    assert (problem["field"], problem["expected_on"]) == ("agreed_on", "2018-03-26")
    problem = await not_agreed(toulouse, loan_id, "support_too_short", **day, agreed_ends_on="2021-04-04")
    assert problem["asked_until"] == "2021-04-05"
    assert (await agreed(toulouse, loan_id, **day))["ends_on"] == "2021-04-05"


async def test_who_supports_is_in_the_directory(besancon: Ccas, toulouse: Ccas) -> None:
    loan_id = await disbursed(besancon)
    theirs = await directory(toulouse, "referral")
    problem = await not_agreed(besancon, loan_id, "organisation_unknown", organisation_id=theirs)
    assert problem["field"] == "organisation_id"


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        ({"form": "none"}, "/body/form", "not_one_of"),
        ({"actions_planned": ["anything"]}, "/body/actions_planned/0", "unknown_code"),
        ({"agreed_ends_on": "2011-01-21"}, "/body/agreed_ends_on", "ends_before_it_begins"),
    ],
)
async def test_what_does_not_fit_is_told_field_by_field(besancon: Ccas, changes: Json, at: str, code: str) -> None:
    loan_id = await disbursed(besancon)
    problem = await refused(
        besancon.agent.post(f"/loans/{loan_id}/support-contracts", contract(**changes)), 422, "invalid"
    )
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(at, code)]


# What was done.


async def test_what_was_done_is_added_and_never_changed(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    path = f"/support-contracts/{made['id']}"
    follow_up = {"kind": "budget_follow_up", "done_on": "2011-03-10", "note": "Point sur le découvert"}
    first = await ok(besancon.agent.post(f"{path}/support-actions", follow_up))
    assert follow_up.items() <= first.items()
    meeting = {"kind": "social_referent_follow_up", "done_on": "2011-02-01"}
    second = await ok(besancon.agent.post(f"{path}/support-actions", meeting))
    assert (second["note"], second["account_id"]) == (None, str(besancon.agent.account_id))
    assert (await ok(besancon.manager.get(f"{path}/support-actions")))["items"] == [second, first]
    for statement in ("update support_actions set note = null", "delete from support_actions"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, f"{statement} where id = :id", id=first["id"])
    assert await ok(besancon.agent.get(path)) == made


async def test_what_was_done_lies_between_the_agreement_and_its_end(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    path = f"/support-contracts/{made['id']}"
    tomorrow = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - only that it is to come matters
    for day, code in (
        ("2011-01-21", "date_out_of_order"),
        (tomorrow, "date_in_future"),
        ("2013-01-06", "support_ended"),
    ):
        action = {"kind": "project_follow_up", "done_on": day}
        await refused(besancon.agent.post(f"{path}/support-actions", action), 409, code)
    assert (await ok(besancon.agent.get(f"{path}/support-actions")))["items"] == []
    await ok(besancon.agent.post(f"{path}/support-actions", {"kind": "project_follow_up", "done_on": "2011-05-10"}))
    end = {"ended_on": "2011-05-09", "reason": "Déménagement"}
    problem = await refused(besancon.agent.post(f"{path}/end", end), 409, "date_out_of_order")
    assert problem["not_before"] == "2011-05-10"


async def test_who_comes_to_a_workshop_is_not_told_as_an_action(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id, actions_planned=["group_actions", "group_actions"])
    assert made["actions_planned"] == ["group_actions"]
    action = {"kind": "group_actions", "done_on": "2011-05-10"}
    path = f"/support-contracts/{made['id']}/support-actions"
    problem = await refused(besancon.agent.post(path, action), 422, "invalid")
    assert [error["code"] for error in problem["errors"]] == ["unknown_code"]


async def test_agents_write_and_all_staff_read(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    made = await agreed(besancon, loan_id)
    path = f"/loans/{loan_id}/support-contracts"
    for staff in (besancon.decider, besancon.manager):
        await refused(staff.post(path, contract()), 403, "forbidden")
        end = {"ended_on": "2011-05-09", "reason": "Départ"}
        await refused(staff.post(f"/support-contracts/{made['id']}/end", end), 403, "forbidden")
        assert (await ok(staff.get(path)))["items"] == [made]


async def test_the_database_refuses_an_end_without_its_reason_or_before_the_agreement(
    besancon: Ccas, databases: Databases
) -> None:
    made = await agreed(besancon, await disbursed(besancon))
    for change, constraint in (
        ("update support_contracts set ended_on = '2011-06-30' where id = :id", "ending_whole"),
        ("update support_contracts set agreed_ends_on = '2011-01-21' where id = :id", "ends_after_it_begins"),
    ):
        with pytest.raises(DBAPIError, match=constraint):
            run_sql(databases, besancon, change, id=made["id"])
