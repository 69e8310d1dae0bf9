"""Loans of the CCAS's own funds, from the offer to litigation."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.amortization import Instalment
from app.domain.dates import check_day
from app.domain.eligibility import age_on
from app.domain.errors import (
    AlreadySigned,
    BorrowerIsMinor,
    DateOutOfOrder,
    DisbursementDiffers,
    IllegalTransition,
    LoanAlreadyExists,
    NotFound,
    PartyNotExpected,
)
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestAction, RequestStatus
from app.domain.rules import Party
from app.schemas.base import Page
from app.schemas.loans import (
    CancellationCreate,
    DisbursementCreate,
    LitigationCreate,
    LoanCreate,
    LoanItem,
    LoanListQuery,
    LoanRead,
    SignatureCreate,
)
from app.services import decisions, loan_states
from app.services import request_steps as steps
from app.services.pages import page
from app.services.references import next_reference
from app.tables import (
    Decision,
    LedgerEntry,
    Loan,
    LoanTransition,
    Person,
    Request,
    Schedule,
    ScheduleRow,
    Signature,
)
from app.tenancy import bound_tenant

ADULT_AGE = 18  # articles 414 and 1146 of the Code civil
_ITEM_COLUMNS = [getattr(Loan, name) for name in LoanItem.model_fields]


async def create(session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: LoanCreate) -> LoanRead:
    """Offers the loan that was approved, with the first version of its schedule.

    Raises IllegalTransition, PartnerLends, LoanAlreadyExists, BorrowerIsMinor, DateOutOfOrder, DateInFuture.
    """
    request = await steps.locked(session, request_id)
    await check_offerable(session, request)
    decision = await decisions.approval(session, request.id)
    check_day("offered_on", body.offered_on, not_before=decision.decided_on, today=today)
    _check_dates(body)
    await _check_adults(session, request, parties=(Party.BORROWER, Party.CO_BORROWER), on=body.offered_on)
    assert decision.loan_amount_cents is not None and decision.rate_percent is not None  # noqa: S101, PT018 - approved
    loan = Loan(
        tenant_id=request.tenant_id,
        reference=await next_reference(session, series="P", year=body.offered_on.year),
        request_id=request.id,
        decision_id=decision.id,
        stage=LoanStage.OFFERED,
        principal_cents=decision.loan_amount_cents,
        rate_percent=decision.rate_percent,
        offered_on=body.offered_on,
        expected_disbursed_on=body.disbursed_on,
    )
    session.add(loan)
    await session.flush()  # what follows refers to the loan through foreign keys without an ORM relation
    _log(session, loan, LoanAction.OFFER, None, caller=caller, effect_on=body.offered_on)
    await _add_schedule(session, loan, _rows(decision, first_due_on=body.first_due_on))
    return await loan_states.read(session, loan.id, as_of=today)


async def list_page(session: AsyncSession, *, query: LoanListQuery) -> Page[LoanItem]:
    """Loans, newest first."""
    statement = select(*_ITEM_COLUMNS)
    if query.request_id is not None:
        statement = statement.where(col(Loan.request_id) == query.request_id)
    return await page(session, statement, Loan, query=query, item=lambda row: LoanItem(**row))


async def sign(session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SignatureCreate) -> LoanRead:
    """One party signs; the last signature accepts the loan and makes the request contracted.

    Raises IllegalTransition, PartyNotExpected, AlreadySigned, BorrowerIsMinor, DateOutOfOrder, DateInFuture.
    """
    loan = await locked(session, loan_id)
    check_day("signed_on", body.signed_on, not_before=loan.offered_on, today=today)
    after(loan.stage, LoanAction.SIGN)
    awaited = await loan_states.awaited_parties(session, loan)
    if body.party not in awaited:
        signed = body.party in await loan_states.expected_parties(session, loan)
        raise (AlreadySigned if signed else PartyNotExpected)(party=body.party.value)
    request = await steps.locked(session, loan.request_id)
    await _check_adults(session, request, parties=(body.party,), on=body.signed_on)
    session.add(
        Signature(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            party=body.party,
            signed_on=body.signed_on,
            account_id=caller.account_id,
        )
    )
    loan.version += 1
    if awaited == [body.party]:
        on = max(
            [
                body.signed_on,
                *(signature.signed_on for signature in await loan_states.signatures(session, loan)),
            ]
        )
        _move(session, loan, LoanAction.ACCEPT, caller=caller, effect_on=on)
        steps.move(session, request, RequestAction.CONTRACT, caller=caller, effect_on=on)
    return await loan_states.read(session, loan.id, as_of=today)


async def disburse(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: DisbursementCreate
) -> LoanRead:
    """Pays the loan out, whole. Raises IllegalTransition, DisbursementDiffers, DateOutOfOrder, DateInFuture."""
    loan = await locked(session, loan_id)
    accepted_on = await loan_states.reached_on(session, loan, LoanStage.ACCEPTED)
    after(loan.stage, LoanAction.DISBURSE)
    check_day("disbursed_on", body.disbursed_on, not_before=accepted_on, today=today)
    if body.amount_cents != loan.principal_cents:
        raise DisbursementDiffers(principal_cents=loan.principal_cents)
    session.add(
        LedgerEntry(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            kind=EntryKind.DISBURSEMENT,
            amount_cents=body.amount_cents,
            effect_on=body.disbursed_on,
            payee_kind=body.payee.kind,
            payee_name=body.payee.name,
            account_id=caller.account_id,
        )
    )
    _move(session, loan, LoanAction.DISBURSE, caller=caller, effect_on=body.disbursed_on)
    return await loan_states.read(session, loan.id, as_of=today)


async def open_litigation(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: LitigationCreate
) -> LoanRead:
    """Notes that the public accountant took the loan to litigation (contentieux).

    Raises IllegalTransition, DateOutOfOrder, DateInFuture.
    """
    loan = await locked(session, loan_id)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    after(loan.stage, LoanAction.OPEN_LITIGATION)
    check_day("opened_on", body.opened_on, not_before=disbursed_on, today=today)
    _move(session, loan, LoanAction.OPEN_LITIGATION, caller=caller, effect_on=body.opened_on, reason=body.reason)
    return await loan_states.read(session, loan.id, as_of=today)


async def cancel(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: CancellationCreate
) -> LoanRead:
    """Withdraws an offer that was not accepted. Raises IllegalTransition, DateOutOfOrder, DateInFuture."""
    loan = await locked(session, loan_id)
    after(loan.stage, LoanAction.CANCEL)
    check_day("cancelled_on", body.cancelled_on, not_before=loan.offered_on, today=today)
    _move(session, loan, LoanAction.CANCEL, caller=caller, effect_on=body.cancelled_on, reason=body.reason)
    return await loan_states.read(session, loan.id, as_of=today)


async def locked(session: AsyncSession, loan_id: UUID) -> Loan:
    """The row of a loan, held until the end of the transaction; NotFound."""
    loan = await session.get(Loan, (bound_tenant(session), loan_id), with_for_update=True)
    if loan is None:
        raise NotFound
    return loan


async def check_offerable(session: AsyncSession, request: Request) -> None:
    """Raises PartnerLends, IllegalTransition or LoanAlreadyExists where no loan can be offered."""
    if request.status is not RequestStatus.APPROVED:
        raise IllegalTransition(action="offer_loan", state=request.status.value)
    if await steps.live_loan(session, request.id) is not None:
        raise LoanAlreadyExists


def _check_dates(body: LoanCreate) -> None:
    earliest = max(body.offered_on, body.disbursed_on or body.offered_on)
    for field, on, not_before in (
        ("disbursed_on", body.disbursed_on or body.offered_on, body.offered_on),
        ("first_due_on", body.first_due_on, earliest),
    ):
        if on < not_before:
            raise DateOutOfOrder(field=field, not_before=not_before.isoformat())


async def _check_adults(session: AsyncSession, request: Request, *, parties: tuple[Party, ...], on: date) -> None:
    """A minor has no capacity to borrow (articles 1145 and 1146 of the Code civil). Raises BorrowerIsMinor."""
    borrowers = {Party.BORROWER: request.applicant_id, Party.CO_BORROWER: request.co_applicant_id}
    for party in parties:
        person_id = borrowers.get(party)
        if person_id is None:
            continue
        person = await session.get_one(Person, (request.tenant_id, person_id))
        if age_on(person.birth_on, on) < ADULT_AGE:
            raise BorrowerIsMinor(party=party.value, on=on.isoformat())


def _rows(decision: Decision, *, first_due_on: date) -> Sequence[Instalment]:
    return decisions.plan_rows(
        principal_cents=decision.loan_amount_cents,
        rate_percent=decision.rate_percent,
        first_due_on=first_due_on,
        duration_months=decision.duration_months,
        instalment_cents=decision.instalment_cents,
        rounding_unit_cents=decision.rounding_unit_cents,
        rounding=decision.rounding,
        remainder_on=decision.remainder_on,
    )


async def _add_schedule(session: AsyncSession, loan: Loan, rows: Sequence[Instalment]) -> None:
    schedule = Schedule(tenant_id=loan.tenant_id, loan_id=loan.id, version=1)
    session.add(schedule)
    await session.flush()  # the rows refer to the schedule through a foreign key without an ORM relation
    session.add_all(
        ScheduleRow(
            tenant_id=loan.tenant_id,
            schedule_id=schedule.id,
            **{name: getattr(row, name) for name in row.__slots__},
        )
        for row in rows
    )
    await session.flush()  # the answer is read back


def _move(
    session: AsyncSession,
    loan: Loan,
    action: LoanAction,
    *,
    caller: Caller,
    effect_on: date,
    reason: str | None = None,
) -> None:
    before, loan.stage = loan.stage, after(loan.stage, action)
    loan.version += 1
    _log(session, loan, action, before, caller=caller, effect_on=effect_on, reason=reason)


def _log(
    session: AsyncSession,
    loan: Loan,
    action: LoanAction,
    before: LoanStage | None,
    *,
    caller: Caller,
    effect_on: date,
    reason: str | None = None,
) -> None:
    session.add(
        LoanTransition(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            account_id=caller.account_id,
            action=action,
            from_stage=before,
            to_stage=loan.stage,
            effect_on=effect_on,
            reason=reason,
        )
    )
