"""What is refused of the calls on guarantors: a branch of `Conflict` in `app/domain/errors.py`."""

from app.domain.errors import Conflict


class NoGuarantor(Conflict):
    """The rules of this loan name no guarantor: whoever lent it bears its losses alone."""


class GuarantorNotNamed(Conflict):
    """The rules of this loan name these guarantors: {guarantors}. Name one of them."""


class ClaimAboveShare(Conflict):
    """{guarantor} covers {share_percent} % of what it guarantees: {most_cents} of this loss at most."""


class ClaimAboveCap(Conflict):
    """Under its cap of {cap_cents} ({cap_of}), {guarantor} covers {most_cents} of this loss at most."""


class LossAboveLoan(Conflict):
    """The losses told of this loan would exceed what was lent: {most_cents} of principal at most."""


class ClaimSettledInPart(Conflict):
    """Something was paid or recovered on this claim: take that back first."""


class GuaranteeEntryReversed(Conflict):
    """This was already taken back."""


class PaymentAboveClaim(Conflict):
    """{left_cents} are left to pay on this claim: no more than that is received."""


class NothingClaimed(Conflict):
    """No guarantor was called for this loan: there is nothing to share back."""


class RecoveryAboveLoss(Conflict):
    """{left_cents} of the loss are left to recover: no more than that is shared."""


class RecoveredBefore(Conflict):
    """Money was already recovered and shared back on this loan: take that back, enter the claim, then share it anew."""
