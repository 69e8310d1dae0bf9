"""What is refused for the sake of rules: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class BirthDateMissing(Conflict):
    """The rate depends on the age: the birth date (birth_on) is missing."""


class NoFreeDay(Conflict):
    """Version {taken_by} of the rules holds some of these days and is never replaced, and no day is left after it."""


class DecisionsUnderVersion(Conflict):
    """A decision of {decided_on} was taken under version {version} of the rules: adopt from {free_from} on."""


class RulesBegun(Conflict):
    """Version {version} of the rules has begun, on {valid_from}: it is never withdrawn."""


class RulesAlreadyWithdrawn(Conflict):
    """Version {version} of the rules was already withdrawn."""


class RulesUsed(Conflict):
    """Files or decisions refer to version {version} of the rules: it is never withdrawn."""


class RulesFollowed(Conflict):
    """Version {followed_by} of the rules begins after version {version}: withdraw that one first."""
