"""Serving the API on the database of the environment."""

from typing import Any

import uvicorn

from app.settings import settings

# Given to uvicorn rather than configured here: workers are new processes, which only uvicorn configures.
_LOG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


def serve(*, host: str, port: int, workers: int) -> int:
    """Serves until a signal; workers are processes. Pydantic's ValidationError names a missing setting."""
    settings()
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=_LOG,
        access_log=False,  # one line a request is written by our middleware, and uvicorn's own costs a third
        server_header=False,
        timeout_graceful_shutdown=30,
    )
    return 0
