"""The conventions of the CCAS with the partners that lend."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.domain.partner_errors import NoAgreement
from app.schemas.agreements import AgreementRead
from app.schemas.base import Page, PageQuery
from app.services.pages import page
from app.tables import AgreementRow, Partner
from app.tenancy import of_tenant

_OWN_COLUMNS = [getattr(AgreementRow, name) for name in AgreementRead.model_fields if name in AgreementRow.model_fields]
_ITEMS = TypeAdapter(list[AgreementRead])


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[AgreementRead]:
    """Agreements, newest entry first, those only planned among them."""
    return await page(session, _statement(), AgreementRow, query=query, items=_ITEMS)


async def read(session: AsyncSession, agreement_id: UUID) -> AgreementRead:
    """One agreement, or NotFound."""
    statement = _statement().where(of_tenant(session, AgreementRow), col(AgreementRow.id) == agreement_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return AgreementRead(**row)


async def in_force(session: AsyncSession, partner: Partner, *, on: date) -> AgreementRow:
    """The agreement with a partner on a day, or NoAgreement; one that is only planned is none."""
    statement = select(AgreementRow).where(
        of_tenant(session, AgreementRow),
        col(AgreementRow.partner_id) == partner.id,
        col(AgreementRow.planned).is_(False),
        or_(col(AgreementRow.valid_from).is_(None), col(AgreementRow.valid_from) <= on),
        or_(col(AgreementRow.valid_to).is_(None), col(AgreementRow.valid_to) >= on),
    )
    agreement = (await session.scalars(statement)).one_or_none()
    if agreement is None:
        raise NoAgreement(partner=partner.code, partner_name=partner.name, on=on.isoformat())
    return agreement


def _statement() -> Select[Any]:
    return select(*_OWN_COLUMNS, col(Partner.code).label("partner"), col(Partner.name).label("partner_name")).join(
        Partner, col(Partner.id) == AgreementRow.partner_id
    )
