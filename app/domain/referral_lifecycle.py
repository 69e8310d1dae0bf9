"""The life of a referral (orientation): waiting for its answer until a day, then answered, or waiting anew."""

from enum import StrEnum

from app.domain.errors import IllegalTransition


class ReferralChannel(StrEnum):
    """How the organisation was told that the person comes."""

    PHONE = "phone"
    EMAIL = "email"
    LETTER = "letter"
    IN_PERSON = "in_person"


class ReferralStatus(StrEnum):
    """Where a referral stands: waiting, or what its last answer says.

    `no_papers`: filed without action as papers were missing (classé sans suite); `never_went`: the person did not take
    the step (n'a pas fait la démarche); `withdrawn`: by the CCAS.
    """

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_PAPERS = "no_papers"
    NEVER_WENT = "never_went"
    WITHDRAWN = "withdrawn"


class ReferralAction(StrEnum):
    """What may be done with a referral. `invite`: to send the organisation a link by which it answers."""

    INVITE = "invite"
    REMIND = "remind"
    ACCEPT = "accept"
    REFUSE = "refuse"
    LACK_PAPERS = "lack_papers"
    MISS = "miss"
    TAKE_BACK = "take_back"


S, A = ReferralStatus, ReferralAction

# An answer, and what it does.
ANSWERS = {
    S.ACCEPTED: A.ACCEPT,
    S.REFUSED: A.REFUSE,
    S.NO_PAPERS: A.LACK_PAPERS,
    S.NEVER_WENT: A.MISS,
    S.WITHDRAWN: A.TAKE_BACK,
}
# Those that the organisation itself can give.
PARTNER_ANSWERS = (S.ACCEPTED, S.REFUSED, S.NO_PAPERS, S.NEVER_WENT)

TRANSITIONS: dict[tuple[ReferralStatus, ReferralAction], ReferralStatus] = {
    # What was told wrongly is told again: the last answer counts.
    **{(status, ANSWERS[answer]): answer for status in (S.WAITING, *PARTNER_ANSWERS) for answer in PARTNER_ANSWERS},
    **{(status, A.REMIND): S.WAITING for status in (S.WAITING, S.NO_PAPERS, S.NEVER_WENT)},
    (S.WAITING, A.INVITE): S.WAITING,
    (S.WAITING, A.TAKE_BACK): S.WITHDRAWN,
}


def after(status: ReferralStatus, action: ReferralAction) -> ReferralStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS.get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following
