"""Loading tenants and their rules from YAML, as the owner of the database."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.commands.agreements import write_agreement
from app.commands.owner import as_owner, bind_owner
from app.domain.rules import RuleVersion, TenantRules
from app.parameters.yaml_file import load_yaml
from app.tables import RuleVersionRow, Tenant
from app.tenants import seed_files

_RULES = TypeAdapter(TenantRules)


class RulesDiffer(CommandRefused):
    """A version that is already there cannot be changed; publish a new one."""


def load_seed_tenants(owner_url: str) -> None:
    """Loads the tenants that come with the project."""
    for path in seed_files():
        load_tenant(owner_url, read_rules(path))


def read_rules(path: Path) -> TenantRules:
    """The rules of a file. Raises YamlFault, or Pydantic's ValidationError naming the path that is wrong."""
    return _RULES.validate_json(json.dumps(load_yaml(path), default=_plain))


def load_tenant(owner_url: str, rules: TenantRules) -> UUID:
    """Writes a tenant with the versions and agreements it does not have yet; loading twice changes nothing.

    Raises RulesDiffer when a version that is there says something else, AgreementDiffers when an agreement does,
    IntegrityError when versions or agreements overlap.
    """
    with as_owner(owner_url) as connection:
        tenant_id = _write_tenant(connection, rules)
        bind_owner(connection, tenant_id)
        for version in rules.versions:
            _write_version(connection, tenant_id, version)
        for agreement in rules.agreements:
            write_agreement(connection, tenant_id, agreement)
    return tenant_id


def _write_tenant(connection: Connection, rules: TenantRules) -> UUID:
    content = json.loads(_RULES.dump_json(rules))
    fields = {name: content[name] for name in ("slug", "name", "kind", "time_zone", "communes")}
    known = connection.execute(select(col(Tenant.id)).where(col(Tenant.slug) == rules.slug)).scalar_one_or_none()
    if known is None:
        known = uuid7()
        connection.execute(insert(Tenant).values(id=known, **fields))
    else:
        connection.execute(update(Tenant).where(col(Tenant.id) == known).values(**fields))
    return UUID(str(known))


def _write_version(connection: Connection, tenant_id: UUID, version: RuleVersion) -> None:
    fields = _columns(version)
    names = list(fields)
    known = (
        connection.execute(
            select(*(getattr(RuleVersionRow, name) for name in names)).where(
                col(RuleVersionRow.tenant_id) == tenant_id, col(RuleVersionRow.version) == version.version
            )
        )
        .mappings()
        .one_or_none()
    )
    if known is None:
        connection.execute(insert(RuleVersionRow).values(tenant_id=tenant_id, id=uuid7(), **fields))
    elif not _same(known, fields):
        raise RulesDiffer(f"version {version.version} is already there and says something else")


def _columns(version: RuleVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "valid_from": version.valid_from,
        "valid_from_precision": version.valid_from_precision,
        "valid_to": version.valid_to,
        "reference": version.reference,
        "products": json.loads(TypeAdapter(RuleVersion).dump_json(version))["products"],
    }


def _same(known: RowMapping, fields: Mapping[str, Any]) -> bool:
    return all(known[name] == value for name, value in fields.items())


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in rules")
