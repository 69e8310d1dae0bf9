"""Decisions on loans that run."""

from datetime import date, datetime
from uuid import UUID

from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.schemas.base import Day, Id, Input, Output, Prose, ShortLine


class LoanDecisionCreate(Input):
    """Who decided, and when; `reference` is that of the deliberation or the letter, `session_id` the session."""

    decided_on: Day
    decided_by: LoanAuthority
    reference: ShortLine | None = None
    session_id: Id | None = None
    reason: Prose | None = None


class LoanDecisionRead(Output):
    """A decision on a loan that runs; never changed."""

    id: UUID
    kind: LoanDecisionKind
    decided_on: date
    decided_by: LoanAuthority
    reference: str | None
    session_id: UUID | None
    reason: str | None
    entered_at: datetime
