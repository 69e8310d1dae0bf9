"""Whole journeys where a partner lends: Toulouse, Amiens, Fresnes."""

from dataclasses import replace
from datetime import date

from httpx import AsyncClient

from tests.lenders import (
    OTHER_ANSWER,
    accepted_by,
    accepted_file,
    authorised,
    lender_of,
    machine_of,
    offer,
    open_under,
    paid_out,
    prechecked,
    repayment_line,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, refused


async def test_toulouse_the_city_pays_the_interest(databases: Databases, toulouse: Ccas) -> None:
    """3 000 € over 36 months at 3.04 %: row 1 is 8 730 = 7 970 + 760, the City pays 142.70 € in all."""
    bank = lender_of(databases, toulouse)
    handoff = await sent(toulouse, bank, 300_000, 36)
    assert (await accepted_by(bank, handoff))["status"] == "accepted"
    loan_id = await paid_out(toulouse, bank, handoff, offer(300_000, 36, "3.04"))

    schedule = await ok(toulouse.agent.get(f"/loans/{loan_id}/schedule"))
    first, last = schedule["rows"][0], schedule["rows"][-1]
    assert (first["total_cents"], first["borrower_cents"]) == (8_730, 7_970)
    assert first["third_parties"] == [{"payer": "city", "cents": 760}]
    assert (last["total_cents"], last["borrower_cents"], last["third_parties"]) == (
        8_720,
        8_698,
        [{"payer": "city", "cents": 22}],
    )
    assert schedule["totals"] == {
        "principal_cents": 300_000,
        "interest_cents": 14_270,
        "paid_by_borrower_cents": 300_000,
        "interest_subsidy_cents": 14_270,
    }
    assert schedule["differences"] == []

    lines = [repayment_line(handoff, 7_970, "2018-05-05", "R-1", outstanding_principal_cents=292_030)]
    told = await ok(bank.post("/partner/repayments", {"position_on": "2018-05-31", "items": lines}))
    assert [item["status"] for item in told["items"]] == ["recorded"]
    loan = await ok(toulouse.agent.get(f"/loans/{loan_id}", as_of="2018-07-01"))
    assert (loan["status"], loan["outstanding_cents"], loan["overdue_cents"]) == ("running", 292_030, 0)
    assert loan["next_due"] == {"number": 2, "ref": 2, "due_on": "2018-06-05", "amount_cents": 7_990}
    assert loan["lender"]["position_on"] == "2018-05-31"
    assert loan["lender"]["gap_cents"] == 0
    assert loan["lender"]["guarantees"] == [
        {"guarantor": "Ville de Toulouse", "share_percent": "15", "base": None, "cap_cents": None}
    ]
    assert loan["lender"]["not_stated"] == ["guarantees.0.base", "guarantees.0.cap_cents"]


async def test_amiens_the_borrower_pays_the_interest(databases: Databases, amiens: Ccas) -> None:
    """2 000 € over 24 months at 6.20 %: 131.73 € of interest, all of it the borrower's."""
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    loan_id = await paid_out(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    schedule = await ok(amiens.agent.get(f"/loans/{loan_id}/schedule"))
    assert schedule["totals"]["interest_cents"] == 13_173
    assert schedule["totals"]["paid_by_borrower_cents"] == 213_173
    assert schedule["rows"][0]["borrower_cents"] == 8_882
    await ok(bank.post("/partner/repayments", {"position_on": "2018-05-05", "items": []}))
    loan = await ok(amiens.agent.get(f"/loans/{loan_id}", as_of="2018-06-30"))
    assert (loan["status"], loan["overdue_cents"], loan["outstanding_cents"]) == ("overdue", 8_882, 200_000)


async def test_fresnes_the_offer_states_what_the_rules_do_not(databases: Databases, fresnes: Ccas) -> None:
    """The rate, who signs and who pays the interest come from the lender's offer."""
    association = lender_of(databases, fresnes)
    handoff = await sent(fresnes, None, 100_000, 24)
    await accepted_by(association, handoff)
    body = offer(100_000, 24, "4.00")
    for row in body["rows"]:
        row["borrower_cents"] = row["total_cents"]
    stated = {**body, "rate_percent": "4.00", "signed_by": ["borrower", "ccas", "lender"]}
    loan_id = await paid_out(fresnes, association, handoff, stated)
    loan = await ok(fresnes.agent.get(f"/loans/{loan_id}", as_of="2018-04-30"))
    assert (loan["status"], loan["rate_percent"], loan["overdue_cents"]) == ("not_started", "4", 0)
    assert loan["lender"]["guarantees"] is None
    assert loan["lender"]["not_stated"] == ["interest_borne_by", "guarantees"]


async def test_toulouse_three_years_of_statements_to_the_last_instalment(databases: Databases, toulouse: Ccas) -> None:
    """One instalment is missed in the first winter and made up in the spring; the loan still ends on its day."""
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    body = offer(300_000, 36, "3.04")
    path = f"/loans/{await paid_out(toulouse, bank, handoff, body)}"
    rows = (await ok(toulouse.agent.get(f"{path}/schedule")))["rows"]

    def line(row: Json, paid_on: str | None = None) -> Json:
        reference = f"E-{row['number']}"
        return repayment_line(handoff, row["borrower_cents"], paid_on or row["due_on"], reference)

    async def tell(position_on: str, *items: Json) -> None:
        told = await ok(bank.post("/partner/repayments", {"position_on": position_on, "items": list(items)}))
        assert {item["status"] for item in told["items"]} <= {"recorded"}

    async def state(day: str) -> tuple[str, int, int]:
        loan = await ok(toulouse.agent.get(path, as_of=day))
        return loan["status"], loan["overdue_cents"], loan["outstanding_cents"]

    missed = {"kind": "unpaid", "handoff_id": handoff["id"], "instalment_number": 10}
    await tell("2019-02-28", *(line(row) for row in rows[:9]), missed)
    owed = 300_000 - sum(row["principal_cents"] for row in rows[:9])
    assert await state("2019-02-28") == ("overdue", rows[9]["principal_cents"], owed)
    await tell("2019-05-31", line(rows[9], "2019-04-20"), *(line(row) for row in rows[10:13]))
    assert (await state("2019-05-31"))[:2] == ("running", 0)
    await tell("2021-03-31", *(line(row) for row in rows[13:35]))
    assert await state("2021-03-31") == ("running", 0, 8_698)
    await tell("2021-04-30", line(rows[35]))
    assert await state("2021-04-05") == ("closed", 0, 0)
    loan = await ok(toulouse.agent.get(path))
    assert (loan["closing_reasons"], loan["repaid_cents"], loan["credit_cents"]) == (["on_schedule"], 300_000, 0)
    assert loan["lender"]["unpaid_instalments"] == []


async def test_toulouse_an_unfavourable_precheck_ends_with_another_answer(databases: Databases, toulouse: Ccas) -> None:
    bank = lender_of(databases, toulouse)
    request = await taken_in(toulouse)
    path = f"/requests/{request['id']}"
    handoff = await prechecked(toulouse, bank, request, "unfavorable")
    problem = await refused(
        toulouse.agent.post(f"{path}/assess", {"assessed_on": "2018-03-08"}), 409, "check_not_favourable"
    )
    assert (problem["stage"], problem["standing"]) == ("precheck", "unfavourable")
    closing = {"outcome": "closed_without_action", "reason_code": "lender_declined", "closed_on": "2018-03-20",
               "other_answer": OTHER_ANSWER}  # fmt: skip
    ended = await ok(toulouse.agent.post(f"{path}/close", closing))
    assert (ended["status"], ended["other_answer"]["kind"]) == ("closed_without_action", "budget_advice")
    told = {"number": "O-1", **offer(300_000, 36, "3.04")}
    await refused(bank.post(f"/partner/handoffs/{handoff['id']}/offers", told), 409, "illegal_transition")


async def test_amiens_what_one_bank_refuses_another_lends(databases: Databases, client: AsyncClient) -> None:
    """The second bank has signed since; it is told nothing of the first, and the first nothing of the loan."""
    signed = {"planned": False, "valid_from": date(2018, 3, 1)}
    amiens = open_under(databases, client, "amiens", banque_postale=signed)
    first = lender_of(databases, amiens)
    listed = (await ok(amiens.agent.get("/agreements")))["items"]
    (other,) = [item["partner"] for item in listed if item["partner_name"] == "Banque Postale"]
    second = machine_of(databases, client, other)
    handoff = await sent(amiens, None, 200_000, 24)
    answers = f"/partner/handoffs/{handoff['id']}/answers"
    await ok(first.post(answers, {"decision": "refused", "decided_on": "2018-03-14"}))

    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    await authorised(replace(amiens, lender=other), request["applicant_id"])
    again = {"kind": "loan_file", "partner": other, "support_person": "Accompagnante sociale du CCAS",
             "sent_on": "2018-03-15", "choice_reason": "Le Crédit Mutuel a refusé."}  # fmt: skip
    file = await ok(amiens.agent.post(f"/requests/{request['id']}/handoffs", again))
    assert await accepted_by(second, file)
    loan_id = await paid_out(amiens, second, file, offer(200_000, 24, "6.20"))

    loan = await ok(amiens.agent.get(f"/loans/{loan_id}", as_of="2018-04-30"))
    assert (loan["lender"]["partner"], loan["outstanding_cents"]) == (other, 200_000)
    assert [item["id"] for item in (await ok(second.get("/partner/handoffs")))["items"]] == [file["id"]]
    assert [item["status"] for item in (await ok(first.get("/partner/handoffs")))["items"]] == ["refused"]
    line = repayment_line(handoff, 8_882, "2018-05-05", "R-1")
    told = await ok(first.post("/partner/repayments", {"position_on": "2018-05-31", "items": [line]}))
    assert told["items"][0]["error"]["code"] == "illegal_transition"
    loan = await ok(amiens.agent.get(f"/loans/{loan_id}", as_of="2018-06-30"))
    assert (loan["overdue_cents"], loan["lender"]["position_on"]) == (0, None)
