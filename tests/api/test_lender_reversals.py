"""What a lender told by mistake and takes back: in any order, and by whatever way, as if it had never been told."""

from itertools import permutations
from typing import Any

import pytest

from tests.api.test_guarantee_claims import lent
from tests.api.test_lender_reports import PAYMENT, loss, push, reports, version_on
from tests.api.test_returned_debits import returned
from tests.api.test_statements import codes, loan_on, running, tell
from tests.lenders import accepted_file, lender_of, offer, offered_by, repayment_line, signed
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

FIGURES = ("status", "disbursed_cents", "outstanding_cents", "legally_due_cents", "overdue_cents", "repaid_cents",
           "credit_cents", "anomalies")  # fmt: skip
DAYS = ("2018-04-30", "2018-05-31", "2018-08-31", "2018-12-31")


def reversal(kind: str, of: str, on: str = "2018-06-20", reference: str = "B-1", **changes: Any) -> Json:
    """The lender takes back on 20 June what it told."""
    return {"reference": reference, "reversed_on": on, "reversed_kind": kind, "reversed_reference": of, **changes}


async def figures(ccas: Ccas, path: str, *days: str) -> list[list[Any]]:
    return [[(await loan_on(ccas, path, day))[name] for name in FIGURES] for day in days]


async def booked(databases: Databases, ccas: Ccas) -> list[Any]:
    """What each account holds at the end of each day on which something moves, none of them 0."""
    statement = (
        "select account, effect_on, sum(amount_cents) as cents from ledger_lines group by 1, 2"
        " having sum(amount_cents) <> 0 order by 1, 2"
    )
    return [(row["account"], str(row["effect_on"]), row["cents"]) for row in run_sql(databases, ccas, statement)]


async def signed_loan(databases: Databases, ccas: Ccas) -> tuple[Any, Json, str]:
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    loan_id = await offered_by(ccas, bank, handoff, offer(200_000, 24, "6.20"))
    await signed(ccas, loan_id)
    return bank, handoff, f"/loans/{loan_id}"


async def test_a_repayment_told_by_mistake_is_taken_back_from_its_day_on(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    await tell(bank, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
    told = await push(bank, handoff, "reversals", reversal("repayment", "R-1"))
    assert {name: told[name] for name in ("kind", "reference", "effect_on", "known", "anomalies")} == {
        "kind": "reversal", "reference": "B-1", "effect_on": "2018-06-20", "known": False, "anomalies": [],
    }  # fmt: skip
    assert (await push(bank, handoff, "reversals", reversal("repayment", "R-1")))["known"] is True
    before, after = [await loan_on(amiens, path, day) for day in ("2018-06-19", "2018-06-20")]
    assert (before["repaid_cents"], after["repaid_cents"], after["overdue_cents"]) == (8_882, 0, 8_882)
    repayment, back = (await ok(amiens.agent.get(f"{path}/ledger")))["items"][1:]
    assert [back[name] for name in ("kind", "amount_cents", "effect_on", "reverses_id", "reference")] == [
        "reversal", 8_882, "2018-06-20", repayment["id"], "B-1",
    ]  # fmt: skip
    # Told again as it was, it is still what was taken back; told right, it has a reference of its own.
    lines = (repayment_line(handoff, 8_882, "2018-05-05", "R-1"), repayment_line(handoff, 8_000, "2018-05-05", "R-2"))
    assert codes(await tell(bank, "2018-06-30", *lines)) == ["known", "recorded"]
    assert (await loan_on(amiens, path, "2018-06-30"))["repaid_cents"] == 8_000
    (listed,) = await reports(amiens, path)
    names = ("reversed_kind", "reversed_reference", "reversed_on", "source")
    assert [listed[name] for name in names] == ["repayment", "R-1", None, "partner_machine"]
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    assert "Fait rapporté par le prêteur : contre-passation" in [item["title"] for item in timeline]


async def test_a_payment_told_by_mistake_leaves_the_loan_to_be_paid_out(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    await push(bank, handoff, "disbursements", PAYMENT)
    await push(bank, handoff, "reversals", reversal("disbursement", "V-1", "2018-04-20"))
    assert await figures(amiens, path, "2018-04-19", "2018-04-20", "2018-12-31") == [
        ["not_started", 200_000, 200_000, 200_000, 0, 0, 0, []],
        ["accepted", 0, 0, 0, 0, 0, 0, []],
        ["accepted", 0, 0, 0, 0, 0, 0, []],
    ]
    assert (await push(bank, handoff, "disbursements", PAYMENT))["known"] is True
    assert (await ok(amiens.agent.get("/loans/" + path.rpartition("/")[2])))["disbursed_cents"] == 0
    # Paid for good, under another reference.
    right = {**PAYMENT, "reference": "V-2", "disbursed_on": "2018-05-02"}
    await push(bank, handoff, "disbursements", right)
    assert await figures(amiens, path, "2018-05-01", "2018-05-02") == [
        ["accepted", 0, 0, 0, 0, 0, 0, []],
        ["not_started", 200_000, 200_000, 200_000, 0, 0, 0, []],
    ]


async def test_a_loss_a_call_and_a_recovery_are_taken_back(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    of_loss = {"amount_cents": 1_000, "loss_reference": "P-1"}
    await push(bank, handoff, "losses", loss())
    call = {"reference": "G-1", "called_on": "2018-12-05", "guarantor": "Fonds de cohésion sociale", **of_loss}
    await push(bank, handoff, "guarantee-calls", call)
    await push(bank, handoff, "recoveries", {"reference": "RC-1", "recovered_on": "2018-12-10", **of_loss})
    for number, (kind, of) in enumerate((("loss", "P-1"), ("guarantee_call", "G-1"), ("recovery", "RC-1"))):
        await push(bank, handoff, "reversals", reversal(kind, of, "2018-12-20", f"B-{number}"))
    loan = await loan_on(amiens, path, "2018-12-05")
    assert (loan["outstanding_cents"], loan["lender"]["lost_principal_cents"]) == (200_000, 0)
    assert (loan["lender"]["lost_interest_cents"], loan["closing_reasons"]) == (0, [])
    (entered, back) = (await ok(amiens.agent.get(f"{path}/ledger")))["items"][1:]
    assert (entered["kind"], back["kind"], back["reverses_id"], back["effect_on"], back["reference"]) == (
        "loss", "reversal", entered["id"], "2018-12-01", "B-0",
    )  # fmt: skip
    listed = await reports(amiens, path)
    assert [one["reversed_on"] for one in listed] == ["2018-12-20"] * 3 + [None] * 3
    assert [one["anomalies"] for one in listed] == [[]] * 6


async def test_a_new_call_on_a_loss_that_was_taken_back_is_of_a_loss_not_told(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, _ = await running(databases, amiens)
    await push(bank, handoff, "reversals", reversal("loss", "P-1", "2018-12-20"))
    await push(bank, handoff, "losses", loss())
    recovery = {"reference": "RC-1", "recovered_on": "2018-12-22", "amount_cents": 1, "loss_reference": "P-1"}
    assert (await push(bank, handoff, "recoveries", recovery))["anomalies"] == ["loss_not_told"]


Told = dict[str, tuple[str, Json]]
MISTAKES: Told = {
    "paid by mistake": ("disbursements", PAYMENT),
    "its payment taken back": ("reversals", reversal("disbursement", "V-1", "2018-04-20", "B-1")),
    "lost": ("losses", loss()),
    "called due": ("accelerations", {"reference": "DT-1", "accelerated_on": "2018-08-20"}),
    "repayment taken back": ("reversals", reversal("repayment", "R-1", "2018-06-20", "B-2")),
}


@pytest.mark.parametrize("order", list(permutations(MISTAKES))[::13])
async def test_in_whatever_order_mistakes_are_taken_back_the_loan_ends_the_same(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    for place, name in enumerate(order):
        await push(bank, handoff, *MISTAKES[name])
        if place == 2:
            await tell(bank, "2018-12-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
    nothing = ["accepted", 0, 0, 0, 0, 0, 0, []]
    assert (await figures(amiens, path, "2018-04-30", "2018-08-31", "2018-12-31")) == [nothing] * 3
    assert await booked(databases, amiens) == [
        ("cash", "2018-04-05", -200_000), ("cash", "2018-04-20", 200_000),
        ("cash", "2018-05-05", 8_882), ("cash", "2018-06-20", -8_882),
        ("credits", "2018-05-05", -8_882), ("credits", "2018-06-20", 8_882),
        ("loans", "2018-04-05", 200_000), ("loans", "2018-04-20", -200_000),
    ]  # fmt: skip
    # Then the true payment comes, and what else is true takes its effect.
    await push(bank, handoff, "disbursements", {**PAYMENT, "reference": "V-2", "disbursed_on": "2018-04-25"})
    assert await figures(amiens, path, *DAYS) == [
        ["not_started", 200_000, 200_000, 200_000, 0, 0, 0, []],
        ["running", 200_000, 192_151, 192_151, 0, 8_882, 0, []],
        # The interest of the four instalments that had fallen due.
        ["litigation", 200_000, 200_000, 200_000, 200_000 + 1_033 + 993 + 952 + 911, 0, 0, []],
        ["litigation", 200_000, 7_849, 200_000, 7_849, 0, 0, []],
    ]


async def test_a_payment_that_was_taken_back_beforehand_may_be_more_than_is_left_to_pay(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    where = f"/partner/handoffs/{handoff['id']}/disbursements"
    await push(bank, handoff, "disbursements", {**PAYMENT, "reference": "V-2"})
    await refused(bank.post(where, PAYMENT), 409, "disbursement_differs")
    await push(bank, handoff, "reversals", reversal("disbursement", "V-1"))
    assert (await reports(amiens, path))[0]["anomalies"] == ["reversed_not_told"]
    await push(bank, handoff, "disbursements", PAYMENT)
    assert (await reports(amiens, path))[0]["anomalies"] == []
    assert (await loan_on(amiens, path, "2018-12-31"))["disbursed_cents"] == 200_000


async def test_what_came_back_or_was_taken_back_is_not_taken_back_again(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    await tell(bank, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"), returned(handoff))
    where = f"/partner/handoffs/{handoff['id']}/reversals"
    await refused(bank.post(where, reversal("repayment", "R-1")), 409, "already_reversed")
    await push(bank, handoff, "reversals", reversal("repayment", "R-2"))
    await refused(bank.post(where, reversal("repayment", "R-2", reference="B-2")), 409, "already_reversed")
    await refused(bank.post(where, reversal("repayment", "R-3")), 409, "reference_already_used")
    # A reference of a return says nothing of a reversal that bears the same.
    lines = (repayment_line(handoff, 1, "2018-05-06", "R-4"), returned(handoff, of="R-4", reference="B-1"))
    assert codes(await tell(bank, "2018-05-31", *lines)) == ["recorded"] * 2
    assert codes(await tell(bank, "2018-05-31", repayment_line(handoff, 1, "2018-05-07", "R-2"))) == ["recorded"]
    assert (await loan_on(amiens, path, "2018-12-31"))["repaid_cents"] == 0


async def test_what_cannot_be_taken_back_is_refused_and_leaves_nothing(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    where = f"/partner/handoffs/{handoff['id']}/reversals"
    for kind in ("reversal", "unpaid", "balance", "offer"):
        await refused(bank.post(where, reversal(kind, "A-1")), 422, "invalid")
    await refused(bank.post(where, reversal("repayment", "R-1", "2118-01-01")), 409, "date_in_future")
    await refused(bank.post(where, reversal("repayment", "R-1", amount_cents=1)), 422, "invalid")
    await refused(lender_of(databases, fresnes).post(where, reversal("repayment", "R-1")), 404, "not_found")
    assert await reports(amiens, path) == []
    assert len(run_sql(databases, amiens, "select id from ledger_entries")) == 1


async def test_interest_is_borne_of_no_loan_whose_payment_was_taken_back(databases: Databases, toulouse: Ccas) -> None:
    bank, handoff, loan_id = await lent(databases, toulouse)
    path = f"/loans/{loan_id}"
    borne = await ok(toulouse.agent.get("/borne-interest", partner=toulouse.lender, year=2018, month=6))
    (paid,) = (await ok(toulouse.agent.get(f"{path}/ledger")))["items"]
    await push(bank, handoff, "reversals", reversal("disbursement", paid["reference"], "2018-04-20"))
    after = await ok(toulouse.agent.get("/borne-interest", partner=toulouse.lender, year=2018, month=6))
    assert (len(borne["items"]), after["items"]) == (1, [])


ROOM: Told = {
    "too much": ("losses", loss(reference="P-2", lost_on="2018-11-20", principal_cents=120_000, interest_cents=0)),
    "the rest": ("losses", loss(principal_cents=150_000)),
    "the first taken back": ("reversals", reversal("loss", "P-2", "2018-12-10")),
}


@pytest.mark.parametrize("order", list(permutations(ROOM)))
async def test_in_whatever_order_losses_are_told_and_taken_back_the_books_are_the_same(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff, path = await running(databases, amiens)
    for name in order:
        await push(bank, handoff, *ROOM[name])
    days = [await loan_on(amiens, path, day) for day in ("2018-11-30", "2018-12-05", "2018-12-31")]
    assert [(day["outstanding_cents"], day["legally_due_cents"]) for day in days] == [
        (200_000, 200_000), (50_000, 200_000), (50_000, 200_000),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [("V-1", "V-2"), ("V-2", "V-1")])
async def test_of_losses_beyond_what_was_lent_the_earlier_takes_its_part_first(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    told = {
        "V-1": {**PAYMENT, "amount_cents": 120_000},
        "V-2": {**PAYMENT, "reference": "V-2", "disbursed_on": "2018-04-20", "amount_cents": 80_000},
    }
    await push(bank, handoff, "losses", loss(principal_cents=150_000))
    await push(bank, handoff, "losses", loss(reference="P-2", lost_on="2018-11-20", principal_cents=120_000))
    await push(bank, handoff, "disbursements", told[order[0]])
    # Called due between the two payments, whichever was known then: the loan started with the first of them.
    await push(bank, handoff, "accelerations", {"reference": "DT-1", "accelerated_on": "2018-04-10"})
    await push(bank, handoff, "disbursements", told[order[1]])
    days = ("2018-04-07", "2018-04-12", "2018-04-25", "2018-11-25", "2018-12-31")
    found = [await loan_on(amiens, path, day) for day in days]
    assert [(day["status"], day["outstanding_cents"], day["legally_due_cents"]) for day in found] == [
        ("not_started", 120_000, 120_000), ("litigation", 120_000, 120_000), ("litigation", 200_000, 200_000),
        ("litigation", 80_000, 200_000), ("closed", 0, 200_000),
    ]  # fmt: skip


async def test_a_loan_called_due_twice_is_so_from_the_first_day(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    for reference, on in (
        ("DT-1", "2018-08-20"),
        ("DT-2", "2018-08-20"),
        ("DT-3", "2018-08-10"),
        ("DT-4", "2018-09-01"),
    ):
        await push(bank, handoff, "accelerations", {"reference": reference, "accelerated_on": on})
    days = [await loan_on(amiens, path, day) for day in ("2018-08-09", "2018-08-10", "2018-12-31")]
    assert [day["status"] for day in days] == ["running", "litigation", "litigation"]
    assert days[-1]["overdue_cents"] == 0  # nobody has told what was paid
    assert (await version_on(amiens, path))[-1] == ("2018-08-10", 168_361, 168_361)
