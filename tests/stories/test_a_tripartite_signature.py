"""« Signent l’offre de prêt et le contrat d’accompagnement social »: the borrower, the lender and the CCAS, together.

The steps at Toulouse are those of the experience sheet of its CCAS, at Amiens those of the article on its microcredit;
days, amounts and names, which they do not print, are assumed.
"""

from typing import Any

from tests.api.test_action_plans import assessed, starting
from tests.api.test_endorsements import ADJOURNED
from tests.api.test_loan_documents import amount, text_of, words
from tests.committees import Sitting, session_of, settled
from tests.lenders import (
    OTHER_ANSWER,
    accepted_by,
    authorised,
    before_commission,
    check,
    endorsement,
    handed_over,
    lender_of,
    offer,
    offered_by,
    sent,
    signed,
)
from tests.support import Ccas, Databases, Json, Staff, attestation, etag_of, ok, refused

DAY = "2018-03-26"
EVERYONE = ["borrower", "ccas", "lender"]
THE_CCAS = {
    "body": "Commission du microcrédit",
    "signatory": "Claude Modèle",
    "signatory_capacity": "Vice-présidente du CCAS",
    "delegation_reference": "Délibération 2017-12",
}
PLACE = {"place": "Agence du Crédit Municipal"}


async def sitting_of(ccas: Ccas, held_on: str = "2018-03-12") -> Sitting:
    """A session of the commission, begun, with all that is ready on its agenda."""
    sitting = await session_of(ccas, held_on=held_on)
    await sitting.act("agenda/build")
    return await sitting.opened()


def applicant(ccas: Ccas, **changes: str) -> Json:
    """Whoever asks for the loan."""
    return {"first_names": "Camille", "birth_name": "Exemple", "birth_on": "1988-03-02",
            "commune_insee_code": ccas.insee_code, **changes}  # fmt: skip


def signature(party: str, on: str = DAY, *, present: list[str] | None = None, **changes: Any) -> Json:
    """A party signs with everyone there, a borrower the support contract as well."""
    told = {"party": party, "signed_on": on, "present": EVERYONE if present is None else present, **PLACE}
    return told | ({"support_contract_signed_on": on} if "borrower" in party else {}) | changes


async def sign(ccas: Ccas, loan: str, *signing: Any, **changes: Any) -> Json:
    """The loan once a party has signed."""
    return await ok(ccas.agent.post(f"{loan}/signatures", signature(*signing, **changes)))


async def not_signed(ccas: Ccas, loan: str, code: str, body: Json, **facts: Any) -> None:
    """A signature is refused for a reason that is told, and nothing of it is kept."""
    problem = await refused(ccas.agent.post(f"{loan}/signatures", body), 409, code)
    assert facts.items() <= problem.items(), problem


async def printed(staff: Staff, path: str) -> str:
    """What a paper says."""
    response = await staff.get(path)
    assert response.status_code == 200, response.text
    return text_of(response.content)


async def titles(ccas: Ccas, path: str, *kinds: str) -> list[tuple[str, str]]:
    """The days and titles of some kinds of events of the file."""
    told = (await ok(ccas.agent.get(f"{path}/timeline")))["items"]
    return [(event["on"], event["title"]) for event in told if event["kind"] in kinds]


def days_of(loan: Json) -> tuple[str | None, str | None, str | None]:
    """The acceptance, the first day of payment, the last day to withdraw."""
    return loan["accepted_on"], loan["earliest_release_on"], loan["withdrawal_until"]


async def test_toulouse_the_commission_endorses_the_lender_decides_and_all_sign_together(
    databases: Databases, toulouse: Ccas
) -> None:
    """« En présence de tous les intervenants (bénéficiaire, Crédit Municipal, CCAS) »."""
    agent, bank = toulouse.agent, lender_of(databases, toulouse)

    # 12 March: the commission endorses the file, which lends nothing.
    path = await before_commission(toulouse, bank, 300_000)
    request_id = path.rpartition("/")[2]
    sitting = await sitting_of(toulouse)
    decision_id = await settled(sitting, request_id, {**endorsement(300_000, 36), **THE_CCAS})
    minutes = await ok(toulouse.decider.post(f"{sitting.path}/close"))
    (item,) = minutes["content"]["items"]
    assert (item["outcome"], item["outcome_decision_id"]) == ("decided", decision_id)
    own = {"offered_on": "2018-03-12", "first_due_on": "2018-05-05"}
    await refused(agent.post(f"{path}/loans", own), 409, "partner_lends")

    # 13 to 16 March: the file is with the lender, which decides alone, after its own check.
    handoff = await handed_over(toulouse, request_id, "loan_file", "2018-03-13")
    answer = f"/partner/handoffs/{handoff['id']}/answers"
    accepting = {"decision": "accepted", "decided_on": "2018-03-16"}
    for staff in (agent, toulouse.decider, toulouse.manager):
        await refused(staff.post(answer, accepting), 403, "forbidden")
    terms = offer(300_000, 36, "3.04", valid_until="2018-04-03")
    offers = f"/partner/handoffs/{handoff['id']}/offers"
    await refused(bank.post(offers, terms), 409, "illegal_transition")
    await accepted_by(bank, handoff)

    decision = await ok(agent.get(f"/decisions/{decision_id}"))
    assert (decision["outcome"], decision["decided_on"], decision["session_id"]) == (
        "endorse",
        "2018-03-12",
        sitting.id,
    )
    lenders = await ok(agent.get(f"/handoffs/{handoff['id']}"))
    assert (lenders["status"], lenders["answered_on"]) == ("accepted", "2018-03-16")
    assert [(step["action"], step["by"]) for step in lenders["steps"]][-1] == ("accept", "partner")
    assert len((await ok(agent.get("/decisions")))["items"]) == 1
    assert (await ok(agent.get(path)))["status"] == "lender_accepted"

    # 19 March: no signature is older than the offer, nor is there any after its last day.
    loan = f"/loans/{await offered_by(toulouse, bank, handoff, terms)}"
    told = await ok(agent.get(loan))
    assert (told["status"], told["awaiting_signature_of"], told["offer_valid_until"]) == (
        "offered", EVERYONE, "2018-04-03",
    )  # fmt: skip
    assert days_of(told) == (None, None, None)
    for party in EVERYONE:
        await not_signed(toulouse, loan, "date_out_of_order", signature(party, "2018-03-18"), not_before="2018-03-19")
    await not_signed(toulouse, loan, "offer_expired", signature("borrower", "2018-04-04"), valid_until="2018-04-03")
    for party in EVERYONE:
        there = [one for one in EVERYONE if one != "lender"]
        await not_signed(toulouse, loan, "parties_absent", signature(party, present=there), absent=["lender"])
    await not_signed(toulouse, loan, "parties_absent", signature("borrower", present=[]), absent=EVERYONE)
    for support_on in (None, "2018-03-25"):
        alone = signature("borrower", support_contract_signed_on=support_on)
        field = "support_contract_signed_on"
        await not_signed(toulouse, loan, "signed_on_another_day", alone, field=field, expected_on=DAY)
    support = {"form": "written", "agreed_on": DAY, "actions_planned": ["budget_follow_up"]}
    await refused(agent.post(f"{loan}/support-contracts", support), 409, "loan_not_signed")
    assert (await ok(agent.get(loan)))["signatures"] == []

    # 26 March: all three, on one day, in one room, and the support contract with the loan.
    await sign(toulouse, loan, "borrower")
    for party in ("ccas", "lender"):
        await not_signed(toulouse, loan, "signed_on_another_day", signature(party, "2018-03-27"), expected_on=DAY)
    await not_signed(toulouse, loan, "already_signed", signature("borrower"))
    await sign(toulouse, loan, "lender")
    assert (await ok(agent.get(path)))["status"] == "lender_accepted"
    whole = await sign(toulouse, loan, "ccas")
    assert (whole["status"], whole["awaiting_signature_of"]) == ("accepted", [])
    assert days_of(whole) == (DAY, "2018-04-03", "2018-04-09")
    assert {one["party"]: one["support_contract_signed_on"] for one in whole["signatures"]} == {
        "borrower": DAY, "lender": None, "ccas": None,
    }  # fmt: skip
    assert {(tuple(one["present"]), one["place"]) for one in whole["signatures"]} == {(tuple(EVERYONE), PLACE["place"])}
    assert (await ok(agent.get(path)))["status"] == "contracted"
    told_in_turn = await titles(toulouse, path, "decision", "handoff", "loan", "signature")
    assert [event for event in told_in_turn if event[0] in ("2018-03-12", "2018-03-16", "2018-03-19")] == [
        ("2018-03-12", "Décision : donner un avis favorable"),
        ("2018-03-16", "Transmission au prêteur : accepté"),
        ("2018-03-19", "Prêt : proposé"),
    ]
    assert [event for event in told_in_turn if event[0] == DAY] == [
        (DAY, "Signature : l’emprunteur"),
        (DAY, "Signature : le prêteur"),
        (DAY, "Signature : le CCAS"),
        (DAY, "Prêt : accepté"),
    ]
    notice = await printed(agent, f"{path}/documents/decision_notice")
    assert "Le CCAS donne un avis favorable à votre demande" in notice
    assert "Crédit Municipal de Toulouse. C’est lui qui décide du prêt." in notice

    # « le contrat d’accompagnement social dont il bénéficie toute la durée du prêt »
    rows = (await ok(agent.get(f"{loan}/schedule")))["rows"]
    assert (len(rows), rows[-1]["due_on"]) == (36, "2021-04-05")
    shorter = {**support, "agreed_ends_on": "2021-04-04"}
    problem = await refused(agent.post(f"{loan}/support-contracts", shorter), 409, "support_too_short")
    assert problem["asked_until"] == "2021-04-05"
    agreed = await ok(agent.post(f"{loan}/support-contracts", support))
    assert (agreed["agreed_on"], agreed["ends_on"]) == (DAY, "2021-04-05")

    # Papers: the lender's schedule as it came, the CCAS's support contract; the rest is the lender's to write.
    papers = f"{loan}/documents"
    schedule = await printed(agent, f"{papers}/schedule")
    assert "Crédit Municipal de Toulouse" in schedule
    for row in terms["rows"]:
        assert words(row["due_on"]) in schedule
        assert amount(row["principal_cents"]) in schedule
    contract = await printed(agent, f"{papers}/support_contract")
    assert words(DAY) in contract
    assert words("2021-04-05") in contract
    for kind in ("precontract_information", "loan_contract", "supplier_letter", "first_unpaid_letter",
                 "repayment_attestation"):  # fmt: skip
        await refused(agent.get(f"{papers}/{kind}"), 409, "partner_lends")


async def test_toulouse_money_that_left_too_early_is_told_with_its_anomaly(
    databases: Databases, toulouse: Ccas
) -> None:
    """Two borrowers; the lender pays on the seventh day and tells it before all have signed: a fact, recorded once."""
    bank = lender_of(databases, toulouse)
    spouse = {"first_names": "Sacha", "birth_name": "Exemple", "birth_on": "1989-01-01",
              "commune_insee_code": toulouse.insee_code}  # fmt: skip
    other = await ok(toulouse.agent.post("/people", spouse))
    await authorised(toulouse, other["id"])
    couple = {"co_applicant_id": other["id"], "household": {"adults": 2, "minor_children": 0}}
    handoff = await sent(toulouse, bank, 300_000, 36, **couple)
    await accepted_by(bank, handoff)
    loan = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"
    four = [*EVERYONE, "co_borrower"]
    await not_signed(toulouse, loan, "parties_absent", signature("borrower"), absent=["co_borrower"])
    for party in EVERYONE:
        told = await sign(toulouse, loan, party, present=four)
    assert (told["status"], days_of(told)) == ("offered", (None, None, None))
    alone = signature("co_borrower", present=four, support_contract_signed_on=None)
    await not_signed(toulouse, loan, "signed_on_another_day", alone, field="support_contract_signed_on")
    payments = f"/partner/handoffs/{handoff['id']}/disbursements"
    early = {"amount_cents": 300_000, "disbursed_on": "2018-04-02", "reference": "V-1", "payee": {"kind": "supplier"}}
    assert (await ok(bank.post(payments, early)))["stage"] == "offered"
    told = await sign(toulouse, loan, "co_borrower", present=four)
    assert days_of(told) == (DAY, "2018-04-03", "2018-04-09")

    assert (await ok(bank.post(payments, early)))["known"]
    paid = await ok(toulouse.agent.get(loan))
    assert (paid["outstanding_cents"], paid["anomalies"]) == (300_000, ["paid_before_release"])


async def test_toulouse_the_borrower_withdraws_and_the_file_ends_with_another_answer(
    databases: Databases, toulouse: Ccas
) -> None:
    """Fourteen days: the last is a day to withdraw, the next no more."""
    agent, bank = toulouse.agent, lender_of(databases, toulouse)
    handoff = await sent(toulouse, bank, 300_000, 36)
    await accepted_by(bank, handoff)
    loan = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"
    withdrawals = f"{loan}/withdrawals"
    await refused(agent.post(withdrawals, {"withdrawn_on": DAY}), 409, "illegal_transition")
    await signed(toulouse, loan.rpartition("/")[2])
    await ok(agent.post(f"{loan}/support-contracts", {"form": "written", "agreed_on": DAY}))

    problem = await refused(agent.post(withdrawals, {"withdrawn_on": "2018-04-10"}), 409, "withdrawal_over")
    assert (problem["field"], problem["not_after"]) == ("withdrawn_on", "2018-04-09")
    path = f"/requests/{handoff['request_id']}"
    closing = {"outcome": "withdrawn", "reason_code": "family_solution", "closed_on": "2018-04-11"}
    without = await refused(agent.post(f"{path}/close", closing), 422, "invalid")
    assert [error["pointer"] for error in without["errors"]] == ["/body/other_answer"]
    whole = {**closing, "other_answer": {"kind": "family_solution", "given_on": "2018-04-11"}}
    await refused(agent.post(f"{path}/close", whole), 409, "illegal_transition")

    told = await ok(agent.post(withdrawals, {"withdrawn_on": "2018-04-09", "received_on": "2018-04-11"}))
    assert (told["status"], told["outstanding_cents"]) == ("cancelled", 0)
    assert told["withdrawal"]["refund_due_on"] is None
    assert (await ok(agent.get(path)))["status"] == "lender_accepted"
    (support,) = (await ok(agent.get(f"{loan}/support-contracts")))["items"]
    assert (support["ends_on"], support["status"]) == ("2018-04-09", "ended")
    await refused(agent.post(f"{loan}/signatures", signature("borrower")), 409, "illegal_transition")

    ended = await ok(agent.post(f"{path}/close", whole))
    assert (ended["status"], ended["other_answer"]["kind"]) == ("withdrawn", "family_solution")
    again = offer(300_000, 36, "3.04", number="O-2", offered_on="2018-04-12")
    await refused(bank.post(f"/partner/handoffs/{handoff['id']}/offers", again), 409, "illegal_transition")
    assert (await ok(agent.get(path)))["status"] == "withdrawn"


async def test_toulouse_what_the_borrower_left_may_be_offered_again(databases: Databases, toulouse: Ccas) -> None:
    agent, bank = toulouse.agent, lender_of(databases, toulouse)
    handoff = await sent(toulouse, bank, 300_000, 36)
    await accepted_by(bank, handoff)
    offers = f"/partner/handoffs/{handoff['id']}/offers"
    first = await offered_by(toulouse, bank, handoff, offer(300_000, 36, "3.04"))
    await signed(toulouse, first)
    second = offer(300_000, 36, "3.04", number="O-2", offered_on="2018-04-09")
    await refused(bank.post(offers, second), 409, "loan_already_exists")
    await ok(agent.post(f"/loans/{first}/withdrawals", {"withdrawn_on": "2018-04-09"}))
    problem = await refused(bank.post(offers, {**second, "offered_on": "2018-04-08"}), 409, "date_out_of_order")
    assert problem["not_before"] == "2018-04-09"
    loan = f"/loans/{(await ok(bank.post(offers, second)))['loan_id']}"
    for party in EVERYONE:
        told = await sign(toulouse, loan, party, "2018-04-16")
    assert days_of(told) == ("2018-04-16", "2018-04-24", "2018-04-30")


async def test_toulouse_a_minor_signs_no_contract(databases: Databases, toulouse: Ccas) -> None:
    agent, bank = toulouse.agent, lender_of(databases, toulouse)
    handoff = await sent(toulouse, bank, 300_000, 36, applicant=applicant(toulouse, birth_on="2000-03-27"))
    await accepted_by(bank, handoff)
    loan = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"
    for party in ("lender", "ccas"):
        await sign(toulouse, loan, party)
    await not_signed(toulouse, loan, "borrower_is_minor", signature("borrower"), party="borrower", on=DAY)
    told = await ok(agent.get(loan))
    assert (told["status"], told["awaiting_signature_of"], days_of(told)) == ("offered", ["borrower"], (None,) * 3)
    assert (await ok(agent.get(f"/requests/{handoff['request_id']}")))["status"] == "lender_accepted"


async def test_toulouse_under_guardianship_the_judge_speaks_first(databases: Databases, toulouse: Ccas) -> None:
    agent, bank = toulouse.agent, lender_of(databases, toulouse)
    path = await before_commission(toulouse, bank, 300_000, applicant=applicant(toulouse, capacity="guardianship"))

    async def judge(on: str, *, holds: bool = True) -> None:
        told = attestation("capacity_authorised", attested_by="Juge des tutelles", attested_on=on, holds=holds,
                           reference="RG 18/00012")  # fmt: skip
        await ok(agent.post(f"{path}/attestations", told))

    decisions = f"{path}/decisions"
    problem = await refused(toulouse.decider.post(decisions, endorsement(300_000, 36)), 409, "rules_breached")
    assert [(told["rule"], told["actual"]) for told in problem["breaches"]] == [("capacity", "guardianship")]
    await judge("2018-03-12")
    await ok(toulouse.decider.post(decisions, endorsement(300_000, 36)))
    handoff = await handed_over(toulouse, path.rpartition("/")[2], "loan_file", "2018-03-13")
    await accepted_by(bank, handoff)
    loan = f"/loans/{await offered_by(toulouse, bank, handoff, offer(300_000, 36, '3.04'))}"

    await judge("2018-03-20", holds=False)
    await not_signed(toulouse, loan, "capacity_not_authorised", signature("borrower"), party="borrower", on=DAY)
    await judge("2018-03-27")
    await not_signed(toulouse, loan, "capacity_not_authorised", signature("borrower"), party="borrower", on=DAY)
    for party in EVERYONE:
        told = await sign(toulouse, loan, party, "2018-03-27")
    assert told["status"] == "accepted"


async def test_amiens_the_commission_validates_the_plan_and_the_bank_decides(
    databases: Databases, amiens: Ccas
) -> None:
    """« Faire valider ce dernier en commission avant la mise en oeuvre »: nothing in the plan begins before."""
    agent, bank = amiens.agent, lender_of(databases, amiens)
    path = await assessed(amiens)
    request = await ok(agent.get(path))
    await authorised(amiens, request["applicant_id"])

    async def plan(starts_on: str) -> Any:
        return await agent.put(f"{path}/action-plan", starting(starts_on), etag=await etag_of(agent, path))

    await refused(plan("2018-03-07"), 409, "action_begun_before_validation")
    await ok(plan("2018-03-11"))
    await ok(agent.post(f"{path}/submit", {"submitted_on": "2018-03-10"}))
    sitting = await sitting_of(amiens)
    body = {**endorsement(200_000, 24), **THE_CCAS, "session_id": sitting.id}
    problem = await refused(amiens.decider.post(f"{path}/decisions", body), 409, "action_begun_before_validation")
    assert (problem["label"], problem["starts_on"]) == ("Module", "2018-03-11")
    await settled(sitting, request["id"], {**ADJOURNED, "decided_on": "2018-03-12", **THE_CCAS})
    await ok(amiens.decider.post(f"{sitting.path}/close"))
    await ok(plan("2018-03-26"))
    await ok(agent.post(f"{path}/submit", {"submitted_on": "2018-03-19"}))

    sitting = await sitting_of(amiens, "2018-03-19")
    validated = endorsement(200_000, 24, decided_on="2018-03-19", **THE_CCAS)
    decision_id = await settled(sitting, request["id"], validated)
    await ok(amiens.decider.post(f"{sitting.path}/close"))
    locked = await refused(plan("2018-03-20"), 409, "request_locked")
    assert locked["state"] == "endorsed"

    # The commission has validated the plan, the Crédit Mutuel decides on the loan, and here refuses it.
    handoff = await handed_over(amiens, request["id"], "loan_file", "2018-03-20")
    told = check(handoff, ref=f"G-{handoff['id'][-12:]}", consulted_at="2018-03-21T10:00:00Z")
    await ok(bank.post("/partner/ficp-checks", told))
    answer = {"decision": "refused", "decided_on": "2018-03-22"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    decision = await ok(agent.get(f"/decisions/{decision_id}"))
    assert (decision["outcome"], decision["decided_on"], decision["session_id"]) == (
        "endorse", "2018-03-19", sitting.id,
    )  # fmt: skip
    lenders = await ok(agent.get(f"/handoffs/{handoff['id']}"))
    assert (lenders["status"], lenders["answered_on"]) == ("refused", "2018-03-22")
    ending = {"outcome": "lender_refused", "reason_code": "lender_declined", "closed_on": "2018-03-23",
              "other_answer": {**OTHER_ANSWER, "given_on": "2018-03-23"}}  # fmt: skip
    assert (await ok(agent.post(f"{path}/close", ending)))["status"] == "lender_refused"
    outcomes = [item["outcome"] for item in (await ok(agent.get("/decisions")))["items"]]
    assert outcomes == ["endorse", "adjourn"]


async def test_amiens_what_the_bank_lends_each_signs_on_a_day_of_its_own(databases: Databases, amiens: Ccas) -> None:
    agent, bank = amiens.agent, lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    loan = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20'))}"
    for party, on in (("ccas", "2018-03-20"), ("borrower", "2018-03-26"), ("lender", "2018-04-04")):
        told = await sign(amiens, loan, party, on, present=[party])
    assert (told["status"], days_of(told)) == ("accepted", (DAY, "2018-04-04", "2018-04-09"))
    await ok(agent.post(f"{loan}/support-contracts", {"form": "written", "agreed_on": DAY}))
    oral = {"form": "oral", "agreed_on": DAY}
    await refused(agent.post(f"{loan}/support-contracts", oral), 409, "support_already_agreed")
