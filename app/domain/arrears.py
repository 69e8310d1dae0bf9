"""Arrears (impayés): what support covers of the instalments, and what keeps a letter from being sent.

Financial support (soutien financier) covers an instalment from its decision on: the borrower is not late with it any
more. It is paid when the public accountant tells it as a repayment by the CCAS.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LetterKind(StrEnum):
    """What a letter to a borrower was about: the first unpaid instalment, a reminder (relance), what was decided."""

    FIRST_UNPAID = "first_unpaid"
    REMINDER = "reminder"
    DECISION_NOTICE = "decision_notice"


class NoLetter(StrEnum):
    """Why nobody is written to: the loan is suspended (recevabilité), its debt erased, or all its borrowers dead."""

    SUSPENDED = "suspended"
    ERASED = "erased"
    DECEASED = "deceased"


# What asks for money, and is sent only where something is late.
DUNNING = frozenset({LetterKind.FIRST_UNPAID, LetterKind.REMINDER})

# The last day of each step of a delay, but for the longest.
DELAY_DAYS = (30, 60, 90)


def delay_counts(days_late: Iterable[int]) -> tuple[int, ...]:
    """How many loans are late by 30 days at most, by 60, by 90, and by more."""
    counts = [0] * (len(DELAY_DAYS) + 1)
    for days in days_late:
        counts[sum(1 for last in DELAY_DAYS if days > last)] += 1
    return tuple(counts)


@dataclass(frozen=True, slots=True)
class SupportLine:
    """What a support decided on a day pays of one instalment, in cents; until a day, where it was cancelled."""

    decided_on: date
    ref: int
    amount_cents: int
    cancelled_on: date | None = None

    def stands(self, on: date) -> bool:
        """Whether it covers its instalment on a day."""
        return self.decided_on <= on and (self.cancelled_on is None or on < self.cancelled_on)


@dataclass(frozen=True, slots=True)
class SupportPayment:
    """A repayment by the CCAS that stands, in cents, with its day and the instalment that its source names, if any."""

    amount_cents: int
    ref: int | None
    on: date


def paid_of(lines: Sequence[SupportLine], payments: Iterable[SupportPayment]) -> list[int]:
    """What the CCAS has paid of each line, in cents: first what names its instalment, then the lowest reference first.

    A line that was taken back has what was paid for its instalment before, and else what no other needs. The order in
    which the payments are told does not matter.
    """
    payments = tuple(payments)
    paid = [0 if line.cancelled_on is None else _named_before(line, payments) for line in lines]
    order = sorted(range(len(lines)), key=lambda place: (lines[place].ref, lines[place].decided_on, place))
    standing = [place for place in order if lines[place].cancelled_on is None]
    for place in standing:
        ref = lines[place].ref
        told = sum(payment.amount_cents for payment in payments if payment.ref == ref)
        taken = sum(cents for cents, line in zip(paid, lines, strict=True) if line.ref == ref)
        paid[place] = max(0, min(lines[place].amount_cents, told - taken))
    loose = sum(payment.amount_cents for payment in payments) - sum(paid)
    for place in (*standing, *(place for place in order if lines[place].cancelled_on is not None)):
        part = max(0, min(loose, lines[place].amount_cents - paid[place]))
        paid[place], loose = paid[place] + part, loose - part
    return paid


def _named_before(line: SupportLine, payments: Iterable[SupportPayment]) -> int:
    told = (
        payment.amount_cents
        for payment in payments
        if payment.ref == line.ref and line.cancelled_on is not None and payment.on < line.cancelled_on
    )
    return min(line.amount_cents, sum(told))


def covered(
    left: Mapping[int, int], lines: Sequence[SupportLine], payments: Iterable[SupportPayment], *, on: date
) -> dict[int, int]:
    """What support covers of what is left of each instalment on a day, in cents, by its reference.

    A line that no longer stands keeps what was paid of it, and covers nothing more.
    """
    promised: dict[int, int] = {}
    for line, paid in zip(lines, paid_of(lines, payments), strict=True):
        if line.stands(on):
            promised[line.ref] = promised.get(line.ref, 0) + line.amount_cents - paid
    found = {ref: min(left.get(ref, 0), cents) for ref, cents in promised.items()}
    return {ref: cents for ref, cents in found.items() if cents > 0}
