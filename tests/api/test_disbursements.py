"""Paying a loan of the CCAS's own funds out over HTTP: in parts, to whom, and taken back."""

import pytest

from tests.support import (
    Ccas,
    Databases,
    Json,
    accepted,
    disbursed,
    ok,
    refused,
    repayment,
    run_sql,
    told_until,
)

IBAN = "FR76 3000 6000 0112 3456 7890 189"
SIRET = "73282932000074"


def part(amount_cents: int, on: str = "2011-01-30", **payee: object) -> Json:
    return {"amount_cents": amount_cents, "disbursed_on": on, "payee": {"kind": "supplier", **payee}}


async def pay(ccas: Ccas, loan_id: str, *body: object, **payee: object) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", part(*body, **payee)))


async def parts(ccas: Ccas, loan_id: str) -> list[Json]:
    return list((await ok(ccas.agent.get(f"/loans/{loan_id}/disbursements")))["items"])


async def take_back(ccas: Ccas, loan_id: str, number: int, on: str) -> Json:
    entry = (await parts(ccas, loan_id))[number]
    path = f"/loans/{loan_id}/disbursements/{entry['id']}/reversal"
    return await ok(ccas.agent.post(path, {"reversed_on": on, "reason": "Mandat rejeté"}))


async def of_loan(ccas: Ccas, loan_id: str, *names: str, as_of: str = "2011-03-01") -> tuple[object, ...]:
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of=as_of))
    return tuple(loan[name] for name in names)


async def test_a_loan_is_paid_out_in_parts_to_several_and_the_first_starts_it(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await pay(besancon, loan_id, 120_000, "2011-01-30", name="Garage du Doubs")
    assert await of_loan(besancon, loan_id, "status", "outstanding_cents", as_of="2011-02-01") == (
        "not_started",
        120_000,
    )
    await pay(besancon, loan_id, 50_000, "2011-02-10", name="Auto-école")
    borrower = {"amount_cents": 30_000, "disbursed_on": "2011-02-11", "payee": {"kind": "borrower"}}
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", borrower), 409, "rules_breached")
    await pay(besancon, loan_id, 30_000, "2011-02-20")
    assert await of_loan(besancon, loan_id, "disbursed_cents", "outstanding_cents") == (200_000, 200_000)
    assert await of_loan(besancon, loan_id, "outstanding_cents", as_of="2011-02-15") == (170_000,)
    assert [one["amount_cents"] for one in await parts(besancon, loan_id)] == [120_000, 50_000, 30_000]


async def test_no_more_is_paid_out_than_was_lent(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    path = f"/loans/{loan_id}/disbursements"
    told = await refused(besancon.agent.post(path, part(200_001)), 409, "more_than_lent")
    assert (told["field"], told["left_cents"]) == ("amount_cents", 200_000)
    await pay(besancon, loan_id, 150_000)
    told = await refused(besancon.agent.post(path, part(50_001)), 409, "more_than_lent")
    assert told["left_cents"] == 50_000
    assert len(await parts(besancon, loan_id)) == 1


async def test_no_part_leaves_before_the_first_day_or_in_the_future(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    path = f"/loans/{loan_id}/disbursements"
    await refused(besancon.agent.post(path, part(1, "2011-01-25")), 409, "release_too_early")
    await pay(besancon, loan_id, 100_000)
    await refused(besancon.agent.post(path, part(1, "2011-01-25")), 409, "release_too_early")
    await refused(besancon.agent.post(path, part(1, "2199-01-01")), 409, "date_in_future")
    assert len(await parts(besancon, loan_id)) == 1


async def test_a_later_part_may_come_after_the_first_instalment_was_due(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", part(1, "2011-02-06")), 409, "due_before_paid")
    await pay(besancon, loan_id, 100_000)
    await pay(besancon, loan_id, 100_000, "2011-02-06")
    assert await of_loan(besancon, loan_id, "outstanding_cents") == (200_000,)


async def test_who_was_paid_is_kept_and_of_the_account_the_last_four_characters_alone(
    besancon: Ccas, databases: Databases
) -> None:
    garage = await ok(besancon.agent.post("/organisations", {"name": "Garage du Doubs", "kinds": ["supplier"]}))
    loan_id = await accepted(besancon)
    told = {
        "organisation_id": garage["id"],
        "siret": SIRET,
        "iban": IBAN,
        "invoice_reference": "F-2011-7",
        "instruction_on": "2011-01-22",
    }
    await pay(besancon, loan_id, 200_000, **told)
    (one,) = await parts(besancon, loan_id)
    assert one["payee"] == {
        "kind": "supplier", "name": None, "organisation_id": garage["id"], "person": None, "siret": SIRET,
        "iban_last4": "0189", "invoice_reference": "F-2011-7", "instruction_on": "2011-01-22",
    }  # fmt: skip
    (row,) = run_sql(databases, besancon, "select row_to_json(p)::text as row from payees p")
    assert "300060000112345" not in row["row"]


@pytest.mark.parametrize(
    ("payee", "status", "code"),
    [
        ({"iban": "FR76 3000 6000 0112 3456 7890 188"}, 422, "invalid"),
        ({"siret": "73282932000075"}, 422, "invalid"),
        ({"person": "borrower"}, 422, "invalid"),
        ({"kind": "borrower", "siret": SIRET}, 422, "invalid"),
        ({"kind": "borrower", "person": "ccas"}, 422, "invalid"),
        ({"organisation_id": "01900000-0000-7000-8000-000000000000"}, 409, "organisation_unknown"),
        ({"instruction_on": "2011-01-31"}, 409, "date_out_of_order"),
        ({"kind": "borrower", "person": "co_borrower"}, 409, "no_such_borrower"),
    ],
)
async def test_a_payee_that_cannot_be_is_refused_and_nothing_is_paid(
    besancon: Ccas, payee: Json, status: int, code: str
) -> None:
    loan_id = await accepted(besancon)
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", part(1_000, **payee)), status, code)
    assert await parts(besancon, loan_id) == []
    assert await of_loan(besancon, loan_id, "status") == ("accepted",)


async def test_an_organisation_that_is_no_supplier_is_not_paid(besancon: Ccas) -> None:
    school = await ok(besancon.agent.post("/organisations", {"name": "Auto-école", "kinds": ["workshop"]}))
    loan_id = await accepted(besancon)
    body = part(1_000, organisation_id=school["id"])
    await refused(besancon.agent.post(f"/loans/{loan_id}/disbursements", body), 409, "not_a_supplier")


async def test_a_rejected_order_to_pay_is_taken_back_once_and_the_money_may_leave_again(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await pay(besancon, loan_id, 150_000)
    await pay(besancon, loan_id, 50_000, "2011-02-01")
    entry = await take_back(besancon, loan_id, 1, "2011-02-03")
    assert (entry["kind"], entry["amount_cents"]) == ("reversal", 50_000)
    assert await of_loan(besancon, loan_id, "outstanding_cents", as_of="2011-02-02") == (200_000,)
    assert await of_loan(besancon, loan_id, "outstanding_cents", as_of="2011-02-03") == (150_000,)
    paid = await parts(besancon, loan_id)
    assert [one["reversed_on"] for one in paid] == [None, "2011-02-03"]
    again = f"/loans/{loan_id}/disbursements/{paid[1]['id']}/reversal"
    body = {"reversed_on": "2011-02-04", "reason": "Encore"}
    await refused(besancon.agent.post(again, body), 409, "already_reversed")
    await pay(besancon, loan_id, 50_000, "2011-02-10", name="Le bon garage")
    assert await of_loan(besancon, loan_id, "outstanding_cents") == (200_000,)


async def test_where_all_that_was_paid_out_came_back_the_loan_waits_for_its_money_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await take_back(besancon, loan_id, 0, "2011-02-03")
    names = ("status", "outstanding_cents", "overdue_cents", "next_due")
    assert await of_loan(besancon, loan_id, *names) == ("accepted", 0, 0, None)
    await pay(besancon, loan_id, 200_000, "2011-02-10")
    assert await of_loan(besancon, loan_id, "outstanding_cents") == (200_000,)


async def test_a_payment_is_not_taken_back_before_it_was_made_nor_a_repayment_as_one(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    (one,) = await parts(besancon, loan_id)
    path = f"/loans/{loan_id}/disbursements"
    early = {"reversed_on": "2011-01-29", "reason": "x"}
    await refused(besancon.agent.post(f"{path}/{one['id']}/reversal", early), 409, "date_out_of_order")
    money = await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(4_500, "2011-02-05", "R-1")))
    body = {"reversed_on": "2011-02-06", "reason": "x"}
    await refused(besancon.agent.post(f"{path}/{money['id']}/reversal", body), 404, "not_found")
    await refused(besancon.agent.post(f"/loans/{loan_id}/repayments/{one['id']}/reversal", body), 404, "not_found")


async def test_what_a_supplier_gives_back_is_a_repayment(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    body = {**repayment(50_000, "2011-02-15", "R-1"), "payer": "supplier"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", body))
    assert await of_loan(besancon, loan_id, "outstanding_cents", "disbursed_cents") == (150_000, 200_000)


async def test_the_envelope_consumes_what_was_paid_out_and_keeps_the_rest_reserved(besancon: Ccas) -> None:
    vote = {
        "year": 2011, "kind": "loans", "amount_cents": 500_000, "voted_on": "2010-12-14", "reference": "2010-112",
    }  # fmt: skip
    await ok(besancon.manager.post("/envelopes", vote))

    async def standing() -> tuple[int, int, int]:
        (one,) = (await ok(besancon.agent.get("/envelopes", year=2011)))["items"]
        return one["reserved_cents"], one["consumed_cents"], one["left_cents"]

    loan_id = await accepted(besancon)
    assert await standing() == (200_000, 0, 300_000)
    await pay(besancon, loan_id, 150_000)
    assert await standing() == (50_000, 150_000, 300_000)
    await take_back(besancon, loan_id, 0, "2011-02-01")
    assert await standing() == (200_000, 0, 300_000)
    await pay(besancon, loan_id, 150_000, "2011-02-02")
    await ok(besancon.agent.post(f"/loans/{loan_id}/undrawn", undrawn("2011-02-03", instalment_cents=8_500)))
    assert await standing() == (0, 150_000, 350_000)


async def test_the_worklist_waits_for_the_rest_of_the_money(besancon: Ccas) -> None:
    async def due() -> list[tuple[str, str]]:
        items = (await ok(besancon.agent.get("/worklist", kind="money_not_paid")))["items"]
        return [(item["loan_id"], item["since_on"]) for item in items]

    loan_id = await accepted(besancon)
    assert await due() == [(loan_id, "2011-01-22")]
    await pay(besancon, loan_id, 150_000)
    assert await due() == [(loan_id, "2011-01-30")]
    await pay(besancon, loan_id, 50_000, "2011-02-02")
    assert await due() == []
    await take_back(besancon, loan_id, 1, "2011-02-03")
    assert await due() == [(loan_id, "2011-01-30")]
    await ok(besancon.agent.post(f"/loans/{loan_id}/undrawn", undrawn("2011-02-04", instalment_cents=8_500)))
    assert await due() == []


def undrawn(on: str, **terms: object) -> Json:
    return {"decision": {"decided_on": on, "decided_by": "commission", "reference": "2011-12"}, **terms}


async def test_the_part_that_is_never_paid_out_leaves_the_schedule(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await pay(besancon, loan_id, 100_000)
    loan = await ok(besancon.agent.post(f"/loans/{loan_id}/undrawn", undrawn("2011-02-03", duration_months=10)))
    assert (loan["schedule_version"], loan["outstanding_cents"]) == (2, 100_000)
    schedule = await ok(besancon.agent.get(f"/loans/{loan_id}/schedule"))
    assert (schedule["kind"], [row["total_cents"] for row in schedule["rows"]]) == ("undrawn", [10_000] * 10)
    assert schedule["rows"][0]["due_on"] == "2011-02-05"
    told = await refused(
        besancon.agent.post(f"/loans/{loan_id}/disbursements", part(1, "2011-02-10")), 409, "more_than_lent"
    )
    assert told["left_cents"] == 0
    first = await ok(besancon.agent.get(f"/loans/{loan_id}/schedule", version=1))
    assert len(first["rows"]) == 24


@pytest.mark.parametrize(
    ("paid_cents", "body", "status", "code"),
    [
        (200_000, undrawn("2011-02-03", duration_months=10), 409, "paid_out_whole"),
        (100_000, undrawn("2011-02-03"), 422, "invalid"),
        (100_000, undrawn("2011-01-29", duration_months=10), 409, "date_out_of_order"),
        (100_000, undrawn("2199-01-29", duration_months=10), 409, "date_in_future"),
        (100_000, undrawn("2011-02-03", instalment_cents=1), 409, "impossible_schedule"),
    ],
)
async def test_what_is_wrong_with_an_undrawn_part_is_refused_and_the_schedule_stays(
    besancon: Ccas, paid_cents: int, body: Json, status: int, code: str
) -> None:
    loan_id = await accepted(besancon)
    await pay(besancon, loan_id, paid_cents)
    await refused(besancon.agent.post(f"/loans/{loan_id}/undrawn", body), status, code)
    assert await of_loan(besancon, loan_id, "schedule_version") == (1,)


async def test_before_any_payment_there_is_no_undrawn_part(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    body = undrawn("2011-02-03", duration_months=10)
    await refused(besancon.agent.post(f"/loans/{loan_id}/undrawn", body), 409, "illegal_transition")


async def test_a_payment_on_which_a_loss_rests_is_not_taken_back_and_nothing_is_lost_of_one_that_was(
    besancon: Ccas,
) -> None:
    loan_id = await disbursed(besancon)
    loss = {
        "amount_cents": 100_000,
        "written_off_on": "2011-02-20",
        "proposal_reference": "E-1",
        "decision": {"decided_on": "2011-02-20", "decided_by": "board"},
    }
    entry = await ok(besancon.agent.post(f"/loans/{loan_id}/write-offs", loss))
    back = {"reversed_on": "2011-03-01", "reason": "Mandat rejeté"}
    path = f"/loans/{loan_id}/disbursements/{(await parts(besancon, loan_id))[0]['id']}/reversal"
    await refused(besancon.agent.post(path, back), 409, "later_loss_unfit")
    assert await of_loan(besancon, loan_id, "outstanding_cents") == (100_000,)
    await ok(besancon.agent.post(f"/loans/{loan_id}/ledger/{entry['id']}/reversal", back))
    await ok(besancon.agent.post(path, back))
    await refused(besancon.agent.post(f"/loans/{loan_id}/write-offs", loss), 409, "later_loss_unfit")
    assert (await ok(besancon.agent.get("/figures/outstanding", as_of="2011-03-01")))["reconciled"]


async def test_a_loan_paid_out_in_part_and_repaid_is_not_late_with_the_rest(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await pay(besancon, loan_id, 120_000)
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(120_000, "2011-04-01", "P-1")))
    await told_until(besancon)
    assert await of_loan(besancon, loan_id, "status", "overdue_cents", as_of="2014-04-10") == ("closed", 0)
    assert (await ok(besancon.agent.get("/arrears")))["items"] == []
