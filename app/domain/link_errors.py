"""What is refused of the links by which others answer: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class LinkTooLong(Conflict):
    """A link is good for a year at most: until {not_after}."""


class LinkUsed(Conflict):
    """This link has already served."""


class LinkExpired(Conflict):
    """This link was good until {expired_on}."""


class LinkRevoked(Conflict):
    """This link is no longer good: the CCAS has withdrawn it, sent another one, or entered an answer."""
