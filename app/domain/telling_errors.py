"""What is refused of what a lender tells otherwise than by its machine: the branch `Conflict` of `errors.py`."""

from app.domain.errors import Conflict


class LenderNotNamed(Conflict):
    """Files were handed over to several lenders, or to none: name the one that this statement is of."""


class NothingHandedOver(Conflict):
    """Nothing was handed over to {partner_name}: it has no loan here to tell of."""
