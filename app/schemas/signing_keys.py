"""The keys that a partner signs its pushes with."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.credentials import VALID_MONTHS_DEFAULT, CredentialState
from app.schemas.base import Input, Output
from app.schemas.partner_credentials import ValidMonths
from app.security import public_key_of, signs_for_anybody


def _public_key(value: str) -> str:
    try:
        key = public_key_of(value)
    except ValueError:
        raise PydanticCustomError("not_a_public_key", "whpk_ and the base64 of 32 bytes") from None
    if signs_for_anybody(key):
        raise PydanticCustomError("weak_public_key", "a key of low order")
    return value


PublicKey = Annotated[
    str,
    Field(strict=True, max_length=64, description="an ed25519 key: `whpk_` and the base64 of its 32 bytes"),
    AfterValidator(_public_key),
    WithJsonSchema({"type": "string", "pattern": "^whpk_[A-Za-z0-9+/]{43}=$"}),
]


class SigningKeyCreate(Input):
    """How long the key is to be good, and the public half of a pair whose private half stays with the partner.

    Without `public_key`, a secret is made and shared.
    """

    public_key: PublicKey | None = None
    valid_months: ValidMonths = VALID_MONTHS_DEFAULT


class SigningKeyRead(Output):
    """A key, without its secret; `public_key` is null where a secret is shared."""

    id: UUID
    public_key: str | None
    state: CredentialState
    expires_at: datetime
    entered_at: datetime


class SigningKeyCreated(SigningKeyRead):
    """A key that was added. The secret (Standard Webhooks, `whsec_…`) is told this once; null beside a public key.

    `known` where the public key was told before and is active: nothing changed.
    """

    secret: str | None
    known: bool
