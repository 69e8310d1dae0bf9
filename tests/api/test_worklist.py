"""What waits for someone: derived from what is recorded, the longest first."""

from app.domain.worklist import WorkKind
from app.parameters.codes import codes
from app.services.worklist_kinds import STATEMENTS
from tests.api.test_assignments import agent_of, given_to
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.api.test_referrals import anonymous, answered, organisation, referral, to
from tests.api.test_workload import contact
from tests.lenders import OTHER_ANSWER, before_commission, check, endorsement, handed_over, lender_of, sent
from tests.support import (
    Ccas,
    Databases,
    Json,
    Staff,
    accepted,
    approved,
    disbursed,
    offered,
    ok,
    repayment,
    run_sql,
)

REFERRED: Json = {
    "outcome": "referred",
    "reason_code": "other",
    "other_answer": {"kind": "social_referent", "given_on": "2011-02-05"},
}


async def waiting(staff: Staff, **query: str) -> list[Json]:
    """All that waits, by pages of one."""
    items: list[Json] = []
    page = await ok(staff.get("/worklist", limit=1, **query))
    items += page["items"]
    while page["next_cursor"]:
        page = await ok(staff.get("/worklist", limit=1, cursor=page["next_cursor"], **query))
        items += page["items"]
    return items


async def kinds(ccas: Ccas) -> list[tuple[str, str]]:
    """What waits of a CCAS, and since when."""
    return [(one["kind"], one["since_on"]) for one in await waiting(ccas.agent)]


async def test_what_waits_is_listed_the_longest_first_over_pages(fresnes: Ccas) -> None:
    call = await contact(fresnes, "2018-02-01")
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    later = await contact(fresnes, "2018-03-02")
    found = await waiting(fresnes.agent)
    assert [(one["kind"], one["since_on"], one["contact_id"], one["request_id"]) for one in found] == [
        ("call_to_return", "2018-02-01", call["id"], None),
        ("nothing_done", "2018-03-01", None, request["id"]),
        ("call_to_return", "2018-03-02", later["id"], None),
    ]
    assert [one["title"] for one in found][:2] == ["Appel à rappeler", "Demande sans suite donnée"]
    assert found == (await ok(fresnes.agent.get("/worklist")))["items"]
    assert await waiting(fresnes.agent, kind="nothing_done") == [found[1]]


async def test_mine_is_of_the_files_that_one_holds_and_the_calls_that_one_took(
    fresnes: Ccas, databases: Databases
) -> None:
    other = agent_of(databases, fresnes)
    await contact(fresnes, "2018-02-01")
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    await ok(fresnes.agent.post(f"/requests/{request['id']}/assignments", given_to(other)))
    mine = {staff: [one["kind"] for one in await waiting(staff, mine="true")] for staff in (fresnes.agent, other)}
    assert mine == {fresnes.agent: ["call_to_return"], other: ["nothing_done"]}


async def test_each_commune_is_told_what_waits_there(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    await contact(fresnes, "2018-02-01", FRESNES)
    await ok(fresnes.agent.post("/requests", demand_of(fresnes, FRESNES)))
    own = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    assert [one["request_id"] for one in await waiting(conde)] == [own["id"]]
    assert len(await waiting(fresnes.agent)) == 3


async def test_a_loan_waits_for_its_signatures_then_for_its_money_then_for_what_is_late(besancon: Ccas) -> None:
    told = {}
    for made in (offered, accepted, disbursed):
        told[await made(besancon)] = made
    found = {one["loan_id"]: one for one in await waiting(besancon.agent)}
    seen = [(found[loan_id]["kind"], found[loan_id]["since_on"], found[loan_id]["due_on"]) for loan_id in told]
    assert seen == [
        ("contract_not_signed", "2011-01-21", None),
        ("money_not_paid", "2011-01-22", found[[*told][1]]["due_on"]),
        ("first_unpaid", "2011-02-05", "2011-02-05"),
    ]


async def test_an_unpaid_instalment_waits_until_it_is_paid(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    first = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["next_due"]
    (late,) = await waiting(besancon.agent, kind="first_unpaid")
    assert (late["loan_id"], late["due_on"]) == (loan_id, first["due_on"])
    path = f"/loans/{loan_id}/repayments"
    await ok(besancon.agent.post(path, repayment(first["amount_cents"], "2011-03-01", "B-1")))
    (later,) = await waiting(besancon.agent, kind="first_unpaid")
    assert later["due_on"] == (await ok(besancon.agent.get(f"/loans/{loan_id}")))["next_due"]["due_on"]
    await ok(besancon.agent.post(path, repayment(200_000 - first["amount_cents"], "2013-03-02", "B-2")))
    assert await waiting(besancon.agent, kind="first_unpaid") == []


async def test_a_file_waits_for_its_lender_until_it_answers(toulouse: Ccas, databases: Databases) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    (silent,) = await waiting(toulouse.agent, kind="silent_lender")
    assert silent["request_id"] == handoff["request_id"]
    answer = {"decision": "refused", "decided_on": "2018-03-20"}
    await ok(lender.post("/partner/ficp-checks", check(handoff, ref="C-late")))
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    assert await waiting(toulouse.agent, kind="silent_lender") == []


async def test_a_paper_is_late_the_day_after_it_was_due(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    asked = {"code": "identity", "asked_on": "2018-03-02", "due_on": "2018-03-16"}
    paper = await ok(fresnes.agent.post(f"/requests/{request['id']}/papers", asked))
    (late,) = await waiting(fresnes.agent, kind="late_paper")
    assert (late["request_id"], late["since_on"], late["due_on"]) == (request["id"], "2018-03-02", "2018-03-16")
    seen = {"seen_on": "2018-03-20", "kind": "original"}
    await ok(fresnes.agent.post(f"/papers/{paper['id']}/receipt", seen))
    assert await waiting(fresnes.agent, kind="late_paper") == []


async def test_a_file_waits_for_the_commission_then_to_be_sent_then_for_its_lender(
    toulouse: Ccas, databases: Databases
) -> None:
    lender = lender_of(databases, toulouse)
    path = await before_commission(toulouse, lender, 300_000)
    seen = [await kinds(toulouse)]
    await ok(toulouse.decider.post(f"{path}/decisions", endorsement(300_000, 36)))
    seen.append(await kinds(toulouse))
    handoff = await handed_over(toulouse, path.rpartition("/")[2], "loan_file", "2018-03-13")
    seen.append(await kinds(toulouse))
    back = {"withdrawn_on": "2018-03-14", "reason": "Mauvais devis"}
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", back))
    seen.append(await kinds(toulouse))
    assert seen == [
        [("before_commission", "2018-03-10")],
        [("to_send", "2018-03-12")],
        [("silent_lender", "2018-03-13")],
        [("to_send", "2018-03-14")],
    ]


async def test_a_refusal_of_the_lender_waits_until_the_person_is_given_another_answer(
    toulouse: Ccas, databases: Databases
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    await ok(lender.post("/partner/ficp-checks", check(handoff, ref="C-refused")))
    answer = {"decision": "refused", "decided_on": "2018-03-20"}
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    (refusal,) = await waiting(toulouse.agent)
    assert (refusal["kind"], refusal["since_on"], refusal["request_id"]) == (
        "lender_refused",
        "2018-03-20",
        handoff["request_id"],
    )
    end = {"outcome": "lender_refused", "reason_code": "other", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"/requests/{handoff['request_id']}/close", end))
    assert await kinds(toulouse) == []


async def test_an_approved_request_waits_for_its_contract_until_it_is_offered(besancon: Ccas) -> None:
    request_id = await approved(besancon)
    assert await kinds(besancon) == [("contract_to_offer", "2011-01-20")]
    terms = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    loan = await ok(besancon.agent.post(f"/requests/{request_id}/loans", terms))
    assert await kinds(besancon) == [("contract_not_signed", "2011-01-21")]
    cancelled = {"cancelled_on": "2011-01-22", "reason": "Désistement"}
    await ok(besancon.agent.post(f"/loans/{loan['id']}/cancellations", cancelled))
    assert await kinds(besancon) == [("contract_to_offer", "2011-01-20")]


async def test_an_appointment_whose_hour_has_passed_waits_for_its_outcome(besancon: Ccas, databases: Databases) -> None:
    call = await contact(besancon, "2011-01-05", besancon.insee_code)
    planned = {"starts_at": "2190-03-02T09:30:00+01:00", "kind": "desk"}
    made = await ok(besancon.agent.post(f"/contacts/{call['id']}/appointments", planned))
    assert await waiting(besancon.agent, kind="outcome_missing") == []
    # Time passes; the 2nd in Besançon, though still the 1st at Greenwich.
    earlier = "update appointments set starts_at = '2011-02-01T23:30:00Z' where id = :id"
    run_sql(databases, besancon, earlier, id=made["id"])
    (missing,) = await waiting(besancon.agent, kind="outcome_missing", mine="true")
    assert (missing["since_on"], missing["contact_id"], missing["request_id"]) == ("2011-02-02", call["id"], None)
    await ok(besancon.agent.post(f"/appointments/{made['id']}/outcome", {"status": "missed"}))
    assert await waiting(besancon.agent, kind="outcome_missing") == []


async def test_a_referral_in_vain_waits_until_the_person_is_referred_again_or_the_file_ends(besancon: Ccas) -> None:
    for answer in ("refused", "no_papers", "never_went"):
        made = await referral(besancon)
        await answered(besancon, made, "accepted")
        assert await waiting(besancon.agent, kind="referral_not_accepted") == []
        await answered(besancon, made, answer, "2011-02-03")
        (vain,) = await waiting(besancon.agent, kind="referral_not_accepted")
        assert (vain["since_on"], vain["request_id"]) == ("2011-02-03", made["request_id"])
        path = f"/requests/{made['request_id']}"
        if answer == "refused":
            again = to(made["organisation_id"], referred_on="2011-02-04", answer_expected_on="2190-01-01")
            await ok(besancon.agent.post(f"{path}/referrals", again))
        else:
            await ok(besancon.agent.post(f"{path}/close", REFERRED))
        assert await waiting(besancon.agent, kind="referral_not_accepted") == []


async def test_a_referral_that_fails_after_the_file_ended_on_it_waits(besancon: Ccas) -> None:
    made = await referral(besancon)
    await ok(besancon.agent.post(f"/requests/{made['request_id']}/close", REFERRED))
    await answered(besancon, made, "refused")
    (vain,) = await waiting(besancon.agent, kind="referral_not_accepted")
    assert vain["request_id"] == made["request_id"]


async def test_a_referral_in_vain_of_a_contact_waits_while_nothing_else_was_answered(besancon: Ccas) -> None:
    adie = await organisation(besancon, name="ADIE")
    for before in (True, False):
        path = await anonymous(besancon)
        appointment = {"appointment_at": "2011-01-17T13:30:00Z"}
        made = await ok(besancon.agent.post(f"{path}/referrals", to(adie, **appointment)))
        end = {"reason_code": "other", "other_answer": {"kind": "budget_advice", "given_on": "2011-02-02"}}
        if before:
            await answered(besancon, made, "never_went")
            (vain,) = await waiting(besancon.agent, kind="referral_not_accepted")
            assert (vain["contact_id"], vain["request_id"]) == (path.rpartition("/")[2], None)
            await ok(besancon.agent.post(f"{path}/close", end))
            assert await waiting(besancon.agent, kind="referral_not_accepted") == []
        else:
            await ok(besancon.agent.post(f"{path}/close", end))
            await answered(besancon, made, "never_went")
            assert len(await waiting(besancon.agent, kind="referral_not_accepted")) == 1


def test_every_kind_of_what_waits_has_its_words_and_its_statement() -> None:
    assert codes("work_kinds") == {kind.value for kind in WorkKind} == set(STATEMENTS)
