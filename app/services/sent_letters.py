"""The letters about a loan that a person sent, and to whom none is sent. The service sends none."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.arrears import DUNNING, NoLetter
from app.domain.arrears_errors import (
    CoveredBySupport,
    NoSuchInstalment,
    RecipientDeceased,
    RecipientOwesNothing,
    RecipientUnknown,
)
from app.domain.contracts import BORROWERS
from app.domain.dates import check_day
from app.domain.loan_lifecycle import LoanStage
from app.domain.permissions import Caller
from app.schemas.base import Page, PageQuery
from app.schemas.sent_letters import SentLetterCreate, SentLetterRead
from app.services import erasures, loan_books, loan_parties, loan_states, loan_steps, support_covers, suspensions
from app.services.pages import page
from app.tables import Loan, Person, Request, SentLetter
from app.tenancy import of_tenant

_COLUMNS = [getattr(SentLetter, name) for name in SentLetterRead.model_fields]
_ITEMS = TypeAdapter(list[SentLetterRead])


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SentLetterCreate
) -> SentLetterRead:
    """Notes that somebody sent a letter to one of the borrowers.

    Raises NotFound, RecipientUnknown, RecipientDeceased, RecipientOwesNothing, LoanSuspended, NoSuchInstalment,
    CoveredBySupport, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    check_day("sent_on", body.sent_on, not_before=disbursed_on or loan.offered_on, today=today)
    await _check_recipient(session, loan, body)
    await _check_instalment(session, loan, body)
    letter = SentLetter(tenant_id=loan.tenant_id, loan_id=loan.id, account_id=caller.account_id, **body.model_dump())
    session.add(letter)
    return SentLetterRead.model_validate(letter)


async def list_page(session: AsyncSession, loan_id: UUID, *, query: PageQuery) -> Page[SentLetterRead]:
    """The letters about a loan, newest first. Raises NotFound, CursorNotOurs."""
    loan = await loan_steps.load(session, loan_id)
    statement = select(*_COLUMNS).where(col(SentLetter.loan_id) == loan.id)
    return await page(session, statement, SentLetter, query=query, items=_ITEMS, parent_id=loan.id)


async def why_none(session: AsyncSession, loan_ids: Collection[UUID], *, on: date) -> dict[UUID, NoLetter]:
    """Of the loans about which nobody is written to on a day, why: the procedure goes before the death."""
    suspended = suspensions.suspended_loans(session, on=on)
    found: dict[UUID, NoLetter] = dict.fromkeys(set(await session.scalars(suspended)), NoLetter.SUSPENDED)
    erased = await erasures.erased_parties(session, loan_ids, on=on)
    statement = (
        select(col(Loan.id), col(Request.applicant_id), col(Request.co_applicant_id))
        .join(Request, and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id))
        .where(of_tenant(session, Loan), col(Loan.id).in_(loan_ids))
    )
    loans = (await session.execute(statement)).all()
    dead = await _dead(session, {id_ for row in loans for id_ in row[1:] if id_ is not None}, on=on)
    for loan_id, *people in loans:
        alive = {party for party, id_ in zip(BORROWERS, people, strict=True) if id_ is not None and id_ not in dead}
        if not alive:
            found.setdefault(loan_id, NoLetter.DECEASED)
        elif alive <= erased.get(loan_id, frozenset()):
            found.setdefault(loan_id, NoLetter.ERASED)
    return {loan_id: why for loan_id, why in found.items() if loan_id in loan_ids}


async def _check_recipient(session: AsyncSession, loan: Loan, body: SentLetterCreate) -> None:
    people = dict(zip(BORROWERS, await loan_parties.borrowers(session, loan), strict=False))
    person = people.get(body.recipient)
    if person is None:
        raise RecipientUnknown(recipient=body.recipient.value)
    if person.deceased_on is not None and person.deceased_on <= body.sent_on:
        raise RecipientDeceased(recipient=body.recipient.value, deceased_on=person.deceased_on.isoformat())
    erased = await erasures.erased_parties(session, [loan.id], on=body.sent_on)
    if body.recipient in erased.get(loan.id, frozenset()):
        raise RecipientOwesNothing(recipient=body.recipient.value)
    await suspensions.check_not_suspended(session, loan, on=body.sent_on)


async def _check_instalment(session: AsyncSession, loan: Loan, body: SentLetterCreate) -> None:
    """What support covers nobody is dunned for."""
    on = body.sent_on
    state = await loan_books.books(session, loan, on=on)
    if body.instalment_ref is not None and body.instalment_ref not in {row.ref for row in state.rows}:
        raise NoSuchInstalment(ref=body.instalment_ref)
    if body.kind not in DUNNING:
        return
    cover = await support_covers.covered(session, loan, state, await loan_books.facts(session, loan), on=on)
    late = [row for row in state.unpaid(on) if body.instalment_ref in (None, row.ref)]
    if late and all(cover.get(row.ref, 0) == row.left_cents for row in late):
        raise CoveredBySupport(on=on.isoformat())


async def _dead(session: AsyncSession, people: Collection[UUID], *, on: date) -> set[UUID]:
    statement = select(col(Person.id)).where(
        of_tenant(session, Person), col(Person.id).in_(people), col(Person.deceased_on) <= on
    )
    return set(await session.scalars(statement))
