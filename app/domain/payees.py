"""The bank account of whoever a loan is paid to."""

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_FRENCH_LENGTH = 27


def is_iban(number: str) -> bool:
    """Whether an account number without spaces holds its key (ISO 13616: 1 modulo 97), and is long enough."""
    if not _IBAN.fullmatch(number) or (number.startswith("FR") and len(number) != _FRENCH_LENGTH):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1
