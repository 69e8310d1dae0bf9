"""Files that wait for papers, that are referred, that are taken up again: nothing of how they ended is lost."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.api.test_referrals import authorise, organisation, to
from tests.lenders import lender_of, prechecked
from tests.lenders import taken_in as taken_in_2018
from tests.support import Ccas, Databases, Json, demand, ok, refused, run_sql, submitted

REFERRAL: Json = {"kind": "partner_lender", "given_on": "2011-01-12"}
REOPENED: Json = {"reason": "La personne est revenue avec le devis", "reopened_on": "2011-02-01"}


def closing(**changes: Any) -> Json:
    return {"outcome": "referred", "reason_code": "referred_elsewhere", "reason": "L’ADIE convient mieux",
            "other_answer": REFERRAL, "closed_on": "2011-01-12", **changes}  # fmt: skip


async def taken_in(ccas: Ccas) -> str:
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas))))['id']}"


async def assessed(ccas: Ccas) -> str:
    path = await taken_in(ccas)
    await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2011-01-10"}))
    return path


async def referred(ccas: Ccas) -> str:
    path = await assessed(ccas)
    await refer(ccas, path)
    return path


async def refer(ccas: Ccas, path: str, **changes: Any) -> str:
    """Sends the applicant elsewhere; the identifier of the organisation."""
    elsewhere = await organisation(ccas)
    await authorise(ccas, (await ok(ccas.agent.get(path)))["applicant_id"], elsewhere)
    await ok(ccas.agent.post(f"{path}/referrals", to(elsewhere, **changes)))
    return elsewhere


async def test_a_file_waits_for_papers_and_goes_on(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await refused(besancon.agent.post(f"{path}/await-papers", {"awaited_on": "2011-01-09"}), 409, "date_out_of_order")
    waiting = await ok(besancon.agent.post(f"{path}/await-papers", {"awaited_on": "2011-01-11"}))
    assert waiting["status"] == "awaiting_papers"
    await refused(besancon.agent.post(f"{path}/await-papers"), 409, "illegal_transition")
    assert (await ok(besancon.agent.post(f"{path}/assess", {"assessed_on": "2011-01-20"})))["status"] == "assessment"


async def test_a_file_is_referred_to_somebody_of_the_directory(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await refused(besancon.agent.post(f"{path}/close", closing()), 409, "no_referral")
    answer = {**REFERRAL, "organisation_id": await refer(besancon, path)}
    ended = await ok(besancon.agent.post(f"{path}/close", closing(other_answer=answer)))
    assert (ended["status"], ended["other_answer"]) == ("referred", {**answer, "attempts_on": []})


@pytest.mark.parametrize("kind", ["budget_advice", "family_solution", "over_indebtedness"])
async def test_a_file_is_not_referred_to_nobody(besancon: Ccas, databases: Databases, kind: str) -> None:
    path = await assessed(besancon)
    body = closing(other_answer={**REFERRAL, "kind": kind})
    problem = await refused(besancon.agent.post(f"{path}/close", body), 409, "referred_nowhere")
    assert "Autre partenaire microcrédit" in problem["detail"]
    assert (await ok(besancon.agent.get(path)))["status"] == "assessment"
    statement = (
        "update requests set status = 'referred', other_answer_kind = :kind, other_answer_on = '2011-01-12'"
        " where id = :id"
    )
    with pytest.raises(IntegrityError, match="referred_somewhere"):
        run_sql(databases, besancon, statement, kind=kind, id=path.rpartition("/")[2])


async def test_a_file_taken_up_again_keeps_how_it_had_been_closed(besancon: Ccas, databases: Databases) -> None:
    path = await referred(besancon)
    await ok(besancon.agent.post(f"{path}/close", closing()))
    reopened = await ok(besancon.agent.post(f"{path}/reopen", REOPENED))
    forgotten = ("closing_reason_code", "closing_reason", "other_answer")
    assert (reopened["status"], [reopened[name] for name in forgotten]) == ("assessment", [None] * 3)
    (once,) = (await ok(besancon.decider.get(f"{path}/reopenings")))["items"]
    assert once | {"id": None, "entered_at": None} == {
        **REOPENED,
        "id": None,
        "closed_as": "referred",
        "closing_reason_code": "referred_elsewhere",
        "closing_reason": "L’ADIE convient mieux",
        "other_answer": {**REFERRAL, "organisation_id": None, "attempts_on": []},
        "account_id": str(besancon.agent.account_id),
        "entered_at": None,
    }
    await ok(besancon.agent.post(f"{path}/close", closing(outcome="withdrawn", closed_on="2011-02-02")))
    await ok(besancon.agent.post(f"{path}/reopen", {"reason": "Encore", "reopened_on": "2011-02-03"}))
    items = (await ok(besancon.agent.get(f"{path}/reopenings")))["items"]
    assert [item["closed_as"] for item in items] == ["withdrawn", "referred"]
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, "delete from request_reopenings")


async def test_a_file_closed_before_its_assessment_is_taken_up_at_intake(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await ok(besancon.agent.post(f"{path}/close", closing(outcome="closed_without_action")))
    assert (await ok(besancon.agent.post(f"{path}/reopen", REOPENED)))["status"] == "intake"


async def test_reopening_does_not_step_over_the_check_of_the_lender(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    request = await taken_in_2018(toulouse)
    await prechecked(toulouse, lender, request, "unfavorable")
    path = f"/requests/{request['id']}"
    await refer(toulouse, path, referred_on="2018-03-19", answer_expected_on="2018-04-19")
    answer = {"kind": "social_referent", "given_on": "2018-03-20"}
    await ok(toulouse.agent.post(f"{path}/close", closing(other_answer=answer, closed_on="2018-03-20")))
    again = await ok(toulouse.agent.post(f"{path}/reopen", {"reason": "Nouvelle situation"}))
    assert again["status"] == "intake"
    await refused(toulouse.agent.post(f"{path}/assess"), 409, "check_not_favourable")


async def test_what_has_not_ended_is_not_reopened(besancon: Ccas) -> None:
    for path in (await taken_in(besancon), f"/requests/{await submitted(besancon)}"):
        await refused(besancon.agent.post(f"{path}/reopen", {"reason": "Encore"}), 409, "illegal_transition")
        assert (await ok(besancon.agent.get(f"{path}/reopenings")))["items"] == []


@pytest.mark.parametrize(("on", "code"), [("2199-01-01", "date_in_future"), ("2011-01-11", "date_out_of_order")])
async def test_a_file_is_not_taken_up_before_it_was_closed_nor_tomorrow(besancon: Ccas, on: str, code: str) -> None:
    path = await referred(besancon)
    await ok(besancon.agent.post(f"{path}/close", closing()))
    await refused(besancon.agent.post(f"{path}/reopen", {**REOPENED, "reopened_on": on}), 409, code)
    assert (await ok(besancon.agent.get(path)))["status"] == "referred"
    assert (await ok(besancon.agent.get(f"{path}/reopenings")))["items"] == []


async def test_another_ccas_cannot_reopen_what_it_does_not_see(besancon: Ccas, toulouse: Ccas) -> None:
    path = await referred(besancon)
    await ok(besancon.agent.post(f"{path}/close", closing()))
    await refused(toulouse.agent.post(f"{path}/reopen", REOPENED), 404, "not_found")
    await refused(toulouse.agent.get(f"{path}/reopenings"), 404, "not_found")
