"""The books of a loan on a day: its balances, what stands of each instalment, and the lines that double entry posts.

Everything follows from the facts that stand on that day and the schedule in force, so that a repayment entered late or
taken back gives the same books as one entered in time. Of what is paid, first what is in the books; then what was
admitted en non-valeur or lost by the lender, up to what is still due of it; the rest is a credit. Project reference,
§ 7.1.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.allocation import Payment, Slot, allocate, interest_of
from app.domain.ledger import EntryKind, Fact, LedgerAccount, RepaidBy, standing

K, A = EntryKind, LedgerAccount

# What the borrower may pay under the schedule in force on a day.
SlotsOn = Callable[[date], Sequence[Slot]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowState:
    """What stands of an instalment, in cents: paid by somebody, lost (non-valeur, erased or waived), of money that was
    never paid out, or left to pay.
    """

    ref: int
    number: int
    due_on: date
    total_cents: int
    paid_cents: int
    lost_cents: int
    undrawn_cents: int

    @property
    def left_cents(self) -> int:
        """What is still asked for."""
        return self.total_cents - self.paid_cents - self.lost_cents - self.undrawn_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The balances of a loan on a day, in cents.

    `outstanding_cents` is the principal paid out less principal repaid and lost: what the books hold.
    `legally_due_cents` adds what was admitted en non-valeur, or lost by the lender, and was neither recovered nor ended
    since. `repaid_cents`
    is all that came back, by whomever, less what was given back; `credit_cents` the part of it that nothing asked for,
    `supported_cents` that of the CCAS, `recovered_cents` that which met non-valeurs.
    `early_missing_cents` is what the schedule counts as repaid early and is not paid: its payment was taken back.
    """

    disbursed_cents: int
    repaid_cents: int
    principal_repaid_cents: int
    interest_cents: int
    outstanding_cents: int
    legally_due_cents: int
    credit_cents: int
    supported_cents: int
    written_off_cents: int
    discharged_cents: int
    remitted_cents: int
    lender_loss_cents: int
    recovered_cents: int
    rows: tuple[RowState, ...]
    early_missing_cents: int
    accounts: Mapping[LedgerAccount, int]

    def unpaid(self, on: date) -> list[RowState]:
        """The instalments due before a day and not wholly paid, oldest first: late from the day after.

        None where the books hold nothing: the loan is closed, or was not paid out.
        """
        return [row for row in self.rows if row.due_on < on and row.left_cents > 0] if self.outstanding_cents else []

    def overdue_cents(self, on: date) -> int:
        """What is late on a day."""
        return sum(row.left_cents for row in self.unpaid(on))

    def next_due(self) -> RowState | None:
        """The first instalment that is not wholly paid; null where nothing was paid out, or all is paid."""
        left = (row for row in self.rows if row.left_cents > 0)
        return next(left, None) if self.disbursed_cents and self.outstanding_cents else None


def books(facts: Iterable[Fact], slots: Sequence[Slot], *, on: date) -> Books:
    """The books on a day, that day included, under the schedule in force on it. Slots are the borrower's share."""
    known = standing(facts, on=on)
    sums = {kind: sum(fact.amount_cents for fact in known if fact.kind is kind) for kind in EntryKind}
    repaid = [fact for fact in known if fact.kind is K.REPAYMENT]
    off_books = sum(fact.off_books_cents for fact in known)
    ended = sums[K.DISCHARGE] + sums[K.REMISSION]
    left_books = sums[K.WRITE_OFF] + sums[K.LOSS]
    lost = left_books + ended - off_books
    held = max(0, sums[K.DISBURSEMENT] - lost)
    taken = allocate(slots, _kept(repaid, sums[K.CREDIT_REFUND]), cents_max=_most(slots, sums, ended, off_books))
    interest = sum(map(interest_of, slots, taken.paid_cents))
    principal = min(sum(taken.paid_cents) - interest, held)
    beyond = sum(taken.paid_cents) - interest - principal
    recovered = min(beyond, max(0, left_books - off_books))
    credit = beyond - recovered + taken.left_cents
    supported = sum(fact.amount_cents for fact in repaid if fact.payer is RepaidBy.CCAS)
    kept_cents = sums[K.REPAYMENT] - sums[K.CREDIT_REFUND]
    off = left_books - off_books - recovered
    return Books(
        disbursed_cents=sums[K.DISBURSEMENT],
        repaid_cents=kept_cents,
        principal_repaid_cents=principal,
        interest_cents=interest,
        outstanding_cents=held - principal,
        legally_due_cents=held - principal + off,
        credit_cents=credit,
        supported_cents=supported,
        written_off_cents=sums[K.WRITE_OFF],
        discharged_cents=sums[K.DISCHARGE],
        remitted_cents=sums[K.REMISSION],
        lender_loss_cents=sums[K.LOSS],
        recovered_cents=recovered,
        rows=_rows(slots, taken.paid_cents, lost_cents=lost, disbursed_cents=sums[K.DISBURSEMENT]),
        early_missing_cents=_early_missing(slots, taken.paid_cents),
        accounts={
            A.LOANS: sums[K.DISBURSEMENT] - lost - principal,
            A.CASH: kept_cents - supported - sums[K.DISBURSEMENT],
            A.INTEREST: -interest,
            A.CREDITS: -credit,
            A.SUPPORT: supported,
            A.RECOVERIES: -recovered,
            A.OFF_BOOKS: off,
            A.OFF_BOOKS_CONTRA: -off,
            **_losses(known, sums),
        },
    )


def _losses(known: Sequence[Fact], sums: Mapping[EntryKind, int]) -> dict[LedgerAccount, int]:
    """What was lost, on the accounts of what it was lost to."""
    return {
        A.NON_VALEUR: sums[K.WRITE_OFF],
        A.EXTINGUISHED: sums[K.DISCHARGE] - _off(known, K.DISCHARGE),
        A.REMISSION: sums[K.REMISSION] - _off(known, K.REMISSION),
        A.LENDER_LOSS: sums[K.LOSS],
    }


def moves(
    facts: Iterable[Fact],
    slots_on: SlotsOn,
    *,
    from_on: date,
    days: Iterable[date] = (),
) -> dict[tuple[date, LedgerAccount], int]:
    """What each account moves by on each day from one on, in cents: the difference of the books of that day and those
    of the one before. `days` are days beside those of the facts on which the schedule changed.
    """
    facts = tuple(facts)
    every = sorted({fact.effect_on for fact in facts} | set(days))
    earlier = [day for day in every if day < from_on]
    before: Mapping[LedgerAccount, int] = {}
    if earlier:
        before = books(facts, slots_on(earlier[-1]), on=earlier[-1]).accounts
    found: dict[tuple[date, LedgerAccount], int] = {}
    for day in every[len(earlier) :]:
        after = books(facts, slots_on(day), on=day).accounts
        for account, cents in after.items():
            if moved := cents - before.get(account, 0):
                found[day, account] = moved
        before = after
    return found


def settled_on(facts: Iterable[Fact], slots_on: SlotsOn, *, on: date) -> date | None:
    """The first day, not after `on`, since which the books hold nothing of the loan; null where they do."""
    facts = tuple(facts)
    settled: date | None = None
    for day in sorted({fact.effect_on for fact in facts if fact.effect_on <= on}, reverse=True):
        state = books(facts, slots_on(day), on=day)
        if not state.disbursed_cents or state.outstanding_cents:
            return settled
        settled = day
    return settled


def _kept(repaid: Sequence[Fact], refunded_cents: int) -> list[Payment]:
    """The payments without what was given back, which no instalment had asked for."""
    payments = [Payment(fact.amount_cents, fact.instalment_ref) for fact in repaid]
    return [*payments, Payment(-refunded_cents)] if refunded_cents else payments


def _most(slots: Sequence[Slot], sums: Mapping[EntryKind, int], ended: int, off_books: int) -> int:
    """What may be paid at all: nothing before the money left, nor what was erased or waived since."""
    if not sums[K.DISBURSEMENT]:
        return 0
    interest = sum(slot.interest_cents for slot in slots)
    principal = sum(slot.principal_cents for slot in slots)
    owed = sums[K.DISBURSEMENT] - ended
    # Once all the debt is gone, so is the interest that it would have borne.
    return max(0, min(principal - ended, owed)) + interest if owed > 0 else 0


def _rows(
    slots: Sequence[Slot], paid_cents: Sequence[int], *, lost_cents: int, disbursed_cents: int
) -> tuple[RowState, ...]:
    """The instalments, oldest first: what was never paid out is of the last, what was lost of the oldest unpaid."""
    left = [
        slot.principal_cents - (paid - interest_of(slot, paid)) for slot, paid in zip(slots, paid_cents, strict=True)
    ]
    undrawn = _from_the_last(left, slots, sum(slot.principal_cents for slot in slots) - disbursed_cents)
    rows = []
    for slot, paid, principal_left, never in zip(slots, paid_cents, left, undrawn, strict=True):
        if slot.ref is None:
            continue
        lost = min(lost_cents, principal_left - never)
        lost_cents -= lost
        gone = lost + never
        if gone and gone == principal_left:
            # With the last of its principal goes the interest of an instalment.
            lost, never = (slot.total_cents - paid - never, never) if lost else (0, slot.total_cents - paid)
        rows.append(
            RowState(
                ref=slot.ref,
                number=slot.number,
                due_on=slot.due_on,
                total_cents=slot.total_cents,
                paid_cents=paid,
                lost_cents=lost,
                undrawn_cents=never,
            )
        )
    return tuple(rows)


def _early_missing(slots: Sequence[Slot], paid_cents: Sequence[int]) -> int:
    return sum(slot.total_cents - paid for slot, paid in zip(slots, paid_cents, strict=True) if slot.ref is None)


def _from_the_last(left: Sequence[int], slots: Sequence[Slot], undrawn_cents: int) -> list[int]:
    """What of each instalment was never paid out, and so is not asked for, in cents."""
    found = [0] * len(left)
    for place in reversed(range(len(left))):
        if slots[place].ref is not None:
            found[place] = max(0, min(undrawn_cents, left[place]))
            undrawn_cents -= found[place]
    return found


def _off(facts: Iterable[Fact], kind: EntryKind) -> int:
    return sum(fact.off_books_cents for fact in facts if fact.kind is kind)
