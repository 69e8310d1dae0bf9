"""The life of an appointment, and how many were missed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.appointment_figures import AppointmentFigures, figures
from app.domain.appointment_lifecycle import (
    TRANSITIONS,
    AppointmentAction,
    AppointmentStatus,
    after,
    check_hour,
    check_not_before,
)
from app.domain.errors import DateOutOfOrder, IllegalTransition
from app.domain.meeting_errors import AppointmentInPast, AppointmentToCome

NOW = datetime(2011, 2, 1, 10, tzinfo=UTC)
S = AppointmentStatus


@pytest.mark.parametrize(("status", "action"), [*product(AppointmentStatus, AppointmentAction)])
def test_what_the_table_does_not_name_is_refused(status: AppointmentStatus, action: AppointmentAction) -> None:
    if (status, action) in TRANSITIONS:
        assert after(status, action) is TRANSITIONS[status, action]
    else:
        with pytest.raises(IllegalTransition):
            after(status, action)


def test_what_was_noted_by_mistake_is_noted_again_and_what_was_cancelled_stays_so() -> None:
    assert after(S.ATTENDED, AppointmentAction.MISS) is S.MISSED
    assert after(S.MISSED, AppointmentAction.ATTEND) is S.ATTENDED
    assert [action for status, action in TRANSITIONS if status is S.CANCELLED] == []


@pytest.mark.parametrize(
    ("status", "minutes", "error"),
    [
        (S.PLANNED, -1, AppointmentInPast),
        (S.PLANNED, 0, None),
        (S.PLANNED, 1, None),
        (S.ATTENDED, -1, None),
        (S.ATTENDED, 0, None),
        (S.ATTENDED, 1, AppointmentToCome),
        (S.MISSED, 0, None),
        (S.MISSED, 1, AppointmentToCome),
        (S.CANCELLED, -1, None),
        (S.CANCELLED, 1, None),
    ],
)
def test_the_hour_tells_what_may_be_said_of_an_appointment(
    status: AppointmentStatus, minutes: int, error: type[Exception] | None
) -> None:
    starts_at = NOW + timedelta(minutes=minutes)
    if error is None:
        check_hour(status, starts_at, now=NOW)
    else:
        with pytest.raises(error):
            check_hour(status, starts_at, now=NOW)


def test_nobody_is_met_before_they_first_asked() -> None:
    check_not_before(NOW, date(2011, 2, 1))
    with pytest.raises(DateOutOfOrder):
        check_not_before(NOW, date(2011, 2, 2))


@pytest.mark.parametrize(
    ("attended", "missed", "percent"),
    [
        (0, 0, None),
        (4, 0, "0"),
        (0, 3, "100"),
        (3, 1, "25"),
        (2, 1, "33.33"),
        (1, 2, "66.67"),
        # 1/32 is 3.125 %: the half goes up.
        (31, 1, "3.13"),
    ],
)
def test_no_shows_are_the_missed_out_of_those_attended_or_missed(
    attended: int, missed: int, percent: str | None
) -> None:
    found = AppointmentFigures(planned=9, attended=attended, missed=missed, cancelled=9).no_show_percent
    assert found == (None if percent is None else Decimal(percent))


@given(st.lists(st.tuples(st.sampled_from(AppointmentStatus), st.integers(0, 50))))
def test_every_appointment_is_counted_once(counts: list[tuple[AppointmentStatus, int]]) -> None:
    found = figures(counts)
    assert found.planned + found.attended + found.missed + found.cancelled == sum(number for _, number in counts)
