"""The loan of a partner: its offer on a file that it accepted, with its own rows."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import offers
from app.domain.dates import check_day
from app.domain.errors import IllegalTransition, LoanAlreadyExists, ReferenceAlreadyUsed, RuleNotStated, RulesBreached
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.money import percent_text
from app.domain.offers import AgreementLimits, Offer
from app.domain.partner_errors import OfferDiffers
from app.domain.permissions import Caller
from app.domain.products import Party
from app.domain.request_lifecycle import RequestStatus
from app.parameters.law import national_law
from app.schemas.offers import OfferCreate, OfferRead
from app.services import (
    authorisations,
    check_standings,
    decisions,
    handoff_routes,
    handoff_steps,
    loan_steps,
    loans,
    offer_rows,
    partners,
    push_signatures,
    rules,
)
from app.services import request_steps as steps
from app.services.references import next_reference
from app.tables import AgreementRow, Decision, Handoff, Loan, Request
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: OfferCreate
) -> OfferRead:
    """The partner offers its loan, on the rules that its file was endorsed under.

    The same offer told again is the same loan, wherever it stands by then. An offer told before the acceptance of its
    file, or before the check that it rests on, is refused and leaves nothing: it is to be told again after them.

    Raises NotFound, SignatureMissing, NotAFile, IllegalTransition, LoanAlreadyExists, AuthorisationMissing,
    CheckNotFavourable, FactPurged, OfferDiffers, RuleNotStated, RulesBreached, ReferenceAlreadyUsed, DateInFuture,
    DateOutOfOrder.
    """
    handoff, request = await handoff_steps.held_by_partner(session, caller, handoff_id)
    content = _content(body)
    known = await _of_number(session, handoff, body.number)
    if known is not None:
        if (known.handoff_id, known.offer_sha256) != (handoff.id, content):
            raise ReferenceAlreadyUsed
        return read(known, known=True)
    await _check_awaited(session, handoff, request)
    earliest = await steps.last_act_on(session, request)
    check_day("offered_on", body.offered_on, not_before=earliest, today=today)
    await authorisations.check_still_given(session, request, handoff, on=body.offered_on)
    await check_standings.check_offer(session, handoff, on=body.offered_on)
    endorsement = await decisions.endorsement(session, request.id)
    offer, signed_by = await _offer(session, handoff, request, endorsement, body)
    if offer.amount_cents != endorsement.loan_amount_cents:
        endorsed_cents = endorsement.loan_amount_cents
        raise OfferDiffers(offered_cents=offer.amount_cents, endorsed_cents=endorsed_cents)
    loan = Loan(
        tenant_id=request.tenant_id,
        reference=await next_reference(session, series="P", year=body.offered_on.year),
        request_id=request.id,
        decision_id=endorsement.id,
        stage=LoanStage.OFFERED,
        principal_cents=offer.amount_cents,
        rate_percent=offer.rate_percent,
        offered_on=body.offered_on,
        expected_disbursed_on=None,
        partner_id=handoff.partner_id,
        handoff_id=handoff.id,
        offer_number=body.number,
        offer_valid_until=body.valid_until,
        legal_regime=national_law().regime(offered_on=body.offered_on),
        contract_sha256=body.contract_sha256,
        offer_sha256=content,
        signed_by=signed_by,
    )
    await loans.enter_offer(session, loan, offer.rows, offer.parts, caller=caller)
    return read(loan)


async def reported_loan(session: AsyncSession, caller: Caller, handoff_id: UUID, action: str) -> Loan:
    """The partner's loan on a handoff that a fact is told of, held until the end of the transaction: the live one, else
    the last that was given up.

    Raises NotFound for a handoff that is not the partner's, SignatureMissing, IllegalTransition where it has no loan.
    """
    await handoff_routes.follow(session, caller, handoff_id)
    handoff = await handoff_steps.load(session, handoff_id)
    await push_signatures.check_signed_on(session, caller, handoff)
    statement = (
        select(col(Loan.id))
        .where(of_tenant(session, Loan), col(Loan.handoff_id) == handoff_id)
        .order_by(col(Loan.stage) == LoanStage.CANCELLED, col(Loan.id).desc())
        .limit(1)
    )
    loan_id = (await session.scalars(statement)).one_or_none()
    if loan_id is None:
        raise IllegalTransition(action=str(action), state=handoff.status.value)
    return await loan_steps.locked(session, loan_id)


def read(loan: Loan, *, known: bool = False) -> OfferRead:
    """A partner's loan as the partner may see it; `known` where what it told changed nothing."""
    return OfferRead(
        loan_id=loan.id,
        handoff_id=loan.handoff_id,
        number=loan.offer_number,
        stage=loan.stage,
        amount_cents=loan.principal_cents,
        offered_on=loan.offered_on,
        known=known,
    )


async def _check_awaited(session: AsyncSession, handoff: Handoff, request: Request) -> None:
    # An accepted precheck only opened the first appointment; it asks for no loan.
    accepted = handoff.kind is HandoffKind.LOAN_FILE and handoff.status is HandoffStatus.ACCEPTED
    if await steps.live_loan(session, request.id) is not None:
        raise LoanAlreadyExists
    if not accepted or request.status is not RequestStatus.LENDER_ACCEPTED:
        raise IllegalTransition(action=LoanAction.OFFER.value, state=handoff.status.value)


async def _of_number(session: AsyncSession, handoff: Handoff, number: str) -> Loan | None:
    statement = select(Loan).where(
        of_tenant(session, Loan), col(Loan.partner_id) == handoff.partner_id, col(Loan.offer_number) == number
    )
    return (await session.scalars(statement)).one_or_none()


def _content(body: OfferCreate) -> str:
    """What tells whether an offer says again what an earlier one said, whichever letter tells it."""
    rate = None if body.rate_percent is None else percent_text(body.rate_percent)
    told = {**body.model_dump(mode="json", include=set(OfferCreate.model_fields)), "rate_percent": rate}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


async def _offer(
    session: AsyncSession, handoff: Handoff, request: Request, endorsement: Decision, body: OfferCreate
) -> tuple[Offer, list[str] | None]:
    """The offer, completed by the rules where they speak; and the signatories where only the offer states them."""
    lender = await partners.code_of(session, handoff.partner_id)
    version, product = await rules.decided(session, endorsement, request, lender=lender)
    agreement = await session.get_one(AgreementRow, (handoff.tenant_id, handoff.agreement_id))
    limits = AgreementLimits(
        reference=agreement.reference,
        amount_cents_max=agreement.amount_cents_max,
        duration_months_max=agreement.duration_months_max,
        rate_percent=agreement.rate_percent,
    )
    rate = offers.rate(product, limits, body.rate_percent)
    rows = offer_rows.instalments(body.rows, amount_cents=body.amount_cents)
    parts = offer_rows.parts(product, rows, body.rows, rate_percent=rate)
    offer = Offer(amount_cents=body.amount_cents, rate_percent=rate, rows=rows, parts=parts)
    found = offers.breaches(product, limits, offer, reference=version.reference)
    if found:
        raise RulesBreached(found)
    if product.signed_by is None and body.signed_by is None:
        raise RuleNotStated(path="signed_by")
    return offer, None if product.signed_by else _signatories(body.signed_by or [])


def _signatories(told: Sequence[Party]) -> list[str]:
    """Each once; the borrower always signs, and a co-borrower wherever there is one, told or not."""
    return [party.value for party in dict.fromkeys((Party.BORROWER, *told)) if party is not Party.CO_BORROWER]
