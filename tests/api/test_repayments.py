"""Money that comes back: entered once, taken back once, counted as of a day."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.support import (
    Ccas,
    Databases,
    Json,
    accepted,
    disbursed,
    offered,
    ok,
    open_ccas,
    refused,
    repayment,
    run_sql,
)

NOBODY = "01900000-0000-7000-8000-000000000000"
# What three months of a loan of 45 € then 85 € a month may look like: early, late, in two parts, too much.
POSITION = [
    (4_500, "2011-02-01"),
    (3_000, "2011-03-04"),
    (5_500, "2011-03-20"),
    (187_500, "2011-04-05"),
]


async def enter(ccas: Ccas, loan_id: str, body: Json) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", body))


def receipt(amount_cents: int, received_on: str, reference: str) -> Json:
    """What the régisseur of the CCAS received."""
    body = repayment(amount_cents, received_on, reference)
    return {**body, "source": "cash_officer", "cash_officer": "La régisseuse"}


async def take_back(ccas: Ccas, loan_id: str, entry_id: str, on: str) -> Json:
    body = {"reversed_on": on, "reason": "Rejet bancaire"}
    return await ok(ccas.agent.post(f"/loans/{loan_id}/repayments/{entry_id}/reversal", body))


async def ledger(ccas: Ccas, loan_id: str) -> list[Json]:
    items: list[Json] = (await ok(ccas.manager.get(f"/loans/{loan_id}/ledger")))["items"]
    return items


async def money(ccas: Ccas, loan_id: str, day: str | None = None) -> tuple[int, int, int]:
    """What is outstanding, repaid and in credit on a day."""
    query = {"as_of": day} if day else {}
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", **query))
    return loan["outstanding_cents"], loan["repaid_cents"], loan["credit_cents"]


# Entered


async def test_a_repayment_lowers_what_is_outstanding_from_its_day_on(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    assert (entry["kind"], entry["amount_cents"], entry["effect_on"]) == ("repayment", 4_500, "2011-02-05")
    assert (entry["source"], entry["reference"], entry["reverses_id"]) == ("public_accountant", "T-1", None)
    assert await money(besancon, loan_id, "2011-02-04") == (200_000, 0, 0)
    assert await money(besancon, loan_id, "2011-02-05") == (195_500, 4_500, 0)
    assert (await ledger(besancon, loan_id))[-1] == entry


async def test_a_part_of_an_instalment_leaves_the_rest_due(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await enter(besancon, loan_id, repayment(4_400, "2011-02-05", "T-1"))
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-02-06"))
    assert loan["next_due"] == {"number": 1, "ref": 1, "due_on": "2011-02-05", "amount_cents": 100}
    assert (loan["status"], loan["overdue_cents"]) == ("overdue", 100)


async def test_paying_two_instalments_at_once_covers_the_second(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await enter(besancon, loan_id, repayment(13_000, "2011-02-05", "T-1"))
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-03-06"))
    assert (loan["status"], loan["overdue_cents"]) == ("running", 0)
    assert loan["next_due"]["number"] == 3


async def test_what_is_paid_beyond_what_is_owed_is_a_credit(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await enter(besancon, loan_id, repayment(199_000, "2011-03-01", "T-1"))
    await enter(besancon, loan_id, repayment(8_500, "2011-04-01", "T-2"))
    assert await money(besancon, loan_id, "2011-04-01") == (0, 207_500, 7_500)
    await enter(besancon, loan_id, repayment(8_500, "2011-05-01", "T-3"))
    assert await money(besancon, loan_id) == (0, 216_000, 16_000)
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["status"] == "closed"


@pytest.mark.parametrize(("on", "code"), [("2011-01-29", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_the_ccas_receives_money_between_the_payment_and_today(besancon: Ccas, on: str, code: str) -> None:
    loan_id = await disbursed(besancon)
    answer = besancon.agent.post(f"/loans/{loan_id}/repayments", receipt(4_500, on, "R-1"))
    assert (await refused(answer, 409, code))["field"] == "received_on"


async def test_what_the_accountant_received_before_the_payment_is_recorded_and_shown(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await enter(besancon, loan_id, repayment(4_500, "2011-01-29", "T-1"))
    assert await money(besancon, loan_id, "2011-01-29") == (0, 4_500, 4_500)
    assert await money(besancon, loan_id, "2011-01-30") == (195_500, 4_500, 0)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert loan["anomalies"] == ["repaid_before_payment"]


@pytest.mark.parametrize("stage", ["offered", "accepted"])
async def test_nothing_comes_back_on_a_loan_that_was_not_paid_out(besancon: Ccas, stage: str) -> None:
    loan_id = await (offered if stage == "offered" else accepted)(besancon)
    answer = besancon.agent.post(f"/loans/{loan_id}/repayments", receipt(4_500, "2011-02-05", "R-1"))
    await refused(answer, 409, "illegal_transition")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_cents": 0}, "too_small"),
        ({"amount_cents": -1}, "too_small"),
        ({"amount_cents": 45.0}, "not_an_integer"),
        ({"source": "the_borrower"}, "not_one_of"),
        ({"reference": " "}, "blank"),
        ({"reference": None}, "missing"),
    ],
)
async def test_an_ill_formed_repayment_is_refused_and_not_entered(besancon: Ccas, change: Json, code: str) -> None:
    loan_id = await disbursed(besancon)
    told = {**repayment(4_500, "2011-02-05", "T-1"), **change}
    body = {name: value for name, value in told.items() if value is not None}
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/repayments", body), 422, "invalid")
    assert problem["errors"][0]["code"] == code
    assert len(await ledger(besancon, loan_id)) == 1


# Told twice


async def test_the_same_reference_told_twice_is_one_repayment(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    assert await enter(besancon, loan_id, told) == await enter(besancon, loan_id, told)
    assert await money(besancon, loan_id) == (195_500, 4_500, 0)


@pytest.mark.parametrize("change", [{"amount_cents": 4_600}, {"received_on": "2011-02-06"}])
async def test_the_same_reference_with_another_content_is_refused(besancon: Ccas, change: Json) -> None:
    loan_id = await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    await enter(besancon, loan_id, told)
    answer = besancon.agent.post(f"/loans/{loan_id}/repayments", {**told, **change})
    await refused(answer, 409, "reference_already_used")
    assert await money(besancon, loan_id) == (195_500, 4_500, 0)


async def test_one_reference_does_not_pay_two_loans(besancon: Ccas) -> None:
    first, second = await disbursed(besancon), await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    await enter(besancon, first, told)
    await refused(besancon.agent.post(f"/loans/{second}/repayments", told), 409, "reference_already_used")


async def test_the_accountant_and_the_cash_officer_number_their_receipts_apart(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    for told in (repayment, receipt):
        await enter(besancon, loan_id, told(4_500, "2011-02-05", "1"))
    assert await money(besancon, loan_id) == (191_000, 9_000, 0)


async def test_two_ccas_have_accountants_of_their_own(databases: Databases, client: AsyncClient) -> None:
    for ccas in (open_ccas(databases, client, "besancon"), open_ccas(databases, client, "besancon")):
        loan_id = await disbursed(ccas)
        await enter(ccas, loan_id, repayment(4_500, "2011-02-05", "T-1"))
        assert await money(ccas, loan_id) == (195_500, 4_500, 0)


# In any order


async def test_repayments_told_late_and_in_any_order_give_the_same_loan(besancon: Ccas) -> None:
    days = ["2011-01-31", "2011-02-01", "2011-03-04", "2011-03-06", "2011-03-20", "2011-04-04", "2011-04-05"]
    seen = []
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)):
        loan_id = await disbursed(besancon)
        for index in order:
            amount, on = POSITION[index]
            await enter(besancon, loan_id, repayment(amount, on, f"{loan_id}-{index}"))
        states = [await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=day)) for day in days]
        names = ("status", "closing_reasons", "outstanding_cents", "overdue_cents", "credit_cents", "next_due")
        seen.append([{name: state[name] for name in names} for state in states])
    assert all(states == seen[0] for states in seen)
    assert [state["outstanding_cents"] for state in seen[0]] == [
        200_000, 195_500, 192_500, 192_500, 187_000, 187_000, 0,
    ]  # fmt: skip
    assert [state["status"] for state in seen[0]] == [
        "not_started", "not_started", "running", "overdue", "running", "running", "closed",
    ]  # fmt: skip


# Taken back


async def test_a_repayment_that_comes_back_counts_until_then(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    reversal = await take_back(besancon, loan_id, entry["id"], "2011-02-15")
    assert (reversal["kind"], reversal["amount_cents"], reversal["reverses_id"]) == ("reversal", 4_500, entry["id"])
    assert reversal["reason"] == "Rejet bancaire"
    assert await money(besancon, loan_id, "2011-02-14") == (195_500, 4_500, 0)
    assert await money(besancon, loan_id, "2011-02-15") == (200_000, 0, 0)
    late = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-02-15"))
    assert (late["status"], late["overdue_cents"]) == ("overdue", 4_500)
    assert [one["kind"] for one in await ledger(besancon, loan_id)] == ["disbursement", "repayment", "reversal"]


async def test_a_closed_loan_opens_again_when_its_last_payment_comes_back(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(200_000, "2011-03-01", "T-1"))
    await take_back(besancon, loan_id, entry["id"], "2011-03-10")
    days = {"2011-03-09": ("closed", ["early"]), "2011-03-10": ("overdue", [])}
    for day, expected in days.items():
        loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=day))
        assert (loan["status"], loan["closing_reasons"]) == expected


async def test_a_repayment_is_taken_back_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    await take_back(besancon, loan_id, entry["id"], "2011-02-15")
    path = f"/loans/{loan_id}/repayments/{entry['id']}/reversal"
    body = {"reversed_on": "2011-02-20", "reason": "Encore"}
    await refused(besancon.agent.post(path, body), 409, "already_reversed")


@pytest.mark.parametrize("kind", ["disbursement", "reversal", "nobody's", "another loan's"])
async def test_only_a_repayment_of_this_loan_is_taken_back(besancon: Ccas, kind: str) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    if kind == "disbursement":
        target = (await ledger(besancon, loan_id))[0]["id"]
    elif kind == "reversal":
        target = (await take_back(besancon, loan_id, entry["id"], "2011-02-15"))["id"]
    elif kind == "another loan's":
        other = await disbursed(besancon)
        target = (await enter(besancon, other, repayment(4_500, "2011-02-05", "T-2")))["id"]
    else:
        target = NOBODY
    body = {"reversed_on": "2011-02-20", "reason": "Erreur"}
    await refused(besancon.agent.post(f"/loans/{loan_id}/repayments/{target}/reversal", body), 404, "not_found")


@pytest.mark.parametrize(("on", "code"), [("2011-02-04", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_a_repayment_is_taken_back_between_its_day_and_today(besancon: Ccas, on: str, code: str) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    path = f"/loans/{loan_id}/repayments/{entry['id']}/reversal"
    problem = await refused(besancon.agent.post(path, {"reversed_on": on, "reason": "Erreur"}), 409, code)
    assert problem["field"] == "reversed_on"


async def test_a_repayment_taken_back_is_not_silently_taken_for_entered_when_it_is_told_again(
    besancon: Ccas,
) -> None:
    """The clerk reverses by mistake and enters it again: either it counts, or the clerk is told that it does not."""
    loan_id = await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    entry = await enter(besancon, loan_id, told)
    await take_back(besancon, loan_id, entry["id"], "2011-02-05")
    again = await besancon.agent.post(f"/loans/{loan_id}/repayments", told)
    if again.is_success:
        assert await money(besancon, loan_id) == (195_500, 4_500, 0)
    else:
        assert again.status_code == 409


async def test_a_repayment_entered_on_the_wrong_loan_moves_to_the_right_one(besancon: Ccas) -> None:
    """Reversed where it did not belong, it keeps the accountant's reference where it does."""
    wrong, right = await disbursed(besancon), await disbursed(besancon)
    told = repayment(4_500, "2011-02-05", "T-1")
    entry = await enter(besancon, wrong, told)
    await take_back(besancon, wrong, entry["id"], "2011-02-05")
    await enter(besancon, right, told)
    assert await money(besancon, wrong) == (200_000, 0, 0)
    assert await money(besancon, right) == (195_500, 4_500, 0)


async def test_an_amount_entered_wrong_is_taken_back_and_entered_right_under_its_reference(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    wrong, right = repayment(45_000, "2011-02-05", "T-1"), repayment(4_500, "2011-02-05", "T-1")
    entry = await enter(besancon, loan_id, wrong)
    await refused(besancon.agent.post(f"/loans/{loan_id}/repayments", right), 409, "reference_already_used")
    await take_back(besancon, loan_id, entry["id"], "2011-02-05")
    again = await enter(besancon, loan_id, right)
    assert again["id"] != entry["id"]
    assert await enter(besancon, loan_id, right) == again
    assert await money(besancon, loan_id) == (195_500, 4_500, 0)
    await refused(besancon.agent.post(f"/loans/{loan_id}/repayments", wrong), 409, "reference_already_used")


async def test_a_reference_may_be_taken_back_and_used_as_often_as_it_takes(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    for _ in range(3):
        entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
        await take_back(besancon, loan_id, entry["id"], "2011-02-10")
    assert await money(besancon, loan_id) == (200_000, 0, 0)
    assert len(await ledger(besancon, loan_id)) == 7


async def test_money_also_comes_back_and_is_taken_back_in_litigation(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01"}))
    entry = await enter(besancon, loan_id, repayment(200_000, "2011-08-01", "T-1"))
    await take_back(besancon, loan_id, entry["id"], "2011-08-10")
    for day, status in (("2011-08-09", "closed"), ("2011-08-10", "litigation")):
        assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=day)))["status"] == status


# Kept


@pytest.mark.parametrize(
    "statement", ["update ledger_entries set amount_cents = 1", "delete from ledger_entries", "truncate ledger_entries"]
)
async def test_the_service_cannot_rewrite_the_ledger(besancon: Ccas, databases: Databases, statement: str) -> None:
    await disbursed(besancon)
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, statement)


async def insert_entry(databases: Databases, ccas: Ccas, loan_id: str, **fields: Any) -> None:
    """Writes to the ledger past the service, as the role that serves."""
    row = {
        "id": uuid4(),
        "tenant_id": ccas.id,
        "loan_id": loan_id,
        "account_id": ccas.agent.account_id,
        "kind": "repayment",
        "amount_cents": 100,
        "effect_on": date(2011, 2, 5),
        "source": "public_accountant",
        "reference": "T-1",
        "reverses_id": None,
        "payee_kind": None,
        **fields,
    }
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    run_sql(databases, ccas, f"insert into ledger_entries ({names}, entered_at) values ({values}, now())", **row)  # noqa: S608


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_cents": 0}, "amount_positive"),
        ({"amount_cents": -100}, "amount_positive"),
        ({"reference": None}, "repayment_has_reference"),
        ({"source": None}, "repayment_has_source"),
        ({"source": "lender"}, "lender_is_named"),
        ({"account_id": None}, "one_author"),
        ({"kind": "reversal", "source": None, "reference": None}, "reversal_names_entry"),
        ({"kind": "disbursement", "source": None, "reference": None}, "disbursement_has_payee"),
        ({"kind": "write_off", "source": None, "reference": None}, "loss_is_decided"),
        ({"off_books_cents": 1}, "off_books_of_ended_debt"),
        ({"cash_officer": "Une régisseuse"}, "cash_officer_receives"),
        ({}, "the lines of a ledger entry sum to 0"),
        ({"loan_id": NOBODY}, "fk_ledger_entries_tenant_id_loan_id"),
    ],
)
async def test_the_database_itself_refuses_an_entry_that_makes_no_sense(
    besancon: Ccas, databases: Databases, fields: Json, constraint: str
) -> None:
    loan_id = await disbursed(besancon)
    with pytest.raises(IntegrityError, match=constraint):
        await insert_entry(databases, besancon, **{"loan_id": loan_id, **fields})


async def test_the_day_of_an_entry_and_the_instant_it_was_entered_are_kept_apart(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await enter(besancon, loan_id, repayment(4_500, "2011-02-05", "T-1"))
    assert entry["effect_on"] == "2011-02-05"
    assert date.fromisoformat(entry["entered_at"][:10]) > date(2011, 2, 5) + timedelta(days=365)
