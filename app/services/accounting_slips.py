"""Slips told to the public accountant: numbered without a hole, each line once, kept as they were told."""

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.accounting_errors import NothingToExport
from app.domain.dates import check_day
from app.domain.desk_errors import CommuneOutOfReach
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.domain.titles import LineType, SlipKind
from app.schemas.accounting_slips import (
    SlipCreate,
    SlipFileQuery,
    SlipItem,
    SlipLineRead,
    SlipListQuery,
    SlipParty,
    SlipRead,
    SlipTotals,
)
from app.schemas.base import Page
from app.services import slip_files, slip_lines
from app.services.pages import page
from app.services.references import next_reference
from app.services.slip_files import SlipFile
from app.tables import AccountingLine, AccountingSlip, Loan
from app.tenancy import bound_tenant, of_tenant

_COLUMNS = [getattr(AccountingSlip, name) for name in SlipItem.model_fields]
_ITEMS = TypeAdapter(list[SlipItem])
_SERIES = {SlipKind.TITRES: "BT", SlipKind.MANDATS: "BM"}
_LINES = {SlipKind.TITRES: slip_lines.of_titles, SlipKind.MANDATS: slip_lines.of_payments}


async def create(session: AsyncSession, kind: SlipKind, *, caller: Caller, today: date, body: SlipCreate) -> SlipRead:
    """Tells what was not told yet, or no longer holds, on the next slip of the year of its day.

    Raises CommuneOutOfReach (whoever works for some communes alone), DateInFuture, DateOutOfOrder (before an earlier
    slip), NothingToExport.
    """
    if not caller.sees_whole_tenant:
        raise CommuneOutOfReach
    issued_on = body.issued_on or today
    # The number is taken first: it makes slips of one kind wait for each other.
    reference = await next_reference(session, series=_SERIES[kind], year=issued_on.year)
    last = select(func.max(AccountingSlip.issued_on)).where(of_tenant(session, AccountingSlip))
    check_day(
        "issued_on",
        issued_on,
        not_before=(await session.scalars(last.where(col(AccountingSlip.kind) == kind))).one(),
        today=today,
    )
    slip = AccountingSlip(
        tenant_id=bound_tenant(session),
        kind=kind,
        year=issued_on.year,
        number=int(reference.rpartition("-")[2]),
        account_id=caller.account_id,
        **{**body.model_dump(), "issued_on": issued_on},
    )
    lines = await _LINES[kind](session, slip)
    if not lines:
        raise NothingToExport(due_until=body.due_until.isoformat())
    session.add(slip)
    await session.flush()  # its lines refer to it through a foreign key without an ORM relation
    session.add_all(lines)
    await session.flush()  # the answer is read back
    return await read(session, slip.id, caller=caller)


async def list_page(session: AsyncSession, *, caller: Caller, query: SlipListQuery) -> Page[SlipItem]:
    """Slips, newest first; none for whoever works for some communes alone."""
    statement = select(*_COLUMNS).where(literal(caller.sees_whole_tenant))
    for name in ("kind", "year"):
        if (wanted := getattr(query, name)) is not None:
            statement = statement.where(getattr(AccountingSlip, name) == wanted)
    return await page(session, statement, AccountingSlip, query=query, items=_ITEMS)


async def read(session: AsyncSession, slip_id: UUID, *, caller: Caller) -> SlipRead:
    """A slip with its lines. Raises NotFound, also for whoever works for some communes alone: it names all of them."""
    slip = await session.get(AccountingSlip, (bound_tenant(session), slip_id)) if caller.sees_whole_tenant else None
    if slip is None:
        raise NotFound
    statement = (
        select(AccountingLine, col(Loan.reference))
        .join(Loan, col(Loan.id) == AccountingLine.loan_id)
        .where(of_tenant(session, AccountingLine), of_tenant(session, Loan), col(AccountingLine.slip_id) == slip.id)
        .order_by(col(AccountingLine.rank))
    )
    lines = [_line(line, loan_reference) for line, loan_reference in await session.execute(statement)]
    return SlipRead(
        **{name: getattr(slip, name) for name in SlipItem.model_fields},
        lines=lines,
        totals=SlipTotals(
            **{f"{kind.value}_cents": sum(line.total_cents for line in lines if line.type is kind) for kind in LineType}
        ),
    )


async def file(session: AsyncSession, slip_id: UUID, *, caller: Caller, query: SlipFileQuery) -> SlipFile:
    """The file of a slip. Raises NotFound."""
    return slip_files.write(await read(session, slip_id, caller=caller), encoding=query.encoding)


def _line(line: AccountingLine, loan_reference: str) -> SlipLineRead:
    told = dict(line.told)
    return SlipLineRead(
        rank=line.rank,
        type=line.type,
        loan_id=line.loan_id,
        loan_reference=loan_reference,
        reference=f"{loan_reference}-{line.ref}",
        number=line.number,
        due_on=line.due_on,
        principal_cents=line.principal_cents,
        interest_cents=line.interest_cents,
        total_cents=line.principal_cents + line.interest_cents,
        party=SlipParty(**told.pop("party")),
        ledger_entry_id=line.ledger_entry_id,
        **told,
    )
