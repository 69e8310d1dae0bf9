"""What settles a loan on a day: sourced figures, and what holds whatever happened to the loan before."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, Instalment
from app.domain.deferral import defer
from app.domain.early_repayment import Choice, repay_early
from app.domain.payoff import payoff, refuse_arrears
from app.domain.rescheduling import reschedule
from app.domain.schedule_versions import Anchor, Pause, Prepayment, in_force
from tests.domain.loan_histories import CASES, Loan, case_loan, contract, histories, paid

AMIENS = contract("amiens")


@pytest.mark.parametrize("case", CASES["payoffs"], ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    loan = case_loan(case)
    quote = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    assert {name: getattr(quote, name) for name in case["expect"]} == case["expect"]


def test_interest_runs_from_the_payment_or_from_a_month_before_the_first_date() -> None:
    # First due date 5 February: a month of interest in the first instalment, however early the money was paid out.
    early = replace(AMIENS, released_on=date(2025, 11, 5))
    late = replace(AMIENS, released_on=date(2026, 1, 25))
    on = date(2026, 1, 31)
    assert [payoff(version, on=on, paid_cents=0).days for version in (early, AMIENS, late)] == [26, 26, 6]
    assert payoff(AMIENS, on=on, paid_cents=0).accrued_cents == 883  # 2 000 × 0.062 × 26 / 365 = 8.832…


def test_the_interest_that_waits_is_owed_once_when_the_last_instalment_is_due() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    quote = payoff(deferred, on=deferred.rows[-1].due_on, paid_cents=paid(deferred, 23))
    assert (quote.amount_cents, quote.carried_cents, quote.interest_saved_cents) == (9_674, 0, 0)


def test_the_interest_of_a_pause_is_owed_from_its_day_on() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0).version
    moments = [(date(2027, 1, 5), 12), (date(2027, 4, 4), 14), (date(2027, 4, 5), 14), (date(2027, 4, 6), 14)]
    quotes = [payoff(planned, on=on, paid_cents=paid(planned, count)) for on, count in moments]
    found = [(quote.carried_cents, quote.accrued_cents, quote.interest_saved_cents) for quote in quotes]
    # To come after 12: 34.96 and the 4.46 of the pause; after 14: 24.73 and the same, less what the days have borne.
    assert found == [(0, 0, 3_942), (0, 440, 2_479), (446, 0, 2_473), (446, 15, 2_458)]


def test_no_days_count_when_no_balance_is_left() -> None:
    quote = payoff(AMIENS, on=date(2030, 1, 1), paid_cents=paid(AMIENS, 24))
    assert (quote.days, quote.amount_cents) == (0, 0)


@pytest.mark.parametrize(("on", "due"), [(date(2026, 2, 4), 0), (date(2026, 2, 5), 1), (date(2030, 1, 1), 24)])
def test_a_cent_short_of_what_is_due_is_in_arrears(on: date, due: int) -> None:
    refuse_arrears(AMIENS, on=on, paid_cents=paid(AMIENS, due))
    with pytest.raises(ImpossiblePlan) as caught:
        refuse_arrears(AMIENS, on=on, paid_cents=paid(AMIENS, due) - 1)
    assert (caught.value.field, caught.value.bound) == ("paid_cents", paid(AMIENS, due))


def test_half_a_cent_accrued_makes_a_cent() -> None:
    row = Instalment(1, date(2026, 2, 5), 3_650, 10, 3_660, 0)
    version = in_force([row], rate_percent=Decimal("0.5"), released_on=date(2026, 1, 5))
    assert payoff(version, on=date(2026, 1, 6), paid_cents=0).accrued_cents == 0  # 0.05 cent
    assert payoff(version, on=date(2026, 1, 15), paid_cents=0).accrued_cents == 1  # 0.5 cent


def test_what_was_paid_beyond_all_is_a_credit() -> None:
    quote = payoff(AMIENS, on=date(2030, 1, 1), paid_cents=paid(AMIENS, 24) + 5)
    assert (quote.amount_cents, quote.credit_cents, quote.paid_ahead_cents) == (0, 5, 5)


@pytest.mark.parametrize(
    ("on", "paid_cents", "field", "bound"),
    [
        (date(2026, 1, 4), 0, "on", date(2026, 1, 5)),
        (date(2026, 2, 4), -1, "paid_cents", 0),
        (date(2026, 2, 4), Decimal("NaN"), "paid_cents", None),
        (date(2026, 2, 4), 12.5, "paid_cents", None),
    ],
)
def test_out_of_bounds(on: date, paid_cents: Any, field: str, bound: object) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        payoff(AMIENS, on=on, paid_cents=paid_cents)
    assert (caught.value.field, caught.value.bound) == (field, bound)


def test_a_version_does_not_answer_for_the_time_before_its_early_repayment() -> None:
    on = AMIENS.rows[11].due_on
    after = repay_early(AMIENS, on=on, amount_cents=40_000, choice=Choice.REDUCE, paid_cents=paid(AMIENS, 12)).version
    with pytest.raises(ImpossiblePlan) as caught:
        payoff(after, on=on - timedelta(days=1), paid_cents=paid(after, 12))
    assert (caught.value.field, caught.value.bound) == ("on", on)
    with pytest.raises(ImpossiblePlan) as caught:
        payoff(after, on=on, paid_cents=paid(after, 12) - 1)
    assert (caught.value.field, caught.value.bound) == ("paid_cents", paid(after, 12))
    assert payoff(after, on=on, paid_cents=paid(after, 12)).amount_cents == 63_093


def test_a_version_does_not_answer_for_the_time_before_its_rescheduling() -> None:
    on, six = date(2026, 8, 4), paid(AMIENS, 6)
    free = reschedule(
        AMIENS, on=on, paid_cents=six, first_due_on=date(2026, 9, 5), duration_months=12, rate_percent=Decimal(0)
    ).version
    for event in (date(2026, 3, 20), on - timedelta(days=1)):
        with pytest.raises(ImpossiblePlan) as caught:
            payoff(free, on=event, paid_cents=six)
        assert (caught.value.field, caught.value.bound) == ("on", on)
    assert payoff(free, on=on, paid_cents=six).amount_cents == AMIENS.balance(6)


# Versions that cannot be

ROWS = AMIENS.rows


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"rows": ()}, "nothing is repaid"),
        ({"rows": ROWS[1:]}, "numbers do not follow"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], due_on=ROWS[0].due_on))}, "dates do not increase"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], due_on=ROWS[-2].due_on))}, "dates do not increase"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], interest_cents=-1, total_cents=8_840))}, "part is negative"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], principal_cents=-1, total_cents=45))}, "part is negative"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], total_cents=1))}, "total is not its parts"),
        ({"rows": (*ROWS, Instalment(25, date(2029, 1, 5), 0, 0, 0, 0))}, "nothing is due on a date"),
        ({"rows": (replace(ROWS[0], balance_cents=1), *ROWS[1:])}, "balance does not follow"),
        ({"rows": (*ROWS[:-1], replace(ROWS[-1], balance_cents=1))}, "balance does not end at 0"),
        ({"prepayments": (Prepayment(date(2026, 2, 5), 25, 1, 0),)}, "early repayment has no place"),
        ({"prepayments": (Prepayment(date(2026, 2, 5), -1, 1, 0),)}, "early repayment has no place"),
        ({"prepayments": (Prepayment(date(2026, 2, 5), 1, 0, 5),)}, "early repayment has no place"),
        ({"prepayments": (Prepayment(date(2026, 2, 5), 1, 1, -1),)}, "early repayment has no place"),
        ({"pauses": (Pause(date(2026, 3, 5), 1), Pause(date(2026, 2, 5), 1))}, "pause is out of order"),
        ({"pauses": (Pause(date(2026, 2, 5), 47),)}, "lacks the interest of the pauses"),
    ],
)
def test_rows_that_are_no_schedule_are_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ImpossiblePlan, match=fault) as caught:
        replace(AMIENS, **change)
    assert (caught.value.field, caught.value.bound) == ("rows", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rate_percent": Decimal("100.01")}, "rate_percent"),
        ({"rate_percent": Decimal("NaN")}, "rate_percent"),
        ({"anchor_day": 32}, "anchor_day"),
        ({"anchor_day": 0}, "anchor_day"),
        ({"past_anchors": (Anchor(date(2026, 2, 5), 32),)}, "anchor_day"),
    ],
)
def test_terms_that_cannot_be_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        replace(AMIENS, **change)
    assert caught.value.field == field


# Properties


@given(histories())
def test_the_payoff_is_its_parts(loan: Loan) -> None:
    quote = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    owed = quote.unpaid_cents + quote.balance_cents + quote.carried_cents + quote.accrued_cents
    assert quote.amount_cents - quote.credit_cents == owed - quote.paid_ahead_cents
    assert quote.amount_cents == 0 or quote.credit_cents == 0
    assert quote.unpaid_cents == 0 or quote.paid_ahead_cents == 0
    assert min(quote.amount_cents, quote.credit_cents, quote.accrued_cents, quote.carried_cents, quote.days) >= 0
    # Nobody pays more by settling than by waiting.
    assert quote.interest_saved_cents >= 0
    if not loan.version.rate_percent:
        assert (quote.accrued_cents, quote.interest_saved_cents) == (0, 0)


@given(histories())
def test_settling_today_is_never_dearer_than_settling_tomorrow(loan: Loan) -> None:
    today, tomorrow = (
        payoff(loan.version, on=day, paid_cents=loan.paid_cents) for day in (loan.on, loan.on + timedelta(days=1))
    )
    assert today.amount_cents - today.credit_cents <= tomorrow.amount_cents - tomorrow.credit_cents


@given(histories(), st.data())
def test_every_cent_paid_is_a_cent_less_to_settle(loan: Loan, data: st.DataObject) -> None:
    before = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    more = data.draw(st.integers(0, before.amount_cents))
    after = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents + more)
    assert after.amount_cents == before.amount_cents - more
    assert after.interest_saved_cents == before.interest_saved_cents
