"""Notifications of a decision."""

from fastapi import status

from app.dependencies import Caller, DecisionId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.notifications import NotificationCreate, NotificationList, NotificationRead
from app.services import notifications

router = strict_router("/v1/decisions/{decision_id}/notifications", "decisions")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A decision was notified")
async def create(
    session: Transaction, caller: Caller, today: Today, decision_id: DecisionId, body: NotificationCreate
) -> NotificationRead:
    """Refused, with every reason, while the decision does not name what makes it one."""
    return await notifications.create(session, decision_id, caller=caller, today=today, body=body)


@router.get("", summary="To whom a decision was notified")
async def list_(session: Transaction, caller: Caller, decision_id: DecisionId) -> NotificationList:
    """The oldest first."""
    return await notifications.list_all(session, decision_id)
