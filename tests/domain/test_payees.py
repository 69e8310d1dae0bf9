"""The key of an IBAN."""

import pytest

from app.domain.payees import is_iban

POSTAL, BANK = "FR1420041010050500013M02606", "FR7630006000011234567890189"


@pytest.mark.parametrize("number", [POSTAL, BANK, "DE89370400440532013000", "BE68539007547034"])
def test_an_iban_holds_its_key(number: str) -> None:
    assert is_iban(number)


@pytest.mark.parametrize("place", range(len(BANK)))
def test_another_digit_anywhere_does_not(place: int) -> None:
    changed = {is_iban(BANK[:place] + digit + BANK[place + 1 :]) for digit in "0123456789" if digit != BANK[place]}
    assert changed == {False}


@pytest.mark.parametrize(
    "number", ["", "FR76", BANK.lower(), f"{BANK} ", BANK[:-1], "FR21" + "0" * 22, "DE" + BANK[2:]]
)
def test_what_is_no_iban_is_refused(number: str) -> None:
    assert not is_iban(number)
