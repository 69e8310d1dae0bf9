"""What the lender recovered after a loss: shared back in the shares in which the loss is borne."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import guarantees
from app.domain.dates import check_day
from app.domain.errors import NotFound, ReferenceAlreadyUsed
from app.domain.permissions import Caller
from app.schemas.guarantee_claims import GuaranteeReversalCreate
from app.schemas.guarantee_recoveries import (
    GuaranteeRecoveryCreate,
    GuaranteeRecoveryList,
    GuaranteeRecoveryRead,
    RecoveryShareRead,
)
from app.services import guarantee_facts, loan_steps
from app.services.guarantee_facts import Facts
from app.tables import GuaranteeRecovery, GuaranteeReversal, Loan


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: GuaranteeRecoveryCreate
) -> GuaranteeRecoveryRead:
    """Records money recovered and each one's part of it; the same reference with the same content is the same one.

    Raises NotFound, NothingClaimed, ReferenceAlreadyUsed, RecoveryAboveLoss, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    facts = await guarantee_facts.of_loans(session, [loan.id])
    claims = facts.claimed()
    first = min((claim.lost_on for claim in claims), default=None)
    check_day("recovered_on", body.recovered_on, not_before=first, today=today)
    earlier = [one for one in facts.recoveries if one.reference == body.reference]
    standing = facts.standing(earlier)
    if standing:
        if (standing[0].amount_cents, standing[0].recovered_on) != (body.amount_cents, body.recovered_on):
            raise ReferenceAlreadyUsed
        return _read(facts, standing[0])
    parts, lender_cents = guarantees.recovered_parts(
        claims,
        recovered_cents=body.amount_cents,
        lender_recovered_cents=sum(one.lender_cents for one in facts.standing(facts.recoveries)),
    )
    recovery = GuaranteeRecovery(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        reference_use=len(earlier) + 1,
        shares=[{"claim_id": str(claim_id), "cents": cents} for claim_id, cents in parts.items()],
        lender_cents=lender_cents,
        account_id=caller.account_id,
        **body.model_dump(),
    )
    session.add(recovery)
    loan.version += 1
    return _read(facts, recovery)


async def list_of_loan(session: AsyncSession, loan_id: UUID) -> GuaranteeRecoveryList:
    """The recoveries on a loan in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    facts = await guarantee_facts.of_loans(session, [loan.id])
    return GuaranteeRecoveryList(items=[_read(facts, one) for one in facts.recoveries], next_cursor=None)


async def reverse(
    session: AsyncSession,
    loan_id: UUID,
    recovery_id: UUID,
    *,
    caller: Caller,
    today: date,
    body: GuaranteeReversalCreate,
) -> GuaranteeRecoveryRead:
    """Takes a recovery back, once. Raises NotFound, GuaranteeEntryReversed, DateOutOfOrder, DateInFuture."""
    loan: Loan = await loan_steps.locked(session, loan_id)
    facts = await guarantee_facts.of_loans(session, [loan.id])
    recovery = next((one for one in facts.recoveries if one.id == recovery_id), None)
    if recovery is None:
        raise NotFound
    facts.check_standing(recovery)
    check_day("reversed_on", body.reversed_on, not_before=recovery.recovered_on, today=today)
    taken_back = GuaranteeReversal(
        tenant_id=loan.tenant_id, recovery_id=recovery.id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(taken_back)
    facts.reversals[recovery.id] = taken_back
    loan.version += 1
    return _read(facts, recovery)


def _read(facts: Facts, recovery: GuaranteeRecovery) -> GuaranteeRecoveryRead:
    names = {claim.id: claim.guarantor for claim in facts.claims}
    shares = [(UUID(share["claim_id"]), share["cents"]) for share in recovery.shares]
    return GuaranteeRecoveryRead(
        **recovery.model_dump(exclude={"shares"}),
        shares=[
            RecoveryShareRead(claim_id=claim_id, guarantor=names[claim_id], cents=cents) for claim_id, cents in shares
        ],
        reversed_on=facts.reversed_on(recovery),
    )
