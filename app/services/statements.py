"""Statements of a partner on its loans: a copy of what it tells, never a decision of ours."""

from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day, check_order
from app.domain.ledger import RepaymentSource
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.partner_errors import DateAfterPosition, InstalmentUnknown
from app.domain.permissions import Caller
from app.domain.statements import LineKind
from app.messages import Language
from app.schemas.batches import BatchRead, Malformed
from app.schemas.statements import Line as ToldLine
from app.schemas.statements import RepaymentLine, StatementCreate, StatementRead, UnpaidLine
from app.services import batches, handoff_routes, loan_states, offers, repayments
from app.tables import Loan, Statement, StatementLine, StatementPosition
from app.tenancy import bind


async def create(
    session: AsyncSession, *, caller: Caller, today: date, language: Language, body: StatementCreate
) -> StatementRead:
    """Records each line for itself, and moves the position date of the partner's loans in every CCAS.

    Where a line was refused, what it told is not known: the position of that CCAS stays, and a line that nobody can
    read holds all of them back. Nobody is late by a line of ours that failed.

    Raises DateInFuture; answers for each line: NotFound, IllegalTransition, ReferenceAlreadyUsed, DateAfterPosition,
    InstalmentUnknown, DateOutOfOrder.
    """
    check_day("position_on", body.position_on, not_before=None, today=today)
    statements = await _open(session, caller, body.position_on)
    record = partial(_record, session, caller, statements, body.position_on)
    answers = await batches.each(
        session,
        body.items,
        record,
        order=lambda line: str(line.handoff_id),
        caller=caller,
        language=language,
    )
    await _move_positions(session, statements, body, answers)
    return StatementRead(position_on=body.position_on, items=answers.items)


async def _open(session: AsyncSession, caller: Caller, position_on: date) -> dict[UUID, UUID]:
    """One statement in each CCAS that handed something over to the partner, by tenant."""
    opened: dict[UUID, UUID] = {}
    assert caller.partner_id is not None  # noqa: S101 - the table of roles lets partners alone come here
    for tenant_id in await handoff_routes.tenants_of(session, caller):
        await bind(session, tenant_id)
        statement = Statement(
            tenant_id=tenant_id,
            partner_id=caller.partner_id,
            position_on=position_on,
            partner_client_id=caller.account_id,
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
    loan = await offers.held_loan(session, caller, told.handoff_id, LoanAction.REPAY)
    after(loan.stage, LoanAction.REPAY)
    line = StatementLine(
        tenant_id=loan.tenant_id,
        statement_id=statements[loan.tenant_id],
        loan_id=loan.id,
        kind=LineKind(told.kind),
        outstanding_principal_cents=told.outstanding_principal_cents,
    )
    answer = line.id, False
    if isinstance(told, RepaymentLine):
        answer = await _repayment(session, caller, loan, position_on, told)
        line.kind, line.ledger_entry_id = (LineKind.BALANCE, None) if answer[1] else (line.kind, answer[0])
    elif isinstance(told, UnpaidLine):
        await _check_instalment(session, loan, told.instalment_number, position_on)
        line.instalment_number = told.instalment_number
    # A repayment told again is on an earlier line already, but for the balance that comes with it.
    if not answer[1] or told.outstanding_principal_cents is not None:
        session.add(line)
        loan.version += 1
    return answer


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
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    check_order("paid_on", line.paid_on, not_before=disbursed_on or line.paid_on)
    entry, known = await repayments.enter(session, loan, caller=caller, today=position_on, told=told, field="paid_on")
    return entry.id, known


async def _check_instalment(session: AsyncSession, loan: Loan, number: int, position_on: date) -> None:
    _, rows = await loan_states.borrower_rows(session, loan)
    if number > len(rows):
        raise InstalmentUnknown(number=number, last=len(rows))
    if rows[number - 1].due_on > position_on:
        raise DateAfterPosition(field="due_on", position_on=position_on.isoformat())
