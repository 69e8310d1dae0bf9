"""What is refused of the interest that third parties bear: a branch of `Conflict` in `app/domain/errors.py`."""

from app.domain.errors import Conflict


class MonthNotOver(Conflict):
    """The month ends on {ends_on}: its statement is numbered after that day."""


class StatementAlreadyNumbered(Conflict):
    """This month has its statement, {reference}: what changed since comes as a correction in the next one."""


class NothingBorne(Conflict):
    """{payer} bears no interest of {partner} that month, and nothing is left to correct."""


class RefundNotPromised(Conflict):
    """The rules of this loan promise no refund of interest at its end."""


class RefundPayerNotNamed(Conflict):
    """Several refunds are promised, by: {payers}. Name one."""


class LoanNotRepaid(Conflict):
    """The loan was not wholly repaid on {on}: nothing is refunded before."""


class RefundConditionNotMet(Conflict):
    """The refund asks for this, which is not so or was not attested: {condition}."""


class AlreadyRefunded(Conflict):
    """The interest of this loan was already refunded, on {refunded_on}."""
