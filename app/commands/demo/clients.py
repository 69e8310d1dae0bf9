"""What the machines of the seed partners sign in with, in the demonstration alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from app.commands.agreements import known_partner
from app.commands.owner import as_owner, bind_owner_to_partner
from app.commands.tenants import read_rules
from app.security import hash_client_secret, new_client_secret
from app.tables import PartnerClient
from app.tables.base import utc_now
from app.tenants import seed_files


@dataclass(frozen=True, slots=True)
class DemoClient:
    """Client credentials of the demonstration, and the partner's code and name."""

    client_id: str
    client_secret: str
    partner: str
    name: str


def demonstration_clients(owner_url: str, secrets: Mapping[str, str] | None = None) -> list[DemoClient]:
    """Credentials for each partner of the seeds. `secrets` keeps those of an earlier start, by client_id.

    A partner has one such client whatever the secret: what was told with a key of Idempotency stays told.
    """
    kept = secrets or {}
    return [
        _demonstration(owner_url, partner, name, kept.get(f"{partner}-demo") or new_client_secret())
        for partner, name in sorted(set(_partners()))
    ]


def _partners() -> Iterator[tuple[str, str]]:
    for path in seed_files():
        for agreement in read_rules(path).agreements:
            yield agreement.partner, agreement.partner_name


def _demonstration(owner_url: str, partner: str, name: str, secret: str) -> DemoClient:
    client = DemoClient(f"{partner}-demo", secret, partner, name)
    fields = {"secret_sha256": hash_client_secret(secret), "active": True, "expires_at": None}
    with as_owner(owner_url) as connection:
        partner_id = known_partner(connection, partner, name)
        bind_owner_to_partner(connection, partner_id)
        connection.execute(
            insert(PartnerClient)
            .values(id=uuid7(), partner_id=partner_id, client_id=client.client_id, entered_at=utc_now(), **fields)
            .on_conflict_do_update(index_elements=["client_id"], set_=fields)
        )
    return client
