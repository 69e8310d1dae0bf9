"""Accounts of staff, written as the owner of the database."""

import re
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from getpass import getpass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.commands.owner import as_owner, bind_owner
from app.domain.permissions import STAFF_ROLES, Role
from app.security import hash_password
from app.services.auth import PLATFORM
from app.tables import Account, PlatformAccount, Tenant
from app.tenants import seed_files

PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 200
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class AccountRefused(CommandRefused):
    """The account cannot be made, for the reason given."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demonstration, with its password."""

    username: str
    password: str
    roles: tuple[Role, ...]


def add_account(
    owner_url: str,
    *,
    tenant: str | None,
    login: str,
    roles: Iterable[Role],
    password: str,
    communes: Sequence[str] = (),
) -> UUID:
    """Adds an account or gives an existing one these roles and this password. No tenant is the platform.

    One that is given communes, by INSEE code, works for these alone; without, it keeps those it had, and a new one
    works for all.

    Raises AccountRefused for an unknown tenant, a malformed login, a short password, or roles or communes that do not
    fit.
    """
    chosen = frozenset(roles)
    _check(tenant, login, chosen, password)
    with as_owner(owner_url) as connection:
        password_hash = hash_password(password)
        if tenant is None:
            if communes:
                raise AccountRefused("an account of the platform works for no commune")
            return _upsert_platform(connection, login, password_hash)
        fields = {"roles": sorted(chosen), "password_hash": password_hash, "active": True}
        if communes:
            fields["commune_insee_codes"] = sorted(set(communes))
        return _upsert(connection, tenant, login, fields)


def demonstration_accounts(owner_url: str, passwords: Mapping[str, str] | None = None) -> list[DemoAccount]:
    """An agent, a decider, a manager and a desk for each tenant that comes with the project, and one account of the
    platform.

    Where several communes share a tenant, an agent for each of them too. `passwords` keeps those of an earlier start,
    by user name; the others get new ones.
    """
    kept = passwords or {}
    ours = [path.stem for path in seed_files()]
    statement = select(col(Tenant.slug), col(Tenant.communes)).where(col(Tenant.slug).in_(ours))
    with as_owner(owner_url) as connection:
        tenants = connection.execute(statement.order_by(col(Tenant.slug))).all()
    roles = (Role.AGENT, Role.DECIDER, Role.MANAGER, Role.DESK)
    accounts = [_demonstration(owner_url, slug, role, kept) for slug, _ in tenants for role in roles]
    accounts += [
        _demonstration(owner_url, slug, Role.AGENT, kept, commune=commune["insee_code"])
        for slug, communes in tenants
        for commune in communes
        if len(communes) > 1
    ]
    return [*accounts, _demonstration(owner_url, None, Role.PLATFORM, kept)]


@dataclass(frozen=True, slots=True)
class Password:
    """A password, and what to print of it: only one that was made here is shown, once."""

    text: str
    to_show: str


def ask_password() -> Password:
    """The password typed at the terminal, given on standard input, or made here when neither says anything."""
    typed = getpass("password (empty to make one): ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    made = new_password()
    return Password(typed, "") if typed else Password(made, f" {made}")


def new_password() -> str:
    """A password that nobody has used: 120 bits in URL-safe letters."""
    return secrets.token_urlsafe(15)


def _demonstration(
    owner_url: str, tenant: str | None, role: Role, kept: Mapping[str, str], *, commune: str | None = None
) -> DemoAccount:
    login = "admin" if tenant is None else role.value if commune is None else f"{role.value}-{commune}"
    username = f"{login}@{tenant or PLATFORM}"
    password = kept.get(username) or new_password()
    communes = [] if commune is None else [commune]
    add_account(owner_url, tenant=tenant, login=login, roles=[role], password=password, communes=communes)
    return DemoAccount(username, password, (role,))


def _check(tenant: str | None, login: str, roles: frozenset[Role], password: str) -> None:
    if not _LOGIN.fullmatch(login):
        raise AccountRefused("a login is 1 to 63 lower-case letters, digits, dots, dashes or underscores")
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise AccountRefused(f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")
    if tenant is None and roles != {Role.PLATFORM}:
        raise AccountRefused("an account of the platform has the role platform and no other")
    if tenant is not None and not (roles and roles <= STAFF_ROLES):
        raise AccountRefused("an account of a tenant has one or more of agent, decider, manager")


def _upsert(connection: Connection, slug: str, login: str, fields: dict[str, Any]) -> UUID:
    found = connection.execute(select(col(Tenant.id), col(Tenant.communes)).where(col(Tenant.slug) == slug))
    tenant = found.one_or_none()
    if tenant is None:
        raise AccountRefused(f"no tenant is called {slug}")
    served = {commune["insee_code"] for commune in tenant.communes}
    if unknown := set(fields.get("commune_insee_codes", ())) - served:
        raise AccountRefused(f"{slug} does not serve {', '.join(sorted(unknown))}")
    tenant_id = tenant.id
    bind_owner(connection, tenant_id)
    statement = (
        insert(Account)
        .values(tenant_id=tenant_id, id=uuid7(), login=login, **fields)
        .on_conflict_do_update(index_elements=["tenant_id", "login"], set_=fields)
        .returning(col(Account.id))
    )
    return UUID(str(connection.execute(statement).scalar_one()))


def _upsert_platform(connection: Connection, login: str, password_hash: str) -> UUID:
    fields = {"password_hash": password_hash, "active": True}
    statement = (
        insert(PlatformAccount)
        .values(id=uuid7(), login=login, **fields)
        .on_conflict_do_update(index_elements=["login"], set_=fields)
        .returning(col(PlatformAccount.id))
    )
    return UUID(str(connection.execute(statement).scalar_one()))
