"""The APR of a loan that is asked for, or what to ask instead where it has none."""

from bisect import bisect_left
from collections.abc import Sequence

from app.domain import apr
from app.domain.amortization import ImpossiblePlan, Instalment
from app.domain.apr import Apr, Flow
from app.domain.errors import ImpossibleSchedule
from app.domain.loan_days import LoanDays, first_due, last_first_due


def of_rows(rows: Sequence[Instalment], days: LoanDays, *, fee_cents: int) -> Apr:
    """The APR of rows paid out and due on these days, with a fee in cents kept from the payment.

    Raises ImpossibleSchedule where they have none: it names the fee, or the first instalment, and a value that has one.
    """
    try:
        return apr.apr(_flows(rows, days, fee_cents=fee_cents))
    except ImpossiblePlan as impossible:
        raise _as_asked(impossible, rows, days, fee_cents=fee_cents) from impossible


def _as_asked(
    impossible: ImpossiblePlan, rows: Sequence[Instalment], days: LoanDays, *, fee_cents: int
) -> ImpossibleSchedule:
    """The fault of a flow, told of what was asked: a fee that eats the loan, a first instalment too near or too far."""
    if impossible.field == "years":
        return ImpossibleSchedule(field="first_due_on", bound=last_first_due(days, len(rows)).isoformat())
    most = _fee_max(rows, days) if fee_cents else None
    if most is not None:
        return ImpossibleSchedule(field="fee_cents", bound=most)
    soonest = first_due(days.disbursed_on, days.anchor_day)
    return ImpossibleSchedule(field="first_due_on", bound=soonest.isoformat())


def _fee_max(rows: Sequence[Instalment], days: LoanDays) -> int | None:
    """The largest fee in cents with which the loan has an APR, which a dearer one only raises; null if none has."""

    def has_none(fee_cents: int) -> bool:
        try:
            apr.apr(_flows(rows, days, fee_cents=fee_cents))
        except ImpossiblePlan:
            return True
        return False

    first_without = bisect_left(range(_lent(rows)), x=True, key=has_none)
    return first_without - 1 if first_without else None


def _flows(rows: Sequence[Instalment], days: LoanDays, *, fee_cents: int) -> list[Flow]:
    return apr.monthly_flows(
        disbursements=[(days.disbursed_on, _lent(rows))],
        fee_cents=fee_cents,
        instalments=[(row.due_on, row.total_cents) for row in rows],
    )


def _lent(rows: Sequence[Instalment]) -> int:
    return rows[0].principal_cents + rows[0].balance_cents
