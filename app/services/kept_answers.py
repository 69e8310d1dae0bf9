"""The answers kept for repeated requests, once nobody can ask for them any more: they hold what was told that day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tables import Handoff, IdempotencyRecord, Partner, PartnerIdempotencyRecord
from app.tenancy import of_tenant


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Erases those given to the staff of the tenant before an instant."""
    await session.execute(
        delete(IdempotencyRecord).where(
            of_tenant(session, IdempotencyRecord), col(IdempotencyRecord.entered_at) < before
        )
    )


async def forget_of_precheck(session: AsyncSession, handoff: Handoff) -> None:
    """Erases those that may tell what came of a precheck, given to the staff of its tenant and to its bound partner:
    about the handoff, and whatever tells of the lenders' checks beside something else of its request.
    """
    of_handoff = f"/handoffs/{handoff.id}/"
    holds = col(IdempotencyRecord.body).bool_op("LIKE")
    warned = and_(holds(f"%{handoff.request_id}%".encode()), holds(b'%"check_warnings"%'))
    to_staff = or_(col(IdempotencyRecord.path).contains(of_handoff), warned)
    await session.execute(delete(IdempotencyRecord).where(of_tenant(session, IdempotencyRecord), to_staff))
    to_partner = col(PartnerIdempotencyRecord.path).contains(of_handoff)
    await session.execute(delete(PartnerIdempotencyRecord).where(to_partner))


async def partners(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Those whose machines may have been answered, by their code."""
    found = await session.execute(select(col(Partner.id), col(Partner.code)).order_by(col(Partner.code)))
    return [(partner_id, code) for partner_id, code in found]


async def forget_of_partner(session: AsyncSession, partner_id: UUID, *, before: datetime) -> None:
    """Erases those given to the bound partner before an instant."""
    told = col(PartnerIdempotencyRecord.partner_id) == partner_id
    await session.execute(
        delete(PartnerIdempotencyRecord).where(told, col(PartnerIdempotencyRecord.entered_at) < before)
    )
