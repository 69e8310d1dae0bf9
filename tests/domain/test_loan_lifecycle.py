"""The life of a loan: stages by events, the status of a day by derivation."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import Instalment, due_dates
from app.domain.errors import IllegalTransition
from app.domain.loan_lifecycle import (
    ClosingReason,
    LoanAction,
    LoanStage,
    LoanStatus,
    after,
    closing_reasons,
    next_due,
    overdue_cents,
    status,
)

S, A = LoanStage, LoanAction
DAY = timedelta(days=1)
FIRST, LAST = date(2011, 2, 5), date(2011, 5, 5)
EXPECTED = {
    S.OFFERED: {
        A.SIGN: S.OFFERED,
        A.ACCEPT: S.ACCEPTED,
        A.CANCEL: S.CANCELLED,
        A.WITHDRAW: S.CANCELLED,
    },
    S.ACCEPTED: {A.DISBURSE: S.DISBURSED, A.CANCEL: S.CANCELLED, A.WITHDRAW: S.CANCELLED},
    S.DISBURSED: {
        A.REPAY: S.DISBURSED,
        A.REVERSE: S.DISBURSED,
        A.OPEN_LITIGATION: S.LITIGATION,
        A.WITHDRAW: S.DISBURSED,
    },
    S.LITIGATION: {A.REPAY: S.LITIGATION, A.REVERSE: S.LITIGATION},
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
    return status(stage, rows=ROWS, outstanding_cents=max(0, TOTAL - repaid), overdue=late, on=on)


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
    assert (following[0].number, following[1]) == (number, left)


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
    assert (late > 0) == (following is not None and following[0].due_on < on)
    assert (following is None) == (repaid >= sum(totals))


@pytest.mark.parametrize(
    ("settled_on", "reason"),
    [
        (date(2011, 4, 30), ClosingReason.EARLY),
        (date(2011, 5, 1), ClosingReason.ON_SCHEDULE),
        (LAST, ClosingReason.ON_SCHEDULE),
        (date(2011, 7, 1), ClosingReason.ON_SCHEDULE),
        (date(2010, 12, 31), ClosingReason.EARLY),
    ],
)
def test_a_loan_settled_before_the_month_of_its_last_due_date_is_settled_early(
    settled_on: date, reason: ClosingReason
) -> None:
    assert closing_reasons(in_litigation=False, settled_on=settled_on, last_due_on=LAST) == [reason]


@pytest.mark.parametrize("settled_on", [date(2011, 3, 1), LAST, date(2013, 1, 1)])
def test_a_loan_settled_in_litigation_is_closed_after_litigation(settled_on: date) -> None:
    reasons = closing_reasons(in_litigation=True, settled_on=settled_on, last_due_on=LAST)
    assert reasons == [ClosingReason.AFTER_LITIGATION]
