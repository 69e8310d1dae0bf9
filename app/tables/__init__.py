"""The tables. Importing this package fills the metadata."""

from app.tables.accounts import Account, PlatformAccount
from app.tables.agreements import AgreementRow
from app.tables.attestations import Attestation
from app.tables.authorisations import Authorisation
from app.tables.decisions import Decision
from app.tables.ficp_checks import FicpCheck
from app.tables.handoffs import Handoff, HandoffPayload, HandoffRoute, HandoffTransition
from app.tables.idempotency import IdempotencyRecord, PartnerIdempotencyRecord
from app.tables.loans import Loan, LoanTransition, Schedule, ScheduleRow, Signature
from app.tables.partners import Partner, PartnerClient
from app.tables.people import Person
from app.tables.plans import Budget, BudgetLine, FinancingPlan, FinancingPlanLine
from app.tables.repayments import LedgerEntry
from app.tables.requests import ReferenceCounter, Request, RequestTransition
from app.tables.statements import Statement, StatementLine, StatementPosition
from app.tables.tenants import RuleVersionRow, Tenant

__all__ = [
    "Account",
    "AgreementRow",
    "Attestation",
    "Authorisation",
    "Budget",
    "BudgetLine",
    "Decision",
    "FicpCheck",
    "FinancingPlan",
    "FinancingPlanLine",
    "Handoff",
    "HandoffPayload",
    "HandoffRoute",
    "HandoffTransition",
    "IdempotencyRecord",
    "LedgerEntry",
    "Loan",
    "LoanTransition",
    "Partner",
    "PartnerClient",
    "PartnerIdempotencyRecord",
    "Person",
    "PlatformAccount",
    "ReferenceCounter",
    "Request",
    "RequestTransition",
    "RuleVersionRow",
    "Schedule",
    "ScheduleRow",
    "Signature",
    "Statement",
    "StatementLine",
    "StatementPosition",
    "Tenant",
]
