"""What an offer may not do: against the rules of each CCAS, and against an agreement that says less."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.commands.tenants import read_rules
from app.domain.amortization import schedule
from app.domain.breaches import Breach, Severity
from app.domain.errors import RuleNotStated
from app.domain.interest_subsidies import InterestShare, Shares, shares
from app.domain.lenders import Payer
from app.domain.offers import AgreementLimits, Offer, breaches, months, rate
from app.domain.products import Product
from app.tenants import seed_files

PRODUCTS = {path.stem: read_rules(path).versions[-1].products[0] for path in seed_files()}
TOULOUSE, AMIENS, FRESNES = (PRODUCTS[slug] for slug in ("toulouse", "amiens", "fresnes"))
OPEN = AgreementLimits(reference="the agreement", amount_cents_max=None, duration_months_max=None, rate_percent=None)


def offer(product: Product, amount_cents: int, months: int, rate_percent: str, parts: Any = None) -> Offer:
    """An offer of the annuity, whose interest is paid by whom the rules say unless told otherwise."""
    rows = schedule(
        principal_cents=amount_cents,
        rate_percent=Decimal(rate_percent),
        first_due_on=date(2018, 5, 5),
        duration_months=months,
    )
    return Offer(
        amount_cents=amount_cents,
        rate_percent=Decimal(rate_percent),
        rows=rows,
        parts=shares(rows, product.interest_borne_by) if parts is None else parts(rows),
    )


def found(product: Product, made: Offer, limits: AgreementLimits = OPEN) -> list[tuple[str, Any, Any, str]]:
    told = breaches(product, limits, made, reference="the version")
    assert {breach.severity for breach in told} <= {Severity.REFUSE}
    return [(breach.rule, breach.limit, breach.actual, breach.reference) for breach in told]


@pytest.mark.parametrize(
    ("product", "amount_cents", "months", "rate_percent"),
    [
        (TOULOUSE, 30_000, 1, "3.04"),
        (TOULOUSE, 300_000, 36, "3.040"),
        (AMIENS, 1_000, 1, "6.20"),
        (AMIENS, 200_000, 24, "6.2"),
        (FRESNES, 30_000, 36, "0"),
        (FRESNES, 300_000, 36, "19.99"),
    ],
)
def test_the_limits_themselves_are_kept_and_what_is_null_does_not_limit(
    product: Product, amount_cents: int, months: int, rate_percent: str
) -> None:
    assert found(product, offer(product, amount_cents, months, rate_percent)) == []


@pytest.mark.parametrize("product", [TOULOUSE, AMIENS, FRESNES], ids=["toulouse", "amiens", "fresnes"])
def test_every_limit_that_is_not_kept_is_told_with_the_sentence_it_rests_on(product: Product) -> None:
    most, longest = product.amount_cents_max, product.duration_months_max
    assert most is not None
    assert longest is not None
    told = found(product, offer(product, most + 1, longest + 1, "7"))
    expected: list[tuple[str, Any, Any, str]] = [
        ("amount_cents_max", most, most + 1, product.sources["amount_cents_max"]),
        ("duration_months_max", longest, longest + 1, product.sources["duration_months_max"]),
    ]
    if product.rate_percent is not None:
        stated = format(product.rate_percent.normalize(), "f")
        expected.append(("rate_percent", stated, "7", product.sources["rate_percent"]))
    assert told == expected


@pytest.mark.parametrize("product", [TOULOUSE, FRESNES], ids=["toulouse", "fresnes"])
def test_less_than_the_smallest_loan_is_a_breach_where_the_rules_state_one(product: Product) -> None:
    (told,) = found(product, offer(product, 29_999, 6, "3.04"))
    assert told == ("amount_cents_min", 30_000, 29_999, product.sources["amount_cents_min"])


def test_a_rule_without_a_sentence_of_its_own_cites_the_text_of_the_version() -> None:
    product = replace(TOULOUSE, sources={})
    assert [told[3] for told in found(product, offer(product, 300_001, 36, "3.04"))] == ["the version"]


def test_an_agreement_may_be_narrower_than_the_rules_and_both_are_told_where_both_are_broken() -> None:
    narrow = AgreementLimits(
        reference="the agreement", amount_cents_max=250_000, duration_months_max=30, rate_percent=Decimal("2.50")
    )
    assert found(TOULOUSE, offer(TOULOUSE, 250_000, 30, "2.50"), narrow) == [
        ("rate_percent", "3.04", "2.5", TOULOUSE.sources["rate_percent"])
    ]
    assert found(TOULOUSE, offer(TOULOUSE, 300_000, 37, "3.04"), narrow) == [
        ("amount_cents_max", 250_000, 300_000, "the agreement"),
        ("duration_months_max", 30, 37, "the agreement"),
        ("duration_months_max", 36, 37, TOULOUSE.sources["duration_months_max"]),
        ("rate_percent", "2.5", "3.04", "the agreement"),
    ]


def nobody(rows: Sequence[Any]) -> list[Shares]:
    return [()] * len(rows)


def another(rows: Sequence[Any]) -> list[Shares]:
    return [(InterestShare("other_fund", row.interest_cents),) for row in rows]


def all_but_a_cent(rows: Sequence[Any]) -> list[Shares]:
    first, *rest = shares(rows, Payer.CITY)
    return [(replace(first[0], cents=first[0].cents - 1),), *rest]


@pytest.mark.parametrize(
    ("parts", "left_to"), [(nobody, "borrower"), (all_but_a_cent, "borrower"), (another, "other_fund")]
)
def test_the_interest_that_the_city_bears_is_left_to_nobody_else(parts: Any, left_to: str) -> None:
    told = found(TOULOUSE, offer(TOULOUSE, 300_000, 36, "3.04", parts))
    assert told == [("interest_borne_by", "city", left_to, TOULOUSE.sources["interest_borne_by"])]


@pytest.mark.parametrize("product", [AMIENS, FRESNES], ids=["amiens", "fresnes"])
@pytest.mark.parametrize("parts", [nobody, another])
def test_where_the_rules_name_no_third_party_the_lender_says_who_pays(product: Product, parts: Any) -> None:
    assert found(product, offer(product, 100_000, 12, "6.20", parts)) == []


def test_the_rate_is_that_of_the_offer_or_else_of_the_agreement_or_else_of_the_rules() -> None:
    agreed = replace(OPEN, rate_percent=Decimal("2.50"))
    assert rate(TOULOUSE, agreed, Decimal(4)) == Decimal(4)
    assert rate(TOULOUSE, agreed, None) == Decimal("2.50")
    assert rate(TOULOUSE, OPEN, None) == Decimal("3.04")
    assert rate(FRESNES, agreed, None) == Decimal("2.50")
    assert rate(FRESNES, OPEN, Decimal(0)) == 0
    with pytest.raises(RuleNotStated) as caught:
        rate(FRESNES, OPEN, None)
    assert caught.value.facts == {"path": "rate_percent"}


def test_a_breach_is_plain_values_that_can_be_told_and_kept() -> None:
    (told,) = breaches(TOULOUSE, OPEN, offer(TOULOUSE, 300_000, 36, "4"), reference="")
    assert told == Breach("rate_percent", "3.04", "4", Severity.REFUSE, TOULOUSE.sources["rate_percent"])
    assert {type(value) for value in told.facts().values()} <= {str, Severity}


def test_rows_further_apart_than_a_month_run_longer_than_they_count() -> None:
    """Two rows a year apart are no two months, and what they charge for the year is more than the rate says."""
    monthly = offer(AMIENS, 200_000, 2, "6.20")
    first, last = monthly.rows
    yearly = replace(monthly, rows=[first, replace(last, due_on=date(2021, 5, 5))])
    assert (months(monthly.rows), months(yearly.rows)) == (2, 37)
    assert found(AMIENS, yearly)[0][:3] == ("duration_months_max", 24, 37)
    dearer = replace(last, interest_cents=last.interest_cents + 3, total_cents=last.total_cents + 3)
    (breach,) = found(AMIENS, replace(monthly, rows=[first, dearer]))
    charged = first.interest_cents + dearer.interest_cents
    assert breach[:3] == ("interest_cents", charged - 1, charged)
