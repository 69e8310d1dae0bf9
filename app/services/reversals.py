"""Entries of the ledger that are taken back (contre-passation), each by the rules of its kind."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ending_errors import EntryNotReversible, ReversalOfReversal
from app.domain.errors import NotFound
from app.domain.ledger import EntryKind
from app.domain.permissions import Caller
from app.schemas.discharges import DischargeReversalCreate
from app.schemas.repayments import LedgerEntryRead, ReversalCreate
from app.schemas.reversals import EntryReversalCreate
from app.services import discharges, loan_steps, losses, repayments
from app.tables import LedgerEntry


async def create(
    session: AsyncSession, loan_id: UUID, entry_id: UUID, *, caller: Caller, today: date, body: EntryReversalCreate
) -> LedgerEntryRead:
    """Takes an entry back, once, by an opposite one.

    Raises NotFound, PartnerLends, IllegalTransition, ReversalOfReversal, EntryNotReversible, AlreadyReversed,
    LaterDischarge, LaterLossUnfit, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    entry = await session.get(LedgerEntry, (loan.tenant_id, entry_id))
    if entry is None or entry.loan_id != loan.id:
        raise NotFound
    given = body.model_dump()
    match entry.kind:
        case EntryKind.REVERSAL:
            raise ReversalOfReversal
        case EntryKind.REPAYMENT:
            return await repayments.reverse(
                session, loan.id, entry.id, caller=caller, today=today, body=ReversalCreate(**given)
            )
        case EntryKind.DISCHARGE:
            discharge_id = await discharges.of_entry(session, entry)
            _, reversal = await discharges.take_back(
                session, loan, discharge_id, caller=caller, today=today, body=DischargeReversalCreate(**given)
            )
            assert reversal is not None  # noqa: S101 - what has an entry is taken back by another
        case EntryKind.WRITE_OFF | EntryKind.REMISSION:
            reversal = await losses.take_back(session, loan, entry, **given, caller=caller, today=today)
        case EntryKind.CREDIT_REFUND:
            return await repayments.take_back(
                session, loan, entry, caller=caller, today=today, body=ReversalCreate(**given)
            )
        case _:
            raise EntryNotReversible(kind=entry.kind.value)
    return await repayments.entry_read(session, reversal)
