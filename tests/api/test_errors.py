"""Every kind of refusal, forced once; languages; and every way in which a token is none."""

import base64
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import text

from app.database import open_engine, open_sessions
from app.domain.permissions import Role
from app.errors import STATUSES
from app.main import create_app
from app.routing import Problem
from app.security import TOKEN_LIFE, Credential, hash_password, sign_token
from tests.openapi import Operation, operations
from tests.support import (
    APPROVAL,
    TOKEN_SECRET,
    Ccas,
    Databases,
    Staff,
    add_staff,
    demand,
    ok,
    refused,
    submitted,
)

BODY_BYTES_MAX = 262_144
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def over(application: FastAPI) -> AsyncClient:
    """A client of another application than the one that the fixtures serve."""
    return AsyncClient(transport=ASGITransport(application, raise_app_exceptions=False), base_url="http://test")


@pytest.fixture
async def broken(app: FastAPI, besancon: Ccas) -> AsyncIterator[Staff]:
    """An agent of an application with a route that fails, and a database that is away."""
    application = create_app()
    await application.state.engine.dispose()
    nowhere = "postgresql+psycopg://app@/nowhere?host=/nowhere&connect_timeout=2"
    application.state.engine = open_engine(nowhere, pool_size=1, pool_wait_seconds=1)
    application.state.sessions = open_sessions(application.state.engine)

    async def fail() -> None:
        raise RuntimeError("a secret of ours")

    application.add_api_route("/v1/failure", fail)
    async with over(application) as client:
        yield Staff(client, besancon.agent.account_id, besancon.id)
    await application.state.engine.dispose()


BODIES_THAT_ARE_NONE = {
    b"{": "syntax",
    b'{"a": 1, "a": 1}': "duplicate key",
    b'{"a": NaN}': "NaN",
    b'"\xff"': "utf-8",
    rb'{"a": "\ud800"}': "surrogate",
    b"[" * 100_000: "depth",
}


# One of each.


async def test_a_body_that_is_not_json_is_400(besancon: Ccas) -> None:
    headers = {**besancon.agent.headers, "Content-Type": "application/json", "Idempotency-Key": "k"}
    for content, reason in BODIES_THAT_ARE_NONE.items():
        answer = besancon.agent.client.post("/v1/people", content=content, headers=headers)
        assert (await refused(answer, 400, "body_not_json"))["reason"] == reason


async def test_nobody_in_particular_is_401_and_is_told_how_to_identify(client: AsyncClient) -> None:
    answer = await client.get("/v1/me")
    problem = await refused(settled(answer), 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert problem["error"] == "invalid_token"


async def test_a_wrong_password_is_401_with_the_error_of_oauth(
    client: AsyncClient, besancon: Ccas, databases: Databases
) -> None:
    change_account(databases, besancon, f"password_hash = '{hash_password('right')}'")
    right = {"username": f"agent@{besancon.slug}", "password": "right"}
    await ok(client.post("/v1/auth/token", data=right))
    for username in (f"agent@{besancon.slug}", f"nobody@{besancon.slug}", "agent@nowhere", "agent", "agent@platform"):
        form = {"username": username, "password": "wrong"}
        problem = await refused(client.post("/v1/auth/token", data=form), 401, "credentials_refused")
        assert problem["error"] == "invalid_grant"


async def test_an_operation_beyond_ones_roles_is_403(besancon: Ccas) -> None:
    await refused(besancon.decider.post("/people", demand(besancon)["applicant"]), 403, "forbidden")


async def test_a_role_is_asked_for_before_the_thing_is_looked_for(besancon: Ccas) -> None:
    await refused(besancon.agent.post(f"/requests/{UNKNOWN}/decisions", APPROVAL), 403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/nothing", "/", "/v1", "/v1/people/", "/V1/people", "/assets/nothing.js"])
async def test_an_address_that_is_none_is_404(client: AsyncClient, path: str) -> None:
    await refused(client.get(path), 404, "not_found")


async def test_a_thing_that_is_not_there_is_404(besancon: Ccas) -> None:
    await refused(besancon.agent.get(f"/people/{UNKNOWN}"), 404, "not_found")


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("path", sorted({operation.path for operation in operations()}))
async def test_a_method_that_an_address_does_not_answer_is_405_and_all_that_it_does_are_named(
    client: AsyncClient, path: str
) -> None:
    address = path.format_map(dict.fromkeys(("slug",), "besancon") | _identifiers(path))
    answered = {operation.method for operation in operations() if _answers(operation, address)}
    for method in {*METHODS, "TRACE", "HEAD", "ZZ"} - answered - ({"HEAD"} if "GET" in answered else set()):
        answer = await client.request(method, address)
        assert answer.status_code == 405, f"{method} {path}: {answer.text}"
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed - {"HEAD"} == answered, f"{method} {path}"
        if method != "HEAD":
            assert answer.json()["code"] == "method_not_allowed"


def _answers(operation: Operation, address: str) -> bool:
    """Whether the path is that of the address, be it as a name in the place of an identifier."""
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), address) is not None


def _identifiers(path: str) -> dict[str, str]:
    return {name: UNKNOWN for name in re.findall(r"\{(\w+)\}", path) if name != "slug"}


async def test_what_contradicts_the_state_of_things_is_409(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    problem = await refused(besancon.agent.post(f"/requests/{request_id}/assess"), 409, "illegal_transition")
    assert problem["status"] == 409


async def test_what_the_rules_do_not_allow_is_409_with_every_breach_in_words(besancon: Ccas) -> None:
    cents = 10_000_00
    plan = {"lines": [{"label": "Prêt", "kind": "loan", "amount_cents": cents}]}
    request_id = await submitted(besancon, plan, project_cost_cents=cents, requested_amount_cents=cents)
    too_much = {**APPROVAL, "loan": {"amount_cents": cents, "duration_months": 60}}
    answers = {}
    for language in ("fr", "en"):
        headers = {**besancon.decider.headers, "Idempotency-Key": "k", "Accept-Language": language}
        answer = await besancon.decider.client.post(
            f"/v1/requests/{request_id}/decisions", json=too_much, headers=headers
        )
        answers[language] = await refused(settled(answer), 409, "rules_breached")
    french, english = (answers[language]["breaches"] for language in ("fr", "en"))
    assert {"amount_cents_max", "duration_months_max"} <= {breach["rule"] for breach in french}
    for told, again in zip(french, english, strict=True):
        assert set(told) == {"rule", "limit", "actual", "severity", "overridable_by", "message", "reference"}
        assert told["severity"] in ("refuse", "warn")
        assert told["reference"]
        assert told["message"] != again["message"]
        assert {**told, "message": ""} == {**again, "message": ""}


async def test_a_version_that_is_not_the_last_is_412(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    await ok(besancon.agent.patch(f"/people/{person['id']}", {"phone": "0381000000"}, etag='"1"'))
    await refused(besancon.agent.patch(f"/people/{person['id']}", {"phone": None}, etag='"1"'), 412, "version_stale")


async def test_a_version_is_compared_as_it_is_written(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    for etag in ('"01"', '"+1"', '"1 "', '"١"'):
        path = f"/v1/people/{person['id']}"
        headers = {**besancon.agent.headers, "If-Match": etag.encode()}
        await refused(besancon.agent.client.patch(path, json={"phone": None}, headers=headers), 412, "version_stale")


async def test_an_edit_that_names_no_version_is_428(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    await refused(besancon.agent.patch(f"/people/{person['id']}", {"phone": None}, etag=None), 428, "version_missing")


async def test_a_body_beyond_256_kib_is_413_and_one_just_within_is_read(besancon: Ccas) -> None:
    headers = {**besancon.agent.headers, "Content-Type": "application/json", "Idempotency-Key": "k"}
    body = json.dumps(demand(besancon)["applicant"]).encode()
    within, beyond = (body + b" " * (size - len(body)) for size in (BODY_BYTES_MAX, BODY_BYTES_MAX + 1))
    answer = await besancon.agent.client.post("/v1/people", content=beyond, headers=headers)
    problem = await refused(settled(answer), 413, "body_too_large")
    assert problem["limit"] == BODY_BYTES_MAX
    assert "x-request-id" in answer.headers
    await ok(besancon.agent.client.post("/v1/people", content=within, headers=headers))


async def test_a_body_without_a_length_is_413_once_it_is_beyond(besancon: Ccas) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    headers = {**besancon.agent.headers, "Content-Type": "application/json", "Idempotency-Key": "k"}
    problem = await refused(
        besancon.agent.client.post("/v1/people", content=endless(), headers=headers), 413, "body_too_large"
    )
    assert problem["limit"] == BODY_BYTES_MAX


async def test_a_body_that_is_announced_as_something_else_is_415(besancon: Ccas) -> None:
    headers = {**besancon.agent.headers, "Content-Type": "text/plain", "Idempotency-Key": "k"}
    problem = await refused(
        besancon.agent.client.post("/v1/people", content=b"{}", headers=headers), 415, "media_type_refused"
    )
    assert problem["expected"] == "application/json"


async def test_fields_that_fail_are_422_each_with_its_place_and_without_its_value(besancon: Ccas) -> None:
    body = {**demand(besancon)["applicant"], "first_names": "", "birth_on": "hier", "nir": "288032505600112"}
    answer = await besancon.agent.post("/people", body)
    problem = await refused(settled(answer), 422, "invalid")
    told = {error["pointer"]: error["code"] for error in problem["errors"]}
    assert told == {
        "/body/first_names": "too_short",
        "/body/birth_on": "not_a_day",
        "/body/nir": "unknown_field",
    }
    assert "288032505600112" not in answer.text
    assert "hier" not in answer.text


async def test_a_fault_of_ours_is_500_and_tells_nothing_of_itself(
    broken: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await broken.get("/failure")
    problem = await refused(settled(answer), 500, "unexpected")
    assert set(problem) <= {*Problem.model_fields, "instance"}
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text, "the log tells what happened under the identifier"


async def test_a_database_that_is_away_is_503_with_the_time_to_try_again(broken: Staff, besancon: Ccas) -> None:
    for answer in (
        await broken.get("/people"),
        await broken.post("/people", demand(besancon)["applicant"]),
        await broken.client.get("/health/ready"),
        await broken.client.post("/v1/auth/token", data={"username": "a@b", "password": "c"}),
    ):
        await refused(settled(answer), 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_process_whose_database_is_away_is_alive(broken: Staff) -> None:
    assert (await broken.client.get("/health/live")).status_code == 200


async def test_a_database_at_another_revision_is_503(app: FastAPI, client: AsyncClient) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    expected = app.state.revision
    app.state.revision = "another"
    try:
        await refused(client.get("/health/ready"), 503, "unavailable")
    finally:
        app.state.revision = expected


def test_every_status_that_the_service_refuses_with_is_forced_here() -> None:
    forced = {400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 500, 503}
    assert {status.value for status in STATUSES.values()} == forced


# Every answer.


async def test_a_problem_has_the_members_that_the_document_states(client: AsyncClient) -> None:
    problem = (await client.get("/v1/me")).json()
    Problem.model_validate(problem)
    assert {"type", "title", "detail", "status", "code"} <= set(problem)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "fr"),
        ("fr", "fr"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("fr-CH, en;q=0.9", "fr"),
        ("en;q=0.5, fr;q=0.4", "en"),
        ("en;q=0.5, fr", "fr"),
        ("en, fr", "fr"),
        ("de", "fr"),
        ("*", "fr"),
        ("en;q=0", "fr"),
        ("en;q=x", "fr"),
        ("en; q=0.8", "en"),
        ("", "fr"),
    ],
)
async def test_problems_are_told_in_the_language_asked_for(client: AsyncClient, asked: str | None, told: str) -> None:
    headers = {} if asked is None else {"Accept-Language": asked}
    answer = await client.get("/v1/me", headers=headers)
    assert answer.headers["content-language"] == told
    assert "Accept-Language" in answer.headers["vary"]
    sentence = {"fr": "Identifiez-vous avec un jeton (Bearer).", "en": "Identify yourself with a bearer token."}[told]
    assert (answer.json()["title"], answer.json()["code"]) == (sentence, "unauthenticated")


async def test_the_caller_may_name_the_request(client: AsyncClient) -> None:
    named = await client.get("/health/live", headers={"X-Request-Id": "abc-DEF-12345"})
    assert named.headers["x-request-id"] == "abc-DEF-12345"
    for unfit in ("short", "x" * 65, "with space 123", "<script>alert</script>"):
        answer = await client.get("/health/live", headers={"X-Request-Id": unfit})
        assert answer.headers["x-request-id"] != unfit


async def test_every_answer_carries_its_safety_headers(client: AsyncClient, besancon: Ccas) -> None:
    for answer in (
        await client.get("/health/live"),
        await client.get("/v1/nothing"),
        await besancon.agent.get("/people"),
        await besancon.agent.get(f"/people/{UNKNOWN}"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


# Tokens.


def claims(account_id: Any, tenant_id: Any, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, with changes."""
    now = int(datetime.now(UTC).timestamp())
    good = {"iss": "microcredit", "sub": str(account_id), "tenant": str(tenant_id), "iat": now, "exp": now + 600}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def unsigned(header: dict[str, Any], content: dict[str, Any], signature: str = "") -> str:
    """A token of three parts, whatever they say."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, content))
    return ".".join((*parts, signature))


def bad_tokens(ccas: Ccas) -> dict[str, str]:
    """Tokens that are none, for the agent of a CCAS."""
    key, header = OctKey.import_key(TOKEN_SECRET), {"alg": "HS256", "typ": "JWT"}
    good = claims(ccas.agent.account_id, ccas.id)
    token = jwt.encode(header, good, key)
    first, second, third = token.split(".")
    signed = {
        "of another issuer": {"iss": "another"},
        "without an issuer": {"iss": ...},
        "without a subject": {"sub": ...},
        "without an end": {"exp": ...},
        "that ended a second ago": {"exp": good["iat"] - 1},
        "that ends as text": {"exp": "tomorrow"},
        "of nobody": {"sub": "nobody"},
        "of an unknown account": {"sub": str(uuid4())},
        "of a number": {"sub": 1},
        "of another tenant": {"tenant": str(uuid4())},
        "of a tenant that is none": {"tenant": "besancon"},
        "of a list of tenants": {"tenant": [str(ccas.id)]},
        "of the platform": {"tenant": None},
        "of no tenant": {"tenant": ...},
    }
    stranger = OctKey.import_key("another secret, as long as it has to be to sign")
    return {
        **{
            name: jwt.encode(header, claims(ccas.agent.account_id, ccas.id, **change), key)
            for name, change in signed.items()
        },
        "signed with another secret": jwt.encode(header, good, stranger),
        "signed with HS512": jwt.encode({"alg": "HS512"}, good, key, algorithms=["HS512"]),
        "signed with an empty secret": unsigned(header, good, third),
        "not signed": unsigned({"alg": "none"}, good),
        "not signed, in capitals": unsigned({"alg": "NONE"}, good, third),
        "that brings its key": unsigned({"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}, good, third),
        "that says where its key is": unsigned({"alg": "HS256", "jku": "http://127.0.0.1/jwks"}, good, third),
        "that claims RS256": unsigned({"alg": "RS256"}, good, third),
        "with an altered content": f"{first}.{unsigned({}, {**good, 'roles': ['manager']}).split('.')[1]}.{third}",
        "cut short": token[:-2],
        "of two parts": f"{first}.{second}",
        "of four parts": f"{token}.{third}",
        "of nothing": "..",
        "that is garbage": "garbage",
        "whose content is a list": ".".join((first, base64.urlsafe_b64encode(b"[]").decode().rstrip("="), third)),
    }


async def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(besancon: Ccas, client: AsyncClient) -> None:
    answers = {}
    for name, token in bad_tokens(besancon).items():
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        answers[name] = (answer.status_code, answer.text, answer.headers["www-authenticate"])
    body = answers["that is garbage"]
    assert body[0] == 401
    assert {name: answer for name, answer in answers.items() if answer != body} == {}


async def test_a_token_lives_as_long_as_it_says_and_no_longer(besancon: Ccas, client: AsyncClient) -> None:
    credential, now = Credential(besancon.agent.account_id, besancon.id), datetime.now(UTC)
    for age, status in ((TOKEN_LIFE - timedelta(seconds=5), 200), (TOKEN_LIFE + timedelta(seconds=2), 401)):
        token = sign_token(credential, secret=TOKEN_SECRET, now=now - age)
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, answer.text


async def test_a_token_in_another_place_is_no_credential(besancon: Ccas, client: AsyncClient) -> None:
    token = besancon.agent.headers["Authorization"].removeprefix("Bearer ")
    await refused(client.get("/v1/me", headers={"Cookie": f"access_token={token}"}), 401, "unauthenticated")


async def test_an_account_that_is_closed_is_refused_at_its_next_request(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.get("/me"))
    change_account(databases, besancon, "active = false")
    await refused(besancon.agent.get("/me"), 401, "token_refused")
    await refused(besancon.agent.post("/people", demand(besancon)["applicant"]), 401, "token_refused")


async def test_a_role_that_is_taken_away_is_missing_at_the_next_request(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    change_account(databases, besancon, "roles = '{}'")
    await refused(besancon.agent.post("/people", demand(besancon)["applicant"]), 403, "forbidden")


async def test_an_answer_that_was_given_is_not_given_again_to_whom_may_no_longer_have_it(
    besancon: Ccas, databases: Databases
) -> None:
    body = demand(besancon)["applicant"]
    await ok(besancon.agent.post("/people", body, key="k"))
    change_account(databases, besancon, "roles = '{decider}'")
    await refused(besancon.agent.post("/people", body, key="k"), 403, "forbidden")
    change_account(databases, besancon, "active = false")
    await refused(besancon.agent.post("/people", body, key="k"), 401, "token_refused")


async def test_the_staff_of_one_ccas_is_nobody_in_another(besancon: Ccas, toulouse: Ccas) -> None:
    stranger = Staff(besancon.agent.client, besancon.agent.account_id, toulouse.id)
    await refused(stranger.get("/me"), 401, "token_refused")


async def test_the_staff_of_the_platform_sees_no_tenant(besancon: Ccas, databases: Databases) -> None:
    account_id = uuid4()
    engine = databases.owner()
    with engine.begin() as owner:
        owner.execute(
            text(
                "insert into platform_accounts (id, login, password_hash, active, entered_at)"
                " values (:id, :login, 'never matches', true, now())"
            ),
            {"id": account_id, "login": f"p{account_id.hex[:8]}"},
        )
    engine.dispose()
    platform = Staff(besancon.agent.client, account_id, None)
    assert (await ok(platform.get("/me")))["tenant"] is None
    for path in ("/people", "/requests", "/loans", "/decisions"):
        await refused(platform.get(path), 403, "forbidden")
    await refused(platform.post("/people", demand(besancon)["applicant"]), 403, "forbidden")


@pytest.mark.parametrize("role", [Role.AGENT, Role.DECIDER, Role.MANAGER])
async def test_what_a_role_may_do_is_what_it_is_not_refused(besancon: Ccas, databases: Databases, role: Role) -> None:
    staff = Staff(besancon.agent.client, add_staff(databases, besancon.id, "one-role", [role]), besancon.id)
    permitted = set((await ok(staff.get("/me")))["permissions"])
    for operation in operations():
        if operation.public:
            continue
        address = operation.path.format_map(_identifiers(operation.path) | {"slug": besancon.slug})
        headers = {**staff.headers, "Content-Type": operation.media_type or "text/plain", "Idempotency-Key": "k"}
        answer = await staff.client.request(operation.method, address, headers=headers, content=b"{}")
        assert (answer.status_code == 403) == (operation.id not in permitted), f"{operation.id}: {answer.text}"


def change_account(databases: Databases, ccas: Ccas, change: str) -> None:
    """Changes the account of the CCAS's agent, as the owner of the database."""
    engine = databases.owner()
    with engine.begin() as owner:
        owner.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})
        owner.execute(text(f"update accounts set {change} where id = :id"), {"id": ccas.agent.account_id})  # noqa: S608
    engine.dispose()


async def settled(answer: Response) -> Response:
    """An answer that is already there, for who would wait for one."""
    return answer
