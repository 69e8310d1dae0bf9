"""Debts admitted as irrecoverable (admission en non-valeur)."""

from app.schemas.base import Day, Input, PositiveCents, ShortLine
from app.schemas.loan_decisions import LoanDecisionCreate


class WriteOffCreate(Input):
    """What the board admits en non-valeur of the principal that is owed that day; the debt stays legally due.

    `proposal_reference` is that of the public accountant's list (état des créances irrécouvrables).
    """

    amount_cents: PositiveCents
    written_off_on: Day
    proposal_reference: ShortLine
    decision: LoanDecisionCreate
