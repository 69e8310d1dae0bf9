"""What is refused of people and households: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class PersonMayExist(Conflict):
    """Somebody of the same names and birth date is already known: take them, or say that it is another person."""


class PersonMerged(Conflict):
    """This person was merged into another one, under whom the files are kept."""


class RelatedToThemselves(Conflict):
    """Nobody is related to themselves."""


class RelationAlreadyKnown(Conflict):
    """This relation is already recorded and has not ended."""


class RelationEnded(Conflict):
    """This relation has already ended."""


class RepresentativeIsMinor(Conflict):
    """A minor represents nobody."""


class NeedsNoRepresentative(Conflict):
    """This person has full capacity and needs no legal representative."""


class NotAGuardian(Conflict):
    """Among organisations, only a guardian represents people."""


class MergedWithThemselves(Conflict):
    """A person cannot be merged with themselves."""


class MergeOfRelated(Conflict):
    """These two are recorded as related to each other: end the relation before they are merged."""


class MergeReversed(Conflict):
    """This merge was already taken back."""
