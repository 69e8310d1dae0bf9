"""Committees (commissions permanentes)."""

from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound, VersionStale
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.committees import CommitteeCreate, CommitteeRead, CommitteeUpdate
from app.services.pages import page
from app.tables import Committee
from app.tenancy import bound_tenant, of_tenant

_COLUMNS = [getattr(Committee, name) for name in CommitteeRead.model_fields]
_ITEMS = TypeAdapter(list[CommitteeRead])


async def create(session: AsyncSession, *, caller: Caller, body: CommitteeCreate) -> CommitteeRead:
    """A committee of the CCAS."""
    committee = Committee(tenant_id=bound_tenant(session), account_id=caller.account_id, **body.model_dump())
    session.add(committee)
    return CommitteeRead.model_validate(committee)


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[CommitteeRead]:
    """Committees, newest entry first."""
    return await page(session, select(*_COLUMNS), Committee, query=query, items=_ITEMS)


async def read(session: AsyncSession, committee_id: UUID) -> CommitteeRead:
    """One committee, or NotFound."""
    return CommitteeRead.model_validate(await load(session, committee_id))


async def update(session: AsyncSession, committee_id: UUID, *, version: int, body: CommitteeUpdate) -> CommitteeRead:
    """Changes what the body names. Raises NotFound, VersionStale."""
    committee = await locked(session, committee_id)
    if committee.version != version:
        raise VersionStale
    for field, value in body.model_dump(exclude_unset=True).items():
        setattr(committee, field, value)
    committee.version += 1
    return CommitteeRead.model_validate(committee)


async def load(session: AsyncSession, committee_id: UUID) -> Committee:
    """The row of a committee, or NotFound."""
    statement = select(Committee).where(of_tenant(session, Committee), col(Committee.id) == committee_id)
    committee = (await session.scalars(statement)).one_or_none()
    if committee is None:
        raise NotFound
    return committee


async def locked(session: AsyncSession, committee_id: UUID) -> Committee:
    """The row of a committee, held until the end of the transaction; NotFound."""
    key = (bound_tenant(session), committee_id)
    committee = await session.get(Committee, key, with_for_update=True, populate_existing=True)
    if committee is None:
        raise NotFound
    return committee
