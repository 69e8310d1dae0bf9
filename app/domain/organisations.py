"""Organisations that a CCAS works with, and the key of the numbers that identify them."""

from enum import StrEnum


class OrganisationKind(StrEnum):
    """What an organisation does for the people of a CCAS; one may do several of these.

    A prescriber (prescripteur) sends people, a referral (orientation) receives them, a lender lends, a workshop
    (atelier collectif) is held by it, a guardian (mandataire judiciaire) assists, a supplier (prestataire) is paid.
    """

    PRESCRIBER = "prescriber"
    REFERRAL = "referral"
    LENDER = "lender"
    WORKSHOP = "workshop"
    GUARDIAN = "guardian"
    SUPPLIER = "supplier"


_SIRET_LENGTH = 14
# La Poste's establishments follow another key: the sum of their digits is a multiple of five (INSEE).
_LA_POSTE = "356000000"


def is_siret(number: str) -> bool:
    """Whether fourteen digits hold their key (Luhn; INSEE, « numéro SIRET »)."""
    if len(number) != _SIRET_LENGTH or not (number.isascii() and number.isdigit()):
        return False
    digits = [int(digit) for digit in number]
    if number.startswith(_LA_POSTE) and sum(digits) % 5 == 0:
        return True
    doubled = (digit * 2 for digit in digits[0::2])
    return (sum(digits[1::2]) + sum(number // 10 + number % 10 for number in doubled)) % 10 == 0
