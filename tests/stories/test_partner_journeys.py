"""Whole journeys where a partner lends: Toulouse, Amiens, Fresnes."""

from tests.lenders import (
    accepted_by,
    lender_of,
    offer,
    paid_out,
    repayment_line,
    sent,
)
from tests.support import Ccas, Databases, ok


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
    assert loan["next_due"] == {"number": 2, "due_on": "2018-06-05", "amount_cents": 7_990}
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
