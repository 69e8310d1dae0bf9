"""What was decided ahead of a session (validation en amont), and so is listed at the next one."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.request_lifecycle import RequestStatus
from app.tables import Decision, Ratification, Request
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class RatificationDue:
    """A decision taken ahead of the session: `to_ratify` where it waits for the session's answer, else to be told."""

    decision_id: UUID
    request_id: UUID
    decided_on: date
    to_ratify: bool


async def due(session: AsyncSession) -> list[RatificationDue]:
    """The decisions taken ahead of a session: those that wait for its answer, and those it is only told of.

    Of these last, all there ever were: the agenda knows which it has told.
    """
    of_file = and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id)
    statement = (
        select(Decision)
        .join(Request, of_file)
        .where(
            of_tenant(session, Decision),
            col(Decision.fast_track),
            or_(~col(Decision.provisional), waiting(session)),
        )
        .order_by(col(Decision.decided_on), col(Decision.id))
    )
    return [
        RatificationDue(
            decision_id=row.id, request_id=row.request_id, decided_on=row.decided_on, to_ratify=row.provisional
        )
        for row in await session.scalars(statement)
    ]


def waiting(session: AsyncSession) -> ColumnElement[bool]:
    """That a decision, beside its request, waits for the session's answer."""
    answered = select(col(Ratification.id)).where(
        of_tenant(session, Ratification), col(Ratification.decision_id) == Decision.id
    )
    return and_(
        col(Decision.provisional),
        col(Request.status) == RequestStatus.APPROVED_PROVISIONAL,
        ~answered.exists(),
    )
