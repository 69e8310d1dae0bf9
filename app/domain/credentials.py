"""What a partner's machines prove themselves with: how long it is good, how many at once, and what it looks like.

A secret has a published form, so that a scanner finds one that was left in a repository or in a log:
`mcs_[A-Za-z0-9_-]{43}` is the secret of a client, `whsec_[A-Za-z0-9+/]{43}=` that of a signing key. What begins with
`whpk_` is a public key, and no secret.
"""

from datetime import UTC, datetime
from enum import StrEnum

from app.domain.dates import months_after

ACTIVE_MAX = 2
VALID_MONTHS_DEFAULT, VALID_MONTHS_MAX = 12, 18
CLIENT_SECRET_PREFIX, SIGNING_SECRET_PREFIX, PUBLIC_KEY_PREFIX = "mcs_", "whsec_", "whpk_"


class CredentialState(StrEnum):
    """Whether it may still be used. What expired or was revoked never becomes good again."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(*, active: bool, expires_at: datetime | None, now: datetime) -> CredentialState:
    """Where credentials stand; those of earlier days may have no end (null)."""
    if not active:
        return CredentialState.REVOKED
    return CredentialState.EXPIRED if expires_at is not None and expires_at <= now else CredentialState.ACTIVE


def end_of_life(now: datetime, months: int) -> datetime:
    """The instant so many months later, at the same hour UTC of the same day, or of the last of that month."""
    there = now.astimezone(UTC)
    return datetime.combine(months_after(there.date(), months), there.timetz())
