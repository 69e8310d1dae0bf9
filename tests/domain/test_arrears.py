"""Financial support: what it covers of the instalments, whatever the order in which its payments are told."""

from datetime import date
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.arrears import SupportLine, SupportPayment, covered, delay_counts, paid_of

MAY, JUNE, JULY = date(2011, 5, 20), date(2011, 6, 20), date(2011, 7, 20)


def test_support_covers_what_is_left_from_its_decision_on_and_not_before() -> None:
    lines = [SupportLine(MAY, 3, 8_500), SupportLine(MAY, 4, 4_000)]
    left = {3: 8_500, 4: 8_500, 5: 8_500}
    assert covered(left, lines, [], on=date(2011, 5, 19)) == {}
    assert covered(left, lines, [], on=MAY) == {3: 8_500, 4: 4_000}


def test_what_the_borrower_pays_meanwhile_needs_no_cover() -> None:
    lines = [SupportLine(MAY, 3, 8_500)]
    assert covered({3: 3_000}, lines, [], on=JUNE) == {3: 3_000}
    assert covered({3: 0}, lines, [], on=JUNE) == {}


def test_a_part_that_the_ccas_has_paid_covers_nothing_more_of_what_is_left() -> None:
    lines = [SupportLine(MAY, 3, 4_000)]
    for payment in (SupportPayment(4_000, 3, JUNE), SupportPayment(4_000, None, JUNE)):
        assert paid_of(lines, [payment]) == [4_000]
        assert covered({3: 4_500}, lines, [payment], on=JUNE) == {}


def test_a_support_that_was_taken_back_covers_nothing_from_that_day_on_and_keeps_what_was_paid() -> None:
    lines = [SupportLine(MAY, 3, 8_500, cancelled_on=JUNE), SupportLine(JULY, 3, 8_500)]
    assert covered({3: 8_500}, lines, [], on=MAY) == {3: 8_500}
    assert covered({3: 8_500}, lines, [], on=JUNE) == {}
    assert covered({3: 8_500}, lines, [], on=JULY) == {3: 8_500}
    assert paid_of(lines, [SupportPayment(8_500, 3, MAY)]) == [8_500, 0]
    assert paid_of(lines, [SupportPayment(8_500, 3, JULY)]) == [0, 8_500]


def test_payments_meet_the_instalment_that_they_name_and_else_the_lowest_reference() -> None:
    lines = [SupportLine(MAY, 4, 8_500), SupportLine(MAY, 3, 8_500)]
    payments = [SupportPayment(8_500, None, JUNE), SupportPayment(5_000, 4, JUNE), SupportPayment(1_000, 9, JUNE)]
    for told in permutations(payments):
        assert paid_of(lines, told) == [6_000, 8_500]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 100)), max_size=5),
    st.lists(st.tuples(st.integers(1, 100), st.none() | st.integers(1, 5)), max_size=5),
)
def test_no_line_is_paid_above_its_amount_nor_all_of_them_above_what_was_paid(
    amounts: list[tuple[int, int]], told: list[tuple[int, int | None]]
) -> None:
    lines = [SupportLine(MAY, ref, cents) for ref, cents in amounts]
    payments = [SupportPayment(cents, ref, JUNE) for cents, ref in told]
    paid = paid_of(lines, payments)
    assert all(0 <= part <= line.amount_cents for part, line in zip(paid, lines, strict=True))
    assert sum(paid) == min(sum(cents for _, cents in amounts), sum(cents for cents, _ in told))
    assert paid_of(lines, payments[::-1]) == paid


def test_delays_are_counted_by_steps_of_thirty_days_whose_last_day_is_in_them() -> None:
    assert delay_counts([1, 30, 31, 60, 61, 90, 91, 400]) == (2, 2, 2, 2)
    assert delay_counts([]) == (0, 0, 0, 0)
