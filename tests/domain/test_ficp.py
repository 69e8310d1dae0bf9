"""What the lenders' checks are worth: the latest consultation holds, whatever the order in which they are told."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.channels import Source
from app.domain.ficp import (
    Check,
    CheckEffect,
    CheckGate,
    CheckOutcome,
    CheckStage,
    Standing,
    conclusion,
    heard,
    purge_from,
    standing,
    valid_until,
)

Out, S = CheckOutcome, Standing
MORNING = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
CAUTION = [Out.FAVORABLE, Out.TO_CLEAR, Out.UNFAVORABLE]


def told(*outcomes: tuple[CheckOutcome, int]) -> list[Check]:
    """Checks by their outcome and the hour after MORNING of their consultation."""
    return [Check(outcome, MORNING + timedelta(hours=hour)) for outcome, hour in outcomes]


# Few instants, so that ties are common.
checks = st.builds(
    Check, st.sampled_from(CheckOutcome), st.integers(0, 3).map(lambda hour: MORNING + timedelta(hours=hour))
)


@pytest.mark.parametrize(
    ("pushed", "held"),
    [
        ([(Out.FAVORABLE, 0), (Out.UNFAVORABLE, 1)], (Out.UNFAVORABLE, 1)),
        ([(Out.UNFAVORABLE, 0), (Out.FAVORABLE, 1)], (Out.FAVORABLE, 1)),
        ([(Out.UNFAVORABLE, 0), (Out.TO_CLEAR, 1)], (Out.TO_CLEAR, 1)),
        ([(Out.FAVORABLE, 0), (Out.UNFAVORABLE, 0)], (Out.UNFAVORABLE, 0)),
        ([(Out.FAVORABLE, 0), (Out.TO_CLEAR, 0)], (Out.TO_CLEAR, 0)),
        ([(Out.TO_CLEAR, 0), (Out.UNFAVORABLE, 0)], (Out.UNFAVORABLE, 0)),
        ([(Out.FAVORABLE, 0), (Out.UNAVAILABLE, 1)], (Out.FAVORABLE, 0)),
        ([(Out.UNFAVORABLE, 0), (Out.UNAVAILABLE, 1)], (Out.UNFAVORABLE, 0)),
        ([(Out.TO_CLEAR, 0), (Out.UNAVAILABLE, 1)], (Out.TO_CLEAR, 0)),
        ([(Out.UNAVAILABLE, 0), (Out.FAVORABLE, 1)], (Out.FAVORABLE, 1)),
        ([(Out.UNAVAILABLE, 0), (Out.UNAVAILABLE, 1)], (Out.UNAVAILABLE, 1)),
    ],
)
def test_the_latest_consultation_holds_the_more_cautious_of_two_at_once_and_silence_replaces_nothing(
    pushed: list[tuple[CheckOutcome, int]], held: tuple[CheckOutcome, int]
) -> None:
    (expected,) = told(held)
    assert conclusion(told(*pushed)) == conclusion(told(*reversed(pushed))) == expected


def test_before_any_check_nothing_is_concluded() -> None:
    assert conclusion([]) is None


def test_two_writings_of_one_instant_are_a_tie() -> None:
    there = MORNING.astimezone(timezone(timedelta(hours=4)))
    held = conclusion([Check(Out.FAVORABLE, there), Check(Out.UNFAVORABLE, MORNING)])
    assert held is not None
    assert held.outcome is Out.UNFAVORABLE


@given(st.data())
def test_the_order_of_arrival_and_repetitions_change_nothing(data: st.DataObject) -> None:
    pushed = data.draw(st.lists(checks, min_size=1, max_size=8))
    again = data.draw(st.lists(st.sampled_from(pushed), max_size=4))
    assert conclusion(data.draw(st.permutations([*pushed, *again]))) == conclusion(pushed)


@given(st.lists(checks, min_size=1, max_size=8))
def test_what_holds_was_pushed_and_nothing_that_concludes_is_later_or_as_late_and_more_cautious(
    pushed: list[Check],
) -> None:
    held = conclusion(pushed)
    assert held in pushed
    concluding = [check for check in pushed if check.outcome is not Out.UNAVAILABLE]
    assert held is not None
    assert (held.outcome is Out.UNAVAILABLE) == (not concluding)
    for check in concluding:
        assert (check.consulted_at, CAUTION.index(check.outcome)) <= (held.consulted_at, CAUTION.index(held.outcome))


def test_a_precheck_does_not_expire_and_the_check_of_a_decision_is_good_for_its_days() -> None:
    consulted_on = date(2018, 3, 5)
    assert valid_until(CheckStage.PRECHECK, consulted_on, valid_days=30) is None
    assert valid_until(CheckStage.GRANT_DECISION, consulted_on, valid_days=30) == date(2018, 4, 4)
    assert valid_until(CheckStage.GRANT_DECISION, consulted_on, valid_days=1) == date(2018, 3, 6)


@pytest.mark.parametrize(
    ("outcome", "on_the_last_day", "on_the_day_after"),
    [
        (Out.FAVORABLE, S.FAVOURABLE, S.TO_RENEW),
        (Out.UNFAVORABLE, S.UNFAVOURABLE, S.TO_RENEW),
        (Out.TO_CLEAR, S.PENDING, S.PENDING),
        (Out.UNAVAILABLE, S.PENDING, S.PENDING),
    ],
)
def test_people_are_shown_one_of_four_words(
    outcome: CheckOutcome, on_the_last_day: Standing, on_the_day_after: Standing
) -> None:
    check, last = Check(outcome, MORNING), date(2018, 4, 4)
    assert standing(check, on=last, valid_until=last) is on_the_last_day
    assert standing(check, on=last + timedelta(days=1), valid_until=last) is on_the_day_after
    assert standing(check, on=date(2199, 12, 31), valid_until=None) is on_the_last_day


def test_no_outcome_and_no_standing_says_that_a_person_is_listed() -> None:
    assert {outcome.value for outcome in Out} == {"favorable", "unfavorable", "to_clear", "unavailable"}
    assert {standing.value for standing in S} == {"favourable", "unfavourable", "pending", "to_renew", "purged"}


# Gates.

BY_MACHINE = CheckGate(effect=CheckEffect.BLOCK, told_by=(Source.PARTNER_MACHINE,))


def test_a_gate_opens_for_a_favourable_check_of_its_sources_and_closes_for_any() -> None:
    machine, later, letter = (
        Check(Out.FAVORABLE, MORNING, Source.PARTNER_MACHINE),
        Check(Out.UNFAVORABLE, MORNING + timedelta(hours=1), Source.REPORTED_BY_STAFF),
        Check(Out.FAVORABLE, MORNING + timedelta(hours=2), Source.REPORTED_BY_STAFF),
    )
    assert conclusion(heard([letter], BY_MACHINE)) is None
    assert conclusion(heard([machine, letter], BY_MACHINE)) == machine
    assert conclusion(heard([machine, later, letter], BY_MACHINE)) == later
    for told_by in (None, tuple(Source)):
        assert (
            conclusion(heard([machine, later, letter], CheckGate(effect=CheckEffect.BLOCK, told_by=told_by))) == letter
        )


@pytest.mark.parametrize("valid_until", [None, date(2018, 3, 5)])
def test_what_is_purged_says_nothing_however_old(valid_until: date | None) -> None:
    check = Check(None, MORNING)
    assert standing(check, on=date(2018, 5, 6), valid_until=valid_until) is S.PURGED
    assert conclusion([Check(Out.UNFAVORABLE, MORNING), check]) == check
    assert conclusion([Check(Out.UNAVAILABLE, MORNING + timedelta(days=1)), check]) == check


@pytest.mark.parametrize(
    ("ended_on", "first_day"),
    [
        (date(2018, 3, 20), date(2018, 5, 21)),
        (date(2017, 12, 31), date(2018, 3, 1)),
        (date(2018, 7, 31), date(2018, 10, 1)),
    ],
)
def test_a_conclusion_is_erased_once_the_months_of_an_appeal_are_over(ended_on: date, first_day: date) -> None:
    assert purge_from(ended_on, appeal_months=2) == first_day
