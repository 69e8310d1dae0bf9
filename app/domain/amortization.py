"""Repayment schedules (*échéanciers*): what is due each month, to the cent."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from app.domain.money import quotient_half_up, round_half_up, round_up

PRINCIPAL_CENTS_MAX = 7_500_000
DURATION_MONTHS_MAX = 120
RATE_PERCENT_MAX = 100
_RATE_STEP_PERCENT = Decimal("0.000001")  # finer rates would make the exact power of the annuity endless
_STEPS_IN_A_PERCENT = 1_000_000

_Choice = TypeVar("_Choice", bound=StrEnum)


class ImpossiblePlan(ValueError):
    """The plan cannot exist: ``field`` is the name to change, ``bound`` its nearest possible value, if there is one."""

    def __init__(self, field: str, bound: int | date | None, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.bound = bound


class RemainderOn(StrEnum):
    """The instalment that absorbs what rounding leaves."""

    FIRST = "first"
    LAST = "last"


class Rounding(StrEnum):
    """How a computed instalment meets its unit."""

    HALF_UP = "half_up"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Instalment:
    """One row (*échéance*), in cents; ``balance_cents`` is the principal still owed once the row is paid."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    total_cents: int
    balance_cents: int


def due_dates(first_due_on: date, count: int, *, anchor_day: int | None = None) -> list[date]:
    """``count`` monthly dates from ``first_due_on``, each on the anchor day or on the last of its month.

    The anchor is the day of the month that the contract chooses (1 to 31), that of the first date where none is
    given: 31/01, 28/02, 31/03; a first date of 28/02 goes on to 31/03 where the anchor is 31. Project reference,
    § 2.5.
    Raises ImpossiblePlan if the first date is not on the anchor, or past the last year of the calendar.
    """
    anchor = first_due_on.day if anchor_day is None else anchor_day
    _refuse_off_anchor(first_due_on, anchor)
    months = range(first_due_on.month - 1, first_due_on.month - 1 + count)
    if months and first_due_on.year + months[-1] // 12 > MAXYEAR:
        raise ImpossiblePlan("first_due_on", None, f"The plan runs past the year {MAXYEAR}.")
    firsts = [date(first_due_on.year + month // 12, month % 12 + 1, 1) for month in months]
    return [day.replace(day=_day_in_month(day, anchor)) for day in firsts]


def schedule(
    *,
    principal_cents: int,
    rate_percent: Decimal,
    first_due_on: date,
    duration_months: int | None = None,
    instalment_cents: int | None = None,
    rounding_unit_cents: int = 1,
    rounding: Rounding = Rounding.HALF_UP,
    remainder_on: RemainderOn = RemainderOn.LAST,
    anchor_day: int | None = None,
) -> tuple[Instalment, ...]:
    """The rows that repay ``principal_cents`` at ``rate_percent`` a year, in months; the first counts as one.

    A delayed first instalment (*différé*) moves every date and no amount: it bears one month of interest,
    however long after the payment it falls. For ``anchor_day`` see `due_dates`.

    With a duration, the instalment is the annuity rounded to its unit; with an instalment, the duration is
    the fewest months whose odd row does not exceed it; with both, both hold and the odd row may do so.
    Interest is the balance times a twelfth of the nominal yearly rate, to the cent, half up. Whole euros and
    a remainder on the first row are what the balances in Besançon's report, tables of 2010 and 2011, imply.
    Project reference, § 2.1.
    Raises ImpossiblePlan, naming the field and its bound, rather than return a row that is not positive.
    """
    _refuse_out_of_bounds(principal_cents, duration_months, instalment_cents, rounding_unit_cents)
    refuse_rate(rate_percent)
    rounding = chosen(Rounding, rounding, "rounding")
    remainder_on = chosen(RemainderOn, remainder_on, "remainder_on")
    if remainder_on is RemainderOn.FIRST and rate_percent:
        raise ImpossiblePlan("remainder_on", None, "The remainder is on the first instalment at rate 0 only.")
    loan = _Loan(principal_cents, rate_percent)
    if instalment_cents is not None:
        months, instalment = loan.months_of(instalment_cents, duration_months), instalment_cents
    elif duration_months is not None:
        months, instalment = duration_months, loan.level(duration_months, rounding_unit_cents, rounding)
    else:
        raise ImpossiblePlan("duration_months", None, "A plan needs a duration, an instalment or both.")
    dates = due_dates(first_due_on, months, anchor_day=anchor_day)
    rows = tuple(loan.rows(dates, instalment, remainder_on))
    _check(rows, principal_cents)
    return rows


def monthly_interest(balance_cents: int, rate_percent: Decimal) -> int:
    """A month's interest in cents, half up: the balance times a twelfth of the nominal yearly rate in percent."""
    # Multiplied before it is divided: half a cent stays half a cent.
    numerator, denominator = rate_percent.as_integer_ratio()
    return quotient_half_up(balance_cents * numerator, 1200 * denominator)


def refuse_outside(field: str, value: object, low: int, high: int | None = None) -> None:
    """Raises ImpossiblePlan unless the value is a whole number from ``low`` to ``high``, both included."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ImpossiblePlan(field, None, f"{field} is a whole number, not {value}.")
    if value < low:
        raise ImpossiblePlan(field, low, f"{field} is at least {low}, not {value}.")
    if high is not None and value > high:
        raise ImpossiblePlan(field, high, f"{field} is at most {high}, not {value}.")


def refuse_rate(rate: object, field: str = "rate_percent") -> None:
    """Raises ImpossiblePlan unless the rate is a Decimal from 0 to 100 percent, of six decimals at most."""
    if not isinstance(rate, Decimal) or not rate.is_finite():
        raise ImpossiblePlan(field, None, f"A rate is a decimal number, not {rate}.")
    if not 0 <= rate <= RATE_PERCENT_MAX:
        bound = 0 if rate < 0 else RATE_PERCENT_MAX
        raise ImpossiblePlan(field, bound, f"A rate is from 0 to {RATE_PERCENT_MAX} %, not {rate}.")
    # Those below one step first: as a fraction they may be too long to write.
    if 0 < rate < _RATE_STEP_PERCENT or _STEPS_IN_A_PERCENT % rate.as_integer_ratio()[1]:
        raise ImpossiblePlan(field, None, f"A rate has at most six decimals: {rate} has more.")


def chosen(choices: type[_Choice], value: str, field: str) -> _Choice:
    """The choice that the value names, be it the member or its text. Raises ImpossiblePlan on ``field`` for another."""
    try:
        return choices(value)
    except ValueError:
        raise ImpossiblePlan(field, None, f"{field} is one of {', '.join(choices)}, not {value}.") from None


@dataclass(frozen=True, slots=True)
class _Loan:
    principal_cents: int
    rate_percent: Decimal

    def interest(self, balance_cents: int) -> int:
        """One month's interest in cents."""
        return monthly_interest(balance_cents, self.rate_percent)

    def rows(self, dates: Sequence[date], instalment: int, remainder_on: RemainderOn) -> Iterator[Instalment]:
        """One row per date: the instalment, except on the row of the remainder."""
        balance = self.principal_cents
        for number, due_on in enumerate(dates, start=1):
            interest = self.interest(balance)
            if number == len(dates):
                principal = balance
            elif number == 1 and remainder_on is RemainderOn.FIRST:
                principal = balance - (len(dates) - 1) * instalment
            else:
                principal = instalment - interest
            balance -= principal
            yield Instalment(number, due_on, principal, interest, principal + interest, balance)

    def months_of(self, instalment: int, duration: int | None) -> int:
        """The duration of a chosen instalment: the one asked for if it holds, else the fewest months."""
        longest = self._longest(instalment)
        if duration is None and not self._repays(instalment):
            raise _too_small(instalment, self._least_instalment())
        if longest == 0:
            raise _too_small(instalment, self.interest(self.principal_cents) + 1)
        if duration is not None and duration > longest:
            raise _too_long(duration, instalment, longest)
        return duration or longest

    def level(self, months: int, unit: int, rounding: Rounding) -> int:
        """The annuity over ``months``, rounded; refused if it would leave a row that is not positive.

        The bound named is the longest duration below the one asked: rounding may let a longer one hold again.
        """
        instalment = self._annuity(months, unit, rounding)
        if self._holds(months, instalment):
            return instalment
        shorter = range(months - 1, 0, -1)
        longest = next(n for n in shorter if self._holds(n, self._annuity(n, unit, rounding)))
        raise _too_long(months, instalment, longest)

    def _annuity(self, months: int, unit: int, rounding: Rounding) -> int:
        """P·i / (1 − (1 + i)^−n), or P / n at rate 0, rounded to the unit; exact until it is rounded."""
        i = Fraction(self.rate_percent) / 1200
        exact = self.principal_cents * (i / (1 - (1 + i) ** -months) if i else Fraction(1, months))
        to_unit = round_up if rounding is Rounding.UP else round_half_up
        return to_unit(exact, unit)

    def _holds(self, months: int, instalment: int) -> bool:
        # A single row is all remainder, so any instalment holds.
        return months == 1 or months <= self._longest(instalment)

    def _longest(self, instalment: int) -> int:
        """The month when the instalment ends the loan: 0 if it repays nothing, 121 if past every plan."""
        balance = self.principal_cents
        if instalment <= self.interest(balance):
            return 0
        for month in range(1, DURATION_MONTHS_MAX + 1):
            balance += self.interest(balance) - instalment
            if balance <= 0:
                return month
        return DURATION_MONTHS_MAX + 1

    def _repays(self, instalment: int) -> bool:
        return 1 <= self._longest(instalment) <= DURATION_MONTHS_MAX

    def _least_instalment(self) -> int:
        """The smallest instalment in cents that repays within the longest duration; every larger one does."""
        # The whole principal always does: at 100 % a year, a month bears less.
        return bisect_left(range(self.principal_cents), x=True, key=self._repays)


def _day_in_month(month: date, anchor_day: int) -> int:
    return min(anchor_day, monthrange(month.year, month.month)[1])


def _refuse_off_anchor(first_due_on: date, anchor_day: int) -> None:
    refuse_outside("anchor_day", anchor_day, 1, 31)
    if first_due_on.day != _day_in_month(first_due_on, anchor_day):
        message = f"The first instalment, on {first_due_on}, is not on day {anchor_day} of the month."
        raise ImpossiblePlan("anchor_day", first_due_on.day, message)


def _too_small(instalment: int, least: int) -> ImpossiblePlan:
    message = f"Instalments of {instalment} cents do not repay the loan: at least {least} cents are needed."
    return ImpossiblePlan("instalment_cents", least, message)


def _too_long(months: int, instalment: int, longest: int) -> ImpossiblePlan:
    return ImpossiblePlan(
        "duration_months",
        longest,
        f"Instalments of {instalment} cents leave rows that are not positive over {months} months: "
        f"the longest possible duration short of that is {longest} months.",
    )


def _refuse_out_of_bounds(principal: int, duration: int | None, instalment: int | None, unit: int) -> None:
    refuse_outside("principal_cents", principal, 1, PRINCIPAL_CENTS_MAX)
    if duration is not None:
        refuse_outside("duration_months", duration, 1, DURATION_MONTHS_MAX)
    if instalment is not None:
        refuse_outside("instalment_cents", instalment, 1)
    refuse_outside("rounding_unit_cents", unit, 1)


def _check(rows: Sequence[Instalment], principal_cents: int) -> None:
    """Raises ArithmeticError if the rows are not a schedule: a fault of this module, never of its caller."""
    repaid = sum(row.principal_cents for row in rows)
    faults = {
        "the principal is not repaid to the cent": repaid != principal_cents,
        "a row is not positive": any(row.principal_cents <= 0 or row.interest_cents < 0 for row in rows),
        "a total is not its parts": any(row.total_cents != row.principal_cents + row.interest_cents for row in rows),
        "the dates do not increase": any(one.due_on >= other.due_on for one, other in pairwise(rows)),
        "a balance does not follow from its row": any(
            one.balance_cents - other.principal_cents != other.balance_cents for one, other in pairwise(rows)
        ),
        "the balance does not end at 0": rows[-1].balance_cents != 0,
    }
    found = [text for text, is_found in faults.items() if is_found]
    if found:
        raise ArithmeticError(f"Broken schedule: {', '.join(found)}.")
