"""The CCAS of the instance, as anyone may know them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.schemas.base import Page, PageQuery
from app.schemas.tenants import RuleVersionList, RuleVersionRead, RuleVersionSummary, TenantRead
from app.services import rules
from app.services.pages import name_page
from app.tables import RuleVersionRow, Tenant
from app.tenancy import bind, of_tenant


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[TenantRead]:
    """Tenants by slug."""
    rows, next_cursor = await name_page(session, select(Tenant), col(Tenant.slug), scope="tenants", query=query)
    return Page(items=[TenantRead.model_validate(row[0]) for row in rows], next_cursor=next_cursor)


async def read(session: AsyncSession, slug: str) -> TenantRead:
    """One tenant, or NotFound."""
    return TenantRead.model_validate(await _by_slug(session, slug))


async def rules_on(session: AsyncSession, slug: str, *, on: date | None, now: datetime) -> RuleVersionRead:
    """The rules in force on a day; today, by the tenant's clock, where none is given."""
    tenant = await bound(session, slug)
    _, version = await rules.in_force(session, on or now.astimezone(ZoneInfo(tenant.time_zone)).date())
    return RuleVersionRead.model_validate(version)


async def rule_versions(session: AsyncSession, slug: str) -> RuleVersionList:
    """All versions of the rules, oldest first."""
    await bound(session, slug)
    rows = await session.scalars(
        select(RuleVersionRow).where(of_tenant(session, RuleVersionRow)).order_by(col(RuleVersionRow.version))
    )
    return RuleVersionList(items=[RuleVersionSummary.model_validate(row) for row in rows], next_cursor=None)


async def bound(session: AsyncSession, slug: str) -> Tenant:
    """The row of a tenant, to which the transaction is bound from now on. Raises NotFound."""
    tenant = await _by_slug(session, slug)
    await bind(session, tenant.id)
    return tenant


async def _by_slug(session: AsyncSession, slug: str) -> Tenant:
    tenant = (await session.scalars(select(Tenant).where(col(Tenant.slug) == slug))).one_or_none()
    if tenant is None:
        raise NotFound
    return tenant
