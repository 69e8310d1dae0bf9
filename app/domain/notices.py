"""Whether a decision may be told to the person: who decided is known, and the session has ratified where it must."""

from enum import StrEnum


class FastTrackNotice(StrEnum):
    """When a decision that a session must ratify is notified: before it, subject to it (sous réserve), or after it."""

    SUBJECT_TO_RATIFICATION = "subject_to_ratification"
    AFTER_RATIFICATION = "after_ratification"


class NoticeObstacle(StrEnum):
    """Why a decision cannot be notified.

    « A decision names body consulted, signatory, capacity, delegation reference »: it needs them to be opposable.
    """

    NO_LONGER_STANDS = "no_longer_stands"
    BODY_MISSING = "body_missing"
    SIGNATORY_CAPACITY_MISSING = "signatory_capacity_missing"
    DELEGATION_REFERENCE_MISSING = "delegation_reference_missing"
    MINUTES_OPEN = "minutes_open"
    RATIFICATION_PENDING = "ratification_pending"
    NOT_RATIFIED = "not_ratified"


NAMED = {
    "body": NoticeObstacle.BODY_MISSING,
    "signatory_capacity": NoticeObstacle.SIGNATORY_CAPACITY_MISSING,
    "delegation_reference": NoticeObstacle.DELEGATION_REFERENCE_MISSING,
}


def of_ratification(*, ratified: bool | None, rule: FastTrackNotice | None) -> NoticeObstacle | None:
    """What a session's answer, null while there is none, keeps a provisional decision from; an unstated rule waits."""
    if ratified is None:
        return None if rule is FastTrackNotice.SUBJECT_TO_RATIFICATION else NoticeObstacle.RATIFICATION_PENDING
    return None if ratified else NoticeObstacle.NOT_RATIFIED
