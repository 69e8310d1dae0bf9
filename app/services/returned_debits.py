"""Direct debits of a lender that came back: each takes one repayment back, whichever of the two is told first."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import AlreadyReversed, ReferenceAlreadyUsed
from app.domain.ledger import EntryKind
from app.domain.partner_errors import DateAfterPosition
from app.domain.permissions import Caller
from app.domain.statements import LineKind
from app.schemas.statements import ReturnedLine
from app.services import lender_facts, postings, repayments
from app.tables import LedgerEntry, Loan, Statement, StatementLine
from app.tenancy import of_tenant

FIELDS = {"reference", "repayment_reference", "returned_on", "reason_code"}


async def told_before(session: AsyncSession, loan: Loan, told: ReturnedLine, *, position_on: date) -> UUID | None:
    """The line that told of the return before; null where it is new.

    Raises DateAfterPosition, ReferenceAlreadyUsed, AlreadyReversed where another return took the repayment back.
    """
    if told.returned_on > position_on:
        raise DateAfterPosition(field="returned_on", position_on=position_on.isoformat())
    statement = (
        select(StatementLine)
        .join(Statement, lender_facts.OF_STATEMENT)
        .where(
            of_tenant(session, StatementLine),
            col(Statement.partner_id) == loan.partner_id,
            col(StatementLine.kind) == LineKind.RETURNED,
            col(StatementLine.reference) == told.reference,
        )
    )
    earlier = (await session.scalars(statement)).one_or_none()
    if earlier is None:
        repayment = await repayments.of_lender(session, loan, told.repayment_reference)
        if repayment is not None and repayment[1]:
            raise AlreadyReversed
        return None
    if earlier.loan_id != loan.id or any(getattr(earlier, name) != getattr(told, name) for name in FIELDS):
        raise ReferenceAlreadyUsed
    return earlier.id


async def settle(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Takes back what is told to have come back and is known: of two returns of one repayment the first."""
    await session.flush()  # one may just have been added
    for line in await waiting(session, loan):
        assert line.repayment_reference is not None and line.returned_on is not None  # noqa: S101, PT018 - a CHECK
        repayment = await repayments.of_lender(session, loan, line.repayment_reference)
        if repayment is None or repayment[1]:
            continue
        entry = LedgerEntry(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            kind=EntryKind.REVERSAL,
            amount_cents=repayment[0].amount_cents,
            effect_on=line.returned_on,
            reverses_id=repayment[0].id,
            reference=line.reference,
            reason=line.reason_code,
            partner_id=loan.partner_id,
            **caller.author,
        )
        await postings.enter(session, loan, entry)


async def waiting(session: AsyncSession, loan: Loan) -> Sequence[StatementLine]:
    """The returns that took nothing back yet, oldest first."""
    entered = exists().where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.kind) == EntryKind.REVERSAL,
        col(LedgerEntry.partner_id) == loan.partner_id,
        col(LedgerEntry.reference) == StatementLine.reference,
        col(LedgerEntry.report_id).is_(None),
    )
    statement = (
        select(StatementLine)
        .where(
            of_tenant(session, StatementLine),
            col(StatementLine.loan_id) == loan.id,
            col(StatementLine.kind) == LineKind.RETURNED,
            ~entered,
        )
        .order_by(col(StatementLine.returned_on), col(StatementLine.reference))
    )
    return (await session.scalars(statement)).all()
