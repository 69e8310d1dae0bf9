"""The rules of a CCAS as the database holds them, written as the file that would load them."""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import yaml
from pydantic import TypeAdapter
from sqlalchemy import Connection, select
from sqlmodel import col

from app.commands import CommandRefused
from app.commands.owner import as_owner, bind_owner
from app.commands.tenants import stored_version, version_rows
from app.domain.rules import Agreement, TenantRules
from app.tables import AgreementRow, Partner, Tenant

_RULES = TypeAdapter(TenantRules)
_WORDS = re.compile(r"[a-z][a-z_.]*", re.ASCII)


class UnknownTenant(CommandRefused):
    """No CCAS has this slug."""


def export(owner_url: str, slug: str) -> str:
    """The YAML of a CCAS, which `tenants load` takes back and finds the same. Raises UnknownTenant."""
    return as_yaml(stored_rules(owner_url, slug))


def as_yaml(rules: TenantRules) -> str:
    """Rules as a file says them, without what stands where nothing is said."""
    return yaml.dump(_plain(rules), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)


def stored_rules(owner_url: str, slug: str) -> TenantRules:
    """The rules of a CCAS, all its agreements and its versions but those withdrawn. Raises UnknownTenant."""
    with as_owner(owner_url) as connection:
        statement = select(Tenant.__table__).where(col(Tenant.slug) == slug)  # type: ignore[attr-defined]
        tenant = connection.execute(statement).mappings().one_or_none()
        if tenant is None:
            raise UnknownTenant(f'no CCAS has the slug "{slug}"')
        bind_owner(connection, tenant["id"])
        standing = (row for row in version_rows(connection, tenant["id"]) if row["withdrawn_at"] is None)
        versions = tuple(map(stored_version, standing))
        agreements = [_chosen(Agreement, row) for row in _agreements(connection, tenant["id"])]
    content = {**_chosen(TenantRules, tenant), "versions": [], "agreements": agreements}
    return replace(_RULES.validate_json(json.dumps(content, default=str)), versions=versions)


def _agreements(connection: Connection, tenant_id: UUID) -> list[Mapping[Any, Any]]:
    statement: Any = (
        select(
            AgreementRow.__table__,  # type: ignore[attr-defined]
            col(Partner.code).label("partner"),
            col(Partner.name).label("partner_name"),
        )
        .join(Partner, col(Partner.id) == col(AgreementRow.partner_id))
        .where(col(AgreementRow.tenant_id) == tenant_id)
        .order_by(col(AgreementRow.id))
    )
    return [{**row, "rate_percent": _short(row["rate_percent"])} for row in connection.execute(statement).mappings()]


def _short(rate: Decimal | None) -> Decimal | None:
    """The rate without the zeros that its column adds."""
    return None if rate is None else Decimal(f"{rate.normalize():f}")


def _chosen(kind: type[Any], row: Mapping[Any, Any]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind) if field.name in row}


class _Word(str):
    """A name of ours: a field, a value that rules choose from."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    """The rules as lists, texts, numbers and dates."""
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        return {_Word(field.name): _plain(said[field.name]) for field in fields(value) if _is_said(field, said)}
    if isinstance(value, Mapping):
        return {_Word(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return _Word(value.value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _is_said(field: Field[Any], said: Mapping[str, Any]) -> bool:
    unsaid = field.default_factory() if field.default_factory is not MISSING else field.default
    return bool(unsaid is MISSING or said[field.name] != unsaid)


class _Dumper(yaml.SafeDumper):
    """Texts in quotes and names bare: nothing but text is to be read back as text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Each version says all its rules."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_bare = isinstance(text, _Word) and _WORDS.fullmatch(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_bare else '"')


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Word, _text)
