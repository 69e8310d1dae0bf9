"""Rescheduling: sourced figures, arrears that are not capitalised, and what every new plan keeps."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, RemainderOn, Rounding
from app.domain.deferral import defer
from app.domain.payoff import payoff
from app.domain.rescheduling import Rescheduling, reschedule
from app.domain.schedule_versions import Pause, Prepayment, interest_of_days, position
from tests.domain.loan_histories import (
    CASES,
    Loan,
    assert_sound,
    case_loan,
    contract,
    histories,
    paid,
    refused,
)

AMIENS = contract("amiens")


def attempt(loan: Loan, **ask: Any) -> Rescheduling | ImpossiblePlan:
    """The result or the refusal; any other exception is a failure."""
    try:
        return reschedule(loan.version, on=loan.on, paid_cents=loan.paid_cents, **ask)
    except ImpossiblePlan as fault:
        return refused(fault)


@pytest.mark.parametrize("case", CASES["reschedules"], ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    loan = case_loan(case)
    result = attempt(loan, **case["ask"])
    assert isinstance(result, Rescheduling)
    rows = result.version.rows[case["paid"] :]
    (instalment,) = {row.total_cents for row in rows[:-1]}
    found = {
        "rows": len(rows),
        "instalment": instalment,
        "odd": rows[-1].total_cents,
        "cost": result.cost_cents,
        "balance": result.balance_cents,
        "carried": result.carried_cents,
        "last_due_on": result.last_due_on,
    }
    assert {name: found[name] for name in case["expect"]} == case["expect"]
    assert result.version.rows[: case["paid"]] == loan.version.rows[: case["paid"]]


def test_what_was_paid_of_an_instalment_stays_interest_first() -> None:
    # Of the sixth instalment, 88.82 with 8.28 of interest, 10 € are paid; the seventh is overdue too.
    loan = Loan(AMIENS, paid(AMIENS, 5) + 1_000, date(2026, 8, 20))
    result = attempt(loan, first_due_on=date(2026, 9, 5), duration_months=24)
    assert isinstance(result, Rescheduling)
    sixth = result.version.rows[5]
    assert (sixth.due_on, sixth.principal_cents, sixth.interest_cents) == (date(2026, 7, 5), 172, 828)
    assert [pause.interest_cents for pause in result.version.pauses] == [0, 787]
    assert result.balance_cents == 160_349 - 172
    assert len(result.version.rows) == 6 + 24


def test_less_than_the_interest_of_an_instalment_leaves_the_rest_waiting() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 5) + 300, date(2026, 7, 20))
    result = attempt(loan, first_due_on=date(2026, 8, 5), duration_months=24)
    assert isinstance(result, Rescheduling)
    assert (result.version.rows[5].principal_cents, result.version.rows[5].interest_cents) == (0, 300)
    assert result.carried_cents == 528


def test_months_and_days_before_the_first_new_date_bear_interest_that_waits() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AMIENS.rows[11].due_on)
    result = attempt(loan, first_due_on=date(2027, 4, 15), duration_months=12)
    assert isinstance(result, Rescheduling)
    # 1 030.93 € from 5 January: February and March pass over, then ten days; the month before 15 April is in its row.
    waiting = [(pause.due_on, pause.interest_cents, pause.days) for pause in result.version.pauses]
    assert waiting == [(date(2027, 2, 5), 533, None), (date(2027, 3, 5), 533, None), (date(2027, 3, 15), 175, 10)]
    assert result.version.rows[12].interest_cents == 533
    assert result.cost_cents == 533 + 533 + 175


def test_a_single_day_before_the_first_new_month_bears_its_interest() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AMIENS.rows[11].due_on)
    result = attempt(loan, first_due_on=date(2027, 2, 6), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert result.carried_cents == 18  # 1 030.93 × 0.062 / 365


def test_after_the_last_date_the_interest_that_waits_is_counted_once() -> None:
    deferred = defer(AMIENS, number=7, paid_cents=paid(AMIENS, 6)).version
    loan = Loan(deferred, paid(deferred, 22), deferred.rows[-1].due_on)
    result = attempt(loan, first_due_on=date(2028, 3, 5), duration_months=6)
    assert isinstance(result, Rescheduling)
    # The last two instalments bear 0.91 and 0.46 of interest, and 7.87 of the pause.
    assert [pause.interest_cents for pause in result.version.pauses] == [91, 46 + 787]
    assert result.balance_cents == deferred.rows[21].balance_cents


def test_a_whole_month_passed_over_bears_a_month_of_interest() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AMIENS.rows[11].due_on)
    result = attempt(loan, first_due_on=date(2027, 3, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert [(pause.due_on, pause.interest_cents) for pause in result.version.pauses] == [(date(2027, 2, 5), 533)]


def test_a_part_of_the_next_instalment_paid_ahead_is_repaid_principal() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12) + 1_000, date(2027, 1, 20))
    result = attempt(loan, first_due_on=date(2027, 2, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert result.version.prepayments == (Prepayment(date(2027, 1, 20), 12, 1_000, 0),)
    assert result.balance_cents == 102_093


def test_a_delayed_first_instalment_put_off_further_bears_interest_from_the_same_day() -> None:
    # Paid out in October, first due on 5 February: interest runs from 5 January, then fifteen days more to 20 January.
    delayed = replace(AMIENS, released_on=date(2025, 10, 21))
    result = attempt(Loan(delayed, 0, date(2025, 12, 25)), first_due_on=date(2026, 2, 20), duration_months=24)
    assert isinstance(result, Rescheduling)
    assert result.carried_cents == 510  # 2 000 × 0.062 × 15 / 365
    owed = {day: payoff(result.version, on=date(2026, 1, day), paid_cents=0).amount_cents for day in (4, 5, 15, 20)}
    assert owed == {4: 200_000, 5: 200_000, 15: 200_340, 20: 200_510}


def test_interest_that_waits_already_goes_on_waiting() -> None:
    deferred = defer(AMIENS, number=7, paid_cents=paid(AMIENS, 6)).version
    # On the day of the pause itself, then five months later.
    for count, on, first in ((6, date(2026, 8, 5), date(2026, 9, 5)), (12, date(2027, 2, 5), date(2027, 3, 5))):
        result = attempt(Loan(deferred, paid(deferred, count), on), first_due_on=first, duration_months=24 - count)
        assert isinstance(result, Rescheduling)
        assert result.version.pauses == (Pause(date(2026, 8, 5), 787),)
        assert (result.carried_cents, result.cost_cents) == (787, 0)


def test_a_pause_planned_later_falls() -> None:
    planned = defer(AMIENS, number=15, paid_cents=0).version
    loan = Loan(planned, paid(planned, 12), date(2027, 1, 5))
    result = attempt(loan, first_due_on=date(2027, 2, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert (result.version.pauses, result.cost_cents) == ((), -446)


def test_the_day_of_the_first_new_date_is_the_new_anchor() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 5))
    result = attempt(loan, first_due_on=date(2027, 2, 20), duration_months=12)
    assert isinstance(result, Rescheduling)
    later = defer(result.version, number=24, paid_cents=paid(result.version, 12))
    assert later.last_due_on == date(2028, 2, 20)


def test_after_the_last_date_the_new_plan_starts_the_day_after_the_event_at_the_soonest() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2028, 6, 10))
    result = attempt(loan, first_due_on=date(2028, 6, 11), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert result.version.rows[12].due_on == date(2028, 6, 11)
    refusal = attempt(loan, first_due_on=date(2028, 6, 10), duration_months=12)
    assert isinstance(refusal, ImpossiblePlan)
    assert (refusal.field, refusal.bound) == ("first_due_on", date(2028, 6, 11))


def test_days_before_the_first_new_month_count_from_the_day_the_money_was_paid_out() -> None:
    late = replace(AMIENS, released_on=date(2026, 1, 25))
    result = attempt(Loan(late, 0, date(2026, 1, 26)), first_due_on=date(2026, 2, 28), duration_months=24)
    assert isinstance(result, Rescheduling)
    # 2 000 × 0.062 × 3 / 365, not the 23 days since the fifth.
    assert result.version.pauses == (Pause(date(2026, 1, 28), 102, 3),)


def test_unless_asked_otherwise_instalments_are_in_cents_half_up() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 5))
    for months, usual in ((11, 9_665), (12, 8_882)):
        result = attempt(loan, first_due_on=date(2027, 2, 5), duration_months=months)
        assert isinstance(result, Rescheduling)
        assert {row.total_cents for row in result.version.rows[12:-1]} == {usual}


@pytest.mark.parametrize(
    ("rounding", "remainder_on", "first", "usual", "last"),
    [
        (Rounding.HALF_UP, RemainderOn.FIRST, 7_000, 6_900, 6_900),
        (Rounding.HALF_UP, RemainderOn.LAST, 6_900, 6_900, 7_000),
        (Rounding.UP, RemainderOn.FIRST, 5_500, 7_000, 7_000),
        (Rounding.UP, RemainderOn.LAST, 7_000, 7_000, 5_500),
    ],
)
def test_rounding_and_the_place_of_the_remainder_are_those_of_a_schedule(
    rounding: Rounding, remainder_on: RemainderOn, first: int, usual: int, last: int
) -> None:
    # 1 105 € over 16 months: 69.06 a month.
    version = contract("g06")
    result = attempt(
        Loan(version, paid(version, 11), version.rows[10].due_on),
        first_due_on=date(2012, 1, 10),
        duration_months=16,
        rounding_unit_cents=100,
        rounding=rounding,
        remainder_on=remainder_on,
    )
    assert isinstance(result, Rescheduling)
    assert [row.total_cents for row in result.version.rows[11:]] == [first, *[usual] * 14, last]


def test_a_plan_may_lower_the_rate_and_round_to_whole_euros() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 5))
    result = attempt(
        loan,
        first_due_on=date(2027, 2, 5),
        duration_months=24,
        rate_percent=Decimal(0),
        rounding_unit_cents=100,
        rounding=Rounding.UP,
    )
    assert isinstance(result, Rescheduling)
    assert [row.total_cents for row in result.version.rows[12:]] == [4_300] * 23 + [103_093 - 23 * 4_300]
    assert (result.version.rate_percent, result.cost_cents) == (0, -3_496)


@pytest.mark.parametrize(
    ("ask", "field", "bound"),
    [
        ({"first_due_on": date(2027, 2, 4)}, "first_due_on", date(2027, 2, 5)),
        ({"on": date(2027, 2, 20), "first_due_on": date(2027, 2, 20)}, "first_due_on", date(2027, 3, 5)),
        ({"duration_months": 0}, "duration_months", 1),
        ({"duration_months": 121}, "duration_months", 120),
        ({"duration_months": None}, "duration_months", None),
        ({"duration_months": None, "instalment_cents": 533}, "instalment_cents", 1_155),
        ({"duration_months": None, "instalment_cents": -1}, "instalment_cents", 1),
        ({"rate_percent": Decimal("NaN")}, "rate_percent", None),
        ({"rate_percent": Decimal(101)}, "rate_percent", 100),
        ({"on": date(2026, 1, 4)}, "on", date(2026, 1, 5)),
        ({"paid_cents": -1}, "paid_cents", 0),
        ({"paid_cents": paid(AMIENS, 24)}, "paid_cents", None),
    ],
)
def test_out_of_bounds(ask: dict[str, Any], field: str, bound: object) -> None:
    usual = {
        "on": date(2027, 1, 5),
        "paid_cents": paid(AMIENS, 12),
        "first_due_on": date(2027, 2, 5),
        "duration_months": 12,
    }
    if "paid_cents" in ask and ask["paid_cents"] > 0:
        usual["first_due_on"] = date(2030, 1, 5)
    with pytest.raises(ImpossiblePlan) as caught:
        reschedule(AMIENS, **(usual | ask))
    assert (caught.value.field, caught.value.bound) == (field, bound)
    assert str(caught.value).endswith(".")


# Properties


@given(
    histories(),
    st.integers(-2, 200),
    st.none() | st.integers(-1, 130),
    st.none() | st.integers(0, 100_000),
    st.none() | st.decimals(0, 101, places=2),
)
def test_a_next_version_or_a_named_refusal(
    loan: Loan, days: int, duration: int | None, instalment: int | None, rate: Decimal | None
) -> None:
    first = date.fromordinal(loan.on.toordinal() + days)
    ask = {"first_due_on": first, "duration_months": duration, "instalment_cents": instalment, "rate_percent": rate}
    result = attempt(loan, **ask)
    if isinstance(result, ImpossiblePlan):
        event(f"refused: {result.field}")
        assert result.field in {*ask, "paid_cents"}
        return
    event("rescheduled")
    assert_sound(loan.version, result.version)
    done = position(loan.version, loan.paid_cents).rows
    assert result.version.rows[:done] == loan.version.rows[:done]
    assert result.cost_cents == result.version.interest_cents - loan.version.interest_cents
    assert first in {row.due_on for row in result.version.rows}
    # What was paid is what the version says was paid: the next payment meets the first new instalment.
    there = position(result.version, loan.paid_cents)
    assert result.version.rows[there.rows].due_on == first
    assert there.part_cents == 0
    assert result.balance_cents == result.version.balance(there.rows)


@given(histories(), st.integers(1, 100), st.integers(1, 60))
def test_rescheduling_by_itself_changes_no_payoff_of_the_day(loan: Loan, days: int, duration: int) -> None:
    first = date.fromordinal(loan.on.toordinal() + days)
    result = attempt(loan, first_due_on=first, duration_months=duration)
    if isinstance(result, ImpossiblePlan):
        return
    before = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    after = payoff(result.version, on=loan.on, paid_cents=loan.paid_cents)
    if before.paid_ahead_cents:
        # Instalments paid ahead stay with their interest; the part of one is principal from then on.
        return
    # Only principal that was late weighs more, by the days since the last due date (a month may count as 31); the
    # days of a new anchor are rounded apart.
    late = after.balance_cents - before.balance_cents
    more = after.amount_cents - before.amount_cents
    days_late = max([(loan.on - row.due_on).days for row in loan.version.rows if row.due_on <= loan.on][-1:], default=0)
    assert -1 <= more <= interest_of_days(late, loan.version.rate_percent, days_late + 3) + 2
    if not before.unpaid_cents:
        assert abs(more) <= 1


@given(histories(rates=st.just(Decimal(0))), st.integers(1, 100), st.integers(1, 60))
def test_without_interest_rescheduling_is_free(loan: Loan, days: int, duration: int) -> None:
    result = attempt(loan, first_due_on=date.fromordinal(loan.on.toordinal() + days), duration_months=duration)
    if isinstance(result, Rescheduling):
        assert (result.cost_cents, result.carried_cents) == (0, 0)
