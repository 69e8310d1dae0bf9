"""Days that banks and offices keep: French public holidays (jours fériés) and the closing days of TARGET.

Computed for any year of the calendar, under the rules in force since 2002; the days proper to the overseas
departments are not among them. A contractual due date never moves for them; a collection or a deadline does.
"""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, date, timedelta
from functools import lru_cache

from app.domain.amortization import ImpossiblePlan, refuse_outside

_DAY = timedelta(days=1)
_SATURDAY = 5
_YEARS_KEPT = 512  # a schedule needs ten; more than anyone has asked for, less than anyone would notice


def easter_sunday(year: int) -> date:
    """Gregorian Easter (algorithm of Meeus, Jones and Butcher; exact for every year of the calendar).

    Raises ImpossiblePlan on ``year`` outside the calendar, as do the days that follow from it.
    """
    refuse_outside("year", year, MINYEAR, MAXYEAR)
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, correction = divmod(century, 4)
    lunar = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - lunar + 15) % 30
    leaps, rest = divmod(of_century, 4)
    to_sunday = (32 + 2 * correction + 2 * leaps - epact - rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(_YEARS_KEPT)
def public_holidays(year: int, *, alsace_moselle: bool = False) -> frozenset[date]:
    """The eleven of article L3133-1 of the Code du travail; in 57, 67 and 68, Good Friday and 26 December too."""
    easter = easter_sunday(year)
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    moving = [1, 39, 50]  # Easter Monday, Ascension, Whit Monday
    if alsace_moselle:
        fixed, moving = [*fixed, (12, 26)], [*moving, -2]
    return frozenset({date(year, *day) for day in fixed} | {easter + days * _DAY for days in moving})


@lru_cache(_YEARS_KEPT)
def target_closing_days(year: int) -> frozenset[date]:
    """Days other than weekends on which TARGET, the payment system of the euro, is closed (since 2002)."""
    easter = easter_sunday(year)
    return frozenset({date(year, 1, 1), easter - 2 * _DAY, easter + _DAY, date(year, 5, 1)}) | {
        date(year, 12, 25),
        date(year, 12, 26),
    }


def is_working_day(day: date, *, alsace_moselle: bool = False) -> bool:
    """Monday to Friday, public holidays apart."""
    return day.weekday() < _SATURDAY and day not in public_holidays(day.year, alsace_moselle=alsace_moselle)


def is_target_day(day: date) -> bool:
    """Whether a payment in euros can settle that day."""
    return day.weekday() < _SATURDAY and day not in target_closing_days(day.year)


def next_working_day(day: date, *, alsace_moselle: bool = False) -> date:
    """The day itself if France works on it, else the first after it. Raises ImpossiblePlan past the calendar."""
    return _first(day, _DAY, lambda candidate: is_working_day(candidate, alsace_moselle=alsace_moselle))


def next_target_day(day: date) -> date:
    """The day itself if TARGET is open, else the first after it: where a collection due then is made.

    Raises ImpossiblePlan past the last day of the calendar.
    """
    return _first(day, _DAY, is_target_day)


def target_day_before(day: date) -> date:
    """The last TARGET day strictly before: when a core direct debit must have reached the debtor's bank.

    Raises ImpossiblePlan before the first day of the calendar.
    """
    return _first(days_after(day, -1), -_DAY, is_target_day)


def days_after(day: date, days: int, *, field: str = "day") -> date:
    """The day that many calendar days later. Raises ImpossiblePlan, naming `field`, outside the calendar."""
    try:
        return day + days * _DAY
    except OverflowError:
        raise ImpossiblePlan(field, None, f"No day of the calendar is {days} days after {day}.") from None


def _first(day: date, step: timedelta, is_right: Callable[[date], bool]) -> date:
    while not is_right(day):
        day = days_after(day, step.days)
    return day
