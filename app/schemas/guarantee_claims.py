"""Calls on the guarantors of a loan."""

from datetime import date, datetime
from uuid import UUID

from app.domain.guarantees import ClaimAnomaly, LossSource
from app.domain.lenders import CapOf, GuaranteeBase
from app.schemas.base import Cents, Day, Input, Line, Output, Percent, PositiveCents, Prose, ShortLine
from app.schemas.guarantee_payments import GuaranteePaymentRead


class GuaranteeClaimCreate(Input):
    """A loss that the bank's letter tells, and the call on a guarantor: for all that it covers unless less is claimed.

    `reference` is that of the letter: given twice for a guarantor, it is the same claim. `guarantor` is named where
    the rules have several.
    """

    source: LossSource
    reference: ShortLine
    lost_on: Day
    principal_cents: PositiveCents
    interest_cents: Cents
    guarantor: Line | None = None
    claimed_cents: PositiveCents | None = None


class GuaranteeReversalCreate(Input):
    """A claim, a payment or a recovery that was entered in error."""

    reversed_on: Day
    reason: Prose


class GuaranteeClaimRead(Output):
    """A claim as it stands, in cents, under the terms of the loan's rules.

    claimed = paid - to return + left to pay + shared; `shared_cents` is the guarantor's part of what was recovered.
    """

    id: UUID
    loan_id: UUID
    guarantor: str
    source: LossSource
    reference: str
    lost_on: date
    principal_cents: int
    interest_cents: int
    share_percent: Percent
    base: GuaranteeBase
    cap_cents: int | None
    cap_of: CapOf | None
    claimed_cents: int
    paid_cents: int
    shared_cents: int
    left_cents: int
    to_return_cents: int
    payments: list[GuaranteePaymentRead]
    anomalies: list[ClaimAnomaly]
    reversed_on: date | None
    account_id: UUID
    entered_at: datetime


class GuaranteeClaimList(Output):
    """The claims of a loan in the order in which they were entered, those taken back among them."""

    items: list[GuaranteeClaimRead]
    next_cursor: str | None
