"""Deferrals: sourced figures, and what a month without a payment may and may not change."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, due_dates, schedule
from app.domain.deferral import Deferral, DeferralMode, defer
from app.domain.payoff import payoff
from app.domain.schedule_versions import Pause, ScheduleVersion, in_force, position
from tests.domain.loan_histories import (
    CASES,
    Loan,
    assert_sound,
    contract,
    contracts,
    histories,
    paid,
    refused,
)

AMIENS = contract("amiens")
modes = st.sampled_from(DeferralMode)


def attempt(loan: Loan, **ask: Any) -> Deferral | ImpossiblePlan:
    """The result or the refusal; any other exception is a failure."""
    try:
        return defer(loan.version, on=loan.on, paid_cents=loan.paid_cents, **ask)
    except ImpossiblePlan as fault:
        return refused(fault)


@pytest.mark.parametrize("case", CASES["deferrals"], ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    version = contract(case["loan"])
    result = defer(
        version,
        on=version.rows[case["number"] - 2].due_on,
        number=case["number"],
        months=case.get("months", 1),
        mode=DeferralMode(case["mode"]),
        paid_cents=paid(version, case["number"] - 1),
    )
    rows = result.version.rows
    assert case["expect"] == {
        "rows": len(rows),
        "cost": result.cost_cents,
        "interest": result.version.interest_cents,
        "odd": rows[-1].total_cents,
        "paused_on": list(result.paused_on),
        "last_due_on": result.last_due_on,
    }
    for name, field in (("dates", "due_on"), ("totals", "total_cents"), ("balances", "balance_cents")):
        assert {number: getattr(rows[number - 1], field) for number in case[name]} == case[name]


def test_the_payoff_during_and_after_a_pause() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    six = paid(AMIENS, 6)
    amounts = {
        date(2026, 7, 5): 152_295,
        date(2026, 8, 4): 152_295 + 776,  # 1 522.95 × 0.062 × 30 / 365 = 7.76
        date(2026, 8, 5): 152_295 + 787,  # the month of the pause, whole
        date(2026, 8, 15): 152_295 + 787 + 259,
        date(2026, 9, 5): 152_295 + 787 + 787,
    }
    assert {on: payoff(deferred, on=on, paid_cents=six).amount_cents for on in amounts} == amounts


def test_dates_stay_on_the_anchor_at_the_ends_of_months() -> None:
    first = date(2026, 1, 31)
    rows = schedule(principal_cents=30_000, rate_percent=Decimal(5), first_due_on=first, duration_months=6)
    version = in_force(rows, rate_percent=Decimal(5), released_on=date(2025, 12, 31))
    once = defer(version, on=version.released_on, number=1, paid_cents=0).version
    assert [row.due_on for row in once.rows] == due_dates(first, 7)[1:]
    again = defer(once, on=once.rows[0].due_on, number=2, paid_cents=paid(once, 1)).version
    assert [row.due_on for row in again.rows] == [due_dates(first, 8)[n] for n in (1, 3, 4, 5, 6, 7)]
    # A contract may choose the 31st and start on another day.
    anchored = in_force(rows[:0] + version.rows, rate_percent=Decimal(5), released_on=first, anchor_day=30)
    assert defer(anchored, on=anchored.released_on, number=1, paid_cents=0).last_due_on == date(2026, 7, 30)


def test_without_interest_every_pause_is_remembered_and_costs_nothing() -> None:
    version = contract("g18")
    twice = defer(version, on=version.rows[4].due_on, number=6, months=2, paid_cents=paid(version, 5)).version
    assert twice.pauses == (Pause(date(2012, 1, 10), 0), Pause(date(2012, 2, 10), 0))


def test_an_earlier_pause_makes_a_planned_one_dearer() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0).version
    result = defer(planned, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6))
    # In the month of the planned pause 13 instalments are paid, no longer 14.
    assert [pause.interest_cents for pause in planned.pauses] == [446]
    assert [pause.interest_cents for pause in result.version.pauses] == [787, 490]
    assert result.cost_cents == 787 + 490 - 446


@pytest.mark.parametrize(
    ("ask", "field", "bound"),
    [
        ({"number": 6}, "number", 7),
        ({"number": 0}, "number", 7),
        ({"number": 25}, "number", 24),
        ({"number": 7, "months": 0}, "months", 1),
        ({"number": 7, "months": 121}, "months", 120),
        ({"number": Decimal("NaN")}, "number", None),
        ({"number": 7, "paid_cents": -1}, "paid_cents", 0),
        ({"number": 24, "paid_cents": paid(AMIENS, 24)}, "paid_cents", None),
        ({"number": 7, "mode": "never"}, "mode", None),
        ({"number": 7, "on": date(2026, 1, 4)}, "on", date(2026, 1, 5)),
    ],
)
def test_out_of_bounds(ask: dict[str, Any], field: str, bound: object) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        defer(AMIENS, **{"on": AMIENS.rows[5].due_on, "paid_cents": paid(AMIENS, 6), **ask})
    assert (caught.value.field, caught.value.bound) == (field, bound)
    assert str(caught.value).endswith(".")


def test_the_mode_may_be_given_as_text() -> None:
    ask = {"on": AMIENS.rows[5].due_on, "number": 7, "paid_cents": paid(AMIENS, 6)}
    alone = defer(AMIENS, **ask, mode="interest_only")
    assert alone == defer(AMIENS, **ask, mode=DeferralMode.INTEREST_ONLY)
    assert len(alone.version.rows) == 25


def test_a_deferral_holds_from_its_day() -> None:
    for version, on in ((AMIENS, date(2026, 7, 20)), (contract("g18"), date(2011, 9, 15))):
        after = defer(version, on=on, number=7, paid_cents=paid(version, 6)).version
        assert (version.effective_on, after.effective_on) == (None, on)
        with pytest.raises(ImpossiblePlan) as caught:
            defer(after, on=on - timedelta(days=1), number=8, paid_cents=paid(version, 6))
        assert (caught.value.field, caught.value.bound) == ("on", on)


def test_a_deferral_past_the_calendar_is_refused() -> None:
    rows = schedule(principal_cents=1_000, rate_percent=Decimal(0), first_due_on=date(9999, 11, 5), duration_months=2)
    version = in_force(rows, rate_percent=Decimal(0), released_on=date(9999, 10, 5))
    with pytest.raises(ImpossiblePlan) as caught:
        defer(version, on=version.released_on, number=1, paid_cents=0)
    assert caught.value.field == "due_on"


# Properties


@given(histories(), st.integers(-1, 130), st.integers(1, 12), modes)
def test_a_next_version_or_a_named_refusal(loan: Loan, number: int, months: int, mode: DeferralMode) -> None:
    result = attempt(loan, number=number, months=months, mode=mode)
    if isinstance(result, ImpossiblePlan):
        event("refused")
        done = position(loan.version, loan.paid_cents).rows
        assert result.field == ("number" if done < len(loan.version.rows) else "paid_cents")
        assert not done < number <= len(loan.version.rows)
        return
    assert_sound(loan.version, result.version)
    assert result.version.rows[: number - 1] == loan.version.rows[: number - 1]
    assert len(result.paused_on) == months
    assert result.cost_cents == result.version.interest_cents - loan.version.interest_cents >= 0
    assert result.last_due_on > loan.version.rows[-1].due_on
    if mode is DeferralMode.SHIFT:
        assert not set(result.paused_on) & {row.due_on for row in result.version.rows}
        assert Counter(row.principal_cents for row in result.version.rows) == Counter(
            row.principal_cents for row in loan.version.rows
        )


@given(contracts(rates=st.just(Decimal(0))), st.data(), modes)
def test_without_interest_no_amount_changes_and_the_others_keep_their_date(
    version: ScheduleVersion, data: st.DataObject, mode: DeferralMode
) -> None:
    number = data.draw(st.integers(1, len(version.rows)))
    months = data.draw(st.integers(1, 4))
    result = attempt(
        Loan(version, paid(version, number - 1), version.released_on), number=number, months=months, mode=mode
    )
    assert isinstance(result, Deferral)
    assert result.cost_cents == 0
    assert Counter(row.total_cents for row in result.version.rows) == Counter(row.total_cents for row in version.rows)
    after = {row.due_on: row.total_cents for row in result.version.rows}
    stay = version.rows[: number - 1] + version.rows[number - 1 + months :]
    assert all(after[row.due_on] == row.total_cents for row in stay)
    assert [row.due_on for row in result.version.rows][-1] == due_dates(
        version.rows[0].due_on, len(version.rows) + months
    )[-1]


@given(contracts(), st.data())
def test_a_pause_costs_a_month_on_the_balance_however_it_is_paid(version: ScheduleVersion, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(version.rows)))
    months = data.draw(st.integers(1, 3))
    row = version.rows[number - 1]
    costs = {
        mode: attempt(Loan(version, 0, version.released_on), number=number, months=months, mode=mode)
        for mode in DeferralMode
    }
    found = {result.cost_cents for result in costs.values() if isinstance(result, Deferral)}
    assert found == {months * row.interest_cents}


@given(contracts(), st.data())
def test_two_pauses_give_the_same_in_either_order(version: ScheduleVersion, data: st.DataObject) -> None:
    if len(version.rows) < 3 or not version.rate_percent:
        return
    early = data.draw(st.integers(1, len(version.rows) - 2))
    late = data.draw(st.integers(early + 2, len(version.rows)))
    date_of_late = version.rows[late - 1].due_on

    def pause_on(start: ScheduleVersion, on: date) -> ScheduleVersion:
        number = next(row.number for row in start.rows if row.due_on == on)
        return defer(start, on=start.released_on, number=number, paid_cents=0).version

    first = pause_on(pause_on(version, version.rows[early - 1].due_on), date_of_late)
    second = pause_on(pause_on(version, date_of_late), version.rows[early - 1].due_on)
    assert first == second
