"""Files handed over to the partners that lend."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from app.domain.handoff_lifecycle import HandoffAction, HandoffKind, HandoffStatus
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
    """What to hand over, and who supports the person (accompagnement). The partner is that of the rules by default."""

    kind: HandoffKind
    partner: PartnerCode | None = None
    support_person: Line
    sent_on: Day | None = None


class HandoffQuery(PageQuery):
    """Filters of the CCAS's list of handoffs."""

    request_id: Id | None = None
    status: HandoffStatus | None = None
    kind: HandoffKind | None = None


class CompletionCreate(Input):
    """The answer to what the partner asked for."""

    note: Prose


class HandoffWithdrawalCreate(Input):
    """The CCAS takes the file back."""

    withdrawn_on: Day
    reason: Prose


class HandoffStep(Output):
    """One step. `note` is what was asked for or answered, or the reason. `by` is `ccas` or `partner`."""

    action: HandoffAction
    status: HandoffStatus
    effect_on: date
    note: str | None
    by: Literal["ccas", "partner"]
    entered_at: datetime


class HandoffItem(Output):
    """A handoff as the CCAS's list shows it."""

    id: UUID
    request_id: UUID
    partner: str
    kind: HandoffKind
    status: HandoffStatus
    answered_on: date | None
    entered_at: datetime


class HandoffRead(Resource):
    """A handoff. `payload` is what was handed over; `payload_sha256` is the hash of its canonical text.

    Canonical: keys sorted, no spaces, UTF-8 without escapes (RFC 8785 for the types that occur in it).
    """

    id: UUID
    request_id: UUID
    partner: str
    kind: HandoffKind
    status: HandoffStatus
    support_person: str
    answered_on: date | None
    partner_reference: str | None
    payload: dict[str, Any]
    payload_sha256: str
    steps: list[HandoffStep]
    entered_at: datetime
