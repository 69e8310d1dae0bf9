"""What a lender counts as lost, as our copy of its ledger has it: together never more than was lent."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.ledger import EntryKind
from app.domain.lender_reports import ReportKind, ReversedKind, lost_in_books
from app.domain.permissions import Caller
from app.services import lender_reversals, postings
from app.tables import LedgerEntry, LenderReport, Loan
from app.tenancy import of_tenant


async def settle(
    session: AsyncSession, loan: Loan, reports: Sequence[LenderReport], *, lent_cents: int, caller: Caller
) -> None:
    """Makes the entries of the losses what all that is told gives; `reports` are by their days.

    A loss that the lender took back never was: it leaves the room that it took to the others.
    """
    reversed_by = {one.reversed_reference: one for one in reports if one.reversed_kind is ReversedKind.LOSS}
    losses = [one for one in reports if one.kind is ReportKind.LOSS]
    told = [0 if one.reference in reversed_by else one.principal_cents or 0 for one in losses]
    for loss, cents in zip(losses, lost_in_books(told, lent_cents=lent_cents), strict=True):
        cause = reversed_by.get(loss.reference, loss)
        await _enter(session, loan, loss, cents, cause=cause, caller=caller)


async def _enter(
    session: AsyncSession, loan: Loan, loss: LenderReport, cents: int, *, cause: LenderReport, caller: Caller
) -> None:
    """Brings what stands of a loss to an amount; what is too much is taken back on its own day, for its cause."""
    entered = await _standing(session, loss)
    missing = cents - sum(entry.amount_cents for entry in entered)
    if missing < 0:
        for entry in entered:
            await lender_reversals.take_back(session, loan, entry, cause, effect_on=entry.effect_on, caller=caller)
        missing = cents
    if missing:
        entry = LedgerEntry(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            kind=EntryKind.LOSS,
            amount_cents=missing,
            effect_on=loss.effect_on,
            reference=loss.reference,
            decision_id=loss.decision_id,
            partner_id=loan.partner_id,
            **caller.author,
        )
        await postings.enter(session, loan, entry)


async def _standing(session: AsyncSession, loss: LenderReport) -> Sequence[LedgerEntry]:
    back = aliased(LedgerEntry)
    taken_back = exists().where(of_tenant(session, back), col(back.reverses_id) == LedgerEntry.id)
    statement = select(LedgerEntry).where(
        of_tenant(session, LedgerEntry),
        col(LedgerEntry.loan_id) == loss.loan_id,
        col(LedgerEntry.kind) == EntryKind.LOSS,
        col(LedgerEntry.decision_id) == loss.decision_id,
        ~taken_back,
    )
    return (await session.scalars(statement)).all()
