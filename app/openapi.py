"""The OpenAPI document as the service behaves: what the framework does not know of it is added here."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
_EVERYWHERE = {"X-Request-Id": "names this exchange, in the logs too"}
_OF_STATUS = {
    "401": {"WWW-Authenticate": "Bearer"},
    "405": {"Allow": "the methods that this address answers"},
    "429": {"Retry-After": "seconds"},
    "503": {"Retry-After": "seconds"},
}
_SIGNATURE = {
    "webhook-id": "names the message; the same when it is sent again",
    "webhook-timestamp": "when it is sent, another each time, in seconds of Unix; at most 5 minutes from our clock",
    "webhook-signature": "`v1,…` of the identifier, the timestamp and the exact body; several, separated by spaces",
}
# What lies on the border with the banks, in the order in which a file crosses it; all else comes before.
_AT_THE_BORDER = {
    "agreements": "The dated agreements of a CCAS with the banks.",
    "handoffs": "What a CCAS hands over to a bank: followed, completed, taken back; as files, by a link.",
    "check renewals": "A CCAS asks the bank to consult the FICP again.",
    "tellings": "What a bank answered by letter, entered by a CCAS.",
    "inbox": "For banks: what was handed over to them by every CCAS, received and answered.",
    "FICP checks": "For banks: their conclusion, alone or up to 500 at once. For the staff: what it is worth.",
    "offers": "For banks: the loan they offer, with its own rows, and its payment.",
    "statements": "For banks: what was repaid, what was not, what is still owed, and our copy of each loan.",
    "lender reports": "For banks: new rows, acceleration, loss, call on a guarantor, recovery; what they take back.",
    "partner events": "For banks: what happened to what they were handed, read after a position.",
    "webhooks": "For banks: the same events sent to their endpoints, signed (Standard Webhooks 1.0); log and replay.",
    "partner credentials": "For banks: what their machines sign in with at `POST /v1/auth/token`.",
    "signing keys": "For banks: what their machines sign their pushes with.",
}

Json = dict[str, Any]


def describe(document: Json, *, problem: type[BaseModel], key_required: Any) -> None:
    """Completes the document in place: refusals as problems, headers, and which of them are required.

    `problem` is the shape of a refusal, `key_required` the pattern of the paths whose POST needs an Idempotency-Key.
    """
    _, shapes = models_json_schema([(problem, "serialization")], ref_template=_REFERENCE)
    document["components"]["schemas"] |= shapes["$defs"]
    document["tags"] = _tags(document)
    document["webhooks"] = {"event": {"post": _delivery()}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = {
                status: _response(document, status, response, operation)
                for status, response in operation["responses"].items()
                if status.startswith("2") or _can_be(status, path, operation)
            }
            for parameter in operation.get("parameters", ()):
                if parameter["name"].lower() == "if-match":
                    parameter["required"] = True
                if parameter["name"].lower() == "idempotency-key":
                    parameter["required"] = method == "post" and bool(key_required.fullmatch(path))
            if method == "post" and path.startswith("/v1/partner/"):
                operation.setdefault("parameters", []).extend(_signature_headers())


def _tags(document: Json) -> list[Json]:
    """The groups of operations in the order in which people read them."""
    used = dict.fromkeys(
        tag
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation.get("tags", ())
    )
    return [
        *({"name": tag} for tag in used if tag not in _AT_THE_BORDER),
        *({"name": tag, "description": text} for tag, text in _AT_THE_BORDER.items()),
    ]


def _delivery() -> Json:
    """What the worker sends to the endpoints of partners, with the answers that it understands."""
    body = {"schema": {"$ref": "#/components/schemas/PartnerEventRead"}}
    return {
        "tags": ["webhooks"],
        "summary": "An event, as it is sent to an endpoint",
        "description": "Signed with the secret of the endpoint. It may come twice, under the same `webhook-id`.",
        "parameters": _signature_headers(required=True),
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "2XX": {"description": "taken"},
            "410": {"description": "nothing more is to be sent there: the endpoint is disabled"},
            "default": {"description": "not taken, a redirection too: sent again later, no sooner than `Retry-After`"},
        },
    }


def _signature_headers(*, required: bool = False) -> list[Json]:
    """Those of Standard Webhooks, whole or not at all."""
    return [
        {"name": name, "in": "header", "required": required, "description": text, "schema": {"type": "string"}}
        for name, text in _SIGNATURE.items()
    ]


def _can_be(status: str, path: str, operation: Json) -> bool:
    """Whether the operation can refuse with a status."""
    secured, body = bool(operation.get("security")), "requestBody" in operation
    possible = {
        "400": secured or body,
        "401": secured or path == "/v1/auth/token",
        "403": secured,
        "404": "{" in path,
        "409": (secured or "{" in path) and path != "/v1/me",
        "413": body,
        "415": body,
    }
    return possible.get(status, True)


def _response(document: Json, status: str, response: Json, operation: Json) -> Json:
    headers = {**_EVERYWHERE, **_OF_STATUS.get(status, {})}
    if status.startswith("2"):
        headers |= _of_success(document, response, operation)
    else:
        response = {**response, "content": _PROBLEM}
    described = {name: {"description": text, "schema": {"type": "string"}} for name, text in sorted(headers.items())}
    return {**response, "headers": described}


def _of_success(document: Json, response: Json, operation: Json) -> dict[str, str]:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    shape = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    fields = shape.get("properties", {})
    headers: dict[str, str] = {}
    if "application/pdf" in response.get("content", {}):
        headers |= {"Content-Disposition": "the name of the file", "Document-Template": "the template and its version"}
    if "text/csv" in response.get("content", {}):
        headers |= {"Content-Disposition": "the name of the file"}
    if "next_cursor" in fields:
        headers["Link"] = 'the next page, rel="next"'
    elif "version" in fields and "valid_from" not in fields:
        headers["ETag"] = "the version, to be sent back in If-Match"
    if any(parameter["name"].lower() == "idempotency-key" for parameter in operation.get("parameters", ())):
        headers["Idempotency-Replayed"] = "true when this answer had already been given"
    return headers
