"""The worker of `dev`: it delivers beside the service, for receivers on the developer's own machine too."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from app.commands.worker import CONNECTIONS, Worker, attend
from app.database import open_engine, open_sessions
from app.domain.errors import MicrocreditError
from app.partners.webhooks import Sender
from app.settings import WorkerSettings

_EVERY_SECONDS = 0.5


def deliver_until(is_over: Callable[[], bool]) -> None:
    """Delivers what is due, in the thread that calls it, until all is over."""
    asyncio.run(_deliver(WorkerSettings(), is_over))


async def _deliver(settings: WorkerSettings, is_over: Callable[[], bool]) -> None:
    engine = open_engine(settings.database_url, pool_size=CONNECTIONS, pool_wait_seconds=5)
    keys = settings.encryption_keys.get_secret_value()
    worker = Worker(open_sessions(engine), Sender(loopback_allowed=settings.webhook_loopback_allowed), keys)
    under_way: dict[UUID, asyncio.Task[None]] = {}
    try:
        while not is_over():
            with suppress(MicrocreditError, DBAPIError):
                await attend(worker, under_way)
            await asyncio.sleep(_EVERY_SECONDS)
    finally:
        for serving in under_way.values():
            serving.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)
        await engine.dispose()
