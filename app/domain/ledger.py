"""The facts that a loan's ledger keeps, and the accounts that they move.

A fact is an event of money with its day of effect. What stands on a day is a set: neither the order in which facts were
entered nor the day on which they were learned changes what they add up to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class EntryKind(StrEnum):
    """What an entry (écriture) tells. Amounts are in cents.

    Money paid out; money paid back; a credit given back; a debt admitted as irrecoverable (admission en non-valeur,
    which leaves it due), ended by law (créance éteinte) or waived (remise gracieuse); a debt that the lender counts as
    lost (passage à perte), which leaves it due; what was booked before, moved by a new schedule; an entry taken back
    (contre-passation).
    """

    DISBURSEMENT = "disbursement"
    REPAYMENT = "repayment"
    CREDIT_REFUND = "credit_refund"
    WRITE_OFF = "write_off"
    DISCHARGE = "discharge"
    REMISSION = "remission"
    REALLOCATION = "reallocation"
    REVERSAL = "reversal"
    LOSS = "loss"


class LedgerAccount(StrEnum):
    """The accounts of a loan: what it is booked as. Numbers of the M57 are for each CCAS's accountant to confirm.

    `loans`: prêts (274), the principal owed; `cash`: the collector's; `interest`: produits (762); `credits`: what was
    overpaid and is owed to the borrower; `support`: aids of the CCAS (65); `non_valeur` (6541); `extinguished` (6542);
    `remission`; `lender_loss`: what a partner lost of its loan; `recoveries`: what is recovered of non-valeurs and such
    losses. `off_books` is no asset: the debt that left the books and is still due, against `off_books_contra`.
    """

    LOANS = "loans"
    CASH = "cash"
    INTEREST = "interest"
    CREDITS = "credits"
    SUPPORT = "support"
    NON_VALEUR = "non_valeur"
    EXTINGUISHED = "extinguished"
    REMISSION = "remission"
    RECOVERIES = "recoveries"
    OFF_BOOKS = "off_books"
    OFF_BOOKS_CONTRA = "off_books_contra"
    LENDER_LOSS = "lender_loss"


class RepaymentSource(StrEnum):
    """Who tells of a repayment: the public accountant (Trésor public), a régisseur, or the partner that lent."""

    PUBLIC_ACCOUNTANT = "public_accountant"
    CASH_OFFICER = "cash_officer"
    LENDER = "lender"


class RepaidBy(StrEnum):
    """Who paid an instalment: a borrower, the CCAS as financial support (soutien financier), a guarantor, the estate
    of a borrower who died, the supplier who gives a payment back, or somebody else.
    """

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    CCAS = "ccas"
    GUARANTOR = "guarantor"
    ESTATE = "estate"
    SUPPLIER = "supplier"
    OTHER = "other"


class PayeeKind(StrEnum):
    """To whom the loan is paid out."""

    SUPPLIER = "supplier"
    BORROWER = "borrower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One entry as the books count it, in cents, with its day of effect.

    `instalment_ref` is the instalment that the source of a repayment names. `off_books_cents` is the part of a
    discharge or a remission that had left the books before.
    """

    id: UUID
    kind: EntryKind
    amount_cents: int
    effect_on: date
    reverses_id: UUID | None = None
    payer: RepaidBy | None = None
    instalment_ref: int | None = None
    off_books_cents: int = 0


def standing(facts: Iterable[Fact], *, on: date) -> list[Fact]:
    """The facts with effect on or before a day, that day included, that were not taken back by then."""
    known = [fact for fact in facts if fact.effect_on <= on]
    taken_back = {fact.reverses_id for fact in known if fact.kind is EntryKind.REVERSAL}
    return [fact for fact in known if fact.kind is not EntryKind.REVERSAL and fact.id not in taken_back]
