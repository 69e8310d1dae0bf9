"""The month of a household over the term of a loan that it may take: before the instalment, and after it.

« Projection à moyen ou long terme au regard de l'endettement proposé » (Besançon, note de restitution finale). Nothing
is forecast but what was told: a debt stops where it is said to end, everything else stays as it is.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.amortization import Instalment
from app.domain.financing import Month, debt_ratio_percent


@dataclass(frozen=True, slots=True)
class Debt:
    """A debt of the household: its instalment in cents, and the day on which it ends (null: not within the term).

    It is still paid in the month in which it ends.
    """

    instalment_cents: int
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole months in which nothing changes, both days included. Amounts in cents a month, ratios in percent."""

    from_on: date
    to_on: date
    months: int
    instalment_cents: int
    debt_instalments_cents: int
    left_to_live_before_cents: int
    left_to_live_after_cents: int
    debt_ratio_before_percent: Decimal | None
    debt_ratio_after_percent: Decimal | None


def project(month: Month, debts: Iterable[Debt], rows: Sequence[Instalment]) -> list[Period]:
    """The periods of the loan's term, from the month of its first row to that of its last.

    `month` is today's, with all its `debts`; `rows` are those that the borrower pays.
    """
    ending = [(debt.ends_on, debt.instalment_cents) for debt in debts if debt.ends_on is not None]
    periods: list[Period] = []
    for row in rows:
        begins = row.due_on.replace(day=1)
        over = sum(cents for ends_on, cents in ending if ends_on < begins)
        one = _of_month(month, begins, over_cents=over, instalment_cents=row.total_cents)
        if periods and _same(periods[-1], one):
            periods[-1] = replace(periods[-1], to_on=one.to_on, months=periods[-1].months + 1)
        else:
            periods.append(one)
    return periods


def lowest(periods: Sequence[Period]) -> Period:
    """The first period of those that leave the least to live on once the instalment is paid."""
    return min(periods, key=lambda period: period.left_to_live_after_cents)


def _of_month(month: Month, begins: date, *, over_cents: int, instalment_cents: int) -> Period:
    debts, left = month.debt_instalments_cents - over_cents, month.left_to_live_cents + over_cents
    return Period(
        from_on=begins,
        to_on=begins.replace(day=monthrange(begins.year, begins.month)[1]),
        months=1,
        instalment_cents=instalment_cents,
        debt_instalments_cents=debts,
        left_to_live_before_cents=left,
        left_to_live_after_cents=left - instalment_cents,
        debt_ratio_before_percent=debt_ratio_percent(debts, month.resources_cents),
        debt_ratio_after_percent=debt_ratio_percent(debts + instalment_cents, month.resources_cents),
    )


def _same(period: Period, one: Period) -> bool:
    return (period.instalment_cents, period.debt_instalments_cents) == (
        one.instalment_cents,
        one.debt_instalments_cents,
    )
