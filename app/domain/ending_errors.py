"""What is refused of the hard endings of a loan: a branch of `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class WriteOffAboveOutstanding(Conflict):
    """No more than the principal that the books hold on {on} is written off: {due_cents}."""


class AboveLegallyDue(Conflict):
    """No more than what is legally due on {on} is erased or waived: {due_cents}."""


class LaterLossUnfit(Conflict):
    """A later entry would no longer fit what is owed ({kind}, {lost_on}): take that one back first."""


class DecidedByAnother(Conflict):
    """{field}: this is decided by {authority}."""


class NotABorrower(Conflict):
    """{field}: this is none of the borrowers of the loan."""


class DebtErased(Conflict):
    """The debt of {erased} was erased: nothing is asked of them any more."""


class ReversalOfReversal(Conflict):
    """This entry takes another one back: it is not taken back itself; enter that other one again."""


class EntryNotReversible(Conflict):
    """Such an entry is not taken back here: {kind}."""


class LaterDischarge(Conflict):
    """A later erasure rests on this one: take it back first, that of {discharged_on}."""
