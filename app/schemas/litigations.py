"""Loans in litigation (contentieux): since when, by whose decision, and what the Trésor recovers there."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Input, Output, Prose
from app.schemas.loan_decisions import LoanDecisionCreate


class LitigationCreate(Input):
    """The public accountant takes the loan to litigation; `decision` is theirs, of the same day where none is told."""

    opened_on: Day
    reason: Prose | None = None
    decision: LoanDecisionCreate | None = None


class LitigationEndCreate(Input):
    """The public accountant takes the loan back to amicable collection (recouvrement amiable)."""

    ended_on: Day
    reason: Prose | None = None


class LitigationRead(Output):
    """A time in litigation; `recovered_cents` is what the public accountant tells to have received in it, in cents.

    `decision_id` is null where litigation was entered without its decision.
    """

    opened_on: date
    ended_on: date | None
    reason: str | None
    decision_id: UUID | None
    recovered_cents: int
    entered_at: datetime


class LitigationList(Output):
    """The times in litigation of a loan, oldest first."""

    items: list[LitigationRead]
    next_cursor: str | None
