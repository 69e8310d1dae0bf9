"""What is refused of papers: a branch of `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class LogoUnreadable(Conflict):
    """This is no PNG that the papers can bear, or not the one whose SHA-256 you gave."""


class ReasonNamesRegister(Conflict):
    """The decision says « {found} », which no letter of the CCAS ever does: rectify its words first."""


class DocumentNotReady(Conflict):
    """This paper cannot be made yet: {missing} is missing."""


class CommitmentTooEarly(Conflict):
    """No commitment to the supplier is dated before {not_before}: until then no money of this loan may leave."""


class LoanAlreadyPaid(Conflict):
    """The loan was paid out on {paid_on}: nothing is left to commit to the supplier."""
