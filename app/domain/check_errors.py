"""What is refused of the lenders' checks: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class FactPurged(Conflict):
    """The conclusion of the lender's check ({stage}) was erased at the end of its retention: nothing rests on it."""


class CheckNotToRenew(Conflict):
    """The lender's check ({stage}) is {standing}: there is nothing to renew."""


class CheckAlreadyWanted(Conflict):
    """The lender has already been asked to check again."""


class CheckNotAsked(Conflict):
    """The rules take no notice of the lender's check ({stage})."""
