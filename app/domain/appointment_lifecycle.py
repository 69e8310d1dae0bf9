"""The life of an appointment (rendez-vous): planned, then attended, missed or cancelled."""

from datetime import date, datetime
from enum import StrEnum

from app.domain.errors import DateOutOfOrder, IllegalTransition
from app.domain.meeting_errors import AppointmentInPast, AppointmentToCome


class AppointmentKind(StrEnum):
    """Where the two meet: on the phone, at the desk (permanence, accueil), at the person's home."""

    PHONE = "phone"
    DESK = "desk"
    HOME = "home"


class AppointmentStatus(StrEnum):
    """Where an appointment stands. `missed`: the person did not come (absentéisme)."""

    PLANNED = "planned"
    ATTENDED = "attended"
    MISSED = "missed"
    CANCELLED = "cancelled"


class AppointmentAction(StrEnum):
    """What becomes of an appointment. Moving one is to cancel it for another that replaces it."""

    ATTEND = "attend"
    MISS = "miss"
    CANCEL = "cancel"


S, A = AppointmentStatus, AppointmentAction

TRANSITIONS: dict[tuple[AppointmentStatus, AppointmentAction], AppointmentStatus] = {
    (S.PLANNED, A.ATTEND): S.ATTENDED,
    (S.PLANNED, A.MISS): S.MISSED,
    (S.PLANNED, A.CANCEL): S.CANCELLED,
    # What was noted by mistake is noted again.
    (S.ATTENDED, A.MISS): S.MISSED,
    (S.MISSED, A.ATTEND): S.ATTENDED,
}
OUTCOMES = {S.ATTENDED: A.ATTEND, S.MISSED: A.MISS, S.CANCELLED: A.CANCEL}
# Known once the hour has come.
HELD = frozenset({S.ATTENDED, S.MISSED})


def after(status: AppointmentStatus, action: AppointmentAction) -> AppointmentStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS.get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following


def check_hour(status: AppointmentStatus, starts_at: datetime, *, now: datetime) -> None:
    """Whether an appointment of that hour, in local time, may be in that state. Raises AppointmentInPast,
    AppointmentToCome.
    """
    if status is S.PLANNED and starts_at < now:
        raise AppointmentInPast
    if status in HELD and starts_at > now:
        raise AppointmentToCome(starts_on=starts_at.date().isoformat())


def check_not_before(starts_at: datetime, first_contact_on: date) -> None:
    """Raises DateOutOfOrder for an appointment, in local time, of a day before the person first asked."""
    if starts_at.date() < first_contact_on:
        raise DateOutOfOrder(field="starts_at", not_before=first_contact_on.isoformat())
