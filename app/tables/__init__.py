"""The tables. Importing this package fills the metadata."""

from app.tables.accounting_slips import AccountingLine, AccountingSlip
from app.tables.accounts import Account, PlatformAccount
from app.tables.action_plans import ActionPlan, ActionPlanAction
from app.tables.agenda_items import AgendaItem, Recusal
from app.tables.agreements import AgreementRow
from app.tables.appointments import Appointment, AppointmentTransition
from app.tables.arrears import ArrearsDetection, NightlyFailure
from app.tables.assessments import Assessment
from app.tables.assignments import Assignment
from app.tables.attestations import Attestation
from app.tables.authorisations import Authorisation
from app.tables.borne_interest import BorneInterestLine, BorneInterestStatement
from app.tables.check_renewals import CheckRenewal
from app.tables.committees import Committee, CommitteeMember
from app.tables.conditions import ConditionMet
from app.tables.contacts import Contact, ContactTransition
from app.tables.decisions import Decision
from app.tables.deferrals import Deferral
from app.tables.discharges import Discharge, DischargeReversal
from app.tables.early_repayments import EarlyRepayment
from app.tables.envelopes import Envelope
from app.tables.events import Event, PartnerEvent
from app.tables.ficp_checks import FicpCheck
from app.tables.guarantee_claims import (
    GuaranteeClaim,
    GuaranteePayment,
    GuaranteeRecovery,
    GuaranteeReversal,
)
from app.tables.guards import declare
from app.tables.handoffs import Handoff, HandoffPayload, HandoffRoute, HandoffTransition
from app.tables.idempotency import IdempotencyRecord, PartnerIdempotencyRecord
from app.tables.interest_refunds import InterestRefund
from app.tables.lender_reports import LenderReport
from app.tables.loan_decisions import LoanDecision
from app.tables.loans import Loan, LoanTransition, Signature
from app.tables.logos import Logo
from app.tables.merges import PersonMerge, PersonMergeReversal
from app.tables.notes import Note, NoteStrike
from app.tables.organisations import Organisation
from app.tables.over_indebtedness import ProcedureEventRow
from app.tables.papers import Paper
from app.tables.partners import Partner, PartnerClient
from app.tables.payees import PayeeRow
from app.tables.people import Person
from app.tables.plans import Budget, BudgetLine, FinancingPlan, FinancingPlanLine
from app.tables.position_imports import PositionLine
from app.tables.positions import Position
from app.tables.ratifications import Ratification
from app.tables.rectifications import Notification, Rectification
from app.tables.referrals import Referral, ReferralAnswer, ReferralLink, ReferralReminder
from app.tables.relations import PersonRelation
from app.tables.reopenings import RequestReopening
from app.tables.repayments import LedgerEntry, LedgerLine
from app.tables.requests import ReferenceCounter, Request, RequestTransition
from app.tables.rights_checks import RightsCheck
from app.tables.schedules import Schedule, ScheduleActivation, ScheduleRow
from app.tables.search_words import SearchWord
from app.tables.sent_letters import SentLetter
from app.tables.sessions import CommitteeSession, Minutes, SessionAttendance, SessionTransition
from app.tables.signing_keys import PushSignature, SigningKey
from app.tables.statements import Statement, StatementLine, StatementPosition
from app.tables.support_contracts import SupportAction, SupportContract
from app.tables.supports import Support, SupportCancellation, SupportedInstalment
from app.tables.tellings import LenderLink, Telling
from app.tables.tenants import RuleVersionRow, Tenant
from app.tables.transfers import RequestTransfer
from app.tables.votes import Ballot, ItemVote
from app.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.tables.withdrawals import Withdrawal
from app.tables.workload import WorkingTime, WorkloadThreshold
from app.tables.workshops import Attendance, Workshop

declare()

__all__ = [
    "Account",
    "AccountingLine",
    "AccountingSlip",
    "ActionPlan",
    "ActionPlanAction",
    "AgendaItem",
    "AgreementRow",
    "Appointment",
    "AppointmentTransition",
    "ArrearsDetection",
    "Assessment",
    "Assignment",
    "Attendance",
    "Attestation",
    "Authorisation",
    "Ballot",
    "BorneInterestLine",
    "BorneInterestStatement",
    "Budget",
    "BudgetLine",
    "CheckRenewal",
    "Committee",
    "CommitteeMember",
    "CommitteeSession",
    "ConditionMet",
    "Contact",
    "ContactTransition",
    "Decision",
    "Deferral",
    "Discharge",
    "DischargeReversal",
    "EarlyRepayment",
    "Envelope",
    "Event",
    "FicpCheck",
    "FinancingPlan",
    "FinancingPlanLine",
    "GuaranteeClaim",
    "GuaranteePayment",
    "GuaranteeRecovery",
    "GuaranteeReversal",
    "Handoff",
    "HandoffPayload",
    "HandoffRoute",
    "HandoffTransition",
    "IdempotencyRecord",
    "InterestRefund",
    "ItemVote",
    "LedgerEntry",
    "LedgerLine",
    "LenderLink",
    "LenderReport",
    "Loan",
    "LoanDecision",
    "LoanTransition",
    "Logo",
    "Minutes",
    "NightlyFailure",
    "Note",
    "NoteStrike",
    "Notification",
    "Organisation",
    "Paper",
    "Partner",
    "PartnerClient",
    "PartnerEvent",
    "PartnerIdempotencyRecord",
    "PayeeRow",
    "Person",
    "PersonMerge",
    "PersonMergeReversal",
    "PersonRelation",
    "PlatformAccount",
    "Position",
    "PositionLine",
    "ProcedureEventRow",
    "PushSignature",
    "Ratification",
    "Rectification",
    "Recusal",
    "ReferenceCounter",
    "Referral",
    "ReferralAnswer",
    "ReferralLink",
    "ReferralReminder",
    "Request",
    "RequestReopening",
    "RequestTransfer",
    "RequestTransition",
    "RightsCheck",
    "RuleVersionRow",
    "Schedule",
    "ScheduleActivation",
    "ScheduleRow",
    "SearchWord",
    "SentLetter",
    "SessionAttendance",
    "SessionTransition",
    "Signature",
    "SigningKey",
    "Statement",
    "StatementLine",
    "StatementPosition",
    "Support",
    "SupportAction",
    "SupportCancellation",
    "SupportContract",
    "SupportedInstalment",
    "Telling",
    "Tenant",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Withdrawal",
    "WorkingTime",
    "WorkloadThreshold",
    "Workshop",
]
