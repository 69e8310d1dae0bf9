"""The answers kept for repeated requests, once nobody can ask for them any more: they hold what was told that day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.tables import IdempotencyRecord, Partner, PartnerIdempotencyRecord
from app.tenancy import of_tenant


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Erases those given to the staff of the tenant before an instant."""
    await session.execute(
        delete(IdempotencyRecord).where(
            of_tenant(session, IdempotencyRecord), col(IdempotencyRecord.entered_at) < before
        )
    )


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
