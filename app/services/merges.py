"""Two rows found to be one person: what belonged to one belongs to the other, until that is taken back.

Whoever sees both rows merges them whole, with the files that lie in communes that they do not see.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import ApplicantUnknown, NotFound, SamePersonTwice
from app.domain.people_errors import MergedWithThemselves, MergeOfRelated, MergeReversed
from app.domain.permissions import Caller
from app.schemas.merges import MergeCreate, MergeList, MergeRead, MergeReversalCreate, MergeReversalRead, MovedRow
from app.services import people, relations
from app.tables import Person, PersonMerge, PersonMergeReversal, PersonRelation, Request
from app.tenancy import TenantTable, of_tenant, widened

Row = dict[str, str]


async def create(session: AsyncSession, person_id: UUID, *, caller: Caller, body: MergeCreate) -> MergeRead:
    """Moves to a person what belongs to another row of the same person; both identifiers stay good.

    Raises NotFound, ApplicantUnknown, MergedWithThemselves, PersonMerged, MergeOfRelated, SamePersonTwice.
    """
    both = await people.locked(session, person_id, body.merged_id)
    if person_id not in both:
        raise NotFound
    if body.merged_id == person_id:
        raise MergedWithThemselves
    if body.merged_id not in both:
        raise ApplicantUnknown(field="merged_id")
    kept, merged = both[person_id], both[body.merged_id]
    people.check_current(kept)
    people.check_current(merged)
    async with widened(session):
        await _check_apart(session, kept.id, merged.id)
        moved = [*await _move_relations(session, merged.id, kept.id), *await _move_files(session, merged.id, kept.id)]
        _tell(merged, merged_into_id=kept.id)
        merge = PersonMerge(
            tenant_id=merged.tenant_id, kept_id=kept.id, moved=moved, account_id=caller.account_id, **body.model_dump()
        )
        session.add(merge)
    return _read(merge, None)


async def list_all(session: AsyncSession, person_id: UUID) -> MergeList:
    """Those that a person took part in, kept or merged. Raises NotFound."""
    await people.read(session, person_id)
    either = or_(col(PersonMerge.kept_id) == person_id, col(PersonMerge.merged_id) == person_id)
    statement = (
        select(PersonMerge, PersonMergeReversal)
        .outerjoin(
            PersonMergeReversal,
            and_(of_tenant(session, PersonMergeReversal), col(PersonMergeReversal.merge_id) == PersonMerge.id),
        )
        .where(of_tenant(session, PersonMerge), either)
        .order_by(col(PersonMerge.id))
    )
    rows = (await session.execute(statement)).all()
    return MergeList(items=[_read(merge, reversal) for merge, reversal in rows], next_cursor=None)


async def reverse(
    session: AsyncSession, person_id: UUID, merge_id: UUID, *, caller: Caller, body: MergeReversalCreate
) -> MergeRead:
    """Puts back what the merge moved and nothing else; what was given to somebody else since stays there.

    Raises NotFound, MergeReversed, PersonMerged while the kept person is merged into another.
    """
    statement = select(PersonMerge).where(
        of_tenant(session, PersonMerge), col(PersonMerge.id) == merge_id, col(PersonMerge.kept_id) == person_id
    )
    merge = (await session.scalars(statement)).one_or_none()
    if merge is None:
        raise NotFound
    both = await people.locked(session, merge.kept_id, merge.merged_id)
    if both[merge.merged_id].merged_into_id is None or await _reversal(session, merge.id) is not None:
        raise MergeReversed
    people.check_current(both[merge.kept_id])
    async with widened(session):
        for table, column in _belongings():
            ids = [
                UUID(row["id"])
                for row in merge.moved
                if row["table"] == table.__tablename__ and row["column"] == column
            ]
            await _give(session, table, column, ids, giver=merge.kept_id, taker=merge.merged_id)
        _tell(both[merge.merged_id], merged_into_id=None)
    reversal = PersonMergeReversal(
        tenant_id=merge.tenant_id, merge_id=merge.id, reason=body.reason, account_id=caller.account_id
    )
    session.add(reversal)
    return _read(merge, reversal)


async def _check_apart(session: AsyncSession, kept_id: UUID, merged_id: UUID) -> None:
    """Raises MergeOfRelated, and SamePersonTwice where one of them borrows beside the other."""
    both = {kept_id, merged_id}
    if any({one.person_id, one.other_person_id} == both for one in await relations.open_of(session, merged_id)):
        raise MergeOfRelated
    statement = select(col(Request.id)).where(
        of_tenant(session, Request), col(Request.applicant_id).in_(both), col(Request.co_applicant_id).in_(both)
    )
    if (await session.scalars(statement.limit(1))).one_or_none() is not None:
        raise SamePersonTwice


def _tables_below(base: type[TenantTable]) -> Iterator[type[TenantTable]]:
    """The tables of a base class; one between only gives columns to those below it."""
    for one in base.__subclasses__():
        if hasattr(one, "__table__"):
            yield one
        yield from _tables_below(one)


def _belongings() -> Iterator[tuple[type[TenantTable], str]]:
    """Every column that says whose a row is, of the tables whose rows may change: history stays as it was written."""
    for table in _tables_below(TenantTable):
        described: Any = table.__table__  # type: ignore[attr-defined]
        if "UPDATE" not in described.info["grants"] or table is Person:
            continue
        for key in described.foreign_key_constraints:
            if key.referred_table.name == Person.__tablename__:
                yield table, next(name for name in key.column_keys if name != "tenant_id")


async def _move_files(session: AsyncSession, merged_id: UUID, kept_id: UUID) -> list[Row]:
    moved: list[Row] = []
    for table, column in _belongings():
        if table is not PersonRelation:
            ids = await _give(session, table, column, None, giver=merged_id, taker=kept_id)
            moved += [_row(table, column, row_id) for row_id in ids]
    return moved


async def _move_relations(session: AsyncSession, merged_id: UUID, kept_id: UUID) -> list[Row]:
    """All but those that the kept person has already, and those with the kept person that are over."""
    told = {relations.same_relation(known) for known in await relations.open_of(session, kept_id)}
    moved = []
    for relation in await relations.all_of(session, merged_id):
        column = "person_id" if relation.person_id == merged_id else "other_person_id"
        if kept_id in (relation.person_id, relation.other_person_id):
            continue
        kind, ends = relations.same_relation(relation)
        if relation.ended_on is None and (kind, ends - {merged_id} | {kept_id}) in told:
            continue
        setattr(relation, column, kept_id)
        relation.version += 1
        moved.append(_row(PersonRelation, column, relation.id))
    return moved


async def _give(
    session: AsyncSession, table: type[TenantTable], column: str, ids: list[UUID] | None, *, giver: UUID, taker: UUID
) -> list[UUID]:
    """Moves a column's rows, all or those named, from one person to another; the identifiers of what moved."""
    owner: Any = getattr(table, column)
    change: dict[str, Any] = {column: taker}
    if "version" in table.model_fields:
        change["version"] = table.version + 1  # type: ignore[attr-defined]
    statement = update(table).where(of_tenant(session, table), owner == giver).values(change)
    if ids is not None:
        statement = statement.where(col(table.id).in_(ids))
    return [*(await session.scalars(statement.returning(col(table.id)))).all()]


def _row(table: type[TenantTable], column: str, row_id: UUID) -> Row:
    return {"table": str(table.__tablename__), "column": column, "id": str(row_id)}


def _tell(person: Person, *, merged_into_id: UUID | None) -> None:
    person.merged_into_id = merged_into_id
    person.version += 1


async def _reversal(session: AsyncSession, merge_id: UUID) -> PersonMergeReversal | None:
    statement = select(PersonMergeReversal).where(
        of_tenant(session, PersonMergeReversal), col(PersonMergeReversal.merge_id) == merge_id
    )
    return (await session.scalars(statement)).one_or_none()


def _read(merge: PersonMerge, reversal: PersonMergeReversal | None) -> MergeRead:
    return MergeRead(
        **merge.model_dump(include={"id", "kept_id", "merged_id", "reason", "account_id", "entered_at"}),
        moved=[MovedRow.model_validate(row) for row in merge.moved],
        reversal=None if reversal is None else MergeReversalRead.model_validate(reversal),
    )
