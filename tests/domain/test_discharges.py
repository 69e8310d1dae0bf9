"""Debts that the law erases, debtor by debtor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.discharges import Erasure, erased_cents, gone_cents, not_to_ask, owed_cents
from app.domain.products import Party

ALONE = (Party.BORROWER,)
BOTH = (Party.BORROWER, Party.CO_BORROWER)


@pytest.mark.parametrize(
    ("debtors", "erasures", "gone"),
    [
        (ALONE, [], 0),
        (ALONE, [Erasure(None, 300)], 300),
        (ALONE, [Erasure(Party.BORROWER, 300), Erasure(None, 200)], 500),
        (BOTH, [Erasure(Party.BORROWER, 500)], 0),
        (BOTH, [Erasure(Party.BORROWER, 500), Erasure(Party.CO_BORROWER, 200)], 200),
        (BOTH, [Erasure(Party.BORROWER, 500), Erasure(Party.CO_BORROWER, 500)], 500),
        (BOTH, [Erasure(None, 400)], 400),
        (BOTH, [Erasure(None, 400), Erasure(Party.CO_BORROWER, 100)], 400),
    ],
)
def test_a_debt_is_gone_once_nobody_owes_it(debtors: tuple[Party, ...], erasures: list[Erasure], gone: int) -> None:
    assert gone_cents(debtors, erasures) == gone


def test_the_other_borrower_stays_liable_for_the_whole() -> None:
    erasures = [Erasure(Party.BORROWER, 500)]
    assert owed_cents(BOTH, erasures, 500) == {Party.BORROWER: 0, Party.CO_BORROWER: 500}
    assert not_to_ask(BOTH, erasures, 500) == [Party.BORROWER]


def test_who_was_erased_in_part_like_all_the_others_still_owes_the_rest() -> None:
    erasures = [Erasure(None, 300)]
    assert owed_cents(BOTH, erasures, 200) == dict.fromkeys(BOTH, 200)
    assert not_to_ask(BOTH, erasures, 200) == []


def test_nothing_is_asked_of_anybody_once_all_is_erased() -> None:
    assert not_to_ask(BOTH, [Erasure(None, 500)], 0) == list(BOTH)
    assert not_to_ask(ALONE, [Erasure(None, 500)], 0) == list(ALONE)


def test_who_paid_everything_was_not_erased() -> None:
    assert not_to_ask(ALONE, [], 0) == []


@given(
    erasures=st.lists(st.builds(Erasure, st.sampled_from([None, *BOTH]), st.integers(1, 1_000)), max_size=6),
    due=st.integers(0, 10_000),
)
def test_what_is_gone_is_never_more_than_what_was_erased_of_any_and_nobody_owes_more_than_is_due(
    erasures: list[Erasure], due: int
) -> None:
    gone = gone_cents(BOTH, erasures)
    assert all(0 <= gone <= told for told in erased_cents(BOTH, erasures).values())
    assert all(0 <= owed <= due for owed in owed_cents(BOTH, erasures, due).values())
    assert max(owed_cents(BOTH, erasures, due).values()) == due
