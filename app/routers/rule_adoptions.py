"""A CCAS adopts a version of its rules."""

from fastapi import status

from app.dependencies import Caller, Language, Slug, Today, Transaction
from app.routing import router as strict_router
from app.schemas.rule_adoptions import RuleAdoptionCreate, RuleAdoptionRead
from app.services import rule_adoptions

router = strict_router("/v1/tenants/{slug}/rules/versions", "tenants")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A new version of the rules")
async def create(
    session: Transaction, caller: Caller, today: Today, language: Language, slug: Slug, body: RuleAdoptionCreate
) -> RuleAdoptionRead:
    """From today on or later; the open version before it ends the day before. A version never changes afterwards.

    Where a version ends and none follows it, `warnings` tells the first day without rules.
    """
    return await rule_adoptions.create(session, slug, caller=caller, today=today, language=language, body=body)
