"""The partners that lend, and the credentials of their machines, written as the owner of the database."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.commands.agreements import known_partner
from app.commands.owner import as_owner, bind_owner_to_partner
from app.domain.credentials import ACTIVE_MAX, VALID_MONTHS_DEFAULT, end_of_life
from app.security import hash_client_secret, new_client_id, new_client_secret
from app.services.partner_credentials import good
from app.services.push_signatures import turn_of
from app.tables import Partner, PartnerClient, SigningKey
from app.tables.base import utc_now

# How long the earlier credentials stay good beside those that follow them, unless told otherwise.
OVERLAP = timedelta(days=7)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,62}")


class PartnerRefused(CommandRefused):
    """The partner cannot be made or changed, for the reason given."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a partner's machine signs in with; the secret is shown once and never again."""

    partner_id: UUID
    client_row_id: UUID
    client_id: str
    client_secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """New credentials, and those that they follow with the last instant of these."""

    made: ClientCredentials
    earlier_client_id: str
    earlier_good_until: datetime


def add_partner(
    owner_url: str, *, code: str, name: str | None, expires_at: datetime | None = None
) -> ClientCredentials:
    """New credentials for a partner, which is added where it is not known yet. Earlier credentials stay good.

    They end after 12 months unless told otherwise. Raises PartnerRefused for a malformed code, for a new partner
    without a name, or where two are active already.
    """
    if not _CODE.fullmatch(code):
        raise PartnerRefused("a code is 2 to 63 lower-case letters, digits or underscores, a letter first")
    with as_owner(owner_url) as connection:
        known = connection.execute(select(col(Partner.id)).where(col(Partner.code) == code)).scalar_one_or_none()
        if known is None and not (name or "").strip():
            raise PartnerRefused(f"no partner is called {code} yet: give its name with --name")
        partner_id = known_partner(connection, code, name or code)
        active = [client_id for client_id, _ in _active(connection, partner_id)]
        if len(active) >= ACTIVE_MAX:
            raise PartnerRefused(f"{len(active)} credentials are active: revoke one first ({', '.join(active)})")
        return _make(connection, partner_id, code, expires_at)


def rotate_partner(owner_url: str, *, code: str, overlap: timedelta = OVERLAP) -> Rotation:
    """New credentials in place of the active ones, which stay good for the overlap so that no push is lost.

    Raises PartnerRefused unless exactly one is active.
    """
    with as_owner(owner_url) as connection:
        partner_id = _partner(connection, code)
        active = _active(connection, partner_id)
        if not active:
            raise PartnerRefused(f"no credentials of {code} are active: add some")
        if len(active) > 1:
            names = ", ".join(client_id for client_id, _ in active)
            raise PartnerRefused(f"{len(active)} credentials are active: revoke one first ({names})")
        ((earlier, ends_at),) = active
        until = min(utc_now() + overlap, ends_at or datetime.max.replace(tzinfo=utc_now().tzinfo))
        statement = update(PartnerClient).where(col(PartnerClient.client_id) == earlier).values(expires_at=until)
        connection.execute(statement)
        return Rotation(_make(connection, partner_id, code, None), earlier, until)


def revoke_client(owner_url: str, *, client_id: str) -> None:
    """Ends one of a partner's credentials at once, its tokens with it. Raises PartnerRefused for an unknown one."""
    with as_owner(owner_url) as connection:
        of_client = col(PartnerClient.client_id) == client_id
        partner_id = connection.execute(select(col(PartnerClient.partner_id)).where(of_client)).scalar_one_or_none()
        if partner_id is None:
            raise PartnerRefused(f"no credentials are called {client_id}")
        bind_owner_to_partner(connection, partner_id)
        connection.execute(update(PartnerClient).where(of_client).values(active=False))


def revoke_signing_keys(owner_url: str, *, code: str) -> int:
    """Ends the signing keys of a partner that lost them, so that it can make others; how many there were.

    Raises PartnerRefused for an unknown partner.
    """
    with as_owner(owner_url) as connection:
        partner_id = _partner(connection, code)
        connection.execute(turn_of(partner_id))
        of_partner = col(SigningKey.partner_id) == partner_id, col(SigningKey.active)
        return connection.execute(update(SigningKey).where(*of_partner).values(active=False)).rowcount


def _partner(connection: Connection, code: str) -> UUID:
    """The partner of that code, to which the transaction is bound from now on."""
    known = connection.execute(select(col(Partner.id)).where(col(Partner.code) == code)).scalar_one_or_none()
    if known is None:
        raise PartnerRefused(f"no partner is called {code}")
    bind_owner_to_partner(connection, known)
    return UUID(str(known))


def _active(connection: Connection, partner_id: UUID) -> list[tuple[str, datetime | None]]:
    """The credentials that are good now, oldest first; nobody else changes them until the transaction ends."""
    bind_owner_to_partner(connection, partner_id)
    connection.execute(turn_of(partner_id))
    statement = select(col(PartnerClient.client_id), col(PartnerClient.expires_at)).where(*good(partner_id, utc_now()))
    rows = connection.execute(statement.order_by(col(PartnerClient.id))).all()
    return [(row.client_id, row.expires_at) for row in rows]


def _make(connection: Connection, partner_id: UUID, code: str, expires_at: datetime | None) -> ClientCredentials:
    now = utc_now()
    ends_at = expires_at or end_of_life(now, VALID_MONTHS_DEFAULT)
    made = ClientCredentials(partner_id, uuid7(), new_client_id(code), new_client_secret(), ends_at)
    connection.execute(
        insert(PartnerClient).values(
            id=made.client_row_id,
            partner_id=partner_id,
            client_id=made.client_id,
            secret_sha256=hash_client_secret(made.client_secret),
            active=True,
            expires_at=ends_at,
            entered_at=now,
        )
    )
    return made
