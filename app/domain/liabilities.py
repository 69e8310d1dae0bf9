"""Who owes a loan: those who borrowed, and the estate (succession) of those who died."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum


class Liable(StrEnum):
    """Of whom a loan may be asked. A co-borrower owes all of it, and so do the heirs of a borrower, as far as they
    accept the estate.
    """

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    ESTATE = "estate"


def liable(deceased_on: Sequence[date | None], *, on: date) -> list[Liable]:
    """Who owes a loan on a day; ``deceased_on`` is the borrower's, then the co-borrower's where there is one.

    That day included, the estate stands in the place of who died.
    """
    places = (Liable.BORROWER, Liable.CO_BORROWER)
    alive = [place for place, died_on in zip(places, deceased_on, strict=False) if died_on is None or died_on > on]
    return alive if len(alive) == len(deceased_on) else [*alive, Liable.ESTATE]
