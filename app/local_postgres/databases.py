"""Roles and databases: the same statements on the development server and on a real one.

Two roles, neither with any power over the server: the owner migrates, the service serves. Row-level
policies would not bind a superuser or a role that bypasses them.
"""

from typing import LiteralString
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from app.local_postgres.errors import LocalPostgresError
from app.local_postgres.server import LocalServer

OWNER_ROLE = "microcredit_owner"
SERVICE_ROLE = "app"

_PREPARING = 0x6D6963726F  # advisory lock: parallel test workers prepare their databases one at a time


def create_database(server: LocalServer, name: str) -> None:
    """Makes the roles and the database `name` on the local server, unless they are there."""
    prepare_database(server.url(role="postgres", database="postgres"), name)


def prepare_database(
    admin_url: str, name: str, *, owner_password: str | None = None, service_password: str | None = None
) -> tuple[str, str]:
    """Makes the roles and the database, unless they are there, on any server from PostgreSQL 15 on.

    The administrator may create roles and databases. A role without a password here keeps the one it has, or none.
    Returns the addresses of the owner, which migrates, and of the service.
    """
    passwords = {OWNER_ROLE: owner_password, SERVICE_ROLE: service_password}
    with _connect(admin_url) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [_PREPARING])
        for role, password in passwords.items():
            _ensure_role(admin, role, password)
        if admin.info.parameter_status("is_superuser") != "on":
            _run(admin, name, "GRANT {owner} TO CURRENT_USER")
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            # C: texts sort alike in development and in production, whatever the server's locale.
            as_ours = "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
            _run(admin, name, as_ours)
        _run(admin, name, "REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        _run(admin, name, "GRANT CONNECT ON DATABASE {name} TO {service}")
        with _connect(_address(admin_url, name)) as inside:
            _run(inside, name, "CREATE EXTENSION IF NOT EXISTS btree_gist")
            _run(inside, name, "ALTER SCHEMA public OWNER TO {owner}")
            _run(inside, name, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            _run(inside, name, "GRANT USAGE ON SCHEMA public TO {service}")
    owner, service = (_address(admin_url, name, credentials) for credentials in passwords.items())
    return owner, service


def _connect(address: str) -> psycopg.Connection:
    return psycopg.connect(address.replace("+psycopg", "", 1), autocommit=True)


def _run(connection: psycopg.Connection, name: str, statement: LiteralString) -> None:
    names = {"name": name, "owner": OWNER_ROLE, "service": SERVICE_ROLE}
    connection.execute(sql.SQL(statement).format(**{k: sql.Identifier(v) for k, v in names.items()}))


def _ensure_role(admin: psycopg.Connection, role: str, password: str | None) -> None:
    """Makes the role without power over the server; one that has some is refused rather than trimmed."""
    power = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s"
    known = admin.execute(power, [role]).fetchone()
    if known and known[0]:
        raise LocalPostgresError(f"The role {role} of this server is privileged: row policies cannot bind it.")
    if not known:
        inherit: LiteralString = "INHERIT" if role == OWNER_ROLE else "NOINHERIT"
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN " + inherit).format(sql.Identifier(role)))
    if password is not None:
        # Hashed here: the statement may be written to the server's log.
        verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _address(admin_url: str, database: str, user: tuple[str, str | None] | None = None) -> str:
    """The administrator's address with another database and, when given, another user and password."""
    parts = urlsplit(admin_url)
    credentials, _, place = parts.netloc.rpartition("@")
    dropped = {"dbname"}
    if user:
        credentials = quote(user[0]) + (f":{quote(user[1], safe='')}" if user[1] else "")
        dropped |= {"user", "password"}
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] not in dropped], safe="/")
    netloc = f"{credentials}@{place}" if credentials else place
    return urlunsplit(("postgresql+psycopg", netloc, "/" + quote(database), query, ""))
