"""What is refused to who decides, and of a decision that waits for more: a branch of `Conflict`."""

from app.domain.errors import Conflict


class FourEyes(Conflict):
    """You instructed this file, or decided on it ahead of the session: you cannot do so alone. Who can: {can_act}."""


class SecondPersonMissing(Conflict):
    """You instructed this file: name who looked at it again (second_person). The rules name: {named_by_rules}."""


class ReasonNotGiven(Conflict):
    """What is given differs from what was asked ({differs}): say why, by reason_code and reason."""


class RatificationPending(Conflict):
    """This was decided ahead of the session, which must ratify it first: record its ratification."""


class MinutesNotClosed(Conflict):
    """A session decided this: it takes effect once who chairs has closed its minutes."""


class NothingToRatify(Conflict):
    """This decision took effect at once: there is nothing to ratify."""


class AlreadyRatified(Conflict):
    """The session has already answered on this decision."""


class ConditionsNotMet(Conflict):
    """Conditions of the decision are not recorded as met: {conditions}."""


class NoSuchCondition(Conflict):
    """The decision has no condition number {number}."""


class ConditionAlreadyMet(Conflict):
    """This condition was already recorded as met."""


class NotNotifiable(Conflict):
    """The decision cannot be notified: {reasons}."""
