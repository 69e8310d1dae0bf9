"""From refusals to HTTP: the one place that knows both. Every answer but 2xx is a problem (RFC 9457)."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app import messages
from app.domain import credential_errors, errors
from app.domain.errors import ClientRefused, Invalid, MicrocreditError, RulesBreached, Unauthenticated
from app.schemas.faults import faults_of

STATUSES: dict[type[MicrocreditError], HTTPStatus] = {
    errors.Unreadable: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    credential_errors.SignatureNotProven: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.MediaTypeRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.VersionStale: HTTPStatus.PRECONDITION_FAILED,
    errors.VersionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    errors.TooManyAtOnce: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unexpected: HTTPStatus.INTERNAL_SERVER_ERROR,
}

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = "2"
_BASIC = 'Basic realm="microcredit"'
_BY_STATUS: dict[int, type[MicrocreditError]] = {
    400: errors.Unreadable,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
}


def register(app: FastAPI) -> None:
    """Makes the app answer every refusal as a problem."""
    app.add_exception_handler(MicrocreditError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def problem(
    error: MicrocreditError, *, accept_language: str | None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer that tells a refusal, in the language asked for."""
    language = messages.language_of(accept_language)
    status = status_of(error)
    content: dict[str, Any] = {
        "type": f"urn:microcredit:error:{error.code}",
        "title": messages.of_family(_family(error), error, language),
        "detail": messages.of_error(error, language),
        "status": status.value,
        "code": error.code,
        **error.facts,
    }
    if isinstance(error, Invalid):
        content["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "message": messages.of_fault(fault, language)}
            for fault in error.faults
        ]
    if isinstance(error, RulesBreached):
        content["breaches"] = [
            {
                **breach.facts(),
                "overridable_by": [*error.overridable_by.get(breach.rule, ())],
                "message": messages.of_breach(breach, language),
            }
            for breach in error.breaches
        ]
    if isinstance(error, Unauthenticated):
        content["error"] = error.oauth_error
    return JSONResponse(
        content, status, {**_headers(error, status), "Content-Language": language, **(headers or {})}, MEDIA_TYPE
    )


def status_of(error: MicrocreditError) -> HTTPStatus:
    """The status of the error's nearest family."""
    return STATUSES[_family(error)]


def _family(error: MicrocreditError) -> type[MicrocreditError]:
    return next(family for family in type(error).__mro__ if family in STATUSES)


def _headers(error: MicrocreditError, status: HTTPStatus) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
    if status is HTTPStatus.UNAUTHORIZED:
        # A client proves itself by Basic where it asks for a token (RFC 6749, section 5.2), by the token elsewhere.
        headers["WWW-Authenticate"] = _BASIC if isinstance(error, ClientRefused) else "Bearer"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return headers


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, MicrocreditError):
        raise error
    return problem(error, accept_language=request.headers.get("accept-language"))


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = faults_of(error.errors())
    refusal: MicrocreditError = Invalid(*faults)
    if request.url.path == "/v1/auth/token":
        foreign = any(fault.pointer == "/body/grant_type" for fault in faults)
        refusal.facts["error"] = "unsupported_grant_type" if foreign else "invalid_request"
    if any(fault["type"] == "json_invalid" for fault in error.errors()):
        refusal = errors.BodyNotJson(reason="syntax")
    return await _on_refusal(request, refusal)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Refusals of the framework itself: unknown address, method, body size."""
    if not isinstance(error, HTTPException):
        raise error
    family = _BY_STATUS.get(error.status_code, errors.Unexpected)
    headers = {"Allow": _allowed(request)} if family is errors.MethodNotAllowed else {}
    return problem(family(), accept_language=request.headers.get("accept-language"), headers=headers)


def _allowed(request: Request) -> str:
    """Every method that some route answers at this address: the framework names only one route's."""
    scope = dict(request.scope)
    methods = {
        method
        for route in _leaves(request.app.routes)
        for method in getattr(route, "methods", None) or ()
        if route.matches(scope)[0] is not Match.NONE
    }
    return ", ".join(sorted(methods))


def _leaves(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _leaves(included.routes)
