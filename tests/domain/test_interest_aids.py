"""What third parties pay of interest and fee, as published schemes have it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.tenants import read_rules
from app.domain.amortization import schedule
from app.domain.interest_aids import Refund, fee_shares, parts, refunds
from app.domain.interest_subsidies import InterestShare, borrower_rows
from app.domain.lenders import InterestAid, PaidWhen, Payer, RefundCondition
from app.domain.products import Product
from app.tenants import seed_files

AMIENS = next(read_rules(path) for path in seed_files() if path.stem == "amiens").versions[0].products[0]
RATE = Decimal(6)
ROWS = schedule(principal_cents=300_000, rate_percent=RATE, first_due_on=date(2026, 2, 5), duration_months=36)
ON_TIME = (RefundCondition.FULLY_REPAID, RefundCondition.NEVER_LATE)


def with_aids(*aids: InterestAid, **changes: Any) -> Product:
    """A loan whose interest the borrower bears, and these aids."""
    return replace(AMIENS, interest_borne_by=Payer.BORROWER, interest_aids=aids, **changes)


def test_a_commune_pays_the_points_above_a_rate() -> None:
    """Pont-Saint-Esprit: « la commune prendra en charge 2,5 % du taux initial qui est de 6 % »."""
    product = with_aids(InterestAid(payer=Payer.CITY, above_percent=Decimal("3.5")))
    told = parts(ROWS, product, rate_percent=RATE)
    # 15,00 € of interest on 3 000 € in the first month: 2,5 points of 6 are 6,25 €.
    assert ROWS[0].interest_cents == 1_500
    assert told[0] == (InterestShare("city", 625),)
    assert borrower_rows(ROWS, told)[0].interest_cents == 875
    assert parts(ROWS, product, rate_percent=Decimal("3.5")) == [()] * 36


def test_a_refund_at_the_end_is_counted_by_no_row() -> None:
    """Laval: « une fois que celle-ci a remboursé toutes les échéances de son prêt, sans retard »."""
    product = with_aids(InterestAid(payer=Payer.CCAS, paid=PaidWhen.AT_THE_END, conditions=ON_TIME))
    told = parts(ROWS, product, rate_percent=RATE)
    assert told == [()] * 36
    interest = sum(row.interest_cents for row in ROWS)
    assert refunds(ROWS, told, product, rate_percent=RATE, fee_cents=0) == [Refund("ccas", interest, ON_TIME)]


def test_half_the_interest_is_half_of_each_row() -> None:
    """Paris: « la moitié des intérêts payés »; half a cent makes a cent."""
    half = InterestAid(payer=Payer.CITY, share_percent=Decimal(50), paid=PaidWhen.AT_THE_END)
    product = with_aids(half)
    [refund] = refunds(ROWS, [()] * 36, product, rate_percent=RATE, fee_cents=0)
    assert refund.cents == sum((row.interest_cents + 1) // 2 for row in ROWS)


def test_the_fee_is_paid_only_where_the_rules_say_so() -> None:
    """Rennes: « La totalité des intérêts et des frais de dossiers sont désormais pris en charge »."""
    assert fee_shares(with_aids(InterestAid(payer=Payer.CITY, with_fee=True)), 3_000) == (InterestShare("city", 3_000),)
    assert fee_shares(with_aids(InterestAid(payer=Payer.CITY)), 3_000) == ()


def test_who_bears_all_of_it_leaves_nothing_to_aids_nor_to_refunds() -> None:
    at_end = InterestAid(payer=Payer.REGION, paid=PaidWhen.AT_THE_END)
    product = replace(with_aids(InterestAid(payer=Payer.CCAS), at_end), interest_borne_by=Payer.CITY)
    told = parts(ROWS, product, rate_percent=RATE)
    assert told[0] == (InterestShare("city", 1_500),)
    assert refunds(ROWS, told, product, rate_percent=RATE, fee_cents=0) == []


aids = st.lists(
    st.builds(
        InterestAid,
        payer=st.sampled_from([Payer.CCAS, Payer.CITY, Payer.REGION]),
        share_percent=st.decimals(0, 100, places=2),
        above_percent=st.none() | st.decimals(0, 20, places=2),
        with_fee=st.booleans(),
        paid=st.sampled_from(PaidWhen),
    ),
    max_size=4,
)


@given(aids, st.integers(0, 10_000), st.decimals(0, 20, places=2))
def test_third_parties_never_pay_more_than_there_is(found: list[InterestAid], fee_cents: int, rate: Decimal) -> None:
    rows = schedule(principal_cents=100_000, rate_percent=rate, first_due_on=date(2026, 2, 5), duration_months=12)
    product = with_aids(*found)
    told = parts(rows, product, rate_percent=rate)
    for row, borrowers in zip(rows, borrower_rows(rows, told), strict=True):
        assert row.principal_cents <= borrowers.total_cents <= row.total_cents
    assert 0 <= sum(share.cents for share in fee_shares(product, fee_cents)) <= fee_cents


@pytest.mark.parametrize("payer", [Payer.NOBODY, Payer.BORROWER, None])
def test_without_aids_the_borrower_pays_all(payer: Payer | None) -> None:
    assert parts(ROWS, replace(with_aids(), interest_borne_by=payer), rate_percent=RATE) == [()] * 36
