"""What is refused of referrals: the branch `Conflict`."""

from app.domain.errors import Conflict


class NotReferralOrganisation(Conflict):
    """The directory does not say that this organisation receives people or lends."""


class PersonNotRecorded(Conflict):
    """This contact names somebody who is not recorded: record the person, then what they authorise."""


class NoReferral(Conflict):
    """A file ends as referred once somebody has referred the person: enter the referral first."""
