"""The CCAS and their rules, open to all."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Now, PublicTransaction, Slug
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.tenants import RulesQuery, RuleVersionList, RuleVersionRead, TenantRead
from app.services import tenants

router = strict_router("/v1/tenants", "tenants")


@router.get("", summary="The CCAS of this instance")
async def list_(session: PublicTransaction, answer: Answer, query: Annotated[PageQuery, Query()]) -> Page[TenantRead]:
    """By slug."""
    return answer.linked(await tenants.list_page(session, query=query))


@router.get("/{slug}", summary="One CCAS")
async def read(session: PublicTransaction, slug: Slug) -> TenantRead:
    """Its name and communes."""
    return await tenants.read(session, slug)


@router.get("/{slug}/rules", summary="The rules in force on a day")
async def rules(
    session: PublicTransaction, slug: Slug, query: Annotated[RulesQuery, Query()], now: Now
) -> RuleVersionRead:
    """The version of the rules in force on `on`; today where no day is given."""
    return await tenants.rules_on(session, slug, on=query.on, now=now)


@router.get("/{slug}/rules/versions", summary="All versions of the rules")
async def rule_versions(session: PublicTransaction, slug: Slug) -> RuleVersionList:
    """From the oldest to the one in force or to come."""
    return await tenants.rule_versions(session, slug)
