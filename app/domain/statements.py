"""What a partner's statement of its loans may tell, and up to which day it lets an instalment be called unpaid."""

from datetime import date, timedelta
from enum import StrEnum


class LineKind(StrEnum):
    """A repayment, an instalment that was not paid, only what is still owed, or a direct debit that was returned."""

    REPAYMENT = "repayment"
    UNPAID = "unpaid"
    BALANCE = "balance"
    RETURNED = "returned"


class ReturnReason(StrEnum):
    """Why a direct debit was returned, as SEPA codes it (Return, Refund). Project reference, § 8.4."""

    AC01 = "AC01"
    AC04 = "AC04"
    AC06 = "AC06"
    AC13 = "AC13"
    AG01 = "AG01"
    AG02 = "AG02"
    AM04 = "AM04"
    AM05 = "AM05"
    BE05 = "BE05"
    CNOR = "CNOR"
    DNOR = "DNOR"
    DT01 = "DT01"
    ED05 = "ED05"
    FF01 = "FF01"
    FF05 = "FF05"
    MD01 = "MD01"
    MD02 = "MD02"
    MD06 = "MD06"
    MD07 = "MD07"
    MS02 = "MS02"
    MS03 = "MS03"
    RC01 = "RC01"
    RR01 = "RR01"
    RR02 = "RR02"
    RR03 = "RR03"
    RR04 = "RR04"
    SL01 = "SL01"


def overdue_known_on(as_of: date, position_on: date | None) -> date | None:
    """The day as of which lateness is known: no later than the morning after the position; null before any.

    What is due on or before the position and not in it is unpaid; what falls due after it is not known yet.
    """
    return None if position_on is None else min(as_of, position_on + timedelta(days=1))
