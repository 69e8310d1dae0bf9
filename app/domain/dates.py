"""Dates of effect: given by the caller, in the past or today, in the order in which things can happen."""

from datetime import date
from enum import StrEnum

from app.domain.amortization import ImpossiblePlan
from app.domain.errors import DateInFuture, DateOutOfOrder
from app.domain.schedule_versions import month_shift

DAY_MIN, DAY_MAX = date(1900, 1, 1), date(2199, 12, 31)
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


class Precision(StrEnum):
    """How exactly a source dates something: « mai 2011 » is a month, « en 2011 » a year; the first day stands."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def in_words(day: date) -> str:
    """The day as the French write it: « 12 mars 2026 », « 1er mars 2026 », never broken at the end of a line."""
    return f"{'1er' if day.day == 1 else day.day}\u00a0{MONTHS[day.month - 1]}\u00a0{day.year}"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month (Code de procédure civile, article 641).

    The last day of the calendar stands for any after it.
    """
    try:
        return month_shift(day, months, day.day)
    except ImpossiblePlan:
        return date.max


def check_day(field: str, on: date, *, not_before: date | None, today: date) -> None:
    """Raises DateInFuture after `today`, DateOutOfOrder before `not_before` (null: any day will do)."""
    if on > today:
        raise DateInFuture(field=field)
    if not_before is not None:
        check_order(field, on, not_before=not_before)


def check_order(field: str, on: date, *, not_before: date) -> None:
    """Raises DateOutOfOrder before `not_before`; the day may lie ahead."""
    if on < not_before:
        raise DateOutOfOrder(field=field, not_before=not_before.isoformat())
