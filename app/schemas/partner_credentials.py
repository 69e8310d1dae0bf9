"""The credentials of a partner's machines."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.credentials import VALID_MONTHS_DEFAULT, VALID_MONTHS_MAX, CredentialState
from app.schemas.base import Input, Output

ValidMonths = Annotated[
    int, Field(strict=True, ge=1, le=VALID_MONTHS_MAX, description="months after which it is good no more")
]


class PartnerCredentialCreate(Input):
    """How long the credentials are to be good."""

    valid_months: ValidMonths = VALID_MONTHS_DEFAULT


class PartnerCredentialRead(Output):
    """Credentials, without their secret. `signed_in_at` is the last time that a token was given for them."""

    id: UUID
    client_id: str
    state: CredentialState
    expires_at: datetime | None
    signed_in_at: datetime | None
    entered_at: datetime


class PartnerCredentialCreated(PartnerCredentialRead):
    """New credentials. The secret is told this once: the service keeps a hash of it."""

    client_secret: str
