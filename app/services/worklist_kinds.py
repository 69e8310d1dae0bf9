"""The kinds of what waits: each a statement over what is recorded, with the same columns.

`subject_id` tells two of a kind apart; `account_id` is who is to act: the agent who instructs the file, or who took
the contact.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, and_, case, cast, exists, func, null, select
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.contact_lifecycle import ContactStatus
from app.domain.handoff_lifecycle import HandoffStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.papers import PaperStatus
from app.domain.request_lifecycle import ENDED, RequestStatus
from app.domain.worklist import WorkKind
from app.services import loan_dues, referrals
from app.tables import (
    Contact,
    Handoff,
    HandoffTransition,
    Loan,
    LoanTransition,
    Paper,
    Referral,
    Request,
    RequestTransition,
    Statement,
    StatementPosition,
)
from app.tenancy import of_tenant

_NO_ID = cast(null(), UUID(as_uuid=True))
_NO_DAY = cast(null(), Date)
_WITH_LENDER = (HandoffStatus.SENT, HandoffStatus.RECEIVED, HandoffStatus.IN_PROGRESS)
_LOAN_OF_REQUEST = and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id)
Waiting = Select[*tuple[Any, ...]]


def calls_to_return(session: AsyncSession, *, today: date) -> Waiting:
    """Contacts that neither became a request nor were answered."""
    return select(
        col(Contact.contacted_on).label("since_on"),
        _NO_DAY.label("due_on"),
        _NO_ID.label("request_id"),
        _NO_ID.label("loan_id"),
        col(Contact.id).label("contact_id"),
        col(Contact.id).label("subject_id"),
        col(Contact.account_id),
    ).where(of_tenant(session, Contact), col(Contact.status) == ContactStatus.OPEN)


def nothing_done(session: AsyncSession, *, today: date) -> Waiting:
    """Requests taken in with which nothing was begun."""
    stepped = exists().where(
        col(RequestTransition.tenant_id) == Request.tenant_id, col(RequestTransition.request_id) == Request.id
    )
    return _of_request(col(Request.received_on), col(Request.id)).where(
        of_tenant(session, Request), col(Request.status) == RequestStatus.INTAKE, ~stepped
    )


def late_papers(session: AsyncSession, *, today: date) -> Waiting:
    """Papers asked for with a day to bring them, which has passed without them."""
    return (
        _of_request(col(Paper.asked_on), col(Paper.id), due_on=col(Paper.due_on))
        .select_from(Paper)
        .join(Request, and_(col(Request.tenant_id) == Paper.tenant_id, col(Request.id) == Paper.request_id))
        .where(
            of_tenant(session, Paper),
            col(Paper.status) == PaperStatus.ASKED,
            col(Paper.due_on) < today,
            col(Request.status).not_in(sorted(ENDED)),
        )
    )


def silent_referrals(session: AsyncSession, *, today: date) -> Waiting:
    """Referrals without an answer on the day by which one was expected, of requests and of contacts."""
    return (
        select(
            col(Referral.referred_on).label("since_on"),
            col(Referral.answer_expected_on).label("due_on"),
            col(Referral.request_id),
            _NO_ID.label("loan_id"),
            col(Referral.contact_id),
            col(Referral.id).label("subject_id"),
            func.coalesce(Request.instructing_agent_id, Referral.account_id).label("account_id"),
        )
        .select_from(Referral)
        .outerjoin(Request, and_(col(Request.tenant_id) == Referral.tenant_id, col(Request.id) == Referral.request_id))
        .where(of_tenant(session, Referral), referrals.silent(today))
    )


def silent_lenders(session: AsyncSession, *, today: date) -> Waiting:
    """Files that lie with a lender, since the last step of their handoff."""
    since = (
        select(func.max(col(HandoffTransition.effect_on)))
        .where(col(HandoffTransition.tenant_id) == Handoff.tenant_id, col(HandoffTransition.handoff_id) == Handoff.id)
        .scalar_subquery()
    )
    return (
        _of_request(since, col(Handoff.id))
        .select_from(Handoff)
        .join(Request, and_(col(Request.tenant_id) == Handoff.tenant_id, col(Request.id) == Handoff.request_id))
        .where(of_tenant(session, Handoff), col(Handoff.status).in_(_WITH_LENDER))
    )


def contracts_not_signed(session: AsyncSession, *, today: date) -> Waiting:
    """Loans offered that not all have signed, since the offer; due by the end of the lender's offer where it says."""
    return _of_loan(session, col(Loan.offered_on), due_on=col(Loan.offer_valid_until)).where(
        col(Loan.stage) == LoanStage.OFFERED
    )


def money_not_paid(session: AsyncSession, *, today: date) -> Waiting:
    """Loans contracted that are not paid out, since the last signature; due on the day that was foreseen."""
    since = (
        select(func.max(col(LoanTransition.effect_on)))
        .where(
            col(LoanTransition.tenant_id) == Loan.tenant_id,
            col(LoanTransition.loan_id) == Loan.id,
            col(LoanTransition.to_stage) == LoanStage.ACCEPTED,
        )
        .scalar_subquery()
    )
    return _of_loan(session, since, due_on=col(Loan.expected_disbursed_on)).where(col(Loan.stage) == LoanStage.ACCEPTED)


def first_unpaid(session: AsyncSession, *, today: date) -> Waiting:
    """Loans with an instalment that is late, since it was due.

    What a partner's borrowers owe is known up to the position of its last whole statement.
    """
    unpaid = loan_dues.first_unpaid(session, on=today)
    position = _position(session)
    known_on = case((col(Loan.partner_id).is_(None), today), else_=func.least(today, position + timedelta(days=1)))
    return (
        _of_loan(session, unpaid.c.due_on, due_on=unpaid.c.due_on)
        .join(unpaid, unpaid.c.loan_id == Loan.id)
        .where(unpaid.c.due_on < known_on)
    )


def _position(session: AsyncSession) -> Any:
    """The day up to which the partner of a loan has told all it knows."""
    whole = and_(
        col(StatementPosition.tenant_id) == Statement.tenant_id, col(StatementPosition.statement_id) == Statement.id
    )
    return (
        select(func.max(Statement.position_on))
        .join(StatementPosition, whole)
        .where(of_tenant(session, Statement), col(Statement.partner_id) == Loan.partner_id)
        .correlate(Loan)
        .scalar_subquery()
    )


def _of_request(since_on: Any, subject_id: Any, *, due_on: Any = _NO_DAY) -> Waiting:
    return select(
        since_on.label("since_on"),
        due_on.label("due_on"),
        col(Request.id).label("request_id"),
        _NO_ID.label("loan_id"),
        _NO_ID.label("contact_id"),
        subject_id.label("subject_id"),
        col(Request.instructing_agent_id).label("account_id"),
    )


def _of_loan(session: AsyncSession, since_on: Any, *, due_on: Any) -> Waiting:
    return (
        select(
            since_on.label("since_on"),
            due_on.label("due_on"),
            col(Loan.request_id),
            col(Loan.id).label("loan_id"),
            _NO_ID.label("contact_id"),
            col(Loan.id).label("subject_id"),
            col(Request.instructing_agent_id).label("account_id"),
        )
        .select_from(Loan)
        .join(Request, _LOAN_OF_REQUEST)
        .where(of_tenant(session, Loan))
    )


STATEMENTS: Mapping[WorkKind, Callable[..., Waiting]] = {
    WorkKind.CALL_TO_RETURN: calls_to_return,
    WorkKind.NOTHING_DONE: nothing_done,
    WorkKind.LATE_PAPER: late_papers,
    WorkKind.SILENT_REFERRAL: silent_referrals,
    WorkKind.SILENT_LENDER: silent_lenders,
    WorkKind.CONTRACT_NOT_SIGNED: contracts_not_signed,
    WorkKind.MONEY_NOT_PAID: money_not_paid,
    WorkKind.FIRST_UNPAID: first_unpaid,
}
