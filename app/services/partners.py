"""The partners that lend, as a CCAS names them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.partner_errors import UnknownPartner
from app.tables import Partner


async def by_code(session: AsyncSession, code: str) -> Partner:
    """The partner of that code, or UnknownPartner."""
    partner = (await session.scalars(select(Partner).where(col(Partner.code) == code))).one_or_none()
    if partner is None:
        raise UnknownPartner(partner=code)
    return partner


async def code_of(session: AsyncSession, partner_id: UUID) -> str:
    """The code of a partner that something refers to."""
    return (await session.get_one(Partner, partner_id)).code
