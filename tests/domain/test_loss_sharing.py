"""Who bears a loss: sourced figures, and cents that add up whoever guarantees what."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan
from app.domain.loss_sharing import Guarantor, LossBase, LossShares, share_loss
from tests.domain.loan_histories import CASES

caps = st.none() | st.integers(0, 200_000)


@st.composite
def guarantors(draw: st.DrawFn, *, capped: bool = True) -> list[Guarantor]:
    """Up to four guarantors, together 100 % at most."""
    left, found = Decimal(100), []
    for name in draw(st.lists(st.sampled_from("abcd"), unique=True)):
        share = draw(st.decimals(0, left, places=2) | st.decimals(0, left, places=0))
        left -= share
        limits = {"cap_loss_cents": caps, "cap_portfolio_cents": caps, "called_cents": st.integers(0, 150_000)}
        drawn = {field: draw(values) for field, values in limits.items()} if capped else {}
        found.append(Guarantor(name=name, share_percent=share, base=draw(st.sampled_from(LossBase)), **drawn))
    return found


def split(principal: int, interest: int, parties: list[Guarantor]) -> LossShares:
    return share_loss(principal_cents=principal, interest_cents=interest, guarantors=parties)


@pytest.mark.parametrize("case", CASES["losses"], ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    parties = [
        Guarantor(
            **one | {"share_percent": Decimal(one["share_percent"]), "base": LossBase(one.get("base", "principal"))}
        )
        for one in case["guarantors"]
    ]
    found = split(case["principal_cents"], case["interest_cents"], parties)
    assert {part.name: part.cents for part in found.parts} == case["parts"]
    assert {part.name: part.capped_cents for part in found.parts if part.capped_cents} == case.get("capped", {})
    assert found.lender_cents == case["lender_cents"]
    assert found.loss_cents == case["principal_cents"] + case["interest_cents"]


def test_guarantors_may_come_one_by_one_and_say_their_base_as_text() -> None:
    parties = [Guarantor(name=base, share_percent=Decimal(50), base=base) for base in LossBase]
    text = (replace(one, base=one.base.value) for one in parties)  # type: ignore[arg-type]
    found = share_loss(principal_cents=1_000, interest_cents=100, guarantors=text)
    assert [part.cents for part in found.parts] == [500, 550]
    assert found == split(1_000, 100, parties)


def test_of_equal_fractions_the_lender_comes_last_and_names_settle() -> None:
    half = Decimal(50)
    assert split(1, 0, [Guarantor(name="b", share_percent=half)]).lender_cents == 0
    both = split(1, 0, [Guarantor(name="b", share_percent=half), Guarantor(name="a", share_percent=half)])
    assert [(part.name, part.cents) for part in both.parts] == [("b", 0), ("a", 1)]


@pytest.mark.parametrize(
    ("loss", "percents", "cents", "lender_cents"),
    [
        (3, ["50", "20"], [1, 1], 1),  # 1.5, 0.6 and 0.9: the fraction counts, not what is before it
        (100, ["33.7", "35.2"], [34, 35], 31),  # 33.7, 35.2 and 31.1
    ],
)
def test_the_cents_left_go_to_the_largest_fractions(
    loss: int, percents: list[str], cents: list[int], lender_cents: int
) -> None:
    parties = [Guarantor(name=name, share_percent=Decimal(one)) for name, one in zip("ab", percents, strict=True)]
    found = split(loss, 0, parties)
    assert ([part.cents for part in found.parts], found.lender_cents) == (cents, lender_cents)


def test_unless_said_otherwise_a_guarantor_shares_the_principal_and_was_never_called() -> None:
    plain = Guarantor(name="a", share_percent=Decimal(50), cap_portfolio_cents=500)
    assert [part.cents for part in split(600, 200, [plain]).parts] == [300]
    assert [part.cents for part in split(2_000, 0, [plain]).parts] == [500]


def test_a_portfolio_cap_that_is_used_up_pays_nothing() -> None:
    spent = Guarantor(name="a", share_percent=Decimal(15), cap_portfolio_cents=500, called_cents=501)
    assert [part.cents for part in split(10_000, 0, [spent]).parts] == [0]


@pytest.mark.parametrize(
    ("change", "field", "bound"),
    [
        ({"share_percent": Decimal("100.01")}, "share_percent", 100),
        ({"share_percent": Decimal(-1)}, "share_percent", 0),
        ({"share_percent": Decimal("NaN")}, "share_percent", None),
        ({"share_percent": Decimal("50.5")}, "share_percent", 50),
        ({"share_percent": 0.15}, "share_percent", None),
        ({"name": "fcs", "share_percent": Decimal(15)}, "name", None),
        ({"cap_loss_cents": -1}, "cap_loss_cents", 0),
        ({"cap_portfolio_cents": -1}, "cap_portfolio_cents", 0),
        ({"called_cents": -1}, "called_cents", 0),
        ({"base": "interest"}, "base", None),
    ],
)
def test_guarantors_out_of_bounds(change: dict[str, Any], field: str, bound: object) -> None:
    fund = Guarantor(name="fcs", share_percent=Decimal(50))
    with pytest.raises(ImpossiblePlan) as caught:
        split(1_000, 0, [fund, replace(fund, **({"name": "city"} | change))])
    assert (caught.value.field, caught.value.bound) == (field, bound)


@pytest.mark.parametrize(
    ("first", "second", "bound"), [("49", "51.5", 51), ("50", "50.5", 50), ("49.5", "50.75", None)]
)
def test_the_share_that_is_left_is_named_in_whole_percents_or_not_at_all(
    first: str, second: str, bound: int | None
) -> None:
    parties = [Guarantor(name="a", share_percent=Decimal(first)), Guarantor(name="b", share_percent=Decimal(second))]
    with pytest.raises(ImpossiblePlan) as caught:
        split(1_000, 0, parties)
    assert (caught.value.field, caught.value.bound) == ("share_percent", bound)
    assert not isinstance(caught.value.bound, Decimal)


@pytest.mark.parametrize(
    ("principal", "interest", "field", "bound"),
    [
        (0, 0, "principal_cents", 1),
        (-1, 5, "principal_cents", 0),
        (5, -1, "interest_cents", 0),
        (Decimal("NaN"), 0, "principal_cents", None),
    ],
)
def test_losses_out_of_bounds(principal: Any, interest: Any, field: str, bound: object) -> None:
    with pytest.raises(ImpossiblePlan) as caught:
        split(principal, interest, [])
    assert (caught.value.field, caught.value.bound) == (field, bound)


losses = st.integers(1, 5_000) | st.integers(1, 7_500_000)
interests = st.integers(0, 50_000)


@given(losses, interests, guarantors())
def test_the_parts_are_the_loss_to_the_cent(principal: int, interest: int, parties: list[Guarantor]) -> None:
    found = split(principal, interest, parties)
    assert sum(part.cents for part in found.parts) + found.lender_cents == principal + interest
    assert found.lender_cents >= 0
    for one, part in zip(parties, found.parts, strict=True):
        base = principal if one.base is LossBase.PRINCIPAL else principal + interest
        quota = base * Fraction(one.share_percent) / 100
        assert part.name == one.name
        assert min(part.cents, part.capped_cents) >= 0
        # Nobody is more than a cent from its share, before its caps.
        assert abs(part.cents + part.capped_cents - quota) < 1
        assert part.cents <= min(cap for cap in (one.cap_loss_cents, part.cents) if cap is not None)
        if one.cap_portfolio_cents is not None:
            assert part.cents <= max(0, one.cap_portfolio_cents - one.called_cents)


@given(losses, interests, guarantors(), st.randoms(use_true_random=False))
def test_the_order_of_the_guarantors_changes_nothing(
    principal: int, interest: int, parties: list[Guarantor], random: Any
) -> None:
    shuffled = list(parties)
    random.shuffle(shuffled)
    one, other = split(principal, interest, parties), split(principal, interest, shuffled)
    assert {part.name: part for part in one.parts} == {part.name: part for part in other.parts}
    assert one.lender_cents == other.lender_cents


@given(losses, st.integers(0, 5_000), interests, guarantors())
def test_a_larger_loss_takes_no_more_than_a_rounded_cent_from_anyone(
    principal: int, more: int, interest: int, parties: list[Guarantor]
) -> None:
    # Largest remainders may move a single cent back among three or more (the Alabama paradox), never two.
    smaller, larger = split(principal, interest, parties), split(principal + more, interest, parties)
    assert all(big.cents >= small.cents - 1 for small, big in zip(smaller.parts, larger.parts, strict=True))


@given(losses, st.integers(0, 5_000), st.decimals(0, 100, places=2), caps)
def test_between_a_guarantor_and_the_lender_a_larger_loss_takes_nothing_back(
    principal: int, more: int, share: Decimal, cap: int | None
) -> None:
    one = Guarantor(name="a", share_percent=share, cap_loss_cents=cap)
    smaller, larger = split(principal, 0, [one]), split(principal + more, 0, [one])
    assert larger.parts[0].cents >= smaller.parts[0].cents
    assert larger.lender_cents >= smaller.lender_cents


@given(losses, interests, guarantors(capped=False), st.integers(0, 100_000))
def test_a_cap_moves_cents_to_the_lender_alone(
    principal: int, interest: int, parties: list[Guarantor], cap: int
) -> None:
    if not parties:
        return
    free = split(principal, interest, parties)
    capped = split(principal, interest, [replace(parties[0], cap_loss_cents=cap), *parties[1:]])
    assert capped.parts[1:] == free.parts[1:]
    assert capped.lender_cents - free.lender_cents == free.parts[0].cents - capped.parts[0].cents >= 0
