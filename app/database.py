"""Transactions: the only begin, commit and rollback of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.domain.desk_errors import CommuneOutOfReach
from app.domain.errors import Conflict, Unavailable
from app.tenancy import bind, bind_both, forget_binding

Sessions = async_sessionmaker[AsyncSession]

_UNIQUE_VIOLATION, _EXCLUSION_VIOLATION = "23505", "23P01"
_LOST_RACES = frozenset({_UNIQUE_VIOLATION, _EXCLUSION_VIOLATION})
# What a row is refused with that would lie in a commune the transaction is kept from.
_INSUFFICIENT_PRIVILEGE, _OF_COMMUNES = "42501", 'policy "commune"'
# Serialization failure, deadlock, lock and statement time-outs, read-only, full disk, shutdown: try again later.
_TRY_AGAIN = ("40", "53", "55", "57", "25006", "08")


def migrations() -> Config:
    """Alembic's configuration of this project."""
    return Config(Path(__file__).parents[1] / "alembic.ini")


def expected_revision() -> str:
    """The revision of the database that this code works with."""
    revision = ScriptDirectory.from_config(migrations()).get_current_head()
    if revision is None:
        raise LookupError("this code has no migrations")
    return revision


class PrivilegedRole(Exception):
    """The service refuses to run as a role that could see through tenant isolation."""


def open_engine(url: str, *, pool_size: int, pool_wait_seconds: int) -> AsyncEngine:
    """The connections of one process; none is opened before it is needed."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait_seconds,
        pool_pre_ping=False,
        # What a statement was given is personal; an error that names it would be logged.
        hide_parameters=True,
        # Policies make statements look dear: compiling them would take longer than they do.
        connect_args={"options": "-c jit=off -c statement_timeout=5000 -c idle_in_transaction_session_timeout=10000"},
    )


def open_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions that keep what they loaded after the commit, as answers are built from it, and write when told to."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)


@asynccontextmanager
async def tenant_transaction(
    sessions: Sessions, tenant_id: UUID | None, *, partner_id: UUID | None = None
) -> AsyncIterator[AsyncSession]:
    """One transaction bound to a tenant, or to none (which sees no tenant's rows).

    A partner's is bound to no tenant at first, and opens the partner's ways to the handoffs it was sent.

    Commits at the end, rolls back on any error. Raises Conflict when a concurrent request won a race that the
    database arbitrates, CommuneOutOfReach when it wrote beyond its communes, Unavailable when the database is away
    or too busy.
    """
    try:
        async with sessions() as session, session.begin():
            if partner_id is None:
                await bind(session, tenant_id)
            else:
                await bind_both(session, tenant_id, partner_id)
            yield session
    except IntegrityError as error:
        if _sqlstate(error) in _LOST_RACES:
            raise Conflict from error
        raise
    except (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError) as error:
        raise Unavailable from error
    except DBAPIError as error:
        if _sqlstate(error) == _INSUFFICIENT_PRIVILEGE and _OF_COMMUNES in str(error.orig):
            raise CommuneOutOfReach from error
        if error.connection_invalidated or _sqlstate(error).startswith(_TRY_AGAIN):
            raise Unavailable from error
        raise


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a transaction that is undone alone when it fails. Raises Conflict for a lost race.

    The database forgets what the part bound the transaction to: bind again after a failure.
    """
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        forget_binding(session)
        if _sqlstate(error) in _LOST_RACES:
            raise Conflict from error
        raise
    except BaseException:
        forget_binding(session)
        raise


@asynccontextmanager
async def rehearsal(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a transaction that is always undone: what it would do is seen, nothing of it is kept."""
    part = await session.begin_nested()
    try:
        yield
        await session.flush()
    finally:
        await part.rollback()
        forget_binding(session)


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


async def refuse_privileged_role(engine: AsyncEngine) -> None:
    """Raises PrivilegedRole if the connection's role is a superuser, bypasses policies, or owns tables.

    Membership counts as much as the role itself.
    """
    async with engine.connect() as connection:
        result = await connection.execute(
            text(
                """
                select r.rolname from pg_roles r
                where pg_has_role(current_user, r.oid, 'member')
                  and (r.rolsuper or r.rolbypassrls or exists (
                    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where c.relowner = r.oid and c.relkind in ('r', 'p') and n.nspname = 'public'))
                """
            )
        )
        powers = result.scalars().all()
    if powers:
        raise PrivilegedRole(f"refusing to serve: the database role has the powers of {', '.join(powers)}")
