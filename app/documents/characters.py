"""The characters that a paper can show: those of the font it is set in. Any other would stop it from being made."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

# Stands where a character cannot be shown: the reader sees that one is missing.
MISSING = "□"
# What the font has of Latin, Greek and Cyrillic letters, of punctuation and signs; beyond it the engine fails.
_SHOWN = (
    "\n\u0020-\u007e\u00a0-\u00ac\u00ae-\u0200\u0210-\u021b\u0391-\u03a1\u03a3-\u03c9\u0400-\u045f\u1e00-\u1e9b\u1e9e\u1ea0-\u1ef9"
    "\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u202f\u2030\u2032\u2033\u2039\u203a\u20ac\u2116\u2122"
    "\u2190-\u2193\u2212\u25a1"
)
_NOT_SHOWN = re.compile(f"[^{_SHOWN}]")
_STRAIGHT_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=\w)")
# Joiners, marks of direction, variants and accents that no letter takes: nothing is seen of them alone.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})


def shown(value: Any) -> Any:
    """The value with each text in it as it can be shown, apostrophes curled, keys left as they are."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {key: shown(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown(inner) for inner in value]
    return value


def _text(value: str) -> str:
    lines = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _NOT_SHOWN.sub(_stand_in, _STRAIGHT_APOSTROPHE.sub("’", lines))


def _stand_in(match: re.Match[str]) -> str:
    return "" if unicodedata.category(match[0]) in _UNSEEN else MISSING
