"""What the lenders' checks of the FICP are worth on a day, and what they open."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import ficp
from app.domain.channels import SOURCE_OF, Source
from app.domain.check_errors import FactPurged
from app.domain.ficp import CheckEffect, CheckGate, CheckStage, Standing
from app.domain.handoff_lifecycle import STAGE_OF, HandoffKind, HandoffStatus
from app.domain.partner_errors import CheckNotFavourable
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.request_lifecycle import ENDED, RequestStatus
from app.schemas.ficp_checks import CheckWarning, StandingList, StandingRead
from app.services import checks_wanted, handoff_payloads, handoff_steps, partners
from app.services import request_steps as steps
from app.tables import AgreementRow, FicpCheck, Handoff, Request, Telling, Tenant
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a check is worth on a day, before a gate. The day and the instant of the consultation are null before any;
    the last day on which it holds too, and where it does not expire.
    """

    standing: Standing
    gate: CheckGate
    consulted_on: date | None = None
    valid_until: date | None = None
    consulted_at: datetime | None = None

    @property
    def opens(self) -> bool:
        """Whether the gate of the CCAS lets the file through."""
        return self.standing is Standing.FAVOURABLE or self.gate.effect is not CheckEffect.BLOCK


def gate_of(handoff: Handoff) -> CheckGate:
    """The gate that the rules set when the file was sent."""
    told_by = handoff.check_told_by
    sources = None if told_by is None else tuple(Source(source) for source in told_by)
    return CheckGate(effect=handoff.check_effect, told_by=sources)


def source_of(check: type[FicpCheck]) -> ColumnElement[str]:
    """How a check was told: by the lender's machine, or as its telling says."""
    channel = select(col(Telling.channel)).where(
        col(Telling.tenant_id) == check.tenant_id, col(Telling.id) == check.telling_id
    )
    told = case({channel.value: source.value for channel, source in SOURCE_OF.items()}, value=channel.scalar_subquery())
    return func.coalesce(told, Source.PARTNER_MACHINE.value)


async def source_of_caller(session: AsyncSession, caller: Caller) -> Source:
    """How what a caller tells for a lender is told."""
    if caller.telling_id is None:
        return Source.PARTNER_MACHINE
    statement = select(col(Telling.channel)).where(of_tenant(session, Telling), col(Telling.id) == caller.telling_id)
    return SOURCE_OF[(await session.scalars(statement)).one()]


async def standings(session: AsyncSession, request_id: UUID, *, today: date) -> StandingList:
    """One line for each lender and stage that the request's handoffs ask for, but those taken back before it ended and
    those of which the rules take no notice. Raises NotFound.
    """
    request = await steps.load(session, request_id)
    return StandingList(
        items=[await _read(session, handoff, today=today) for handoff in await _shown(session, request)],
        next_cursor=None,
    )


async def warnings(session: AsyncSession, request_id: UUID) -> list[CheckWarning]:
    """What the lenders' checks of a request stand against where they only inform: never stored, told as of now.

    A check of the offer is weighed on the day on which the lender accepted; nothing is told of it before.
    """
    found = []
    for handoff in await _shown(session, await steps.load(session, request_id)):
        answered = handoff.kind is HandoffKind.PRECHECK or handoff.answered_on is not None
        if handoff.check_effect is not CheckEffect.INFORM or not answered:
            continue
        weighed = await weigh(session, handoff, on=handoff.answered_on or date.min)
        if weighed.standing is not Standing.FAVOURABLE:
            partner = await partners.code_of(session, handoff.partner_id)
            found.append(CheckWarning(partner=partner, stage=STAGE_OF[handoff.kind], standing=weighed.standing))
    return found


async def weigh(session: AsyncSession, handoff: Handoff, *, on: date) -> Weighed:
    """What the check that a handoff asks for is worth on a day, from all that its lender told of the request and of the
    same people: who joined the file since was not checked.

    The day of a consultation is the day where the CCAS is, whoever asks.
    """
    stage, gate = STAGE_OF[handoff.kind], gate_of(handoff)
    columns = (col(FicpCheck.outcome), col(FicpCheck.consulted_at), source_of(FicpCheck))
    statement = select(*columns).where(
        of_tenant(session, FicpCheck),
        col(FicpCheck.request_id) == handoff.request_id,
        col(FicpCheck.partner_id) == handoff.partner_id,
        col(FicpCheck.stage) == stage,
        col(FicpCheck.handoff_id).in_(await handoff_payloads.of_same_people(session, handoff)),
    )
    told = [
        ficp.Check(outcome, consulted_at, Source(source))
        for outcome, consulted_at, source in (await session.execute(statement)).all()
    ]
    held = ficp.conclusion(ficp.heard(told, gate))
    if held is None:
        return Weighed(Standing.PENDING, gate)
    tenant = await session.get_one(Tenant, handoff.tenant_id)
    consulted_on = held.consulted_at.astimezone(ZoneInfo(tenant.time_zone)).date()
    agreement = await session.get_one(AgreementRow, (handoff.tenant_id, handoff.agreement_id))
    valid_until = ficp.valid_until(stage, consulted_on, valid_days=agreement.check_valid_days)
    standing = ficp.standing(held, on=on, valid_until=valid_until)
    return Weighed(standing, gate, consulted_on, valid_until, held.consulted_at)


async def check_first_appointment(session: AsyncSession, request: Request, product: Product, *, on: date) -> None:
    """Raises CheckNotFavourable where the rules let nobody be received before the lender's check, FactPurged where its
    conclusion was erased.
    """
    if not product.asks_precheck or request.status is not RequestStatus.INTAKE:
        return
    prechecks = await handoff_steps.of_request(session, request.id, HandoffKind.PRECHECK)
    weighed = await weigh(session, prechecks[-1], on=on) if prechecks else None
    is_live = any(handoff.status is not HandoffStatus.WITHDRAWN for handoff in prechecks)
    if weighed is None or not (is_live or weighed.standing is Standing.PURGED):
        _check_opens(Weighed(Standing.PENDING, product.gate(CheckStage.PRECHECK)), CheckStage.PRECHECK)
        return
    # A favourable check of a later day did not open an appointment of this one.
    not_yet = weighed.consulted_on is not None and weighed.consulted_on > on
    too_early = weighed.standing is Standing.FAVOURABLE and not_yet
    _check_opens(Weighed(Standing.PENDING, weighed.gate) if too_early else weighed, CheckStage.PRECHECK)


async def check_offer(session: AsyncSession, handoff: Handoff, *, on: date) -> None:
    """Raises CheckNotFavourable unless the lender's check allows an offer on that day, FactPurged where its conclusion
    was erased.
    """
    _check_opens(await weigh(session, handoff, on=on), CheckStage.GRANT_DECISION)


def _check_opens(weighed: Weighed, stage: CheckStage) -> None:
    if weighed.opens:
        return
    if weighed.standing is Standing.PURGED:
        raise FactPurged(stage=stage.value)
    raise CheckNotFavourable(stage=stage.value, standing=weighed.standing.value)


async def _shown(session: AsyncSession, request: Request) -> list[Handoff]:
    """The last handoff of each kind to each lender, of those whose check is shown: the end of the request takes back
    all that it finds, and hides none.
    """
    handoffs = await handoff_steps.of_request(session, request.id)
    kept = [
        handoff
        for handoff in handoffs
        if handoff.kind in STAGE_OF
        and (handoff.status is not HandoffStatus.WITHDRAWN or request.status in ENDED)
        and handoff.check_effect is not CheckEffect.IGNORE
    ]
    return list({(handoff.partner_id, handoff.kind): handoff for handoff in kept}.values())


async def _read(session: AsyncSession, handoff: Handoff, *, today: date) -> StandingRead:
    weighed = await weigh(session, handoff, on=today)
    return StandingRead(
        partner=await partners.code_of(session, handoff.partner_id),
        stage=STAGE_OF[handoff.kind],
        standing=weighed.standing,
        effect=weighed.gate.effect,
        told_by=None if weighed.gate.told_by is None else list(weighed.gate.told_by),
        consulted_on=weighed.consulted_on,
        valid_until=weighed.valid_until,
        check_wanted=await checks_wanted.is_wanted(session, handoff),
    )
