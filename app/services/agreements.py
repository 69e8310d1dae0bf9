"""The conventions of the CCAS with the partners that lend."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.channels import Channel
from app.domain.errors import NotFound
from app.domain.handoff_errors import ChannelNotAgreed
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.partner_errors import HandoffNotAgreed, NoAgreement
from app.domain.rules import channels_agreed
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
        of_tenant(session, AgreementRow), col(AgreementRow.partner_id) == partner.id, *_in_force(on)
    )
    agreement = (await session.scalars(statement)).one_or_none()
    if agreement is None:
        raise NoAgreement(partner=partner.code, partner_name=partner.name, on=on.isoformat())
    return agreement


async def in_force_for(session: AsyncSession, partner: Partner, kind: HandoffKind, *, on: date) -> AgreementRow:
    """The same, where it says that this is handed over. Raises NoAgreement, HandoffNotAgreed."""
    agreement = await in_force(session, partner, on=on)
    check_agreed(agreement, partner, kind)
    return agreement


async def partners_on(session: AsyncSession, *, on: date) -> Sequence[Partner]:
    """The partners that an agreement is in force with on a day, by their codes."""
    statement = (
        select(Partner)
        .join(AgreementRow, col(AgreementRow.partner_id) == Partner.id)
        .where(of_tenant(session, AgreementRow), *_in_force(on))
        .order_by(col(Partner.code))
    )
    return (await session.scalars(statement)).all()


def check_agreed(agreement: AgreementRow, partner: Partner, kind: HandoffKind) -> None:
    """Raises HandoffNotAgreed where the agreement says what is handed over, and this is not named."""
    if agreement.handoff_kinds is not None and kind.value not in agreement.handoff_kinds:
        raise HandoffNotAgreed(kind=kind.value, partner=partner.code, partner_name=partner.name)


def channel_of(agreement: AgreementRow, partner: Partner, channel: Channel | None) -> Channel:
    """The channel asked for, the best of those agreed unless one is. Raises ChannelNotAgreed."""
    agreed = channels_agreed(agreement.capabilities)
    chosen = channel or agreed[0]
    if chosen not in agreed:
        channels = [one.value for one in agreed]
        raise ChannelNotAgreed(
            field="channel", channel=chosen.value, channels=channels, partner=partner.code, partner_name=partner.name
        )
    return chosen


def _in_force(on: date) -> list[ColumnElement[bool]]:
    return [
        col(AgreementRow.planned).is_(False),
        or_(col(AgreementRow.valid_from).is_(None), col(AgreementRow.valid_from) <= on),
        or_(col(AgreementRow.valid_to).is_(None), col(AgreementRow.valid_to) >= on),
    ]


def _statement() -> Select[Any]:
    return select(*_OWN_COLUMNS, col(Partner.code).label("partner"), col(Partner.name).label("partner_name")).join(
        Partner, col(Partner.id) == AgreementRow.partner_id
    )
