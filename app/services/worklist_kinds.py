"""The kinds of what waits: each a statement over what is recorded, with the same columns.

`now` is local to the CCAS. `subject_id` tells two of a kind apart; `account_id` is who is to act: the agent who
instructs the file, took the contact or has the appointment.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Date, and_, case, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.appointment_lifecycle import AppointmentStatus
from app.domain.contact_lifecycle import ContactStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.papers import PaperStatus
from app.domain.referral_lifecycle import ReferralStatus
from app.domain.request_lifecycle import ENDED
from app.domain.worklist import WorkKind
from app.services import loan_dues, paid_out, referrals, worklist_checks
from app.services import worklist_decisions as decisions
from app.services import worklist_requests as requests
from app.services.worklist_requests import LOAN_OF_REQUEST, NO_DAY, NO_ID, Waiting, of_request
from app.tables import (
    Appointment,
    Contact,
    ContactTransition,
    Loan,
    LoanTransition,
    Paper,
    Referral,
    ReferralAnswer,
    Request,
    RequestTransition,
    Withdrawal,
)
from app.tenancy import of_tenant

_IN_VAIN = (ReferralStatus.REFUSED, ReferralStatus.NO_PAPERS, ReferralStatus.NEVER_WENT)


def calls_to_return(session: AsyncSession, *, now: datetime) -> Waiting:
    """Contacts that neither became a request nor were answered."""
    return select(
        col(Contact.contacted_on).label("since_on"),
        NO_DAY.label("due_on"),
        NO_ID.label("request_id"),
        NO_ID.label("loan_id"),
        col(Contact.id).label("contact_id"),
        NO_ID.label("handoff_id"),
        col(Contact.id).label("subject_id"),
        col(Contact.account_id),
    ).where(of_tenant(session, Contact), col(Contact.status) == ContactStatus.OPEN)


def late_papers(session: AsyncSession, *, now: datetime) -> Waiting:
    """Papers asked for with a day to bring them, which has passed without them."""
    return (
        of_request(col(Paper.asked_on), col(Paper.id), due_on=col(Paper.due_on))
        .select_from(Paper)
        .join(Request, and_(col(Request.tenant_id) == Paper.tenant_id, col(Request.id) == Paper.request_id))
        .where(
            of_tenant(session, Paper),
            col(Paper.status) == PaperStatus.ASKED,
            col(Paper.due_on) < now.date(),
            col(Request.status).not_in(sorted(ENDED)),
        )
    )


def outcomes_missing(session: AsyncSession, *, now: datetime) -> Waiting:
    """Appointments whose hour has passed, of which nobody noted whether the person came."""
    return select(
        cast(func.timezone(str(now.tzinfo), col(Appointment.starts_at)), Date).label("since_on"),
        NO_DAY.label("due_on"),
        col(Appointment.request_id),
        NO_ID.label("loan_id"),
        col(Appointment.contact_id),
        NO_ID.label("handoff_id"),
        col(Appointment.id).label("subject_id"),
        col(Appointment.account_id),
    ).where(
        of_tenant(session, Appointment),
        col(Appointment.status) == AppointmentStatus.PLANNED,
        col(Appointment.starts_at) < now,
    )


def silent_referrals(session: AsyncSession, *, now: datetime) -> Waiting:
    """Referrals without an answer on the day by which one was expected, of requests and of contacts."""
    return (
        select(
            col(Referral.referred_on).label("since_on"),
            col(Referral.answer_expected_on).label("due_on"),
            col(Referral.request_id),
            NO_ID.label("loan_id"),
            col(Referral.contact_id),
            NO_ID.label("handoff_id"),
            col(Referral.id).label("subject_id"),
            func.coalesce(Request.instructing_agent_id, Referral.account_id).label("account_id"),
        )
        .select_from(Referral)
        .outerjoin(Request, and_(col(Request.tenant_id) == Referral.tenant_id, col(Request.id) == Referral.request_id))
        .where(of_tenant(session, Referral), referrals.silent(now.date()))
    )


def referrals_not_accepted(session: AsyncSession, *, now: datetime) -> Waiting:
    """Referrals that came to nothing, nobody having been referred since: of files that go on, or had ended before."""
    file, later = func.coalesce(col(Referral.request_id), col(Contact.request_id)), aliased(Referral)
    last = (
        select(col(ReferralAnswer.id))
        .where(of_tenant(session, ReferralAnswer), col(ReferralAnswer.referral_id) == Referral.id)
        .order_by(col(ReferralAnswer.id).desc())
        .limit(1)
        .correlate(Referral)
        .scalar_subquery()
    )
    since = exists().where(
        col(later.tenant_id) == Referral.tenant_id,
        or_(col(later.request_id) == file, col(later.contact_id) == Referral.contact_id),
        col(later.id) > Referral.id,
    )
    return (
        select(
            col(ReferralAnswer.answered_on).label("since_on"),
            NO_DAY.label("due_on"),
            file.label("request_id"),
            NO_ID.label("loan_id"),
            case((file.is_(None), col(Referral.contact_id))).label("contact_id"),
            NO_ID.label("handoff_id"),
            col(Referral.id).label("subject_id"),
            func.coalesce(Request.instructing_agent_id, Referral.account_id).label("account_id"),
        )
        .select_from(Referral)
        .join(ReferralAnswer, and_(of_tenant(session, ReferralAnswer), col(ReferralAnswer.id) == last))
        .outerjoin(Contact, and_(of_tenant(session, Contact), col(Contact.id) == Referral.contact_id))
        .outerjoin(Request, and_(of_tenant(session, Request), col(Request.id) == file))
        .where(of_tenant(session, Referral), col(Referral.status).in_(_IN_VAIN), ~since)
        .where(
            or_(
                col(Request.status).not_in(sorted(ENDED)),
                col(Contact.status) == ContactStatus.OPEN,
                col(ReferralAnswer.entered_at) > _last_step(session),
            )
        )
    )


def contracts_not_signed(session: AsyncSession, *, now: datetime) -> Waiting:
    """Loans offered that not all have signed, since the offer; due by the end of the lender's offer where it says."""
    return _of_loan(session, col(Loan.offered_on), due_on=col(Loan.offer_valid_until)).where(
        col(Loan.stage) == LoanStage.OFFERED
    )


def money_not_paid(session: AsyncSession, *, now: datetime) -> Waiting:
    """Loans contracted that are not paid out whole, since the last signature, or the last part that was paid; due on
    the day that was foreseen. What will never be paid out is not waited for.
    """
    accepted_on = (
        select(func.max(col(LoanTransition.effect_on)))
        .where(
            col(LoanTransition.tenant_id) == Loan.tenant_id,
            col(LoanTransition.loan_id) == Loan.id,
            col(LoanTransition.to_stage) == LoanStage.ACCEPTED,
        )
        .scalar_subquery()
    )
    since = func.coalesce(paid_out.last_paid_on(session), accepted_on)
    return _of_loan(session, since, due_on=col(Loan.expected_disbursed_on)).where(
        col(Loan.stage).in_([LoanStage.ACCEPTED, LoanStage.DISBURSED]),
        col(Loan.principal_cents) > paid_out.drawn_cents(session),
        ~paid_out.is_given_up(session),
    )


def first_unpaid(session: AsyncSession, *, now: datetime) -> Waiting:
    """Loans with an instalment that is known to be late, since it was due, where neither support covers it nor a
    procedure suspends it; after a withdrawal, with the principal to give back.
    """
    today = now.date()
    unpaid = loan_dues.oldest_late(session, on=today)
    left = and_(col(Withdrawal.tenant_id) == Loan.tenant_id, col(Withdrawal.loan_id) == Loan.id)
    due_on = func.coalesce(col(Withdrawal.refund_due_on), unpaid.c.due_on)
    return (
        _of_loan(session, due_on, due_on=due_on)
        .join(unpaid, unpaid.c.loan_id == Loan.id)
        .outerjoin(Withdrawal, left)
        .where(due_on < today)
    )


def _last_step(session: AsyncSession) -> Any:
    """The instant at which the last step of a request, or of a contact that is none, was entered."""
    requested = select(func.max(col(RequestTransition.entered_at))).where(
        of_tenant(session, RequestTransition), col(RequestTransition.request_id) == Request.id
    )
    solicited = select(func.max(col(ContactTransition.entered_at))).where(
        of_tenant(session, ContactTransition), col(ContactTransition.contact_id) == Contact.id
    )
    steps = (requested.correlate(Request).scalar_subquery(), solicited.correlate(Contact).scalar_subquery())
    return func.coalesce(*steps)


def _of_loan(session: AsyncSession, since_on: Any, *, due_on: Any) -> Waiting:
    return (
        select(
            since_on.label("since_on"),
            due_on.label("due_on"),
            col(Loan.request_id),
            col(Loan.id).label("loan_id"),
            NO_ID.label("contact_id"),
            NO_ID.label("handoff_id"),
            col(Loan.id).label("subject_id"),
            col(Request.instructing_agent_id).label("account_id"),
        )
        .select_from(Loan)
        .join(Request, LOAN_OF_REQUEST)
        .where(of_tenant(session, Loan))
    )


STATEMENTS: Mapping[WorkKind, Callable[..., Waiting]] = {
    WorkKind.CALL_TO_RETURN: calls_to_return,
    WorkKind.NOTHING_DONE: requests.nothing_done,
    WorkKind.LATE_PAPER: late_papers,
    WorkKind.OUTCOME_MISSING: outcomes_missing,
    WorkKind.SILENT_REFERRAL: silent_referrals,
    WorkKind.REFERRAL_NOT_ACCEPTED: referrals_not_accepted,
    WorkKind.RATIFICATION_DUE: requests.ratifications_due,
    WorkKind.BEFORE_COMMISSION: requests.before_commission,
    WorkKind.ADJOURNED: decisions.adjourned,
    WorkKind.DECISION_NOT_NOTIFIED: decisions.decisions_not_notified,
    WorkKind.TO_SEND: requests.to_send,
    WorkKind.SILENT_LENDER: requests.silent_lenders,
    WorkKind.CHECK_TO_RENEW: worklist_checks.checks_to_renew,
    WorkKind.LENDER_REFUSED: requests.lender_refused,
    WorkKind.CONTRACT_TO_OFFER: requests.contracts_to_offer,
    WorkKind.CONTRACT_NOT_SIGNED: contracts_not_signed,
    WorkKind.MONEY_NOT_PAID: money_not_paid,
    WorkKind.FIRST_UNPAID: first_unpaid,
}
