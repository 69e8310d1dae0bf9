"""Hostile requests, for every operation of the OpenAPI document: refused as problems, and without any effect.

Never 5xx, never accepted, never the sent value in the answer, never a row more or less than before.
"""

import contextlib
import gzip
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from app.parameters.yaml_file import load_yaml
from tests.openapi import (
    COHERENT_QUERIES,
    Callers,
    FieldPath,
    Operation,
    everyone,
    fields,
    headers_of,
    is_day,
    json_bytes,
    nullable,
    open_both,
    operations,
    pointer,
    real_identifiers,
    resolved,
    sample,
    with_value,
    without,
)
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, demand, ok

CANARY = "ZZCANARY"
BODY_BYTES_MAX = 262_144
MESSAGES = load_yaml(Path(__file__).parents[2] / "app" / "messages" / "fr.yaml")
FORM = "application/x-www-form-urlencoded"
REFUSED = frozenset({400, 413, 415, 422})
UNKNOWN = {"zz_unknown": CANARY}
# What an answer to items leaves even where every item is refused: the answer itself, and the day of the statement.
LEFT_BY_ANSWERS = {
    "ficp_checks_push": frozenset({"partner_idempotency_records"}),
    "statements_create": frozenset({"partner_idempotency_records", "statements"}),
    "tellings_state": frozenset({"idempotency_records", "statements"}),
}
# What all of those answers share: one letter, entered once.
SHARED_BY_ANSWERS = {"tellings_state": frozenset({"tellings"})}
# The field that tells a form of the body from the other one: without it, what is missing is the other form's.
TELLS_ITS_FORM = {"FicpCheckBatch": ("items",)}
Headers = list[tuple[bytes, bytes]]
Fingerprint = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Probe:
    """One hostile request. What is not said here is as a good request has it.

    `statuses` are the acceptable answers; `at` is where a 422 must place the fault. A 200 is acceptable where the
    fault lies within one of the items that are answered one by one: then that one item must be refused for it.
    """

    name: str
    statuses: frozenset[int] = REFUSED
    path: str | None = None
    query: str = ""
    headers: dict[str, str | bytes | None] = field(default_factory=dict)
    more_headers: Headers = field(default_factory=list)
    content: bytes | None = None
    at: str | None = None


@dataclass(frozen=True)
class Target:
    """A CCAS with things in every state, callers who may do everything, and a cursor of each list."""

    databases: Databases
    ccas: Ccas
    callers: Callers
    identifiers: dict[str, str]
    cursors: dict[str, str]


@pytest.fixture(scope="module")
async def target(app: FastAPI, databases: Databases) -> AsyncIterator[Target]:
    """The CCAS that this module attacks."""
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        ccas = open_both(databases, client)
        identifiers = await real_identifiers(databases, ccas)
        cursors = {
            path: (await ok(ccas.agent.get(path, limit=1)))["next_cursor"] or "" for path in ("/people", "/requests")
        }
        yield Target(databases, ccas, everyone(databases, ccas), identifiers, cursors)


# Values that do not fit a field, as JSON text.

FOR_INTEGERS = {
    "a boolean": "true",
    "digits as text": '"12"',
    "a float that is whole": "12.0",
    "a float": "1.5",
    "an exponent": "1e2",
    "an exponent beyond floats": "1e400",
    "2^63": str(2**63),
    "ten to the 400": "1" + "0" * 400,
    "ten to the 5000": "-1" + "0" * 5000,
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "a leading zero": "012",
    "hexadecimal": "0x10",
    "a canary": f'"{CANARY}"',
    "an empty text": '""',
}
FOR_TEXTS = {
    "an integer": "12",
    "a boolean": "true",
    "a NUL": rf'"\u0000{CANARY}"',
    "a NUL that is not escaped": f'"\x00{CANARY}"',
    "a lone high surrogate": rf'"\ud800{CANARY}"',
    "a lone low surrogate": rf'"{CANARY}\udc00"',
    "surrogates in the wrong order": rf'"\udc00\ud800{CANARY}"',
    "a bell": r'"\u0007"',
}
FOR_DAYS = {
    "an integer": "20110120",
    "an instant of Unix": "1295481600",
    "a float": "1.5",
    "the thirtieth of February": '"2011-02-30"',
    "the year 1": '"0001-01-01"',
    "the year 9999": '"9999-12-31"',
    "the year 10000": '"10000-01-01"',
    "a negative year": '"-2011-01-20"',
    "one digit": '"2011-1-20"',
    "no dashes": '"20110120"',
    "a week": '"2011-W03-4"',
    "an instant": '"2011-01-20T00:00:00Z"',
    "spaces around": '" 2011-01-20 "',
    "a line break after": r'"2011-01-20\n"',
    "digits of another script": '"٢٠١١-٠١-٢٠"',
    "a NUL after": r'"2011-01-20\u0000"',
    "a canary": f'"{CANARY}"',
}
FOR_INSTANTS = {
    "an instant of Unix": "1305624600",
    "digits of an instant of Unix": '"1305624600"',
    "a day": '"2011-05-17"',
    "no offset": '"2011-05-17T09:30:00"',
    "no seconds": '"2011-05-17T09:30Z"',
    "a space for the T": '"2011-05-17 09:30:00Z"',
    "small letters": '"2011-05-17t09:30:00z"',
    "a leap second": '"2011-06-30T23:59:60Z"',
    "hour 24": '"2011-05-17T24:00:00Z"',
    "minute 60": '"2011-05-17T09:60:00Z"',
    "the thirtieth of February": '"2011-02-30T09:30:00Z"',
    "an offset of a day": '"2011-05-17T09:30:00+24:00"',
    "an offset of 60 minutes": '"2011-05-17T09:30:00+00:60"',
    "an offset without a colon": '"2011-05-17T09:30:00+0200"',
    "the name of a zone": '"2011-05-17T09:30:00Europe/Paris"',
    "seven decimals": '"2011-05-17T09:30:00.1234567Z"',
    "a decimal comma": '"2011-05-17T09:30:00,5Z"',
    "before the first year": '"0001-01-01T00:00:00+23:59"',
    "after the last year": '"9999-12-31T23:59:59-23:59"',
    "the year 2200": '"2199-12-31T23:59:59-00:01"',
    "spaces around": '" 2011-05-17T09:30:00Z "',
    "a line break after": r'"2011-05-17T09:30:00Z\n"',
    "digits of another script": '"٢٠١١-٠٥-١٧T٠٩:٣٠:٠٠Z"',
    "a NUL after": r'"2011-05-17T09:30:00Z\u0000"',
    "a canary": f'"{CANARY}"',
}
FOR_IDENTIFIERS = {
    "an integer": "12",
    "a canary": f'"{CANARY}"',
    "braces": f'"{{{uuid4()}}}"',
    "a URN": f'"urn:uuid:{uuid4()}"',
    "no dashes": f'"{uuid4().hex}"',
    "a line break after": rf'"{uuid4()}\n"',
    "a NUL after": rf'"{uuid4()}\u0000"',
}
FOR_BOOLEANS = {"one": "1", "a text": '"true"', "a canary": f'"{CANARY}"'}
FOR_LISTS = {"a text": f'"{CANARY}"', "an object": "{}", "an integer": "1"}
FOR_OBJECTS = {"a text": f'"{CANARY}"', "a list": "[]", "an integer": "1", "a list of it": f'["{CANARY}"]'}


def wrong_values(schema: Json) -> dict[str, str]:
    """JSON texts that are no value of the schema."""
    wrong = {} if nullable(schema) else {"null": "null"}
    schema = resolved(schema)
    match schema.get("type"):
        case "integer":
            wrong |= FOR_INTEGERS | _bounds(schema)
        case "boolean":
            return wrong | FOR_BOOLEANS
        case "array":
            over = json.dumps([sample(schema["items"], whole=True)] * (schema.get("maxItems", 0) + 1))
            return wrong | FOR_LISTS | ({"too many": over} if "maxItems" in schema else {})
        case "object":
            return wrong | FOR_OBJECTS
        case _ if is_day(schema):
            wrong |= FOR_DAYS
        case _ if schema.get("format") == "date-time":
            wrong |= FOR_INSTANTS
        case _ if schema.get("format") == "uuid":
            wrong |= FOR_IDENTIFIERS
        case _:
            wrong |= FOR_TEXTS | _texts(schema)
    return wrong | {"a list": "[]", "an object": json.dumps({"zz": CANARY})}


def _bounds(schema: Json) -> dict[str, str]:
    limits = {"enum": "2"} if "enum" in schema else {}
    if "minimum" in schema:
        limits |= {"one less than the least": str(int(schema["minimum"]) - 1)}
    if "maximum" in schema:
        limits |= {"one more than the most": str(int(schema["maximum"]) + 1), "2^40": str(2**40)}
    return limits


def _texts(schema: Json) -> dict[str, str]:
    wrong = {}
    if "enum" in schema or "const" in schema:
        known = schema.get("const", schema.get("enum", [""])[0])
        wrong = {
            "a canary": f'"{CANARY}"',
            "another case": json.dumps(known.swapcase()),
            "an empty text": '""',
            "a space after": json.dumps(known + " "),
        }
    if "maxLength" in schema:
        wrong["too long"] = json.dumps("x" * (schema["maxLength"] + 1))
    if schema.get("minLength"):
        wrong |= {"an empty text": '""', "only spaces": '"   "'}
    if "pattern" in schema:
        good = sample(schema)
        wrong |= {
            "a canary": f'"{CANARY} "',
            "a line break after": json.dumps(good + "\n"),
            "itself twenty times": json.dumps(good * 20),
            "digits of another script": json.dumps(re.sub(r"\d", "٢", good)) if good[0].isdigit() else '""',
        }
    return wrong


# Probes of one operation.


def probes(operation: Operation, target: Target) -> Iterator[Probe]:
    """Everything that the operation is attacked with."""
    yield from header_probes(operation)
    yield from query_probes(operation, target)
    yield from path_probes(operation, target)
    if operation.media_type == FORM:
        yield from form_probes(operation)
    for form in operation.forms if operation.media_type != FORM else []:
        yield from body_probes(form, required=operation.spec["requestBody"].get("required", False))
        yield from field_probes(form, itemised=operation.itemised)


def header_probes(operation: Operation) -> Iterator[Probe]:
    """Headers. What is no fault comes with an unknown query parameter, so that the answer is a refusal all the same."""
    harmless: dict[str, dict[str, str | bytes | None]] = {
        "a language that is none": {"Accept-Language": f"{CANARY};q=x, *;q=, ;;;,,en;q=1e999"},
        "a long language": {"Accept-Language": "en," * 5000},
        "another media type wanted": {"Accept": f"application/{CANARY}"},
        "an identifier with markup": {"X-Request-Id": f"<b>{CANARY}</b>"},
        "a long identifier": {"X-Request-Id": CANARY * 50},
        "bytes above ASCII": {"X-Request-Id": b"\xff\xfe" + CANARY.encode()},
        "another method": {"X-HTTP-Method-Override": "DELETE"},
        "another host": {
            "Host": f"{CANARY.lower()}.example",
            "X-Forwarded-Host": CANARY,
            "Forwarded": f"host={CANARY}",
        },
        "cookies": {"Cookie": f"session={CANARY}; tenant={CANARY}"},
        "a tenant": {"X-Tenant-Id": str(uuid4()), "X-Tenant": CANARY},
        "a huge header": {"X-Padding": "x" * 60_000},
        "a range": {"Range": "bytes=0-1", "If-None-Match": "*"},
    }
    for name, headers in harmless.items():
        yield Probe(name, frozenset({422}), query="zz_unknown=1", headers=headers, at="/query/zz_unknown")
    if not operation.public:
        yield from _credential_probes()
    if operation.method == "POST" and not operation.public:
        yield from _key_probes()
    if operation.method in ("PUT", "PATCH"):
        yield from _version_probes()


def _credential_probes() -> Iterator[Probe]:
    unauthorised = frozenset({401})
    for name, value in {
        "no credential": None,
        "an empty bearer": "Bearer ",
        "a bearer that is no token": f"Bearer {CANARY}",
        "a bearer of three parts": "Bearer e30.e30.e30",
        "a bearer above ASCII": b"Bearer \xff\xfe\x00",
        "a long bearer": "Bearer " + "a." * 20_000,
        "another scheme": "Basic " + "QWxhZGRpbjpvcGVuc2VzYW1l",
        "no scheme": CANARY,
    }.items():
        yield Probe(name, unauthorised, headers={"Authorization": value})
    yield Probe(
        "two credentials", frozenset({400, 401}), more_headers=[(b"authorization", f"Bearer {CANARY}".encode())]
    )


def _key_probes() -> Iterator[Probe]:
    bad = frozenset({400})
    for name, value in {
        "an empty key": "",
        "a key of 256 characters": "k" * 256,
        "a key with a space": f"{CANARY} 2",
        "a key with a tab": f"{CANARY}\t2",
        "a key above ASCII": "clé".encode(),
        "a key with a NUL": CANARY.encode() + b"\x00",
    }.items():
        yield Probe(name, bad, headers={"Idempotency-Key": value})
    yield Probe("two keys", bad, more_headers=[(b"idempotency-key", CANARY.encode())])
    yield Probe("the key twice", bad, headers={"Idempotency-Key": "k"}, more_headers=[(b"idempotency-key", b"k")])


def _version_probes() -> Iterator[Probe]:
    unfit = frozenset({400, 412})
    yield Probe("no version", frozenset({428}), headers={"If-Match": None})
    yield Probe("two versions", frozenset({400}), more_headers=[(b"if-match", b'"1"')])
    for value in ("1", "", '"', '""', "*", 'W/"1"', '"1', f'"{CANARY}"', '"1", "2"', '"99999999999999999999"', '"-1"'):
        yield Probe(f"the version {value}", unfit, headers={"If-Match": value})
    yield Probe("the version ²", unfit, headers={"If-Match": '"²"'.encode()})
    yield Probe("the version of 8 kB", unfit, headers={"If-Match": '"' + "1" * 8000 + '"'})


FOR_QUERY_INTEGERS = (
    "-1",
    "10" * 10,
    "ten",
    CANARY,
    "",
    "5.0",
    "1.5",
    "1e1",
    "true",
    "0x5",
    "٥",
    "1_0",
    "+5",
    " 5 ",
)
FOR_QUERY_DAYS = ("2011-02-30", "0001-01-01", "9999-12-31", "20110120", "1295481600", "today", CANARY, "", "2011-1-2")


def query_probes(operation: Operation, target: Target) -> Iterator[Probe]:
    """Query parameters: unknown, repeated, malformed."""
    invalid = frozenset({422})
    yield Probe("an unknown parameter", invalid, query=urlencode(UNKNOWN), at="/query/zz_unknown")
    yield Probe("an unknown parameter without a value", invalid, query="zz_unknown", at="/query/zz_unknown")
    yield Probe("a NUL as the name of a parameter", invalid, query=f"%00={CANARY}")
    yield Probe("a page number", invalid, query="page=2&offset=10&per_page=5")
    yield Probe("many parameters", invalid, query="&".join(f"p{n}={CANARY}" for n in range(2000)))
    for name, schema in operation.parameters("query").items():
        yield Probe(f"{name} twice", invalid, query=f"{name}=1&{name}=1", at=f"/query/{name}")
        yield Probe(f"{name} as a list", invalid, query=f"{name}[]={CANARY}")
        yield Probe(f"{name} in capitals", invalid, query=f"{name.upper()}={CANARY}")
        statuses = REFUSED if name == "cursor" else invalid
        for value in wrong_parameters(name, schema, operation, target):
            shown = value if len(value) < 40 else f"{value[:40]}…"
            query = f"{name}={quote(value)}"
            yield Probe(f"{name}={shown}", statuses, query=query, at=None if name == "cursor" else f"/query/{name}")


def wrong_parameters(name: str, schema: Json, operation: Operation, target: Target) -> list[str]:
    """Values that a query parameter does not take."""
    schema = resolved(schema)
    if schema.get("type") == "integer":
        return [*FOR_QUERY_INTEGERS, str(int(schema["minimum"]) - 1), str(int(schema["maximum"]) + 1)]
    if is_day(schema):
        return list(FOR_QUERY_DAYS)
    wrong = [f"\0{CANARY}", f"{CANARY}\0", "\x07", "x" * (schema.get("maxLength", 1000) + 1)]
    if name == "cursor":
        known = target.cursors["/people"]
        others = [cursor for path, cursor in target.cursors.items() if not operation.path.endswith(path)]
        forged = [
            known[:-1],
            f"{'B' if known.startswith('A') else 'A'}{known[1:]}",
            f"{known}A",
            known.lower(),
            known[::-1],
            "é",
            CANARY,
            "=",
            "A" * 38,
        ]
        return [*wrong, *others, *forged]
    if name.endswith("_id"):
        known = str(uuid4())
        return [*wrong, CANARY, "", "-" * 36, f"{{{known}}}", known.replace("-", ""), f"urn:uuid:{known}", f"{known}\n"]
    if "enum" in schema or "pattern" in schema or schema.get("format"):
        return [*wrong, CANARY, "", f"{sample(schema)}\n", f"{sample(schema)} "]
    return wrong


def path_probes(operation: Operation, target: Target) -> Iterator[Probe]:
    """Identifiers in the path that are none."""
    absent = frozenset({400, 404, 405, 422})
    for name in operation.parameters("path"):
        known = target.identifiers.get(name, "")
        for wrong in (
            CANARY,
            "0",
            "-1",
            str(2**40),
            "%00",
            f"{known}%00",
            f"{known}%0A",
            f"%20{known}",
            f"%7B{known}%7D",
            f"urn:uuid:{known}",
            known.replace("-", "") if name not in ("slug", "token") else "A-B",
            "%FF%FE",
            "%ED%A0%80",
            "..%2F..%2Fetc%2Fpasswd",
            "..",
            "%2E%2E",
            "' or 1=1 --",
            CANARY * 1000,
            "%F0%9F%92%B6",
            "null",
        ):
            path = operation.url({**target.identifiers, name: wrong})
            # « .. » may lead to another address, which is no attack in itself.
            query = urlencode(UNKNOWN) if wrong == ".." else ""
            yield Probe(f"{name}={wrong[:60]}", absent, path=path, query=query)
    address = operation.url(target.identifiers)
    for path in (
        f"{address}/",
        f"/{address}",
        address.upper(),
        f"{address}%2F",
        f"{address};x={CANARY}",
        f"{address}.json",
    ):
        # A slug may end in another name: an address that is another good one is no attack.
        yield Probe(f"the address {path}", absent, path=path, query="zz_unknown=1")


def body_probes(schema: Json, *, required: bool) -> Iterator[Probe]:
    """Bodies that are not the JSON that was announced, or announced as something else."""
    good = json_bytes(sample(schema))
    unread, media = frozenset({400}), frozenset({415})
    unreadable = {
        "a comma at the end": b'{"a": 1,}',
        "single quotes": b"{'a': 1}",
        "two documents": good + good,
        "something after the end": good + b" x",
        "half a document": good[: len(good) // 2] + b'{"',
        "a comment": b"/* */" + good,
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": good.decode().encode("utf-16"),
        "UTF-8 that is none": b'{"zz": "\xff\xfe' + CANARY.encode() + b'"}',
        "overlong UTF-8": b'{"zz": "\xc0\x80"}',
        "UTF-8 of a surrogate": b'{"zz": "\xed\xa0\x80"}',
        "NUL": b"\0",
        "only spaces": b"   ",
        "NaN": b'{"zz": NaN}',
        "minus Infinity": b'{"zz": [-Infinity]}',
        "a lone surrogate as a name": rb'{"\ud800": 1}',
        "a key twice": b'{"zz": 1, "zz": 2}',
        "a key twice, once escaped": rb'{"zz": 1, "\u007az": 2}',
        "a key twice, deep": b'{"zz": [{"a": {"b": 1, "b": 1}}]}',
        "100 000 brackets": b"[" * 100_000 + b"]" * 100_000,
        "40 000 braces": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        "brackets without end": b"[" * 200_000,
    }
    for name, content in unreadable.items():
        yield Probe(name, unread, content=content)
    for name, content in {
        "a list": b"[]",
        "a list of it": b"[" + good + b"]",
        "a text": f'"{CANARY}"'.encode(),
        "a number": b"1",
        "true": b"true",
        "a number of 4 301 digits": b"1" * 4301,
        "an unknown field": json_bytes({**sample(schema), **UNKNOWN}),
        "a field with a NUL in its name": json_bytes({**sample(schema), "zz\0": CANARY}),
        "fields of ours": json_bytes({**sample(schema), "tenant_id": str(uuid4()), "id": str(uuid4()), "version": 9}),
        "a prototype": json_bytes({**sample(schema), "__proto__": {"a": CANARY}, "__class__": CANARY}),
        "2 000 unknown fields": json_bytes({f"zz{n}": CANARY for n in range(2000)}),
    }.items():
        yield Probe(name, frozenset({422}), content=content)
    for depth in (100, 500, 900, 940, 960, 980, 990, 1000):
        deep = b'{"zz": ' + b"[" * depth + rb'"\u0041"' + b"]" * depth + b"}"
        yield Probe(f"{depth} brackets with an escape", frozenset({400, 422}), content=deep)
    if required:
        yield Probe("nothing", frozenset({400, 422}), content=b"")
        yield Probe("nothing announced", frozenset({400, 415, 422}), content=b"", headers={"Content-Type": None})
        yield Probe("null", frozenset({422}), content=b"null")
    large = json_bytes({"zz": "x" * BODY_BYTES_MAX})
    yield Probe("more than 256 KiB", frozenset({413}), content=large)
    yield Probe("300 kB of spaces", frozenset({413}), content=good + b" " * 300_000)
    for announced in (
        None,
        "",
        "text/plain",
        "text/json",
        "application/xml",
        FORM,
        "multipart/form-data; boundary=x",
        "application/problem+json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        f"application/{CANARY}",
        "application/json;;;;",
    ):
        yield Probe(f"announced as {announced}", media, content=good, headers={"Content-Type": announced})
    yield Probe("announced twice", frozenset({400, 415}), content=good, more_headers=[(b"content-type", b"text/plain")])
    for encoding in ("gzip", "br", "identity", CANARY):
        packed = gzip.compress(good) if encoding == "gzip" else good
        yield Probe(f"encoded as {encoding}", media, content=packed, headers={"Content-Encoding": encoding})
    bomb = gzip.compress(b"0" * 5_000_000)
    yield Probe("a bomb", media, content=bomb, headers={"Content-Encoding": "gzip"})
    yield Probe("gzip that is not announced", unread, content=gzip.compress(good))


def field_probes(schema: Json, *, itemised: bool) -> Iterator[Probe]:
    """Every field of the body, with every value that does not fit it, and without it."""
    every = sample(schema, whole=True)
    # The partner of a sample is nobody: where items are answered, what names it would be refused whole.
    unnamed = {name: value for name, value in every.items() if name != "partner"}
    for path, inner, required in fields(schema):
        at = pointer(path)
        of_item = itemised and path[:2] == ("items", 0)
        whole, unfit = unnamed if of_item else every, frozenset({200 if of_item else 422})
        for name, value in wrong_values(inner).items():
            yield Probe(f"{at} is {name}", unfit | {400}, content=as_text(whole, path, value), at=at)
        if required:
            missing = "/body" if TELLS_ITS_FORM.get(resolved(schema).get("title", "")) == path else at
            yield Probe(f"{at} is missing", unfit, content=json_bytes(without(whole, path)), at=missing)
        if resolved(inner).get("type") == "object":
            extended = with_value(whole, (*path, "zz_unknown"), CANARY)
            yield Probe(f"{at} has more", unfit, content=json_bytes(extended), at=f"{at}/zz_unknown")


def as_text(body: Json, path: FieldPath, value: str) -> bytes:
    """The body as JSON with a value that Python would not write."""
    mark = "@the value@"
    return json.dumps(with_value(body, path, mark)).replace(json.dumps(mark), value).encode()


def form_probes(operation: Operation) -> Iterator[Probe]:
    """Forms that are none."""
    good = sample(operation.body_schema or {})
    bad: dict[str, tuple[str, frozenset[int]]] = {
        "nothing": ("", REFUSED),
        "no username": (urlencode({"password": CANARY}), frozenset({422})),
        "an unknown field": (urlencode({**good, **UNKNOWN}), frozenset({422})),
        "a field twice": (urlencode(good) + f"&username={CANARY}", frozenset({400, 422})),
        "another grant": (urlencode({**good, "grant_type": CANARY}), frozenset({422})),
        "a NUL in the username": (urlencode({**good, "username": f"{CANARY}\0@x"}), frozenset({422})),
        "a NUL in the password": (urlencode({**good, "password": f"{CANARY}\0"}), frozenset({422})),
        "a long password": (urlencode({**good, "password": CANARY * 100}), frozenset({422})),
        "UTF-8 that is none": ("username=%ff%fe&password=%ff", frozenset({400, 401, 422})),
        "a surrogate": ("username=%ed%a0%80&password=x", frozenset({400, 401, 422})),
        "2 000 fields": ("&".join(f"p{n}=x" for n in range(2000)), REFUSED),
    }
    machine = {"grant_type": "client_credentials", "client_id": CANARY, "client_secret": CANARY}
    for name, changed, statuses in (
        ("credentials of nobody", {}, frozenset({401})),
        ("a NUL in the client", {"client_id": f"{CANARY}\0"}, frozenset({422})),
        ("a NUL in the secret", {"client_secret": f"{CANARY}\0"}, frozenset({422})),
        ("a long client", {"client_id": CANARY * 100}, frozenset({422})),
        ("a long secret", {"client_secret": CANARY * 100}, frozenset({422})),
        ("a client of spaces", {"client_id": "   "}, frozenset({422})),
    ):
        bad[name] = (urlencode({**machine, **changed}), statuses)
    for name, (content, statuses) in bad.items():
        yield Probe(f"form: {name}", statuses, content=content.encode())
    yield Probe("form: more than 256 KiB", frozenset({413}), content=b"username=" + b"x" * 300_000)
    for announced in ("application/json", "multipart/form-data; boundary=x", "text/plain", None):
        yield Probe(
            f"form: announced as {announced}",
            frozenset({415}),
            content=urlencode(good).encode(),
            headers={"Content-Type": announced},
        )


def test_there_are_sixty_kinds_of_probes_and_more(target_free: Target) -> None:
    create = next(operation for operation in operations() if operation.id == "requests_create")
    kinds = {re.sub(r"^/body\S* ", "", probe.name) for probe in probes(create, target_free)}
    assert len(kinds) >= 60


@pytest.fixture
def target_free(databases: Databases) -> Target:
    """A target that is only looked at."""
    nobody: Any = None
    return Target(databases, nobody, nobody, {}, {"/people": "x" * 38})


def test_probes_are_sent_for_every_form_of_a_body(target_free: Target) -> None:
    for operation_id, fields_at in (
        ("ficp_checks_push", ("/body/consulted_at", "/body/items/0/consulted_at")),
        ("statements_create", ("/body/items/0/paid_on", "/body/items/0/instalment_number", "/body/items/0/handoff_id")),
    ):
        operation = next(operation for operation in operations() if operation.id == operation_id)
        tried = {probe.at for probe in probes(operation, target_free)}
        assert tried >= set(fields_at)


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
async def test_hostile_requests_are_refused_as_problems_and_change_nothing(
    operation: Operation, target: Target
) -> None:
    await check_that_a_good_request_is_read(operation, target)
    before = fingerprint(target.databases)
    faults, answered = [], 0
    for number, probe in enumerate(probes(operation, target)):
        language = ("fr", "en")[number % 2]
        answer = await send(operation, target, replace(probe, headers={"Accept-Language": language, **probe.headers}))
        expected = language if "Accept-Language" not in probe.headers else None
        faults += [f"{probe.name}: {fault}" for fault in faults_of(answer, probe, expected)]
        answered += answer.is_success
    if faults:
        pytest.fail(f"{operation.id}:\n" + "\n".join(faults), pytrace=False)
    check_what_was_left(operation, before, fingerprint(target.databases), answered)


def check_what_was_left(operation: Operation, before: Fingerprint, after: Fingerprint, answered: int) -> None:
    """Fails if a row is new or another, but for one in each of the tables that an answer to items leaves one in."""
    left = LEFT_BY_ANSWERS.get(operation.id, frozenset())
    # The lines of a file are no fields of its body: nothing in it is refused alone.
    takes_items = any("items" in form.get("properties", {}) for form in operation.forms)
    assert bool(left) == (operation.itemised and takes_items)
    grown = {table: after[table][0] - before[table][0] for table in left}
    assert grown == dict.fromkeys(left, answered)
    shared = SHARED_BY_ANSWERS.get(operation.id, frozenset())
    assert all(after[table][0] - before[table][0] <= 1 for table in shared)
    assert {**after, **{table: before[table] for table in left | shared}} == before


async def check_that_a_good_request_is_read(operation: Operation, target: Target) -> None:
    """Fails if the good request is itself malformed, in any of its forms: then the probes would prove nothing."""
    bodies: list[bytes | None] = [json_bytes(sample(form)) for form in operation.forms]
    for body in [None] if operation.media_type == FORM else bodies or [None]:
        answer = await send(operation, target, Probe("good", content=body))
        assert answer.status_code < 500, answer.text
        malformed = answer.status_code in REFUSED or (
            operation.itemised
            and answer.status_code == 200
            and any(item["error"] and item["error"]["code"] == "invalid" for item in answer.json()["items"])
        )
        assert not malformed, (
            f"the body that is made for {operation.id} is refused: add what its validators ask to COHERENT"
            f" in tests/openapi.py ({answer.text})"
        )


async def send(operation: Operation, target: Target, probe: Probe) -> Response:
    """Sends the probe, in everything else a good request."""
    caller = target.callers.of(operation)
    headers = {name.lower(): value for name, value in headers_of(operation, caller).items()}
    for name, value in probe.headers.items():
        headers.pop(name.lower(), None)
        if value is not None:
            headers[name.lower()] = value  # type: ignore[assignment]
    listed = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers.items()]
    content = probe.content
    if content is None and operation.body_schema is not None:
        body = sample(operation.body_schema)
        content = urlencode(body).encode() if operation.media_type == FORM else json_bytes(body)
    path = probe.path if probe.path is not None else operation.url(target.identifiers)
    query = probe.query or urlencode(COHERENT_QUERIES.get(operation.id, {}))
    return await caller.client.request(
        operation.method,
        f"http://test{path}?{query}" if query else f"http://test{path}",
        headers=[*listed, *probe.more_headers],
        content=content,
    )


def faults_of(answer: Response, probe: Probe, language: str | None) -> Iterator[str]:
    """What is wrong with the answer to a probe."""
    if answer.status_code not in probe.statuses:
        yield f"answered {answer.status_code}: {answer.text[:200]}"
        return
    told = answer.text + str(answer.headers)
    if CANARY.lower() in told.lower():
        yield f"repeats what was sent: {told}"
    if "x-request-id" not in answer.headers:
        yield "has no X-Request-Id"
    yield from (
        _faults_of_item(answer, probe, language) if answer.is_success else _faults_of_problem(answer, probe, language)
    )


def _faults_of_problem(answer: Response, probe: Probe, language: str | None) -> Iterator[str]:
    if answer.headers["content-type"] != "application/problem+json":
        yield f"is {answer.headers['content-type']}"
        return
    problem = answer.json()
    if problem["status"] != answer.status_code or problem["code"] not in MESSAGES["errors"]:
        yield f"has the status {problem['status']} and the code {problem['code']}"
    if not problem["title"] or (language and answer.headers["content-language"] != language):
        yield "is not in the language that was asked for"
    if answer.status_code == 422:
        yield from _misplaced(problem.get("errors", []), probe)


def _faults_of_item(answer: Response, probe: Probe, language: str | None) -> Iterator[str]:
    """What is wrong with an answer to the one item that the fault lies in."""
    items = answer.json()["items"]
    if len(items) != 1 or (items[0]["index"], items[0]["status"], items[0]["id"]) != (0, "refused", None):
        yield f"answers the items {items}"
        return
    error = items[0]["error"]
    if error["code"] != "invalid":
        yield f"refuses the item for {error['code']}"
    if language and (error["detail"] == MESSAGES["errors"]["invalid"]) != (language == "fr"):
        yield "is not in the language that was asked for"
    yield from _misplaced(error["errors"], probe)


def _misplaced(errors: list[Json], probe: Probe) -> Iterator[str]:
    if not errors:
        yield "names no field"
    for error in errors:
        if error["code"] not in MESSAGES["faults"]:
            yield f"has a code without a sentence: {error['code']}"
        if not error["message"] or "{" in error["message"]:
            yield f"has the message {error['message']}"
    if probe.at and not any(error["pointer"].startswith(probe.at) for error in errors):
        yield f"names {[error['pointer'] for error in errors]} rather than {probe.at}"


def fingerprint(databases: Databases) -> Fingerprint:
    """How many rows each table has, and a digest of them all."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        seen = {
            table: connection.execute(
                text(f"select count(*), md5(string_agg(t::text, '' order by t::text)) from {table} t")  # noqa: S608
            ).one()
            for table in SQLModel.metadata.tables
        }
    engine.dispose()
    return {table: (count, digest) for table, (count, digest) in seen.items()}


# On a socket: what an ASGI client cannot say.


@contextlib.contextmanager
def served(databases: Databases) -> Iterator[int]:
    """The service as it runs in production, on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": databases.app_url, "TOKEN_SECRET": TOKEN_SECRET}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service does not answer"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=40)


def answers(port: int) -> bool:
    """Whether the service lives."""
    try:
        return (
            b" 200 " in talk(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").splitlines()[0]
        )
    except (OSError, IndexError):
        return False


def talk(port: int, *parts: bytes) -> bytes:
    """What the service says to these bytes, until it closes, or says nothing for 3 seconds."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
        # A service that has refused does not read on: writing may fail while the answer waits to be read.
        with contextlib.suppress(ConnectionError, TimeoutError):
            for part in parts:
                connection.sendall(part)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while heard := connection.recv(65_536):
                said += heard
                if b"\r\n0\r\n\r\n" in said or (b'"code"' in said and said.endswith(b"}")):
                    break
    return said


def status_of(said: bytes) -> int:
    """The status of the first answer."""
    return int(said.split(b" ", 2)[1])


async def test_hostile_bytes_on_a_socket_are_refused_and_the_service_lives_on(target: Target) -> None:
    authorization = target.callers.staff.headers["Authorization"].encode()
    head = (
        b"POST /v1/people HTTP/1.1\r\nHost: x\r\nAuthorization: "
        + authorization
        + b"\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n"
    )
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    body = json_bytes(demand(target.ccas)["applicant"])
    length = str(len(body)).encode()
    before = fingerprint(target.databases)
    with served(target.databases) as port:
        fifty_megabytes = (head + b"Content-Length: 52428800\r\n\r\n", *[b" " * 1_048_576] * 50)
        assert status_of(talk(port, *fifty_megabytes)) == 413
        began = time.monotonic()
        assert status_of(talk(port, head + b"Content-Length: 52428800\r\n\r\n")) == 413, "before it is sent"
        assert time.monotonic() - began < 2
        assert status_of(talk(port, chunked, *[chunk] * 200)) == 413, "a body without end"
        smuggled = {
            "both lengths": head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two lengths": head + b"Content-Length: 3\r\nContent-Length: 400\r\n\r\n{}}",
            "a length that is none": head + b"Content-Length: -1\r\n\r\n" + body,
            "a length with a sign": head + b"Content-Length: +" + length + b"\r\n\r\n" + body,
            "a chunk that is none": chunked + b"zz\r\n" + body + b"\r\n0\r\n\r\n",
            "a coding that is none": head + b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}",
            "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "no version": b"GET /v1/people\r\n\r\n",
            "a NUL in a header": b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
            "a folded header": b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n",
            "a header of 1 MB": b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * 1_048_576 + b"\r\n\r\n",
            "an address of 1 MB": b"GET /" + b"x" * 1_048_576 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            "half a body": head + b"Content-Length: 400\r\n\r\n{",
        }
        faults = {}
        for name, sent in smuggled.items():
            said = talk(port, sent)
            if said and not 400 <= status_of(said) < 500:
                faults[name] = said[:200]
            if not answers(port):
                faults[name] = b"and then there was silence"
        assert faults == {}
    assert fingerprint(target.databases) == before
