"""What waits in the course of a request, from its intake to the lender's answer: some of the kinds of the worklist."""

from datetime import datetime
from typing import Any

from sqlalchemy import Date, Select, and_, cast, exists, func, null, or_, select
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.request_lifecycle import RequestStatus
from app.services import fast_track, silences
from app.tables import AgreementRow, Decision, Handoff, HandoffTransition, Loan, Request, RequestTransition
from app.tenancy import of_tenant

NO_ID = cast(null(), UUID(as_uuid=True))
NO_DAY = cast(null(), Date)
LOAN_OF_REQUEST = and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id)
Waiting = Select[*tuple[Any, ...]]


def nothing_done(session: AsyncSession, *, now: datetime) -> Waiting:
    """Requests taken in with which nothing was begun."""
    stepped = exists().where(
        col(RequestTransition.tenant_id) == Request.tenant_id, col(RequestTransition.request_id) == Request.id
    )
    return of_request(col(Request.received_on), col(Request.id)).where(
        of_tenant(session, Request), col(Request.status) == RequestStatus.INTAKE, ~stepped
    )


def before_commission(session: AsyncSession, *, now: datetime) -> Waiting:
    """Requests submitted that the commission has not decided on."""
    return of_request(_reached_on(session, now), col(Request.id)).where(
        of_tenant(session, Request), col(Request.status) == RequestStatus.SUBMITTED
    )


def ratifications_due(session: AsyncSession, *, now: datetime) -> Waiting:
    """Decisions taken ahead of a session that it has not ratified, since they were taken."""
    of_file = and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id)
    return (
        of_request(col(Decision.decided_on), col(Decision.id))
        .select_from(Decision)
        .join(Request, of_file)
        .where(of_tenant(session, Decision), fast_track.waiting(session))
    )


def to_send(session: AsyncSession, *, now: datetime) -> Waiting:
    """Files endorsed that were not sent to a lender, or were taken back from the last."""
    taken_back = and_(
        col(Request.status) == RequestStatus.SENT_TO_LENDER, _last_sent(session) == HandoffStatus.WITHDRAWN
    )
    return of_request(func.greatest(_reached_on(session, now), _told_on(session)), col(Request.id)).where(
        of_tenant(session, Request), or_(col(Request.status) == RequestStatus.ENDORSED, taken_back)
    )


def silent_lenders(session: AsyncSession, *, now: datetime) -> Waiting:
    """What lies with a lender, or is to be checked again, beyond the delay agreed with it, or at all where none is.

    A statement of interest borne is of no request, and of nobody's who instructs one.
    """
    return (
        of_request(silences.since_on(), col(Handoff.id), due_on=silences.due_on(), handoff_id=col(Handoff.id))
        .select_from(Handoff)
        .join(AgreementRow, silences.UNDER_AGREEMENT)
        .outerjoin(Request, and_(col(Request.tenant_id) == Handoff.tenant_id, col(Request.id) == Handoff.request_id))
        .where(of_tenant(session, Handoff), silences.waiting(session, now.date()))
    )


def lender_refused(session: AsyncSession, *, now: datetime) -> Waiting:
    """Files that their last lender refused: they go to another, or the person is told and given another answer."""
    return of_request(_told_on(session), col(Request.id)).where(
        of_tenant(session, Request),
        col(Request.status) == RequestStatus.SENT_TO_LENDER,
        _last_sent(session) == HandoffStatus.REFUSED,
    )


def contracts_to_offer(session: AsyncSession, *, now: datetime) -> Waiting:
    """Requests approved for which no loan is offered."""
    offered = exists().where(LOAN_OF_REQUEST, col(Loan.stage) != LoanStage.CANCELLED)
    return of_request(_reached_on(session, now), col(Request.id)).where(
        of_tenant(session, Request), col(Request.status) == RequestStatus.APPROVED, ~offered
    )


def of_request(since_on: Any, subject_id: Any, *, due_on: Any = NO_DAY, handoff_id: Any = NO_ID) -> Waiting:
    """What waits of requests, for the agent who instructs them."""
    return select(
        since_on.label("since_on"),
        due_on.label("due_on"),
        col(Request.id).label("request_id"),
        NO_ID.label("loan_id"),
        NO_ID.label("contact_id"),
        handoff_id.label("handoff_id"),
        subject_id.label("subject_id"),
        col(Request.instructing_agent_id).label("account_id"),
    )


def _reached_on(session: AsyncSession, now: datetime) -> Any:
    """The day on which a request came to be where it is."""
    entered_on = cast(func.timezone(str(now.tzinfo), col(RequestTransition.entered_at)), Date)
    return (
        select(func.coalesce(col(RequestTransition.effect_on), entered_on))
        .where(of_tenant(session, RequestTransition), col(RequestTransition.request_id) == Request.id)
        .order_by(col(RequestTransition.id).desc())
        .limit(1)
        .correlate(Request)
        .scalar_subquery()
    )


def _last_sent(session: AsyncSession) -> Any:
    """Where the last handoff of the loan file of a request stands."""
    return (
        select(col(Handoff.status))
        .where(
            of_tenant(session, Handoff),
            col(Handoff.request_id) == Request.id,
            col(Handoff.kind) == HandoffKind.LOAN_FILE,
        )
        .order_by(col(Handoff.id).desc())
        .limit(1)
        .correlate(Request)
        .scalar_subquery()
    )


def _told_on(session: AsyncSession) -> Any:
    """The day of the last step of the handoffs of the loan file of a request."""
    return (
        select(func.max(col(HandoffTransition.effect_on)))
        .join(Handoff, and_(of_tenant(session, Handoff), col(Handoff.id) == HandoffTransition.handoff_id))
        .where(
            of_tenant(session, HandoffTransition),
            col(Handoff.request_id) == Request.id,
            col(Handoff.kind) == HandoffKind.LOAN_FILE,
        )
        .correlate(Request)
        .scalar_subquery()
    )
