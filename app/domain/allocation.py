"""Which instalment a payment meets (imputation des paiements).

The instalment that the accountant, the bank or the debtor names comes first; what is left meets the oldest due; within
an instalment, interest before principal (Code civil, article 1343-1). The answer depends on what was paid, never on the
order in which it was told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What may be paid: an instalment, or (`ref` null) what was repaid early beside the instalments. In cents."""

    ref: int | None
    number: int
    due_on: date
    principal_cents: int
    interest_cents: int

    @property
    def total_cents(self) -> int:
        """Principal and interest."""
        return self.principal_cents + self.interest_cents


@dataclass(frozen=True, slots=True)
class Payment:
    """An amount in cents, and the instalment that its source names."""

    cents: int
    instalment_ref: int | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is paid of each slot, in their order, and what no slot needs. In cents."""

    paid_cents: tuple[int, ...]
    left_cents: int


def allocate(slots: Sequence[Slot], payments: Iterable[Payment], *, cents_max: int | None = None) -> Allocation:
    """What the payments cover. `cents_max` is the most that may be paid of all slots together, where less is owed.

    What is named and no longer there, or more than the instalment, meets the oldest. Slots stand oldest first, what was
    repaid early before the instalments.
    """
    payments = tuple(payments)
    whole = sum(payment.cents for payment in payments)
    pool = whole if cents_max is None else min(whole, cents_max)
    unneeded = whole - pool
    named: dict[int, int] = {}
    for payment in payments:
        if payment.instalment_ref is not None:
            named[payment.instalment_ref] = named.get(payment.instalment_ref, 0) + payment.cents
    paid = []
    for slot in slots:
        told = named.get(slot.ref, 0) if slot.ref is not None else 0
        part = max(0, min(pool, slot.total_cents, told))
        paid.append(part)
        pool -= part
    for place, slot in enumerate(slots):
        part = max(0, min(pool, slot.total_cents - paid[place]))
        paid[place] += part
        pool -= part
    return Allocation(tuple(paid), pool + unneeded)


def interest_of(slot: Slot, paid_cents: int) -> int:
    """The part of a payment on a slot that is interest, in cents."""
    return min(paid_cents, slot.interest_cents)
