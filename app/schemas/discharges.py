"""Debts that the law erases (créances éteintes)."""

from datetime import date, datetime
from uuid import UUID

from app.domain.discharges import DischargeGround
from app.schemas.base import Day, Id, Input, Output, PositiveCents, Prose, ShortLine
from app.schemas.loan_decisions import LoanDecisionCreate


class DischargeCreate(Input):
    """A debt that a decision erased on `discharged_on`; `reference` is that decision's, and `decision` that of the
    board, which takes note of it.

    `person_id` is the borrower whose debt it is, null where it is that of all: while another borrower stays liable,
    nothing leaves the books.
    """

    amount_cents: PositiveCents
    discharged_on: Day
    ground: DischargeGround
    reference: ShortLine | None = None
    person_id: Id | None = None
    decision: LoanDecisionCreate


class DischargeReversalCreate(Input):
    """An erasure that was entered in error, or set aside on appeal."""

    reversed_on: Day
    reason: Prose


class DischargeRead(Output):
    """An erasure, in cents. Of `amount_cents`, `books_cents` left the books and `off_books_cents` had left them before;
    `still_owed_cents` is what another borrower still owed of it.

    `entry_id` is that of the ledger, null where nothing left. `reversed_on` is when it was taken back.
    """

    id: UUID
    amount_cents: int
    books_cents: int
    off_books_cents: int
    still_owed_cents: int
    discharged_on: date
    ground: DischargeGround
    reference: str | None
    person_id: UUID | None
    entry_id: UUID | None
    decision_id: UUID
    reversed_on: date | None
    entered_at: datetime


class DischargeList(Output):
    """The erasures of a loan, in the order in which they were entered."""

    items: list[DischargeRead]
    next_cursor: str | None
