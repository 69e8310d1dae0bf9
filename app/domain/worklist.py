"""What waits for someone: derived from what is recorded, never stored."""

from enum import StrEnum


class WorkKind(StrEnum):
    """Why something waits. Loans are of the CCAS's own funds or of a partner."""

    CALL_TO_RETURN = "call_to_return"
    NOTHING_DONE = "nothing_done"
    LATE_PAPER = "late_paper"
    OUTCOME_MISSING = "outcome_missing"
    SILENT_REFERRAL = "silent_referral"
    REFERRAL_NOT_ACCEPTED = "referral_not_accepted"
    RATIFICATION_DUE = "ratification_due"
    BEFORE_COMMISSION = "before_commission"
    ADJOURNED = "adjourned"
    DECISION_NOT_NOTIFIED = "decision_not_notified"
    TO_SEND = "to_send"
    SILENT_LENDER = "silent_lender"
    CHECK_TO_RENEW = "check_to_renew"
    LENDER_REFUSED = "lender_refused"
    CONTRACT_TO_OFFER = "contract_to_offer"
    CONTRACT_NOT_SIGNED = "contract_not_signed"
    MONEY_NOT_PAID = "money_not_paid"
    FIRST_UNPAID = "first_unpaid"
