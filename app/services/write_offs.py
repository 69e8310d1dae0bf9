"""Debts admitted as irrecoverable (admission en non-valeur): out of the books, and still due."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ledger import EntryKind
from app.domain.permissions import Caller
from app.schemas.repayments import LedgerEntryRead
from app.schemas.write_offs import WriteOffCreate
from app.services import loan_steps, losses, repayments
from app.services.losses import Loss


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: WriteOffCreate
) -> LedgerEntryRead:
    """Enters what the board admits en non-valeur of a loan of the CCAS's own funds.

    Raises NotFound, PartnerLends, IllegalTransition, DecidedByAnother, DateOutOfOrder, DateInFuture, NothingOwed,
    WriteOffAboveOutstanding, LaterLossUnfit.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    loss = Loss(
        kind=EntryKind.WRITE_OFF,
        amount_cents=body.amount_cents,
        effect_on=body.written_off_on,
        field="written_off_on",
        reference=body.proposal_reference,
    )
    entry = await losses.decide(session, loan, loss, body.decision, caller=caller, today=today)
    return await repayments.entry_read(session, entry)
