"""What surrounds every request: its identifier, its safety headers, one line of log, and the last resort."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from traceback import format_tb

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

logger = logging.getLogger("microcredit.requests")

_GIVEN_ID = re.compile(rb"[A-Za-z0-9-]{8,64}")
_DEFAULTS = {
    # For the pages of the documentation: Redoc would fetch a logo from its maker's site.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


class Surroundings:
    """Pure ASGI. `render_failure` makes the answer for an exception nobody expected."""

    def __init__(self, app: ASGIApp, render_failure: Callable[[str | None], Response]) -> None:
        self.app = app
        self.render_failure = render_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; whatever fails inside is logged under its identifier and answered with 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, began, status = _request_id(scope), time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _DEFAULTS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            told = "".join(_where_and_what(error))
            logger.error("request %s failed\n%s", request_id, told)  # noqa: TRY400 - would tell the words too
            if status:
                raise
            language = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
            await self.render_failure(language)(scope, receive, send_with_headers)
        finally:
            _log(scope, request_id, status, began)


def _where_and_what(error: BaseException) -> Iterator[str]:
    """The places and the kinds of an exception and its causes; their words may repeat what was sent, or a row."""
    if (earlier := error.__cause__ or error.__context__) is not None:
        yield from _where_and_what(earlier)
    yield from format_tb(error.__traceback__)
    yield f"{type(error).__qualname__} {getattr(error, 'sqlstate', None) or ''}\n"


def _request_id(scope: Scope) -> str:
    """The caller's own identifier where it is well formed, else a new one."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1 and _GIVEN_ID.fullmatch(given[0]):
        return str(given[0], "ascii")
    return str(uuid7())


def _log(scope: Scope, request_id: str, status: int, began: float) -> None:
    """The path's template and no query: neither log nor identifier tells who was looked for."""
    route = scope.get("route")
    path = getattr(route, "path", "-")
    milliseconds = (time.perf_counter() - began) * 1000
    logger.info("%s %s %d %.1fms %s", scope["method"], path, status, milliseconds, request_id)
