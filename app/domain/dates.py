"""Dates of effect: given by the caller, in the past or today, in the order in which things can happen."""

from calendar import monthrange
from datetime import MAXYEAR, date
from enum import StrEnum

from app.domain.errors import DateInFuture, DateOutOfOrder


class Precision(StrEnum):
    """How exactly a source dates something: « mai 2011 » is a month, « en 2011 » a year; the first day stands."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month (Code de procédure civile, article 641).

    The last day of the calendar stands for any after it.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def check_day(field: str, on: date, *, not_before: date | None, today: date) -> None:
    """Raises DateInFuture after `today`, DateOutOfOrder before `not_before` (null: any day will do)."""
    if on > today:
        raise DateInFuture(field=field)
    if not_before is not None and on < not_before:
        raise DateOutOfOrder(field=field, not_before=not_before.isoformat())
