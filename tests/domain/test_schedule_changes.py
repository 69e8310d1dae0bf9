"""Around a change of schedule: which versions stand, what a payment brings early, how often instalments are put off."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, schedule
from app.domain.errors import ImpossibleSchedule, NothingOwed
from app.domain.loan_decisions import LoanAuthority
from app.domain.products import DeferralRule
from app.domain.schedule_changes import beyond_due, deferral_findings, refusals_named, row_changes, standing
from app.domain.schedule_errors import EarlyRepaymentLost
from app.domain.schedule_versions import ScheduleVersion, in_force

DAY = date(2011, 3, 1)


def loan() -> ScheduleVersion:
    """Three instalments of 100 € at 0 %, from 5 February 2011."""
    rows = schedule(principal_cents=30_000, rate_percent=Decimal(0), first_due_on=date(2011, 2, 5), duration_months=3)
    return in_force(rows, rate_percent=Decimal(0), released_on=date(2011, 1, 5))


@pytest.mark.parametrize(
    ("activated", "held"),
    [
        ([1], [1]),
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 1], [1]),
        ([1, 2, 1, 3], [1, 3]),
        ([1, 2, 3, 2], [1, 2]),
        ([1, 2, 3, 2, 1], [1]),
    ],
)
def test_a_version_that_is_activated_again_undoes_those_upon_it(activated: list[int], held: list[int]) -> None:
    assert standing(activated) == held


@given(st.lists(st.booleans(), max_size=30))
def test_whatever_is_changed_and_undone_the_last_activated_is_in_force_upon_the_contract(acts: list[bool]) -> None:
    activated, model = [1], [1]
    for adds in acts:
        if adds:
            model.append(max(activated) + 1)
        elif len(model) > 1:
            model.pop()
        else:
            continue
        activated.append(model[-1])
    assert standing(activated) == model


@pytest.mark.parametrize(
    ("paid_cents", "amount_cents", "expected"),
    [(10_000, 10_000, 0), (15_000, 15_000, 5_000), (15_000, 3_000, 3_000), (5_000, 5_000, 0), (45_000, 45_000, 35_000)],
)
def test_what_exceeds_all_that_was_due_comes_early(paid_cents: int, amount_cents: int, expected: int) -> None:
    assert beyond_due(loan(), on=DAY, paid_cents=paid_cents, amount_cents=amount_cents) == expected


def test_what_goes_and_what_comes_is_told_by_day_and_amount() -> None:
    before = loan().rows
    after = schedule(principal_cents=30_000, rate_percent=Decimal(0), first_due_on=date(2011, 3, 5), duration_months=3)
    changes = row_changes(before, after)
    assert [row.due_on for row in changes.removed] == [date(2011, 2, 5)]
    assert [row.due_on for row in changes.added] == [date(2011, 5, 5)]


MARCH, APRIL, MAY, JULY = (date(2011, month, 5) for month in (3, 4, 5, 7))
BOARD, COMMISSION = LoanAuthority.BOARD, LoanAuthority.COMMISSION


@pytest.mark.parametrize(
    ("limits", "earlier", "paused_on", "decided_by", "found"),
    [
        ((None, None), [MARCH, APRIL], [MAY], BOARD, {}),
        ((2, None), [MARCH], [JULY], BOARD, {}),
        ((2, None), [MARCH, APRIL], [JULY], COMMISSION, {"deferrals.count_max": 3}),
        ((None, 1), [MARCH], [MAY], BOARD, {}),
        ((None, 1), [MARCH], [APRIL], BOARD, {"deferrals.consecutive_max": 2}),
        ((None, 1), [MARCH], [APRIL], COMMISSION, {}),
        ((None, 1), [], [MARCH, APRIL], BOARD, {"deferrals.consecutive_max": 2}),
        ((None, 2), [MARCH, MAY], [APRIL], BOARD, {"deferrals.consecutive_max": 3}),
        ((1, 1), [MARCH], [APRIL], None, {"deferrals.count_max": 2, "deferrals.consecutive_max": 2}),
    ],
)
def test_deferrals_are_counted_in_all_and_in_a_row(
    limits: tuple[int | None, int | None],
    earlier: list[date],
    paused_on: list[date],
    decided_by: LoanAuthority | None,
    found: dict[str, int],
) -> None:
    rule = DeferralRule(count_max=limits[0], consecutive_max=limits[1])
    told = deferral_findings(rule, earlier=earlier, paused_on=paused_on, decided_by=decided_by)
    assert {name: actual for name, _, actual, _ in told} == found


def test_rules_that_say_nothing_of_deferrals_limit_nothing() -> None:
    assert deferral_findings(None, earlier=[MARCH], paused_on=[APRIL], decided_by=None) == []


def test_a_refusal_of_the_mathematics_names_its_field_and_its_bound() -> None:
    with pytest.raises(ImpossibleSchedule) as caught, refusals_named(DAY):
        raise ImpossiblePlan("first_due_on", date(2011, 4, 5), "…")
    assert caught.value.facts == {"field": "first_due_on", "bound": "2011-04-05"}
    with pytest.raises(NothingOwed), refusals_named(DAY):
        raise ImpossiblePlan("paid_cents", None, "…")
    with pytest.raises(EarlyRepaymentLost), refusals_named(DAY):
        raise ImpossiblePlan("paid_cents", 10_000, "…")
