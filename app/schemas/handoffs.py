"""Files handed over to the partners that lend."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import StrictBool

from app.domain.channels import Channel, Source
from app.domain.handoff_lifecycle import HandoffAction, HandoffKind, HandoffStatus, Withheld
from app.schemas.base import (
    Day,
    Id,
    Input,
    Line,
    Output,
    PageQuery,
    PartnerCode,
    Prose,
    Resource,
)


class HandoffCreate(Input):
    """What to hand over, and who supports the person (accompagnement). The partner is that of the rules by default.

    `channel` is how it reaches the partner, which may read it in its inbox whatever it is; the first of those that the
    agreement lists unless given (`api` where it lists none).
    `choice_reason` says why this partner, and is asked for where a file goes to another one than it was endorsed to.
    """

    kind: Literal[HandoffKind.PRECHECK, HandoffKind.LOAN_FILE]
    partner: PartnerCode | None = None
    choice_reason: Prose | None = None
    support_person: Line
    channel: Channel | None = None
    sent_on: Day | None = None


class ClaimHandoffCreate(Input):
    """Who supports the person whose loan the claim is of; `channel` as for a file."""

    channel: Channel | None = None
    support_person: Line
    sent_on: Day | None = None


class StatementHandoffCreate(Input):
    """A statement of interest borne concerns no person; `channel` as for a file."""

    channel: Channel | None = None
    sent_on: Day | None = None


class HandoffQuery(PageQuery):
    """Filters of the CCAS's list of handoffs."""

    request_id: Id | None = None
    guarantee_claim_id: Id | None = None
    borne_interest_statement_id: Id | None = None
    status: HandoffStatus | None = None
    kind: HandoffKind | None = None


class CompletionCreate(Input):
    """The answer to what the partner asked for; `resend` hands over once more what has changed since."""

    note: Prose
    resend: StrictBool = False


class HandoffWithdrawalCreate(Input):
    """The CCAS takes the file back."""

    withdrawn_on: Day
    reason: Prose


class HandoffStep(Output):
    """One step. `note` is what was asked for or answered, or the reason. `by` is `ccas` or `partner`.

    `source` is how the partner told it, null for a step of the CCAS.
    """

    action: HandoffAction
    status: HandoffStatus
    effect_on: date
    note: str | None
    by: Literal["ccas", "partner"]
    source: Source | None
    entered_at: datetime


class PayloadRead(Output):
    """One exact text that was handed over, as JSON, with its number among those of the handoff and its hash."""

    number: int
    payload: dict[str, Any]
    payload_sha256: str
    entered_at: datetime


class HandoffItem(Output):
    """A handoff as the CCAS's list shows it. A statement of interest borne has no request: it is of many loans."""

    id: UUID
    request_id: UUID | None
    guarantee_claim_id: UUID | None
    borne_interest_statement_id: UUID | None
    partner: str
    kind: HandoffKind
    channel: Channel
    status: HandoffStatus
    answered_on: date | None
    entered_at: datetime


class HandoffRead(Resource):
    """A handoff. `payload` is what was last handed over; `payload_sha256` is the hash of its canonical text. `payloads`
    are all that was, the first being number 1. `support_person` is null where no person is concerned.

    Canonical: keys sorted, no spaces, UTF-8 without escapes (RFC 8785 for the types that occur in it).
    `check_wanted`: the lender was asked to check again, and has not yet. `payload_withheld`: why the partner reads the
    payload no more, null while it may.
    """

    id: UUID
    request_id: UUID | None
    guarantee_claim_id: UUID | None
    borne_interest_statement_id: UUID | None
    partner: str
    choice_reason: str | None
    kind: HandoffKind
    channel: Channel
    status: HandoffStatus
    support_person: str | None
    answered_on: date | None
    partner_reference: str | None
    payload: dict[str, Any]
    payload_withheld: Withheld | None
    payload_sha256: str
    payloads: list[PayloadRead]
    check_wanted: bool
    steps: list[HandoffStep]
    entered_at: datetime
