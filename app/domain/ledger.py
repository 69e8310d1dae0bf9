"""What the entries of a loan add up to on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.domain.amortization import Instalment


class EntryKind(StrEnum):
    """What moved: money paid out, money paid back, or a repayment taken back (contre-passation)."""

    DISBURSEMENT = "disbursement"
    REPAYMENT = "repayment"
    REVERSAL = "reversal"


class RepaymentSource(StrEnum):
    """Who tells of a repayment: the public accountant (Trésor public), a régisseur, or the partner that lent."""

    PUBLIC_ACCOUNTANT = "public_accountant"
    CASH_OFFICER = "cash_officer"
    LENDER = "lender"


class PayeeKind(StrEnum):
    """To whom the loan is paid out."""

    SUPPLIER = "supplier"
    BORROWER = "borrower"


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement, in cents, with its date of effect."""

    id: UUID
    kind: EntryKind
    amount_cents: int
    effect_on: date


@dataclass(frozen=True, slots=True)
class Balances:
    """The sums of a loan on a day, in cents. `credit_cents` is what was paid beyond what was owed."""

    disbursed_cents: int
    repaid_cents: int
    outstanding_cents: int
    credit_cents: int


_SIGNS = {EntryKind.REPAYMENT: 1, EntryKind.REVERSAL: -1, EntryKind.DISBURSEMENT: 0}


def balances(entries: Iterable[Entry], rows: Iterable[Instalment], *, on: date) -> Balances:
    """The balances from the entries with effect on or before the day, that day included.

    Repayments meet the oldest instalment first, and within it the interest before the principal.
    """
    known = [entry for entry in entries if entry.effect_on <= on]
    disbursed = sum(entry.amount_cents for entry in known if entry.kind is EntryKind.DISBURSEMENT)
    repaid = sum(_SIGNS[entry.kind] * entry.amount_cents for entry in known)
    principal_repaid, credit = _allocate(repaid, rows)
    return Balances(
        disbursed_cents=disbursed,
        repaid_cents=repaid,
        outstanding_cents=disbursed - principal_repaid if disbursed else 0,
        credit_cents=credit if disbursed else repaid,
    )


def settled_on(entries: Iterable[Entry], rows: Iterable[Instalment], *, on: date) -> date | None:
    """The first day, not after `on`, from which the loan has been wholly repaid; None when it is not."""
    entries, rows = tuple(entries), tuple(rows)
    settled: date | None = None
    for day in sorted({entry.effect_on for entry in entries if entry.effect_on <= on}):
        state = balances(entries, rows, on=day)
        paid_off = state.disbursed_cents > 0 and state.outstanding_cents == 0
        settled = (settled or day) if paid_off else None
    return settled


def _allocate(repaid_cents: int, rows: Iterable[Instalment]) -> tuple[int, int]:
    """The principal that an amount repays and what is left of it, in cents."""
    left, principal = max(0, repaid_cents), 0
    for row in rows:
        left -= min(left, row.interest_cents)
        part = min(left, row.principal_cents)
        principal, left = principal + part, left - part
    return principal, left
