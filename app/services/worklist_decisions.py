"""What waits once a decision is taken: some of the kinds of the worklist."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.notices import NAMED, FastTrackNotice
from app.domain.notifications import DEMANDING
from app.domain.rectifications import ENDING
from app.domain.request_lifecycle import RequestStatus
from app.domain.session_lifecycle import SessionStatus
from app.services.worklist_requests import Waiting, of_request
from app.tables import (
    CommitteeSession,
    Decision,
    Notification,
    Ratification,
    Rectification,
    Request,
    RuleVersionRow,
)
from app.tenancy import of_tenant


def adjourned(session: AsyncSession, *, now: datetime) -> Waiting:
    """Files that were adjourned and are not submitted again; due on the day they come back, where it was set."""
    return (
        of_request(col(Decision.decided_on), col(Request.id), due_on=col(Decision.next_on))
        .select_from(Decision)
        .join(Request, and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id))
        .where(of_tenant(session, Decision), col(Request.status) == RequestStatus.ADJOURNED, ~_decided_since())
    )


def decisions_not_notified(session: AsyncSession, *, now: datetime) -> Waiting:
    """The last decision of a file, where it stands and can be notified: nobody who demands the aid was told."""
    told = exists().where(
        col(Notification.tenant_id) == Decision.tenant_id,
        col(Notification.decision_id) == Decision.id,
        col(Notification.recipient).in_(sorted(DEMANDING)),
    )
    return (
        of_request(col(Decision.decided_on), col(Decision.id))
        .select_from(Decision)
        .join(Request, and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id))
        .where(of_tenant(session, Decision), ~_decided_since(), ~told, ~_rectified(col(Rectification.kind).in_(ENDING)))
        .where(*(_named(name) for name in NAMED), _takes_effect(session))
    )


def _takes_effect(session: AsyncSession) -> Any:
    """The condition that neither the minutes of a session nor a ratification keep a decision from being told."""
    answer = aliased(Ratification)
    of_decision = and_(of_tenant(session, answer), col(answer.decision_id) == Decision.id)
    answered_in = select(col(answer.session_id)).where(of_decision).scalar_subquery()
    minutes_open = exists().where(
        of_tenant(session, CommitteeSession),
        col(CommitteeSession.id) == func.coalesce(answered_in, col(Decision.session_id)),
        col(CommitteeSession.status) != SessionStatus.CLOSED,
    )
    rule = func.jsonb_build_object(
        "code", col(Request.product), "fast_track_notice", FastTrackNotice.SUBJECT_TO_RATIFICATION.value
    )
    subject_to = exists().where(
        of_tenant(session, RuleVersionRow),
        col(RuleVersionRow.id) == Decision.rule_version_id,
        col(RuleVersionRow.products).op("@>")(func.jsonb_build_array(rule)),
    )
    ratified = exists().where(of_decision, col(answer.ratified))
    return and_(
        ~minutes_open,
        or_(~col(Decision.provisional), ratified, and_(~exists().where(of_decision), subject_to)),
    )


def _decided_since() -> Any:
    """The condition that a file has a later decision."""
    later = aliased(Decision)
    return exists().where(
        col(later.tenant_id) == Decision.tenant_id,
        col(later.request_id) == Decision.request_id,
        col(later.number) > Decision.number,
    )


def _named(name: str) -> Any:
    """The condition that a decision names something, from the first or since it was corrected."""
    column: Any = getattr(Decision, name)
    return or_(column.is_not(None), _rectified(col(Rectification.corrections).has_key(name)))  # type: ignore[attr-defined]


def _rectified(condition: Any) -> Any:
    return exists().where(
        col(Rectification.tenant_id) == Decision.tenant_id, col(Rectification.decision_id) == Decision.id, condition
    )
