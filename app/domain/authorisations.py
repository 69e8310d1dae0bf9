"""What a person allows to be told of them."""

from enum import StrEnum

from app.domain.handoff_lifecycle import HandoffKind


class Purpose(StrEnum):
    """What for: a handoff of either kind to a partner, or a referral (orientation) to an organisation."""

    PRECHECK = HandoffKind.PRECHECK.value
    LOAN_FILE = HandoffKind.LOAN_FILE.value
    REFERRAL = "referral"
