"""A repeated request has its effect once: the answer is kept in the transaction of the effect, for 30 days.

Only successes are kept; after an error the key is free again. The scope of a key is caller, method and path;
for the machines of a partner the caller is the partner, so that a rotation of credentials repeats nothing.
An answer that tells a secret is not kept (`app/routing.py`): the same key makes another.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import IdempotencyKeyInFlight, IdempotencyKeyReused
from app.domain.permissions import Caller
from app.tables import IdempotencyRecord, PartnerIdempotencyRecord
from app.tables.base import utc_now
from app.tables.idempotency import KeptAnswer
from app.tenancy import bound_tenant

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(days=30)
_KEPT_HEADERS = ("content-type", "etag")

Kept = IdempotencyRecord | PartnerIdempotencyRecord


@dataclass(frozen=True, slots=True)
class Keyed:
    """A keyed request that is about to have its effect."""

    session: AsyncSession
    table: type[Kept]
    caller: dict[str, UUID]
    account_id: UUID
    method: str
    path: str
    key: str
    body_sha256: str

    def scope(self) -> dict[str, Any]:
        """What makes a key unique: the member of a tenant's staff or the partner, and the request."""
        return {
            **self.caller,
            "method": self.method,
            "path": self.path,
            "key": self.key,
        }


class Replay(Exception):
    """Ends a request with the answer already given to it."""

    def __init__(self, record: KeptAnswer) -> None:
        super().__init__()
        headers = {**record.headers, REPLAYED: "true", "Cache-Control": "no-store"}
        self.response = Response(record.body, record.status, headers)


async def begin(session: AsyncSession, caller: Caller, request: Request, key: str) -> Keyed:
    """Takes the key for this transaction.

    Raises Replay when the request was already answered, IdempotencyKeyReused for another body,
    IdempotencyKeyInFlight while the same key is at work elsewhere.
    """
    body_sha256 = sha256(await request.body()).hexdigest()
    # Not validated yet: PostgreSQL takes no NUL, and an identifier in capitals is the same one.
    path = quote(request.url.path).lower()
    keyed = Keyed(session, *_whose(session, caller), caller.account_id, request.method, path, key, body_sha256)
    await _lock(keyed)
    record = await _record(keyed)
    if record is None:
        return keyed
    if record.body_sha256 != body_sha256:
        raise IdempotencyKeyReused
    raise Replay(record)


async def keep(keyed: Keyed, response: Response) -> None:
    """Keeps a successful answer in the transaction of its effect."""
    if not 200 <= response.status_code < 300:
        return
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    keyed.session.add(
        keyed.table(
            **{"account_id": keyed.account_id, **keyed.scope()},
            body_sha256=keyed.body_sha256,
            status=response.status_code,
            headers=headers,
            body=bytes(response.body),
        )
    )


def _whose(session: AsyncSession, caller: Caller) -> tuple[type[Kept], dict[str, UUID]]:
    """Where the caller's answers are kept: with the tenant, or with the partner whose request crosses tenants."""
    if caller.partner_id is not None:
        return PartnerIdempotencyRecord, {"partner_id": caller.partner_id}
    return IdempotencyRecord, {"tenant_id": bound_tenant(session), "account_id": caller.account_id}


async def _lock(keyed: Keyed) -> None:
    """A second insert of the same key would wait; an advisory lock that is not free is told at once."""
    name = "/".join(str(part) for part in keyed.scope().values())
    lock = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
    if not await keyed.session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
        raise IdempotencyKeyInFlight


async def _record(keyed: Keyed) -> KeptAnswer | None:
    scope = [getattr(keyed.table, name) == value for name, value in keyed.scope().items()]
    record = (await keyed.session.scalars(select(keyed.table).where(*scope))).one_or_none()
    if record is not None and record.entered_at < utc_now() - KEPT:
        await keyed.session.execute(delete(keyed.table).where(*scope))
        return None
    return record
