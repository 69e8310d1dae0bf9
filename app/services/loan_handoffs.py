"""Handing over what follows from the loans of a lender: a claim on a guarantor, a statement of interest borne."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import borne_interest
from app.domain.channels import Channel
from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.handoff_lifecycle import OVER, HandoffKind, HandoffStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.partner_errors import HandoffAlreadyOpen, NoLender
from app.domain.permissions import Caller
from app.schemas.handoffs import ClaimHandoffCreate, HandoffRead, StatementHandoffCreate
from app.services import (
    agreements,
    authorisations,
    guarantee_claims,
    guarantee_facts,
    handoff_sending,
    handoff_steps,
    handoffs,
    loan_states,
    loan_steps,
)
from app.services import request_steps as steps
from app.tables import AgreementRow, BorneInterestLine, BorneInterestStatement, Handoff, Loan, Partner
from app.tenancy import bound_tenant, of_tenant, widened


async def create_of_claim(
    session: AsyncSession, claim_id: UUID, *, caller: Caller, today: date, body: ClaimHandoffCreate
) -> HandoffRead:
    """Hands a claim on a guarantor over to the lender of its loan, under the agreement of the loan's own handoff.

    The authorisation is that of the loan file, as it stood on the day of the contract: where a borrower withdrew it
    since, the contract is in force all the same and what was agreed with it is carried out; nothing that names the
    person travels again. Where it did not stand on that day, the claim does not leave.

    Raises NotFound, NoLender, GuaranteeEntryReversed, AuthorisationMissing, HandoffNotAgreed, ChannelNotAgreed,
    HandoffAlreadyOpen, DateInFuture, DateOutOfOrder.
    """
    claim = await guarantee_claims.load(session, claim_id)
    loan = await loan_steps.locked(session, claim.loan_id)
    if loan.handoff_id is None:
        raise NoLender
    (await guarantee_facts.of_loans(session, [loan.id])).check_standing(claim)
    file = await handoff_steps.load(session, loan.handoff_id)
    request = await steps.load(session, loan.request_id)
    contracted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED) or loan.offered_on
    await authorisations.check_still_given(session, request, file, on=contracted_on)
    handoff = Handoff(
        tenant_id=loan.tenant_id,
        request_id=request.id,
        guarantee_claim_id=claim.id,
        partner_id=file.partner_id,
        agreement_id=file.agreement_id,
        kind=HandoffKind.GUARANTEE_CLAIM,
        status=HandoffStatus.READY,
        support_person=body.support_person,
        payload_sha256="",
    )
    on = body.sent_on or today
    await _check_leaves(session, handoff, body.channel, on=on, not_before=claim.lost_on, today=today)
    await handoff_sending.send(session, handoff, caller=caller, effect_on=on)
    return await handoffs.read(session, handoff.id, today=today)


async def create_of_statement(
    session: AsyncSession, statement_id: UUID, *, caller: Caller, today: date, body: StatementHandoffCreate
) -> HandoffRead:
    """Hands a numbered statement of interest borne over to the lender of its loans: it concerns no person by name.

    The agreement is that under which the last of its loans was handed over.

    Raises NotFound, NoLender, HandoffNotAgreed, ChannelNotAgreed, HandoffAlreadyOpen, DateInFuture, DateOutOfOrder.
    """
    statement = await session.get(BorneInterestStatement, (bound_tenant(session), statement_id))
    if statement is None:
        raise NotFound
    turn = func.hashtextextended(f"{statement.tenant_id}/handoff/{statement.id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(turn)))
    handoff = Handoff(
        tenant_id=statement.tenant_id,
        borne_interest_statement_id=statement.id,
        partner_id=statement.partner_id,
        agreement_id=await _last_agreement(session, statement),
        kind=HandoffKind.INTEREST_STATEMENT,
        status=HandoffStatus.READY,
        payload_sha256="",
    )
    on, over_on = body.sent_on or today, borne_interest.month_end(date(statement.year, statement.month, 1))
    await _check_leaves(session, handoff, body.channel, on=on, not_before=over_on, today=today)
    await handoff_sending.send(session, handoff, caller=caller, effect_on=on)
    return await handoffs.read(session, handoff.id, today=today)


async def _check_leaves(
    session: AsyncSession, handoff: Handoff, channel: Channel | None, *, on: date, not_before: date, today: date
) -> None:
    """Gives a handoff its channel. Raises HandoffNotAgreed, ChannelNotAgreed, HandoffAlreadyOpen, DateInFuture, and
    DateOutOfOrder for a day before what it tells, or before the last step of an earlier handoff of the same.
    """
    partner = await session.get_one(Partner, handoff.partner_id)
    agreement = await session.get_one(AgreementRow, (handoff.tenant_id, handoff.agreement_id))
    agreements.check_agreed(agreement, partner, handoff.kind)
    handoff.channel = agreements.channel_of(agreement, partner, channel)
    alike: ColumnElement[bool] = handoff_steps.of_same(handoff)
    still_open = select(Handoff).where(of_tenant(session, Handoff), alike, col(Handoff.status).not_in(OVER))
    known = (await session.scalars(still_open)).one_or_none()
    if known is not None:
        raise HandoffAlreadyOpen(partner=partner.code, partner_name=partner.name)
    last = await handoff_steps.last_step_on(session, alike)
    check_day("sent_on", on, not_before=max(not_before, last or not_before), today=today)


async def _last_agreement(session: AsyncSession, statement: BorneInterestStatement) -> UUID:
    """Raises NoLender where none of its loans came from a handoff."""
    newest = (
        select(col(Handoff.agreement_id))
        .join(Loan, and_(col(Loan.tenant_id) == Handoff.tenant_id, col(Loan.handoff_id) == Handoff.id))
        .join(
            BorneInterestLine,
            and_(col(BorneInterestLine.tenant_id) == Loan.tenant_id, col(BorneInterestLine.loan_id) == Loan.id),
        )
        .where(of_tenant(session, Handoff), col(BorneInterestLine.statement_id) == statement.id)
        .order_by(col(Handoff.id).desc())
        .limit(1)
    )
    async with widened(session):
        agreement_id = (await session.scalars(newest)).one_or_none()
    if agreement_id is None:
        raise NoLender
    return agreement_id
