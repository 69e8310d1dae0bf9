"""Committees (commissions permanentes): who sits in them, how many must be there, what they look at."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from app.domain.committee_errors import NoQuorum


class MemberCapacity(StrEnum):
    """With a vote (voix délibérative), or with a voice alone (voix consultative)."""

    VOTING = "voting"
    ADVISORY = "advisory"


class SessionAttendanceStatus(StrEnum):
    """Whether a member sits. `excused` told beforehand that they would not."""

    PRESENT = "present"
    EXCUSED = "excused"
    ABSENT = "absent"


class ItemKind(StrEnum):
    """What an item of an agenda is: a file to decide, a fast-track decision to ratify, a loan to re-examine."""

    REQUEST = "request"
    RATIFICATION = "ratification"
    LOAN_REVIEW = "loan_review"


class ReviewReason(StrEnum):
    """Why a loan is looked at again: instalments put off, support, litigation, another plan (révision)."""

    DEFERRAL = "deferral"
    SUPPORT = "support"
    LITIGATION = "litigation"
    REVISION = "revision"


class ItemOutcome(StrEnum):
    """How an item ended: `decided` by a decision of its own, a ratification given or not, or a loan's review.

    `noted` (prend acte): a decision taken ahead of the session that needs no ratification, of which it is told.
    """

    DECIDED = "decided"
    RATIFIED = "ratified"
    NOT_RATIFIED = "not_ratified"
    NOTED = "noted"
    AGREED = "agreed"
    REFUSED = "refused"
    ADJOURNED = "adjourned"


class VoteKeeping(StrEnum):
    """How votes are kept: not at all, in figures, or by name."""

    NONE = "none"
    COUNTED = "counted"
    BY_NAME = "by_name"


class Vote(StrEnum):
    """What one member says."""

    IN_FAVOUR = "in_favour"
    AGAINST = "against"
    ABSTENTION = "abstention"


# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}
MEMBERS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionRule:
    """How the commission deliberates (règlement intérieur). What is null is not stated, and nothing is checked.

    The quorum is the larger of a number of members and a share of those in office, with a vote, in percent.
    """

    quorum_members_min: int | None = None
    quorum_percent: Decimal | None = None
    votes: VoteKeeping | None = None
    session_required: bool | None = None
    pages_anonymised: bool | None = None

    __pydantic_config__ = _STRICT


def quorum(rule: CommissionRule | None, *, in_office: int) -> int | None:
    """How many members with a vote must be there, of those in office; null where the rules do not say."""
    if rule is None or (rule.quorum_members_min is None and rule.quorum_percent is None):
        return None
    share = in_office * (rule.quorum_percent or Decimal(0)) / 100
    return max(rule.quorum_members_min or 0, int(share.to_integral_value(ROUND_CEILING)))


def check_quorum(needed: int | None, *, present: int) -> None:
    """Raises NoQuorum; null asks for nobody."""
    if needed is not None and present < needed:
        raise NoQuorum(present=present, needed=needed)
