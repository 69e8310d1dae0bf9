"""The credentials of a partner's machines, changed by the partner itself."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, CredentialId, Now, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.partner_credentials import (
    PartnerCredentialCreate,
    PartnerCredentialCreated,
    PartnerCredentialRead,
)
from app.services import partner_credentials

router = strict_router("/v1/partner/credentials", "partner credentials")


@router.get("", summary="What the partner's machines sign in with, newest first")
async def list_(
    session: Transaction, caller: Caller, now: Now, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[PartnerCredentialRead]:
    """Two are active at once at the most; a secret is never told again."""
    return answer.linked(await partner_credentials.list_page(session, caller=caller, now=now, query=query))


@router.post("", status_code=status.HTTP_201_CREATED, summary="Credentials beside those in use")
async def create(
    session: Transaction, caller: Caller, now: Now, body: PartnerCredentialCreate | None = None
) -> PartnerCredentialCreated:
    """The secret is told this once. Move the machines over, then revoke the earlier ones: no push is lost."""
    return await partner_credentials.create(session, caller=caller, now=now, body=body)


@router.post(
    "/{credential_id}/revocations", status_code=status.HTTP_201_CREATED, summary="These credentials are good no more"
)
async def revoke(session: Transaction, caller: Caller, now: Now, credential_id: CredentialId) -> PartnerCredentialRead:
    """At once, their tokens with them. The last ones are not revoked: make others first."""
    return await partner_credentials.revoke(session, credential_id, caller=caller, now=now)
