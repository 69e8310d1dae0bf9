"""The days of a loan that is not there yet: of its offer, its payment, its first instalment."""

from dataclasses import dataclass
from datetime import date

from app.domain.apr import FLOW_YEARS_MAX
from app.domain.schedule_versions import month_shift


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDays:
    """The days of a loan: of the rules and the offer, of the payment, of the first instalment.

    `anchor_day` is the day of the month on which the instalments fall, or else on the last of their month.
    """

    on: date
    disbursed_on: date
    first_due_on: date
    anchor_day: int


def loan_days(
    on: date, *, disbursed_on: date | None = None, first_due_on: date | None = None, anchor_day: int | None = None
) -> LoanDays:
    """The days, where not given: the payment on the day of the offer, the first instalment a month after it.

    The anchor, where not given, is the day of the first instalment, else that of the payment: money paid on 31/01 is
    due on 28/02, then on 31/03. Raises ImpossiblePlan past the calendar.
    """
    paid_on = disbursed_on or on
    anchor = anchor_day or (first_due_on or paid_on).day
    due_on = first_due_on or first_due(paid_on, anchor)
    return LoanDays(on=on, disbursed_on=paid_on, first_due_on=due_on, anchor_day=anchor)


def first_due(paid_on: date, anchor_day: int) -> date:
    """The first anchor day that is not before a month after the payment."""
    month_later = month_shift(paid_on, 1, paid_on.day)
    same_month = month_shift(month_later, 0, anchor_day)
    return same_month if same_month >= month_later else month_shift(month_later, 1, anchor_day)


def last_first_due(days: LoanDays, count: int) -> date:
    """The last anchor day from which ``count`` instalments end in the time that the APR reaches."""
    months = FLOW_YEARS_MAX * 12 - count + 1
    is_past = days.anchor_day > days.disbursed_on.day
    return month_shift(days.disbursed_on, months - is_past, days.anchor_day)
