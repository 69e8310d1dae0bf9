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
from app.domain.schedule_versions import Anchor, Pause, Prepayment, due_by, interest_of_days, position
from tests.domain.loan_histories import (
    CASES,
    Loan,
    any_rate,
    assert_sound,
    case_loan,
    contract,
    histories,
    paid,
    paid_ahead,
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
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
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
    # 15 days on 10 € are 0.0254…; the rest is principal.
    assert result.version.prepayments == (Prepayment(date(2027, 1, 20), 12, 998, 2),)
    assert result.balance_cents == 102_095


def test_a_delayed_first_instalment_put_off_further_bears_interest_from_the_same_day() -> None:
    # Paid out in October, first due on 5 February: interest runs from 5 January, then fifteen days more to 20 January.
    delayed = replace(AMIENS, released_on=date(2025, 10, 21))
    result = attempt(Loan(delayed, 0, date(2025, 12, 25)), first_due_on=date(2026, 2, 20), duration_months=24)
    assert isinstance(result, Rescheduling)
    assert result.carried_cents == 510  # 2 000 × 0.062 × 15 / 365
    owed = {day: payoff(result.version, on=date(2026, 1, day), paid_cents=0).amount_cents for day in (4, 5, 15, 20)}
    assert owed == {4: 200_000, 5: 200_000, 15: 200_340, 20: 200_510}


def test_interest_that_waits_already_goes_on_waiting() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    # On the day of the pause itself, then five months later.
    for count, on, first in ((6, date(2026, 8, 5), date(2026, 9, 5)), (12, date(2027, 2, 5), date(2027, 3, 5))):
        result = attempt(Loan(deferred, paid(deferred, count), on), first_due_on=first, duration_months=24 - count)
        assert isinstance(result, Rescheduling)
        assert result.version.pauses == (Pause(date(2026, 8, 5), 787),)
        assert (result.carried_cents, result.cost_cents) == (787, 0)


def test_a_pause_planned_later_falls() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0).version
    loan = Loan(planned, paid(planned, 12), date(2027, 1, 5))
    result = attempt(loan, first_due_on=date(2027, 2, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert (result.version.pauses, result.cost_cents) == ((), -446)


def test_the_day_of_the_first_new_date_is_the_new_anchor() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 5))
    result = attempt(loan, first_due_on=date(2027, 2, 20), duration_months=12)
    assert isinstance(result, Rescheduling)
    later = defer(result.version, on=date(2027, 1, 6), number=24, paid_cents=paid(result.version, 12))
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


@pytest.mark.parametrize("case", CASES["successive_reschedules"], ids=lambda case: case["name"])
def test_sourced_case_of_several_first_dates(case: dict[str, Any]) -> None:
    assert case["source"]
    version = contract(case["loan"])
    loan = Loan(version, paid(version, case["paid"]), case["asked_on"])
    *before, last = case["asks"]
    for first in before:
        step = attempt(loan, first_due_on=first, duration_months=12)
        assert isinstance(step, Rescheduling)
        loan = replace(loan, version=step.version)
    result = attempt(loan, first_due_on=last, duration_months=12)
    if isinstance(result, ImpossiblePlan):
        assert {result.field: result.bound} == case["refused"]
        return
    pauses = {pause.due_on.isoformat(): pause.interest_cents for pause in result.version.pauses}
    found = {"carried": result.carried_cents, "pauses": pauses, "balance": result.balance_cents}
    assert found == case["expect"]


@pytest.mark.parametrize("case", CASES["anchors"], ids=lambda case: case["name"])
def test_sourced_case_of_an_anchor(case: dict[str, Any]) -> None:
    assert case["source"]
    version = contract("amiens_on_the_31st")
    result = attempt(
        Loan(version, paid(version, 13), date(2027, 2, 3)),
        first_due_on=case["first_due_on"],
        anchor_day=case.get("anchor_day"),
        duration_months=6,
    )
    assert isinstance(result, Rescheduling)
    assert [row.due_on for row in result.version.rows[13:17]] == case["dates"]


def test_a_month_after_a_short_one_is_that_of_the_anchor_which_the_date_had() -> None:
    # 28 February 2027 is on the 31st; from there to 31 March is a month, though the dates fall on the 5th since.
    version = contract("amiens_on_the_31st")
    loan = Loan(version, paid(version, 14), date(2027, 3, 2))
    step = attempt(loan, first_due_on=date(2027, 4, 5), duration_months=10)
    assert isinstance(step, Rescheduling)
    assert (step.version.anchor_day, step.version.past_anchors) == (5, (Anchor(date(2027, 2, 28), 31),))
    result = attempt(replace(loan, version=step.version), first_due_on=date(2027, 3, 31), duration_months=10)
    assert isinstance(result, Rescheduling)
    assert (result.carried_cents, result.version.past_anchors) == (0, ())


def test_a_pause_may_last_ten_years_and_no_longer() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 5))
    result = attempt(loan, first_due_on=date(2037, 2, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert [pause.days for pause in result.version.pauses] == [None] * 120


def test_a_pause_between_instalments_paid_ahead_is_still_owed() -> None:
    # The 8th instalment, shifted to 5 October, is paid ahead; the month of the pause before it bore interest.
    planned = defer(AMIENS, on=AMIENS.rows[5].due_on, number=8, paid_cents=paid(AMIENS, 6)).version
    loan = Loan(planned, paid(planned, 8), date(2026, 7, 20))
    result = attempt(loan, first_due_on=date(2026, 11, 5), duration_months=12)
    assert isinstance(result, Rescheduling)
    assert result.version.pauses == planned.pauses == (Pause(date(2026, 9, 5), 745),)


def test_the_instalments_paid_ahead_keep_their_total_where_a_part_of_the_next_is_repaid_early() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 13) + 1_000, date(2027, 1, 20))
    result = attempt(loan, first_due_on=date(2027, 3, 5), duration_months=11)
    assert isinstance(result, Rescheduling)
    ahead = result.version.rows[12]
    # On 1 020.95 the month bears 5.27, of the 88.82 that were paid.
    assert (ahead.due_on, ahead.interest_cents, ahead.total_cents) == (date(2027, 2, 5), 527, 8_882)
    assert result.balance_cents == 102_095 - (8_882 - 527)


def test_a_rescheduling_holds_from_its_day() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), date(2027, 1, 20))
    result = attempt(loan, first_due_on=date(2027, 2, 5), duration_months=9)
    assert isinstance(result, Rescheduling)
    assert result.version.effective_on == date(2027, 1, 20)
    again = attempt(
        Loan(result.version, paid(AMIENS, 12), date(2027, 1, 19)), first_due_on=date(2027, 3, 5), duration_months=9
    )
    assert isinstance(again, ImpossiblePlan)
    assert (again.field, again.bound) == ("on", date(2027, 1, 20))


def test_choices_may_be_given_as_text() -> None:
    version = contract("g06")
    ask = {"first_due_on": date(2012, 1, 10), "duration_months": 16, "rounding_unit_cents": 100}
    loan = Loan(version, paid(version, 11), version.rows[10].due_on)
    assert attempt(loan, **ask, rounding="up", remainder_on="first") == attempt(
        loan, **ask, rounding=Rounding.UP, remainder_on=RemainderOn.FIRST
    )


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
        ({"on": date.max}, "on", date(2038, 2, 4)),
        ({"on": date(2038, 2, 5), "first_due_on": date(2038, 2, 6)}, "on", date(2038, 2, 4)),
        ({"first_due_on": date(2037, 2, 6)}, "first_due_on", date(2037, 2, 5)),
        ({"first_due_on": date(9000, 1, 1)}, "first_due_on", date(2037, 2, 5)),
        ({"anchor_day": 4}, "anchor_day", 5),
        ({"anchor_day": 0}, "anchor_day", 1),
        ({"anchor_day": 32}, "anchor_day", 31),
        ({"rounding": "down"}, "rounding", None),
        ({"remainder_on": "middle"}, "remainder_on", None),
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
    done, due = position(loan.version, loan.paid_cents).rows, due_by(loan.version, loan.on)
    assert result.version.rows[: min(done, due)] == loan.version.rows[: min(done, due)]
    # Instalments paid ahead keep their date and total.
    kept = [[(row.due_on, row.total_cents) for row in rows[:done]] for rows in (result.version.rows, loan.version.rows)]
    assert kept[0] == kept[1]
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
    # Only principal that was late weighs more, by the days since the last due date (a month may count as 31); the
    # days of a new anchor are rounded apart.
    late = max(0, after.balance_cents - before.balance_cents)
    more = after.amount_cents - before.amount_cents
    days_late = max([(loan.on - row.due_on).days for row in loan.version.rows if row.due_on <= loan.on][-1:], default=0)
    # Dates already past when an earlier plan passed over them are counted again, from 28 to 31 days for a month.
    again = sum(pause.is_past for pause in loan.version.pauses)
    slack = again + interest_of_days(after.balance_cents, loan.version.rate_percent, 3 * again)
    # The part of an instalment paid ahead is repaid early, with its days rounded down.
    rounded = 2 if result.version.prepayments != loan.version.prepayments else 1
    assert -rounded - slack <= more <= interest_of_days(late, loan.version.rate_percent, days_late + 3) + 2 + slack
    if not before.unpaid_cents:
        assert abs(more) <= rounded + slack


@given(histories() | paid_ahead(), st.integers(0, 200), st.integers(0, 200), st.integers(1, 60), any_rate)
def test_what_was_asked_first_on_the_same_day_changes_nothing(
    loan: Loan, days: int, days_before: int, duration: int, rate_before: Decimal
) -> None:
    first, before = (date.fromordinal(loan.on.toordinal() + 1 + ahead) for ahead in (days, days_before))
    rate = loan.version.rate_percent
    ask = {"first_due_on": first, "anchor_day": first.day, "duration_months": duration, "rate_percent": rate}
    direct = attempt(loan, **ask)
    step = attempt(loan, first_due_on=before, duration_months=12, rate_percent=rate_before)
    if isinstance(step, ImpossiblePlan):
        return
    then = attempt(Loan(step.version, loan.paid_cents, loan.on), **ask)
    if isinstance(direct, ImpossiblePlan) or isinstance(then, ImpossiblePlan):
        assert isinstance(direct, ImpossiblePlan)
        assert isinstance(then, ImpossiblePlan)
        assert (then.field, then.bound) == (direct.field, direct.bound)
        return
    event("twice")
    assert then.version == direct.version


@given(histories(rates=st.just(Decimal(0))), st.integers(1, 100), st.integers(1, 60))
def test_without_interest_rescheduling_is_free(loan: Loan, days: int, duration: int) -> None:
    result = attempt(loan, first_due_on=date.fromordinal(loan.on.toordinal() + days), duration_months=duration)
    if isinstance(result, Rescheduling):
        assert (result.cost_cents, result.carried_cents) == (0, 0)
