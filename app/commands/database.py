"""Preparing a server of one's own: the roles and the database that everything else works with."""

from collections.abc import Mapping

import psycopg
from sqlalchemy import URL, create_engine, make_url

from app.commands import CommandRefused
from app.local_postgres import OWNER_ROLE, SERVICE_ROLE, prepare_database


def prepare_server(environment: Mapping[str, str]) -> str:
    """Makes true what DATABASE_OWNER_URL and DATABASE_URL say, as the administrator of DATABASE_ADMIN_URL.

    Roles and database are made unless they are there, the passwords of both addresses are set, and both are tried.
    Doing it again changes nothing but the passwords. Returns what is now there, in a sentence.

    Raises CommandRefused for addresses that do not fit together or a server that refuses, LocalPostgresError for a
    role that is privileged, DBAPIError for an address that does not work once all is made.
    """
    admin, owner, service = (_address(environment, f"DATABASE_{name}URL") for name in ("ADMIN_", "OWNER_", ""))
    name = _common_database(owner, service)
    try:
        prepare_database(
            _text(admin), name, owner_password=owner.password or None, service_password=service.password or None
        )
    except psycopg.Error as error:
        raise CommandRefused(str(error).partition("\n")[0]) from error
    for address in (owner, service):
        _try(address)
    return f"The database {name} is ready for the roles {OWNER_ROLE} and {SERVICE_ROLE}."


def _address(environment: Mapping[str, str], variable: str) -> URL:
    if not environment.get(variable):
        raise CommandRefused(f"{variable} is missing: the addresses of administrator, owner and service are needed")
    return make_url(environment[variable])


def _common_database(owner: URL, service: URL) -> str:
    """The database that both addresses name, each as its role."""
    for variable, address, role in (
        ("DATABASE_OWNER_URL", owner, OWNER_ROLE),
        ("DATABASE_URL", service, SERVICE_ROLE),
    ):
        if address.username != role:
            raise CommandRefused(f"{variable} is of the role {address.username}: the migrations know it as {role}")
    if not owner.database or owner.database != service.database:
        raise CommandRefused("DATABASE_OWNER_URL and DATABASE_URL name two databases, or none")
    return owner.database


def _text(address: URL) -> str:
    return address.render_as_string(hide_password=False)


def _try(address: URL) -> None:
    engine = create_engine(address)
    try:
        engine.connect().close()
    finally:
        engine.dispose()
