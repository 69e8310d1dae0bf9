"""What is left to recover (restes à recouvrer) on the loans of own funds, and the accounts behind it."""

from datetime import date, datetime
from uuid import UUID

from app.domain.ledger import LedgerAccount
from app.schemas.base import Day, Input, Instant, Output


class OutstandingQuery(Input):
    """A day, today by default; and the instant as known at which, now by default: an earlier figure comes out again."""

    as_of: Day | None = None
    known_at: Instant | None = None


class OutstandingSums(Output):
    """In cents. `outstanding_cents` is the principal in the books, `legally_due_cents` with non-valeurs still due.

    `left_cents` is what instalments still ask, interest included: `due_cents` of those due by that day, of which
    `unpaid_cents` by the accountant's last position and `unknown_cents` after it, where nobody has told yet; and
    `not_due_cents` of those to come. `credit_cents` was paid beyond what was asked, and is owed to the borrower.
    """

    outstanding_cents: int
    legally_due_cents: int
    left_cents: int
    due_cents: int
    unpaid_cents: int
    unknown_cents: int
    not_due_cents: int
    credit_cents: int


class LoanOutstanding(OutstandingSums):
    """The same of one loan."""

    loan_id: UUID
    reference: str


class AccountBalance(Output):
    """What an account adds up to: a debit above 0, a credit below."""

    account: LedgerAccount
    balance_cents: int


class OutstandingRead(OutstandingSums):
    """The loans that were paid out, or paid for, by `as_of`, what they add up to, and the trial balance (balance des
    comptes), whose sum is 0.

    `loans_account_cents` is the balance of the account of loans (274) from the lines of the ledger, `outstanding_cents`
    the sum of the loans from their facts and schedules: `reconciled` tells that the two agree.
    """

    as_of: date
    known_at: datetime | None
    position_on: date | None
    loans_account_cents: int
    reconciled: bool
    trial_balance: list[AccountBalance]
    trial_balance_cents: int
    loans: list[LoanOutstanding]
