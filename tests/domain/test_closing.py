"""Why a loan closed: one reason or several, as of a day."""

from datetime import date
from uuid import uuid4

import pytest

from app.domain.allocation import Slot
from app.domain.closing import Ending, Litigation, closing_reasons, reasons_on
from app.domain.ledger import EntryKind, Fact, RepaidBy
from app.domain.loan_lifecycle import ClosingReason

R, K = ClosingReason, EntryKind
PAID_ON, LAST = date(2011, 1, 30), date(2011, 5, 5)
SLOTS = tuple(
    Slot(ref=number, number=number, due_on=date(2011, number + 1, 5), principal_cents=10_000, interest_cents=0)
    for number in range(1, 5)
)


def fact(kind: EntryKind, amount_cents: int, on: date, payer: RepaidBy | None = None, off_books_cents: int = 0) -> Fact:
    return Fact(
        id=uuid4(), kind=kind, amount_cents=amount_cents, effect_on=on, payer=payer, off_books_cents=off_books_cents
    )


def reversal(of: Fact, on: date) -> Fact:
    return Fact(id=uuid4(), kind=K.REVERSAL, amount_cents=of.amount_cents, effect_on=on, reverses_id=of.id)


PAID = fact(K.DISBURSEMENT, 40_000, PAID_ON)


def reasons(*facts: Fact, litigations: tuple[Litigation, ...] = (), on: date = date(2015, 1, 1)) -> list[ClosingReason]:
    return reasons_on([PAID, *facts], lambda _: SLOTS, last_due_on=LAST, litigations=litigations, on=on)


@pytest.mark.parametrize(
    ("settled_on", "reason"),
    [
        (date(2011, 4, 30), R.EARLY),
        (date(2011, 5, 1), R.ON_SCHEDULE),
        (LAST, R.ON_SCHEDULE),
        (date(2011, 7, 1), R.ON_SCHEDULE),
        (date(2010, 12, 31), R.EARLY),
    ],
)
def test_a_loan_settled_before_the_month_of_its_last_due_date_is_settled_early(
    settled_on: date, reason: ClosingReason
) -> None:
    assert closing_reasons(Ending(settled_on=settled_on, last_due_on=LAST, by_litigation=False)) == [reason]


@pytest.mark.parametrize("settled_on", [date(2011, 3, 1), LAST, date(2013, 1, 1)])
def test_a_loan_settled_in_litigation_is_closed_after_litigation(settled_on: date) -> None:
    ending = Ending(settled_on=settled_on, last_due_on=LAST, by_litigation=True)
    assert closing_reasons(ending) == [R.AFTER_LITIGATION]


def test_a_loan_that_the_books_still_hold_has_no_reason_to_be_closed() -> None:
    assert reasons() == []
    assert reasons(fact(K.REPAYMENT, 39_999, LAST)) == []
    assert reasons(fact(K.REPAYMENT, 40_000, LAST), on=date(2011, 5, 4)) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([fact(K.REPAYMENT, 40_000, LAST)], [R.ON_SCHEDULE]),
        ([fact(K.REPAYMENT, 40_000, date(2011, 3, 1))], [R.EARLY]),
        (
            [fact(K.REPAYMENT, 30_000, date(2011, 4, 5)), fact(K.REPAYMENT, 10_000, LAST, RepaidBy.CCAS)],
            [R.WITH_SUPPORT],
        ),
        (
            [fact(K.REPAYMENT, 10_000, date(2011, 2, 5), RepaidBy.CCAS), fact(K.REPAYMENT, 30_000, date(2011, 3, 5))],
            [R.EARLY, R.WITH_SUPPORT],
        ),
        (
            [fact(K.REPAYMENT, 30_000, date(2011, 4, 5)), fact(K.WRITE_OFF, 10_000, date(2013, 6, 20))],
            [R.WITH_NON_VALEUR],
        ),
        ([fact(K.WRITE_OFF, 40_000, date(2011, 3, 1))], [R.WITH_NON_VALEUR]),
        (
            [fact(K.REPAYMENT, 30_000, date(2011, 4, 5)), fact(K.DISCHARGE, 10_000, date(2013, 6, 20))],
            [R.ERASED],
        ),
        (
            [
                fact(K.REPAYMENT, 10_000, date(2011, 2, 5), RepaidBy.CCAS),
                fact(K.WRITE_OFF, 5_000, date(2012, 1, 1)),
                fact(K.DISCHARGE, 15_000, date(2012, 2, 1)),
                fact(K.REMISSION, 10_000, date(2012, 3, 1)),
            ],
            [R.WITH_SUPPORT, R.WITH_NON_VALEUR, R.ERASED, R.REMISSION],
        ),
        ([fact(K.REPAYMENT, 40_000, LAST, RepaidBy.ESTATE)], [R.ESTATE]),
        ([fact(K.REPAYMENT, 40_000, LAST, RepaidBy.GUARANTOR)], [R.GUARANTEE]),
    ],
)
def test_a_loan_closes_for_all_that_happened_to_its_money(facts: list[Fact], expected: list[ClosingReason]) -> None:
    assert reasons(*facts) == expected


def test_a_write_off_that_was_taken_back_is_no_reason() -> None:
    lost = fact(K.WRITE_OFF, 40_000, date(2012, 1, 1))
    assert reasons(lost, reversal(lost, date(2012, 2, 1))) == []
    repaid = fact(K.REPAYMENT, 40_000, date(2012, 3, 1))
    assert reasons(lost, reversal(lost, date(2012, 2, 1)), repaid) == [R.ON_SCHEDULE]
    assert reasons(lost, reversal(lost, date(2012, 2, 1)), repaid, on=date(2012, 1, 31)) == [R.WITH_NON_VALEUR]


def test_what_settled_the_loan_was_recovered_in_litigation_or_was_not() -> None:
    litigation = Litigation(date(2011, 4, 10))
    recovered = fact(K.REPAYMENT, 40_000, date(2011, 6, 1))
    assert reasons(recovered, litigations=(litigation,)) == [R.AFTER_LITIGATION]
    before = fact(K.REPAYMENT, 30_000, date(2011, 4, 5))
    lost = fact(K.WRITE_OFF, 10_000, date(2012, 1, 1))
    assert reasons(before, lost, litigations=(litigation,)) == [R.WITH_NON_VALEUR]
    part = fact(K.REPAYMENT, 1_000, date(2011, 6, 1))
    rest = fact(K.WRITE_OFF, 9_000, date(2012, 1, 1))
    assert reasons(before, part, rest, litigations=(litigation,)) == [R.AFTER_LITIGATION, R.WITH_NON_VALEUR]
    over = Litigation(date(2011, 4, 10), date(2011, 5, 20))
    assert reasons(recovered, litigations=(over,)) == [R.ON_SCHEDULE]


def test_a_day_in_litigation_is_from_its_first_to_the_eve_of_its_end() -> None:
    time = Litigation(date(2011, 4, 10), date(2011, 5, 20))
    held = [time.holds(date(2011, *day)) for day in ((4, 9), (4, 10), (5, 19), (5, 20))]
    assert held == [False, True, True, False]
