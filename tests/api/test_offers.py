"""The offer of a lender: what it may say, what it may not, and what is left when it is refused: nothing."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from httpx import AsyncClient

from tests.lenders import (
    accepted_file,
    check,
    lender_of,
    neighbours,
    offer,
    open_under,
    rules_under,
    sent,
    signed,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, open_ccas, open_with, refused, run_sql

NOWHERE = "01900000-0000-7000-8000-000000000000"
# What an offer writes; one count for each table tells whether anything was left behind.
TABLES = ("loans", "loan_transitions", "schedules", "schedule_rows", "signatures", "ledger_entries")


def counted(databases: Databases, ccas: Ccas) -> dict[str, int]:
    """How many rows the CCAS has of all that a loan is made of."""
    counts = ", ".join(f"(select count(*) from {table}) as {table}" for table in TABLES)  # noqa: S608 - our own names
    return dict(run_sql(databases, ccas, f"select {counts}")[0])


def path_of(handoff: Json) -> str:
    return f"/partner/handoffs/{handoff['id']}/offers"


def stated(rate_percent: str, body: Json) -> Json:
    """The offer with its rate said."""
    return {**body, "rate_percent": rate_percent}


def shared(body: Json, *payers: str) -> Json:
    """The offer with the interest of each row paid by third parties, the first taking what the others leave."""
    for row in body["rows"]:
        others = [{"payer": payer, "cents": 1} for payer in payers[1:]]
        first = {"payer": payers[0], "cents": row["interest_cents"] - len(others)} if payers else None
        row["third_parties"] = [first, *others] if first else []
        row["borrower_cents"] = row["total_cents"] - (row["interest_cents"] if payers else 0)
    return body


# What the state of the file does not allow


async def test_the_offer_of_a_handoff_is_its_lender_s_alone(databases: Databases, amiens: Ccas, fresnes: Ccas) -> None:
    _, handoff = await accepted_file(databases, amiens, 200_000, 24)
    before = counted(databases, amiens)
    stranger = lender_of(databases, fresnes)
    body = offer(200_000, 24, "6.20")
    foreign, unknown = [
        await refused(stranger.post(path_of({"id": target}), body), 404, "not_found")
        for target in (handoff["id"], NOWHERE)
    ]
    assert foreign == unknown
    for staff in (amiens.agent, amiens.decider, amiens.manager):
        await refused(staff.post(path_of(handoff), body), 403, "forbidden")
    assert counted(databases, amiens) == before


async def test_an_offer_waits_for_an_acceptance_that_stands(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    answers, body = f"/partner/handoffs/{handoff['id']}/answers", offer(200_000, 24, "6.20")

    async def refused_in(state: str) -> None:
        problem = await refused(bank.post(path_of(handoff), body), 409, "illegal_transition")
        assert (problem["action"], problem["state"]) == ("offer", state)

    await refused_in("sent")
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"))
    await refused_in("received")
    asked = {"decision": "more_information", "decided_on": "2018-03-14", "asked": "Le devis"}
    await ok(bank.post(answers, asked))
    await refused_in("more_information")
    await ok(bank.post(answers, {"decision": "accepted", "decided_on": "2018-03-16"}))
    await refused_in("awaiting_check")
    told = check(handoff, ref="G-1", consulted_at="2018-03-16T08:00:00Z")
    await ok(bank.post("/partner/ficp-checks", told))
    worse = check(handoff, "unfavorable", ref="G-2", consulted_at="2018-03-17T08:00:00Z")
    await ok(bank.post("/partner/ficp-checks", worse))
    await refused_in("awaiting_check")
    assert set(counted(databases, amiens).values()) == {0}
    better = check(handoff, ref="G-3", consulted_at="2018-03-18T08:00:00Z")
    await ok(bank.post("/partner/ficp-checks", better))
    assert (await ok(bank.post(path_of(handoff), body)))["stage"] == "offered"


BACK = {"withdrawn_on": "2018-03-17", "reason": "Autre banque"}
CLOSING = {
    "outcome": "withdrawn",
    "reason_code": "withdrawn",
    "closed_on": "2018-03-17",
    "other_answer": {"kind": "family_solution", "given_on": "2018-03-17"},
}


async def test_no_offer_comes_after_the_end_of_a_handoff(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    refused_one = await sent(amiens, None, 200_000, 24)
    answer = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(bank.post(f"/partner/handoffs/{refused_one['id']}/answers", answer))
    _, taken_back = await accepted_file(databases, amiens, 200_000, 24)
    await ok(amiens.agent.post(f"/handoffs/{taken_back['id']}/withdrawals", BACK))
    _, closed = await accepted_file(databases, amiens, 200_000, 24)
    await ok(amiens.agent.post(f"/requests/{closed['request_id']}/close", CLOSING))
    for handoff, state in ((refused_one, "refused"), (taken_back, "withdrawn"), (closed, "withdrawn")):
        problem = await refused(bank.post(path_of(handoff), offer(200_000, 24, "6.20")), 409, "illegal_transition")
        assert problem["state"] == state
    assert counted(databases, amiens)["loans"] == 0


async def test_a_precheck_that_was_favourable_asks_for_no_loan(databases: Databases, toulouse: Ccas) -> None:
    """Even when the loan file is accepted: its check expires, that of the precheck does not."""
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    listed = await ok(toulouse.agent.get("/handoffs", request_id=handoff["request_id"], kind="precheck"))
    (precheck,) = listed["items"]
    assert precheck["status"] == "accepted"
    before = counted(databases, toulouse)
    await refused(bank.post(path_of(precheck), offer(300_000, 36, "3.04")), 409, "illegal_transition")
    assert counted(databases, toulouse) == before


async def test_an_offer_is_made_once(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    body = {**offer(200_000, 24, "6.20"), "valid_until": "2018-04-30", "contract_sha256": "0a" * 32}
    made = await ok(bank.post(path_of(handoff), body, key="offer-1"))
    assert made == {
        "loan_id": made["loan_id"],
        "handoff_id": handoff["id"],
        "number": "O-200000-24",
        "stage": "offered",
        "amount_cents": 200_000,
        "offered_on": "2018-03-19",
        "known": False,
    }
    written = counted(databases, amiens)
    assert written == {"loans": 1, "loan_transitions": 1, "schedules": 1, "schedule_rows": 24, "signatures": 0,
                       "ledger_entries": 0}  # fmt: skip
    replay = await bank.post(path_of(handoff), body, key="offer-1")
    assert (replay.json(), replay.headers["idempotency-replayed"]) == (made, "true")
    other = {**body, "number": "O-2"}
    await refused(bank.post(path_of(handoff), other, key="offer-1"), 422, "idempotency_key_reused")
    await refused(bank.post(path_of(handoff), other), 409, "loan_already_exists")
    # Told again under another key it is the same offer; another one of its number is refused.
    assert await ok(bank.post(path_of(handoff), body)) == {**made, "known": True}
    for change in ({"valid_until": "2018-05-01"}, {"offered_on": "2018-03-20"}, {"contract_sha256": None}):
        await refused(bank.post(path_of(handoff), {**body, **change}), 409, "reference_already_used")
    assert counted(databases, amiens) == written

    loan = await ok(amiens.agent.get(f"/loans/{made['loan_id']}"))
    told = ("partner", "handoff_id", "offer_number", "offer_valid_until", "contract_sha256", "interest_borne_by")
    assert [loan["lender"][name] for name in told] == [
        amiens.lender, handoff["id"], "O-200000-24", "2018-04-30", "0a" * 32, "borrower",
    ]  # fmt: skip
    assert (loan["status"], loan["rate_percent"], loan["duration_months"]) == ("offered", "6.2", 24)
    (item,) = (await ok(amiens.agent.get("/loans", request_id=handoff["request_id"])))["items"]
    assert (item["id"], item["partner"]) == (made["loan_id"], amiens.lender)
    assert (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}")))["status"] == "lender_accepted"


async def test_the_number_of_an_offer_names_one_loan_of_a_lender_in_a_ccas(
    databases: Databases, client: AsyncClient
) -> None:
    here, there = neighbours(databases, client, "amiens")
    bank, first = await accepted_file(databases, here, 200_000, 24)
    loan_id = (await ok(bank.post(path_of(first), {**offer(200_000, 24, "6.20"), "number": "N-1"})))["loan_id"]
    _, second = await accepted_file(databases, here, 100_000, 12)
    again = {**offer(100_000, 12, "6.20"), "number": "N-1"}
    before = counted(databases, here)
    await refused(bank.post(path_of(second), again), 409, "reference_already_used")
    # Even an offer that was given up keeps its number.
    given_up = {"cancelled_on": "2018-03-20", "reason": "Autre projet"}
    await ok(here.agent.post(f"/loans/{loan_id}/cancellations", given_up))
    await refused(bank.post(path_of(second), again), 409, "reference_already_used")
    assert counted(databases, here) == {**before, "loan_transitions": before["loan_transitions"] + 1}
    # Nothing is said of the numbers of another CCAS of the same bank.
    _, elsewhere = await accepted_file(databases, there, 100_000, 12)
    assert (await ok(bank.post(path_of(elsewhere), again)))["number"] == "N-1"


# What the rules and the agreement do not allow


async def test_at_toulouse_every_refusal_is_named_and_leaves_nothing(databases: Databases, toulouse: Ccas) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    before = counted(databases, toulouse)
    good = offer(300_000, 36, "3.04")
    to_the_borrower = {"rule": "interest_borne_by", "limit": "city", "actual": "borrower"}
    breached: list[tuple[Json, list[Json]]] = [
        (
            stated("4.00", offer(400_000, 48, "4.00")),
            [
                {"rule": "amount_cents_max", "limit": 300_000, "actual": 400_000},
                {"rule": "duration_months_max", "limit": 36, "actual": 48},
                {"rule": "rate_percent", "limit": "3.04", "actual": "4"},
            ],
        ),
        (offer(20_000, 6, "3.04"), [{"rule": "amount_cents_min", "limit": 30_000, "actual": 20_000}]),
        ({**good, "rate_percent": "3.05"}, [{"rule": "rate_percent", "limit": "3.04", "actual": "3.05"}]),
        (
            {**good, "rate_percent": "0"},
            [
                {"rule": "rate_percent", "limit": "3.04", "actual": "0"},
                {"rule": "interest_cents", "limit": 36, "actual": 14_270},
            ],
        ),
        (offer(300_000, 37, "3.04"), [{"rule": "duration_months_max", "limit": 36, "actual": 37}]),
        (shared(offer(300_000, 36, "3.04")), [to_the_borrower]),
        (
            shared(stated("3.05", offer(300_000, 36, "3.04"))),
            [{"rule": "rate_percent", "limit": "3.04", "actual": "3.05"}, to_the_borrower],
        ),
        (
            shared(offer(300_000, 36, "3.04"), "ccas"),
            [{"rule": "interest_borne_by", "limit": "city", "actual": "ccas"}],
        ),
    ]
    for body, expected in breached:
        problem = await refused(bank.post(path_of(handoff), body), 409, "rules_breached")
        assert [{name: told[name] for name in ("rule", "limit", "actual")} for told in problem["breaches"]] == expected
        assert all(told["reference"] and told["message"] for told in problem["breaches"])
    for body, code, facts in [
        (offer(200_000, 24, "3.04"), "offer_differs", {"offered_cents": 200_000, "endorsed_cents": 300_000}),
        ({**good, "offered_on": "2018-03-15"}, "date_out_of_order", {"not_before": "2018-03-16"}),
        ({**good, "offered_on": "2018-04-15"}, "check_not_favourable", {"standing": "to_renew"}),
        (in_the_future(good), "date_in_future", {"field": "offered_on"}),
    ]:
        problem = await refused(bank.post(path_of(handoff), body), 409, code)
        assert facts.items() <= problem.items()
    assert counted(databases, toulouse) == before
    # The last day on which the check of 15 March may be relied on.
    made = await ok(bank.post(path_of(handoff), {**good, "offered_on": "2018-04-14"}))
    assert (await ok(toulouse.agent.get(f"/loans/{made['loan_id']}")))["rate_percent"] == "3.04"


def in_the_future(body: Json) -> Json:
    rows = [{**told, "due_on": told["due_on"].replace("20", "21", 1)} for told in body["rows"]]
    return {**body, "offered_on": "2118-03-19", "rows": rows}


@pytest.mark.parametrize(
    ("rules_of", "body", "breached"),
    [
        ("amiens", stated("6.21", offer(200_001, 25, "6.21")), ["amount_cents_max", "duration_months_max",
                                                                    "rate_percent"]),
        ("amiens", stated("3.04", offer(200_000, 24, "3.04")), ["rate_percent"]),
        ("fresnes", shared(stated("4", offer(300_001, 37, "4"))), ["amount_cents_max", "duration_months_max"]),
        ("fresnes", shared(stated("4", offer(29_999, 6, "4"))), ["amount_cents_min"]),
    ],
)  # fmt: skip
async def test_each_ccas_holds_the_lender_to_its_own_rules(
    databases: Databases, client: AsyncClient, rules_of: str, body: Json, breached: list[str]
) -> None:
    ccas = open_ccas(databases, client, rules_of)
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    signed_by = {"signed_by": ["borrower", "lender"]}
    problem = await refused(bank.post(path_of(handoff), {**body, **signed_by}), 409, "rules_breached")
    assert [told["rule"] for told in problem["breaches"]] == breached
    assert set(counted(databases, ccas).values()) == {0}


async def test_an_agreement_holds_the_lender_tighter_than_the_rules(databases: Databases, client: AsyncClient) -> None:
    limits = {"amount_cents_max": 150_000, "duration_months_max": 18}
    ccas = open_under(databases, client, "amiens", credit_mutuel=limits)
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    problem = await refused(bank.post(path_of(handoff), offer(200_000, 25, "6.20")), 409, "rules_breached")
    agreement = "Convention entre le CCAS d'Amiens, la Caisse des Dépôts et Consignations et le Crédit Mutuel"
    assert [(told["rule"], told["limit"], told["reference"] == agreement) for told in problem["breaches"]] == [
        ("amount_cents_max", 150_000, True),
        ("duration_months_max", 18, True),
        ("duration_months_max", 24, False),
    ]
    assert set(counted(databases, ccas).values()) == {0}


async def test_the_rules_of_the_endorsement_hold_until_the_loan_is_made(
    databases: Databases, client: AsyncClient
) -> None:
    """A decision stores the rules of its day: what was endorsed under them is not undone by later ones."""
    rules = rules_under("amiens")
    (first,) = rules.versions
    later = replace(first.products[0], amount_cents_max=100_000, signed_by=None, rate_percent=None)
    versions = (
        replace(first, valid_to=date(2018, 3, 17)),
        replace(first, version=2, valid_from=date(2018, 3, 18), valid_to=None, products=(later,)),
    )
    ccas = open_with(databases, client, replace(rules, versions=versions))
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    made = await ok(bank.post(path_of(handoff), offer(200_000, 24, "6.20")))
    assert (await ok(ccas.agent.get(f"/loans/{made['loan_id']}")))["awaiting_signature_of"] == [
        "borrower", "ccas", "lender",
    ]  # fmt: skip


# What the rules do not state


async def test_at_fresnes_the_offer_states_what_the_rules_do_not(databases: Databases, fresnes: Ccas) -> None:
    association, handoff = await accepted_file(databases, fresnes, 100_000, 24)
    bare = offer(100_000, 24, "4.00")
    one_row_told = stated("4.00", offer(100_000, 24, "4.00"))
    one_row_told["rows"][0]["borrower_cents"] = one_row_told["rows"][0]["total_cents"]
    whole_told = shared(stated("4.00", offer(100_000, 24, "4.00")))
    for body, path in [
        (bare, "rate_percent"),
        ({**bare, "rate_percent": "4.00"}, "interest_borne_by"),
        (one_row_told, "interest_borne_by"),
        (whole_told, "signed_by"),
    ]:
        problem = await refused(association.post(path_of(handoff), body), 409, "rule_not_stated")
        assert problem["path"] == path
    assert set(counted(databases, fresnes).values()) == {0}
    made = await ok(association.post(path_of(handoff), {**whole_told, "signed_by": ["lender", "ccas", "lender"]}))
    loan = await ok(fresnes.agent.get(f"/loans/{made['loan_id']}"))
    # Whatever the lender says, nobody owes a loan that they did not sign.
    assert loan["awaiting_signature_of"] == ["borrower", "lender", "ccas"]
    assert (loan["rate_percent"], loan["lender"]["interest_borne_by"]) == ("4", None)


async def test_at_fresnes_without_interest_nobody_need_say_who_pays_it(databases: Databases, fresnes: Ccas) -> None:
    association, handoff = await accepted_file(databases, fresnes, 100_000, 24)
    body = {**offer(100_000, 24, "0"), "rate_percent": "0", "signed_by": ["co_borrower"]}
    made = await ok(association.post(path_of(handoff), body))
    loan = await ok(fresnes.agent.get(f"/loans/{made['loan_id']}"))
    assert (loan["rate_percent"], loan["awaiting_signature_of"]) == ("0", ["borrower"])


async def test_a_rate_that_the_agreement_states_need_not_be_stated_by_the_offer(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_under(databases, client, "fresnes", parcours_confiance_npdc={"rate_percent": Decimal("4.00")})
    association, handoff = await accepted_file(databases, ccas, 100_000, 24)
    body = {**shared(offer(100_000, 24, "4.00"), "region"), "signed_by": ["borrower", "lender"]}
    problem = await refused(association.post(path_of(handoff), {**body, "rate_percent": "5"}), 409, "rules_breached")
    assert [(told["rule"], told["limit"]) for told in problem["breaches"]] == [("rate_percent", "4")]
    made = await ok(association.post(path_of(handoff), body))
    assert (await ok(ccas.agent.get(f"/loans/{made['loan_id']}")))["rate_percent"] == "4"
    schedule = await ok(ccas.agent.get(f"/loans/{made['loan_id']}/schedule"))
    assert schedule["rows"][0]["third_parties"] == [{"payer": "region", "cents": 333}]
    assert schedule["totals"]["paid_by_borrower_cents"] == 100_000


# Rows


async def test_the_rows_of_the_lender_are_kept_and_ours_only_show_where_they_differ(
    databases: Databases, toulouse: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    body = offer(300_000, 36, "3.04")
    first, last = body["rows"][0], body["rows"][-1]
    first.update(principal_cents=7_969, total_cents=8_729)
    last.update(principal_cents=8_699, total_cents=8_721, due_on="2021-04-12")
    made = await ok(bank.post(path_of(handoff), body))
    schedule = await ok(toulouse.agent.get(f"/loans/{made['loan_id']}/schedule"))
    kept = [{name: told[name] for name in body["rows"][0]} for told in schedule["rows"]]
    assert kept == body["rows"]
    assert (schedule["rows"][0]["borrower_cents"], schedule["rows"][0]["balance_cents"]) == (7_969, 292_031)
    assert schedule["rows"][-1]["balance_cents"] == 0
    in_rows = {(told["number"], told["field"]): (told["lender_cents"], told["computed_cents"])
               for told in schedule["differences"]}  # fmt: skip
    assert in_rows == {
        (1, "principal_cents"): (7_969, 7_970),
        (1, "total_cents"): (8_729, 8_730),
        **{(number, "balance_cents"): (kept_balance, kept_balance - 1)
           for number, kept_balance in enumerate((told["balance_cents"] for told in schedule["rows"][:-1]), start=1)},
        (36, "principal_cents"): (8_699, 8_698),
        (36, "total_cents"): (8_721, 8_720),
    }  # fmt: skip
    assert schedule["totals"]["paid_by_borrower_cents"] == 300_000


async def test_rows_that_name_who_pays_are_kept_as_named_and_the_others_follow_the_rules(
    databases: Databases, toulouse: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    body = offer(300_000, 36, "3.04")
    body["rows"][0]["third_parties"] = [{"payer": "city", "cents": 500}, {"payer": "city", "cents": 260}]
    made = await ok(bank.post(path_of(handoff), body))
    rows = (await ok(toulouse.agent.get(f"/loans/{made['loan_id']}/schedule")))["rows"]
    assert rows[0]["third_parties"] == body["rows"][0]["third_parties"]
    assert (rows[0]["borrower_cents"], rows[1]["third_parties"]) == (7_970, [{"payer": "city", "cents": 740}])


async def test_at_amiens_a_third_party_may_come_to_the_borrower_s_help(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    made = await ok(bank.post(path_of(handoff), shared(offer(200_000, 24, "6.20"), "ccas", "region")))
    schedule = await ok(amiens.agent.get(f"/loans/{made['loan_id']}/schedule"))
    assert schedule["rows"][0]["third_parties"] == [{"payer": "ccas", "cents": 1_032}, {"payer": "region", "cents": 1}]
    assert schedule["totals"] == {
        "principal_cents": 200_000,
        "interest_cents": 13_173,
        "paid_by_borrower_cents": 200_000,
        "interest_subsidy_cents": 13_173,
    }


async def test_terms_that_give_no_schedule_of_ours_have_no_differences_to_show(
    databases: Databases, amiens: Ccas
) -> None:
    """0,40 € over 24 months: our level instalment of 2 cents would be done after 20."""
    bank, handoff = await accepted_file(databases, amiens, 40, 24)
    body = {**offer(24, 24, "6.20"), "amount_cents": 40}
    body["rows"][-1].update(principal_cents=17, total_cents=17)
    made = await ok(bank.post(path_of(handoff), body))
    schedule = await ok(amiens.agent.get(f"/loans/{made['loan_id']}/schedule"))
    assert [told["total_cents"] for told in schedule["rows"]] == [*[1] * 23, 17]
    assert schedule["differences"] is None


# A loan that was given up


@pytest.mark.parametrize("was_signed", [False, True], ids=["offered", "signed"])
async def test_an_offer_that_was_given_up_makes_room_for_another(
    databases: Databases, amiens: Ccas, *, was_signed: bool
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    loan_id = (await ok(bank.post(path_of(handoff), offer(200_000, 24, "6.20"))))["loan_id"]
    if was_signed:
        await signed(amiens, loan_id)
    given_up = {"cancelled_on": "2018-03-28", "reason": "Le véhicule est vendu"}
    cancelled = await ok(amiens.agent.post(f"/loans/{loan_id}/cancellations", given_up))
    assert cancelled["status"] == "cancelled"
    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    assert request["status"] == "lender_accepted"
    second = {**offer(200_000, 18, "6.20"), "number": "O-2", "offered_on": "2018-03-27"}
    problem = await refused(bank.post(path_of(handoff), second), 409, "date_out_of_order")
    assert problem["not_before"] == "2018-03-28"
    made = await ok(bank.post(path_of(handoff), {**second, "offered_on": "2018-03-28"}))
    assert made["loan_id"] != loan_id
    await signed(amiens, made["loan_id"], "2018-03-29")
    # What the lender tells from now on is of the second loan.
    payment = {"amount_cents": 200_000, "disbursed_on": "2018-04-05", "reference": "V-1", "payee": {"kind": "supplier"}}
    paid = await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", payment))
    assert paid["loan_id"] == made["loan_id"]
    assert (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}")))["status"] == "contracted"
    listed = (await ok(amiens.agent.get("/loans", request_id=handoff["request_id"])))["items"]
    assert [item["id"] for item in listed] == [made["loan_id"], loan_id]


async def test_the_loan_of_a_file_comes_from_its_offer_alone(databases: Databases, amiens: Ccas) -> None:
    own = {"offered_on": "2018-03-19", "first_due_on": "2018-05-05"}
    request = await taken_in(amiens)
    path = f"/requests/{request['id']}/loans"
    await refused(amiens.agent.post(path, own), 409, "illegal_transition")
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path = f"/requests/{handoff['request_id']}/loans"
    await refused(amiens.agent.post(path, own), 409, "partner_lends")
    loan_id = (await ok(bank.post(path_of(handoff), offer(200_000, 24, "6.20"))))["loan_id"]
    await refused(amiens.agent.post(path, own), 409, "partner_lends")
    await signed(amiens, loan_id)
    assert (await amiens.agent.post(path, own)).status_code == 409
    assert counted(databases, amiens)["loans"] == 1


async def test_while_an_offer_stands_the_file_stays_with_the_lender(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    await ok(bank.post(path_of(handoff), offer(200_000, 24, "6.20")))
    back = {**BACK, "withdrawn_on": "2018-03-20"}
    await refused(amiens.agent.post(f"/handoffs/{handoff['id']}/withdrawals", back), 409, "loan_in_the_way")
    closing = {**CLOSING, "closed_on": "2018-03-20"}
    await refused(amiens.agent.post(f"/requests/{handoff['request_id']}/close", closing), 409, "loan_in_the_way")
    again = {"kind": "loan_file", "support_person": "x", "sent_on": "2018-03-20"}
    assert (await amiens.agent.post(f"/requests/{handoff['request_id']}/handoffs", again)).status_code == 409
    # What the lender learns after its offer moves nothing any more.
    worse = check(handoff, "unfavorable", ref="G-9", consulted_at="2018-03-21T08:00:00Z")
    await ok(bank.post("/partner/ficp-checks", worse))
    assert (await ok(amiens.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "accepted"


async def test_of_several_offers_at_once_one_is_made(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    body = offer(200_000, 24, "6.20")
    answers = await asyncio.gather(*(bank.post(path_of(handoff), {**body, "number": f"O-{n}"}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if not answer.is_success} == {"loan_already_exists"}
    assert counted(databases, amiens)["schedule_rows"] == 24


async def test_of_two_files_offered_at_once_under_one_number_one_has_it(databases: Databases, amiens: Ccas) -> None:
    bank, one = await accepted_file(databases, amiens, 200_000, 24)
    _, other = await accepted_file(databases, amiens, 200_000, 24)
    body = offer(200_000, 24, "6.20")
    answers = await asyncio.gather(*(bank.post(path_of(handoff), body) for handoff in (one, other)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert counted(databases, amiens)["loans"] == 1
