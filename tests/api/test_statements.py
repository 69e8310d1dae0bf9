"""The statements of a lender: a copy of what it tells, line by line, up to a position date, in every CCAS at once."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from app.commands.tenants import read_rules
from app.tenants import seed_files
from tests.lenders import (
    Lender,
    accepted_file,
    before_commission,
    check,
    endorsement,
    handed_over,
    lender_of,
    machine_of,
    neighbours,
    offer,
    open_under,
    paid_out,
    repayment_line,
    rules_under,
    signed,
)
from tests.support import Ccas, Databases, Json, ok, open_with, refused, repayment, run_sql

NOWHERE = "01900000-0000-7000-8000-000000000000"


async def running(
    databases: Databases, ccas: Ccas, amount_cents: int = 200_000, months: int = 24, rate_percent: str = "6.20"
) -> tuple[Lender, Json, str]:
    """A lender, its handoff and the path of its loan, paid out on 5 April 2018, first due on 5 May."""
    lender, handoff = await accepted_file(databases, ccas, amount_cents, months)
    body = {**offer(amount_cents, months, rate_percent), "number": f"O-{handoff['id'][-12:]}"}
    return lender, handoff, f"/loans/{await paid_out(ccas, lender, handoff, body)}"


async def tell(lender: Lender, position_on: str, *items: Json, key: str | None = None) -> list[Json]:
    """The answers to the lines of a statement."""
    body = {"position_on": position_on, "items": list(items)}
    told = await ok(lender.post("/partner/repayments", body, key=key))
    assert told["position_on"] == position_on
    assert [item["index"] for item in told["items"]] == list(range(len(items)))
    answers: list[Json] = told["items"]
    return answers


async def loan_on(ccas: Ccas, path: str, day: str) -> Json:
    return await ok(ccas.agent.get(path, as_of=day))


async def repayments_of(ccas: Ccas, path: str) -> list[Json]:
    entries = (await ok(ccas.agent.get(f"{path}/ledger")))["items"]
    return [entry for entry in entries if entry["kind"] == "repayment"]


def unpaid(handoff: Json, number: int, **changes: Any) -> Json:
    return {"kind": "unpaid", "handoff_id": handoff["id"], "instalment_number": number, **changes}


def balance(handoff: Json, outstanding_cents: int) -> Json:
    return {"kind": "balance", "handoff_id": handoff["id"], "outstanding_principal_cents": outstanding_cents}


def codes(answers: list[Json]) -> list[str]:
    """What each line became: its status, or the code of its refusal."""
    return [answer["error"]["code"] if answer["error"] else answer["status"] for answer in answers]


# What a statement says


async def test_a_repayment_enters_the_ledger_once_under_the_reference_of_its_lender(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    line = repayment_line(handoff, 8_882, "2018-05-05", "R-1", outstanding_principal_cents=192_151)
    (first,) = await tell(bank, "2018-05-31", line)
    assert (first["status"], first["error"]) == ("recorded", None)
    (entry,) = await repayments_of(amiens, path)
    assert {name: entry[name] for name in ("id", "amount_cents", "effect_on", "source", "reference")} == {
        "id": first["id"], "amount_cents": 8_882, "effect_on": "2018-05-05", "source": "lender", "reference": "R-1",
    }  # fmt: skip
    before = (await ok(amiens.agent.get(path)))["version"]
    # Told again in a later statement and twice in it, it is the same repayment.
    again = await tell(bank, "2018-06-30", line, line)
    assert [(answer["status"], answer["id"]) for answer in again] == [("known", first["id"])] * 2
    for change in ({"amount_cents": 8_883}, {"paid_on": "2018-05-06"}):
        (other,) = await tell(bank, "2018-06-30", {**line, **change})
        assert codes([other]) == ["reference_already_used"]
    assert await repayments_of(amiens, path) == [entry]
    loan = await loan_on(amiens, path, "2018-05-31")
    # The balance that came with it is kept once for each position.
    assert (loan["version"], loan["outstanding_cents"], loan["repaid_cents"]) == (before + 1, 192_151, 8_882)
    assert (loan["lender"]["reported_outstanding_cents"], loan["lender"]["gap_cents"]) == (192_151, 0)


async def test_a_reference_names_one_repayment_among_all_the_loans_of_a_lender_in_a_ccas(
    databases: Databases, amiens: Ccas
) -> None:
    bank, one, one_path = await running(databases, amiens)
    _, other, other_path = await running(databases, amiens)
    line = repayment_line(one, 8_882, "2018-05-05", "R-1")
    answers = await tell(bank, "2018-05-31", line, {**line, "handoff_id": other["id"]})
    # Lines are recorded in the order of their handoffs: one of the two holds the reference, the other is refused.
    assert sorted(codes(answers)) == ["recorded", "reference_already_used"]
    told = [len(await repayments_of(amiens, path)) for path in (one_path, other_path)]
    assert sorted(told) == [0, 1]


async def test_the_references_of_two_lenders_and_of_the_accountant_say_nothing_of_each_other(
    databases: Databases, client: AsyncClient
) -> None:
    rules = rules_under("amiens", banque_postale={"planned": False})
    (version,) = rules.versions
    own = read_rules(next(path for path in seed_files() if path.stem == "besancon")).versions[-1].products[0]
    products = (*version.products, replace(own, code="own_funds_loan"))
    ccas = open_with(databases, client, replace(rules, versions=(replace(version, products=products),)))
    other_code = rules.agreements[1].partner
    loans: list[tuple[Lender, Json, str]] = []
    for code in (ccas.lender, other_code):
        lender = machine_of(databases, client, code)
        at_other = replace(ccas, lender=code)
        request_path = await before_commission(at_other, None, 200_000, product="personal_microcredit")
        await ok(ccas.decider.post(f"{request_path}/decisions", endorsement(200_000, 24)))
        handoff = await handed_over(ccas, request_path.rpartition("/")[2], "loan_file", "2018-03-13", partner=code)
        told = check(handoff, ref="G-1", consulted_at="2018-03-15T10:00:00Z")
        await ok(lender.post("/partner/ficp-checks", told))
        answer = {"decision": "accepted", "decided_on": "2018-03-16"}
        await ok(lender.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
        loans.append((lender, handoff, f"/loans/{await paid_out(ccas, lender, handoff, offer(200_000, 24, '6.20'))}"))
    own_path = await own_funds_loan(ccas)

    for lender, handoff, path in loans:
        (answer,) = await tell(lender, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
        assert codes([answer]) == ["recorded"]
        assert [entry["reference"] for entry in await repayments_of(ccas, path)] == ["R-1"]
    entered = await ok(ccas.agent.post(f"{own_path}/repayments", repayment(8_500, "2018-05-05", "R-1")))
    assert entered["source"] == "public_accountant"
    # A lender's position is its own: the other's loan does not become late by it.
    (one, one_handoff, one_path), (_, _, two_path) = loans
    await tell(one, "2018-06-30", balance(one_handoff, 192_151))
    overdue = [(await loan_on(ccas, path, "2018-07-15"))["overdue_cents"] for path in (one_path, two_path)]
    assert overdue == [8_882, 0]


async def own_funds_loan(ccas: Ccas) -> str:
    """The path of a loan of the CCAS's own funds, running since 5 April 2018."""
    path = await before_commission(ccas, None, 200_000, product="own_funds_loan")
    approval = {**endorsement(200_000, 24), "outcome": "approve"}
    await ok(ccas.decider.post(f"{path}/decisions", approval))
    terms = {"offered_on": "2018-03-19", "first_due_on": "2018-05-05"}
    loan = await ok(ccas.agent.post(f"{path}/loans", terms))
    await signed(ccas, loan["id"])
    payment = {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan['id']}/disbursements", payment))
    return f"/loans/{loan['id']}"


async def test_what_was_not_paid_is_listed_and_late_as_far_as_the_lender_tells(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    silent = await loan_on(amiens, path, "2018-12-31")
    assert (silent["status"], silent["overdue_cents"], silent["lender"]["position_on"]) == ("running", 0, None)
    assert silent["next_due"]["number"] == 1

    answers = await tell(bank, "2018-06-04", unpaid(handoff, 1), unpaid(handoff, 25), unpaid(handoff, 2))
    assert codes(answers) == ["recorded", "instalment_unknown", "date_after_position"]
    assert all(answer["error"]["detail"] for answer in answers[1:])
    # A line that was refused holds the position back: nobody is late by a line that failed here.
    held = await loan_on(amiens, path, "2018-12-31")
    assert (held["status"], held["overdue_cents"], held["lender"]["position_on"]) == ("running", 0, None)
    assert codes(await tell(bank, "2018-06-04", unpaid(handoff, 1))) == ["known"]
    late = await loan_on(amiens, path, "2018-12-31")
    assert (late["status"], late["overdue_cents"]) == ("overdue", 8_882)
    assert (late["lender"]["unpaid_instalments"], late["lender"]["position_on"]) == ([1], "2018-06-04")

    # Due on the position date itself and not in the statement: unpaid from the next day.
    await tell(bank, "2018-06-05")
    by_day = {day: (await loan_on(amiens, path, day))["overdue_cents"]
              for day in ("2018-05-05", "2018-05-06", "2018-06-05", "2018-06-06", "2019-01-01")}  # fmt: skip
    assert by_day == {"2018-05-05": 0, "2018-05-06": 8_882, "2018-06-05": 8_882, "2018-06-06": 17_764,
                      "2019-01-01": 17_764}  # fmt: skip
    # Later statements may tell of earlier days: the position never goes back.
    await tell(bank, "2018-04-30")
    assert (await loan_on(amiens, path, "2018-12-31"))["lender"]["position_on"] == "2018-06-05"
    # What a statement of June tells was not known in May; once it is paid, it is not unpaid any more.
    assert (await loan_on(amiens, path, "2018-06-03"))["lender"]["unpaid_instalments"] == []
    await tell(bank, "2018-06-10", repayment_line(handoff, 8_882, "2018-06-08", "R-late"))
    assert (await loan_on(amiens, path, "2018-06-10"))["lender"]["unpaid_instalments"] == []


async def test_a_part_that_is_paid_leaves_the_rest_late_and_too_much_is_a_credit(
    databases: Databases, toulouse: Ccas
) -> None:
    """The borrower's share alone is owed, late and due: 79,70 € of the first 87,30 €, the City pays the rest."""
    bank, handoff, path = await running(databases, toulouse, 300_000, 36, "3.04")
    await tell(bank, "2018-05-31", repayment_line(handoff, 5_000, "2018-05-05", "R-1"))
    loan = await loan_on(toulouse, path, "2018-05-31")
    assert (loan["status"], loan["overdue_cents"], loan["outstanding_cents"]) == ("overdue", 2_970, 295_000)
    assert loan["next_due"] == {"number": 1, "ref": 1, "due_on": "2018-05-05", "amount_cents": 2_970}
    (answer,) = await tell(bank, "2018-06-04", repayment_line(handoff, 295_007, "2018-06-01", "R-2"))
    assert codes([answer]) == ["recorded"]
    loan = await loan_on(toulouse, path, "2018-06-30")
    assert (loan["status"], loan["outstanding_cents"], loan["credit_cents"]) == ("closed", 0, 7)
    assert (loan["overdue_cents"], loan["next_due"], loan["closing_reasons"]) == (0, None, ["early"])
    # A fact told after the end is a fact: it adds to the credit.
    await tell(bank, "2018-07-04", repayment_line(handoff, 8_010, "2018-07-01", "R-3"))
    assert (await loan_on(toulouse, path, "2018-07-04"))["credit_cents"] == 8_017
    # As of a day before, the loan is what it was.
    assert (await loan_on(toulouse, path, "2018-05-31"))["outstanding_cents"] == 295_000


async def test_a_loan_whose_last_row_is_paid_closes_on_schedule(databases: Databases, amiens: Ccas) -> None:
    """300 € over 6 months at 6,20 %: five times 50,91 € and once 50,89 €, 5,44 € of interest."""
    bank, handoff, path = await running(databases, amiens, 30_000, 6)
    lines = [
        repayment_line(handoff, 5_091 if month < 10 else 5_089, f"2018-{month:02}-05", f"R-{month}")
        for month in range(5, 11)
    ]
    assert codes(await tell(bank, "2018-10-31", *lines)) == ["recorded"] * 6
    states = {day: (await loan_on(amiens, path, day))["status"] for day in ("2018-10-04", "2018-10-05")}
    assert states == {"2018-10-04": "running", "2018-10-05": "closed"}
    loan = await loan_on(amiens, path, "2018-10-31")
    assert (loan["closing_reasons"], loan["repaid_cents"], loan["credit_cents"]) == (["on_schedule"], 30_544, 0)


async def test_what_the_lender_says_is_owed_is_set_beside_our_copy(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    assert (await ok(amiens.agent.get(path)))["lender"]["gap_cents"] is None
    await tell(
        bank,
        "2018-05-31",
        repayment_line(handoff, 8_882, "2018-05-05", "R-1", outstanding_principal_cents=192_151),
        unpaid(handoff, 1, outstanding_principal_cents=192_161),
    )

    async def gap(day: str) -> tuple[Any, Any]:
        lender = (await loan_on(amiens, path, day))["lender"]
        return lender["reported_outstanding_cents"], lender["gap_cents"]

    # Of several in one statement the last one told holds.
    assert await gap("2018-06-30") == (192_161, 10)
    await tell(bank, "2018-06-15", balance(handoff, 192_000))
    assert await gap("2018-06-30") == (192_000, -151)
    # Days before the statement do not know it; a statement of earlier days does not replace a later one.
    assert await gap("2018-06-14") == (192_161, 10)
    assert await gap("2018-05-30") == (None, None)
    await tell(bank, "2018-06-10", balance(handoff, 1))
    assert await gap("2018-06-30") == (192_000, -151)
    # A repayment that is told late explains the gap of the days it belongs to.
    late = repayment_line(handoff, 8_882, "2018-06-05", "R-2")
    await tell(bank, "2018-06-30", late)
    assert await gap("2018-06-30") == (192_000, 192_000 - 184_262)


# Positions across the CCAS


async def test_an_empty_statement_moves_the_position_in_every_ccas_of_the_lender_and_in_no_other(
    databases: Databases, client: AsyncClient, amiens: Ccas
) -> None:
    here, there = neighbours(databases, client, "amiens")
    bank, _, here_path = await running(databases, here)
    _, _, there_path = await running(databases, there)
    _, _, strange_path = await running(databases, amiens)
    assert await tell(bank, "2018-05-31") == []
    positions = [
        (loan["lender"]["position_on"], loan["overdue_cents"])
        for ccas, path in ((here, here_path), (there, there_path), (amiens, strange_path))
        for loan in [await loan_on(ccas, path, "2018-06-30")]
    ]
    assert positions == [("2018-05-31", 8_882), ("2018-05-31", 8_882), (None, 0)]


async def test_one_statement_tells_of_loans_in_several_ccas(databases: Databases, client: AsyncClient) -> None:
    here, there = neighbours(databases, client, "amiens")
    bank, here_file, here_path = await running(databases, here)
    _, there_file, there_path = await running(databases, there)
    # The same reference in two CCAS is two repayments: they do not see each other.
    answers = await tell(
        bank,
        "2018-05-31",
        repayment_line(there_file, 8_882, "2018-05-05", "R-1"),
        repayment_line(here_file, 5_000, "2018-05-05", "R-1"),
        {**balance(here_file, 0), "handoff_id": NOWHERE},
        unpaid(there_file, 99),
        balance(here_file, 196_033),
    )
    assert codes(answers) == ["recorded", "recorded", "not_found", "instalment_unknown", "recorded"]
    told = [[entry["amount_cents"] for entry in await repayments_of(ccas, path)]
            for ccas, path in ((here, here_path), (there, there_path))]  # fmt: skip
    assert told == [[5_000], [8_882]]


# Lines that are refused


async def test_each_line_that_is_refused_says_why_and_leaves_nothing(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    bank, handoff, _ = await running(databases, amiens)
    _, unoffered = await accepted_file(databases, amiens, 100_000, 12)
    stranger, foreign, foreign_path = await strangers_loan(databases, fresnes)
    good = repayment_line(handoff, 8_882, "2018-05-05", "R-0")
    answers = await tell(
        bank,
        "2018-05-31",
        repayment_line(foreign, 8_882, "2018-05-05", "R-1"),
        {**good, "handoff_id": NOWHERE, "reference": "R-2"},
        repayment_line(unoffered, 8_882, "2018-05-05", "R-3"),
        repayment_line(handoff, 8_882, "2018-06-01", "R-5"),
        unpaid(handoff, 25),
        good,
    )
    assert codes(answers) == [
        "not_found", "not_found", "illegal_transition", "date_after_position", "instalment_unknown", "recorded",
    ]  # fmt: skip
    # What is another bank's and what is nowhere look the same.
    assert answers[0]["error"] == answers[1]["error"]
    assert [answer["id"] for answer in answers[:-1]] == [None] * 5
    (written,) = run_sql(
        databases,
        amiens,
        "select (select count(*) from statement_lines) as lines, (select count(*) from statements) as statements,"
        " (select count(*) from ledger_entries where kind = 'repayment') as repayments",
    )
    assert dict(written) == {"lines": 1, "statements": 1, "repayments": 1}
    assert run_sql(databases, fresnes, "select id from statements") == []
    assert await repayments_of(fresnes, foreign_path) == []
    assert (await loan_on(fresnes, foreign_path, "2018-05-31"))["lender"]["position_on"] is None
    assert codes(await tell(stranger, "2018-05-31", good)) == ["not_found"]


async def test_money_that_nothing_asked_for_is_a_fact_all_the_same(databases: Databases, amiens: Ccas) -> None:
    """Before the payment, of a loan that is only offered, after one that was given up: recorded, and shown."""
    bank, handoff, path = await running(databases, amiens)
    _, unpaid_out = await accepted_file(databases, amiens, 100_000, 12)
    offered = await ok(bank.post(f"/partner/handoffs/{unpaid_out['id']}/offers", offer(100_000, 12, "6.20")))
    early = repayment_line(handoff, 8_882, "2018-04-04", "R-6")
    unowed = repayment_line(unpaid_out, 8_882, "2018-05-05", "R-4")
    assert codes(await tell(bank, "2018-05-31", early, unowed)) == ["recorded", "recorded"]
    loan = await loan_on(amiens, path, "2018-05-31")
    assert (loan["anomalies"], loan["repaid_cents"], loan["lender"]["position_on"]) == (
        ["repaid_before_payment"], 8_882, "2018-05-31",
    )  # fmt: skip
    other = f"/loans/{offered['loan_id']}"
    loan = await loan_on(amiens, other, "2018-05-31")
    assert (loan["status"], loan["anomalies"], loan["credit_cents"]) == ("offered", ["repaid_before_payment"], 8_882)
    given_up = {"cancelled_on": "2018-06-01", "reason": "Autre projet"}
    await ok(amiens.agent.post(f"{other}/cancellations", given_up))
    late = repayment_line(unpaid_out, 100, "2018-06-05", "R-7")
    assert codes(await tell(bank, "2018-06-30", late)) == ["recorded"]
    assert (await loan_on(amiens, other, "2018-06-30"))["anomalies"] == ["repaid_after_cancellation"]


async def strangers_loan(databases: Databases, fresnes: Ccas) -> tuple[Lender, Json, str]:
    association, handoff = await accepted_file(databases, fresnes, 100_000, 10)
    body = {**offer(100_000, 10, "0"), "rate_percent": "0", "signed_by": ["borrower", "lender"]}
    return association, handoff, f"/loans/{await paid_out(fresnes, association, handoff, body)}"


async def test_the_reasons_name_the_words_of_the_statement(databases: Databases, amiens: Ccas) -> None:
    """The lender's day of payment, not the day on which the CCAS would have received it."""
    bank, handoff, _ = await running(databases, amiens)
    lines = [repayment_line(handoff, 8_882, "2018-06-01", "R-5")]
    body = {"position_on": "2018-05-31", "items": lines}
    for language, words in (("fr", "de paiement"), ("en", "of payment")):
        headers = {**bank.headers, "Idempotency-Key": f"words-{language}", "Accept-Language": language}
        answer = await bank.client.post("/v1/partner/repayments", json=body, headers=headers)
        for item in answer.json()["items"]:
            assert words in item["error"]["detail"]


@pytest.mark.parametrize(
    ("line", "pointer", "code"),
    [
        ({"amount_cents": "8882"}, "/amount_cents", "not_an_integer"),
        ({"amount_cents": 0}, "/amount_cents", "too_small"),
        ({"reference": "virement du 5"}, "/reference", "not_a_reference"),
        ({"reference": None}, "/reference", "missing"),
        ({"paid_on": "05/05/2018"}, "/paid_on", "not_a_day"),
        ({"comment": "inscrit"}, "/comment", "unknown_field"),
        ({"instalment_number": 1}, "/instalment_number", "unknown_field"),
        ({"outstanding_principal_cents": -1}, "/outstanding_principal_cents", "too_small"),
        ({"handoff_id": "1"}, "/handoff_id", "not_an_identifier"),
        ({"kind": "litigation"}, "", None),
        ({"kind": None}, "", None),
        ({"kind": ["repayment"]}, "", None),
    ],
)
async def test_a_line_that_cannot_be_read_is_refused_alone(
    databases: Databases, amiens: Ccas, line: Json, pointer: str, code: str | None
) -> None:
    bank = lender_of(databases, amiens)
    whole = {**repayment_line({"id": NOWHERE}, 8_882, "2018-05-05", "R-1"), **line}
    told = {name: value for name, value in whole.items() if value is not None}
    answers = await tell(bank, "2018-05-31", balance({"id": NOWHERE}, 0), told)
    assert codes(answers) == ["not_found", "invalid"]
    (fault,) = answers[1]["error"]["errors"]
    assert fault["pointer"].startswith(f"/body/items/1{pointer}")
    assert fault["message"]
    assert code is None or (fault["pointer"], fault["code"]) == (f"/body/items/1{pointer}", code)


async def test_what_cannot_be_read_names_each_of_its_faults(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    (answer,) = await tell(bank, "2018-05-31", {"kind": "repayment", "handoff_id": NOWHERE, "amount_cents": 1.5})
    assert {fault["pointer"] for fault in answer["error"]["errors"]} == {
        "/body/items/0/amount_cents", "/body/items/0/paid_on", "/body/items/0/reference",
    }  # fmt: skip
    for line, pointer in (
        ({"kind": "unpaid", "handoff_id": NOWHERE}, "/body/items/0/instalment_number"),
        ({"kind": "unpaid", "handoff_id": NOWHERE, "instalment_number": 0}, "/body/items/0/instalment_number"),
        ({"kind": "balance", "handoff_id": NOWHERE}, "/body/items/0/outstanding_principal_cents"),
        (7, "/body/items/0"),
    ):
        (answer,) = await tell(bank, "2018-05-31", line)
        assert [fault["pointer"] for fault in answer["error"]["errors"]] == [pointer]


# The whole statement


async def test_a_statement_of_tomorrow_or_of_too_many_lines_is_refused_whole(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    line = repayment_line(handoff, 8_882, "2018-05-05", "R-1")
    body = {"position_on": "2118-05-31", "items": [line]}
    problem = await refused(bank.post("/partner/repayments", body), 409, "date_in_future")
    assert problem["field"] == "position_on"
    many = {"position_on": "2018-05-31", "items": [balance(handoff, 0)] * 501}
    await refused(bank.post("/partner/repayments", many), 422, "invalid")
    for fault in ({"items": []}, {"position_on": "2018-05-31"}, {"position_on": "2018-05-31", "items": [], "x": 1}):
        await refused(bank.post("/partner/repayments", fault), 422, "invalid")
    assert run_sql(databases, amiens, "select id from statements") == []
    assert await repayments_of(amiens, path) == []
    for staff in (amiens.agent, amiens.decider, amiens.manager):
        body = {"position_on": "2018-05-31", "items": []}
        await refused(staff.post("/partner/repayments", body), 403, "forbidden")


async def test_five_hundred_lines_are_answered_in_their_order(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    lines = [repayment_line(handoff, 100, "2018-05-05", f"R-{number}") for number in range(498)]
    answers = await tell(bank, "2018-05-31", lines[0], *lines, balance({"id": NOWHERE}, 0))
    assert codes(answers) == ["recorded", "known", *["recorded"] * 497, "not_found"]
    loan = await loan_on(amiens, path, "2018-05-31")
    assert (loan["repaid_cents"], len(await repayments_of(amiens, path))) == (49_800, 498)


async def test_a_statement_sent_again_is_answered_again_and_has_no_second_effect(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    body = {"position_on": "2018-05-31", "items": [repayment_line(handoff, 8_882, "2018-05-05", "R-1"),
                                                    unpaid(handoff, 25)]}  # fmt: skip
    first = await bank.post("/partner/repayments", body, key="statement-1")
    again = await bank.post("/partner/repayments", body, key="statement-1")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = {**body, "position_on": "2018-05-30"}
    await refused(bank.post("/partner/repayments", other, key="statement-1"), 422, "idempotency_key_reused")
    assert len(run_sql(databases, amiens, "select id from statements")) == 1
    headers = dict(bank.headers)
    keyless = await amiens.agent.client.post("/v1/partner/repayments", json=body, headers=headers)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "header_missing")
    # Under another key the lines are known, one by one.
    assert codes(await tell(bank, "2018-05-31", *body["items"])) == ["known", "instalment_unknown"]
    assert len(await repayments_of(amiens, path)) == 1


async def test_two_statements_at_once_tell_of_one_repayment(databases: Databases, amiens: Ccas) -> None:
    bank, one, one_path = await running(databases, amiens)
    _, other, other_path = await running(databases, amiens)
    lines = [repayment_line(one, 8_882, "2018-05-05", "R-1"), repayment_line(other, 8_882, "2018-05-05", "R-2")]
    # In opposite orders: two statements never wait for each other both ways.
    answers = await asyncio.gather(
        *(tell(bank, "2018-05-31", *order) for _ in range(3) for order in (lines, lines[::-1]))
    )
    statuses = sorted(status for told in answers for status in codes(told))
    assert statuses == [*["known"] * 10, *["recorded"] * 2]
    for path in (one_path, other_path):
        assert len(await repayments_of(amiens, path)) == 1
    assert len(run_sql(databases, amiens, "select id from statements")) == 6


async def test_of_two_loans_told_at_once_under_one_reference_one_has_it(databases: Databases, amiens: Ccas) -> None:
    bank, one, one_path = await running(databases, amiens)
    _, other, other_path = await running(databases, amiens)
    line = repayment_line(one, 8_882, "2018-05-05", "R-1")
    told = await asyncio.gather(
        *(tell(bank, "2018-05-31", {**line, "handoff_id": file["id"]}) for file in (one, other))
    )
    found = {code for answers in told for code in codes(answers)}
    # The one that lost the race is told so, or finds the reference taken.
    assert found - {"recorded"} <= {"reference_already_used", "conflict"}
    assert len(found) == 2
    assert sorted([len(await repayments_of(amiens, path)) for path in (one_path, other_path)]) == [0, 1]


async def test_an_agreement_that_has_ended_still_lets_the_lender_tell_of_its_loans(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel={"valid_to": date(2018, 3, 31)})
    bank, handoff, path = await running(databases, ccas)
    assert codes(await tell(bank, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))) == ["recorded"]
    assert (await loan_on(ccas, path, "2018-05-31"))["outstanding_cents"] == 192_151


async def test_a_lender_that_was_handed_nothing_tells_nobody_of_anything(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    assert await tell(bank, "2018-05-31") == []
    assert run_sql(databases, amiens, "select id from statements") == []
