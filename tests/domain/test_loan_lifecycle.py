"""The life of a loan: stages by events, the status of a day by derivation."""

from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import Slot
from app.domain.amortization import Instalment, due_dates
from app.domain.books import Books, RowState, books
from app.domain.closing import Litigation, litigations
from app.domain.errors import IllegalTransition
from app.domain.ledger import EntryKind, Fact
from app.domain.loan_lifecycle import (
    LoanAction,
    LoanStage,
    LoanStatus,
    Step,
    after,
    missing_steps,
    stage_of_money,
    stage_on,
    status,
)

S, A = LoanStage, LoanAction
DAY = timedelta(days=1)
FIRST, LAST = date(2011, 2, 5), date(2011, 5, 5)
# What may be done of a loan that was paid out, in litigation or not.
RUNNING = (A.RESCHEDULE, A.CANCEL_CHANGE, A.SUPPORT, A.WRITE_OFF, A.DISCHARGE, A.REMIT,
           A.RECORD_PROCEDURE, A.CLAIM_GUARANTEE)  # fmt: skip
EXPECTED = {
    S.OFFERED: {
        A.SIGN: S.OFFERED,
        A.ACCEPT: S.ACCEPTED,
        A.CANCEL: S.CANCELLED,
        A.WITHDRAW: S.CANCELLED,
        A.REVERSE: S.OFFERED,
        A.REFUND_CREDIT: S.OFFERED,
    },
    S.ACCEPTED: {
        A.DISBURSE: S.DISBURSED,
        A.CANCEL: S.CANCELLED,
        A.WITHDRAW: S.CANCELLED,
        A.REVERSE: S.ACCEPTED,
        A.REFUND_CREDIT: S.ACCEPTED,
    },
    S.DISBURSED: {
        A.REPAY: S.DISBURSED,
        A.DISBURSE: S.DISBURSED,
        A.REVERSE: S.DISBURSED,
        A.REFUND_CREDIT: S.DISBURSED,
        A.OPEN_LITIGATION: S.LITIGATION,
        A.WITHDRAW: S.DISBURSED,
        A.DEFER: S.DISBURSED,
        A.REPAY_EARLY: S.DISBURSED,
        A.GIVE_UP_UNDRAWN: S.DISBURSED,
        A.ACCELERATE: S.LITIGATION,
        **dict.fromkeys(RUNNING, S.DISBURSED),
    },
    S.LITIGATION: {
        A.REPAY: S.LITIGATION,
        A.REVERSE: S.LITIGATION,
        A.REFUND_CREDIT: S.LITIGATION,
        A.END_LITIGATION: S.DISBURSED,
        A.ACCELERATE: S.LITIGATION,
        A.REINSTATE: S.DISBURSED,
        **dict.fromkeys(RUNNING, S.LITIGATION),
    },
    S.CANCELLED: {A.REVERSE: S.CANCELLED, A.REFUND_CREDIT: S.CANCELLED},
}


def rows_of(*totals: int, first_due_on: date = FIRST) -> tuple[Instalment, ...]:
    """Rows without interest."""
    left, rows = sum(totals), []
    for number, (due_on, total) in enumerate(zip(due_dates(first_due_on, len(totals)), totals, strict=True), 1):
        left -= total
        rows.append(Instalment(number, due_on, total, 0, total, left))
    return tuple(rows)


ROWS = rows_of(4_500, 8_500, 8_500, 8_500)
TOTAL = 30_000


def seen(stage: S, *, repaid: int, on: date) -> LoanStatus:
    """The status of a day, as the service asks for it."""
    late = overdue_cents(ROWS, repaid, on)
    left = max(0, TOTAL - repaid)
    return status(stage, first_due_on=FIRST, outstanding_cents=left, overdue_cents=late, on=on)


def state_of(rows: tuple[Instalment, ...], repaid: int) -> Books:
    """The books of a loan of these rows, of which so much was repaid."""
    total = sum(row.total_cents for row in rows)
    facts = [Fact(id=uuid4(), kind=EntryKind.DISBURSEMENT, amount_cents=total, effect_on=FIRST)]
    if repaid:
        facts.append(Fact(id=uuid4(), kind=EntryKind.REPAYMENT, amount_cents=repaid, effect_on=FIRST))
    slots = [
        Slot(ref=row.number, number=row.number, due_on=row.due_on, principal_cents=row.total_cents, interest_cents=0)
        for row in rows
    ]
    return books(facts, slots, on=FIRST)


def overdue_cents(rows: tuple[Instalment, ...], repaid: int, on: date) -> int:
    return state_of(rows, repaid).overdue_cents(on)


def next_due(rows: tuple[Instalment, ...], repaid: int) -> RowState | None:
    return state_of(rows, repaid).next_due()


@pytest.mark.parametrize(("stage", "action"), list(product(S, A)))
def test_every_pair_of_stage_and_action_leads_where_it_should_or_nowhere(stage: S, action: A) -> None:
    expected = EXPECTED.get(stage, {}).get(action)
    if expected is not None:
        assert after(stage, action) is expected
        return
    with pytest.raises(IllegalTransition) as refused:
        after(stage, action)
    assert refused.value.facts == {"action": action.value, "state": stage.value}


@pytest.mark.parametrize(
    ("on", "late"),
    [
        (FIRST - DAY, 0),
        (FIRST, 0),
        (FIRST + DAY, 4_500),
        (date(2011, 3, 5), 4_500),
        (date(2011, 3, 6), 13_000),
        (LAST + DAY, TOTAL),
    ],
)
def test_an_instalment_is_late_from_the_day_after_it_was_due(on: date, late: int) -> None:
    assert overdue_cents(ROWS, 0, on) == late


@pytest.mark.parametrize(("repaid", "late"), [(4_499, 1), (4_500, 0), (4_501, 0), (TOTAL, 0), (TOTAL + 1, 0)])
def test_what_was_paid_is_no_longer_late_and_paying_ahead_never_makes_it_negative(repaid: int, late: int) -> None:
    assert overdue_cents(ROWS, repaid, FIRST + DAY) == late


@pytest.mark.parametrize(
    ("repaid", "number", "left"),
    [(0, 1, 4_500), (4_499, 1, 1), (4_500, 2, 8_500), (13_001, 3, 8_499), (TOTAL - 1, 4, 1)],
)
def test_the_next_instalment_is_the_oldest_that_is_not_wholly_paid(repaid: int, number: int, left: int) -> None:
    following = next_due(ROWS, repaid)
    assert following is not None
    assert (following.number, following.left_cents) == (number, left)


@pytest.mark.parametrize("repaid", [TOTAL, TOTAL + 5_000])
def test_nothing_is_due_next_once_all_is_paid(repaid: int) -> None:
    assert next_due(ROWS, repaid) is None


@pytest.mark.parametrize(
    ("stage", "repaid", "on", "expected"),
    [
        (S.OFFERED, 0, FIRST + DAY, LoanStatus.OFFERED),
        (S.ACCEPTED, 0, FIRST + DAY, LoanStatus.ACCEPTED),
        (S.CANCELLED, 0, FIRST + DAY, LoanStatus.CANCELLED),
        (S.DISBURSED, 0, FIRST - DAY, LoanStatus.NOT_STARTED),
        (S.DISBURSED, 0, FIRST, LoanStatus.RUNNING),
        (S.DISBURSED, 0, FIRST + DAY, LoanStatus.OVERDUE),
        (S.DISBURSED, 4_500, FIRST + DAY, LoanStatus.RUNNING),
        (S.DISBURSED, 4_500, date(2011, 3, 6), LoanStatus.OVERDUE),
        (S.DISBURSED, TOTAL, FIRST - DAY, LoanStatus.CLOSED),
        (S.DISBURSED, TOTAL, LAST, LoanStatus.CLOSED),
        (S.LITIGATION, 0, FIRST - DAY, LoanStatus.LITIGATION),
        (S.LITIGATION, 4_500, FIRST + DAY, LoanStatus.LITIGATION),
        (S.LITIGATION, TOTAL, LAST + DAY, LoanStatus.CLOSED),
    ],
)
def test_the_status_of_a_day_follows_from_the_stage_and_the_balances(
    stage: S, repaid: int, on: date, expected: LoanStatus
) -> None:
    assert seen(stage, repaid=repaid, on=on) is expected


@pytest.mark.parametrize("stage", [S.DISBURSED, S.LITIGATION])
def test_a_suspended_loan_is_neither_late_nor_in_litigation_until_it_is_repaid(stage: S) -> None:
    for left, expected in ((TOTAL, LoanStatus.SUSPENDED), (0, LoanStatus.CLOSED)):
        told = status(stage, first_due_on=FIRST, outstanding_cents=left, overdue_cents=left, is_suspended=True, on=LAST)
        assert told is expected


@given(
    totals=st.lists(st.integers(1, 100_000), min_size=1, max_size=36),
    share=st.integers(0, 120),
    shift=st.integers(-40, 1_200),
)
def test_what_is_late_and_what_comes_next_agree(totals: list[int], share: int, shift: int) -> None:
    rows = rows_of(*totals)
    repaid, on = sum(totals) * share // 100, FIRST + timedelta(days=shift)
    following = next_due(rows, repaid)
    late = overdue_cents(rows, repaid, on)
    assert 0 <= late <= max(0, sum(totals) - repaid)
    assert (late > 0) == (following is not None and following.due_on < on)
    assert (following is None) == (repaid >= sum(totals))


def test_the_stage_of_a_day_is_that_of_the_last_step_with_effect_by_then() -> None:
    steps = [
        Step(A.OFFER, S.OFFERED, date(2011, 1, 21)),
        Step(A.ACCEPT, S.ACCEPTED, date(2011, 1, 22)),
        Step(A.DISBURSE, S.DISBURSED, date(2011, 1, 30)),
        Step(A.OPEN_LITIGATION, S.LITIGATION, date(2011, 7, 1)),
        Step(A.END_LITIGATION, S.DISBURSED, date(2011, 7, 1)),
        Step(A.OPEN_LITIGATION, S.LITIGATION, date(2012, 1, 1)),
    ]
    days = ((2011, 1, 20), (2011, 1, 22), (2011, 1, 29), (2011, 7, 1), (2011, 12, 31), (2012, 1, 1))
    told = [stage_on(steps, date(*day)) for day in days]
    assert told == [S.OFFERED, S.ACCEPTED, S.ACCEPTED, S.DISBURSED, S.DISBURSED, S.LITIGATION]
    assert litigations(steps, date(2011, 12, 31)) == [Litigation(date(2011, 7, 1), date(2011, 7, 1))]
    assert litigations(steps, date(2012, 1, 1))[-1] == Litigation(date(2012, 1, 1))


PAID_ON = date(2018, 4, 5)
MADE = [Step(A.ACCEPT, S.ACCEPTED, date(2018, 3, 20)), Step(A.DISBURSE, S.DISBURSED, PAID_ON)]
STAGES = st.dictionaries(st.dates(PAID_ON, date(2018, 4, 15)), st.sampled_from([S.DISBURSED, S.LITIGATION]), max_size=5)


@given(st.lists(STAGES, min_size=1, max_size=4))
def test_whatever_a_lender_tells_in_turn_the_loan_stands_each_day_where_it_was_last_told_to(
    told: list[dict[date, S]],
) -> None:
    steps = list(MADE)
    for wanted in told:
        missing = missing_steps(steps, {PAID_ON: S.DISBURSED, **wanted})
        assert all(after(before, step.action) is step.to_stage for before, step in missing)
        steps += [step for _, step in missing]
        assert missing_steps(steps, {PAID_ON: S.DISBURSED, **wanted}) == []
    days = [PAID_ON + timedelta(days=n) for n in range(-1, 12)]
    stages = {PAID_ON: S.DISBURSED, **told[-1]}
    expected = [S.ACCEPTED, *(stages[max(since for since in stages if since <= day)] for day in days[1:])]
    assert [stage_on(steps, day) for day in days] == expected
    times = litigations(steps, days[-1])
    assert [any(time.holds(day) for time in times) for day in days] == [stage is S.LITIGATION for stage in expected]


def test_a_litigation_that_had_not_ended_after_all_goes_on() -> None:
    opened, ended = date(2018, 6, 20), date(2018, 9, 15)
    steps = [*MADE, Step(A.ACCELERATE, S.LITIGATION, opened), Step(A.REINSTATE, S.DISBURSED, ended)]
    assert litigations(steps, ended) == [Litigation(opened, ended)]
    steps.append(Step(A.ACCELERATE, S.LITIGATION, ended))
    assert litigations(steps, ended) == [Litigation(opened)]


def test_where_all_that_was_paid_out_came_back_the_loan_waits_for_its_money_in_litigation_too() -> None:
    assert [stage_of_money(stage, 0) for stage in (S.DISBURSED, S.LITIGATION)] == [S.ACCEPTED, S.ACCEPTED]
    assert stage_of_money(S.LITIGATION, 1) is S.LITIGATION
