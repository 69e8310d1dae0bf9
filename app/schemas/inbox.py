"""Files handed over, as the partner that lends reads and answers them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus, Withheld
from app.schemas.base import Day, Input, MachineReference, Output, PageQuery, Prose, Resource
from app.schemas.handoffs import HandoffStep


class InboxQuery(PageQuery):
    """Filters of a partner's inbox."""

    status: HandoffStatus | None = None


class InboxItem(Output):
    """A handoff as the partner's inbox shows it: no personal data. `tenant` is the CCAS's short name.

    `check_wanted`: the last FICP check has expired, and the CCAS asks for another.
    """

    id: UUID
    tenant: str
    kind: HandoffKind
    status: HandoffStatus
    payload_sha256: str
    check_wanted: bool
    sent_at: datetime


class InboxState(Resource):
    """Where a handoff stands once its partner has acted: no personal data."""

    id: UUID
    tenant: str
    kind: HandoffKind
    status: HandoffStatus
    answered_on: date | None
    partner_reference: str | None
    payload_sha256: str
    check_wanted: bool
    sent_at: datetime


class InboxAnswer(InboxState):
    """Where a handoff stands once its partner has acted; `known` where it was told before, and nothing changed."""

    known: bool


class QueryKeys(Output):
    """What each borrower is asked for with in the FICP (clé BDF): birth date `JJMMAA` and the first five letters of the
    birth name, without accents. Null where there is no such borrower, birth date or letter.
    """

    applicant: str | None
    co_applicant: str | None


class InboxRead(InboxState):
    """A handoff as its partner reads it, with the steps on both sides, and the payload until it is taken back or
    refused, the request ends (`handoff_closed`) or, unless a contract came of it, a borrower withdraws their
    authorisation (`authorisation_missing`): `payload_withheld` tells which. `payload_sha256` is the hash of its
    canonical text: keys sorted, no spaces, UTF-8 (RFC 8785). `support_person` is null where no person is concerned.

    `ficp_query_keys` are made as they are read, from a payload that is open; they are no part of it and kept nowhere.
    """

    support_person: str | None
    payload: dict[str, Any] | None
    payload_withheld: Withheld | None
    ficp_query_keys: QueryKeys | None
    steps: list[HandoffStep]


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
