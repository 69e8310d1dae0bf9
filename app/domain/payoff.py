"""What settles a loan on a day (*remboursement anticipé total*)."""

from dataclasses import dataclass
from datetime import date

from app.domain.amortization import ImpossiblePlan, refuse_outside
from app.domain.schedule_versions import ScheduleVersion, accrual_start, due_by, interest_of_days, position


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """What ends a loan on a day, in cents.

    ``unpaid_cents`` is what is due up to that day, that day included, and not paid; ``paid_ahead_cents`` what is paid
    and not yet due. ``carried_cents`` is the interest of past pauses, ``accrued_cents`` that of the ``days`` since
    the last due date. ``credit_cents`` is what has been paid beyond all that is owed. ``interest_saved_cents`` is the
    interest that the schedule still had to come after that day, of instalments paid ahead too, and that settling
    spares: what settling costs less than going on.
    """

    on: date
    unpaid_cents: int
    paid_ahead_cents: int
    balance_cents: int
    carried_cents: int
    accrued_cents: int
    days: int
    amount_cents: int
    credit_cents: int
    interest_saved_cents: int


def payoff(version: ScheduleVersion, *, on: date, paid_cents: int) -> Payoff:
    """What is due and unpaid, the balance, and the balance times the rate times days / 365, half up; no indemnity.

    On a due date that is the instalment and the balance after it; at 0 % the balance alone. What was paid ahead comes
    off, with the interest in it: the borrower owes none for the time after the day (art. L312-34 of the Code de la
    consommation, whose indemnity starts above 10 000 € in twelve months, D312-15; project reference, § 2.3).
    ``paid_cents`` is all that was paid since the start. Raises ImpossiblePlan: ``on``, ``paid_cents``.
    """
    refuse_before_last_event(version, on)
    position(version, paid_cents)  # refuses what contradicts the version
    due = due_by(version, on)
    gap = _due_cents(version, due) - paid_cents
    balance = sum(row.principal_cents for row in version.rows[due:])
    # The last row, once due, holds the interest of the pauses.
    past = [pause for pause in version.pauses if pause.due_on <= on] if due < len(version.rows) else []
    carried = sum(pause.interest_cents for pause in past)
    days = max(0, (on - accrual_start(version, due, on)).days) if balance else 0
    accrued = interest_of_days(balance, version.rate_percent, days)
    owed = gap + balance + carried + accrued
    return Payoff(
        on=on,
        unpaid_cents=max(0, gap),
        paid_ahead_cents=max(0, -gap),
        balance_cents=balance,
        carried_cents=carried,
        accrued_cents=accrued,
        days=days,
        amount_cents=max(0, owed),
        credit_cents=max(0, -owed),
        interest_saved_cents=sum(row.interest_cents for row in version.rows[due:]) - carried - accrued,
    )


def refuse_before_last_event(version: ScheduleVersion, on: date) -> None:
    """Raises ImpossiblePlan on ``on`` before the money was paid out, or before the last event."""
    events = [early.on for early in version.prepayments]
    if version.effective_on is not None:
        events.append(version.effective_on)
    earliest = max([version.released_on, *events])
    if on < earliest:
        raise ImpossiblePlan("on", earliest, f"The version does not hold before {earliest}: {on} is too early.")


def refuse_arrears(version: ScheduleVersion, *, on: date, paid_cents: int) -> None:
    """Raises ImpossiblePlan on ``paid_cents`` unless all that is due up to the day, that day included, is paid."""
    refuse_outside("paid_cents", paid_cents, _due_cents(version, due_by(version, on)))


def _due_cents(version: ScheduleVersion, due: int) -> int:
    early_cents = sum(early.total_cents for early in version.prepayments)
    return early_cents + sum(row.total_cents for row in version.rows[:due])
