"""The keys that a partner signs its pushes with, changed by the partner itself."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, Now, SigningKeyId, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.signing_keys import SigningKeyCreate, SigningKeyCreated, SigningKeyRead
from app.services import signing_keys

router = strict_router("/v1/partner/signing-keys", "signing keys")


@router.get("", summary="What the partner signs its pushes with, newest first")
async def list_(
    session: Transaction, caller: Caller, now: Now, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[SigningKeyRead]:
    """Two are active at once at the most; a secret is never told again."""
    return answer.linked(await signing_keys.list_page(session, caller=caller, now=now, query=query))


@router.post("", status_code=status.HTTP_201_CREATED, summary="A key to sign pushes with")
async def create(
    session: Transaction, caller: Caller, now: Now, body: SigningKeyCreate | None = None
) -> SigningKeyCreated:
    """The secret is told this once; where you send a public key of your own there is none.

    From then on the credentials, keys and endpoints change by signed requests only.
    """
    return await signing_keys.create(session, caller=caller, now=now, body=body)


@router.post("/{signing_key_id}/revocations", status_code=status.HTTP_201_CREATED, summary="This key signs no more")
async def revoke(session: Transaction, caller: Caller, now: Now, signing_key_id: SigningKeyId) -> SigningKeyRead:
    """At once; pushes that it signed are refused from then on."""
    return await signing_keys.revoke(session, signing_key_id, caller=caller, now=now)
