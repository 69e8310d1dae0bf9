"""Simulations: open to all, exact, and nothing stored."""

from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lenders import Lender, Payer, RateBand
from tests.api.test_overrides import open_changed
from tests.support import Ccas, Databases, Json, ok, refused


async def simulate(client: AsyncClient, **body: Any) -> Json:
    """The simulation of a loan offered on 1 July 2026."""
    return await ok(client.post("/v1/simulations", json={"on": "2026-07-01", **body}))


async def test_toulouse_the_city_pays_and_both_rates_are_told(client: AsyncClient, toulouse: Ccas) -> None:
    found = await simulate(client, tenant=toulouse.slug, amount_cents=300_000, duration_months=36)
    first = found["instalments"][0]
    assert (first["total_cents"], first["borrower_cents"], first["third_parties"]) == (
        8_730,
        7_970,
        [{"payer": "city", "cents": 760}],
    )
    assert found["totals"] == {
        "principal_cents": 300_000,
        "interest_cents": 14_270,
        "paid_by_borrower_cents": 300_000,
        "interest_subsidy_cents": 14_270,
        "fee_cents": 0,
        "fee_subsidy_cents": 0,
    }
    rates = (found["apr_percent"], found["apr_percent_exact"], found["borrower_apr_percent"])
    assert rates == ("3.08", "3.083355", "0.00")
    assert found["usury"] == {
        "status": "ok",
        "category": "up_to_3000",
        "threshold_percent": "23.53",
        "valid_from": "2026-07-01",
    }
    assert (found["eligible"], found["breaches"], found["rules_version"]) == (True, [], 1)
    assert found["terms"]["not_stated"] == ["rounding"]


async def test_amiens_the_borrower_pays(client: AsyncClient, amiens: Ccas) -> None:
    found = await simulate(client, tenant=amiens.slug, amount_cents=200_000, duration_months=24)
    assert (found["totals"]["interest_cents"], found["totals"]["paid_by_borrower_cents"]) == (13_173, 213_173)
    assert (found["apr_percent"], found["borrower_apr_percent"]) == ("6.38", "6.38")


async def test_fresnes_needs_a_rate_that_its_rules_do_not_state(client: AsyncClient, fresnes: Ccas) -> None:
    asked = {"tenant": fresnes.slug, "amount_cents": 100_000, "duration_months": 24, "on": "2026-07-01"}
    problem = await refused(client.post("/v1/simulations", json=asked), 409, "rule_not_stated")
    assert problem["path"] == "rate_percent"
    found = await ok(client.post("/v1/simulations", json={**asked, "rate_percent": "4.00"}))
    assert (found["eligible"], found["terms"]["rate_percent"]) == (True, "4")


async def test_besancon_tells_every_breach_beside_the_whole_schedule(client: AsyncClient, besancon: Ccas) -> None:
    found = await simulate(
        client,
        tenant=besancon.slug,
        amount_cents=400_000,
        duration_months=48,
        rate_percent="2.00",
        applicant={"birth_on": "2012-01-01", "commune_insee_code": "80021"},
    )
    assert {breach["rule"] for breach in found["breaches"]} == {
        "amount_cents_max",
        "duration_months_max",
        "rate_percent",
        "applicant_age_min",
        "residence",
    }
    assert all(breach["message"] for breach in found["breaches"])
    assert not found["eligible"]
    assert len(found["instalments"]) == 48
    assert sum(row["principal_cents"] for row in found["instalments"]) == 400_000


@pytest.mark.parametrize(
    ("fee_cents", "on", "status", "threshold"),
    [
        (0, "2011-04-15", "ok", "8.03"),
        (3_000, "2011-04-15", "ok", "8.03"),
        (3_000, "2011-03-15", "usurious", "7.77"),
    ],
)
async def test_a_fee_may_make_a_loan_usurious(
    client: AsyncClient, fee_cents: int, on: str, status: str, threshold: str
) -> None:
    """Amiens' 2 000 € over 24 months at 6.20 %, without and with a fee of 30 €: 6.38 % and 7.97 %."""
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "fee_cents": fee_cents, "on": on}
    found = await ok(client.post("/v1/simulations", json=asked))
    assert found["apr_percent"] == ("7.97" if fee_cents else "6.38")
    assert (found["usury"]["status"], found["usury"]["threshold_percent"]) == (status, threshold)
    assert found["eligible"] is (status == "ok")


async def test_an_unknown_threshold_warns_and_is_never_carried_forward(client: AsyncClient) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": "2026-10-15"}
    found = await ok(client.post("/v1/simulations", json=asked))
    assert (found["usury"]["status"], found["usury"]["threshold_percent"]) == ("unknown_rate", None)
    assert [warning["rule"] for warning in found["warnings"]] == ["usury"]
    assert found["eligible"]


async def test_a_loan_without_interest_is_never_usurious(client: AsyncClient) -> None:
    found = await simulate(
        client, amount_cents=257_723, instalment_cents=10_800, rate_percent="0", remainder_on="first"
    )
    assert (found["apr_percent"], found["usury"]["status"], found["warnings"]) == ("0.00", "ok", [])
    assert found["instalments"][0]["total_cents"] == 9_323
    assert found["terms"]["duration_months"] == 24


async def test_a_dated_first_instalment_counts_its_days(client: AsyncClient) -> None:
    """2 000 € at 6.20 % paid on 12/01/2026, due on the 15th from 15/02/2026: 6.327199 %."""
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": "2026-01-12",
             "disbursed_on": "2026-01-12", "first_due_on": "2026-02-15"}  # fmt: skip
    found = await ok(client.post("/v1/simulations", json=asked))
    assert (found["apr_percent"], found["apr_percent_exact"]) == ("6.33", "6.327199")


@pytest.mark.parametrize(
    ("days", "first_dates", "anchor"),
    [
        ({"disbursed_on": "2026-01-31"}, ["2026-02-28", "2026-03-31", "2026-04-30"], 31),
        ({"disbursed_on": "2026-01-31", "first_due_on": "2026-02-28"}, ["2026-02-28", "2026-03-28"], 28),
        ({"first_due_on": "2026-02-28", "anchor_day": 30}, ["2026-02-28", "2026-03-30"], 30),
        ({"disbursed_on": "2026-01-10", "anchor_day": 5}, ["2026-03-05", "2026-04-05"], 5),
        ({"disbursed_on": "2026-01-10", "anchor_day": 31}, ["2026-02-28", "2026-03-31"], 31),
    ],
)
async def test_instalments_keep_the_day_of_the_month_that_was_chosen(
    client: AsyncClient, days: Json, first_dates: list[str], anchor: int
) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": "2026-01-10"}
    found = await ok(client.post("/v1/simulations", json={**asked, **days}))
    assert [row["due_on"] for row in found["instalments"]][: len(first_dates)] == first_dates
    assert (found["terms"]["first_due_on"], found["terms"]["anchor_day"]) == (first_dates[0], anchor)


@pytest.mark.parametrize(
    ("changes", "field", "bound"),
    [
        ({"first_due_on": "2026-02-15", "anchor_day": 10}, "anchor_day", 15),
        ({"first_due_on": "2026-01-10", "duration_months": 1}, "first_due_on", "2026-02-10"),
        ({"first_due_on": "2126-01-10"}, "first_due_on", "2124-02-10"),
        ({"fee_cents": 199_999}, "fee_cents", 195_892),
        ({"fee_cents": 199_999, "duration_months": 1}, "fee_cents", 136_427),
    ],
)
async def test_terms_without_a_rate_name_what_was_asked_and_a_value_that_has_one(
    client: AsyncClient, changes: Json, field: str, bound: int | str
) -> None:
    """Rates end at 100 000 000 %, 3.162278 times as much a month: of 2 010,33 € due then, 635,72 € are lent."""
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": "2026-01-10", **changes}
    problem = await refused(client.post("/v1/simulations", json=asked), 409, "impossible_schedule")
    assert (problem["field"], problem["bound"]) == (field, bound)
    await ok(client.post("/v1/simulations", json={**asked, field: bound}))
    if field == "fee_cents":
        dearer = client.post("/v1/simulations", json={**asked, field: int(bound) + 1})
        await refused(dearer, 409, "impossible_schedule")


@pytest.mark.parametrize(
    ("changes", "status", "pointer_or_field", "code"),
    [
        ({"amount_cents": 0}, 422, "/body/amount_cents", "too_small"),
        ({"amount_cents": 7_500_001}, 422, "/body/amount_cents", "too_large"),
        ({"amount_cents": 10.5}, 422, "/body/amount_cents", "not_an_integer"),
        ({"duration_months": 0}, 422, "/body/duration_months", "too_small"),
        ({"duration_months": 121}, 422, "/body/duration_months", "too_large"),
        ({"rate_percent": "100.01"}, 422, "/body/rate_percent", "too_large"),
        ({"rate_percent": "-1"}, 422, "/body/rate_percent", "not_a_rate"),
        ({"rate_percent": "NaN"}, 422, "/body/rate_percent", "not_a_rate"),
        ({"rate_percent": 6.2}, 422, "/body/rate_percent", "not_a_rate"),
        ({"rate_percent": None}, 422, "/body", "rate_without_tenant"),
        ({"instalment_cents": 5_000}, 422, "/body", "one_of_two"),
        ({"product": "personal"}, 422, "/body", "product_needs_tenant"),
        ({"lender": "credit_mutuel"}, 422, "/body", "lender_needs_tenant"),
        ({"fee_cents": 200_000}, 409, "fee_cents", "impossible_schedule"),
        ({"duration_months": None, "instalment_cents": 1_000}, 409, "instalment_cents", "impossible_schedule"),
        ({"first_due_on": "2026-06-30"}, 409, "first_due_on", "date_out_of_order"),
        ({"disbursed_on": "2026-06-30"}, 409, "disbursed_on", "date_out_of_order"),
        ({"applicant": {"birth_on": "2026-07-02"}}, 409, "birth_on", "date_in_future"),
        ({"tenant": "nowhere"}, 404, None, "not_found"),
    ],
)
async def test_bad_input_names_the_field_and_its_bound(
    client: AsyncClient, changes: Json, status: int, pointer_or_field: str | None, code: str
) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": "2026-07-01", **changes}
    asked = {name: value for name, value in asked.items() if value is not None}
    problem = await refused(client.post("/v1/simulations", json=asked), status, "invalid" if status == 422 else code)
    if status == 422:
        assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer_or_field, code)
    elif pointer_or_field is not None:
        assert problem["field"] == pointer_or_field


@pytest.mark.parametrize("day", [1, 10, 28, 30, 31])
@pytest.mark.parametrize("anchor", [1, 10, 28, 29, 31])
async def test_the_last_possible_first_instalment_is_possible(client: AsyncClient, day: int, anchor: int) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "on": f"2026-01-{day:02}"}
    far = {**asked, "first_due_on": f"2199-01-{anchor:02}"}
    problem = await refused(client.post("/v1/simulations", json=far), 409, "impossible_schedule")
    assert problem["field"] == "first_due_on"
    await ok(client.post("/v1/simulations", json={**far, "first_due_on": problem["bound"], "anchor_day": anchor}))


async def test_a_remainder_on_the_first_instalment_is_a_breach_where_there_is_interest(client: AsyncClient) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "6.20", "remainder_on": "first"}
    found = await simulate(client, **asked)
    assert [(each["rule"], each["limit"], each["actual"]) for each in found["breaches"]] == [
        ("rounding.remainder_on", ["last"], "first")
    ]
    assert (found["terms"]["remainder_on"], found["instalments"][-1]["total_cents"]) == ("last", 8_887)


@pytest.mark.parametrize(
    ("on", "language", "sentence"),
    [
        ("2026-07-01", "fr", "Le TAEG est de 34,49 % ; le seuil de l’usure est de 23,53 %."),
        ("2026-10-15", "fr", "Le TAEG est de 34,49 % ; le seuil de l’usure à cette date n’est pas connu."),
        ("2026-07-01", "en", "The APR is 34.49 %; the usury threshold is 23.53 %."),
    ],
)
async def test_the_usury_test_is_told_in_a_sentence(client: AsyncClient, on: str, language: str, sentence: str) -> None:
    asked = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "30", "on": on}
    found = await ok(client.post("/v1/simulations", json=asked, headers={"Accept-Language": language}))
    told = {each["rule"]: each["message"] for each in [*found["breaches"], *found["warnings"]]}
    assert told["usury"] == sentence


async def test_an_instalment_that_never_repays_is_told_the_minimum(client: AsyncClient) -> None:
    asked = {"amount_cents": 200_000, "instalment_cents": 1_000, "rate_percent": "6.20", "on": "2026-07-01"}
    problem = await refused(client.post("/v1/simulations", json=asked), 409, "impossible_schedule")
    least = problem["bound"]
    found = await ok(client.post("/v1/simulations", json={**asked, "instalment_cents": least}))
    assert found["terms"]["duration_months"] == 120
    await refused(
        client.post("/v1/simulations", json={**asked, "instalment_cents": least - 1}), 409, "impossible_schedule"
    )


async def test_a_rate_by_age_asks_for_the_birth_date_and_takes_it(databases: Databases, client: AsyncClient) -> None:
    bands = (
        RateBand(age_min=18, age_max=25, rate_percent=Decimal(2)),
        RateBand(age_min=26, age_max=None, rate_percent=Decimal(4)),
    )
    ccas = open_changed(databases, client, rate_percent=None, rate_bands=bands, interest_borne_by=Payer.BORROWER)
    body: Json = {"tenant": ccas.slug, "on": "2011-06-01", "amount_cents": 100_000, "duration_months": 12}
    problem = await refused(client.post("/v1/simulations", json=body), 409, "birth_date_missing")
    assert problem["detail"] == "Le taux dépend de l’âge ; il manque la date de naissance (birth_on)."
    for birth_on, rate in (("1985-06-02", "2"), ("1985-06-01", "4")):
        simulated = await simulate(client, **body, applicant={"birth_on": birth_on})
        assert simulated["terms"]["rate_percent"] == rate
    assert (await simulate(client, **body, rate_percent="1.00"))["terms"]["rate_percent"] == "1"


async def test_a_second_lender_whose_rate_is_not_stated_is_not_given_the_first_ones(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(
        databases, client, other_lenders=(Lender(code="bank", name="x"),), not_stated=("other_lenders.0.rate_percent",)
    )
    body: Json = {"tenant": ccas.slug, "on": "2011-06-01", "amount_cents": 100_000, "duration_months": 12}
    assert (await simulate(client, **body))["terms"]["rate_percent"] == "0"
    problem = await refused(client.post("/v1/simulations", json={**body, "lender": "bank"}), 409, "rule_not_stated")
    assert problem["path"] == "rate_percent"
