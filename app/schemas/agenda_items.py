"""The agenda (ordre du jour) of a session."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.domain.committees import ItemKind, ItemOutcome, ReviewReason
from app.schemas.base import Id, Input, Months, Output, Prose
from app.schemas.recusals import RecusalRead
from app.schemas.votes import VoteRead


class AgendaItemCreate(Input):
    """A file that is ready, or a loan to re-examine and why."""

    request_id: Id | None = None
    loan_id: Id | None = None
    review_reason: ReviewReason | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.request_id is None) == (self.loan_id is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "request_id, loan_id"})
        if (self.loan_id is None) != (self.review_reason is None):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "review_of_a_loan"})
        return self


class ItemWithdrawal(Input):
    """Why it is not looked at this time; the file may be put on another agenda."""

    reason: Prose


class LoanReviewCreate(Input):
    """What the committee says of a loan, and for how many months where it says so."""

    outcome: Literal["agreed", "refused", "adjourned"]
    months: Months | None = None
    reason: Prose


class AgendaItemRead(Output):
    """One item, by its file: its purpose, and what was asked in cents.

    Its outcome is a decision of its own, a ratification given or not, or the review of a loan.
    """

    id: UUID
    position: int
    kind: ItemKind
    request_id: UUID
    request_reference: str
    purpose: str
    requested_amount_cents: int
    decision_id: UUID | None
    loan_id: UUID | None
    review_reason: ReviewReason | None
    outcome: ItemOutcome | None
    outcome_decision_id: UUID | None
    outcome_months: int | None
    outcome_reason: str | None
    withdrawn_on: date | None
    withdrawn_reason: str | None
    entered_at: datetime


class AgendaItemDetail(AgendaItemRead):
    """One item, who left for it, and the votes where they are kept (null: none recorded)."""

    recusals: list[RecusalRead]
    votes: VoteRead | None


class AgendaRead(Output):
    """The agenda, in its order: the items of files that the caller sees."""

    items: list[AgendaItemRead]
    next_cursor: str | None
