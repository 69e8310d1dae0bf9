"""What a borrower who withdrew (rétractation) owes back of a loan that was paid out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.amortization import Instalment
from app.domain.schedule_versions import ScheduleVersion, in_force, interest_of_days


def owed_back(parts: Sequence[tuple[date, int]], *, rate_percent: Decimal, on: date, due_on: date) -> ScheduleVersion:
    """One row, due on the last day to give the principal back: that of all the parts `(paid out on, cents)`.

    Each bears interest from its day to that of the withdrawal, and there is no other sum (Code de la consommation,
    article L312-26).
    """
    principal = sum(cents for _, cents in parts)
    interest = sum(interest_of_days(cents, rate_percent, max(0, (on - day).days)) for day, cents in parts)
    row = Instalment(1, due_on, principal, interest, principal + interest, 0)
    released_on = min(day for day, _ in parts)
    contract = in_force([row], rate_percent=rate_percent, released_on=released_on)
    return replace(contract, effective_on=on)
