"""Support during a loan (accompagnement): what was agreed, and until when. The loan itself is only read."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import support
from app.domain.contracts import BORROWERS
from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.loan_lifecycle import LoanStage
from app.domain.partner_errors import SignedOnAnotherDay
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.support import SupportForm, SupportFrame
from app.domain.support_errors import LoanNotSigned, SupportAlreadyAgreed, SupportEnded
from app.schemas.support_contracts import (
    SupportContractCreate,
    SupportContractList,
    SupportContractRead,
    SupportEndCreate,
)
from app.services import loan_states, loan_steps, organisations
from app.tables import Loan, SupportAction, SupportContract
from app.tenancy import bound_tenant, of_tenant

_PLAIN_FIELDS = [name for name in SupportContractRead.model_fields if name in SupportContract.model_fields]


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SupportContractCreate
) -> SupportContractRead:
    """Notes what was agreed with the borrower, in the form that the rules ask at least.

    Raises NotFound, SupportAlreadyAgreed, WrittenSupportAsked, SupportBeyondLoan, SupportTooShort, LoanNotSigned,
    SignedOnAnotherDay, OrganisationUnknown, OrganisationClosed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    check_day("agreed_on", body.agreed_on, not_before=loan.offered_on, today=today)
    _, product = await loan_steps.rules_of(session, loan)
    frame = await _frame(session, loan, product)
    earlier = await _of_loan(session, loan)
    for ends_on in (_ends_on(frame, contract) for contract in earlier):
        if ends_on > body.agreed_on:
            raise SupportAlreadyAgreed(ends_on=ends_on.isoformat())
    frame.check(body.form, body.agreed_on, agreed_ends_on=body.agreed_ends_on)
    if product.signed_together and body.form is SupportForm.WRITTEN and not earlier:
        await _check_signed_together(session, loan, body.agreed_on)
    await organisations.check_known(session, body.organisation_id, on=body.agreed_on)
    contract = SupportContract(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        account_id=caller.account_id,
        **{**body.model_dump(), "actions_planned": sorted(set(body.actions_planned))},
    )
    session.add(contract)
    return _read(frame, contract, today=today)


async def list_all(session: AsyncSession, loan_id: UUID, *, today: date) -> SupportContractList:
    """Those of one loan, oldest entry first. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    frame = await frame_of(session, loan)
    items = [_read(frame, contract, today=today) for contract in await _of_loan(session, loan)]
    return SupportContractList(items=items, next_cursor=None)


async def read(session: AsyncSession, support_contract_id: UUID, *, today: date) -> SupportContractRead:
    """One of them. Raises NotFound."""
    contract, loan = await load(session, support_contract_id)
    return _read(await frame_of(session, loan), contract, today=today)


async def end(
    session: AsyncSession, support_contract_id: UUID, *, caller: Caller, today: date, body: SupportEndCreate
) -> SupportContractRead:
    """Ends support before its term, once; nothing of the loan changes.

    Raises NotFound, SupportEnded, DateOutOfOrder (before the last action that was done), DateInFuture.
    """
    contract, loan = await load(session, support_contract_id, with_for_update=True)
    frame = await frame_of(session, loan)
    ends_on = _ends_on(frame, contract)
    last_done_on = await _last_done_on(session, contract)
    check_day("ended_on", body.ended_on, not_before=last_done_on or contract.agreed_on, today=today)
    if contract.ended_on is not None or body.ended_on > ends_on:
        raise SupportEnded(ends_on=ends_on.isoformat())
    contract.ended_on, contract.ending_reason = body.ended_on, body.reason
    contract.ended_by = caller.account_id
    contract.version += 1
    return _read(frame, contract, today=today)


async def load(
    session: AsyncSession, support_contract_id: UUID, *, with_for_update: bool = False
) -> tuple[SupportContract, Loan]:
    """The row of a support contract, held or not until the end of the transaction, with its loan. Raises NotFound."""
    key = (bound_tenant(session), support_contract_id)
    contract = await session.get(SupportContract, key, with_for_update=with_for_update or None, populate_existing=True)
    if contract is None:
        raise NotFound
    return contract, await loan_steps.load(session, contract.loan_id)


async def ends_on(session: AsyncSession, loan: Loan, contract: SupportContract) -> date:
    """The last day of support, under the schedule in force."""
    return _ends_on(await frame_of(session, loan), contract)


async def frame_of(session: AsyncSession, loan: Loan) -> SupportFrame:
    """What bounds support during a loan."""
    _, product = await loan_steps.rules_of(session, loan)
    return await _frame(session, loan, product)


async def _frame(session: AsyncSession, loan: Loan, product: Product) -> SupportFrame:
    schedule, rows = await loan_states.borrower_rows(session, loan)
    # A loan that was repaid before its first due date has no instalment left.
    repaid_on = [date.fromisoformat(early["on"]) for early in schedule.prepayments]
    cancelled_on = await loan_states.reached_on(session, loan, LoanStage.CANCELLED)
    return SupportFrame(
        loan_ends_on=min(rows[-1].due_on if rows else max(repaid_on), cancelled_on or date.max),
        form=product.commitment,
        months=product.support_months,
        for_whole_loan=product.support_for_whole_loan,
    )


async def _check_signed_together(session: AsyncSession, loan: Loan, agreed_on: date) -> None:
    """Raises LoanNotSigned, SignedOnAnotherDay."""
    told = [
        signature.support_contract_signed_on
        for signature in await loan_states.signatures(session, loan)
        if signature.party in BORROWERS and signature.support_contract_signed_on is not None
    ]
    if not told:
        raise LoanNotSigned
    if told[0] != agreed_on:
        raise SignedOnAnotherDay(field="agreed_on", expected_on=told[0].isoformat())


async def _of_loan(session: AsyncSession, loan: Loan) -> list[SupportContract]:
    statement = (
        select(SupportContract)
        .where(of_tenant(session, SupportContract), col(SupportContract.loan_id) == loan.id)
        .order_by(col(SupportContract.id))
    )
    return list((await session.scalars(statement)).all())


async def _last_done_on(session: AsyncSession, contract: SupportContract) -> date | None:
    statement = select(func.max(col(SupportAction.done_on))).where(
        of_tenant(session, SupportAction), col(SupportAction.support_contract_id) == contract.id
    )
    return (await session.scalars(statement)).one()


def _ends_on(frame: SupportFrame, contract: SupportContract) -> date:
    return frame.ends_on(contract.agreed_on, agreed_ends_on=contract.agreed_ends_on, ended_on=contract.ended_on)


def _read(frame: SupportFrame, contract: SupportContract, *, today: date) -> SupportContractRead:
    ends_on = _ends_on(frame, contract)
    return SupportContractRead(
        **{name: getattr(contract, name) for name in _PLAIN_FIELDS},
        ends_on=ends_on,
        status=support.status(ends_on, on=today),
    )
