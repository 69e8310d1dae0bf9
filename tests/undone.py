"""Requests that are answered for real and leave nothing behind, so that one state serves many tries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, SessionTransaction

# As a connection begins: bound to no partner and to no communes, whatever the request before was bound to.
_UNBIND = text("select set_config('app.partner_id', '', true), set_config('app.commune_insee_codes', '', true)")


@asynccontextmanager
async def undone(app: FastAPI) -> AsyncIterator[None]:
    """Whatever the service writes within is checked as at its commits, read by what follows, and undone at the end.

    All requests share a transaction, each within a savepoint: one at a time, and none sees the clock of the database
    move.
    """
    kept = app.state.sessions
    async with app.state.engine.connect() as connection, connection.begin() as everything:
        app.state.sessions = async_sessionmaker(
            connection,
            sync_session_class=_InSavepoints,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            autoflush=False,
        )
        try:
            yield
        finally:
            app.state.sessions = kept
            await everything.rollback()


class _InSavepoints(Session):
    """A session whose commit lets the database check all that waits for a commit."""


@event.listens_for(_InSavepoints, "after_begin")
def _unbind(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    connection.execute(_UNBIND)


@event.listens_for(_InSavepoints, "before_commit")
def _check(session: Session) -> None:
    session.flush()
    for when in ("IMMEDIATE", "DEFERRED"):
        session.execute(text(f"SET CONSTRAINTS ALL {when}"))
