"""Usury (*taux d'usure*): whether an APR exceeds the published threshold of its category on the day of the offer.

Article L314-6 of the Code de la consommation: a loan agreed at more than the average rate of its category plus a
third is usurious, whoever lends. The thresholds are data (`parameters/usury.yaml`), each with the days it holds for.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from app.domain.amortization import ImpossiblePlan, refuse_outside

# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}
_DAY = timedelta(days=1)
_HUNDREDTH = Decimal("0.01")
_HALF_A_HUNDREDTH = Decimal("0.005")


class UsuryStatus(StrEnum):
    """What the test finds; nothing is lent where it is `not_applicable`."""

    OK = "ok"
    USURIOUS = "usurious"
    UNKNOWN_RATE = "unknown_rate"
    NOT_APPLICABLE = "not_applicable"


class UsuryCategory(StrEnum):
    """Categories of credit to consumers other than mortgages, by amount in euros; by kind too until 2013-03-31."""

    UP_TO_1524 = "up_to_1524"
    PERSONAL_OVER_1524 = "personal_over_1524"
    REVOLVING_OVER_1524 = "revolving_over_1524"
    PERSONAL_1524_TO_3000 = "personal_1524_to_3000"
    REVOLVING_1524_TO_3000 = "revolving_1524_to_3000"
    PERSONAL_3000_TO_6000 = "personal_3000_to_6000"
    REVOLVING_3000_TO_6000 = "revolving_3000_to_6000"
    PERSONAL_OVER_6000 = "personal_over_6000"
    REVOLVING_OVER_6000 = "revolving_over_6000"
    UP_TO_3000 = "up_to_3000"
    FROM_3000_TO_6000 = "from_3000_to_6000"
    OVER_6000 = "over_6000"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuryBracket:
    """A category of personal loans and the largest amount in it, that amount included; null has no end."""

    category: UsuryCategory
    amount_cents_max: int | None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuryClasses:
    """How personal loans (*prêts personnels et autres prêts*) were sorted by amount, the last day included."""

    valid_from: date
    valid_to: date | None
    brackets: tuple[UsuryBracket, ...]
    source: str
    last_value_still_valid_on: date | None = None
    note: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuryThreshold:
    """A threshold in percent a year.

    `derived` says how it was computed where no source prints it; `doubtful` says why it must not be used.
    """

    percent: Decimal
    derived: str | None = None
    doubtful: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuryPeriod:
    """The thresholds of one publication, for the days it holds for: a quarter, a month in 2023."""

    valid_from: date
    valid_to: date
    thresholds: Mapping[UsuryCategory, UsuryThreshold]
    source: str
    note: str | None = None

    __pydantic_config__ = _STRICT

    def known(self, category: UsuryCategory) -> UsuryThreshold | None:
        """The threshold of a category, null where no source gives it or the source is in doubt."""
        threshold = self.thresholds.get(category)
        return None if threshold is None or threshold.doubtful else threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuryTable:
    """Everything published that we know of, in order of date; days between two periods are days we do not know.

    Raises ValueError for dates that overlap or are out of order, brackets that do not grow, and thresholds that
    are not positive or have more than two decimals.
    """

    classes: tuple[UsuryClasses, ...]
    periods: tuple[UsuryPeriod, ...]

    def __post_init__(self) -> None:
        _refuse_overlaps(self.classes)
        _refuse_overlaps(self.periods)
        for classes in self.classes:
            _refuse_brackets(classes)
        for period in self.periods:
            _refuse_thresholds(period)

    def category(self, amount_cents: int, on: date) -> UsuryCategory | None:
        """Where a personal loan of that amount falls that day, null before the first classes known."""
        return next(
            (
                bracket.category
                for bracket in self._brackets(on)
                if bracket.amount_cents_max is None or amount_cents <= bracket.amount_cents_max
            ),
            None,
        )

    def period(self, on: date) -> UsuryPeriod | None:
        """The publication that holds that day, null if we do not have it."""
        before = bisect_right(self.periods, on, key=lambda period: period.valid_from)
        found = self.periods[before - 1] if before else None
        return found if found and on <= found.valid_to else None

    def last_day_covered(self) -> date | None:
        """The last day for which some threshold is known."""
        return self.periods[-1].valid_to if self.periods else None

    def gaps(self, since: date, until: date) -> Iterator[tuple[date, date]]:
        """Runs of days, both ends included, when a personal loan of some amount has no threshold."""
        start = since
        for period in self.periods:
            if period.valid_to < start or not all(period.known(b.category) for b in self._brackets(period.valid_from)):
                continue
            if period.valid_from > until:
                break
            if period.valid_from > start:
                yield start, period.valid_from - _DAY
            start = period.valid_to + _DAY
        if start <= until:
            yield start, until

    def _brackets(self, on: date) -> tuple[UsuryBracket, ...]:
        return next(
            (row.brackets for row in self.classes if row.valid_from <= on <= (row.valid_to or date.max)),
            (),
        )


@dataclass(frozen=True, slots=True)
class Usury:
    """The answer: the threshold and the first day of its publication are null where they are not known."""

    status: UsuryStatus
    category: UsuryCategory | None = None
    threshold_percent: Decimal | None = None
    valid_from: date | None = None
    is_derived: bool = False


def usury(*, apr_percent: Decimal, amount_cents: int, offered_on: date, table: UsuryTable) -> Usury:
    """Tests the APR of a loan, in percent a year, at the date of its offer; ``amount_cents`` is lent before any fee.

    The APR counts with its two decimals, half up, and may equal the threshold. One that rounds to 0.00 or less is
    never usurious, even where the threshold is not known. `not_applicable` is for an amount of 0: nothing is lent.
    Raises ImpossiblePlan: ``amount_cents`` (below 0, or not whole), ``apr_percent`` (no decimal number).
    """
    refuse_outside("amount_cents", amount_cents, 0)
    if not isinstance(apr_percent, Decimal) or not apr_percent.is_finite():
        raise ImpossiblePlan("apr_percent", None, "An APR is a number of percents a year.")
    if amount_cents == 0:
        return Usury(UsuryStatus.NOT_APPLICABLE)
    category = table.category(amount_cents, offered_on)
    period = table.period(offered_on)
    threshold = period.known(category) if period and category else None
    if period is None or threshold is None:
        is_free = not _rounds_above(apr_percent, Decimal(0))
        return Usury(UsuryStatus.OK if is_free else UsuryStatus.UNKNOWN_RATE, category)
    status = UsuryStatus.USURIOUS if _rounds_above(apr_percent, threshold.percent) else UsuryStatus.OK
    return Usury(status, category, threshold.percent, period.valid_from, threshold.derived is not None)


def _rounds_above(apr_percent: Decimal, bound_percent: Decimal) -> bool:
    # Rounding itself would fail for an APR too long for the context; a comparison is exact whatever the length.
    return apr_percent >= bound_percent + _HALF_A_HUNDREDTH


def _refuse_overlaps(rows: Sequence[UsuryClasses | UsuryPeriod]) -> None:
    for row in rows:
        if row.valid_to is not None and row.valid_to < row.valid_from:
            raise ValueError(f"What is valid from {row.valid_from} ends before it begins.")
    for one, other in pairwise(rows):
        if one.valid_to is None or one.valid_to >= other.valid_from:
            raise ValueError(f"What is valid from {other.valid_from} begins before what precedes it ends.")


def _refuse_brackets(classes: UsuryClasses) -> None:
    ceilings = [bracket.amount_cents_max for bracket in classes.brackets]
    bounded = [ceiling for ceiling in ceilings if ceiling is not None]
    if ceilings != [*sorted(set(bounded)), None]:
        raise ValueError(f"The amounts of the classes of {classes.valid_from} do not grow to an open end.")


def _refuse_thresholds(period: UsuryPeriod) -> None:
    for category, threshold in period.thresholds.items():
        percent = threshold.percent
        if not percent.is_finite() or percent <= 0 or percent % _HUNDREDTH:
            raise ValueError(f"The threshold {category} of {period.valid_from} is not a rate with two decimals.")
