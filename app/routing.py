"""How every route reads its request: strictly, and once for each Idempotency-Key."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app import idempotency
from app.dependencies import Caller, Transaction, credential
from app.domain.errors import (
    BodyNotJson,
    BodyTooLarge,
    FieldFault,
    HeaderDoubled,
    HeaderMalformed,
    HeaderMissing,
    Invalid,
    MediaTypeRefused,
)
from app.partners.webhooks import Resolve, resolve
from app.schemas.webhooks import WebhookCreate
from app.security import Credential
from app.services import webhooks

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Money and states ask for a key; what only adds to a file may come without one.
KEY_REQUIRED = re.compile(
    r"/v1/(loans|partner)(/.*)?|/v1/requests/\{\w+\}/(?!(notes|papers|appointments)\b).*|/v1/lender-statement(s|-files)"
    r"|/v1/handoffs/\{\w+\}/(answers|ficp-checks|offers|disbursements|schedules|accelerations|losses|guarantee-calls)"
    r"|/v1/handoffs/\{\w+\}/(recoveries|reversals)"
)
# Nothing is stored, or a link is used up: there is nothing that a key would do only once.
_KEYLESS = frozenset(
    {"/v1/auth/token", "/v1/simulations", "/v1/referral-answers/{token}", "/v1/lender-answers/{token}"}
)
# The answer holds a secret that is nowhere kept: asked again, another one is made.
_NOT_KEPT = frozenset(
    {
        "/v1/referrals/{referral_id}/links",
        "/v1/handoffs/{handoff_id}/links",
        "/v1/partner/credentials",
        "/v1/partner/signing-keys",
        "/v1/partner/webhooks",
        "/v1/partner/webhooks/{webhook_id}/secrets",
    }
)
BODY_BYTES_MAX = 262_144
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BEYOND_ANY_LIMIT = 10**30


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str
    code: str
    message: str


class BreachProblem(BaseModel):
    """One rule that is not met."""

    rule: str
    limit: int | str | list[str] | None
    actual: int | str | None
    severity: str
    overridable_by: list[str]
    message: str
    reference: str


class Problem(BaseModel):
    """A refusal (RFC 9457). `code` is stable; `title` and `detail` are French, or English if asked."""

    type: str
    title: str
    detail: str
    status: int
    code: str
    errors: list[FieldProblem] = []
    breaches: list[BreachProblem] = []


PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}, "description": "a paper"}
}

CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}, "description": "a file"}
}


_REFUSED = {
    400: "cannot be read: no JSON, or a header that is missing or malformed",
    401: "the token or the signature is not good",
    403: "beyond the roles of the caller",
    404: "nothing there under that name, or another's",
    409: "the state or the rules do not allow it: `code` says why",
    412: "changed since it was read",
    413: "more than 256 KiB",
    415: "in another format than the one that is read",
    422: "fields fail: `errors` says which",
    428: "an If-Match is needed",
    503: "nothing was done: the same again after a pause",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer; their shape comes once for all with the OpenAPI document."""
    return {status: {"description": _REFUSED[status]} for status in statuses}


async def _idempotency(
    request: Request,
    session: Transaction,
    caller: Caller,
    idempotency_key: Annotated[str | None, Header(description="the same key has its effect once")] = None,
) -> None:
    given = request.headers.getlist(idempotency.HEADER)
    if len(given) > 1:
        raise HeaderDoubled(header=idempotency.HEADER)
    if not given:
        if KEY_REQUIRED.fullmatch(request.scope["route"].path):
            raise HeaderMissing(header=idempotency.HEADER)
        return
    if not _KEY.fullmatch(given[0]) or idempotency_key is None:
        raise HeaderMalformed(header=idempotency.HEADER)
    if request.scope["route"].path in _NOT_KEPT:
        return
    request.state.keyed = await idempotency.begin(session, caller, request, given[0])


async def resolver() -> Resolve:
    """What knows the addresses of names, as for a delivery."""
    return resolve


async def known_endpoint(
    credential: Annotated[Credential, Depends(credential)],
    resolve: Annotated[Resolve, Depends(resolver)],
    body: WebhookCreate,
) -> None:
    """Looks up the address that a partner's machine gives, before the request has a transaction.

    Raises WebhookUrlRefused.
    """
    if credential.partner_id is not None:
        await webhooks.check_url(body.url, resolve=resolve)


class StrictRequest(Request):
    """A request whose body is bounded and whose JSON is read without indulgence."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises BodyTooLarge as soon as it exceeds the limit."""
        announced = self.headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
            raise BodyTooLarge(limit=BODY_BYTES_MAX)
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            if size > BODY_BYTES_MAX:
                raise BodyTooLarge(limit=BODY_BYTES_MAX)
            yield chunk

    async def json(self) -> Any:
        """The body's JSON. Raises BodyNotJson for duplicate keys, NaN, bad UTF-8, lone surrogates, excess depth."""
        if not hasattr(self, "_read"):
            self._read = _strict_json(await self.body())
        return self._read


def _strict_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
        content = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_int=_integer
        )
    except UnicodeDecodeError:
        raise BodyNotJson(reason="utf-8") from None
    except RecursionError:
        raise BodyNotJson(reason="depth") from None
    except json.JSONDecodeError:
        raise BodyNotJson(reason="syntax") from None
    if "\\u" in text and _SURROGATE.search(json.dumps(content, ensure_ascii=False)):
        raise BodyNotJson(reason="surrogate")
    return content


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise BodyNotJson(reason="duplicate key")
    return content


def _no_constant(name: str) -> Any:
    raise BodyNotJson(reason=name)


def _integer(digits: str) -> int:
    # Python refuses to read thousands of digits; no limit of ours is anywhere near.
    return int(digits) if len(digits) < 30 else _BEYOND_ANY_LIMIT


class StrictRoute(APIRoute):
    """A route that refuses what it does not know, and keeps the answers of keyed POSTs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        once = Depends(_idempotency)
        given = list(options.get("dependencies") or [])
        if "POST" in (options.get("methods") or ()) and path not in _KEYLESS and once not in given:
            options["dependencies"] = [*given, once]  # what a route asks for itself comes before the transaction
        super().__init__(path, endpoint, **options)
        self.query_names = _query_names(self.dependant)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler between a strict reading of the request and the keeping of its answer."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            self._check_query(request)
            await self._read_body(request)
            await self._check_form(request)
            try:
                response = await handle(request)
            except idempotency.Replay as replay:
                return replay.response
            keyed = getattr(request.state, "keyed", None)
            if keyed is not None:
                await idempotency.keep(keyed, response)
            return response

        return strictly

    def _check_query(self, request: Request) -> None:
        names = [name for name, _ in request.query_params.multi_items()]
        faults = [
            FieldFault(f"/query/{name}", "unknown_field", {})
            for name in dict.fromkeys(names)
            if name not in self.query_names
        ]
        faults += [
            FieldFault(f"/query/{name}", "repeated", {})
            for name in dict.fromkeys(names)
            if name in self.query_names and names.count(name) > 1
        ]
        if faults:
            raise Invalid(*faults)

    async def _read_body(self, request: Request) -> None:
        """Before the framework does, which would turn every fault of reading into one and the same."""
        if self.body_field is None:
            return
        if len(request.headers.getlist("content-type")) > 1:
            raise HeaderDoubled(header="Content-Type")
        expected = "application/x-www-form-urlencoded" if self._reads_form() else "application/json"
        given, _, parameters = request.headers.get("content-type", "").lower().partition(";")
        empty = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
        readable = given.strip() == expected and parameters.strip().replace('"', "") in ("", "charset=utf-8")
        if "content-encoding" in request.headers or not (readable or (empty and not given)):
            raise MediaTypeRefused(expected=expected)
        if await request.body() and not self._reads_form():
            await request.json()

    async def _check_form(self, request: Request) -> None:
        if not self._reads_form():
            return
        sent = parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
        names = [name for name, _ in sent]
        faults = [FieldFault(f"/body/{name}", "repeated", {}) for name in dict.fromkeys(names) if names.count(name) > 1]
        if faults:
            raise Invalid(*faults)

    def _reads_form(self) -> bool:
        return self.body_field is not None and isinstance(self.body_field.field_info, Form)


def _query_names(dependant: Dependant) -> frozenset[str]:
    """The query parameters that a route and its dependencies know."""
    names = frozenset[str]().union(*(_query_names(needed) for needed in dependant.dependencies))
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= {field.alias or name for name, field in annotation.model_fields.items()}
        else:
            names |= {parameter.alias}
    return names


def operation_id(route: APIRoute) -> str:
    """`file_function` of the route, under which `permissions.ROLES` knows it."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name.rstrip('_')}"


def router(prefix: str, tag: str) -> APIRouter:
    """A router of strict routes, with the refusals that any of them may answer."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=StrictRoute,
        generate_unique_id_function=operation_id,
        responses=refusals(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
