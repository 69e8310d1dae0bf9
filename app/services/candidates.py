"""Who may already be known: found by what indexes know, then compared one by one."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from app.domain.person_matching import Identity, Match, days_like, is_worth_showing, match
from app.schemas.candidates import CandidateList, CandidateRead, CandidateSearch
from app.schemas.people import PersonRead
from app.services.people import identity_of, kept
from app.tables import Person
from app.tenancy import of_tenant

SHOWN_MAX = 10
# A typing error is forgiven after the first letters of a name, or anywhere where the birth date or phone is right.
_PREFIX_LETTERS = 3
_LAST = "\U0010ffff"
_COMPARED = [
    getattr(Person, name) for name in ("id", "birth_name", "usage_name", "first_names", "birth_on", "phone", "email")
]


async def search(session: AsyncSession, *, body: CandidateSearch) -> CandidateList:
    """The people who look most like the one sought, at most ten, likeliest first; nothing is decided.

    Who was merged is compared too, and the person kept is shown.
    """
    sought = identity_of(body.model_dump())
    statement = select(*_COMPARED).where(of_tenant(session, Person), or_(false(), *_near(sought)))
    rows = (await session.execute(statement)).mappings()
    alike = {row["id"]: like for row in rows if is_worth_showing(like := match(sought, identity_of(row)))}
    found: dict[UUID, Match] = {}
    for person_id, kept_id in (await kept(session, alike)).items():
        if kept_id not in found or found[kept_id].score < alike[person_id].score:
            found[kept_id] = alike[person_id]
    likely = sorted(found, key=lambda person_id: (-found[person_id].score, person_id))[:SHOWN_MAX]
    return CandidateList(items=await _read(session, likely, found) if likely else [], next_cursor=None)


def _near(sought: Identity) -> list[ColumnElement[bool]]:
    """Where to look: each condition is an equality or a range, which an index answers behind the tenants' policy."""
    near: list[ColumnElement[bool]] = []
    if sought.birth_on is not None:
        near.append(col(Person.birth_on).in_(days_like(sought.birth_on)))
    for name in {sought.birth_name, sought.usage_name, sought.first_names} - {None, ""}:
        prefix = str(name)[:_PREFIX_LETTERS]
        near += [_begins(col(Person.name_key), prefix), _begins(col(Person.usage_name_key), prefix)]
    for key, value in ((Person.phone_key, sought.phone), (Person.email_key, sought.email)):
        if value is not None:
            near.append(col(key) == value)
    return near


def _begins(key: Mapped[Any], prefix: str) -> ColumnElement[bool]:
    return and_(key >= prefix, key < prefix + _LAST)


async def _read(session: AsyncSession, likely: list[UUID], found: dict[UUID, Match]) -> list[CandidateRead]:
    statement = select(Person).where(of_tenant(session, Person), col(Person.id).in_(likely))
    people = {person.id: person for person in (await session.scalars(statement)).all()}
    return [
        CandidateRead(
            person=PersonRead.model_validate(people[person_id]),
            score=found[person_id].score,
            matched=[*found[person_id].matched],
        )
        for person_id in likely
    ]
