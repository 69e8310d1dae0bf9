"""Three parties sign the loan of a partner: together where the rules say so, each on a day of its own elsewhere."""

import asyncio
from typing import Any

import pytest

from tests.lenders import Lender, accepted_by, accepted_file, authorised, lender_of, offer, offered_by, sent
from tests.support import Ccas, Databases, Json, ok, refused

BOTH_STATED: Json = {"rate_percent": "0", "signed_by": ["ccas", "borrower"]}


async def offered_loan(
    databases: Databases, ccas: Ccas, amount_cents: int, months: int, rate_percent: str, **changes: Any
) -> str:
    """The path of a loan offered on 19 March 2018, first due on 5 May."""
    lender, handoff = await accepted_file(databases, ccas, amount_cents, months, **changes)
    return f"/loans/{await offered_by(ccas, lender, handoff, offer(amount_cents, months, rate_percent))}"


def signature(party: str, signed_on: str, support_on: str | None = None) -> Json:
    told = {"party": party, "signed_on": signed_on}
    return told if support_on is None else {**told, "support_contract_signed_on": support_on}


async def all_there(ccas: Ccas, path: str) -> Json:
    loan = await ok(ccas.agent.get(path))
    return {"present": [*(told["party"] for told in loan["signatures"]), *loan["awaiting_signature_of"]]}


async def sign(ccas: Ccas, path: str, *signing: Any) -> Json:
    return await ok(ccas.agent.post(f"{path}/signatures", {**signature(*signing), **await all_there(ccas, path)}))


async def not_signed(ccas: Ccas, path: str, code: str, *signing: Any, **facts: Any) -> None:
    body = {**signature(*signing), **await all_there(ccas, path)}
    problem = await refused(ccas.agent.post(f"{path}/signatures", body), 409, code)
    assert facts.items() <= problem.items()


async def test_at_toulouse_all_sign_on_one_day_and_the_support_contract_with_it(
    databases: Databases, toulouse: Ccas
) -> None:
    path = await offered_loan(databases, toulouse, 300_000, 36, "3.04")
    day = "2018-03-26"
    missing = {"field": "support_contract_signed_on", "expected_on": day}
    await not_signed(toulouse, path, "signed_on_another_day", "borrower", day, **missing)
    await not_signed(toulouse, path, "signed_on_another_day", "borrower", day, "2018-03-25", **missing)
    await not_signed(toulouse, path, "date_in_future", "borrower", day, "2018-03-27", field=missing["field"])
    await not_signed(toulouse, path, "date_out_of_order", "borrower", "2018-03-18", "2018-03-18", field="signed_on")
    await not_signed(toulouse, path, "date_in_future", "borrower", "2118-03-26", "2118-03-26", field="signed_on")
    await not_signed(toulouse, path, "due_before_paid", "borrower", "2018-05-06", "2018-05-06")
    await not_signed(toulouse, path, "party_not_expected", "co_borrower", day, day)
    loan = await ok(toulouse.agent.get(path))
    assert (loan["signatures"], loan["awaiting_signature_of"]) == ([], ["borrower", "ccas", "lender"])

    await sign(toulouse, path, "borrower", day, day)
    another = {"field": "signed_on", "expected_on": day}
    await not_signed(toulouse, path, "signed_on_another_day", "ccas", "2018-03-27", **another)
    await not_signed(toulouse, path, "signed_on_another_day", "lender", "2018-03-25", **another)
    await not_signed(toulouse, path, "already_signed", "borrower", day, day)
    await sign(toulouse, path, "lender", day)
    loan = await sign(toulouse, path, "ccas", day)
    assert (loan["status"], loan["awaiting_signature_of"]) == ("accepted", [])
    assert {told["party"]: told["support_contract_signed_on"] for told in loan["signatures"]} == {
        "borrower": day, "lender": None, "ccas": None,
    }  # fmt: skip
    await not_signed(toulouse, path, "illegal_transition", "lender", day)
    request = await ok(toulouse.agent.get(f"/requests/{loan['request_id']}"))
    assert request["status"] == "contracted"


async def test_at_toulouse_the_day_is_that_of_the_first_whoever_signs_first(
    databases: Databases, toulouse: Ccas
) -> None:
    path = await offered_loan(databases, toulouse, 300_000, 36, "3.04")
    await sign(toulouse, path, "lender", "2018-03-26")
    await not_signed(toulouse, path, "signed_on_another_day", "borrower", "2018-03-27", "2018-03-27",
                     field="signed_on", expected_on="2018-03-26")  # fmt: skip
    await sign(toulouse, path, "borrower", "2018-03-26", "2018-03-26")


async def test_at_toulouse_each_borrower_signs_a_support_contract(databases: Databases, toulouse: Ccas) -> None:
    other = {"first_names": "Dominique", "birth_name": "Exemple", "birth_on": "1985-07-09",
             "commune_insee_code": toulouse.insee_code}  # fmt: skip
    person = await ok(toulouse.agent.post("/people", other))
    await authorised(toulouse, person["id"])
    path = await offered_loan(databases, toulouse, 300_000, 36, "3.04", co_applicant_id=person["id"])
    assert (await ok(toulouse.agent.get(path)))["awaiting_signature_of"] == ["borrower", "ccas", "lender",
                                                                           "co_borrower"]  # fmt: skip
    day = "2018-03-26"
    for party in ("borrower", "ccas", "lender"):
        loan = await sign(toulouse, path, party, day, *([day] if party == "borrower" else []))
    assert (loan["status"], loan["awaiting_signature_of"]) == ("offered", ["co_borrower"])
    await not_signed(toulouse, path, "signed_on_another_day", "co_borrower", day, field="support_contract_signed_on")
    assert (await sign(toulouse, path, "co_borrower", day, day))["status"] == "accepted"


async def test_at_amiens_each_signs_on_a_day_of_its_own_and_the_last_day_makes_the_contract(
    databases: Databases, amiens: Ccas
) -> None:
    path = await offered_loan(databases, amiens, 200_000, 24, "6.20")
    await sign(amiens, path, "borrower", "2018-03-26", "2018-03-22")
    await sign(amiens, path, "lender", "2018-03-29")
    # Told last, though it signed in between.
    loan = await sign(amiens, path, "ccas", "2018-03-27")
    assert loan["status"] == "accepted"
    on = {day: (await ok(amiens.agent.get(path, as_of=day)))["status"] for day in ("2018-03-28", "2018-03-29")}
    assert on == {"2018-03-28": "offered", "2018-03-29": "accepted"}
    assert len((await ok(amiens.agent.get(path, as_of="2018-03-26")))["signatures"]) == 1


async def test_at_fresnes_those_sign_whom_the_offer_names(databases: Databases, fresnes: Ccas) -> None:
    association, handoff = await accepted_file(databases, fresnes, 100_000, 10)
    body = {**offer(100_000, 10, "0"), **BOTH_STATED}
    path = f"/loans/{await offered_by(fresnes, association, handoff, body)}"
    await not_signed(fresnes, path, "party_not_expected", "lender", "2018-03-26", party="lender")
    await sign(fresnes, path, "borrower", "2018-03-26")
    assert (await sign(fresnes, path, "ccas", "2018-04-02"))["status"] == "accepted"


async def test_a_minor_signs_no_loan_of_a_partner_either_and_may_on_turning_eighteen(
    databases: Databases, amiens: Ccas
) -> None:
    applicant = {"first_names": "Camille", "birth_name": "Exemple", "birth_on": "2000-03-26",
                 "commune_insee_code": amiens.insee_code}  # fmt: skip
    path = await offered_loan(databases, amiens, 200_000, 24, "6.20", applicant=applicant)
    await not_signed(amiens, path, "borrower_is_minor", "borrower", "2018-03-25", party="borrower", on="2018-03-25")
    await sign(amiens, path, "ccas", "2018-03-25")
    await sign(amiens, path, "borrower", "2018-03-26")


async def test_the_lender_s_machine_signs_nothing_itself(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20'))}"
    await refused(bank.post(f"{path}/signatures", signature("lender", "2018-03-26")), 403, "forbidden")
    assert (await ok(amiens.agent.get(path)))["signatures"] == []


# Paying out


async def signed_loan(databases: Databases, amiens: Ccas, **changes: Any) -> tuple[Lender, Json, str]:
    """A lender, its handoff and the path of its loan, signed on 26 March 2018."""
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20', **changes))}"
    for party in ("borrower", "ccas", "lender"):
        await sign(amiens, path, party, "2018-03-26")
    return bank, handoff, path


def payment(**changes: Any) -> Json:
    return {
        "amount_cents": 200_000,
        "disbursed_on": "2018-04-05",
        "reference": "VIR-2018/0042",
        "payee": {"kind": "supplier", "name": "Garage Modèle"},
        **changes,
    }


async def test_the_lender_pays_its_loan_out_once_whole_after_all_have_signed(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    pay = f"/partner/handoffs/{handoff['id']}/disbursements"
    problem = await refused(bank.post(pay, payment()), 409, "illegal_transition")
    assert (problem["action"], problem["state"]) == ("disburse", "accepted")
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20'))}"
    for party in ("borrower", "ccas", "lender"):
        await sign(amiens, path, party, "2018-03-26")
    for body, code, facts in [
        (payment(amount_cents=200_001), "disbursement_differs", {"principal_cents": 200_000}),
        (payment(disbursed_on="2118-04-05"), "date_in_future", {"field": "disbursed_on"}),
    ]:
        problem = await refused(bank.post(pay, body), 409, code)
        assert facts.items() <= problem.items()
    for change in ({"reference": None}, {"reference": "VIR 42"}, {"iban": "FR76"}, {"payee": {"kind": "bank"}}):
        body = {name: value for name, value in payment(**change).items() if value is not None}
        await refused(bank.post(pay, body), 422, "invalid")
    await refused(lender_of(databases, fresnes).post(pay, payment()), 404, "not_found")
    assert (await ok(amiens.agent.get(f"{path}/ledger")))["items"] == []

    made = await ok(bank.post(pay, payment(), key="pay-1"))
    assert (made["stage"], made["handoff_id"]) == ("disbursed", handoff["id"])
    replay = await bank.post(pay, payment(), key="pay-1")
    assert (replay.json(), replay.headers["idempotency-replayed"]) == (made, "true")
    # Told again under another key it is the same payment; what else its reference would tell is refused.
    assert await ok(bank.post(pay, payment())) == {**made, "known": True}
    for change in ({"amount_cents": 1}, {"disbursed_on": "2018-04-06"}, {"payee": {"kind": "supplier"}}):
        await refused(bank.post(pay, payment(**change)), 409, "reference_already_used")
    await refused(bank.post(pay, payment(reference="VIR-2", amount_cents=1)), 409, "disbursement_differs")
    (entry,) = (await ok(amiens.agent.get(f"{path}/ledger")))["items"]
    told = ("kind", "amount_cents", "effect_on", "reference", "payee_kind", "payee_name", "source")
    assert [entry[name] for name in told] == [
        "disbursement", 200_000, "2018-04-05", "VIR-2018/0042", "supplier", "Garage Modèle", None,
    ]  # fmt: skip
    loan = await ok(amiens.agent.get(path, as_of="2018-04-30"))
    assert (loan["status"], loan["outstanding_cents"]) == ("not_started", 200_000)
    assert loan["next_due"] == {"number": 1, "ref": 1, "due_on": "2018-05-05", "amount_cents": 8_882}
    assert (await ok(amiens.agent.get(path, as_of="2018-04-04")))["outstanding_cents"] == 0


async def test_the_money_of_a_partner_s_loan_is_not_the_ccas_s_to_move(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    nothing = {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "payee": {"kind": "supplier"}}
    await refused(amiens.agent.post(f"{path}/disbursements", nothing), 409, "partner_lends")
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment()))
    told = {
        "kind": "repayment", "handoff_id": handoff["id"], "reference": "R-1", "amount_cents": 8_882,
        "paid_on": "2018-05-05",
    }  # fmt: skip
    statement = await ok(bank.post("/partner/repayments", {"position_on": "2018-05-31", "items": [told]}))
    repaid = {"amount_cents": 8_882, "received_on": "2018-06-05", "source": "public_accountant", "reference": "R-2"}
    reversal = {"reversed_on": "2018-06-01", "reason": "Rejet"}
    for staff in (amiens.agent, amiens.decider, amiens.manager):
        for act, body in [
            ("disbursements", nothing),
            ("repayments", repaid),
            (f"repayments/{statement['items'][0]['id']}/reversal", reversal),
            ("litigation", {"opened_on": "2018-06-30"}),
        ]:
            answer = await staff.post(f"{path}/{act}", body)
            assert (answer.status_code, answer.json()["code"]) in [(409, "partner_lends"), (403, "forbidden")]
            assert staff is not amiens.agent or answer.status_code == 409, answer.text
    entries = (await ok(amiens.agent.get(f"{path}/ledger")))["items"]
    assert [entry["kind"] for entry in entries] == ["disbursement", "repayment"]


@pytest.mark.parametrize(
    ("stage", "open_to_staff", "the_lender_s"),
    [
        ("offered", {"sign", "cancel"}, {"repay", "reverse", "refund_credit"}),
        ("accepted", {"cancel", "withdraw"}, {"disburse", "repay", "reverse", "refund_credit"}),
        (
            "disbursed",
            {"withdraw"},
            {
                "disburse",
                "repay",
                "reverse",
                "open_litigation",
                "write_off",
                "discharge",
                "remit",
                "refund_credit",
                "defer",
                "reschedule",
                "repay_early",
                "cancel_change",
                "support",
                "give_up_undrawn",
                "record_procedure",
            },
        ),
    ],
)
async def test_what_may_be_done_with_a_partner_s_loan_is_listed(
    databases: Databases, amiens: Ccas, stage: str, open_to_staff: set[str], the_lender_s: set[str]
) -> None:
    if stage == "offered":
        path = await offered_loan(databases, amiens, 200_000, 24, "6.20")
    else:
        bank, handoff, path = await signed_loan(databases, amiens)
        if stage == "disbursed":
            await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment()))
    actions = (await ok(amiens.agent.get(f"{path}/actions")))["items"]
    assert {item["action"] for item in actions if item["allowed"]} == open_to_staff
    assert {item["action"] for item in actions if "partner_lends" in item["reasons"]} == the_lender_s


async def test_a_loan_that_is_paid_out_is_given_up_no_more(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    early = {"cancelled_on": "2018-03-25", "reason": "Autre projet"}
    await refused(amiens.agent.post(f"{path}/cancellations", early), 409, "date_out_of_order")
    pay = f"/partner/handoffs/{handoff['id']}/disbursements"
    await ok(bank.post(pay, payment()))
    late = {"cancelled_on": "2018-04-06", "reason": "Autre projet"}
    await refused(amiens.agent.post(f"{path}/cancellations", late), 409, "illegal_transition")
    assert (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}")))["status"] == "contracted"


@pytest.mark.parametrize(
    ("changes", "anomalies"),
    [
        ({"disbursed_on": "2018-03-25"}, ["paid_before_release", "paid_before_signature"]),
        ({"disbursed_on": "2018-05-06"}, ["paid_after_first_due"]),
        ({"amount_cents": 150_000}, ["paid_in_part"]),
    ],
)
async def test_a_payment_that_nothing_allowed_is_a_fact_all_the_same(
    databases: Databases, amiens: Ccas, changes: Json, anomalies: list[str]
) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    made = await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment(**changes)))
    assert made["stage"] == "disbursed"
    loan = await ok(amiens.agent.get(path))
    assert (loan["anomalies"], loan["disbursed_cents"]) == (anomalies, changes.get("amount_cents", 200_000))


async def test_a_payment_in_two_parts_is_whole_in_either_order(databases: Databases, amiens: Ccas) -> None:
    parts = [payment(amount_cents=150_000), payment(amount_cents=50_000, disbursed_on="2018-04-12", reference="V-2")]
    for order in (parts, parts[::-1]):
        bank, handoff, path = await signed_loan(databases, amiens, number=f"O-{parts.index(order[0])}")
        for part in order:
            await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", part))
        states = [await ok(amiens.agent.get(path, as_of=day)) for day in ("2018-04-11", "2018-04-12")]
        assert [(one["status"], one["outstanding_cents"]) for one in states] == [
            ("not_started", 150_000), ("not_started", 200_000),
        ]  # fmt: skip
        assert states[1]["anomalies"] == []


async def test_a_payment_told_before_the_signatures_starts_the_loan_once_they_are_all_there(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20'))}"
    pay = f"/partner/handoffs/{handoff['id']}/disbursements"
    assert (await ok(bank.post(pay, payment())))["stage"] == "offered"
    unsigned = await ok(amiens.agent.get(path))
    assert (unsigned["status"], unsigned["anomalies"]) == ("offered", ["paid_before_signature"])
    given_up = {"cancelled_on": "2018-04-06", "reason": "Autre projet"}
    await refused(amiens.agent.post(f"{path}/cancellations", given_up), 409, "illegal_transition")
    actions = {item["action"]: item for item in (await ok(amiens.agent.get(f"{path}/actions")))["items"]}
    assert actions["cancel"]["reasons"] == ["state"]
    for party in ("borrower", "ccas", "lender"):
        await sign(amiens, path, party, "2018-03-26")
    loan = await ok(amiens.agent.get(path, as_of="2018-04-30"))
    assert (loan["status"], loan["anomalies"], loan["outstanding_cents"]) == ("not_started", [], 200_000)


async def test_a_loan_that_was_given_up_and_paid_out_shows_it(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    given_up = {"cancelled_on": "2018-03-28", "reason": "Le véhicule est vendu"}
    await ok(amiens.agent.post(f"{path}/cancellations", given_up))
    pay = f"/partner/handoffs/{handoff['id']}/disbursements"
    assert (await ok(bank.post(pay, payment())))["stage"] == "cancelled"
    loan = await ok(amiens.agent.get(path))
    assert (loan["status"], loan["outstanding_cents"]) == ("cancelled", 200_000)
    assert "paid_after_cancellation" in loan["anomalies"]


async def test_of_a_payment_and_a_renunciation_at_once_neither_is_lost(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    given_up = {"cancelled_on": "2018-04-05", "reason": "Le véhicule est vendu"}
    paid, cancelled = await asyncio.gather(
        bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment()),
        amiens.agent.post(f"{path}/cancellations", given_up),
    )
    # The payment is a fact, whichever came first; nothing is given up once it is known.
    assert (paid.status_code, cancelled.status_code) in [(201, 201), (201, 409)]
    entries = (await ok(amiens.agent.get(f"{path}/ledger")))["items"]
    status = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}")))["status"]
    assert (len(entries), status) == (1, "lender_accepted" if cancelled.is_success else "contracted")


async def test_an_offer_that_has_expired_is_no_longer_accepted(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await accepted_by(bank, handoff)
    body = {**offer(200_000, 24, "6.20"), "valid_until": "2018-04-03"}
    path = f"/loans/{await offered_by(amiens, bank, handoff, body)}/signatures"
    late = amiens.agent.post(path, {"party": "borrower", "signed_on": "2018-04-04"})
    assert (await refused(late, 409, "offer_expired"))["valid_until"] == "2018-04-03"
    await ok(amiens.agent.post(path, {"party": "borrower", "signed_on": "2018-04-03"}))
    await ok(amiens.agent.post(path, {"party": "lender", "signed_on": "2018-04-04"}))
