"""The one rounding function and the French display of amounts."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import euros, quotient_half_up, round_half_up, round_up

amounts = st.decimals(min_value=0, max_value=10_000_000, places=6)
units = st.integers(min_value=1, max_value=1000)


@pytest.mark.parametrize(
    ("value", "unit", "half_up", "up"),
    [
        ("0", 1, 0, 0),
        ("0.4999", 1, 0, 1),
        ("0.5", 1, 1, 1),
        ("1.5", 1, 2, 2),
        ("2.5", 1, 3, 3),  # not to the even neighbour
        ("2.0000", 1, 2, 2),
        ("8882.156862", 1, 8882, 8883),
        ("10738.458333", 100, 10700, 10800),
        ("10750", 100, 10800, 10800),
        ("10800", 100, 10800, 10800),
        ("7.5", 5, 10, 10),
        ("7.49", 5, 5, 10),
        ("-2.5", 1, -3, -2),
    ],
)
def test_rounding(value: str, unit: int, half_up: int, up: int) -> None:
    assert round_half_up(Decimal(value), unit) == half_up
    assert round_up(Decimal(value), unit) == up


def test_no_digit_is_lost_before_the_rounding_however_many_there_are() -> None:
    assert round_half_up(Decimal("0.4" + "9" * 34)) == 0
    assert round_half_up(Decimal("49." + "9" * 34), 100) == 0
    assert round_half_up(Fraction(10**40 - 1, 2 * 10**40)) == 0
    assert round_half_up(Fraction(1, 2)) == 1
    assert round_up(Decimal("1E-35")) == round_up(Fraction(1, 10**40)) == 1
    with localcontext(prec=2):
        assert round_half_up(Decimal("8882.49")) == 8882
        assert round_half_up(Decimal("10738.458333"), 100) == 10700


def test_a_quotient_is_rounded_as_a_value_is() -> None:
    assert [quotient_half_up(n, 4) for n in (1, 2, 5, 6, -1, -2, -6)] == [0, 1, 1, 2, 0, -1, -2]


def test_without_a_unit_amounts_are_whole_cents() -> None:
    found = (round_half_up(Decimal("2.5")), round_up(Decimal("2.1")))
    assert found == (3, 3)
    assert [type(cents) for cents in found] == [int, int]


@given(amounts, units)
def test_rounding_gives_the_nearest_multiple(value: Decimal, unit: int) -> None:
    near, above = round_half_up(value, unit), round_up(value, unit)
    assert near % unit == above % unit == 0
    assert Decimal(-unit) / 2 < near - value <= Decimal(unit) / 2
    assert 0 <= above - value < unit


@pytest.mark.parametrize("unit", [0, -1])
def test_a_unit_is_positive(unit: int) -> None:
    with pytest.raises(ValueError, match="rounding unit"):
        round_half_up(Decimal(1), unit)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_an_amount_is_a_number(value: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        round_up(Decimal(value))


@pytest.mark.parametrize(
    ("cents", "shown"),
    [
        (707623, "7\u202f076,23\u00a0€"),
        (0, "0,00\u00a0€"),
        (5, "0,05\u00a0€"),
        (99999, "999,99\u00a0€"),
        (123456789, "1\u202f234\u202f567,89\u00a0€"),
        (-1, "-0,01\u00a0€"),
        (-5, "-0,05\u00a0€"),
        (-100000, "-1\u202f000,00\u00a0€"),
    ],
)
def test_euros(cents: int, shown: str) -> None:
    assert euros(cents) == shown
