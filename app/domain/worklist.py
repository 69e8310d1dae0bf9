"""What waits for someone: derived from what is recorded, never stored."""

from enum import StrEnum


class WorkKind(StrEnum):
    """Why something waits. Loans are of the CCAS's own funds or of a partner."""

    CALL_TO_RETURN = "call_to_return"
    NOTHING_DONE = "nothing_done"
    LATE_PAPER = "late_paper"
    SILENT_REFERRAL = "silent_referral"
    SILENT_LENDER = "silent_lender"
    CONTRACT_NOT_SIGNED = "contract_not_signed"
    MONEY_NOT_PAID = "money_not_paid"
    FIRST_UNPAID = "first_unpaid"
