"""What is refused of a file before the commission: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class ReferredNowhere(Conflict):
    """A file that is referred needs one of these other answers: {other_answers}."""


class ActionPlanMissing(Conflict):
    """The rules ask for an action plan, and this file has none."""


class ActionBegunBeforeValidation(Conflict):
    """Nothing in the action plan starts before the commission has validated it: « {label} » starts on {starts_on}."""
