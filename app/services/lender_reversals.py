"""What a lender takes back of what it told by mistake, whichever of the two is told first; both stay in the history.

Money that it told to have moved moves back on the day of the reversal; what it reported beside counts no more at all.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.errors import AlreadyReversed
from app.domain.ledger import EntryKind
from app.domain.lender_reports import ReportKind, ReversedKind
from app.domain.permissions import Caller
from app.services import postings
from app.tables import LedgerEntry, LenderReport, Loan
from app.tenancy import of_tenant

# What the ledger keeps under the reference of the lender; it keeps a loss by its decision.
ENTERED = {ReversedKind.DISBURSEMENT: EntryKind.DISBURSEMENT, ReversedKind.REPAYMENT: EntryKind.REPAYMENT}


def is_reversed(session: AsyncSession) -> Any:
    """Whether a report was taken back: a part of statements about `LenderReport`."""
    back = aliased(LenderReport)
    return exists().where(
        of_tenant(session, back),
        col(back.loan_id) == LenderReport.loan_id,
        col(back.reversed_kind) == LenderReport.kind,
        col(back.reversed_reference) == LenderReport.reference,
    )


async def is_awaited(session: AsyncSession, loan: Loan, kind: ReversedKind, reference: str) -> bool:
    """Whether it was taken back before it was told."""
    statement = select(col(LenderReport.id)).where(
        *_of_loan(session, loan),
        col(LenderReport.reversed_kind) == kind,
        col(LenderReport.reversed_reference) == reference,
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def check_free(session: AsyncSession, loan: Loan, told: LenderReport) -> None:
    """Raises AlreadyReversed where something else has taken back what a new reversal names."""
    assert told.reversed_kind is not None and told.reversed_reference is not None  # noqa: S101, PT018 - a CHECK
    if await is_awaited(session, loan, told.reversed_kind, told.reversed_reference):
        raise AlreadyReversed
    entry = await entry_of(session, loan, told)
    if entry is not None and await is_taken_back(session, entry):
        raise AlreadyReversed


async def settle(session: AsyncSession, loan: Loan, *, caller: Caller) -> None:
    """Takes back the payments and repayments that are told and known."""
    await session.flush()  # one may just have been added
    for report in await of_loan(session, loan):
        entry = await entry_of(session, loan, report)
        if entry is not None and not await is_taken_back(session, entry):
            on = max(report.effect_on, entry.effect_on)
            await take_back(session, loan, entry, report, effect_on=on, caller=caller)


async def of_loan(session: AsyncSession, loan: Loan) -> Sequence[LenderReport]:
    """The reversals of a loan, by their days."""
    statement = select(LenderReport).where(*_of_loan(session, loan))
    order = (col(LenderReport.effect_on), col(LenderReport.reference))
    return (await session.scalars(statement.order_by(*order))).all()


async def take_back(
    session: AsyncSession, loan: Loan, entry: LedgerEntry, report: LenderReport, *, effect_on: date, caller: Caller
) -> None:
    """Enters the opposite of an entry, from a day on, by what the lender reported."""
    reversal = LedgerEntry(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        kind=EntryKind.REVERSAL,
        amount_cents=entry.amount_cents,
        effect_on=effect_on,
        reverses_id=entry.id,
        reference=report.reference,
        report_id=report.id,
        partner_id=loan.partner_id,
        **caller.author,
    )
    await postings.enter(session, loan, reversal)


async def entry_of(session: AsyncSession, loan: Loan, report: LenderReport) -> LedgerEntry | None:
    """The payment or repayment that a reversal takes back; null before it is told, and for what has no entry."""
    kind = ENTERED.get(report.reversed_kind) if report.reversed_kind else None
    if kind is None:
        return None
    statement = select(LedgerEntry).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loan.id,
        col(LedgerEntry.partner_id) == loan.partner_id,
        col(LedgerEntry.kind) == kind,
        col(LedgerEntry.reference) == report.reversed_reference,
    )
    return (await session.scalars(statement)).one_or_none()


async def is_taken_back(session: AsyncSession, entry: LedgerEntry) -> bool:
    """Whether an entry was taken back."""
    statement = select(col(LedgerEntry.id)).where(
        of_tenant(session, LedgerEntry), col(LedgerEntry.reverses_id) == entry.id
    )
    return (await session.scalars(statement)).one_or_none() is not None


def _of_loan(session: AsyncSession, loan: Loan) -> tuple[Any, ...]:
    report = LenderReport
    return of_tenant(session, report), col(report.loan_id) == loan.id, col(report.kind) == ReportKind.REVERSAL
