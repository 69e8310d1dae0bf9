"""Debts that are lost, wholly or in part: admitted as irrecoverable, erased by law, waived. What each may be of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.domain.books import Books, SlotsOn, books
from app.domain.ending_errors import AboveLegallyDue, LaterLossUnfit, WriteOffAboveOutstanding
from app.domain.errors import NothingOwed
from app.domain.ledger import EntryKind, Fact, LedgerAccount, standing

# What makes a debt leave the books, or the law.
LOSSES = frozenset({EntryKind.WRITE_OFF, EntryKind.DISCHARGE, EntryKind.REMISSION})


def admitted(facts: Iterable[Fact], loss: Fact, slots_on: SlotsOn) -> Fact:
    """The loss as it is entered: what it takes from the books first, and what it takes of a debt that had left them.

    A non-valeur bears on the principal that the books hold that day; an erasure or a remission on what is legally due.
    Losses of later days must still fit what is left to lose; money that came later does not count against it.

    Raises NothingOwed, WriteOffAboveOutstanding, AboveLegallyDue, LaterLossUnfit.
    """
    facts = tuple(facts)
    loss = _bounded(loss, books(facts, slots_on(loss.effect_on), on=loss.effect_on))
    _check_later(facts, loss, slots_on)
    reversals = {one.effect_on for one in facts if one.kind is EntryKind.REVERSAL and one.effect_on > loss.effect_on}
    for day in sorted(reversals):
        if books([*facts, loss], slots_on(day), on=day).accounts[LedgerAccount.LOANS] < 0:
            raise LaterLossUnfit(kind=EntryKind.REVERSAL.value, lost_on=day.isoformat())
    return loss


def _bounded(loss: Fact, state: Books) -> Fact:
    due = state.outstanding_cents if loss.kind is EntryKind.WRITE_OFF else state.legally_due_cents
    on = loss.effect_on.isoformat()
    if due == 0:
        raise NothingOwed(on=on)
    if loss.amount_cents > due:
        refusal = WriteOffAboveOutstanding if loss.kind is EntryKind.WRITE_OFF else AboveLegallyDue
        raise refusal(due_cents=due, on=on)
    return replace(loss, off_books_cents=loss.amount_cents - min(loss.amount_cents, state.outstanding_cents))


def check_taken_back(facts: Iterable[Fact], reversal: Fact, slots_on: SlotsOn) -> None:
    """Raises LaterLossUnfit where what was lost rests on what is taken back: a non-valeur, or money paid out."""
    facts = (*facts, reversal)
    for day in sorted({reversal.effect_on} | {fact.effect_on for fact in facts if fact.effect_on > reversal.effect_on}):
        state = books(facts, slots_on(day), on=day)
        off_books = state.legally_due_cents < state.outstanding_cents
        if off_books or state.accounts[LedgerAccount.LOANS] < 0:
            lost = [fact for fact in standing(facts, on=day) if fact.kind in LOSSES]
            resting = [fact for fact in lost if fact.off_books_cents or not off_books]
            last = max(resting, key=lambda fact: fact.effect_on)
            raise LaterLossUnfit(kind=last.kind.value, lost_on=last.effect_on.isoformat())


def _check_later(facts: Sequence[Fact], loss: Fact, slots_on: SlotsOn) -> None:
    last_on = max((fact.effect_on for fact in facts), default=loss.effect_on)
    later = [fact for fact in standing(facts, on=last_on) if fact.kind in LOSSES and fact.effect_on > loss.effect_on]
    later.sort(key=lambda fact: (fact.effect_on, fact.id))
    left = [fact for fact in facts if fact not in later]
    for one in later:
        state = books([*left, loss], slots_on(one.effect_on), on=one.effect_on)
        off_books = state.legally_due_cents - state.outstanding_cents
        in_books = one.amount_cents - one.off_books_cents
        if in_books > state.outstanding_cents or one.off_books_cents > off_books:
            raise LaterLossUnfit(kind=one.kind.value, lost_on=one.effect_on.isoformat())
        left.append(one)
