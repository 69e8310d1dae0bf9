"""The tables. Importing this package fills the metadata."""

from app.tables.accounts import Account, PlatformAccount
from app.tables.decisions import Decision
from app.tables.idempotency import IdempotencyRecord
from app.tables.loans import Loan, LoanTransition, Schedule, ScheduleRow, Signature
from app.tables.people import Person
from app.tables.plans import Budget, BudgetLine, FinancingPlan, FinancingPlanLine
from app.tables.repayments import LedgerEntry
from app.tables.requests import ReferenceCounter, Request, RequestTransition
from app.tables.tenants import RuleVersionRow, Tenant

__all__ = [
    "Account",
    "Budget",
    "BudgetLine",
    "Decision",
    "FinancingPlan",
    "FinancingPlanLine",
    "IdempotencyRecord",
    "LedgerEntry",
    "Loan",
    "LoanTransition",
    "Person",
    "PlatformAccount",
    "ReferenceCounter",
    "Request",
    "RequestTransition",
    "RuleVersionRow",
    "Schedule",
    "ScheduleRow",
    "Signature",
    "Tenant",
]
