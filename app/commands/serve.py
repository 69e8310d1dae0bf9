"""Serving the API on the database of the environment."""

import logging

import uvicorn


def serve(*, host: str, port: int, workers: int) -> int:
    """Serves until a signal; workers are processes. Pydantic's ValidationError names a missing setting."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,  # one line a request is written by our middleware, and uvicorn's own costs a third
        server_header=False,
        timeout_graceful_shutdown=30,
    )
    return 0
