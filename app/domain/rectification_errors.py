"""What is refused once a decision is taken, of its corrections and its notification: the branch `Conflict` of
`app/domain/errors.py`.
"""

from app.domain.errors import Conflict


class DecisionNoLongerStands(Conflict):
    """This decision was withdrawn or abrogated: it no longer stands."""


class LaterDecision(Conflict):
    """Another decision was taken on this file since: that one alone can be withdrawn or abrogated."""


class DecidedNotWritten(Conflict):
    """This was decided, not merely written: {corrected}. Withdraw the decision and decide anew."""


class NoSuchRecipient(Conflict):
    """The file names no {recipient}."""
