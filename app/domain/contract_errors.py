"""What is refused between approval and the money: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class OfferTooShort(Conflict):
    """The law keeps this offer open until {not_before} at least."""


class PartiesAbsent(Conflict):
    """The parties sign together, in the presence of all: {absent} must be there."""


class CapacityNotAuthorised(Conflict):
    """The authorisation of the judge or of the family council, which {party} needs, is not recorded on {on}."""


class CuratorMustSign(Conflict):
    """Under curatorship the curator signs beside {party}: name the curator."""


class ReleaseTooEarly(Conflict):
    """No money may leave before {not_before}: not in the seven days after acceptance, nor before all have signed."""


class NoWithdrawalPeriod(Conflict):
    """The law of this contract gives the borrower no days to withdraw."""


class WithdrawalOver(Conflict):
    """The last day to withdraw was {not_after}."""


class AlreadyWithdrawn(Conflict):
    """The borrower withdrew on {withdrawn_on}."""
