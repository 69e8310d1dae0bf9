"""What gave rise to a version of a schedule."""

from enum import StrEnum


class ScheduleKind(StrEnum):
    """The contract; a deferral (report), a rescheduling (réaménagement), an early repayment; the principal owed back
    after a withdrawal (rétractation); the part that was paid out where the rest never will be; the plan of an
    over-indebtedness commission; the whole called due by the lender (déchéance du terme).
    """

    CONTRACT = "contract"
    DEFERRAL = "deferral"
    RESCHEDULE = "reschedule"
    EARLY_REPAYMENT = "early_repayment"
    WITHDRAWAL = "withdrawal"
    UNDRAWN = "undrawn"
    PLAN = "plan"
    ACCELERATION = "acceleration"
