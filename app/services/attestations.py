"""What was attested of a file, by whom and when: added to, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import RequestLocked
from app.domain.lenders import Lending
from app.domain.partner_errors import PartnerLends
from app.domain.permissions import Caller
from app.domain.products import Attested
from app.domain.request_lifecycle import ENDED
from app.schemas.attestations import AttestationCreate, AttestationList, AttestationRead
from app.services import request_steps as steps
from app.services import rules
from app.tables import Attestation, Request
from app.tenancy import of_tenant

# What a lender's consultation tells: it must leave no trace where a partner lends or may lend.
OF_CONSULTATIONS = frozenset({Attested.FICP_LISTED, Attested.BANK_BANNED})


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: AttestationCreate
) -> AttestationRead:
    """Adds what somebody attests. Raises NotFound, RequestLocked, DateInFuture, PartnerLends."""
    request = await steps.locked(session, request_id)
    if request.status in ENDED:
        raise RequestLocked(state=request.status.value)
    check_day("attested_on", body.attested_on, not_before=None, today=today)
    if body.fact in OF_CONSULTATIONS:
        await _check_own_funds(session, request, on=max(body.attested_on, request.received_on))
    attestation = Attestation(
        tenant_id=request.tenant_id, request_id=request.id, account_id=caller.account_id, **body.model_dump()
    )
    session.add(attestation)
    return AttestationRead.model_validate(attestation)


async def list_all(session: AsyncSession, request_id: UUID) -> AttestationList:
    """Those of one request, oldest entry first. Raises NotFound."""
    request = await steps.load(session, request_id)
    rows = (await session.scalars(_of_request(session, request.id).order_by(col(Attestation.id)))).all()
    return AttestationList(items=[AttestationRead.model_validate(row) for row in rows], next_cursor=None)


async def latest(session: AsyncSession, request_id: UUID, *, on: date) -> dict[Attested, bool]:
    """Whether each fact that was attested by a day holds: the last day of attestation counts, then the last entry."""
    statement = (
        _of_request(session, request_id)
        .where(col(Attestation.attested_on) <= on)
        .order_by(col(Attestation.attested_on), col(Attestation.id))
    )
    return {row.fact: row.holds for row in (await session.scalars(statement)).all()}


async def _check_own_funds(session: AsyncSession, request: Request, *, on: date) -> None:
    """Raises PartnerLends where any of the lenders of the product as it was adopted is a partner."""
    _, version = await rules.in_force(session, on)
    product = rules.published(version, request.product, on=on)
    if any((lender.lending or product.lending) is Lending.PARTNER for lender in product.lenders):
        raise PartnerLends


def _of_request(session: AsyncSession, request_id: UUID) -> Select[Attestation]:
    return select(Attestation).where(of_tenant(session, Attestation), col(Attestation.request_id) == request_id)
