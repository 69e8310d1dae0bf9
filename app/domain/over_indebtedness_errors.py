"""What is refused of over-indebtedness, and because of it: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class ProcedureOutOfOrder(Conflict):
    """After {last}, "{kind}" cannot come; what may is {possible}."""


class SuspensionTooLong(Conflict):
    """A moratorium or a delay of the judge lasts two years at most: until {not_after}."""


class PlanTooLong(Conflict):
    """The measures last seven years in all, until {not_after}, and this plan ends on {last_due_on}."""


class PlanTooSoon(Conflict):
    """The first instalment after the moratorium falls due after {until}."""


class LoanSuspended(Conflict):
    """A procedure or a judge suspends this loan until {until}: nothing is asked of the borrower meanwhile."""
