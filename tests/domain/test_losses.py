"""What may be lost of a debt, and what no longer fits once something is entered late or taken back."""

from datetime import date

import pytest

from app.domain.books import books
from app.domain.ending_errors import AboveLegallyDue, LaterLossUnfit, WriteOffAboveOutstanding
from app.domain.errors import NothingOwed
from app.domain.ledger import EntryKind, Fact
from app.domain.losses import admitted, check_taken_back
from tests.domain.test_closing import PAID, SLOTS, fact, reversal

K = EntryKind
MARCH, APRIL, MAY, JUNE = (date(2012, month, 1) for month in (3, 4, 5, 6))


def entered(facts: list[Fact], kind: EntryKind, cents: int, on: date) -> Fact:
    return admitted(facts, fact(kind, cents, on), lambda _: SLOTS)


@pytest.mark.parametrize("kind", [K.WRITE_OFF, K.DISCHARGE, K.REMISSION])
def test_no_more_is_lost_than_is_owed_that_day(kind: EntryKind) -> None:
    facts = [PAID, fact(K.REPAYMENT, 15_000, APRIL)]
    assert entered(facts, kind, 40_000, MARCH).off_books_cents == 0
    assert entered(facts, kind, 25_000, APRIL).amount_cents == 25_000
    with pytest.raises((WriteOffAboveOutstanding, AboveLegallyDue)) as refused:
        entered(facts, kind, 25_001, APRIL)
    assert refused.value.facts == {"due_cents": 25_000, "on": "2012-04-01"}


@pytest.mark.parametrize("kind", [K.WRITE_OFF, K.DISCHARGE, K.REMISSION])
def test_nothing_is_lost_of_what_is_not_owed(kind: EntryKind) -> None:
    for facts in ([], [PAID, fact(K.REPAYMENT, 40_000, MARCH)], [PAID, fact(K.DISCHARGE, 40_000, MARCH)]):
        with pytest.raises(NothingOwed):
            entered(facts, kind, 1, APRIL)


def test_a_debt_out_of_the_books_is_written_off_no_more_but_may_be_erased_or_waived() -> None:
    facts = [PAID, fact(K.WRITE_OFF, 40_000, MARCH)]
    with pytest.raises(NothingOwed):
        entered(facts, K.WRITE_OFF, 1, APRIL)
    for kind in (K.DISCHARGE, K.REMISSION):
        assert entered(facts, kind, 40_000, APRIL).off_books_cents == 40_000


def test_what_is_ended_is_taken_from_the_books_before_what_had_left_them() -> None:
    facts = [PAID, fact(K.WRITE_OFF, 30_000, MARCH)]
    assert entered(facts, K.REMISSION, 25_000, APRIL).off_books_cents == 15_000
    ended = entered(facts, K.DISCHARGE, 40_000, APRIL)
    state = books([*facts, ended], SLOTS, on=APRIL)
    assert (state.outstanding_cents, state.legally_due_cents) == (0, 0)
    with pytest.raises(AboveLegallyDue):
        entered(facts, K.DISCHARGE, 40_001, APRIL)


def test_a_loss_entered_late_leaves_room_for_those_of_later_days() -> None:
    later = fact(K.WRITE_OFF, 30_000, MAY)
    assert entered([PAID, later], K.DISCHARGE, 10_000, MARCH).amount_cents == 10_000
    with pytest.raises(LaterLossUnfit) as refused:
        entered([PAID, later], K.DISCHARGE, 10_001, MARCH)
    assert refused.value.facts == {"kind": "write_off", "lost_on": "2012-05-01"}


def test_money_that_came_later_does_not_count_against_a_loss_entered_late() -> None:
    facts = [PAID, fact(K.REPAYMENT, 40_000, MAY)]
    lost = entered(facts, K.WRITE_OFF, 40_000, MARCH)
    state = books([*facts, lost], SLOTS, on=MAY)
    assert (state.recovered_cents, state.credit_cents, state.legally_due_cents) == (40_000, 0, 0)


def test_a_write_off_on_which_an_erasure_rests_is_not_taken_back() -> None:
    lost = fact(K.WRITE_OFF, 40_000, MARCH)
    erased = fact(K.DISCHARGE, 40_000, MAY, off_books_cents=40_000)
    with pytest.raises(LaterLossUnfit) as refused:
        check_taken_back([PAID, lost, erased], reversal(lost, APRIL), lambda _: SLOTS)
    assert refused.value.facts == {"kind": "discharge", "lost_on": "2012-05-01"}
    check_taken_back([PAID, lost, erased, reversal(erased, MAY)], reversal(lost, MAY), lambda _: SLOTS)
    check_taken_back([PAID, lost], reversal(lost, JUNE), lambda _: SLOTS)


def test_money_paid_out_on_which_a_loss_rests_is_not_taken_back() -> None:
    lost = fact(K.WRITE_OFF, 1, MARCH)
    with pytest.raises(LaterLossUnfit) as refused:
        check_taken_back([PAID, lost], reversal(PAID, APRIL), lambda _: SLOTS)
    assert refused.value.facts == {"kind": "write_off", "lost_on": "2012-03-01"}
    check_taken_back([PAID, lost, reversal(lost, APRIL)], reversal(PAID, APRIL), lambda _: SLOTS)


def test_nothing_is_lost_late_of_money_that_came_back_since() -> None:
    with pytest.raises(LaterLossUnfit) as refused:
        entered([PAID, reversal(PAID, APRIL)], K.WRITE_OFF, 1, MARCH)
    assert refused.value.facts == {"kind": "reversal", "lost_on": "2012-04-01"}
