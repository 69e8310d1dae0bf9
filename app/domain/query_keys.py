"""The key with which a lender asks the FICP for a person (clé BDF): birth date and first letters of the birth name.

No published text gives its exact form: that much is in a written answer of the Assemblée nationale (13-122989), and the
rest is this project's choice. It is personal data: computed for who may ask, never stored, never logged. The married or
usage name finds somebody else and is never used.
"""

import unicodedata
from datetime import date

LETTERS_MAX = 5
# What Unicode does not take apart.
_LIGATURES = str.maketrans(
    {"Œ": "OE", "œ": "oe", "Æ": "AE", "æ": "ae", "ß": "ss", "ẞ": "SS", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D"}
    | {"đ": "d"}
)
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def query_key(birth_name: str, birth_on: date) -> str | None:
    """`JJMMAA`, then up to five letters A-Z of the birth name: particles kept, nothing padded; null without a letter"""
    plain = unicodedata.normalize("NFKD", birth_name.translate(_LIGATURES)).upper()
    letters = "".join(letter for letter in plain if letter in _ALPHABET)[:LETTERS_MAX]
    return f"{birth_on:%d%m%y}{letters}" if letters else None
