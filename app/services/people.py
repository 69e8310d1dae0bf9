"""The people whom the CCAS helps."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import ApplicantUnknown, NotFound, VersionStale
from app.domain.people_errors import PersonMayExist, PersonMerged
from app.domain.person_matching import Identity, is_the_same
from app.schemas.base import Page
from app.schemas.people import PeopleQuery, PersonCreate, PersonRead, PersonUpdate
from app.services.pages import page
from app.tables import Person
from app.tenancy import bound_tenant, of_tenant

# What typing does not tell apart and Unicode does not decompose.
_ALIKE = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "ʼ": "'"})
_FROM_ABROAD = re.compile(r"^(\+|00)33\s*0?")

_COLUMNS = [getattr(Person, name) for name in PersonRead.model_fields]
_ITEMS = TypeAdapter(list[PersonRead])


async def create(session: AsyncSession, *, today: date, body: PersonCreate) -> PersonRead:
    """A new beneficiary, unless somebody of the same names and birth date is known.

    Raises PersonMayExist, ApplicantUnknown, DateInFuture for someone born tomorrow, DateOutOfOrder for a resident
    not yet born.
    """
    # Two desks that enter the same person at once: the second sees what the first wrote.
    turn = func.hashtextextended(f"{bound_tenant(session)}/{body.birth_on}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(turn)))
    if same := await same_as(session, body):
        raise PersonMayExist(candidate_ids=[str(person_id) for person_id in same])
    return PersonRead.model_validate(await add(session, today=today, body=body))


async def add(session: AsyncSession, *, today: date, body: PersonCreate) -> Person:
    """Adds the row of a new beneficiary."""
    fields = body.model_dump(exclude={"not_the_same_as"})
    person = Person(tenant_id=bound_tenant(session), **fields | _keys(fields))
    _check_days(person, today=today)
    session.add(person)
    await session.flush()  # a request refers to the person through a foreign key without an ORM relation
    return person


async def same_as(session: AsyncSession, body: PersonCreate) -> list[UUID]:
    """The people of exactly these names and birth date, but those whom the body says to be others; oldest first.

    Who was merged is found by what was known of them too, and is told as the person kept.

    Raises ApplicantUnknown where it names somebody whom the CCAS does not know.
    """
    others = select(col(Person.id)).where(of_tenant(session, Person), col(Person.id).in_(body.not_the_same_as))
    if body.not_the_same_as and set(body.not_the_same_as) - {*(await session.scalars(others)).all()}:
        raise ApplicantUnknown(field="not_the_same_as")
    statement = select(col(Person.id), col(Person.birth_name), col(Person.first_names), col(Person.birth_on)).where(
        of_tenant(session, Person), col(Person.birth_on) == body.birth_on
    )
    sought = identity_of(body.model_dump())
    rows = (await session.execute(statement)).mappings()
    same = {row["id"] for row in rows if is_the_same(sought, identity_of(row))} - {*body.not_the_same_as}
    return sorted({*(await kept(session, same)).values()} - {*body.not_the_same_as})


async def list_page(session: AsyncSession, *, query: PeopleQuery) -> Page[PersonRead]:
    """Beneficiaries, newest first, without those who were merged into another, by whose names the kept is found."""
    statement = select(*_COLUMNS).where(current())
    if query.q is not None:
        statement = statement.where(called(session, query.q))
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
    """Changes what the body names. Raises NotFound, VersionStale, PersonMerged, DateInFuture, DateOutOfOrder."""
    person = (await locked(session, person_id)).get(person_id)
    if person is None:
        raise NotFound
    if person.version != version:
        raise VersionStale
    check_current(person)
    for field, value in body.model_dump(exclude_unset=True).items():
        setattr(person, field, value)
    _check_days(person, today=today)
    for field, value in _keys(person.model_dump()).items():
        setattr(person, field, value)
    person.version += 1
    return PersonRead.model_validate(person)


async def locked(session: AsyncSession, *person_ids: UUID) -> dict[UUID, Person]:
    """The rows of these people, held until the end of the transaction, in one order for everyone; none for a stranger.

    What refers to them may still be added meanwhile: only their own rows are held.
    """
    statement = (
        select(Person)
        .where(of_tenant(session, Person), col(Person.id).in_(person_ids))
        .order_by(col(Person.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {person.id: person for person in (await session.scalars(statement)).all()}


async def check_known(session: AsyncSession, **fields: UUID | None) -> None:
    """Whom the fields name, if anybody, is somebody to whom files may be given, and nobody merges them meanwhile.

    Raises ApplicantUnknown for whom the CCAS does not know, PersonMerged for whom it knows under another row.
    """
    told = {field: person_id for field, person_id in fields.items() if person_id is not None}
    if not told:
        return
    statement = (
        select(Person)
        .where(of_tenant(session, Person), col(Person.id).in_(told.values()))
        .order_by(col(Person.id))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    known = {person.id: person for person in (await session.scalars(statement)).all()}
    for field, person_id in told.items():
        if person_id not in known:
            raise ApplicantUnknown(field=field)
        check_current(known[person_id])


async def kept(session: AsyncSession, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Under whom the files of each are kept: themselves, or whom they were merged into in the end."""
    if not person_ids:
        return {}
    ways = _ways(session, col(Person.id).in_(person_ids))
    ends = select(ways.c.start_id, ways.c.id).where(ways.c.merged_into_id.is_(None))
    return {row.start_id: row.id for row in await session.execute(ends)}


async def keeper(session: AsyncSession, person_id: UUID) -> UUID:
    """Under whom the files of one person are kept, as far as the caller sees. Raises NotFound."""
    await read(session, person_id)
    return (await kept(session, [person_id])).get(person_id, person_id)


def _ways(session: AsyncSession, start: ColumnElement[bool]) -> CTE:
    """The rows that meet a condition, and from each all those that lead to the person kept."""
    first = select(col(Person.id).label("start_id"), *(getattr(Person, name) for name in ("id", "merged_into_id")))
    ways = first.where(of_tenant(session, Person), start).cte(recursive=True)
    into = aliased(Person)
    return ways.union(
        select(ways.c.start_id, col(into.id), col(into.merged_into_id)).where(
            of_tenant(session, into), col(into.id) == ways.c.merged_into_id
        )
    )


def keepers_of(session: AsyncSession, condition: ColumnElement[bool]) -> Select[UUID]:
    """Those who were merged and meet a condition, and all those into whom they were, one after the other."""
    return select(_ways(session, and_(~current(), condition)).c.id)


def rows_of(session: AsyncSession, person_id: UUID) -> Select[UUID]:
    """The rows of a person: theirs and all those merged into it, however often; history keeps the one it was given."""
    first = select(col(Person.id)).where(of_tenant(session, Person), col(Person.id) == person_id)
    rows = first.cte(recursive=True)
    merged = aliased(Person)
    return select(
        rows.union(
            select(col(merged.id)).where(of_tenant(session, merged), col(merged.merged_into_id) == rows.c.id)
        ).c.id
    )


def check_current(person: Person) -> None:
    """Raises PersonMerged for somebody whose files are kept under another person."""
    if person.merged_into_id is not None:
        raise PersonMerged(merged_into_id=str(person.merged_into_id))


def current() -> ColumnElement[bool]:
    """The condition that a person was not merged into another."""
    return col(Person.merged_into_id).is_(None)


def _check_days(person: Person, *, today: date) -> None:
    check_day("birth_on", person.birth_on, not_before=None, today=today)
    for field in ("resident_since_on", "deceased_on"):
        if (on := getattr(person, field)) is not None:
            check_day(field, on, not_before=person.birth_on, today=today)


def identity_of(person: Mapping[Any, Any]) -> Identity:
    """What tells a person apart, as it is compared: of the fields there are."""
    names = {name: plain(person[name]) for name in ("birth_name", "usage_name", "first_names") if person.get(name)}
    phone, email = person.get("phone"), person.get("email")
    return Identity(
        birth_on=person.get("birth_on"),
        phone=dialled(phone) if phone else None,
        email=plain(email) if email else None,
        **names,
    )


def _keys(person: Mapping[str, Any]) -> dict[str, str | None]:
    told = identity_of(person)
    names = (told.birth_name, told.usage_name, told.first_names)
    name_key = " ".join(name for name in names if name)
    return {"name_key": name_key, "usage_name_key": told.usage_name, "phone_key": told.phone, "email_key": told.email}


def named(q: str, name_key: Any = Person.name_key) -> ColumnElement[bool]:
    """The condition that names contain every word, in any order, without regard to accents or case."""
    return and_(true(), *(name_key.contains(word, autoescape=True) for word in plain(q).split()))


def called(session: AsyncSession, q: str) -> ColumnElement[bool]:
    """The condition that a person, or somebody merged into them, has names that contain every word."""
    return or_(named(q), col(Person.id).in_(keepers_of(session, named(q))))


def plain(text: str) -> str:
    """The text as it is searched: without accents, case or ligatures, one apostrophe for all."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_ALIKE))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def dialled(phone: str) -> str:
    """The digits of a phone number as one dials them in France."""
    return re.sub(r"\D", "", _FROM_ABROAD.sub("0", phone))
