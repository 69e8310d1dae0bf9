"""From the offer to the money: how long an offer is open, when it is accepted, the first day of payment."""

from dataclasses import replace
from typing import Any

import pytest
from httpx import AsyncClient

from app.commands.tenants import read_rules
from app.tenants import seed_files
from tests.lenders import accepted_file, offer, offered_by, signed
from tests.support import (
    Ccas,
    Databases,
    Json,
    accepted,
    approved,
    offered,
    offered_on,
    ok,
    open_with,
    refused,
    with_own_partners,
)


async def sign(ccas: Ccas, loan_id: str, party: str, on: str) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": on}))


def payment(on: str, **changes: Any) -> Json:
    return {"amount_cents": 200_000, "disbursed_on": on, "payee": {"kind": "supplier"}, **changes}


def days_of(loan: Json) -> tuple[str, str, str]:
    return loan["accepted_on"], loan["earliest_release_on"], loan["withdrawal_until"]


def leaving_out(databases: Databases, client: AsyncClient, slug: str) -> Ccas:
    """A CCAS that states that its own loans are left out of consumer credit."""
    seed = read_rules(next(path for path in seed_files() if path.stem == "besancon"))
    last = seed.versions[-1]
    stated = replace(last, products=tuple(replace(one, excluded_from_consumer_credit=True) for one in last.products))
    rules = replace(seed, slug=slug, versions=(*seed.versions[:-1], stated))
    return open_with(databases, client, with_own_partners(rules, slug.replace("-", "_")))


# The calendar


@pytest.mark.parametrize(
    ("accepted_on", "before", "release", "until"),
    [
        ("2026-03-02", "2026-03-09", "2026-03-10", "2026-03-16"),
        ("2026-04-20", "2026-04-27", "2026-04-28", "2026-05-04"),
        # The days of 18 December 2026, in a year that is past: 1 January is a holiday, then a week-end.
        ("2015-12-18", "2015-12-25", "2015-12-26", "2016-01-04"),
        # Seven days to withdraw until 1 May 2011: 30 April was a Saturday, 1 May a Sunday.
        ("2011-04-23", "2011-04-30", "2011-05-01", "2011-05-02"),
        ("2011-05-02", "2011-05-09", "2011-05-10", "2011-05-16"),
    ],
)
async def test_money_leaves_from_the_eighth_day_after_acceptance(
    besancon: Ccas, accepted_on: str, before: str, release: str, until: str
) -> None:
    loan_id = await offered_on(besancon, accepted_on)
    assert days_of(await sign(besancon, loan_id, "ccas", accepted_on)) == (None, None, None)
    assert days_of(await sign(besancon, loan_id, "borrower", accepted_on)) == (accepted_on, release, until)
    path = f"/loans/{loan_id}"
    for early in (accepted_on, before):
        problem = await refused(besancon.agent.post(f"{path}/disbursements", payment(early)), 409, "release_too_early")
        assert (problem["field"], problem["not_before"]) == ("disbursed_on", release)
    assert (await ok(besancon.agent.get(f"{path}/ledger")))["items"] == []
    paid = await ok(besancon.agent.post(f"{path}/disbursements", payment(release)))
    assert (paid["outstanding_cents"], paid["anomalies"]) == (200_000, [])


async def test_the_first_day_is_told_in_french(besancon: Ccas) -> None:
    answer = besancon.agent.post(f"/loans/{await accepted(besancon)}/disbursements", payment("2011-01-24"))
    problem = await refused(answer, 409, "release_too_early")
    assert problem["detail"].startswith("Aucun versement n’est possible avant le 30/01/2011")


async def test_acceptance_is_the_borrowers_signature_and_the_money_waits_for_all(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-02")
    half = await sign(besancon, loan_id, "borrower", "2026-03-02")
    assert (half["status"], *days_of(half)) == ("offered", "2026-03-02", "2026-03-10", "2026-03-16")
    whole = await sign(besancon, loan_id, "ccas", "2026-03-20")
    assert (whole["status"], *days_of(whole)) == ("accepted", "2026-03-02", "2026-03-20", "2026-03-16")
    answer = besancon.agent.post(f"/loans/{loan_id}/disbursements", payment("2026-03-19"))
    assert (await refused(answer, 409, "release_too_early"))["not_before"] == "2026-03-20"


async def test_two_borrowers_accept_when_the_second_has(besancon: Ccas) -> None:
    person = {"first_names": "Sacha", "birth_name": "Exemple", "birth_on": "1989-01-01",
              "commune_insee_code": besancon.insee_code}  # fmt: skip
    other = await ok(besancon.agent.post("/people", person))
    couple = {"co_applicant_id": other["id"], "household": {"adults": 2, "minor_children": 0}}
    request_id = await approved(besancon, **couple)
    terms = {"offered_on": "2011-01-21", "first_due_on": "2011-03-05"}
    loan_id = (await ok(besancon.agent.post(f"/requests/{request_id}/loans", terms)))["id"]
    assert (await sign(besancon, loan_id, "borrower", "2011-01-22"))["accepted_on"] is None
    assert (await sign(besancon, loan_id, "co_borrower", "2011-01-24"))["accepted_on"] == "2011-01-24"
    whole = await sign(besancon, loan_id, "ccas", "2011-01-22")
    assert days_of(whole) == ("2011-01-24", "2011-02-01", "2011-01-31")


async def test_a_day_before_the_acceptance_knows_none_of_it(besancon: Ccas) -> None:
    before = await ok(besancon.agent.get(f"/loans/{await accepted(besancon)}", as_of="2011-01-21"))
    assert days_of(before) == (None, None, None)


async def test_what_a_lender_paid_too_early_is_recorded_and_shown(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    loan_id = await offered_by(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    await signed(amiens, loan_id, "2018-03-26")
    told = payment("2018-04-02", reference="V-1")
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/disbursements", told))
    paid = await ok(amiens.agent.get(f"/loans/{loan_id}"))
    assert (paid["outstanding_cents"], paid["earliest_release_on"]) == (200_000, "2018-04-03")
    assert paid["anomalies"] == ["paid_before_release"]
    assert (await ok(amiens.agent.get(f"/loans/{loan_id}", as_of="2018-04-01")))["anomalies"] == []


# The offer


@pytest.mark.parametrize(
    ("day", "told", "until"),
    [
        ("2026-03-02", None, "2026-03-17"),
        ("2026-03-02", "2026-03-17", "2026-03-17"),
        ("2026-03-02", "2026-06-30", "2026-06-30"),
        ("2011-04-30", None, None),
        ("2011-04-30", "2011-05-02", "2011-05-02"),
        ("2011-05-01", None, "2011-05-16"),
    ],
)
async def test_an_offer_is_open_as_long_as_it_says_or_the_law_asks(
    besancon: Ccas, day: str, told: str | None, until: str | None
) -> None:
    loan_id = await offered_on(besancon, day, **({} if told is None else {"offer_valid_until": told}))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["offer_valid_until"] == until


@pytest.mark.parametrize(
    ("day", "told", "code", "not_before"),
    [
        ("2026-03-02", "2026-03-16", "offer_too_short", "2026-03-17"),
        ("2026-03-02", "2026-03-01", "date_out_of_order", "2026-03-02"),
        ("2011-04-30", "2011-04-29", "date_out_of_order", "2011-04-30"),
    ],
)
async def test_no_offer_is_shorter_than_the_law_lets_it_be(
    besancon: Ccas, day: str, told: str, code: str, not_before: str
) -> None:
    request_id = await approved(besancon, None, {"decided_on": day})
    terms = {"offered_on": day, "first_due_on": "2026-05-05", "offer_valid_until": told}
    problem = await refused(besancon.agent.post(f"/requests/{request_id}/loans", terms), 409, code)
    assert (problem["field"], problem["not_before"]) == ("offer_valid_until", not_before)
    assert (await ok(besancon.agent.get("/loans")))["items"] == []


async def test_a_borrower_does_not_accept_what_is_no_longer_offered(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-02")
    late = {"party": "borrower", "signed_on": "2026-03-18"}
    problem = await refused(besancon.agent.post(f"/loans/{loan_id}/signatures", late), 409, "offer_expired")
    assert problem["valid_until"] == "2026-03-17"
    await sign(besancon, loan_id, "borrower", "2026-03-17")
    assert (await sign(besancon, loan_id, "ccas", "2026-03-18"))["status"] == "accepted"


async def test_an_offer_that_nobody_signs_is_due_on_its_last_day(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-02")
    items = (await ok(besancon.agent.get("/worklist", kind="contract_not_signed")))["items"]
    assert [(item["loan_id"], item["since_on"], item["due_on"]) for item in items] == [
        (loan_id, "2026-03-02", "2026-03-17")
    ]


# The law of the contract


@pytest.mark.parametrize(
    ("day", "regime"),
    [("2009-10-25", "conso_pre_2026_11_20"), ("2026-11-19", "conso_pre_2026_11_20"), ("2026-11-20", "conso_ccd2")],
)
async def test_a_loan_is_written_under_the_law_of_its_offer(besancon: Ccas, day: str, regime: str) -> None:
    assert (await ok(besancon.agent.get(f"/loans/{await offered_on(besancon, day)}")))["legal_regime"] == regime


async def test_a_lenders_loan_is_written_under_the_law_of_its_offer(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    loan_id = await offered_by(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    assert (await ok(amiens.agent.get(f"/loans/{loan_id}")))["legal_regime"] == "conso_pre_2026_11_20"


async def test_a_tenant_may_state_that_its_loans_are_left_out_since_the_law_lets_it(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = leaving_out(databases, client, "left-out-in-part")
    assert (await ok(ccas.agent.get(f"/loans/{await offered_on(ccas, '2026-11-19')}")))["legal_regime"] == (
        "conso_pre_2026_11_20"
    )
    loan_id = await offered_on(ccas, "2026-11-20")
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}"))
    assert (loan["legal_regime"], loan["offer_valid_until"]) == ("excluded_social", None)
    for party in ("ccas", "borrower"):
        loan = await sign(ccas, loan_id, party, "2026-11-20")
    assert days_of(loan) == ("2026-11-20", "2026-11-20", None)
    withdrawn = {"withdrawn_on": "2026-11-20"}
    await refused(ccas.agent.post(f"/loans/{loan_id}/withdrawals", withdrawn), 409, "no_withdrawal_period")
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment("2026-11-20")))


# What may be done


async def test_the_actions_of_a_loan_tell_their_first_and_last_day(besancon: Ccas) -> None:
    async def days(loan_id: str, action: str) -> tuple[bool, str | None, str | None]:
        items = (await ok(besancon.agent.get(f"/loans/{loan_id}/actions")))["items"]
        (told,) = [item for item in items if item["action"] == action]
        return told["allowed"], told["not_before"], told["not_after"]

    loan_id = await offered_on(besancon, "2026-03-02")
    assert await days(loan_id, "sign") == (True, "2026-03-02", "2026-03-17")
    assert await days(loan_id, "disburse") == (False, None, None)
    assert await days(loan_id, "withdraw") == (False, None, None)
    for party in ("ccas", "borrower"):
        await sign(besancon, loan_id, party, "2026-03-03")
    assert await days(loan_id, "sign") == (False, None, None)
    assert await days(loan_id, "disburse") == (True, "2026-03-11", None)
    assert await days(loan_id, "withdraw") == (True, "2026-03-03", "2026-03-17")


async def test_a_loan_offered_and_not_yet_signed_tells_no_day(besancon: Ccas) -> None:
    loan = await ok(besancon.agent.get(f"/loans/{await offered(besancon)}"))
    assert (*days_of(loan), loan["withdrawal"], loan["anomalies"]) == (None, None, None, None, [])
