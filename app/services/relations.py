"""Who belongs to whom: households, and who represents whom."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import ApplicantUnknown, NotFound
from app.domain.organisations import OrganisationKind
from app.domain.people_errors import NotAGuardian, RelatedToThemselves, RelationAlreadyKnown, RelationEnded
from app.domain.permissions import Caller
from app.domain.relations import (
    FROM_THE_OTHER_SIDE,
    RelationKind,
    RelationSeen,
    check_may_represent,
    check_needs_representative,
)
from app.schemas.relations import RelationCreate, RelationEndCreate, RelationList, RelationRead
from app.services import organisations, people
from app.tables import Person, PersonRelation
from app.tenancy import bound_tenant, of_tenant


async def create(
    session: AsyncSession, person_id: UUID, *, caller: Caller, today: date, body: RelationCreate
) -> RelationRead:
    """Records what somebody is to a person.

    Raises NotFound, ApplicantUnknown, OrganisationUnknown, OrganisationClosed, NotAGuardian, PersonMerged,
    RelatedToThemselves, RelationAlreadyKnown, RepresentativeIsMinor, NeedsNoRepresentative, DateInFuture,
    DateOutOfOrder.
    """
    person, other = await _both(session, person_id, body)
    if body.since_on is not None:
        born = max(end.birth_on for end in (person, other) if end is not None)
        check_day("since_on", body.since_on, not_before=born, today=today)
    if body.kind is RelationKind.LEGAL_REPRESENTATIVE:
        _check_representation(person, other, on=body.since_on or today)
    await _check_guardian(session, body.organisation_id, on=body.since_on or today)
    relation = PersonRelation(
        tenant_id=bound_tenant(session), **_told(person_id, body), since_on=body.since_on, account_id=caller.account_id
    )
    await _check_new(session, relation)
    session.add(relation)
    return _read(relation, person_id)


async def list_all(session: AsyncSession, person_id: UUID) -> RelationList:
    """Those of one person, from whichever side they were told. Raises NotFound."""
    person_id = await people.keeper(session, person_id)
    relations = (await session.scalars(_of_person(session, person_id).order_by(col(PersonRelation.id)))).all()
    return RelationList(items=[_read(relation, person_id) for relation in relations], next_cursor=None)


async def end(
    session: AsyncSession, person_id: UUID, relation_id: UUID, *, today: date, body: RelationEndCreate
) -> RelationRead:
    """Ends one. Raises NotFound, RelationEnded, DateInFuture, DateOutOfOrder."""
    statement = _of_person(session, person_id).where(col(PersonRelation.id) == relation_id)
    relation = (await session.scalars(statement.with_for_update(of=PersonRelation))).one_or_none()
    if relation is None:
        raise NotFound
    check_day("ended_on", body.ended_on, not_before=relation.since_on, today=today)
    if relation.ended_on is not None:
        raise RelationEnded
    relation.ended_on = body.ended_on
    relation.version += 1
    return _read(relation, person_id)


async def _both(session: AsyncSession, person_id: UUID, body: RelationCreate) -> tuple[Person, Person | None]:
    """The person, and the other where it is one.

    Raises NotFound, RelatedToThemselves, ApplicantUnknown, PersonMerged.
    """
    ends = await people.locked(session, *{person_id, body.other_person_id or person_id})
    if person_id not in ends:
        raise NotFound
    if body.other_person_id == person_id:
        raise RelatedToThemselves
    if body.other_person_id is not None and body.other_person_id not in ends:
        raise ApplicantUnknown(field="other_person_id")
    for person in ends.values():
        people.check_current(person)
    return ends[person_id], ends[body.other_person_id] if body.other_person_id else None


def _told(person_id: UUID, body: RelationCreate) -> dict[str, Any]:
    """Who is what to whom, as it is written: a child is so from its own side."""
    if body.kind is RelationKind.CHILD:
        return {"kind": RelationKind.PARENT, "person_id": body.other_person_id, "other_person_id": person_id}
    return {**body.model_dump(exclude={"since_on"}), "person_id": person_id}


def _check_representation(person: Person, other: Person | None, *, on: date) -> None:
    check_needs_representative(person.birth_on, person.capacity, on=on)
    if other is not None:
        check_may_represent(other.birth_on, other.capacity, on=on)


async def _check_guardian(session: AsyncSession, organisation_id: UUID | None, *, on: date) -> None:
    organisation = await organisations.check_known(session, organisation_id, on=on)
    if organisation is not None and OrganisationKind.GUARDIAN not in organisation.kinds:
        raise NotAGuardian


async def _check_new(session: AsyncSession, relation: PersonRelation) -> None:
    """Raises RelationAlreadyKnown; a parent's parent is nobody's child, so that either way round is the same one."""
    told = {same_relation(known) for known in await open_of(session, relation.person_id)}
    if same_relation(relation) in told:
        raise RelationAlreadyKnown


async def open_of(session: AsyncSession, person_id: UUID) -> list[PersonRelation]:
    """The relations of a person that have not ended."""
    return [relation for relation in await all_of(session, person_id) if relation.ended_on is None]


async def all_of(session: AsyncSession, person_id: UUID) -> Sequence[PersonRelation]:
    """The relations of a person, from either side, ended ones among them."""
    statement = select(PersonRelation).where(of_tenant(session, PersonRelation), _with(person_id))
    return (await session.scalars(statement.order_by(col(PersonRelation.id)))).all()


def same_relation(relation: PersonRelation) -> tuple[RelationKind, frozenset[UUID | None]]:
    """What two rows have in common that tell the same relation."""
    return relation.kind, frozenset({relation.person_id, relation.other_person_id or relation.organisation_id})


def _of_person(session: AsyncSession, person_id: UUID) -> Select[PersonRelation]:
    """Of either side, unless the other side was merged into somebody who has that relation."""
    told_here = col(PersonRelation.person_id) == person_id
    other_end = case((told_here, col(PersonRelation.other_person_id)), else_=col(PersonRelation.person_id))
    merged = select(col(Person.id)).where(
        of_tenant(session, Person), col(Person.id) == other_end, col(Person.merged_into_id).is_not(None)
    )
    return select(PersonRelation).where(of_tenant(session, PersonRelation), _with(person_id), ~merged.exists())


def _with(person_id: UUID) -> ColumnElement[bool]:
    return or_(col(PersonRelation.person_id) == person_id, col(PersonRelation.other_person_id) == person_id)


def _read(relation: PersonRelation, person_id: UUID) -> RelationRead:
    told_here = relation.person_id == person_id
    return RelationRead(
        id=relation.id,
        person_id=person_id,
        kind=RelationSeen(relation.kind.value) if told_here else FROM_THE_OTHER_SIDE[relation.kind],
        other_person_id=relation.other_person_id if told_here else relation.person_id,
        organisation_id=relation.organisation_id,
        since_on=relation.since_on,
        ended_on=relation.ended_on,
        entered_at=relation.entered_at,
    )
