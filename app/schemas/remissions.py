"""Debts waived (remise gracieuse)."""

from app.schemas.base import Day, Input, PositiveCents
from app.schemas.loan_decisions import LoanDecisionCreate


class RemissionCreate(Input):
    """What the board waives of what is legally due that day: the books first, then what had left them."""

    amount_cents: PositiveCents
    remitted_on: Day
    decision: LoanDecisionCreate
