"""Pages of a list by keyset, newest first or by name: the cursor names the last row shown."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import CursorNotOurs
from app.schemas.base import Item, Page, PageQuery
from app.settings import settings
from app.tenancy import TenantTable, bound_tenant, of_tenant

_SEAL_BYTES = 12


async def page(
    session: AsyncSession,
    statement: Select[Any],
    table: type[TenantTable],
    *,
    query: PageQuery,
    items: TypeAdapter[list[Item]],
    parent_id: UUID | None = None,
) -> Page[Item]:
    """One page of the statement's rows, which include the table's `id`: all, or a parent's. Raises CursorNotOurs."""
    scope = scope_of(session, table, parent_id)
    statement = statement.where(of_tenant(session, table))
    rows, next_cursor = await keyset_page(session, statement, table.id, scope=scope, query=query)
    return Page(items=items.validate_python(rows), next_cursor=next_cursor)


def scope_of(session: AsyncSession, table: type[TenantTable], parent_id: UUID | None = None) -> str:
    """Where a cursor is good: in the tenant's list of the table's rows, or in that of one parent's."""
    whole = f"{bound_tenant(session)}/{table.__tablename__}"
    return whole if parent_id is None else f"{whole}/{parent_id}"


async def keyset_page(
    session: AsyncSession, statement: Select[*tuple[Any, ...]], key: Any, *, scope: str, query: PageQuery
) -> tuple[Sequence[Row[*tuple[Any, ...]]], str | None]:
    """One page of rows by the key, newest first, and the cursor of the next, good in this scope alone.

    Raises CursorNotOurs.
    """
    statement = statement.add_columns(key.label("page_key")).order_by(key.desc())
    if query.cursor is not None:
        statement = statement.where(key < UUID(bytes=_opened(query.cursor, scope)))
    return await _cut(session, statement, lambda last: last.bytes, scope=scope, query=query)


async def name_page(
    session: AsyncSession, statement: Select[*tuple[Any, ...]], name: Any, *, scope: str, query: PageQuery
) -> tuple[Sequence[Row[*tuple[Any, ...]]], str | None]:
    """The same by a name that no two rows have, in its order. Raises CursorNotOurs."""
    statement = statement.add_columns(name.label("page_key")).order_by(name)
    if query.cursor is not None:
        statement = statement.where(name > _opened(query.cursor, scope).decode())
    return await _cut(session, statement, str.encode, scope=scope, query=query)


async def _cut(
    session: AsyncSession,
    statement: Select[*tuple[Any, ...]],
    as_bytes: Callable[[Any], bytes],
    *,
    scope: str,
    query: PageQuery,
) -> tuple[Sequence[Row[*tuple[Any, ...]]], str | None]:
    rows = (await session.execute(statement.limit(query.limit + 1))).all()
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    return shown, _sealed(as_bytes(shown[-1].page_key), scope) if more else None


def _sealed(key: bytes, scope: str) -> str:
    secret = settings().token_secret.get_secret_value().encode()
    seal = hmac.digest(secret, scope.encode() + key, "sha256")[:_SEAL_BYTES]
    return urlsafe_b64encode(seal + key).decode().rstrip("=")


def _opened(cursor: str, scope: str) -> bytes:
    """The key that a cursor of ours names."""
    try:
        content = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise CursorNotOurs from None
    key = content[_SEAL_BYTES:]
    # Compared as text: decoding overlooks padding, foreign characters and the last bits.
    if not hmac.compare_digest(cursor.encode(), _sealed(key, scope).encode()):
        raise CursorNotOurs
    return key
