"""What guarantors cover and get back, and what third parties owe month by month: properties without a database."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan
from app.domain.borne_interest import BornePart, BorneRow, Version, due, month_end, to_bill
from app.domain.interest_subsidies import InterestShare
from app.domain.loss_sharing import share_recovery

LOAN = UUID(int=1)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 10_000)), st.integers(0, 10_000), st.data())
def test_however_money_comes_back_nobody_gets_more_than_it_bears_and_in_the_end_each_gets_all(
    borne: dict[str, int], lender: int, data: st.DataObject
) -> None:
    left = lender + sum(borne.values())
    while left:
        recovered = data.draw(st.integers(max(1, left // 4), left))
        shares = share_recovery(recovered_cents=recovered, borne_cents=borne, lender_cents=lender)
        kept = recovered - sum(shares.values())
        borne = {name: cents - shares[name] for name, cents in borne.items()}
        lender, left = lender - kept, left - recovered
        assert min(lender, *borne.values(), 0) == 0
    assert (lender, sum(borne.values())) == (0, 0)


def test_no_more_comes_back_than_is_still_borne() -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        share_recovery(recovered_cents=151, borne_cents={"a": 50}, lender_cents=100)
    assert (caught.value.field, caught.value.bound) == ("recovered_cents", 150)


def version(effective_on: date | None, *rows: tuple[int, str, int]) -> Version:
    """A schedule whose rows are `(ref, due date, cents)` of one payer."""
    told = [BorneRow(ref, date.fromisoformat(on), (InterestShare("city", cents),)) for ref, on, cents in rows]
    return Version(effective_on=effective_on, rows=tuple(told))


def owed(*versions: Version, ended_on: date | None = None) -> list[tuple[int, str, int]]:
    """What is due, as the rows of `version` are written."""
    found = due(LOAN, versions, disbursed_on=date(2018, 4, 5), ended_on=ended_on)
    return [(part.instalment_ref, part.due_on.isoformat(), part.cents) for part in found]


CONTRACT = version(None, (1, "2018-05-05", 760), (2, "2018-06-05", 740), (3, "2018-07-05", 720))


def test_each_instalment_is_due_under_the_schedule_in_force_at_the_end_of_its_month() -> None:
    deferred = version(date(2018, 6, 20), (1, "2018-05-05", 760), (4, "2018-07-05", 740), (5, "2018-08-05", 720))
    assert owed(CONTRACT) == [(1, "2018-05-05", 760), (2, "2018-06-05", 740), (3, "2018-07-05", 720)]
    assert owed(CONTRACT, deferred) == [(1, "2018-05-05", 760), (4, "2018-07-05", 740), (5, "2018-08-05", 720)]


def test_a_change_that_was_cancelled_leaves_what_was_due_before_it() -> None:
    deferred = version(date(2018, 6, 20), (1, "2018-05-05", 760), (4, "2018-08-05", 740))
    again = Version(effective_on=date(2018, 6, 20), rows=CONTRACT.rows)
    assert owed(CONTRACT, deferred, again) == owed(CONTRACT)


@pytest.mark.parametrize(("ended_on", "count"), [("2018-04-05", 0), ("2018-05-05", 1), ("2018-05-06", 2)])
def test_what_begins_after_the_end_of_a_loan_is_not_due(ended_on: str, count: int) -> None:
    assert len(owed(CONTRACT, ended_on=date.fromisoformat(ended_on))) == count


parts = st.lists(
    st.builds(
        BornePart,
        loan_id=st.sampled_from([LOAN, uuid4()]),
        payer=st.just("city"),
        instalment_ref=st.just(1),
        due_on=st.dates(date(2018, 1, 1), date(2018, 6, 30)),
        cents=st.integers(1, 1_000),
    ),
    max_size=8,
)


@given(parts, parts, st.permutations(range(1, 7)))
def test_months_billed_in_any_order_with_their_corrections_sum_to_what_is_owed(
    before: list[BornePart], after: list[BornePart], order: list[int]
) -> None:
    """What is owed changes between the third statement and the fourth."""
    billed: list[BornePart] = []
    months: set[date] = set()
    for place, month in enumerate(order):
        months.add(month_end(date(2018, month, 1)))
        billed += to_bill(before if place < 3 else after, billed, months)
    assert sum(part.cents for part in billed) == sum(part.cents for part in after)
    assert to_bill(after, billed, months) == []
