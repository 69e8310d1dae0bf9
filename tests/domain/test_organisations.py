"""The key of the numbers that identify establishments."""

import pytest

from app.domain.organisations import is_siret


@pytest.mark.parametrize(
    "number",
    [
        "73282932000074",  # the example of INSEE's key, « 732 829 320 00074 »
        "35600000000048",  # La Poste's head office
        "35600000049837",  # another of La Poste's: the sum of its digits, 45, is a multiple of five
    ],
)
def test_a_siret_has_its_key(number: str) -> None:
    assert is_siret(number)


@pytest.mark.parametrize("position", range(14))
def test_any_one_digit_that_is_wrong_is_found(position: int) -> None:
    right = "73282932000074"
    for digit in "0123456789":
        wrong = right[:position] + digit + right[position + 1 :]
        assert is_siret(wrong) == (wrong == right)


@pytest.mark.parametrize(
    "number", ["", "7328293200007", "732829320000741", "7328293200007A", "７３２８２９３２００００７４"]
)
def test_what_is_not_fourteen_digits_is_none(number: str) -> None:
    assert not is_siret(number)
