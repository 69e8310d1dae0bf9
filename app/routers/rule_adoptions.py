"""A CCAS adopts a version of its rules, or takes back one that has not begun."""

from fastapi import status

from app.dependencies import Caller, Language, RulesVersion, Slug, Today, Transaction
from app.routing import router as strict_router
from app.schemas.rule_adoptions import (
    RuleAdoptionCreate,
    RuleAdoptionRead,
    RuleWithdrawalCreate,
    RuleWithdrawalRead,
)
from app.services import rule_adoptions

router = strict_router("/v1/tenants/{slug}/rules/versions", "tenants")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A new version of the rules")
async def create(
    session: Transaction, caller: Caller, today: Today, language: Language, slug: Slug, body: RuleAdoptionCreate
) -> RuleAdoptionRead:
    """From today on or later; the open version before it ends the day before. A version never changes afterwards.

    Where a version ends and none follows it, `warnings` tells the first day without rules; where files that are not
    decided have a product that these rules no longer have, how many.
    """
    return await rule_adoptions.create(session, slug, caller=caller, today=today, language=language, body=body)


@router.post("/{version}/withdraw", summary="A version that has not begun is taken back")
async def withdraw(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    slug: Slug,
    version: RulesVersion,
    body: RuleWithdrawalCreate,
) -> RuleWithdrawalRead:
    """The last one first. It stays in the list, with the reason; the open version that it had closed goes on."""
    return await rule_adoptions.withdraw(
        session, slug, version, caller=caller, today=today, language=language, body=body
    )
