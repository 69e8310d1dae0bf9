"""The operations of the OpenAPI document, bodies that fit their schemas, and real identifiers for their paths.

What is generated from here covers the routes that are not written yet. A route that needs more than its schema
says (a validator of its model, a new identifier in its path) is told by a failing test what to add to this file.
"""

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.domain.permissions import ROLES, Role
from app.main import create_app
from app.settings import settings
from tests.support import (
    APPROVAL,
    TOKEN_SECRET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    disbursed,
    ok,
    repayment,
)

FieldPath = tuple[str | int, ...]

# Parts of a path that are public names, not identifiers of a tenant's things; so are those with a list of values.
PUBLIC_NAMES = frozenset({"slug"})
# Fields that a body has in place of another one.
INSTEAD_OF = {"applicant_id": "applicant"}
# What the validators of a model ask beyond the schema of its fields.
COHERENT: dict[str, Json] = {
    "RequestCreate": {
        "applicant": {
            "first_names": "Camille",
            "birth_name": "Exemple",
            "birth_on": "1988-03-02",
            "commune_insee_code": "25056",
        }
    },
    "LoanTerms": {"duration_months": 12},
    "DecisionCreate": APPROVAL,
    "Closing": {"outcome": "withdrawn"},
    "FinancingPlanReplace": WHOLE_LOAN,
}
_PATTERNS = {
    r"^([0-9]{2}|2[AB])[0-9]{3}$": "25056",
    r"^\+?[0-9][0-9 .]{5,18}$": "03 81 00 00 00",
}


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the OpenAPI document tells it."""

    id: str
    method: str
    path: str
    spec: Json

    def parameters(self, place: str) -> dict[str, Json]:
        """The schemas of the parameters in `path`, `query` or `header`, by name."""
        found = [parameter for parameter in self.spec.get("parameters", []) if parameter["in"] == place]
        return {parameter["name"]: parameter["schema"] for parameter in found}

    def identifiers(self) -> list[str]:
        """The names in the path that identify things of a tenant."""
        named = self.parameters("path").items()
        return [name for name, schema in named if name not in PUBLIC_NAMES and "enum" not in resolved(schema)]

    @property
    def public(self) -> bool:
        """Whether the document asks for no credential."""
        return "security" not in self.spec

    @property
    def media_type(self) -> str | None:
        """The media type of the body, where there is one."""
        return next(iter(self.spec.get("requestBody", {}).get("content", {})), None)

    @property
    def body_schema(self) -> Json | None:
        """The schema of the body, where there is one."""
        if self.media_type is None:
            return None
        schema: Json = self.spec["requestBody"]["content"][self.media_type]["schema"]
        return schema

    def url(self, identifiers: dict[str, str]) -> str:
        """The address of the operation on these identifiers."""
        examples = {name: sample(schema) for name, schema in self.parameters("path").items()}
        return self.path.format_map(examples | identifiers)


@cache
def document() -> Json:
    """The OpenAPI document."""
    return built_app().openapi()


@cache
def built_app() -> FastAPI:
    """The application, without a database behind it: to be looked at, not to be asked."""
    nowhere = {"DATABASE_URL": "postgresql+psycopg://app@/nowhere?host=/nowhere", "TOKEN_SECRET": TOKEN_SECRET}
    with mock.patch.dict(os.environ, nowhere):
        settings.cache_clear()
        application = create_app()
        settings.cache_clear()
    return application


def routes(of: Any = None) -> Iterator[APIRoute]:
    """Every route of the API, in included routers too."""
    for route in (of or built_app()).routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included)
        elif isinstance(route, APIRoute):
            yield route


@cache
def operations() -> list[Operation]:
    """Every operation of the document."""
    return [
        Operation(spec["operationId"], method.upper(), path, spec)
        for path, methods in document()["paths"].items()
        for method, spec in methods.items()
    ]


def resolved(schema: Json) -> Json:
    """The schema behind a reference; of an optional one, what it is when it is given."""
    while True:
        if "$ref" in schema:
            schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema:
            schema = next(branch for branch in schema["anyOf"] if branch.get("type") != "null")
        else:
            return schema


def nullable(schema: Json) -> bool:
    """Whether null is a value of the schema."""
    return any(branch.get("type") == "null" for branch in schema.get("anyOf", []))


def ambiguous(schema: Json) -> bool:
    """Whether the schema has several forms besides null."""
    return sum(branch.get("type") != "null" for branch in schema.get("anyOf", [])) > 1


def is_day(schema: Json) -> bool:
    """Whether the schema is a date's."""
    return bool(resolved(schema).get("format") == "date")


def sample(schema: Json, *, whole: bool = False) -> Any:
    """A value that fits the schema: with what is required, coherent; or `whole`, with every field there is."""
    schema = resolved(schema)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "examples" in schema and not is_day(schema):
        return schema["examples"][0]
    match schema.get("type"):
        case "object":
            return _sample_object(schema, whole=whole)
        case "array":
            return [sample(schema["items"], whole=whole)]
        case "integer":
            return int(schema.get("minimum", 1))
        case "boolean":
            return False
        case _:
            return _sample_text(schema)


def _sample_object(schema: Json, *, whole: bool) -> Json:
    names = schema.get("properties", {}) if whole else schema.get("required", [])
    fields = {name: sample(schema["properties"][name], whole=whole) for name in names}
    return {**fields, **copy.deepcopy({} if whole else COHERENT.get(schema.get("title", ""), {}))}


def _sample_text(schema: Json) -> str:
    if is_day(schema):
        return "2011-01-20"
    if schema.get("format") == "uuid":
        return str(uuid4())
    if "pattern" in schema:
        return _PATTERNS.get(schema["pattern"], "a@example.org")
    return "Exemple"


def fields(schema: Json, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Json, bool]]:
    """Every field of a body, however deep: where it is, its schema, whether it is required."""
    schema = resolved(schema)
    for name, inner in schema.get("properties", {}).items():
        path = (*at, name)
        yield path, inner, name in schema.get("required", [])
        yield from fields(inner, path)
        if resolved(inner).get("type") == "array":
            items = resolved(inner)["items"]
            yield (*path, 0), items, False
            yield from fields(items, (*path, 0))


def with_value(body: Json, path: FieldPath, value: Any) -> Json:
    """A copy of the body with another value at one place."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def without(body: Json, path: FieldPath) -> Json:
    """A copy of the body without one field."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def pointer(path: FieldPath) -> str:
    """Where the service says that a field of the body is."""
    return "/body" + "".join(f"/{step}" for step in path)


def headers_of(operation: Operation, caller: Staff | None) -> dict[str, str]:
    """Headers with which the operation may be asked once."""
    headers = dict(caller.headers) if caller and not operation.public else {}
    if operation.method == "POST" and not operation.public:
        headers["Idempotency-Key"] = str(uuid4())
    if operation.method in ("PUT", "PATCH"):
        headers["If-Match"] = '"1"'
    if operation.media_type:
        headers["Content-Type"] = operation.media_type
    return headers


def json_bytes(body: Any) -> bytes:
    """The body as it travels."""
    return json.dumps(body).encode()


def everyone(databases: Databases, ccas: Ccas) -> Staff:
    """A member of staff with every role that a CCAS gives: what is refused is not refused for want of a role."""
    roles = sorted({role for allowed in ROLES.values() for role in allowed} - {Role.PLATFORM})
    return Staff(ccas.agent.client, add_staff(databases, ccas.id, f"everyone-{uuid4().hex[:6]}", roles), ccas.id)


async def real_identifiers(ccas: Ccas) -> dict[str, str]:
    """One real identifier of the CCAS for every name that may stand in a path; and its slug."""
    loan_id = await disbursed(ccas)
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}"))
    request = await ok(ccas.agent.get(f"/requests/{loan['request_id']}"))
    money = await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(8_500, "2011-02-05", "B-1")))
    return {
        "slug": ccas.slug,
        "loan_id": loan_id,
        "request_id": str(request["id"]),
        "person_id": str(request["applicant_id"]),
        "decision_id": str(loan["decision_id"]),
        "repayment_id": str(money["id"]),
    }
