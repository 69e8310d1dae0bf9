"""The first directory of a CCAS: the organisations that its published documents name."""

import json
from functools import cache
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands.owner import bind_owner
from app.parameters.yaml_file import load_yaml
from app.schemas.base import Prose
from app.schemas.organisations import OrganisationCreate
from app.services.organisations import name_key
from app.tables import Organisation
from app.tables.base import utc_now
from app.tenants import directory_file


class NamedOrganisation(OrganisationCreate):
    """An organisation with the sentence that names it."""

    source: Prose


_DIRECTORY = TypeAdapter(list[NamedOrganisation])


@cache
def named_organisations(slug: str) -> tuple[NamedOrganisation, ...]:
    """Those that the documents of a CCAS name; none where the project has none of its documents.

    Raises YamlFault, or Pydantic's ValidationError naming the path that is wrong.
    """
    path = directory_file(slug)
    return tuple(_DIRECTORY.validate_json(json.dumps(load_yaml(path)))) if path.exists() else ()


def write_directory(connection: Connection, tenant_id: UUID, slug: str) -> None:
    """Gives a CCAS the organisations that its documents name, once: what its staff change since is theirs."""
    named = named_organisations(slug)
    if not named:
        return
    bind_owner(connection, tenant_id)
    own = (col(Organisation.tenant_id) == tenant_id, col(Organisation.source).is_not(None))
    if connection.execute(select(func.count()).select_from(Organisation).where(*own)).scalar_one():
        return
    entered = select(col(Organisation.name_key)).where(col(Organisation.tenant_id) == tenant_id)
    known = set(connection.execute(entered).scalars())
    rows = [
        {
            "tenant_id": tenant_id,
            "id": uuid7(),
            "version": 1,
            "name_key": name_key(organisation.name),
            "entered_at": utc_now(),
            **organisation.model_dump(mode="json"),
        }
        for organisation in named
        if name_key(organisation.name) not in known
    ]
    if rows:
        connection.execute(insert(Organisation), rows)
