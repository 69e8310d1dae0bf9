"""Partners that have not answered, or not checked again, within the delay agreed with them."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.events import EventSubject, kind
from app.domain.handoff_lifecycle import HandoffStatus
from app.services import checks_wanted, events
from app.tables import AgreementRow, CheckRenewal, Event, Handoff, HandoffTransition
from app.tenancy import of_tenant

UNDER_AGREEMENT = and_(col(AgreementRow.tenant_id) == Handoff.tenant_id, col(AgreementRow.id) == Handoff.agreement_id)
_WITH_LENDER = (HandoffStatus.SENT, HandoffStatus.RECEIVED, HandoffStatus.IN_PROGRESS)
_OF_HANDOFF = and_(
    col(HandoffTransition.tenant_id) == Handoff.tenant_id, col(HandoffTransition.handoff_id) == Handoff.id
)
_ASKED_AGAIN = and_(col(CheckRenewal.tenant_id) == Handoff.tenant_id, col(CheckRenewal.handoff_id) == Handoff.id)
_SILENT = "silent"


def since_on() -> Any:
    """The day of the last step of a handoff, or of the last time that its lender was asked to check again."""
    return _last(col(HandoffTransition.effect_on), col(CheckRenewal.wanted_on))


def due_on() -> Any:
    """The last day of the delay agreed for an answer; null where none is."""
    return since_on() + col(AgreementRow.answer_days_max)


def waiting(session: AsyncSession, on: date) -> ColumnElement[bool]:
    """Whether a handoff waits on a day for its partner's answer or check, beyond the delay agreed where one is."""
    late = or_(col(AgreementRow.answer_days_max).is_(None), due_on() < on)
    return and_(or_(col(Handoff.status).in_(_WITH_LENDER), checks_wanted.wanted(session)), late)


async def note(session: AsyncSession, *, on: date) -> int:
    """Enters one event for each handoff whose partner has let the agreed delay pass.

    Returns how many are new: the same silence is told once.
    """
    told = exists().where(
        col(Event.tenant_id) == Handoff.tenant_id,
        col(Event.subject_id) == Handoff.id,
        col(Event.kind) == kind(EventSubject.HANDOFF, _SILENT),
        col(Event.entered_at) >= _last(col(HandoffTransition.entered_at), col(CheckRenewal.entered_at)),
    )
    statement = (
        select(Handoff)
        .join(AgreementRow, UNDER_AGREEMENT)
        .where(of_tenant(session, Handoff), waiting(session, on), col(AgreementRow.answer_days_max).is_not(None), ~told)
        .order_by(col(Handoff.id))
        .with_for_update(of=Handoff)
    )
    silent = (await session.scalars(statement)).all()
    for handoff in silent:
        events.of_handoff(session, handoff, _SILENT)
    return len(silent)


def _last(step: Any, asked_again: Any) -> Any:
    """The latest of the steps of a handoff and of the demands for another check."""
    return func.greatest(
        select(func.max(step)).where(_OF_HANDOFF).scalar_subquery(),
        select(func.max(asked_again)).where(_ASKED_AGAIN).scalar_subquery(),
    )
