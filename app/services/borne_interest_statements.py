"""Numbered statements of interest borne: each instalment is billed once, and what changed later is corrected."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import borne_interest
from app.domain.borne_interest import BornePart
from app.domain.borne_interest_errors import MonthNotOver, NothingBorne, StatementAlreadyNumbered
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.schemas.borne_interest_statements import (
    BorneInterestStatementCreate,
    BorneInterestStatementItem,
    BorneInterestStatementList,
    BorneInterestStatementQuery,
    BorneInterestStatementRead,
    StatementLineRead,
)
from app.services import borne_interest as monthly
from app.services import partners
from app.services.references import next_reference
from app.tables import BorneInterestLine, BorneInterestStatement, Loan, Partner
from app.tenancy import bound_tenant, of_tenant, widened

_ITEM = [
    getattr(BorneInterestStatement, name)
    for name in BorneInterestStatementItem.model_fields
    if name in BorneInterestStatement.model_fields
]


async def create(
    session: AsyncSession, *, caller: Caller, today: date, body: BorneInterestStatementCreate
) -> BorneInterestStatementRead:
    """Numbers the statement of a month that is over, whatever communes the caller sees.

    Raises UnknownPartner, MonthNotOver, StatementAlreadyNumbered, NothingBorne.
    """
    partner = await partners.by_code(session, body.partner)
    ends_on = borne_interest.month_end(date(body.year, body.month, 1))
    if ends_on >= today:
        raise MonthNotOver(ends_on=ends_on.isoformat())
    await _take_turn(session, partner, body.payer)
    earlier = await _of_payer(session, partner, body.payer)
    months = {borne_interest.month_end(date(one.year, one.month, 1)): one.reference for one in earlier}
    if ends_on in months:
        raise StatementAlreadyNumbered(reference=months[ends_on])
    lines = await _to_bill(session, partner, body.payer, {*months, ends_on})
    if not lines:
        raise NothingBorne(payer=body.payer, partner=partner.name)
    statement = BorneInterestStatement(
        tenant_id=bound_tenant(session),
        reference=await next_reference(session, series="I", year=body.year),
        partner_id=partner.id,
        account_id=caller.account_id,
        **body.model_dump(exclude={"partner"}),
    )
    session.add(statement)
    await session.flush()  # the lines refer to the statement through a foreign key without an ORM relation
    session.add_all(
        _line(statement, part, correction=borne_interest.month_end(part.due_on) != ends_on) for part in lines
    )
    await session.flush()  # the answer is read back
    return await read(session, statement.id)


async def list_all(session: AsyncSession, *, query: BorneInterestStatementQuery) -> BorneInterestStatementList:
    """The statements of a year, in the order in which they were numbered."""
    statement = _statement(session).where(col(BorneInterestStatement.year) == query.year)
    rows = (await session.execute(statement)).mappings()
    return BorneInterestStatementList(items=[BorneInterestStatementItem(**row) for row in rows], next_cursor=None)


async def read(session: AsyncSession, statement_id: UUID) -> BorneInterestStatementRead:
    """One statement with its lines, whatever communes the caller sees. Raises NotFound."""
    statement = _statement(session).add_columns(col(BorneInterestStatement.account_id))
    row = (
        (await session.execute(statement.where(col(BorneInterestStatement.id) == statement_id)))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound
    return BorneInterestStatementRead(**row, lines=await _lines(session, statement_id))


def _statement(session: AsyncSession) -> Select[Any]:
    total = (
        select(func.sum(col(BorneInterestLine.cents)))
        .where(
            col(BorneInterestLine.tenant_id) == BorneInterestStatement.tenant_id,
            col(BorneInterestLine.statement_id) == BorneInterestStatement.id,
        )
        .scalar_subquery()
    )
    return (
        select(*_ITEM, col(Partner.code).label("partner"), total.label("total_cents"))
        .join(Partner, col(Partner.id) == BorneInterestStatement.partner_id)
        .where(of_tenant(session, BorneInterestStatement))
        .order_by(col(BorneInterestStatement.id))
    )


async def _lines(session: AsyncSession, statement_id: UUID) -> list[StatementLineRead]:
    statement = (
        select(
            col(Loan.reference).label("loan_reference"),
            *(
                getattr(BorneInterestLine, name)
                for name in ("loan_id", "instalment_ref", "due_on", "cents", "correction")
            ),
        )
        .join(Loan, and_(col(Loan.tenant_id) == BorneInterestLine.tenant_id, col(Loan.id) == BorneInterestLine.loan_id))
        .where(of_tenant(session, BorneInterestLine), col(BorneInterestLine.statement_id) == statement_id)
        .order_by(col(BorneInterestLine.id))
    )
    async with widened(session):
        rows = (await session.execute(statement)).mappings().all()
    return [StatementLineRead(**row) for row in rows]


async def _take_turn(session: AsyncSession, partner: Partner, payer: str) -> None:
    """Whoever numbers another statement to the payer meanwhile waits, and then sees what this one billed."""
    turn = func.hashtextextended(f"{bound_tenant(session)}/borne-interest/{partner.id}/{payer}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(turn)))


async def _of_payer(session: AsyncSession, partner: Partner, payer: str) -> Sequence[BorneInterestStatement]:
    statement = select(BorneInterestStatement).where(
        of_tenant(session, BorneInterestStatement),
        col(BorneInterestStatement.partner_id) == partner.id,
        col(BorneInterestStatement.payer) == payer,
    )
    return (await session.scalars(statement)).all()


async def _to_bill(session: AsyncSession, partner: Partner, payer: str, months: set[date]) -> list[BornePart]:
    async with widened(session):
        told = await monthly.owed(session, partner_id=partner.id)
        billed = await _billed(session, partner, payer)
    owed = [part for _, parts in told for part in parts if part.payer == payer]
    return borne_interest.to_bill(owed, billed, months)


async def _billed(session: AsyncSession, partner: Partner, payer: str) -> list[BornePart]:
    names = ("loan_id", "payer", "instalment_ref", "due_on", "cents")
    statement = (
        select(*(getattr(BorneInterestLine, name) for name in names))
        .join(
            BorneInterestStatement,
            and_(
                col(BorneInterestStatement.tenant_id) == BorneInterestLine.tenant_id,
                col(BorneInterestStatement.id) == BorneInterestLine.statement_id,
            ),
        )
        .where(
            of_tenant(session, BorneInterestLine),
            col(BorneInterestStatement.partner_id) == partner.id,
            col(BorneInterestLine.payer) == payer,
        )
    )
    return [BornePart(**row) for row in (await session.execute(statement)).mappings()]


def _line(statement: BorneInterestStatement, part: BornePart, *, correction: bool) -> BorneInterestLine:
    return BorneInterestLine(
        tenant_id=statement.tenant_id,
        statement_id=statement.id,
        loan_id=part.loan_id,
        payer=part.payer,
        instalment_ref=part.instalment_ref,
        due_on=part.due_on,
        cents=part.cents,
        correction=correction,
    )
