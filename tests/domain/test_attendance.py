"""What is known of a person at a workshop, and what may follow."""

from datetime import date

import pytest

from app.domain.attendance import FOLLOWING, AttendanceStatus, check_next
from app.domain.support_errors import AlreadyInWorkshop, AttendanceKnown, WorkshopToCome

TODAY = date(2011, 5, 17)
TOMORROW = date(2011, 5, 18)
S = AttendanceStatus


def test_every_state_is_followed_by_what_corrects_it_and_never_by_itself() -> None:
    assert set(FOLLOWING) == {None, *S}
    assert all(status not in following for status, following in FOLLOWING.items())
    for known, following in FOLLOWING.items():
        for status in following:
            check_next(known, status, held_on=TODAY, today=TODAY)


@pytest.mark.parametrize("status", S)
def test_the_same_cannot_be_noted_twice(status: AttendanceStatus) -> None:
    with pytest.raises(AlreadyInWorkshop):
        check_next(status, status, held_on=TODAY, today=TODAY)


@pytest.mark.parametrize("known", [S.ATTENDED, S.MISSED])
def test_who_came_is_no_longer_to_come(known: AttendanceStatus) -> None:
    with pytest.raises(AttendanceKnown):
        check_next(known, S.REGISTERED, held_on=TODAY, today=TODAY)


def test_nobody_has_attended_or_missed_a_workshop_to_come() -> None:
    for status in (S.ATTENDED, S.MISSED):
        with pytest.raises(WorkshopToCome) as refusal:
            check_next(None, status, held_on=TOMORROW, today=TODAY)
        assert refusal.value.facts == {"held_on": "2011-05-18"}
    for status in (S.REGISTERED, S.EXCUSED):
        check_next(None, status, held_on=TOMORROW, today=TODAY)
