"""What is refused where a secret cannot be kept or read: the branch `Unavailable` of `app/domain/errors.py`."""

from app.domain.errors import Unavailable


class EncryptionKeysMissing(Unavailable):
    """This instance keeps no secrets yet: its operator has set no ENCRYPTION_KEYS."""


class SealBroken(Unavailable):
    """A secret was kept under a key that is no longer among ENCRYPTION_KEYS: make another."""
