"""Who belongs to whom, and who is represented by whom."""

from datetime import date
from enum import StrEnum

from app.domain.aids import ADULT_YEARS, Capacity, age_on
from app.domain.people_errors import NeedsNoRepresentative, RepresentativeIsMinor


class RelationKind(StrEnum):
    """What somebody is to a person. A legal representative acts for a minor or for a protected adult."""

    PARTNER = "partner"
    CHILD = "child"
    PARENT = "parent"
    LEGAL_REPRESENTATIVE = "legal_representative"


class RelationSeen(StrEnum):
    """The same, as either of the two reads it: `represented` is whom a legal representative acts for."""

    PARTNER = "partner"
    CHILD = "child"
    PARENT = "parent"
    LEGAL_REPRESENTATIVE = "legal_representative"
    REPRESENTED = "represented"


FROM_THE_OTHER_SIDE = {
    RelationKind.PARTNER: RelationSeen.PARTNER,
    RelationKind.CHILD: RelationSeen.PARENT,
    RelationKind.PARENT: RelationSeen.CHILD,
    RelationKind.LEGAL_REPRESENTATIVE: RelationSeen.REPRESENTED,
}
_ACTS_ALONE = frozenset({Capacity.FULL, Capacity.EMANCIPATED})


def is_minor(birth_on: date, capacity: Capacity | None, *, on: date) -> bool:
    """Under 18 that day and not emancipated (Code civil, articles 388 and 413-6)."""
    return age_on(birth_on, on) < ADULT_YEARS and capacity is not Capacity.EMANCIPATED


def check_needs_representative(birth_on: date, capacity: Capacity | None, *, on: date) -> None:
    """Raises NeedsNoRepresentative for somebody of age, or emancipated, who is told to have full capacity."""
    if capacity in _ACTS_ALONE and not is_minor(birth_on, capacity, on=on):
        raise NeedsNoRepresentative


def check_may_represent(birth_on: date, capacity: Capacity | None, *, on: date) -> None:
    """Raises RepresentativeIsMinor (Code civil, article 395)."""
    if is_minor(birth_on, capacity, on=on):
        raise RepresentativeIsMinor
