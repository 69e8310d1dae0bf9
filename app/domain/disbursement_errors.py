"""What is refused of the money paid out and of what is given back: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class MoreThanLent(Conflict):
    """Of this loan, {left_cents} are left to be paid out."""


class NoSuchBorrower(Conflict):
    """This loan has no {person}."""


class NotASupplier(Conflict):
    """The directory does not know this organisation as a supplier."""


class PaidOutWhole(Conflict):
    """The loan was paid out whole: no part of it is left undrawn."""


class NothingPaidOut(Conflict):
    """Nothing of this loan stands paid out on {on}."""


class CreditTooSmall(Conflict):
    """On {on}, {credit_cents} were paid beyond what was owed: no more can be given back."""
