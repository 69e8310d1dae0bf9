"""The people whom the CCAS helps."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import NotFound, VersionStale
from app.schemas.base import Page
from app.schemas.people import PeopleQuery, PersonCreate, PersonRead, PersonUpdate
from app.services.pages import page
from app.tables import Person
from app.tenancy import bound_tenant, of_tenant

# What typing does not tell apart and Unicode does not decompose.
_ALIKE = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "ʼ": "'"})

_COLUMNS = [getattr(Person, name) for name in PersonRead.model_fields]
_ITEMS = TypeAdapter(list[PersonRead])


async def create(session: AsyncSession, *, today: date, body: PersonCreate) -> PersonRead:
    """A new beneficiary. Raises DateInFuture for someone born tomorrow, DateOutOfOrder for a resident not yet born."""
    return PersonRead.model_validate(await add(session, today=today, body=body))


async def add(session: AsyncSession, *, today: date, body: PersonCreate) -> Person:
    """Adds the row of a new beneficiary."""
    fields = body.model_dump()
    person = Person(tenant_id=bound_tenant(session), name_key=name_key(fields), **fields)
    _check_days(person, today=today)
    session.add(person)
    await session.flush()  # a request refers to the person through a foreign key without an ORM relation
    return person


async def list_page(session: AsyncSession, *, query: PeopleQuery) -> Page[PersonRead]:
    """Beneficiaries, newest first."""
    statement = select(*_COLUMNS)
    if query.q is not None:
        statement = statement.where(named(query.q))
    return await page(session, statement, Person, query=query, items=_ITEMS)


async def read(session: AsyncSession, person_id: UUID) -> PersonRead:
    """One beneficiary, or NotFound."""
    statement = select(*_COLUMNS).where(of_tenant(session, Person), col(Person.id) == person_id)
    row = (await session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return PersonRead(**row)


async def update(
    session: AsyncSession, person_id: UUID, *, version: int, today: date, body: PersonUpdate
) -> PersonRead:
    """Changes what the body names. Raises NotFound, VersionStale, DateInFuture, DateOutOfOrder."""
    person = (
        await session.scalars(
            select(Person).where(of_tenant(session, Person), col(Person.id) == person_id).with_for_update()
        )
    ).one_or_none()
    if person is None:
        raise NotFound
    if person.version != version:
        raise VersionStale
    for field, value in body.model_dump(exclude_unset=True).items():
        setattr(person, field, value)
    _check_days(person, today=today)
    person.name_key = name_key(person.model_dump())
    person.version += 1
    return PersonRead.model_validate(person)


def _check_days(person: Person, *, today: date) -> None:
    check_day("birth_on", person.birth_on, not_before=None, today=today)
    if person.resident_since_on is not None:
        check_day("resident_since_on", person.resident_since_on, not_before=person.birth_on, today=today)


def name_key(person: Mapping[str, Any]) -> str:
    """All names of a person, as searched: without accents or case."""
    names = (person["birth_name"], person["usage_name"], person["first_names"])
    return plain(" ".join(name for name in names if name))


def named(q: str) -> ColumnElement[bool]:
    """The condition that a person's names contain every word, in any order, without regard to accents or case."""
    return and_(true(), *(col(Person.name_key).contains(word, autoescape=True) for word in plain(q).split()))


def plain(text: str) -> str:
    """The text as it is searched: without accents, case or ligatures, one apostrophe for all."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_ALIKE))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
