"""What is refused of referrals and of the links by which they are answered: the branch `Conflict`."""

from app.domain.errors import Conflict


class NotReferralOrganisation(Conflict):
    """The directory does not say that this organisation receives people or lends."""


class PersonNotRecorded(Conflict):
    """This contact names somebody who is not recorded: record the person, then what they authorise."""


class NoReferral(Conflict):
    """A file ends as referred once somebody has referred the person: enter the referral first."""


class LinkTooLong(Conflict):
    """A link is good for a year at most: until {not_after}."""


class LinkUsed(Conflict):
    """This link has already served."""


class LinkExpired(Conflict):
    """This link was good until {expired_on}."""


class LinkRevoked(Conflict):
    """This link is no longer good: the CCAS has withdrawn it, sent another one, or entered an answer."""
