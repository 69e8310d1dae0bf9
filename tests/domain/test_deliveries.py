"""When a delivery is attempted again, and what an answer means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deliveries import (
    ATTEMPTS_MAX,
    DELAYS,
    Attempt,
    AttemptOutcome,
    held_until,
    next_attempt_at,
    outcome_of,
)

NOON = datetime(2018, 3, 1, 12, tzinfo=UTC)
O = AttemptOutcome  # noqa: E741 - as short as the table below


def throttled(retry_after: str | None, outcome: AttemptOutcome = O.THROTTLED) -> Attempt:
    """An attempt that ended so."""
    return Attempt(attempted_at=NOON, duration_ms=1, outcome=outcome, status_code=429, retry_after=retry_after)


def test_the_ten_attempts_are_those_that_standard_webhooks_publishes() -> None:
    hours = [delay / timedelta(hours=1) for delay in DELAYS[4:]]
    assert DELAYS[:4] == (timedelta(0), timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30))
    assert hours == [2, 5, 10, 14, 20, 24]
    assert sum(DELAYS, timedelta(0)) == timedelta(hours=75, minutes=35, seconds=5)


@given(st.integers(1, ATTEMPTS_MAX - 1), st.floats(0, 1))
def test_an_attempt_comes_after_its_delay_and_at_most_a_tenth_later(attempts: int, chance: float) -> None:
    due = next_attempt_at(attempts, ended_at=NOON, chance=chance)
    assert due is not None
    assert DELAYS[attempts] <= due - NOON <= DELAYS[attempts] * 1.1 + timedelta(microseconds=1)


def test_after_the_tenth_there_is_none() -> None:
    assert next_attempt_at(ATTEMPTS_MAX, ended_at=NOON, chance=0) is None


@pytest.mark.parametrize(
    ("status_code", "outcome"),
    [(200, O.DELIVERED), (204, O.DELIVERED), (299, O.DELIVERED), (101, O.REFUSED), (301, O.REDIRECTED),
     (304, O.REDIRECTED), (307, O.REDIRECTED), (400, O.REFUSED), (401, O.REFUSED), (404, O.REFUSED), (410, O.GONE),
     (429, O.THROTTLED), (500, O.REFUSED), (502, O.REFUSED), (503, O.THROTTLED)],
)  # fmt: skip
def test_any_2xx_is_a_delivery_and_nothing_else_is(status_code: int, outcome: AttemptOutcome) -> None:
    assert outcome_of(status_code) is outcome


@pytest.mark.parametrize(
    ("retry_after", "held"),
    [
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("Thu, 01 Mar 2018 12:02:00 GMT", timedelta(minutes=2)),
        ("Thu, 01 Mar 2018 13:02:00 +0100", timedelta(minutes=2)),
        ("999999999999", timedelta(hours=24)),
        ("Fri, 01 Mar 2999 12:00:00 GMT", timedelta(hours=24)),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5_000, None),
        ("Thu, 01 Mar 2018 11:00:00 GMT", None),
        (None, None),
    ],
)
def test_an_overloaded_receiver_is_left_alone_for_as_long_as_it_asks_and_a_day_at_most(
    retry_after: str | None, held: timedelta | None
) -> None:
    until = held_until(throttled(retry_after), ended_at=NOON)
    assert until == (None if held is None else NOON + held)


def test_a_receiver_that_is_not_overloaded_is_not_left_alone() -> None:
    assert held_until(throttled("120", O.REFUSED), ended_at=NOON) is None
