"""How likely somebody sought is somebody known: exact scores on exact cases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.person_matching import (
    WEIGHTS,
    Identity,
    Match,
    days_like,
    is_the_same,
    is_worth_showing,
    match,
)

CAMILLE = Identity(
    birth_name="durand",
    usage_name="martin",
    first_names="camille",
    birth_on=date(1988, 3, 2),
    phone="0381000000",
    email="c@exemple.fr",
)
ASKED = Identity(birth_name="durand", first_names="camille", birth_on=date(1988, 3, 2))


def test_the_weights_are_of_a_hundred() -> None:
    assert sum(WEIGHTS.values()) == 100


@pytest.mark.parametrize(
    ("change", "score", "matched"),
    [
        ({}, 100, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "martin"}, 100, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "durant"}, 93, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "duran"}, 93, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "durannd"}, 93, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "druand"}, 93, ("birth_on", "birth_name", "first_names")),
        ({"first_names": "camille anne"}, 95, ("birth_on", "birth_name", "first_names")),
        ({"birth_name": "camille", "first_names": "durand"}, 88, ("birth_on", "birth_name", "first_names")),
        ({"birth_on": date(1988, 2, 3)}, 86, ("birth_on", "birth_name", "first_names")),
        ({"birth_on": date(1989, 3, 2)}, 86, ("birth_on", "birth_name", "first_names")),
        ({"birth_on": date(1961, 7, 30)}, 55, ("birth_name", "first_names")),
        ({"birth_on": None}, 55, ("birth_name", "first_names")),
        ({"phone": "0381000000"}, 100, ("birth_on", "birth_name", "first_names", "phone")),
        ({"phone": "0699999999"}, 94, ("birth_on", "birth_name", "first_names")),
    ],
)
def test_the_score_tells_how_well_they_agree(change: dict[str, Any], score: int, matched: tuple[str, ...]) -> None:
    assert match(replace(ASKED, **change), CAMILLE) == Match(score, matched)


def test_a_couple_of_one_name_first_name_phone_and_address_is_not_one_person() -> None:
    partner = replace(CAMILLE, birth_on=date(1985, 11, 17))
    found = match(partner, CAMILLE)
    assert found == Match(60, ("birth_name", "first_names", "phone", "email"))
    assert not is_the_same(partner, CAMILLE)


def test_a_shared_phone_is_shown_for_what_it_is() -> None:
    found = match(Identity(phone="0381000000"), CAMILLE)
    assert found == Match(5, ("phone",))
    assert is_worth_showing(found)
    assert not is_worth_showing(match(Identity(first_names="camille", birth_name="autre"), CAMILLE))


@pytest.mark.parametrize(("one", "other"), [("li", "lo"), ("roy", "ray"), ("-", "'")])
def test_a_short_name_forgives_no_typing_error(one: str, other: str) -> None:
    assert match(Identity(birth_name=one), Identity(birth_name=other)).score == 0


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"usage_name": None, "phone": None, "email": None}, True),
        ({"birth_name": "durant"}, False),
        ({"birth_name": "martin"}, False),
        ({"first_names": "camille anne"}, False),
        ({"birth_on": date(1988, 2, 3)}, False),
    ],
)
def test_only_the_same_names_and_birth_date_are_the_same(change: dict[str, Any], same: bool) -> None:  # noqa: FBT001
    assert is_the_same(replace(CAMILLE, **change), CAMILLE) is same


def test_hyphens_and_apostrophes_do_not_tell_names_apart() -> None:
    known = replace(CAMILLE, birth_name="le-goff d'arc", first_names="marie-anne")
    assert is_the_same(replace(known, birth_name="le goff d arc", first_names="marie anne"), known)


@pytest.mark.parametrize(
    ("day", "like"),
    [
        (date(1988, 3, 2), {date(1988, 3, 2), date(1988, 2, 3)}),
        (date(1988, 2, 2), {date(1988, 2, 2)}),
        (date(1988, 3, 31), {date(1988, 3, 31)}),
    ],
)
def test_a_day_is_like_the_one_whose_day_and_month_are_exchanged(day: date, like: set[date]) -> None:
    assert days_like(day) == like


_texts = st.none() | st.text(alphabet="abcde '-é", max_size=8)
_identities = st.builds(
    Identity,
    birth_name=_texts,
    usage_name=_texts,
    first_names=_texts,
    birth_on=st.none() | st.dates(date(1930, 1, 1), date(2010, 12, 31)),
    phone=_texts,
    email=_texts,
)


@given(_identities, _identities)
@example(Identity(usage_name="", first_names="a"), Identity(usage_name="a-a", first_names=""))
def test_a_score_is_between_nothing_and_all_whoever_is_asked_of_whom(one: Identity, other: Identity) -> None:
    found = match(one, other)
    assert 0 <= found.score <= 100
    assert found.score == match(other, one).score
    assert set(found.matched) <= set(WEIGHTS)
