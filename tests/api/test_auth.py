"""Signing in, what a token says, and who may call what."""

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.commands.accounts import add_account
from app.commands.partners import ClientCredentials, add_partner
from app.commands.tenants import load_tenant, read_rules
from app.domain.operation_roles import ROLES
from app.domain.permissions import Role
from app.security import Credential, sign_token
from app.tenants import seed_files
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, Staff, add_staff, ok, refused, run_sql

PASSWORD = "un mot de passe d'essai"
NOBODY = "01900000-0000-7000-8000-000000000000"


async def sign_in(client: AsyncClient, username: str, password: str = PASSWORD) -> Response:
    return await client.post("/v1/auth/token", data={"username": username, "password": password})


def claims_of(token: str) -> Json:
    """The claims that a token carries, unverified."""
    payload = token.split(".")[1]
    claims: Json = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def bearing(client: AsyncClient, token: str) -> Staff:
    """Someone who bears a token of the test's own making."""
    staff = Staff(client, uuid4(), None)
    staff.headers = {"Authorization": f"Bearer {token}"}
    return staff


@pytest.fixture
def platform(databases: Databases, client: AsyncClient) -> Staff:
    """A member of the platform's staff."""
    account_id = uuid4()
    engine = databases.owner()
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into platform_accounts (id, login, password_hash, active, entered_at)"
                " values (:id, :login, 'never matches', true, now())"
            ),
            {"id": account_id, "login": f"p{account_id.hex[:12]}"},
        )
    engine.dispose()
    return Staff(client, account_id, None)


# Signing in


async def test_an_account_signs_in_with_its_login_at_its_ccas(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    account_id = add_account(
        databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD
    )
    response = await sign_in(client, f"camille@{besancon.slug}")
    assert response.status_code == 200
    token = response.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 1_800)
    assert response.headers["cache-control"] == "no-store"
    me = await ok(bearing(client, token["access_token"]).get("/me"))
    assert (me["account_id"], me["username"]) == (str(account_id), f"camille@{besancon.slug}")
    assert (me["tenant"], me["roles"]) == (besancon.slug, ["agent"])
    assert me["commune_insee_codes"] == ["25056"]


async def test_a_token_says_whose_it_is_of_which_ccas_and_for_half_an_hour(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    account_id = add_account(
        databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD
    )
    claims = claims_of((await sign_in(client, f"camille@{besancon.slug}")).json()["access_token"])
    assert set(claims) == {"iss", "sub", "tenant", "partner", "iat", "exp"}
    assert (claims["sub"], claims["tenant"], claims["partner"]) == (str(account_id), str(besancon.id), None)
    assert claims["exp"] - claims["iat"] == 30 * 60
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60


async def test_every_wrong_way_of_signing_in_gets_the_same_answer(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    add_account(databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD)
    attempts = {
        "wrong password": (f"camille@{besancon.slug}", "un autre mot de passe"),
        "unknown login": (f"personne@{besancon.slug}", PASSWORD),
        "unknown tenant": ("camille@nulle-part", PASSWORD),
        "no tenant": ("camille", PASSWORD),
        "no login": (f"@{besancon.slug}", PASSWORD),
        "the platform": ("camille@platform", PASSWORD),
        "two tenants": (f"camille@{besancon.slug}@{besancon.slug}", PASSWORD),
        "other case": (f"Camille@{besancon.slug}", PASSWORD),
        "joker": (f"%@{besancon.slug}", PASSWORD),
    }
    answers = set()
    for username, password in attempts.values():
        response = await sign_in(client, username, password)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        answers.add(response.text)
    (answer,) = answers
    problem = json.loads(answer)
    assert (problem["code"], problem["error"]) == ("credentials_refused", "invalid_grant")


async def test_a_closed_account_neither_signs_in_nor_goes_on(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    add_account(databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD)
    token = (await sign_in(client, f"camille@{besancon.slug}")).json()["access_token"]
    await ok(bearing(client, token).get("/requests"))
    run_sql(databases, besancon, "update accounts set active = false where login = 'camille'", as_owner=True)
    assert (await sign_in(client, f"camille@{besancon.slug}")).status_code == 401
    await refused(bearing(client, token).get("/requests"), 401, "token_refused")


async def test_roles_are_those_of_today_and_not_those_of_the_token(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.get("/requests"))
    await refused(besancon.agent.post(f"/requests/{NOBODY}/decisions", {}), 403, "forbidden")
    run_sql(databases, besancon, "update accounts set roles = '{decider}' where login = 'agent'", as_owner=True)
    await refused(besancon.agent.post("/people", {}), 403, "forbidden")
    assert (await besancon.agent.post(f"/requests/{NOBODY}/decisions", {})).status_code == 422


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"password": PASSWORD}, ("/body/username", "missing")),
        ({"username": "a@b"}, ("/body/password", "missing")),
        ({}, ("/body/username", "missing")),
        ({}, ("/body/password", "missing")),
        ({"client_id": "a", "client_secret": "b"}, ("/body/username", "missing")),
        ({"grant_type": "client_credentials", "client_secret": "b"}, ("/body/client_id", "missing")),
        ({"grant_type": "client_credentials", "client_id": "a"}, ("/body/client_secret", "missing")),
        ({"grant_type": "client_credentials"}, ("/body/client_id", "missing")),
        ({"grant_type": "client_credentials"}, ("/body/client_secret", "missing")),
        ({"grant_type": "client_credentials", "username": "a", "password": "b"}, ("/body/client_id", "missing")),
        ({"grant_type": "client_credentials", "client_id": "", "client_secret": "b"}, ("/body/client_id", "missing")),
        (
            {"grant_type": "CLIENT_CREDENTIALS", "client_id": "a", "client_secret": "b"},
            ("/body/grant_type", "not_one_of"),
        ),
        ({"username": "a@b", "password": PASSWORD, "grant_type": "implicit"}, ("/body/grant_type", "not_one_of")),
        ({"username": "a@b", "password": PASSWORD, "otp": "1"}, ("/body/otp", "unknown_field")),
    ],
)
async def test_an_ill_formed_token_form_is_told_what_is_wrong(
    client: AsyncClient, form: dict[str, str], fault: tuple[str, str]
) -> None:
    problem = await refused(client.post("/v1/auth/token", data=form), 422, "invalid")
    assert fault in [(one["pointer"], one["code"]) for one in problem["errors"]]


async def test_a_token_form_is_a_form(client: AsyncClient) -> None:
    body = {"username": "a@b", "password": PASSWORD}
    await refused(client.post("/v1/auth/token", json=body), 415, "media_type_refused")


async def test_the_form_of_oauth_libraries_is_accepted(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    add_account(databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD)
    form = {"grant_type": "password", "username": f"camille@{besancon.slug}", "password": PASSWORD, "scope": ""}
    assert (await client.post("/v1/auth/token", data=form)).status_code == 200


async def test_the_longest_login_of_the_longest_slug_signs_in(databases: Databases, client: AsyncClient) -> None:
    path = next(path for path in seed_files() if path.stem == "besancon")
    slug = f"ccas-{uuid4().hex}-{uuid4().hex}"[:63].rstrip("-")
    load_tenant(databases.owner_url, replace(read_rules(path), slug=slug))
    login = "a" * 63
    add_account(databases.owner_url, tenant=slug, login=login, roles=[Role.AGENT], password=PASSWORD)
    assert (await sign_in(client, f"{login}@{slug}")).status_code == 200


# A partner's machine


@pytest.fixture
def machine(databases: Databases) -> ClientCredentials:
    """The credentials of a partner of this test alone."""
    code = f"bank_{uuid4().hex[:12]}"
    return add_partner(databases.owner_url, code=code, name="Une banque")


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    """The header of HTTP Basic authentication, each part form-encoded first as OAuth2 has it."""
    joined = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return {"Authorization": f"Basic {base64.b64encode(joined.encode()).decode()}"}


def grant(**fields: str) -> dict[str, str]:
    """The form of client credentials."""
    return {"grant_type": "client_credentials", **fields}


async def test_a_machine_signs_in_by_the_form_or_by_basic_authentication(
    machine: ClientCredentials, client: AsyncClient
) -> None:
    by_form = grant(client_id=machine.client_id, client_secret=machine.client_secret, scope="")
    answers = [
        await client.post("/v1/auth/token", data=by_form),
        await client.post("/v1/auth/token", data=grant(), headers=basic(machine.client_id, machine.client_secret)),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("bearer", 1_800)
        claims = claims_of(token["access_token"])
        assert (claims["sub"], claims["partner"], claims["tenant"]) == (
            str(machine.client_row_id),
            str(machine.partner_id),
            None,
        )
        me = await ok(bearing(client, token["access_token"]).get("/me"))
        assert (me["account_id"], me["username"]) == (str(machine.client_row_id), machine.client_id)
        assert (me["tenant"], me["roles"]) == (None, ["partner"])
        assert machine.client_id.startswith(f"{me['partner']}-")
        assert me["commune_insee_codes"] == []


async def test_every_wrong_way_of_a_machine_gets_the_same_answer(
    machine: ClientCredentials, databases: Databases, client: AsyncClient
) -> None:
    other = add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Une autre banque")
    late = add_partner(
        databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Trop tard", expires_at=datetime.now(UTC)
    )
    closed = add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Fermée")
    close(databases, closed)
    known, secret = machine.client_id, machine.client_secret
    forms = {
        "wrong secret": (known, secret[:-1] + ("A" if secret[-1] != "A" else "B")),
        "another client's secret": (known, other.client_secret),
        "unknown client": (f"{known}x", secret),
        "other case": (known.upper(), secret),
        "joker": ("%", secret),
        "the partner's code": (known.rpartition("-")[0], secret),
        "the row of the client": (str(machine.client_row_id), secret),
        "expired": (late.client_id, late.client_secret),
        "closed": (closed.client_id, closed.client_secret),
    }
    answers = set()
    for kind, (client_id, client_secret) in forms.items():
        for form, headers in (
            (grant(client_id=client_id, client_secret=client_secret), {}),
            (grant(), basic(client_id, client_secret)),
        ):
            response = await client.post("/v1/auth/token", data=form, headers=headers)
            assert response.status_code == 401, kind
            assert response.headers["www-authenticate"]
            answers.add(response.text)
    (answer,) = answers
    problem = json.loads(answer)
    assert (problem["code"], problem["error"]) == ("client_refused", "invalid_client")


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "!",
        "bm9jb2xvbg==",
        "bm9jb2xvbg",
        "YTpi YTpi",
        base64.b64encode(b"\xff\xfe:\xff").decode(),
        base64.b64encode(b":").decode(),
        base64.b64encode(b"a\x00:b").decode(),
        base64.b64encode("é:é".encode("latin-1")).decode(),
    ],
    ids=["nothing", "no base64", "no colon", "no padding", "a space", "no UTF-8", "empty parts", "a NUL", "Latin-1"],
)
async def test_basic_authentication_that_is_none_is_refused_like_unknown_credentials(
    client: AsyncClient, encoded: str
) -> None:
    headers = {"Authorization": f"Basic {encoded}"}
    problem = await refused(client.post("/v1/auth/token", data=grant(), headers=headers), 401, "client_refused")
    assert problem["error"] == "invalid_client"


async def test_no_client_without_a_secret_can_be_guessed_at(client: AsyncClient) -> None:
    """There is nobody whose secret is empty, by whichever way it comes."""
    for client_id in ("nobody", "a"):
        await refused(client.post("/v1/auth/token", data=grant(), headers=basic(client_id, "")), 401, "client_refused")


async def test_each_grant_asks_for_its_own_fields_alone(
    machine: ClientCredentials, besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    add_account(databases.owner_url, tenant=besancon.slug, login="camille", roles=[Role.AGENT], password=PASSWORD)
    person = {"username": f"camille@{besancon.slug}", "password": PASSWORD}
    bank = {"client_id": machine.client_id, "client_secret": machine.client_secret}
    for form, sub in (
        ({**person, **bank}, None),
        ({**person, **bank, "grant_type": "client_credentials"}, str(machine.client_row_id)),
    ):
        answer = await client.post("/v1/auth/token", data=form)
        claims = claims_of(answer.json()["access_token"])
        assert (claims["partner"] is None) == (sub is None)
        assert sub in (None, claims["sub"])
    crossed = {"username": machine.client_id, "password": machine.client_secret}
    await refused(client.post("/v1/auth/token", data=crossed), 401, "credentials_refused")
    as_client = grant(client_id=person["username"], client_secret=PASSWORD)
    await refused(client.post("/v1/auth/token", data=as_client), 401, "client_refused")


async def test_a_machine_that_is_closed_or_expires_goes_no_further(
    machine: ClientCredentials, databases: Databases, client: AsyncClient
) -> None:
    short = add_partner(
        databases.owner_url,
        code=f"bank_{uuid4().hex[:12]}",
        name="Pour peu de temps",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    tokens = {}
    for made in (machine, short):
        form = grant(client_id=made.client_id, client_secret=made.client_secret)
        token = (await client.post("/v1/auth/token", data=form)).json()["access_token"]
        await ok(bearing(client, token).get("/partner/handoffs"))
        tokens[made.client_id] = token
    close(databases, machine)
    expire(databases, short)
    for made in (machine, short):
        staff = bearing(client, tokens[made.client_id])
        await refused(staff.get("/partner/handoffs"), 401, "token_refused")
        await refused(staff.get("/me"), 401, "token_refused")
        form = grant(client_id=made.client_id, client_secret=made.client_secret)
        await refused(client.post("/v1/auth/token", data=form), 401, "client_refused")


async def test_new_credentials_of_a_partner_leave_the_earlier_ones_good(
    machine: ClientCredentials, databases: Databases, client: AsyncClient
) -> None:
    again = add_partner(databases.owner_url, code=machine.client_id.rpartition("-")[0], name=None)
    assert (again.partner_id, again.client_id != machine.client_id) == (machine.partner_id, True)
    for made in (machine, again):
        form = grant(client_id=made.client_id, client_secret=made.client_secret)
        assert (await client.post("/v1/auth/token", data=form)).status_code == 200


async def test_the_secret_of_a_machine_is_kept_as_a_hash_alone(
    machine: ClientCredentials, databases: Databases
) -> None:
    engine = databases.owner()
    with engine.connect() as connection:
        row = connection.execute(
            text("select * from partner_clients where id = :id"), {"id": machine.client_row_id}
        ).one()
    engine.dispose()
    assert len(machine.client_secret) >= 43, "256 bits"
    assert machine.client_secret not in str(row)
    assert sha256(machine.client_secret.encode()).hexdigest() in row


async def test_a_token_of_one_partner_or_of_both_kinds_opens_nothing(
    machine: ClientCredentials, besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    other = add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Une autre banque")
    now = datetime.now(UTC)
    stolen = {
        "another partner's": Credential(machine.client_row_id, None, other.partner_id),
        "an account as a client": Credential(besancon.agent.account_id, None, machine.partner_id),
        "a client as an account": Credential(machine.client_row_id, besancon.id),
        "a client of the platform": Credential(machine.client_row_id, None),
        "a partner that is none": Credential(machine.client_row_id, None, uuid4()),
    }
    for kind, credential in stolen.items():
        token = sign_token(credential, secret=TOKEN_SECRET, now=now)
        response = await bearing(client, token).get("/me")
        assert (response.status_code, response.json()["code"]) == (401, "token_refused"), kind


async def test_a_machine_may_call_what_the_table_says_and_nothing_else(
    machine: ClientCredentials, app: FastAPI, client: AsyncClient
) -> None:
    bank = Staff(client, machine.client_row_id, None, machine.partner_id)
    wrong = []
    for operation, method, address in operations(app):
        response = await call(bank, method, address)
        forbidden = response.status_code == 403
        if forbidden == (Role.PARTNER in ROLES[operation]) or response.status_code >= 500:
            wrong.append((operation, response.status_code))
    assert wrong == []
    me = await ok(bank.get("/me"))
    assert me["permissions"] == sorted(operation for operation, roles in ROLES.items() if Role.PARTNER in roles)


@pytest.mark.parametrize("role", ["partner", "platform"])
async def test_a_ccas_gives_nobody_the_role_of_a_partner_or_of_the_platform(
    besancon: Ccas, databases: Databases, role: str
) -> None:
    given = f"update accounts set roles = '{{{role}}}' where login = 'agent'"  # noqa: S608
    with pytest.raises(IntegrityError, match="roles_known"):
        run_sql(databases, besancon, given, as_owner=True)


def close(databases: Databases, made: ClientCredentials) -> None:
    """Closes the credentials."""
    _change(databases, made, "active = false")


def expire(databases: Databases, made: ClientCredentials) -> None:
    """Lets the credentials expire now."""
    _change(databases, made, "expires_at = now()")


def _change(databases: Databases, made: ClientCredentials, what: str) -> None:
    engine = databases.owner()
    with engine.begin() as connection:
        bind = text("select set_config('app.partner_id', :id, true)")
        connection.execute(bind, {"id": str(made.partner_id)})
        statement = f"update partner_clients set {what} where id = :id"  # noqa: S608
        connection.execute(text(statement), {"id": made.client_row_id})
    engine.dispose()


# Tokens


async def test_without_a_token_nothing_of_a_ccas_is_shown(client: AsyncClient) -> None:
    problem = await refused(client.get("/v1/requests"), 401, "unauthenticated")
    assert problem["error"] == "invalid_token"


def forged(besancon: Ccas) -> Iterator[tuple[str, str]]:
    """Tokens that are not ours, or no longer."""
    now = datetime.now(UTC)
    credential = Credential(besancon.agent.account_id, besancon.id)
    good = sign_token(credential, secret=TOKEN_SECRET, now=now)
    claims = claims_of(good)
    header, payload, signature = good.split(".")

    def signed(changed: dict[str, Any], secret: str = TOKEN_SECRET, algorithm: str = "HS256") -> str:
        body = {name: value for name, value in {**claims, **changed}.items() if value != "absent"}
        return jwt.encode({"alg": algorithm}, body, OctKey.import_key(secret), algorithms=[algorithm])

    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    yield "expired", sign_token(credential, secret=TOKEN_SECRET, now=now - timedelta(minutes=31))
    yield "of another secret", signed({}, secret="another secret, long enough to sign with it")
    yield "altered", f"{header}.{payload}.{signature[:-4]}AAAA"
    yield "unsigned", f"{none}.{payload}."
    yield "of another algorithm", signed({}, algorithm="HS512")
    yield "without end", signed({"exp": "absent"})
    yield "without owner", signed({"sub": "absent"})
    yield "of another issuer", signed({"iss": "someone else"})
    yield "of no account", signed({"sub": str(uuid4())})
    yield "of no identifier", signed({"sub": "agent"})
    yield "of another ccas", signed({"tenant": str(uuid4())})
    yield "of the platform", signed({"tenant": None})
    yield "not a token", "bonjour"


async def test_a_token_that_is_not_ours_is_refused_however_it_was_made(besancon: Ccas, client: AsyncClient) -> None:
    for kind, token in forged(besancon):
        response = await bearing(client, token).get("/me")
        assert (response.status_code, response.json()["code"]) == (401, "token_refused"), kind
        assert response.headers["www-authenticate"].startswith("Bearer"), kind


async def test_a_token_lives_for_half_an_hour_and_not_longer(besancon: Ccas, client: AsyncClient) -> None:
    credential = Credential(besancon.agent.account_id, besancon.id)
    for age, status in ((29, 200), (31, 401)):
        signed_at = datetime.now(UTC) - timedelta(minutes=age)
        token = sign_token(credential, secret=TOKEN_SECRET, now=signed_at)
        assert (await bearing(client, token).get("/me")).status_code == status


async def test_a_token_of_one_ccas_opens_no_other(besancon: Ccas, toulouse: Ccas, client: AsyncClient) -> None:
    stolen = sign_token(Credential(besancon.agent.account_id, toulouse.id), secret=TOKEN_SECRET, now=datetime.now(UTC))
    await refused(bearing(client, stolen).get("/requests"), 401, "token_refused")


# Roles


def operations(app: FastAPI) -> list[tuple[str, str, str]]:
    """Identifier, method and address of each operation that the document describes under a credential."""
    found = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            if operation.get("security"):
                parameters = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
                address = path
                for name in parameters:
                    address = address.replace(f"{{{name}}}", NOBODY)
                found.append((operation["operationId"], method.upper(), address))
    return found


async def call(staff: Staff, method: str, address: str) -> Response:
    """Calls an operation with nothing that could have an effect."""
    headers = {**staff.headers, "Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
    return await staff.client.request(method, address, headers=headers, **body)


def test_every_operation_under_a_credential_has_its_line_in_the_table_of_roles(app: FastAPI) -> None:
    assert {operation for operation, _, _ in operations(app)} == set(ROLES)


@pytest.mark.parametrize("role", ["agent", "decider", "manager"])
async def test_each_role_may_call_what_the_table_says_and_nothing_else(besancon: Ccas, app: FastAPI, role: str) -> None:
    staff: Staff = getattr(besancon, role)
    wrong = []
    for operation, method, address in operations(app):
        response = await call(staff, method, address)
        forbidden = response.status_code == 403
        if forbidden == (Role(role) in ROLES[operation]) or response.status_code >= 500:
            wrong.append((operation, response.status_code))
    assert wrong == []


async def test_the_platforms_staff_sees_nothing_of_any_ccas(besancon: Ccas, app: FastAPI, platform: Staff) -> None:
    statuses = {
        operation: (await call(platform, method, address)).status_code for operation, method, address in operations(app)
    }
    assert statuses.pop("auth_me") == 200
    assert {operation: status for operation, status in statuses.items() if status != 403} == {}


async def test_the_platforms_staff_knows_who_it_is(platform: Staff) -> None:
    me = await ok(platform.get("/me"))
    assert (me["tenant"], me["roles"], me["permissions"]) == (None, ["platform"], ["auth_me"])
    assert me["commune_insee_codes"] == []


@pytest.mark.parametrize("role", ["agent", "decider", "manager"])
async def test_someone_is_told_the_very_operations_that_the_table_allows(besancon: Ccas, role: str) -> None:
    staff: Staff = getattr(besancon, role)
    me = await ok(staff.get("/me"))
    assert me["permissions"] == sorted(operation for operation, roles in ROLES.items() if Role(role) in roles)


async def test_roles_of_one_person_add_up(besancon: Ccas, databases: Databases, client: AsyncClient) -> None:
    both = add_staff(databases, besancon.id, "deux", [Role.AGENT, Role.DECIDER])
    staff = Staff(client, both, besancon.id)
    assert (await ok(staff.get("/me")))["roles"] == ["agent", "decider"]
    for path in ("/people", f"/requests/{NOBODY}/decisions"):
        assert (await staff.post(path, {})).status_code == 422


async def test_what_is_forbidden_is_forbidden_before_anything_is_looked_at(besancon: Ccas) -> None:
    """The same answer for a file that exists and one that does not, for a body that is right and one that is not."""
    answers = [
        await refused(besancon.manager.post(f"/requests/{UUID(NOBODY)}/decisions", body), 403, "forbidden")
        for body in ({}, {"outcome": "approve"})
    ]
    assert answers[0] == answers[1]


async def test_a_burst_of_sign_ins_leaves_the_others_their_connections(besancon: Ccas, client: AsyncClient) -> None:
    """Two hundred at once: those beyond the queue are told to wait, and a read goes through meanwhile."""
    form = {"username": f"nobody@{besancon.slug}", "password": "wrong, and long"}
    burst = [asyncio.create_task(client.post("/v1/auth/token", data=form)) for _ in range(200)]
    await asyncio.sleep(0.2)
    assert (await besancon.agent.get("/requests")).status_code == 200
    answers = await asyncio.gather(*burst)
    assert {answer.status_code for answer in answers} <= {401, 429}
    waits = [answer for answer in answers if answer.status_code == 429]
    assert all(answer.headers["retry-after"] for answer in waits)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token", "username": "a@b", "password": "c"}, "unsupported_grant_type"),
        ({"username": "a@b"}, "invalid_request"),
        ({}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "a"}, "invalid_request"),
    ],
)
async def test_an_ill_formed_sign_in_tells_the_error_of_oauth_too(
    client: AsyncClient, form: dict[str, str], error: str
) -> None:
    response = await client.post("/v1/auth/token", data=form)
    assert (response.status_code, response.json()["error"]) == (422, error)
