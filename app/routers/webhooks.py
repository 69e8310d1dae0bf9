"""The endpoints to which a partner has its events sent."""

from typing import Annotated

from fastapi import Depends, Query, status

from app.dependencies import Answer, Caller, Now, Transaction, WebhookId
from app.routing import known_endpoint
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.webhooks import SecretCreate, SecretCreated, WebhookCreate, WebhookCreated, WebhookRead
from app.services import webhooks

router = strict_router("/v1/partner/webhooks", "webhooks")


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Have events sent to an address",
    dependencies=[Depends(known_endpoint)],
)
async def create(session: Transaction, caller: Caller, now: Now, body: WebhookCreate, answer: Answer) -> WebhookCreated:
    """Its name must be known, and of public addresses alone, now and each time it is called. Signed as Standard
    Webhooks 1.0 says, with the secret that is told this once: asked again, with whatever key,
    another endpoint is made.
    """
    return answer.tagged(await webhooks.create(session, caller=caller, now=now, body=body))


@router.get("", summary="The endpoints, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[WebhookRead]:
    """Those that are disabled too."""
    return answer.linked(await webhooks.list_page(session, caller=caller, query=query))


@router.get("/{webhook_id}", summary="One endpoint")
async def read(session: Transaction, caller: Caller, webhook_id: WebhookId, answer: Answer) -> WebhookRead:
    """Whether anything is sent there, and since when it fails."""
    return answer.tagged(await webhooks.read(session, webhook_id, caller=caller))


@router.post("/{webhook_id}/secrets", status_code=status.HTTP_201_CREATED, summary="Another secret")
async def rotate(
    session: Transaction, caller: Caller, now: Now, webhook_id: WebhookId, body: SecretCreate | None = None
) -> SecretCreated:
    """The one in use signs beside it for a day, or for as long as is asked. Asked again, with whatever key, another
    one is made.
    """
    return await webhooks.rotate(session, webhook_id, caller=caller, now=now, body=body)


@router.post("/{webhook_id}/disablements", status_code=status.HTTP_201_CREATED, summary="Send nothing more")
async def disable(session: Transaction, caller: Caller, now: Now, webhook_id: WebhookId, answer: Answer) -> WebhookRead:
    """What happens meanwhile waits."""
    return answer.tagged(await webhooks.disable(session, webhook_id, caller=caller, now=now))


@router.post("/{webhook_id}/enablements", status_code=status.HTTP_201_CREATED, summary="Send again")
async def enable(session: Transaction, caller: Caller, now: Now, webhook_id: WebhookId, answer: Answer) -> WebhookRead:
    """Also after it answered 410; from where it was left, without a gap, as long as events are kept (13 months)."""
    return answer.tagged(await webhooks.enable(session, webhook_id, caller=caller, now=now))
