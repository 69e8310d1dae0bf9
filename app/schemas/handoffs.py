"""Files handed over to the partners that lend."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.handoff_lifecycle import HandoffAction, HandoffKind, HandoffStatus
from app.schemas.base import (
    Day,
    Id,
    Input,
    Line,
    MachineReference,
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


class InboxQuery(PageQuery):
    """Filters of a partner's inbox."""

    status: HandoffStatus | None = None


class InboxItem(Output):
    """A handoff as the partner's inbox shows it: no personal data. `tenant` is the CCAS's short name."""

    id: UUID
    tenant: str
    kind: HandoffKind
    status: HandoffStatus
    payload_sha256: str
    sent_at: datetime


class InboxRead(Resource):
    """A handoff as its partner reads it, with the payload and the steps on both sides."""

    id: UUID
    tenant: str
    kind: HandoffKind
    status: HandoffStatus
    support_person: str
    answered_on: date | None
    partner_reference: str | None
    payload: dict[str, Any]
    payload_sha256: str
    steps: list[HandoffStep]
    sent_at: datetime


class AcknowledgementCreate(Input):
    """The partner has the file; `reference` is its own."""

    reference: MachineReference | None = None


class AnswerCreate(Input):
    """The lender's answer. A refusal has no reason here: the lender tells it to the person directly.

    `asked` says what is missing, with `more_information` and only with it.
    """

    decision: Literal["accepted", "refused", "more_information"]
    decided_on: Day
    reference: MachineReference | None = None
    asked: Annotated[Prose, Field(description="what the CCAS is asked for")] | None = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if (self.decision == "more_information") != (self.asked is not None):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "asked_with_more_information_only"})
        return self
