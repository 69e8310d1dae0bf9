"""Loading tenants and their rules from YAML, as the owner of the database."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, Text, Uuid, bindparam, cast, func, insert, literal, select, update
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.commands.agreements import write_agreement
from app.commands.organisations import write_directory
from app.commands.owner import as_owner, bind_owner
from app.domain.rules import RuleVersion, TenantRules
from app.parameters.yaml_file import load_yaml
from app.schemas.rules import check_decimals
from app.tables import Decision, RuleVersionRow, Tenant
from app.tables.base import utc_now
from app.tenants import seed_files

_RULES = TypeAdapter(TenantRules)
_VERSION = TypeAdapter(RuleVersion)
_BATCH = 500
# Each row binds the transaction to its own tenant as it is made; the policy then tests it, row by row.
_ADD_VERSION = insert(RuleVersionRow).values(
    tenant_id=cast(func.set_config("app.tenant_id", bindparam("bound", type_=Text), literal(value=True)), Uuid)
)


class RulesDiffer(CommandRefused):
    """A version that is already there cannot be changed; publish a new one."""


def load_seed_tenants(owner_url: str) -> None:
    """Loads the tenants that come with the project."""
    load_tenants(owner_url, map(read_rules, seed_files()))


def read_rules(path: Path) -> TenantRules:
    """The rules of a file. Raises YamlFault, or Pydantic's ValidationError naming the path that is wrong."""
    return rules_of(load_yaml(path))


def rules_of(content: object) -> TenantRules:
    """The rules that the content of a file says. Raises Pydantic's ValidationError naming the paths that are wrong."""
    rules = _RULES.validate_json(json.dumps(content, default=_plain))
    check_decimals(content, rules)
    return rules


def load_tenant(owner_url: str, rules: TenantRules) -> UUID:
    """Writes a tenant with the versions and agreements it does not have yet; loading twice changes nothing.

    Raises RulesDiffer when a version that is there says something else (an open one may be given an end, but not before
    a decision taken under it), was withdrawn, or is missing from a file that adds another,
    AgreementDiffers when an agreement does, IntegrityError when versions or agreements overlap.
    """
    with as_owner(owner_url) as connection:
        return _write(connection, [rules])[0]


def load_tenants(owner_url: str, tenants: Iterable[TenantRules]) -> None:
    """Writes tenants as `load_tenant` does, in one transaction: all of them, or none where one is refused."""
    waiting = iter(tenants)
    with as_owner(owner_url) as connection:
        while batch := list(islice(waiting, _BATCH)):
            _write(connection, batch)


def _write(connection: Connection, batch: Sequence[TenantRules]) -> list[UUID]:
    """The identifiers of tenants, once they are written."""
    ids, new = _write_tenants(connection, batch)
    added: list[dict[str, Any]] = []
    for tenant_id, rules in zip(ids, batch, strict=True):
        known = {} if tenant_id in new else _known_versions(connection, tenant_id)
        for version in _missing(connection, tenant_id, rules, known):
            row = {"bound": str(tenant_id), "id": uuid7(), "entered_at": utc_now()}
            added.append({**row, **_columns(version)})
    if added:
        connection.execute(_ADD_VERSION, added)
    for tenant_id, rules in zip(ids, batch, strict=True):
        if rules.agreements:
            bind_owner(connection, tenant_id)
        for agreement in rules.agreements:
            write_agreement(connection, tenant_id, agreement)
        write_directory(connection, tenant_id, rules.slug)
    return ids


def _write_tenants(connection: Connection, batch: Sequence[TenantRules]) -> tuple[list[UUID], set[UUID]]:
    """The identifiers of all tenants, and which are new."""
    statement = select(Tenant.__table__).where(col(Tenant.slug).in_([rules.slug for rules in batch]))  # type: ignore[attr-defined]
    known = {row["slug"]: row for row in connection.execute(statement).mappings()}
    ids, new = [], []
    for rules in batch:
        content: dict[str, Any] = {
            "slug": rules.slug,
            "name": rules.name,
            "kind": rules.kind,
            "time_zone": rules.time_zone,
            "communes": [asdict(commune) for commune in rules.communes],
        }
        row = known.get(rules.slug)
        ids.append(row["id"] if row else uuid7())
        if row is None:
            new.append({"id": ids[-1], **content})
        elif any(row[name] != value for name, value in content.items()):
            connection.execute(update(Tenant).where(col(Tenant.id) == row["id"]).values(**content))
    if new:
        connection.execute(insert(Tenant), new)
    return ids, {row["id"] for row in new}


def _known_versions(connection: Connection, tenant_id: UUID) -> dict[int, RowMapping]:
    bind_owner(connection, tenant_id)
    return {row["version"]: row for row in version_rows(connection, tenant_id)}


def _missing(
    connection: Connection, tenant_id: UUID, rules: TenantRules, known: Mapping[int, RowMapping]
) -> Iterator[RuleVersion]:
    """The versions that are not there, once those that were open and now end are closed. Raises RulesDiffer."""
    named = {version.version for version in rules.versions}
    unnamed = [number for number, row in known.items() if row["withdrawn_at"] is None and number not in named]
    for version in rules.versions:
        row, which = known.get(version.version), f"{rules.slug}: version {version.version}"
        if row is None:
            if unnamed:
                raise RulesDiffer(f"{rules.slug}: version {unnamed[0]} is already there and the file does not have it")
            yield version
            continue
        if row["withdrawn_at"] is not None:
            raise RulesDiffer(f"{which} was withdrawn; its number is not used again")
        there = stored_version(row)
        if there == version:
            continue
        if there.valid_to is not None or replace(there, valid_to=version.valid_to) != version:
            raise RulesDiffer(f"{which} is already there and says something else")
        decided_on = _last_decision(connection, tenant_id, row["id"])
        if version.valid_to is not None and decided_on is not None and decided_on > version.valid_to:
            raise RulesDiffer(
                f"{which} cannot end on {version.valid_to}: a decision of {decided_on} was taken under it"
            )
        this = (col(RuleVersionRow.tenant_id) == tenant_id, col(RuleVersionRow.id) == row["id"])
        connection.execute(update(RuleVersionRow).where(*this).values(valid_to=version.valid_to))


def _last_decision(connection: Connection, tenant_id: UUID, version_id: UUID) -> date | None:
    """The day of the last decision under a version."""
    of_version = (col(Decision.tenant_id) == tenant_id, col(Decision.rule_version_id) == version_id)
    last: date | None = connection.execute(select(func.max(Decision.decided_on)).where(*of_version)).scalar_one()
    return last


def version_rows(connection: Connection, tenant_id: UUID) -> Iterable[RowMapping]:
    """The versions of the tenant that the connection is bound to, oldest first, those that were withdrawn too."""
    statement = select(RuleVersionRow.__table__).where(col(RuleVersionRow.tenant_id) == tenant_id)  # type: ignore[attr-defined]
    return connection.execute(statement.order_by(col(RuleVersionRow.version))).mappings()


def stored_version(row: RowMapping) -> RuleVersion:
    """A version as its row says it, read as the rules are now: what was added since stands as not said."""
    content = {field.name: row[field.name] for field in fields(RuleVersion)}
    return _VERSION.validate_json(json.dumps(content, default=_plain))


def _columns(version: RuleVersion) -> dict[str, Any]:
    content = json.loads(_VERSION.dump_json(version))
    return {
        "version": version.version,
        "valid_from": version.valid_from,
        "valid_from_precision": version.valid_from_precision,
        "valid_to": version.valid_to,
        "reference": version.reference,
        **{name: content[name] for name in ("products", "indexes", "commission")},
    }


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in rules")
