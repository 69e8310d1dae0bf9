"""The OpenAPI document as the service behaves: what the framework does not know of it is added here."""

from typing import Any

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_EVERYWHERE = {"X-Request-Id": "names this exchange, in the logs too"}
_OF_STATUS = {
    "401": {"WWW-Authenticate": "Bearer"},
    "405": {"Allow": "the methods that this address answers"},
    "429": {"Retry-After": "seconds"},
    "503": {"Retry-After": "seconds"},
}

Json = dict[str, Any]


def describe(document: Json, *, key_required: Any) -> None:
    """Completes the document in place: refusals as problems, headers, and which of them are required.

    `key_required` is the pattern of the paths whose POST needs an Idempotency-Key.
    """
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
