"""Attendance at a workshop (atelier collectif): what is known of one person at one workshop, and what may follow."""

from datetime import date
from enum import StrEnum

from app.domain.support_errors import AlreadyInWorkshop, AttendanceKnown, WorkshopToCome


class AttendanceStatus(StrEnum):
    """Whether a person came. `excused` told beforehand that they would not; `missed` did not."""

    REGISTERED = "registered"
    ATTENDED = "attended"
    MISSED = "missed"
    EXCUSED = "excused"


S = AttendanceStatus
# Known once the workshop is held; what was noted by mistake is noted again.
OUTCOMES = frozenset({S.ATTENDED, S.MISSED})
# They hold one of the seats.
SEATED = frozenset({S.REGISTERED, S.ATTENDED})

FOLLOWING: dict[AttendanceStatus | None, frozenset[AttendanceStatus]] = {
    None: frozenset(S),
    S.REGISTERED: frozenset({S.ATTENDED, S.MISSED, S.EXCUSED}),
    S.EXCUSED: frozenset({S.REGISTERED, S.ATTENDED, S.MISSED}),
    S.ATTENDED: frozenset({S.MISSED, S.EXCUSED}),
    S.MISSED: frozenset({S.ATTENDED, S.EXCUSED}),
}


def check_next(known: AttendanceStatus | None, status: AttendanceStatus, *, held_on: date, today: date) -> None:
    """Raises WorkshopToCome, AlreadyInWorkshop, AttendanceKnown; null is a person of whom nothing is known yet."""
    if status in OUTCOMES and held_on > today:
        raise WorkshopToCome(held_on=held_on.isoformat())
    if status is known:
        raise AlreadyInWorkshop
    if status not in FOLLOWING[known]:
        raise AttendanceKnown
