"""The loan of a partner: its offer on a file that it accepted, with its own rows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import interest_aids, offers
from app.domain.amortization import Instalment
from app.domain.dates import check_day
from app.domain.errors import IllegalTransition, LoanAlreadyExists, ReferenceAlreadyUsed, RuleNotStated, RulesBreached
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.domain.interest_subsidies import InterestShare, Shares
from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.offers import AgreementLimits, Offer
from app.domain.partner_errors import OfferDiffers
from app.domain.permissions import Caller
from app.domain.products import Party, Product
from app.domain.request_lifecycle import RequestStatus
from app.parameters.law import national_law
from app.schemas.offers import OfferCreate, OfferRead, OfferRow
from app.services import (
    authorisations,
    check_standings,
    decisions,
    handoff_routes,
    handoff_steps,
    loan_steps,
    loans,
    partners,
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

    Raises NotFound, IllegalTransition, LoanAlreadyExists, AuthorisationMissing, CheckNotFavourable, OfferDiffers,
    RuleNotStated, RulesBreached, ReferenceAlreadyUsed, DateInFuture, DateOutOfOrder.
    """
    handoff, request = await handoff_steps.held_by_partner(session, caller, handoff_id)
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
    await _check_number(session, handoff, body.number)
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
        signed_by=signed_by,
    )
    await loans.enter_offer(session, loan, offer.rows, offer.parts, caller=caller)
    return read(loan)


async def held_loan(session: AsyncSession, caller: Caller, handoff_id: UUID, action: LoanAction) -> Loan:
    """The partner's live loan on a handoff, held until the end of the transaction, for an action.

    Raises NotFound for a handoff that is not the partner's, IllegalTransition where it has no loan.
    """
    await handoff_routes.follow(session, caller, handoff_id)
    statement = select(col(Loan.id)).where(
        of_tenant(session, Loan), col(Loan.handoff_id) == handoff_id, col(Loan.stage) != LoanStage.CANCELLED
    )
    loan_id = (await session.scalars(statement)).one_or_none()
    if loan_id is None:
        handoff = await handoff_steps.load(session, handoff_id)
        raise IllegalTransition(action=action.value, state=handoff.status.value)
    return await loan_steps.locked(session, loan_id)


def read(loan: Loan) -> OfferRead:
    """A partner's loan as the partner may see it."""
    return OfferRead(
        loan_id=loan.id,
        handoff_id=loan.handoff_id,
        number=loan.offer_number,
        stage=loan.stage,
        amount_cents=loan.principal_cents,
        offered_on=loan.offered_on,
    )


async def _check_awaited(session: AsyncSession, handoff: Handoff, request: Request) -> None:
    # An accepted precheck only opened the first appointment; it asks for no loan.
    accepted = handoff.kind is HandoffKind.LOAN_FILE and handoff.status is HandoffStatus.ACCEPTED
    if await steps.live_loan(session, request.id) is not None:
        raise LoanAlreadyExists
    if not accepted or request.status is not RequestStatus.LENDER_ACCEPTED:
        raise IllegalTransition(action=LoanAction.OFFER.value, state=handoff.status.value)


async def _check_number(session: AsyncSession, handoff: Handoff, number: str) -> None:
    statement = select(col(Loan.id)).where(
        of_tenant(session, Loan), col(Loan.partner_id) == handoff.partner_id, col(Loan.offer_number) == number
    )
    if (await session.scalars(statement)).one_or_none() is not None:
        raise ReferenceAlreadyUsed


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
    rows, rate = _rows(body), offers.rate(product, limits, body.rate_percent)
    parts = _parts(product, rows, body.rows, rate_percent=rate)
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


def _rows(body: OfferCreate) -> list[Instalment]:
    rows, balance = [], body.amount_cents
    for row in body.rows:
        balance -= row.principal_cents
        rows.append(
            Instalment(row.number, row.due_on, row.principal_cents, row.interest_cents, row.total_cents, balance)
        )
    return rows


def _parts(
    product: Product, rows: Sequence[Instalment], told: Sequence[OfferRow], *, rate_percent: Decimal
) -> list[Shares]:
    """Who pays the interest: as the lender's row says, else as the rules do. Raises RuleNotStated."""
    by_rule = interest_aids.parts(rows, product, rate_percent=rate_percent)
    return [_part(product, row, ruled) for row, ruled in zip(told, by_rule, strict=True)]


def _part(product: Product, told: OfferRow, ruled: Shares) -> Shares:
    if told.third_parties is not None or told.borrower_cents is not None:
        return tuple(InterestShare(share.payer, share.cents) for share in told.third_parties or ())
    if product.interest_borne_by is None and told.interest_cents:
        raise RuleNotStated(path="interest_borne_by")
    return ruled
