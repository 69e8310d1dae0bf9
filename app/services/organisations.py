"""The directory of the CCAS: who sends people, receives them, lends, trains, assists or is paid."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import NotFound, VersionStale
from app.domain.intake_errors import NotPrescriber, OrganisationClosed, OrganisationExists, OrganisationUnknown
from app.domain.organisations import OrganisationKind
from app.schemas.base import Page
from app.schemas.organisations import OrganisationCreate, OrganisationQuery, OrganisationRead, OrganisationUpdate
from app.services.pages import name_page, scope_of
from app.services.people import named, plain
from app.tables import Organisation
from app.tenancy import bound_tenant, of_tenant

_COLUMNS = [getattr(Organisation, name) for name in OrganisationRead.model_fields]
_ITEMS = TypeAdapter(list[OrganisationRead])


async def create(session: AsyncSession, *, body: OrganisationCreate) -> OrganisationRead:
    """Adds one to the directory. Raises OrganisationExists, which names the one that is there."""
    organisation = Organisation(tenant_id=bound_tenant(session), name_key="", **_columns(body))
    await _name(session, organisation)
    session.add(organisation)
    return OrganisationRead.model_validate(organisation)


async def list_page(session: AsyncSession, *, query: OrganisationQuery) -> Page[OrganisationRead]:
    """The directory by name, those that closed among the others."""
    statement = select(*_COLUMNS).where(of_tenant(session, Organisation))
    if query.kind is not None:
        statement = statement.where(col(Organisation.kinds).contains([query.kind.value]))
    if query.q is not None:
        statement = statement.where(named(query.q, Organisation.name_key))
    scope = scope_of(session, Organisation)
    rows, next_cursor = await name_page(session, statement, Organisation.name_key, scope=scope, query=query)
    return Page(items=_ITEMS.validate_python(rows), next_cursor=next_cursor)


async def read(session: AsyncSession, organisation_id: UUID) -> OrganisationRead:
    """One organisation, or NotFound."""
    return OrganisationRead.model_validate(await _load(session, organisation_id))


async def update(
    session: AsyncSession, organisation_id: UUID, *, version: int, today: date, body: OrganisationUpdate
) -> OrganisationRead:
    """Changes what the body names. Raises NotFound, VersionStale, OrganisationExists, DateInFuture."""
    organisation = await _load(session, organisation_id, with_for_update=True)
    if organisation.version != version:
        raise VersionStale
    for field, value in _columns(body).items():
        setattr(organisation, field, value)
    if organisation.closed_on is not None:
        check_day("closed_on", organisation.closed_on, not_before=None, today=today)
    await _name(session, organisation)
    organisation.version += 1
    return OrganisationRead.model_validate(organisation)


async def check_known(
    session: AsyncSession, organisation_id: UUID | None, *, field: str = "organisation_id", on: date | None = None
) -> Organisation | None:
    """The organisation that a field names, open on that day (null: whenever); null where the field is.

    Raises OrganisationUnknown, OrganisationClosed.
    """
    if organisation_id is None:
        return None
    organisation = await session.get(Organisation, (bound_tenant(session), organisation_id))
    if organisation is None:
        raise OrganisationUnknown(field=field)
    if on is not None and organisation.closed_on is not None and organisation.closed_on <= on:
        raise OrganisationClosed(field=field, closed_on=organisation.closed_on.isoformat())
    return organisation


async def check_prescriber(session: AsyncSession, prescriber_id: UUID | None, *, on: date) -> None:
    """Raises OrganisationUnknown, OrganisationClosed, NotPrescriber unless it could send someone on that day."""
    prescriber = await check_known(session, prescriber_id, field="prescriber_id", on=on)
    if prescriber is not None and OrganisationKind.PRESCRIBER not in prescriber.kinds:
        raise NotPrescriber


def _columns(body: OrganisationCreate | OrganisationUpdate) -> dict[str, Any]:
    """What the body says; its kinds as they are stored."""
    said = body.model_dump(exclude_unset=True)
    return said if body.kinds is None else {**said, "kinds": [kind.value for kind in body.kinds]}


async def _load(session: AsyncSession, organisation_id: UUID, **options: Any) -> Organisation:
    key = (bound_tenant(session), organisation_id)
    organisation = await session.get(Organisation, key, populate_existing=True, **options)
    if organisation is None:
        raise NotFound
    return organisation


async def _name(session: AsyncSession, organisation: Organisation) -> None:
    """Gives it the key of its name, which no other has. Raises OrganisationExists."""
    organisation.name_key = name_key(organisation.name)
    # Two desks that enter the same name at once: the second sees what the first wrote.
    turn = func.hashtextextended(f"{organisation.tenant_id}/{organisation.name_key}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(turn)))
    statement = select(col(Organisation.id)).where(
        of_tenant(session, Organisation),
        col(Organisation.name_key) == organisation.name_key,
        col(Organisation.id) != organisation.id,
    )
    known = (await session.scalars(statement)).one_or_none()
    if known is not None:
        raise OrganisationExists(organisation_id=str(known))


def name_key(name: str) -> str:
    """The name as it is compared: without accents or case, one space between words."""
    return " ".join(plain(name).split())
