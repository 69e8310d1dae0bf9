"""The key with which a lender asks the FICP for a person."""

import re
from datetime import date
from inspect import signature

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.query_keys import LETTERS_MAX, query_key

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("birth_name", "birth_on", "key"),
    [
        ("Dupont", date(1978, 5, 12), "120578DUPON"),
        ("Le Gall", date(1990, 11, 3), "031190LEGAL"),
        ("D'Artagnan-Éloi", date(1984, 2, 29), "290284DARTA"),
        ("Bâ", date(2000, 1, 1), "010100BA"),
        ("Œuvrard", date(1969, 7, 14), "140769OEUVR"),
        ("Nuñez-Müller", date(2001, 12, 31), "311201NUNEZ"),
        ("Łukasz", date(1970, 1, 2), "020170LUKAS"),
        ("Đỗ", date(1970, 1, 2), "020170DO"),
        ("Weiß", date(1970, 1, 2), "020170WEISS"),
        ("ærøskøbing", date(1970, 1, 2), "020170AEROS"),
        ("de La Tour d’Auvergne", date(1970, 1, 2), "020170DELAT"),
    ],
)
def test_the_key_is_the_birth_date_and_the_first_letters_of_the_birth_name(
    birth_name: str, birth_on: date, key: str
) -> None:
    assert query_key(birth_name, birth_on) == key


@given(st.text(), days)
def test_a_key_is_six_digits_and_one_to_five_letters_or_none(birth_name: str, birth_on: date) -> None:
    key = query_key(birth_name, birth_on)
    assert key is None or re.fullmatch(r"\d{6}[A-Z]{1,5}", key, re.ASCII)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1), st.text(" -'’.", max_size=3), days)
def test_case_and_what_is_no_letter_change_nothing(letters: str, between: str, birth_on: date) -> None:
    key = f"{birth_on:%d%m%y}{letters[:LETTERS_MAX]}"
    assert query_key(letters.lower(), birth_on) == query_key(between.join(letters), birth_on) == key


@pytest.mark.parametrize("birth_name", ["", " - ", "王", "Ельцин"])
def test_a_name_without_a_latin_letter_has_no_key(birth_name: str) -> None:
    assert query_key(birth_name, date(1978, 5, 12)) is None


def test_no_other_name_is_asked_for() -> None:
    assert list(signature(query_key).parameters) == ["birth_name", "birth_on"]
