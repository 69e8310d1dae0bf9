"""The partners that lend, and the credentials of their machines, written as the owner of the database."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.commands.agreements import known_partner
from app.commands.owner import as_owner
from app.security import hash_client_secret, new_client_secret
from app.tables import Partner, PartnerClient
from app.tables.base import utc_now

_CODE = re.compile(r"[a-z][a-z0-9_]{1,62}")


class PartnerRefused(CommandRefused):
    """The partner cannot be made, for the reason given."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a partner's machine signs in with; the secret is shown once and never again."""

    partner_id: UUID
    client_row_id: UUID
    client_id: str
    client_secret: str


def add_partner(
    owner_url: str, *, code: str, name: str | None, expires_at: datetime | None = None
) -> ClientCredentials:
    """New credentials for a partner, which is added where it is not known yet. Earlier credentials stay good.

    Raises PartnerRefused for a malformed code, or for a new partner without a name.
    """
    if not _CODE.fullmatch(code):
        raise PartnerRefused("a code is 2 to 63 lower-case letters, digits or underscores, a letter first")
    made = new_client_secret()
    row_id = uuid7()
    client_id = f"{code}-{secrets.token_hex(4)}"
    with as_owner(owner_url) as connection:
        known = connection.execute(select(col(Partner.id)).where(col(Partner.code) == code)).scalar_one_or_none()
        if known is None and not (name or "").strip():
            raise PartnerRefused(f"no partner is called {code} yet: give its name with --name")
        partner_id = known_partner(connection, code, name or code)
        connection.execute(
            insert(PartnerClient).values(
                id=row_id,
                partner_id=partner_id,
                client_id=client_id,
                secret_sha256=hash_client_secret(made),
                active=True,
                expires_at=expires_at,
                entered_at=utc_now(),
            )
        )
    return ClientCredentials(partner_id, row_id, client_id, made)


def revoke_client(owner_url: str, *, client_id: str) -> None:
    """Ends one of a partner's credentials at once, its tokens with it. Raises PartnerRefused for an unknown one."""
    with as_owner(owner_url) as connection:
        statement = update(PartnerClient).where(col(PartnerClient.client_id) == client_id).values(active=False)
        if connection.execute(statement).rowcount == 0:
            raise PartnerRefused(f"no credentials are called {client_id}")
