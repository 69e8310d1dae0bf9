"""What entries add up to on a day, whatever the order in which they were entered."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import Instalment, schedule
from app.domain.ledger import Balances, Entry, EntryKind, balances, settled_on

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


def entry(kind: EntryKind, amount_cents: int, effect_on: date) -> Entry:
    return Entry(uuid4(), kind, amount_cents, effect_on)


def paid(amount_cents: int, effect_on: date) -> Entry:
    return entry(EntryKind.REPAYMENT, amount_cents, effect_on)


def taken_back(amount_cents: int, effect_on: date) -> Entry:
    return entry(EntryKind.REVERSAL, amount_cents, effect_on)


OUT = entry(EntryKind.DISBURSEMENT, 200_000, PAID_OUT_ON)

days = st.integers(0, 900).map(lambda shift: PAID_OUT_ON + timedelta(days=shift))
repayments = st.lists(st.builds(paid, st.integers(1, 120_000), days), max_size=12)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """A ledger such as the service writes: a payment, repayments, some of them taken back later."""
    entries = [OUT]
    for repayment in draw(repayments):
        entries.append(repayment)
        delay = draw(st.none() | st.integers(0, 60))
        if delay is not None:
            entries.append(taken_back(repayment.amount_cents, repayment.effect_on + timedelta(days=delay)))
    return entries


@given(data=st.data(), entries=ledgers(), on=days)
def test_entries_told_in_any_order_give_the_same_balances(data: st.DataObject, entries: list[Entry], on: date) -> None:
    shuffled = data.draw(st.permutations(entries))
    assert balances(shuffled, ROWS, on=on) == balances(entries, ROWS, on=on)
    assert settled_on(shuffled, ROWS, on=on) == settled_on(entries, ROWS, on=on)


@given(entries=ledgers(), on=days, rows=st.sampled_from([ROWS, LENT_AT_A_RATE]))
def test_every_cent_repaid_is_principal_interest_or_credit(
    entries: list[Entry], on: date, rows: Sequence[Instalment]
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
def test_what_happens_after_a_day_changes_nothing_of_that_day(
    entries: list[Entry], later: list[Entry], on: date
) -> None:
    after = [paid(one.amount_cents, on + timedelta(days=1)) for one in later]
    assert balances([*entries, *after], ROWS, on=on) == balances(entries, ROWS, on=on)


@given(entries=ledgers(), amount=st.integers(1, 300_000), when=days, on=days)
def test_a_repayment_taken_back_on_its_own_day_was_never_there(
    entries: list[Entry], amount: int, when: date, on: date
) -> None:
    assert balances([*entries, paid(amount, when), taken_back(amount, when)], ROWS, on=on) == balances(
        entries, ROWS, on=on
    )


@given(entries=ledgers(), on=days)
def test_a_loan_is_settled_from_the_first_day_of_its_last_stretch_without_debt(entries: list[Entry], on: date) -> None:
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
    assert state == Balances(disbursed_cents=0, repaid_cents=0, outstanding_cents=0, credit_cents=0)


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
    entries = [
        OUT,
        paid(200_000, date(2011, 3, 1)),
        taken_back(200_000, date(2011, 3, 10)),
        paid(200_000, date(2011, 4, 1)),
    ]
    assert settled_on(entries, ROWS, on=date(2011, 3, 9)) == date(2011, 3, 1)
    assert settled_on(entries, ROWS, on=date(2011, 3, 31)) is None
    assert settled_on(entries, ROWS, on=date(2011, 12, 31)) == date(2011, 4, 1)
