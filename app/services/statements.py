"""Statements of a partner on its loans: a copy of what it tells, never a decision of ours."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.credential_errors import SignatureMissing
from app.domain.dates import check_day
from app.domain.ledger import RepaymentSource
from app.domain.loan_lifecycle import LoanAction
from app.domain.partner_errors import DateAfterPosition, InstalmentUnknown
from app.domain.permissions import Caller
from app.domain.statements import LineKind
from app.messages import Language
from app.schemas.batches import BatchRead, Malformed
from app.schemas.lender_reports import ReportAnswer
from app.schemas.offers import OfferRead
from app.schemas.statements import (
    AccelerationLine,
    BalanceLine,
    DisbursementLine,
    GuaranteeCallLine,
    LossLine,
    OtherLine,
    RecoveryLine,
    RepaymentLine,
    ReturnedLine,
    ReversalLine,
    ScheduleLine,
    StatementCreate,
    StatementRead,
    UnpaidLine,
)
from app.schemas.statements import Line as ToldLine
from app.services import (
    batches,
    handoff_routes,
    lender_disbursements,
    lender_facts,
    lender_reports,
    lender_reversals,
    offers,
    push_signatures,
    repayments,
    returned_debits,
    schedules,
)
from app.tables import Loan, Statement, StatementLine, StatementPosition
from app.tenancy import bind, of_tenant

# The day of what a lender tells on a line as it may tell it alone, and what records it.
_OTHERS: dict[type[OtherLine], tuple[str, Callable[..., Awaitable[OfferRead | ReportAnswer]]]] = {
    DisbursementLine: ("disbursed_on", lender_disbursements.create),
    ScheduleLine: ("decided_on", lender_reports.reschedule),
    AccelerationLine: ("accelerated_on", lender_reports.accelerate),
    LossLine: ("lost_on", lender_reports.lose),
    GuaranteeCallLine: ("called_on", lender_reports.call),
    RecoveryLine: ("recovered_on", lender_reports.recover),
    ReversalLine: ("reversed_on", lender_reports.reverse),
}


async def create(
    session: AsyncSession,
    *,
    caller: Caller,
    today: date,
    language: Language,
    body: StatementCreate,
    numbers: Sequence[int] | None = None,
) -> StatementRead:
    """Records each line for itself, and moves the position date of the partner's loans in every CCAS.

    The answers bear the places of the lines, or `numbers` where they are not theirs.

    What a lender tells of its money is a fact: recorded wherever the loan stands, and shown as an anomaly where nothing
    asked for it. Where a line was refused, what it told is not known: the position of that CCAS stays, and a line that
    nobody can read holds all of them back. Nobody is late by a line of ours that failed. What was told before, of the
    same position where it has no reference, is known and not recorded again.

    Raises DateInFuture, SignatureMissing; answers for each line: NotFound, SignatureMissing, IllegalTransition where no
    loan was offered yet, ReferenceAlreadyUsed, DateAfterPosition, InstalmentUnknown, AlreadyReversed.
    """
    check_day("position_on", body.position_on, not_before=None, today=today)
    statements = await _open(session, caller, body)
    record = partial(_record, session, caller, statements, body.position_on)
    answers = await batches.each(
        session,
        body.items,
        record,
        numbers=numbers,
        order=lambda line: str(line.handoff_id),
        caller=caller,
        language=language,
    )
    await _move_positions(session, statements, body, answers)
    return StatementRead(position_on=body.position_on, items=answers.items)


async def _open(session: AsyncSession, caller: Caller, body: StatementCreate) -> dict[UUID, UUID]:
    """One statement in each CCAS that handed something over to the partner, by tenant.

    None in a CCAS whose agreement asks for a signature that is missing: its lines are refused, and its position stays.
    Raises SignatureMissing where no line would tell of it.
    """
    opened: dict[UUID, UUID] = {}
    assert caller.partner_id is not None  # noqa: S101 - the table of roles lets partners alone come here
    for tenant_id in await handoff_routes.tenants_of(session, caller):
        await bind(session, tenant_id)
        if await push_signatures.is_missing_in_tenant(session, caller):
            if not body.items:
                raise SignatureMissing
            continue
        statement = Statement(
            tenant_id=tenant_id,
            partner_id=caller.partner_id,
            position_on=body.position_on,
            partner_client_id=caller.partner_client_id,
            telling_id=caller.telling_id,
        )
        session.add(statement)
        await session.flush()  # its lines refer to it through a foreign key without an ORM relation
        opened[tenant_id] = statement.id
    return opened


async def _move_positions(
    session: AsyncSession, statements: dict[UUID, UUID], body: StatementCreate, answers: BatchRead
) -> None:
    refused = [told for told, answer in zip(body.items, answers.items, strict=True) if answer.status == "refused"]
    if any(isinstance(told, Malformed) for told in refused):
        return
    held_back = await handoff_routes.tenants_behind(session, [told.handoff_id for told in refused])
    for tenant_id, statement_id in statements.items():
        if tenant_id not in held_back:
            await bind(session, tenant_id)
            session.add(StatementPosition(tenant_id=tenant_id, statement_id=statement_id))
            await session.flush()


async def _record(
    session: AsyncSession, caller: Caller, statements: dict[UUID, UUID], position_on: date, told: ToldLine
) -> tuple[UUID, bool]:
    loan = await offers.reported_loan(
        session, caller, told.handoff_id, told.kind if isinstance(told, OtherLine) else LoanAction.REPAY
    )
    if loan.tenant_id not in statements:
        raise SignatureMissing
    if isinstance(told, OtherLine):
        return await _other(session, caller, position_on, told)
    owed_cents = told.outstanding_principal_cents
    line = StatementLine(
        tenant_id=loan.tenant_id,
        statement_id=statements[loan.tenant_id],
        loan_id=loan.id,
        kind=LineKind(told.kind),
        outstanding_principal_cents=owed_cents,
    )
    owed = col(StatementLine.outstanding_principal_cents) == owed_cents
    of_balance = None if owed_cents is None else await _line_of(session, loan, position_on, owed)
    earlier: UUID | None = None
    if isinstance(told, RepaymentLine):
        entry_id, known = await _repayment(session, caller, loan, position_on, told)
        earlier, line.ledger_entry_id = (entry_id, None) if known else (None, entry_id)
    elif isinstance(told, UnpaidLine):
        same = col(StatementLine.instalment_number) == told.instalment_number
        earlier = await _line_of(session, loan, position_on, same)
        if earlier is None:
            await _check_instalment(session, loan, told.instalment_number, position_on)
            line.instalment_number = told.instalment_number
    elif isinstance(told, ReturnedLine):
        earlier = await returned_debits.told_before(session, loan, told, position_on=position_on)
        line.sqlmodel_update({} if earlier else told.model_dump(include=returned_debits.FIELDS))
    elif isinstance(told, BalanceLine):
        earlier = of_balance
    # What is told again is on an earlier line already, but for a balance that comes with it for the first time.
    if earlier is None or (owed_cents is not None and of_balance is None):
        line.kind = LineKind.BALANCE if earlier else line.kind
        session.add(line)
        loan.version += 1
    await returned_debits.settle(session, loan, caller=caller)
    await lender_reversals.settle(session, loan, caller=caller)
    return earlier or line.ledger_entry_id or line.id, earlier is not None


async def _line_of(session: AsyncSession, loan: Loan, position_on: date, told: ColumnElement[bool]) -> UUID | None:
    """The first line that told something of a loan at a position."""
    statement = (
        select(col(StatementLine.id))
        .join(Statement, lender_facts.OF_STATEMENT)
        .where(
            of_tenant(session, StatementLine),
            col(StatementLine.loan_id) == loan.id,
            col(Statement.position_on) == position_on,
            told,
        )
        .order_by(col(StatementLine.id))
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def _other(session: AsyncSession, caller: Caller, position_on: date, told: OtherLine) -> tuple[UUID, bool]:
    """What the lender may push alone, too, and as it would."""
    field, record = _OTHERS[type(told)]
    if getattr(told, field) > position_on:
        raise DateAfterPosition(field=field, position_on=position_on.isoformat())
    answer = await record(session, told.handoff_id, caller=caller, today=position_on, body=told)
    return (answer.loan_id if isinstance(answer, OfferRead) else answer.id), answer.known


async def _repayment(
    session: AsyncSession, caller: Caller, loan: Loan, position_on: date, line: RepaymentLine
) -> tuple[UUID, bool]:
    if line.paid_on > position_on:
        raise DateAfterPosition(field="paid_on", position_on=position_on.isoformat())
    told = repayments.Told(
        amount_cents=line.amount_cents,
        received_on=line.paid_on,
        source=RepaymentSource.LENDER,
        reference=line.reference,
    )
    entry, known = await repayments.enter(session, loan, caller=caller, today=position_on, told=told, field="paid_on")
    return entry.id, known


async def _check_instalment(session: AsyncSession, loan: Loan, number: int, position_on: date) -> None:
    schedule = await schedules.active(session, loan, on=position_on)
    slots = (await schedules.slots(session, [schedule]))[schedule.id]
    rows = [slot for slot in slots if slot.ref is not None]
    if number > len(rows):
        raise InstalmentUnknown(number=number, last=len(rows))
    if rows[number - 1].due_on > position_on:
        raise DateAfterPosition(field="due_on", position_on=position_on.isoformat())
