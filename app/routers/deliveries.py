"""The log of what was sent to an endpoint of a partner."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import Answer, Caller, DeliveryId, Now, Transaction, WebhookId
from app.routing import router as strict_router
from app.schemas.base import Page
from app.schemas.deliveries import DeliveryQuery, DeliveryRead, ReplaysRead
from app.services import deliveries

router = strict_router("/v1/partner/webhooks/{webhook_id}", "webhooks")


@router.get("/deliveries", summary="What was sent, newest first")
async def list_(
    session: Transaction,
    caller: Caller,
    webhook_id: WebhookId,
    answer: Answer,
    query: Annotated[DeliveryQuery, Query()],
) -> Page[DeliveryRead]:
    """With every attempt; those that were given up after the tenth are `dead`."""
    return answer.linked(await deliveries.list_page(session, webhook_id, caller=caller, query=query))


@router.post("/deliveries/{delivery_id}/replays", status_code=status.HTTP_201_CREATED, summary="Send one again")
async def replay(
    session: Transaction, caller: Caller, now: Now, webhook_id: WebhookId, delivery_id: DeliveryId
) -> DeliveryRead:
    """From the first of the ten attempts on, under the same `webhook-id`; one that was delivered too."""
    return await deliveries.replay(session, webhook_id, delivery_id, caller=caller, now=now)


@router.post("/replays", summary="Send at once all that was given up or waits")
async def replay_dead(session: Transaction, caller: Caller, now: Now, webhook_id: WebhookId) -> ReplaysRead:
    """The receiver is back: every delivery that is `dead` begins another ten attempts, every one that waits for its
    next attempt gets one more at once, in their order; no sooner than the receiver asked by Retry-After.
    """
    return await deliveries.replay_dead(session, webhook_id, caller=caller, now=now)
