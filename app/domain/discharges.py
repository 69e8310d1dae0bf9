"""Debts that the law erases (créances éteintes), debtor by debtor: who still owes, and what leaves the books."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.products import Party


class DischargeGround(StrEnum):
    """What erased the debt: rétablissement personnel without or with liquidation (Code de la consommation, L741-1 and
    L742-1), liquidation judiciaire closed for want of assets, or an erasure in part that a plan imposes.
    """

    PERSONAL_RECOVERY = "personal_recovery"
    PERSONAL_RECOVERY_LIQUIDATION = "personal_recovery_liquidation"
    JUDICIAL_LIQUIDATION = "judicial_liquidation"
    PARTIAL_ERASURE = "partial_erasure"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is erased, in cents, of the debt of one borrower; of all of them where `debtor` is null."""

    debtor: Party | None
    amount_cents: int


def erased_cents(debtors: Sequence[Party], erasures: Iterable[Erasure]) -> dict[Party, int]:
    """What was erased of the debt of each debtor, in cents."""
    erasures = tuple(erasures)
    return {debtor: sum(one.amount_cents for one in erasures if one.debtor in (None, debtor)) for debtor in debtors}


def gone_cents(debtors: Sequence[Party], erasures: Iterable[Erasure]) -> int:
    """What no debtor owes any more, in cents: while one of them is liable, the debt stays in the books."""
    return min(erased_cents(debtors, erasures).values(), default=0)


def owed_cents(debtors: Sequence[Party], erasures: Iterable[Erasure], legally_due_cents: int) -> dict[Party, int]:
    """What each debtor owes legally, in cents, where so much is due of the loan."""
    erasures = tuple(erasures)
    gone = gone_cents(debtors, erasures)
    told = erased_cents(debtors, erasures)
    return {debtor: max(0, legally_due_cents - (told[debtor] - gone)) for debtor in debtors}


def not_to_ask(debtors: Sequence[Party], erasures: Iterable[Erasure], legally_due_cents: int) -> list[Party]:
    """The debtors of whom nothing is asked: all that they owed was erased, or part of what the others still owe."""
    erasures = tuple(erasures)
    gone = gone_cents(debtors, erasures)
    told = erased_cents(debtors, erasures)
    return [one for one in debtors if told[one] > gone or (told[one] and not legally_due_cents)]
