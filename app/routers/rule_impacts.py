"""What other rules would have told of the decisions of a time."""

from app.dependencies import Caller, Language, Slug, Today, Transaction
from app.routing import router as strict_router
from app.schemas.rule_impacts import RuleImpactCreate, RuleImpactRead
from app.services import rule_impacts

router = strict_router("/v1/tenants/{slug}/rules/impact", "tenants")


@router.post("", summary="What a draft of rules would have changed")
async def create(
    session: Transaction, caller: Caller, today: Today, language: Language, slug: Slug, body: RuleImpactCreate
) -> RuleImpactRead:
    """Decision by decision and in total, on the facts stored with each; at most 5 000 decisions at once.

    A draft with faults is tried all the same; they are told beside.
    """
    return await rule_impacts.create(session, slug, caller=caller, today=today, language=language, body=body)
