"""What is refused of the yearly envelopes: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class EnvelopeExceeded(Conflict):
    """The envelope of {year} for {kind} has {left_cents} left, and this asks for {asked_cents}."""


class EnvelopeTooLow(Conflict):
    """The decisions of {year} already hold {held_cents} of the envelope for {kind}: it cannot be {asked_cents}."""
