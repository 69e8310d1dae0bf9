"""What a partner's statement of its loans may tell, and up to which day it lets an instalment be called unpaid."""

from datetime import date, timedelta
from enum import StrEnum


class LineKind(StrEnum):
    """A repayment, an instalment that was not paid, or only what is still owed."""

    REPAYMENT = "repayment"
    UNPAID = "unpaid"
    BALANCE = "balance"


def overdue_known_on(as_of: date, position_on: date | None) -> date | None:
    """The day as of which lateness is known: no later than the morning after the position; null before any.

    What is due on or before the position and not in it is unpaid; what falls due after it is not known yet.
    """
    return None if position_on is None else min(as_of, position_on + timedelta(days=1))
