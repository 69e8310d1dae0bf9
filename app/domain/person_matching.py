"""How likely somebody who is sought is somebody who is known: a score that proposes, and never decides.

Weights, of 100 in all: birth date 40, birth name 30, first names 20, phone 5, email 5. Names and birth date are always
counted: what is not told of them is not known to agree. A phone or an address counts where both sides tell one, and
for little: a household shares them, and people change them. A field earns its whole weight where it agrees, and a part
(in percent) where it nearly does:

- a name with one typing error (a letter more, less, other, or two exchanged), or that holds the other's words: 80;
- first names and birth name written one in place of the other: 80;
- a birth date whose day and month are exchanged, or with one digit other than the known one: 70.

A name of use is a birth name's equal: people give either.
"""

import re
from dataclasses import dataclass
from datetime import date

WEIGHTS = {"birth_on": 40, "birth_name": 30, "first_names": 20, "phone": 5, "email": 5}
NEARLY_NAME, NEARLY_DAY = 80, 70
# Below it nothing but a shared phone or address, or a birth date alone, was found.
SCORE_MIN = 30
_ALWAYS = ("birth_on", "birth_name", "first_names")
# A typing error in a shorter name makes another name of it.
_TYPO_LETTERS_MIN = 4
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What tells somebody apart; null is not told. Texts are compared as they are: without accents or case."""

    birth_name: str | None = None
    usage_name: str | None = None
    first_names: str | None = None
    birth_on: date | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """How well two identities agree, from 0 to 100, and the fields that agree or nearly do."""

    score: int
    matched: tuple[str, ...]


def match(sought: Identity, known: Identity) -> Match:
    """Compares somebody sought with somebody known."""
    likeness = {**_names(sought, known), "birth_on": _days(sought.birth_on, known.birth_on)}
    for field in ("phone", "email"):
        mine, theirs = getattr(sought, field), getattr(known, field)
        if mine is not None and theirs is not None:
            likeness[field] = 100 * (mine == theirs)
    possible = sum(WEIGHTS[field] for field in {*_ALWAYS, *likeness})
    earned = sum(WEIGHTS[field] * percent for field, percent in likeness.items())
    return Match(earned // possible, tuple(field for field in WEIGHTS if likeness.get(field)))


def is_worth_showing(found: Match) -> bool:
    """Whether somebody looks like the person sought, or has their phone or address."""
    return found.score >= SCORE_MIN or not {"phone", "email"}.isdisjoint(found.matched)


def is_the_same(sought: Identity, known: Identity) -> bool:
    """Whether birth name, first names and birth date agree entirely: nobody is added beside them unseen."""
    return sought.birth_on == known.birth_on and all(
        _words(getattr(sought, field)) == _words(getattr(known, field)) for field in ("birth_name", "first_names")
    )


def days_like(day: date) -> frozenset[date]:
    """A day, and the one that its day and month exchanged make where there is one."""
    try:
        return frozenset({day, day.replace(month=day.day, day=day.month)})
    except ValueError:
        return frozenset({day})


def _names(sought: Identity, known: Identity) -> dict[str, int]:
    ours, theirs = (sought.birth_name, sought.usage_name), (known.birth_name, known.usage_name)
    name = max(_alike(mine, other) for mine in ours for other in theirs)
    first = _alike(sought.first_names, known.first_names)
    if name == first == 0:
        swapped = max(_alike(sought.first_names, other) for other in theirs)
        back = max(_alike(mine, known.first_names) for mine in ours)
        if swapped and back:
            # The lesser of the two counts for both, so that who is sought of whom changes nothing.
            exchanged = NEARLY_NAME * min(swapped, back) // 100
            return {"birth_name": exchanged, "first_names": exchanged}
    return {"birth_name": name, "first_names": first}


def _alike(one: str | None, other: str | None) -> int:
    if one is None or other is None:
        return 0
    words, others = _words(one), _words(other)
    if not words or not others:
        return 100 * (one == other)
    if words == others:
        return 100
    contained = set(words) <= set(others) or set(others) <= set(words)
    return NEARLY_NAME if contained or _one_error("".join(words), "".join(others)) else 0


def _words(text: str | None) -> list[str]:
    return _WORD.findall(text or "")


def _one_error(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours exchanged, make one text of the other."""
    short, long = sorted((one, other), key=len)
    if len(short) < _TYPO_LETTERS_MIN or len(long) - len(short) > 1:
        return False
    start = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    exchanged = short[start : start + 2] == long[start : start + 2][::-1]
    return short[start + 1 :] == long[start + 1 :] or (exchanged and short[start + 2 :] == long[start + 2 :])


def _days(sought: date | None, known: date | None) -> int:
    if sought is None or known is None:
        return 0
    if sought == known:
        return 100
    digits = sum(one != other for one, other in zip(sought.isoformat(), known.isoformat(), strict=True))
    return NEARLY_DAY if known in days_like(sought) or digits == 1 else 0
