"""The endpoints to which a partner has its events sent."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.deliveries import DisabledBecause
from app.domain.webhook_targets import URL_CHARACTERS_MAX
from app.schemas.base import Input, Output, Resource, ShortLine

OVERLAP_HOURS, OVERLAP_HOURS_MAX = 24, 168
Url = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=URL_CHARACTERS_MAX,
        pattern=r"^[\x21-\x7e]+$",
        description="https, a public host name, port 443",
        examples=["https://banque.example/microcredit"],
    ),
]


class WebhookCreate(Input):
    """Where to send the events that happen from now on; those before are read with `GET /v1/partner/events`."""

    url: Url
    description: ShortLine | None = None


class WebhookRead(Resource):
    """An endpoint. Nothing is sent while it is disabled: the partner asked for it, or it answered 410 (`gone`).

    `failing_since` is the first failure after the last success; `held_until` what it asked for by Retry-After;
    `previous_secret_until` the end of the overlap of two secrets.
    """

    id: UUID
    url: str
    description: str | None
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None
    failing_since: datetime | None
    held_until: datetime | None
    previous_secret_until: datetime | None
    entered_at: datetime


class WebhookCreated(WebhookRead):
    """An endpoint with the secret that signs what it is sent, shown this once."""

    secret: str


class SecretCreate(Input):
    """For how long the secret in use still signs beside the new one; 0 ends it at once."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS


class SecretCreated(Output):
    """A new secret, shown this once. Until `previous_secret_until` each delivery bears two signatures."""

    secret: str
    previous_secret_until: datetime | None
