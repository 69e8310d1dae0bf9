"""What the lenders' checks of the FICP are worth on a day, and what they open."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import ficp
from app.domain.ficp import CheckStage, Standing
from app.domain.handoff_lifecycle import STAGE_OF, HandoffKind, HandoffStatus
from app.domain.partner_errors import CheckNotFavourable
from app.domain.products import ListingPolicy, Product
from app.domain.request_lifecycle import RequestStatus
from app.schemas.ficp_checks import StandingList, StandingRead
from app.services import handoff_steps, partners
from app.services import request_steps as steps
from app.tables import AgreementRow, FicpCheck, Handoff, Request, Tenant
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a check is worth on a day. The dates are null before any consultation, or where it does not expire."""

    standing: Standing
    consulted_on: date | None
    valid_until: date | None


async def standings(session: AsyncSession, request_id: UUID, *, today: date) -> StandingList:
    """One line for each lender and stage that the request's handoffs ask for, but those taken back. Raises NotFound."""
    request = await steps.load(session, request_id)
    handoffs = await handoff_steps.of_request(session, request.id)
    kept = [handoff for handoff in handoffs if handoff.status is not HandoffStatus.WITHDRAWN]
    latest = {(handoff.partner_id, handoff.kind): handoff for handoff in kept}
    return StandingList(
        items=[await _read(session, handoff, today=today) for handoff in latest.values()],
        next_cursor=None,
    )


async def weigh(session: AsyncSession, handoff: Handoff, *, on: date) -> Weighed:
    """What the check that a handoff asks for is worth on a day, from all that its lender told of the request.

    The day of a consultation is the day where the CCAS is, whoever asks.
    """
    stage = STAGE_OF[handoff.kind]
    statement = select(col(FicpCheck.outcome), col(FicpCheck.consulted_at)).where(
        of_tenant(session, FicpCheck),
        col(FicpCheck.request_id) == handoff.request_id,
        col(FicpCheck.partner_id) == handoff.partner_id,
        col(FicpCheck.stage) == stage,
    )
    held = ficp.conclusion(ficp.Check(*told) for told in (await session.execute(statement)).all())
    if held is None:
        return Weighed(Standing.PENDING, None, None)
    tenant = await session.get_one(Tenant, handoff.tenant_id)
    consulted_on = held.consulted_at.astimezone(ZoneInfo(tenant.time_zone)).date()
    agreement = await session.get_one(AgreementRow, (handoff.tenant_id, handoff.agreement_id))
    valid_until = ficp.valid_until(stage, consulted_on, valid_days=agreement.check_valid_days)
    return Weighed(ficp.standing(held, on=on, valid_until=valid_until), consulted_on, valid_until)


async def check_first_appointment(session: AsyncSession, request: Request, product: Product, *, on: date) -> None:
    """Raises CheckNotFavourable where the rules let nobody be received before the lender's check."""
    asked = product.ficp is ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT
    if not asked or request.status is not RequestStatus.INTAKE:
        return
    prechecks = await handoff_steps.of_request(session, request.id, HandoffKind.PRECHECK)
    live = [handoff for handoff in prechecks if handoff.status is not HandoffStatus.WITHDRAWN]
    weighed = await weigh(session, live[-1], on=on) if live else Weighed(Standing.PENDING, None, None)
    # A favourable check of a later day did not open an appointment of this one.
    not_yet = weighed.consulted_on is not None and weighed.consulted_on > on
    too_early = weighed.standing is Standing.FAVOURABLE and not_yet
    _demand_favourable(Standing.PENDING if too_early else weighed.standing, CheckStage.PRECHECK)


async def check_offer(session: AsyncSession, handoff: Handoff, *, on: date) -> None:
    """Raises CheckNotFavourable unless the lender's check allows an offer on that day."""
    weighed = await weigh(session, handoff, on=on)
    _demand_favourable(weighed.standing, CheckStage.GRANT_DECISION)


def _demand_favourable(standing: Standing, stage: CheckStage) -> None:
    if standing is not Standing.FAVOURABLE:
        raise CheckNotFavourable(stage=stage.value, standing=standing.value)


async def _read(session: AsyncSession, handoff: Handoff, *, today: date) -> StandingRead:
    weighed = await weigh(session, handoff, on=today)
    return StandingRead(
        partner=await partners.code_of(session, handoff.partner_id),
        stage=STAGE_OF[handoff.kind],
        standing=weighed.standing,
        consulted_on=weighed.consulted_on,
        valid_until=weighed.valid_until,
    )
