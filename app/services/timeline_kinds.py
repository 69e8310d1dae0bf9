"""The events of a file: statements over what is recorded, one or more for each concept, with the same columns.

`what` is a code or a name that the title goes on with; never an amount, nor a text that somebody wrote.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Select, String, Uuid, and_, case, cast, func, literal, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.ficp import CheckEffect, CheckOutcome, Standing
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.loan_lifecycle import LoanAction
from app.domain.notes import NoteVisibility
from app.domain.permissions import Caller
from app.domain.timeline import EventKind
from app.services import appointments, notes
from app.services import request_steps as steps
from app.tables import (
    Account,
    ActionPlan,
    Appointment,
    AppointmentTransition,
    Assessment,
    Assignment,
    Attestation,
    Budget,
    CheckRenewal,
    ConditionMet,
    Contact,
    Decision,
    FicpCheck,
    FinancingPlan,
    Handoff,
    HandoffTransition,
    LenderReport,
    Loan,
    LoanTransition,
    Note,
    NoteStrike,
    Notification,
    Organisation,
    Paper,
    Ratification,
    Rectification,
    Referral,
    ReferralAnswer,
    ReferralReminder,
    Request,
    RequestTransfer,
    RequestTransition,
    RightsCheck,
    Signature,
    SupportAction,
    SupportContract,
    Withdrawal,
)
from app.tenancy import of_tenant

Events = Select[*tuple[Any, ...]]
_NONE = {Date: cast(null(), Date), Uuid: cast(null(), Uuid), String: cast(null(), String)}
_NO_INSTANT = cast(null(), DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class File:
    """Whose events are told, to whom."""

    session: AsyncSession
    request_id: UUID
    caller: Caller

    def told(
        self,
        kind: Any,
        table: Any,
        *,
        on: Any = None,
        what: Any = None,
        author: Any = None,
        entered_at: Any = ...,
        at: Any = None,
    ) -> Events:
        """The events of a table of the tenant, each with its own columns; put `at` a day where not `on`."""
        partner_client = getattr(table, "partner_client_id", None)
        return select(
            cast(literal(kind.value) if isinstance(kind, EventKind) else kind, String).label("kind"),
            col(table.id).label("id"),
            (_NONE[Date] if on is None else cast(on, Date)).label("on"),
            (_NONE[Date] if on is None else cast(on if at is None else at, Date)).label("at"),
            (table.entered_at if entered_at is ... else entered_at).label("entered_at"),
            (_NONE[String] if what is None else cast(what, String)).label("what"),
            (_NONE[Uuid] if author is None else author).label("account_id"),
            (_NONE[Uuid] if partner_client is None else partner_client).label("partner_client_id"),
            (_NONE[Uuid] if partner_client is None else table.telling_id).label("telling_id"),
        ).where(of_tenant(self.session, table))

    def own(self, kind: Any, table: Any, **columns: Any) -> Events:
        """The events of a table that names the request; their author is its account, where it has one."""
        author = getattr(table, "account_id", None)
        return self.told(kind, table, **{"author": author, **columns}).where(table.request_id == self.request_id)

    def below(self, kind: Any, table: Any, parent: Any, key: Any, **columns: Any) -> Events:
        """The events of a table that names something of the request."""
        of_parent = and_(parent.tenant_id == table.tenant_id, parent.id == key)
        author = getattr(table, "account_id", None)
        told = self.told(kind, table, **{"author": author, **columns}).join(parent, of_parent)
        return told.where(parent.request_id == self.request_id)

    def local_day(self, instant: Any) -> Any:
        """The day of an instant at the CCAS."""
        return func.timezone(self.caller.time_zone.key, instant)


def _intake(file: File) -> Iterator[Events]:
    first = (
        select(col(Assignment.account_id))
        .where(of_tenant(file.session, Assignment), col(Assignment.request_id) == file.request_id)
        .order_by(col(Assignment.entered_at), col(Assignment.id))
        .limit(1)
        .scalar_subquery()
    )
    yield file.own(EventKind.CONTACT, Contact, on=Contact.contacted_on, what=Contact.channel)
    told = file.told(EventKind.INTAKE, Request, on=Request.received_on, what=Request.reference, author=first)
    yield told.where(col(Request.id) == file.request_id)
    step, at = RequestTransition, steps.day_of_step(file.caller.time_zone)
    yield file.own(EventKind.TRANSITION, step, on=step.effect_on, what=step.to_status, at=at)


def _desk(file: File) -> Iterator[Events]:
    agent = (
        select(col(Account.login))
        .where(of_tenant(file.session, Account), col(Account.id) == Assignment.instructing_agent_id)
        .scalar_subquery()
    )
    yield file.own(EventKind.ASSIGNMENT, Assignment, on=Assignment.assigned_on, what=agent)
    to = RequestTransfer.to_commune_insee_code
    yield file.own(EventKind.TRANSFER, RequestTransfer, on=RequestTransfer.transferred_on, what=to)


def _parts(file: File) -> Iterator[Events]:
    yield file.own(EventKind.BUDGET, Budget, on=Budget.as_of_on)
    yield file.own(EventKind.FINANCING_PLAN, FinancingPlan)
    yield file.own(EventKind.ASSESSMENT, Assessment, on=Assessment.assessed_on)
    yield file.own(EventKind.ACTION_PLAN, ActionPlan, on=ActionPlan.signed_on)
    kind = case((col(Attestation.holds), EventKind.ATTESTATION.value), else_=EventKind.ATTESTATION_DENIED.value)
    yield file.own(kind, Attestation, on=Attestation.attested_on, what=Attestation.fact)
    yield file.own(EventKind.RIGHTS_CHECK, RightsCheck, on=RightsCheck.checked_on, what=RightsCheck.right_code)


def _appointments(file: File) -> Iterator[Events]:
    of_file = appointments.of_request(file.session, file.request_id)
    first = (
        select(col(AppointmentTransition.from_status))
        .where(
            of_tenant(file.session, AppointmentTransition),
            col(AppointmentTransition.appointment_id) == Appointment.id,
        )
        .order_by(col(AppointmentTransition.id))
        .limit(1)
        .scalar_subquery()
    )
    on = file.local_day(Appointment.starts_at)
    entered_as = func.coalesce(cast(first, String), cast(Appointment.status, String))
    yield file.told(EventKind.APPOINTMENT, Appointment, on=on, what=entered_as, author=Appointment.entered_by).where(
        of_file
    )
    outcome = AppointmentTransition
    yield (
        file.told(EventKind.APPOINTMENT_OUTCOME, outcome, on=on, what=outcome.to_status, author=outcome.account_id)
        .join(Appointment, and_(of_tenant(file.session, Appointment), col(Appointment.id) == outcome.appointment_id))
        .where(of_file)
    )


def _papers(file: File) -> Iterator[Events]:
    yield file.own(EventKind.PAPER_ASKED, Paper, on=Paper.asked_on, what=Paper.code, author=Paper.asked_by)
    for kind, on, by in (
        (EventKind.PAPER_RECEIVED, Paper.seen_on, Paper.seen_by),
        (EventKind.PAPER_WAIVED, Paper.waived_on, Paper.waived_by),
    ):
        told = file.own(kind, Paper, on=on, what=Paper.code, author=by, entered_at=_NO_INSTANT)
        yield told.where(col(on).is_not(None))


def _notes(file: File) -> Iterator[Events]:
    private = case((col(Note.visibility) == NoteVisibility.PRIVATE, NoteVisibility.PRIVATE.value))
    yield file.own(EventKind.NOTE, Note, what=private).where(notes.readable(file.caller))
    struck = file.below(
        EventKind.NOTE_STRUCK, NoteStrike, Note, NoteStrike.note_id, what=private, author=Note.account_id
    )
    yield struck.where(notes.readable(file.caller))


def _referrals(file: File) -> Iterator[Events]:
    contacts = select(col(Contact.id)).where(
        of_tenant(file.session, Contact), col(Contact.request_id) == file.request_id
    )
    of_file = or_(col(Referral.request_id) == file.request_id, col(Referral.contact_id).in_(contacts))
    organisation = (
        select(col(Organisation.name))
        .where(of_tenant(file.session, Organisation), col(Organisation.id) == Referral.organisation_id)
        .scalar_subquery()
    )
    yield file.told(
        EventKind.REFERRAL, Referral, on=Referral.referred_on, what=organisation, author=Referral.account_id
    ).where(of_file)
    for kind, table, on, what in (
        (EventKind.REFERRAL_REMINDER, ReferralReminder, ReferralReminder.reminded_on, None),
        (EventKind.REFERRAL_ANSWER, ReferralAnswer, ReferralAnswer.answered_on, ReferralAnswer.answer),
    ):
        told: Any = table
        of_referral = and_(of_tenant(file.session, Referral), col(Referral.id) == told.referral_id)
        yield file.told(kind, told, on=on, what=what, author=told.account_id).join(Referral, of_referral).where(of_file)


def _lender(file: File) -> Iterator[Events]:
    step = HandoffTransition
    kind = case(
        (col(Handoff.kind) == HandoffKind.PRECHECK, EventKind.PRECHECK.value),
        (col(Handoff.kind) == HandoffKind.GUARANTEE_CLAIM, EventKind.CLAIM_HANDOFF.value),
        else_=EventKind.HANDOFF.value,
    )
    yield file.below(kind, step, Handoff, step.handoff_id, on=step.effect_on, what=step.to_status)
    # As the staff are shown a check: its conclusion, and nothing else of it.
    shown = case(
        (col(FicpCheck.outcome) == CheckOutcome.FAVORABLE, Standing.FAVOURABLE.value),
        (col(FicpCheck.outcome) == CheckOutcome.UNFAVORABLE, Standing.UNFAVOURABLE.value),
        (col(FicpCheck.purged_at).is_not(None), Standing.PURGED.value),
        else_=Standing.PENDING.value,
    )
    noticed = and_(
        of_tenant(file.session, Handoff),
        col(Handoff.id) == FicpCheck.handoff_id,
        col(Handoff.check_effect) != CheckEffect.IGNORE,
    )
    told = file.own(EventKind.FICP_CHECK, FicpCheck, on=file.local_day(FicpCheck.consulted_at), what=shown)
    yield told.join(Handoff, noticed)
    yield file.own(EventKind.CHECK_WANTED, CheckRenewal, on=CheckRenewal.wanted_on)


def _loan(file: File) -> Iterator[Events]:
    yield file.own(EventKind.DECISION, Decision, on=Decision.decided_on, what=Decision.outcome)
    answered = case((col(Ratification.ratified), EventKind.RATIFICATION.value), else_=EventKind.NOT_RATIFIED.value)
    yield file.own(answered, Ratification, on=Ratification.ratified_on)
    yield file.own(EventKind.CONDITION_MET, ConditionMet, on=ConditionMet.met_on)
    rectified, notified = Rectification, Notification
    yield file.below(
        EventKind.RECTIFICATION,
        rectified,
        Decision,
        rectified.decision_id,
        on=rectified.rectified_on,
        what=rectified.kind,
    )
    yield file.below(
        EventKind.NOTIFICATION,
        notified,
        Decision,
        notified.decision_id,
        on=notified.notified_on,
        what=notified.recipient,
    )
    step = LoanTransition
    stepped = file.below(EventKind.LOAN, step, Loan, step.loan_id, on=step.effect_on, what=step.to_stage)
    # A signature tells of itself, by whom; a withdrawal, on the day it was sent; a lender, what it has repaid anew.
    told_elsewhere = (LoanAction.SIGN, LoanAction.WITHDRAW, LoanAction.REINSTATE)
    yield stepped.where(col(step.action).not_in(told_elsewhere))
    yield file.below(
        EventKind.SIGNATURE, Signature, Loan, Signature.loan_id, on=Signature.signed_on, what=Signature.party
    )
    yield file.below(EventKind.WITHDRAWAL, Withdrawal, Loan, Withdrawal.loan_id, on=Withdrawal.withdrawn_on)
    report, kind = LenderReport, func.concat("lender_", cast(LenderReport.kind, String))
    yield file.below(EventKind.LENDER_REPORT, report, Loan, report.loan_id, on=report.effect_on, what=kind)


def _support(file: File) -> Iterator[Events]:
    contract, action = SupportContract, SupportAction
    yield file.below(EventKind.SUPPORT_CONTRACT, contract, Loan, contract.loan_id, on=contract.agreed_on)
    yield file.below(
        EventKind.SUPPORT_ENDED,
        contract,
        Loan,
        contract.loan_id,
        on=contract.ended_on,
        author=contract.ended_by,
        entered_at=_NO_INSTANT,
    ).where(col(contract.ended_on).is_not(None))
    of_contract = and_(of_tenant(file.session, contract), col(contract.id) == action.support_contract_id)
    of_loan = and_(of_tenant(file.session, Loan), col(Loan.id) == contract.loan_id)
    yield (
        file.told(EventKind.SUPPORT_ACTION, action, on=action.done_on, what=action.kind, author=action.account_id)
        .join(contract, of_contract)
        .join(Loan, of_loan)
        .where(col(Loan.request_id) == file.request_id)
    )


CONCEPTS: tuple[Callable[[File], Iterator[Events]], ...] = (
    _intake,
    _desk,
    _parts,
    _appointments,
    _papers,
    _notes,
    _referrals,
    _lender,
    _loan,
    _support,
)


def statements(session: AsyncSession, request_id: UUID, *, caller: Caller) -> list[Events]:
    """The statements of all kinds, for one file and one reader."""
    file = File(session, request_id, caller)
    return [events for concept in CONCEPTS for events in concept(file)]
