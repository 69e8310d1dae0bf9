"""Handing a file over to a partner that lends, and following it: the side of the CCAS."""

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import IllegalTransition, LoanInTheWay, MicrocreditError
from app.domain.handoff_errors import ChoiceReasonMissing
from app.domain.handoff_lifecycle import STAGE_OF, HandoffAction, HandoffKind, HandoffStatus, after, is_over
from app.domain.lenders import Lending
from app.domain.partner_errors import (
    AuthorisationMissing,
    HandoffAlreadyOpen,
    HandoffNotAgreed,
    LenderHasNotRefused,
    NoAgreement,
    NoLender,
    PrecheckNotAsked,
)
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.request_lifecycle import RequestAction, RequestStatus
from app.schemas.base import Page
from app.schemas.handoffs import (
    CompletionCreate,
    HandoffCreate,
    HandoffItem,
    HandoffQuery,
    HandoffRead,
    HandoffWithdrawalCreate,
)
from app.services import (
    agreements,
    authorisations,
    checks_wanted,
    conditions,
    decisions,
    handoff_contents,
    handoff_sending,
    handoff_steps,
    partners,
    ratifications,
    rules,
)
from app.services import request_steps as steps
from app.services.pages import page
from app.tables import Handoff, Partner, Request

_OWN_COLUMNS = [getattr(Handoff, name) for name in HandoffItem.model_fields if name in Handoff.model_fields]
_ITEMS = TypeAdapter(list[HandoffItem])
_ENDORSED = frozenset({RequestStatus.ENDORSED, RequestStatus.SENT_TO_LENDER})


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: HandoffCreate
) -> HandoffRead:
    """Hands the file over: it lies in the partner's inbox as soon as this is done.

    Raises NoLender, PrecheckNotAsked, IllegalTransition, ConditionsNotMet, HandoffAlreadyOpen, UnknownPartner,
    ChoiceReasonMissing, NoAgreement, HandoffNotAgreed, ChannelNotAgreed, AuthorisationMissing, DateInFuture,
    DateOutOfOrder.
    """
    on = body.sent_on or today
    request = await steps.locked(session, request_id)
    product = await _lent_under(session, request, body.kind, on=on, lender=body.partner)
    await check_sendable(session, request, product, body.kind)
    check_day("sent_on", on, not_before=await _ready_on(session, request, body.kind), today=today)
    partner = await partners.by_code(session, body.partner or product.lender.code)
    agreement = await agreements.in_force_for(session, partner, body.kind, on=on)
    channel = agreements.channel_of(agreement, partner, body.channel)
    await authorisations.check_given(session, request, partner, body.kind, on=on)
    await _check_choice(session, request, partner, body)
    gate = product.gate(STAGE_OF[body.kind])
    handoff = Handoff(
        tenant_id=request.tenant_id,
        request_id=request.id,
        partner_id=partner.id,
        agreement_id=agreement.id,
        kind=body.kind,
        channel=channel,
        status=HandoffStatus.READY,
        support_person=body.support_person,
        choice_reason=body.choice_reason,
        payload_sha256="",
        check_effect=gate.effect,
        check_told_by=None if gate.told_by is None else list(gate.told_by),
    )
    await handoff_sending.send(session, handoff, caller=caller, effect_on=on)
    if body.kind is HandoffKind.LOAN_FILE:
        steps.move(session, request, RequestAction.SEND_TO_LENDER, caller=caller, effect_on=on)
    return await _read(session, handoff, on=today)


async def list_page(session: AsyncSession, *, query: HandoffQuery) -> Page[HandoffItem]:
    """Handoffs, newest first."""
    filters = {name: getattr(query, name) for name in HandoffQuery.model_fields if name in Handoff.model_fields}
    statement = (
        select(*_OWN_COLUMNS, col(Partner.code).label("partner"))
        .join(Partner, col(Partner.id) == Handoff.partner_id)
        .where(*(getattr(Handoff, name) == value for name, value in filters.items() if value is not None))
    )
    return await page(session, statement, Handoff, query=query, items=_ITEMS)


async def read(session: AsyncSession, handoff_id: UUID, *, today: date) -> HandoffRead:
    """One handoff, or NotFound."""
    return await _read(session, await handoff_steps.load(session, handoff_id), on=today)


async def complete(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: CompletionCreate
) -> HandoffRead:
    """Answers what the partner asked for, and sends what has changed since as one more text where that is asked.

    Raises NotFound, IllegalTransition, AuthorisationMissing, PayloadUnchanged.
    """
    handoff, request = await handoff_steps.held(session, handoff_id)
    after(handoff.kind, handoff.status, HandoffAction.COMPLETE)
    if request is not None:
        await authorisations.check_still_given(session, request, handoff, on=today)
    if body.resend:
        await handoff_sending.send_again(session, handoff)
    await handoff_steps.move(session, handoff, HandoffAction.COMPLETE, caller=caller, effect_on=today, note=body.note)
    return await _read(session, handoff, on=today)


async def withdraw(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: HandoffWithdrawalCreate
) -> HandoffRead:
    """Takes the file back; it may then go to another lender, or be closed with another answer.

    Raises NotFound, IllegalTransition, LoanInTheWay, DateInFuture, DateOutOfOrder.
    """
    handoff, request = await handoff_steps.held(session, handoff_id)
    earliest = await handoff_steps.last_act_of(session, handoff, request)
    check_day("withdrawn_on", body.withdrawn_on, not_before=earliest, today=today)
    if request is not None and await steps.live_loan(session, request.id) is not None:
        raise LoanInTheWay
    accepted = handoff.status is HandoffStatus.ACCEPTED and handoff.kind is HandoffKind.LOAN_FILE
    await handoff_steps.move(
        session, handoff, HandoffAction.WITHDRAW, caller=caller, effect_on=body.withdrawn_on, note=body.reason
    )
    if request is not None and accepted:
        steps.move(session, request, RequestAction.LENDER_PARK, caller=caller, effect_on=body.withdrawn_on)
    return await _read(session, handoff, on=today)


async def check_sendable(session: AsyncSession, request: Request, product: Product, kind: HandoffKind) -> None:
    """Raises NoLender, PrecheckNotAsked, IllegalTransition, MinutesNotClosed, ConditionsNotMet or HandoffAlreadyOpen
    where nothing can be handed over.
    """
    if product.lending is Lending.OWN_FUNDS:
        raise NoLender
    precheck = kind is HandoffKind.PRECHECK
    if precheck and not product.asks_precheck:
        raise PrecheckNotAsked
    possible = {RequestStatus.INTAKE} if precheck else _ENDORSED
    if request.status not in possible:
        raise IllegalTransition(action=f"send_{kind.value}", state=request.status.value)
    if not precheck:
        endorsement = await decisions.endorsement(session, request.id)
        await ratifications.check_minutes(session, endorsement)
        await conditions.check_met(session, endorsement)
    for handoff in await handoff_steps.of_request(session, request.id, kind):
        if not is_over(kind, handoff.status):
            partner = await session.get_one(Partner, handoff.partner_id)
            raise HandoffAlreadyOpen(partner=partner.code, partner_name=partner.name)


async def _check_choice(session: AsyncSession, request: Request, partner: Partner, body: HandoffCreate) -> None:
    """Raises ChoiceReasonMissing where nothing says why a file goes to another lender than it was endorsed to."""
    if body.kind is not HandoffKind.LOAN_FILE or body.choice_reason is not None:
        return
    endorsed_to = await decisions.chosen_lender(session, request.id)
    if endorsed_to not in (None, partner.code):
        named = await partners.by_code(session, endorsed_to)
        raise ChoiceReasonMissing(endorsed_to=named.name, partner=partner.code, partner_name=partner.name)


async def _ready_on(session: AsyncSession, request: Request, kind: HandoffKind) -> date:
    """The first day on which it may leave: that of the latest act, or of the last condition of an endorsed file."""
    last_act_on = await handoff_steps.last_act_on(session, request, kind)
    if kind is HandoffKind.PRECHECK:
        return last_act_on
    return max(last_act_on, await conditions.check_met(session, await decisions.endorsement(session, request.id)))


async def check_may_send(session: AsyncSession, request: Request, kind: HandoffKind, *, today: date) -> None:
    """The same today, and what keeps the file from every lender that there is an agreement with.

    Raises NoAgreement, HandoffNotAgreed, AuthorisationMissing besides, as the one that it would go to is refused.
    """
    others = [partner.code for partner in await agreements.partners_on(session, on=today)]
    refusals: list[MicrocreditError] = []
    for lender in (None, *others):
        try:
            return await _check_may_have(session, request, kind, lender, on=today)
        except (NoLender, NoAgreement, HandoffNotAgreed, AuthorisationMissing) as refused:
            refusals.append(refused)
    raise refusals[0]


async def _check_may_have(
    session: AsyncSession, request: Request, kind: HandoffKind, lender: str | None, *, on: date
) -> None:
    product = await _lent_under(session, request, kind, on=on, lender=lender)
    await check_sendable(session, request, product, kind)
    partner = await partners.by_code(session, lender or product.lender.code)
    await agreements.in_force_for(session, partner, kind, on=on)
    await authorisations.check_given(session, request, partner, kind, on=on)


async def _lent_under(
    session: AsyncSession, request: Request, kind: HandoffKind, *, on: date, lender: str | None = None
) -> Product:
    """The product of what is handed over: as it was endorsed for an endorsed file, else by the rules of a day.

    Its lender is the one asked for where those rules name it, else the one that the file was endorsed to.
    """
    if kind is HandoffKind.LOAN_FILE and request.status in _ENDORSED:
        endorsement = await decisions.endorsement(session, request.id)
        return (await rules.decided(session, endorsement, request, lender=lender))[1]
    chosen = lender or await decisions.chosen_lender(session, request.id)
    return await rules.product_of(session, request, on=on, lender=chosen)


async def check_borrowers_may_change(session: AsyncSession, request: Request) -> None:
    """Raises HandoffAlreadyOpen while a precheck speaks of other borrowers: the first appointment would rest on it."""
    if request.status is not RequestStatus.INTAKE:
        return
    for handoff in await handoff_steps.of_request(session, request.id, HandoffKind.PRECHECK):
        if handoff.status is not HandoffStatus.WITHDRAWN:
            partner = await session.get_one(Partner, handoff.partner_id)
            raise HandoffAlreadyOpen(partner=partner.code, partner_name=partner.name)


async def check_refused(session: AsyncSession, request: Request) -> None:
    """Raises LenderHasNotRefused unless the last lender that had the file refused it."""
    sent = await handoff_steps.of_request(session, request.id, HandoffKind.LOAN_FILE)
    if not sent or sent[-1].status is not HandoffStatus.REFUSED:
        raise LenderHasNotRefused


async def _read(session: AsyncSession, handoff: Handoff, *, on: date) -> HandoffRead:
    return HandoffRead(
        **handoff.model_dump(include=set(HandoffRead.model_fields)),
        partner=await partners.code_of(session, handoff.partner_id),
        check_wanted=await checks_wanted.is_wanted(session, handoff),
        payload_withheld=await handoff_contents.withheld(session, handoff, on=on),
        **await handoff_steps.told(session, handoff),
        payloads=await handoff_steps.payloads(session, handoff),
    )
