"""Simulations: the days that were not given, the whole loan at once, and faults told of what was asked."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.aids import Aid
from app.domain.amortization import ImpossiblePlan, RemainderOn, Rounding
from app.domain.breaches import Breach, Severity
from app.domain.errors import ImpossibleSchedule, RuleNotStated
from app.domain.interest_subsidies import InterestShare
from app.domain.law_limits import USURY_TEXT
from app.domain.lenders import InterestAid, Payer
from app.domain.loan_days import LoanDays, loan_days
from app.domain.money import percent_text
from app.domain.national_law import Law, Scope
from app.domain.products import Product, RoundingRule
from app.domain.simulations import NO_RULES, Simulation, simulate
from app.domain.usury import (
    UsuryBracket,
    UsuryCategory,
    UsuryClasses,
    UsuryPeriod,
    UsuryStatus,
    UsuryTable,
    UsuryThreshold,
)
from app.parameters.law import national_law

ON = date(2026, 1, 5)
TEXT = "Délibération de janvier 2026"
SOMEBODY = Aid(purpose=None, applicant_age=None, minor_children=None, lives_in_served_commune=True)


@dataclass(frozen=True)
class Asked:
    """What is asked of the loan: Amiens' 2 000 € over 24 months unless said."""

    amount_cents: int = 200_000
    duration_months: int | None = 24
    instalment_cents: int | None = None
    rounding_unit_cents: int | None = None
    rounding: Rounding | None = None
    remainder_on: RemainderOn | None = None


def table(percent: str) -> UsuryTable:
    """One threshold for every amount, in the first quarter of 2026."""
    category = UsuryCategory.UP_TO_3000
    bracket = UsuryBracket(category=category, amount_cents_max=None)
    first = date(2026, 1, 1)
    return UsuryTable(
        classes=(UsuryClasses(valid_from=first, valid_to=None, brackets=(bracket,), source="x"),),
        periods=(
            UsuryPeriod(
                valid_from=first,
                valid_to=date(2026, 3, 31),
                thresholds={category: UsuryThreshold(percent=Decimal(percent))},
                source="x",
            ),
        ),
    )


def simulated(
    product: Product = NO_RULES,
    asked: Asked | None = None,
    days: LoanDays | None = None,
    *,
    rate_percent: str | None = "6.20",
    **more: Any,
) -> Simulation:
    """Offered and paid on 5 January 2026, without a fee, under a threshold of 20 %."""
    ask: dict[str, Any] = {
        "fee_cents": 0,
        "aid": SOMEBODY,
        "table": table("20.00"),
        "law": national_law(),
        "reference": TEXT,
    } | more
    rate = None if rate_percent is None else Decimal(rate_percent)
    return simulate(product, asked or Asked(), days or loan_days(ON), rate_percent=rate, **ask)


def refusal(asked: Asked, days: LoanDays, **more: Any) -> dict[str, Any]:
    with pytest.raises(ImpossibleSchedule) as caught:
        simulated(asked=asked, days=days, **more)
    return caught.value.facts


# Days


@pytest.mark.parametrize(
    ("given", "disbursed_on", "first_due_on", "anchor_day"),
    [
        ({}, date(2026, 1, 31), date(2026, 2, 28), 31),
        ({"disbursed_on": date(2026, 2, 10)}, date(2026, 2, 10), date(2026, 3, 10), 10),
        ({"first_due_on": date(2026, 4, 15)}, date(2026, 1, 31), date(2026, 4, 15), 15),
        ({"first_due_on": date(2026, 2, 28), "anchor_day": 31}, date(2026, 1, 31), date(2026, 2, 28), 31),
        ({"anchor_day": 5}, date(2026, 1, 31), date(2026, 3, 5), 5),
        ({"anchor_day": 28}, date(2026, 1, 31), date(2026, 2, 28), 28),
        ({"disbursed_on": date(2026, 1, 10), "anchor_day": 9}, date(2026, 1, 10), date(2026, 3, 9), 9),
        ({"disbursed_on": date(2026, 1, 10), "anchor_day": 10}, date(2026, 1, 10), date(2026, 2, 10), 10),
        ({"disbursed_on": date(2026, 1, 10), "anchor_day": 11}, date(2026, 1, 10), date(2026, 2, 11), 11),
    ],
)
def test_the_first_instalment_is_on_the_first_anchor_day_a_month_after_the_payment(
    given: dict[str, Any], disbursed_on: date, first_due_on: date, anchor_day: int
) -> None:
    on = date(2026, 1, 31)
    assert loan_days(on, **given) == LoanDays(
        on=on, disbursed_on=disbursed_on, first_due_on=first_due_on, anchor_day=anchor_day
    )


def test_days_past_the_calendar_are_refused() -> None:
    with pytest.raises(ImpossiblePlan):
        loan_days(date(9999, 12, 5))


# The loan


def test_without_rules_the_loan_is_to_the_cent_with_the_remainder_last() -> None:
    found = simulated()
    # Project reference, § 2.2: 2 000 € at 6.20 % over 24 months are 88.82 €, the last 88.87 €, 131.73 € of interest.
    assert [row.total_cents for row in found.rows] == [8_882] * 23 + [8_887]
    assert (found.terms.instalment_cents, found.terms.rounding_unit_cents, found.terms.rounding) == (
        8_882,
        1,
        Rounding.HALF_UP,
    )
    assert found.terms.remainder_on is RemainderOn.LAST
    assert found.dates == loan_days(ON)
    assert found.parts == [()] * 24
    assert (str(found.apr.percent), found.borrower_apr) == ("6.38", found.apr)
    assert (found.usury.status, found.breaches, found.warnings) == (UsuryStatus.OK, [], [])


def test_without_rules_the_remainder_may_be_first() -> None:
    found = simulated(asked=Asked(100_000, 3, remainder_on=RemainderOn.FIRST), rate_percent="0")
    assert [row.total_cents for row in found.rows] == [33_334, 33_333, 33_333]


def test_the_instalments_keep_the_day_that_was_chosen() -> None:
    found = simulated(asked=Asked(duration_months=3), days=loan_days(date(2026, 1, 31)))
    assert [row.due_on for row in found.rows] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_what_a_third_party_pays_is_no_cost_of_the_borrower() -> None:
    found = simulated(replace(NO_RULES, interest_borne_by=Payer.CITY), Asked(300_000, 36), rate_percent="3.04")
    # Toulouse: 7.60 € of the first 87.30 €.
    assert found.parts[0] == (InterestShare("city", 760),)
    assert (str(found.apr.exact_percent), str(found.borrower_apr.exact_percent)) == ("3.083355", "0.000000")


def test_a_fee_counts_in_both_rates() -> None:
    found = simulated(fee_cents=3_000)
    assert (str(found.apr.percent), str(found.borrower_apr.percent)) == ("7.97", "7.97")


def test_a_fee_that_a_third_party_pays_is_no_cost_of_the_borrower() -> None:
    aid = InterestAid(payer=Payer.CITY, with_fee=True)
    found = simulated(replace(NO_RULES, interest_aids=(aid,)), fee_cents=3_000)
    assert found.fee_shares == (InterestShare("city", 3_000),)
    assert (str(found.apr.percent), str(found.borrower_apr.percent)) == ("7.97", "0.00")


# Rate and usury


def test_the_rate_is_the_one_given_or_else_that_of_the_rules() -> None:
    stated = replace(NO_RULES, rate_percent=Decimal("6.20"))
    assert simulated(stated, rate_percent=None).terms.rate_percent == Decimal("6.20")
    assert simulated(stated, rate_percent="6.200").breaches == []
    with pytest.raises(RuleNotStated) as caught:
        simulated(rate_percent=None)
    assert caught.value.facts == {"path": "rate_percent"}


@pytest.mark.parametrize(("sources", "text"), [({}, TEXT), ({"rate_percent": "Article 3"}, "Article 3")])
def test_another_rate_than_that_of_the_rules_is_a_breach(sources: dict[str, str], text: str) -> None:
    stated = replace(NO_RULES, rate_percent=Decimal("10.00"), sources=sources)
    found = simulated(stated)
    assert found.breaches == [Breach("rate_percent", "10", "6.2", Severity.REFUSE, text)]
    assert found.terms.rate_percent == Decimal("6.20")


@pytest.mark.parametrize(("value", "text"), [("10.00", "10"), ("6.20", "6.2"), ("0.00", "0"), ("1E+2", "100")])
def test_a_rate_is_told_without_an_exponent_and_without_needless_zeros(value: str, text: str) -> None:
    assert percent_text(Decimal(value)) == text


def test_a_loan_above_the_threshold_of_its_day_is_a_breach() -> None:
    assert simulated(table=table("6.38")).breaches == []
    found = simulated(table=table("6.37"))
    assert found.breaches == [Breach("usury", "6.37", "6.38", Severity.REFUSE, USURY_TEXT)]
    assert found.warnings == []


def test_a_threshold_that_is_not_known_is_a_warning() -> None:
    found = simulated(days=loan_days(date(2026, 4, 1)))
    assert found.usury.status is UsuryStatus.UNKNOWN_RATE
    assert (found.breaches, found.warnings) == ([], [Breach("usury", None, "6.38", Severity.WARN, USURY_TEXT)])


# Rules


def test_the_rules_are_applied_to_the_terms_computed() -> None:
    product = replace(
        NO_RULES,
        amount_cents_max=100_000,
        duration_months_max=12,
        instalment_cents_max=5_000,
        rounding=RoundingRule(unit_cents=100, mode=Rounding.UP, remainder_on=(RemainderOn.LAST,)),
    )
    found = simulated(product)
    assert found.terms.instalment_cents == 8_900
    assert {breach.rule: (breach.limit, breach.actual) for breach in found.breaches} == {
        "amount_cents_max": (100_000, 200_000),
        "duration_months_max": (12, 24),
        "instalment_cents_max": (5_000, 8_900),
    }
    assert found.warnings == []
    otherwise = simulated(
        product,
        Asked(rounding_unit_cents=1, rounding=Rounding.HALF_UP, remainder_on=RemainderOn.FIRST),
        rate_percent="0",
    )
    rules = {breach.rule: breach.actual for breach in [*otherwise.breaches, *otherwise.warnings]}
    assert rules["rounding.remainder_on"] == "first"
    assert (rules["rounding.unit_cents"], rules["rounding.mode"]) == (1, "half_up")


def test_without_rules_and_without_interest_the_remainder_is_last_unless_asked() -> None:
    found = simulated(asked=Asked(100_000, 3), rate_percent="0")
    assert [row.total_cents for row in found.rows] == [33_333, 33_333, 33_334]


def test_a_remainder_asked_first_with_interest_is_last_and_a_breach() -> None:
    rounding = RoundingRule(unit_cents=1, mode=Rounding.HALF_UP, remainder_on=(RemainderOn.LAST,))
    found = simulated(replace(NO_RULES, rounding=rounding), Asked(remainder_on=RemainderOn.FIRST))
    assert [row.total_cents for row in found.rows] == [8_882] * 23 + [8_887]
    assert [(breach.rule, breach.limit, breach.actual) for breach in found.breaches] == [
        ("rounding.remainder_on", ["last"], "first")
    ]


def test_another_rounding_unit_is_told_wherever_the_remainder_falls() -> None:
    rounding = RoundingRule(unit_cents=100, mode=Rounding.HALF_UP, remainder_on=(RemainderOn.LAST,))
    found = simulated(replace(NO_RULES, rounding=rounding), Asked(rounding_unit_cents=1))
    assert [(warning.rule, warning.limit, warning.actual) for warning in found.warnings] == [
        ("rounding.unit_cents", 100, 1)
    ]


def test_the_caps_of_the_law_bind_the_lenders_of_their_scope_alone() -> None:
    law, on = national_law(), ON
    guaranteed = replace(NO_RULES.lender, scopes=(Scope.GUARANTEED_LOANS,))
    bound = replace(NO_RULES, lender=guaranteed)
    within, beyond = Asked(800_000, 84), Asked(800_001, 85)
    assert simulated(bound, within).breaches == simulated(NO_RULES, beyond).breaches == []
    sources = []
    for name in (Law.AMOUNT_CENTS_MAX, Law.DURATION_MONTHS_MAX):
        cap = law.at(name, scope=Scope.GUARANTEED_LOANS, on=on)
        assert cap is not None
        sources.append(cap.source)
    found = simulated(bound, beyond).breaches
    assert found == [
        Breach("national_amount_cents_max", 800_000, 800_001, Severity.REFUSE, sources[0]),
        Breach("national_duration_months_max", 84, 85, Severity.REFUSE, sources[1]),
    ]
    # Before February 2022 the caps were lower, before 2005 there was none.
    day = date(2022, 2, 6)
    limits = [breach.limit for breach in simulated(bound, within, loan_days(day)).breaches]
    assert limits == [500_000, 60]
    assert simulated(bound, within, loan_days(date(2004, 12, 31))).breaches == []
    consumer = replace(NO_RULES, lender=replace(guaranteed, scopes=(Scope.CONSUMER_CREDIT,)))
    assert simulated(consumer, beyond).breaches == []


# Faults


def test_a_fee_that_leaves_no_rate_is_told_with_the_largest_that_does() -> None:
    asked, days = Asked(200_000, 24), loan_days(ON)
    facts = refusal(asked, days, fee_cents=199_999)
    assert facts["field"] == "fee_cents"
    largest = facts["bound"]
    assert simulated(fee_cents=largest).apr.percent > 1_000_000
    assert refusal(asked, days, fee_cents=largest + 1) == facts
    assert refusal(asked, days, fee_cents=200_000) == facts


def test_a_loan_repaid_at_once_has_no_rate_whatever_its_fee() -> None:
    at_once = loan_days(ON, first_due_on=ON)
    found = refusal(Asked(duration_months=1), at_once, fee_cents=5)
    assert found == {"field": "first_due_on", "bound": "2026-02-05"}


def test_a_first_instalment_too_near_is_told_with_the_usual_one() -> None:
    at_once = loan_days(ON, first_due_on=ON)
    assert refusal(Asked(duration_months=1), at_once) == {"field": "first_due_on", "bound": "2026-02-05"}


def test_a_first_instalment_too_far_is_told_with_the_last_possible_one() -> None:
    # The 24th instalment is a hundred years after the payment at the latest.
    latest = date(2124, 2, 5)
    assert simulated(days=loan_days(ON, first_due_on=latest)).rows[-1].due_on == date(2126, 1, 5)
    asked = Asked()
    too_late = loan_days(ON, first_due_on=date(2124, 3, 5))
    assert refusal(asked, too_late) == {"field": "first_due_on", "bound": "2124-02-05"}
