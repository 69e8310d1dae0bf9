"""What entries add up to on a day, whatever the order in which they were entered."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import Slot
from app.domain.amortization import Instalment, schedule
from app.domain.books import Books, books
from app.domain.books import settled_on as settled_under
from app.domain.ledger import EntryKind, Fact, LedgerAccount, RepaidBy

PAID_OUT_ON = date(2011, 1, 25)
# 2 000 € in 24 instalments of 85 €, the first of 45 € (Besançon, case G06).
ROWS = schedule(
    principal_cents=200_000,
    rate_percent=Decimal(0),
    first_due_on=date(2011, 2, 5),
    duration_months=24,
    instalment_cents=8_500,
    rounding_unit_cents=100,
)
LENT_AT_A_RATE = schedule(
    principal_cents=200_000, rate_percent=Decimal("6.20"), first_due_on=date(2011, 2, 5), duration_months=24
)


def entry(kind: EntryKind, amount_cents: int, effect_on: date, **told: Any) -> Fact:
    return Fact(id=uuid4(), kind=kind, amount_cents=amount_cents, effect_on=effect_on, **told)


def paid(amount_cents: int, effect_on: date, **told: Any) -> Fact:
    return entry(EntryKind.REPAYMENT, amount_cents, effect_on, **told)


def taken_back(fact: Fact, effect_on: date) -> Fact:
    return entry(EntryKind.REVERSAL, fact.amount_cents, effect_on, reverses_id=fact.id)


def slots_of(rows: Sequence[Instalment]) -> tuple[Slot, ...]:
    """The rows as what may be paid."""
    return tuple(
        Slot(
            ref=row.number,
            number=row.number,
            due_on=row.due_on,
            principal_cents=row.principal_cents,
            interest_cents=row.interest_cents,
        )
        for row in rows
    )


def balances(facts: Iterable[Fact], rows: Sequence[Instalment], *, on: date) -> Books:
    return books(facts, slots_of(rows), on=on)


def settled_on(facts: Iterable[Fact], rows: Sequence[Instalment], *, on: date) -> date | None:
    return settled_under(facts, lambda _: slots_of(rows), on=on)


OUT = entry(EntryKind.DISBURSEMENT, 200_000, PAID_OUT_ON)

days = st.integers(0, 900).map(lambda shift: PAID_OUT_ON + timedelta(days=shift))
repayments = st.lists(st.builds(paid, st.integers(1, 120_000), days), max_size=12)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Fact]:
    """A ledger such as the service writes: a payment, repayments, some of them taken back later."""
    entries = [OUT]
    for repayment in draw(repayments):
        entries.append(repayment)
        delay = draw(st.none() | st.integers(0, 60))
        if delay is not None:
            entries.append(taken_back(repayment, repayment.effect_on + timedelta(days=delay)))
    return entries


@given(data=st.data(), entries=ledgers(), on=days)
def test_entries_told_in_any_order_give_the_same_balances(data: st.DataObject, entries: list[Fact], on: date) -> None:
    shuffled = data.draw(st.permutations(entries))
    assert balances(shuffled, ROWS, on=on) == balances(entries, ROWS, on=on)
    assert settled_on(shuffled, ROWS, on=on) == settled_on(entries, ROWS, on=on)


@given(entries=ledgers(), on=days, rows=st.sampled_from([ROWS, LENT_AT_A_RATE]))
def test_every_cent_repaid_is_principal_interest_or_credit(
    entries: list[Fact], on: date, rows: Sequence[Instalment]
) -> None:
    state = balances(entries, rows, on=on)
    principal = state.disbursed_cents - state.outstanding_cents
    interest = state.repaid_cents - principal - state.credit_cents
    assert 0 <= state.outstanding_cents <= state.disbursed_cents
    assert 0 <= interest <= sum(row.interest_cents for row in rows)
    assert state.credit_cents >= 0
    if state.credit_cents:
        assert state.outstanding_cents == 0
        assert interest == sum(row.interest_cents for row in rows)


@given(entries=ledgers(), later=repayments, on=days)
def test_what_happens_after_a_day_changes_nothing_of_that_day(entries: list[Fact], later: list[Fact], on: date) -> None:
    after = [paid(one.amount_cents, on + timedelta(days=1)) for one in later]
    assert balances([*entries, *after], ROWS, on=on) == balances(entries, ROWS, on=on)


@given(entries=ledgers(), amount=st.integers(1, 300_000), when=days, on=days)
def test_a_repayment_taken_back_on_its_own_day_was_never_there(
    entries: list[Fact], amount: int, when: date, on: date
) -> None:
    error = paid(amount, when)
    assert balances([*entries, error, taken_back(error, when)], ROWS, on=on) == balances(entries, ROWS, on=on)


@given(entries=ledgers(), on=days)
def test_a_loan_is_settled_from_the_first_day_of_its_last_stretch_without_debt(entries: list[Fact], on: date) -> None:
    since = settled_on(entries, ROWS, on=on)
    assert (since is not None) == (balances(entries, ROWS, on=on).outstanding_cents == 0)
    if since is not None:
        for effect_on in {one.effect_on for one in entries if since <= one.effect_on <= on}:
            assert balances(entries, ROWS, on=effect_on).outstanding_cents == 0
        assert since == PAID_OUT_ON or balances(entries, ROWS, on=since - timedelta(days=1)).outstanding_cents > 0


def test_the_entry_of_the_day_itself_counts() -> None:
    entries = [OUT, paid(4_500, date(2011, 2, 5))]
    assert balances(entries, ROWS, on=date(2011, 2, 4)).outstanding_cents == 200_000
    assert balances(entries, ROWS, on=date(2011, 2, 5)).outstanding_cents == 195_500


def test_nothing_is_outstanding_before_the_money_is_paid_out() -> None:
    state = balances([OUT], ROWS, on=PAID_OUT_ON - timedelta(days=1))
    assert (state.disbursed_cents, state.repaid_cents, state.outstanding_cents, state.credit_cents) == (0, 0, 0, 0)
    assert (state.unpaid(date(2013, 2, 5)), state.next_due()) == ([], None)


@pytest.mark.parametrize(("excess", "credit"), [(0, 0), (1, 1), (5_000, 5_000)])
def test_what_is_paid_beyond_what_is_owed_is_a_credit(excess: int, credit: int) -> None:
    state = balances([OUT, paid(200_000 + excess, date(2011, 3, 1))], ROWS, on=date(2011, 3, 1))
    assert (state.outstanding_cents, state.credit_cents) == (0, credit)
    assert state.repaid_cents == 200_000 + excess


def test_within_an_instalment_interest_is_met_before_principal() -> None:
    """Row 1 of 2 000 € over 24 months at 6.20 %: 10,33 € of interest in 88,82 €."""
    on = date(2011, 2, 5)
    assert balances([OUT, paid(1_033, on)], LENT_AT_A_RATE, on=on).outstanding_cents == 200_000
    assert balances([OUT, paid(1_034, on)], LENT_AT_A_RATE, on=on).outstanding_cents == 199_999
    assert balances([OUT, paid(8_882, on)], LENT_AT_A_RATE, on=on).outstanding_cents == 192_151


def test_a_loan_whose_last_payment_came_back_is_no_longer_settled_and_settles_anew() -> None:
    first = paid(200_000, date(2011, 3, 1))
    entries = [OUT, first, taken_back(first, date(2011, 3, 10)), paid(200_000, date(2011, 4, 1))]
    assert settled_on(entries, ROWS, on=date(2011, 3, 9)) == date(2011, 3, 1)
    assert settled_on(entries, ROWS, on=date(2011, 3, 31)) is None
    assert settled_on(entries, ROWS, on=date(2011, 12, 31)) == date(2011, 4, 1)


losses = st.sampled_from([EntryKind.WRITE_OFF, EntryKind.DISCHARGE, EntryKind.REMISSION])


@given(entries=ledgers(), kind=losses, share=st.integers(1, 100), more=repayments, on=days)
def test_the_accounts_balance_and_tell_where_every_cent_lent_went(
    entries: list[Fact], kind: EntryKind, share: int, more: list[Fact], on: date
) -> None:
    held = balances(entries, ROWS, on=on).outstanding_cents
    if loss := held * share // 100:
        entries = [*entries, entry(kind, loss, on)]
    state = balances([*entries, *more], ROWS, on=on + timedelta(days=900))
    assert sum(state.accounts.values()) == 0
    assert state.accounts[LedgerAccount.LOANS] == state.outstanding_cents >= 0
    lost = state.written_off_cents + state.discharged_cents + state.remitted_cents
    assert state.disbursed_cents == state.principal_repaid_cents + lost + state.outstanding_cents
    assert 0 <= state.recovered_cents <= state.written_off_cents
    assert state.legally_due_cents == state.outstanding_cents + state.written_off_cents - state.recovered_cents
    kept = state.principal_repaid_cents + state.interest_cents + state.recovered_cents + state.credit_cents
    assert state.repaid_cents == kept


def test_what_is_paid_after_a_non_valeur_meets_the_books_then_the_non_valeur_and_then_nothing() -> None:
    facts = [OUT, paid(50_000, date(2011, 3, 1)), entry(EntryKind.WRITE_OFF, 100_000, date(2012, 1, 1))]
    for late, expected in ((10_000, (40_000, 0, 0)), (60_000, (0, 10_000, 0)), (170_000, (0, 100_000, 20_000))):
        state = balances([*facts, paid(late, date(2013, 1, 1))], ROWS, on=date(2013, 1, 1))
        assert (state.outstanding_cents, state.recovered_cents, state.credit_cents) == expected
        assert state.legally_due_cents == max(0, 150_000 - late)


def test_what_is_paid_of_a_debt_that_the_law_ended_is_a_credit() -> None:
    facts = [OUT, entry(EntryKind.DISCHARGE, 200_000, date(2012, 1, 1)), paid(100, date(2012, 2, 1))]
    state = balances(facts, ROWS, on=date(2012, 2, 1))
    assert (state.outstanding_cents, state.legally_due_cents, state.credit_cents) == (0, 0, 100)
    assert state.overdue_cents(date(2013, 3, 1)) == 0


def test_support_is_an_aid_and_no_money_of_the_collector() -> None:
    state = balances([OUT, paid(4_500, date(2011, 2, 5), payer=RepaidBy.CCAS)], ROWS, on=date(2011, 2, 5))
    assert (state.supported_cents, state.outstanding_cents) == (4_500, 195_500)
    assert state.accounts[LedgerAccount.SUPPORT] == 4_500
    assert state.accounts[LedgerAccount.CASH] == -200_000


def test_the_instalment_that_is_named_is_met_first_and_what_it_does_not_need_meets_the_oldest() -> None:
    on = date(2011, 4, 6)
    state = balances([OUT, paid(9_000, on, instalment_ref=3)], ROWS, on=on)
    assert [row.paid_cents for row in state.rows[:4]] == [500, 0, 8_500, 0]
    assert [row.number for row in state.unpaid(on)] == [1, 2]
    assert state.overdue_cents(on) == 8_000 + 8_500


def test_what_was_never_paid_out_is_asked_of_nobody() -> None:
    drawn = entry(EntryKind.DISBURSEMENT, 120_000, PAID_OUT_ON)
    last = date(2013, 3, 1)
    state = balances([drawn, paid(20_000, date(2011, 3, 1))], ROWS, on=last)
    assert (state.outstanding_cents, state.overdue_cents(last)) == (100_000, 100_000)
    assert [row.number for row in state.unpaid(last)][-1] == 15
    settled = balances([drawn, paid(120_000, date(2011, 3, 1))], ROWS, on=last)
    assert (settled.next_due(), settled.overdue_cents(last), settled.credit_cents) == (None, 0, 0)


def test_a_credit_given_back_is_no_longer_one() -> None:
    back = [paid(205_000, date(2011, 3, 1)), entry(EntryKind.CREDIT_REFUND, 3_000, date(2011, 4, 1))]
    state = balances([OUT, *back], ROWS, on=date(2011, 4, 1))
    assert (state.outstanding_cents, state.credit_cents, state.repaid_cents) == (0, 2_000, 202_000)
