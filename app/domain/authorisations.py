"""What a person allows to be told of them."""

from enum import StrEnum

from app.domain.handoff_lifecycle import HandoffKind


class Purpose(StrEnum):
    """What for: the handoff of a file of either kind to a partner, or a referral (orientation) to an organisation.

    A claim on a guarantor goes to the lender under the authorisation of the loan file that its loan came from.
    """

    PRECHECK = HandoffKind.PRECHECK.value
    LOAN_FILE = HandoffKind.LOAN_FILE.value
    REFERRAL = "referral"
