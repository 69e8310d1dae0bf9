"""Debts waived (remise gracieuse)."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ledger import EntryKind
from app.domain.permissions import Caller
from app.schemas.remissions import RemissionCreate
from app.schemas.repayments import LedgerEntryRead
from app.services import loan_steps, losses, repayments
from app.services.losses import Loss


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: RemissionCreate
) -> LedgerEntryRead:
    """Enters what the board waives of a loan of the CCAS's own funds: the books first, then what had left them.

    Raises NotFound, PartnerLends, IllegalTransition, DecidedByAnother, DateOutOfOrder, DateInFuture, NothingOwed,
    AboveLegallyDue, LaterLossUnfit.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    loss = Loss(
        kind=EntryKind.REMISSION, amount_cents=body.amount_cents, effect_on=body.remitted_on, field="remitted_on"
    )
    entry = await losses.decide(session, loan, loss, body.decision, caller=caller, today=today)
    return await repayments.entry_read(session, entry)
