"""What is refused of support that pays instalments and of letters about arrears: the branch `Conflict`."""

from app.domain.errors import Conflict


class NoSuchInstalment(Conflict):
    """The schedule in force has no instalment {ref}."""


class SupportAboveUnpaid(Conflict):
    """Of instalment {ref}, {unpaid_cents} cents are neither paid nor covered on that day: support is not above them."""


class SupportCancelled(Conflict):
    """This support was already cancelled."""


class SupportAlreadyPaid(Conflict):
    """This support is paid: a payment made in error is taken back by its reversal."""


class RecipientUnknown(Conflict):
    """The loan has no {recipient}."""


class RecipientDeceased(Conflict):
    """The {recipient} died on {deceased_on}: no letter is sent to them."""


class RecipientOwesNothing(Conflict):
    """The law erased what the {recipient} owed of this loan: no letter is sent to them."""


class CoveredBySupport(Conflict):
    """Support covers what this letter would ask for on {on}: nobody is dunned for it."""
