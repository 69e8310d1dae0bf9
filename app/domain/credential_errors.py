"""What is refused of the credentials, the signing keys and the signatures of partners."""

from app.domain.errors import Conflict, Unauthenticated


class TwoCredentialsActive(Conflict):
    """{active_max} credentials are active: revoke one of them before you ask for others."""


class LastCredential(Conflict):
    """No other credentials are active: ask for others before you revoke these."""


class CredentialRevoked(Conflict):
    """These credentials were already revoked."""


class TwoSigningKeysActive(Conflict):
    """{active_max} signing keys are active: revoke one of them before you ask for another."""


class SigningKeyRevoked(Conflict):
    """This signing key was already revoked."""


class PublicKeyEnded(Conflict):
    """This public key was registered before, and has ended: make another pair."""


class SignatureMissing(Conflict):
    """A signature is required here: webhook-id, webhook-timestamp and webhook-signature."""


class SignatureReplayed(Conflict):
    """This signature was already used: sign again, with a new timestamp."""


class SignatureNotProven(Unauthenticated):
    """The signature proves nothing: sign with one of your active keys."""

    oauth_error = "invalid_request"


class SignatureStale(SignatureNotProven):
    """The signature is more than {minutes_max} minutes away from our clock: sign again, with a new timestamp."""


class SignatureRefused(SignatureNotProven):
    """No active signing key gives this signature of this body."""
