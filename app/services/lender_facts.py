"""What a partner tells of its loan: its offer, who guarantees it, and its statements beside our figures."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import books
from app.domain.allocation import Slot
from app.domain.books import Books
from app.domain.ledger import Fact
from app.domain.lender_reports import ReportKind
from app.domain.statements import LineKind
from app.schemas.loans import GuaranteeRead, LenderRead
from app.services import lender_reversals, lender_versions, loan_steps, partners, schedules
from app.tables import LenderReport, Loan, Statement, StatementLine, StatementPosition
from app.tenancy import of_tenant

# What the rules may leave open and the lender's loan shows as such.
_SHOWN = ("guarantees", "interest_borne_by")
OF_STATEMENT = and_(
    col(Statement.tenant_id) == StatementLine.tenant_id, col(Statement.id) == StatementLine.statement_id
)


async def position_on(session: AsyncSession, loan: Loan) -> date | None:
    """The day up to which the partner has told all it knows of its loans here; null before its first statement.

    A statement of which a line was refused here is not whole, and does not count.
    """
    if loan.partner_id is None:
        return None
    whole = and_(
        col(StatementPosition.tenant_id) == Statement.tenant_id, col(StatementPosition.statement_id) == Statement.id
    )
    statement = (
        select(func.max(Statement.position_on))
        .join(StatementPosition, whole)
        .where(of_tenant(session, Statement), col(Statement.partner_id) == loan.partner_id)
    )
    return (await session.scalars(statement)).one()


async def read(
    session: AsyncSession, loan: Loan, slots: Sequence[Slot], facts: Sequence[Fact], state: Books, *, as_of: date
) -> LenderRead | None:
    """The lender's side of the loan on a day, whose books are `state`; null where the CCAS lends."""
    if loan.partner_id is None:
        return None
    _, product = await loan_steps.rules_of(session, loan)
    told = await _last_balance(session, loan, as_of)
    lost = await _reported(session, loan, ReportKind.LOSS, as_of)
    gap = told[1] - books.books(facts, slots, on=told[0]).outstanding_cents if told else None
    return LenderRead(
        partner=await partners.code_of(session, loan.partner_id),
        handoff_id=loan.handoff_id,
        offer_number=loan.offer_number,
        offer_valid_until=loan.offer_valid_until,
        contract_sha256=loan.contract_sha256,
        interest_borne_by=product.interest_borne_by,
        guarantees=None
        if product.guarantees is None
        else [GuaranteeRead.model_validate(guarantee) for guarantee in product.guarantees],
        not_stated=[path for path in product.not_stated if path.partition(".")[0] in _SHOWN],
        position_on=await position_on(session, loan),
        reported_outstanding_cents=told[1] if told else None,
        gap_cents=gap,
        accelerated_on=await lender_versions.called_due_since(session, loan, on=as_of),
        lost_principal_cents=sum(one.principal_cents or 0 for one in lost),
        lost_interest_cents=sum(one.interest_cents or 0 for one in lost),
        unpaid_instalments=await _still_unpaid(session, loan, state, as_of=as_of),
    )


async def _reported(session: AsyncSession, loan: Loan, kind: ReportKind, as_of: date) -> Sequence[LenderReport]:
    statement = select(LenderReport).where(
        of_tenant(session, LenderReport),
        col(LenderReport.loan_id) == loan.id,
        col(LenderReport.kind) == kind,
        col(LenderReport.effect_on) <= as_of,
        ~lender_reversals.is_reversed(session),
    )
    return (await session.scalars(statement)).all()


async def _last_balance(session: AsyncSession, loan: Loan, as_of: date) -> tuple[date, int] | None:
    """The last balance that the lender told, with its position date."""
    statement = (
        select(col(Statement.position_on), col(StatementLine.outstanding_principal_cents))
        .join(StatementLine, OF_STATEMENT)
        .where(
            of_tenant(session, StatementLine),
            col(StatementLine.loan_id) == loan.id,
            col(StatementLine.outstanding_principal_cents).is_not(None),
            col(Statement.position_on) <= as_of,
        )
        .order_by(col(Statement.position_on).desc(), col(StatementLine.id).desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None or row[1] is None else (row[0], row[1])


async def _still_unpaid(session: AsyncSession, loan: Loan, state: Books, *, as_of: date) -> list[int]:
    """The numbers that were told, of the schedule of their day, of the instalments that are not paid yet."""
    told = await told_unpaid(session, loan, as_of)
    if not told:
        return []
    slots_on = await schedules.slots_on(session, await schedules.timeline(session, loan))
    left = {row.ref for row in state.rows if row.left_cents}
    unpaid = {number for number, on in told for slot in slots_on(on) if slot.ref in left and slot.number == number}
    return sorted(unpaid)


async def told_unpaid(session: AsyncSession, loan: Loan, as_of: date) -> list[tuple[int, date]]:
    """The numbers of the instalments that the lender told were not paid when they were due, and the positions."""
    statement = (
        select(col(StatementLine.instalment_number), col(Statement.position_on))
        .join(Statement, OF_STATEMENT)
        .where(
            of_tenant(session, StatementLine),
            col(StatementLine.loan_id) == loan.id,
            col(StatementLine.kind) == LineKind.UNPAID,
            col(Statement.position_on) <= as_of,
        )
        .distinct()
        .order_by(col(StatementLine.instalment_number), col(Statement.position_on))
    )
    return [(number, on) for number, on in await session.execute(statement) if number is not None]
