"""The letters that a loan of the CCAS's own funds gives rise to: to the supplier, and to the borrower."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.contracts import BORROWERS
from app.domain.dates import in_words
from app.domain.document_errors import CommitmentTooEarly, DocumentNotReady, LoanAlreadyPaid
from app.domain.ending_errors import DebtErased
from app.domain.errors import DateOutOfOrder
from app.domain.loan_lifecycle import LoanStage, LoanStatus
from app.domain.money import euros
from app.schemas.loan_documents import LoanDocumentQuery
from app.services import (
    contracts,
    discharges,
    letterheads,
    loan_books,
    loan_parties,
    loan_states,
    loan_steps,
    organisations,
    support_covers,
)
from app.services.letterheads import Data
from app.tables import Loan, Organisation, Person, Request


async def to_supplier(session: AsyncSession, loan: Loan, *, today: date, query: LoanDocumentQuery) -> Data:
    """The commitment to pay the supplier, which is no payment: not dated before the day when money may leave.

    Raises DocumentNotReady, LoanAlreadyPaid, CommitmentTooEarly, DateOutOfOrder, OrganisationUnknown,
    OrganisationClosed.
    """
    paid_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    if paid_on is not None:
        raise LoanAlreadyPaid(paid_on=paid_on.isoformat())
    if loan.stage is not LoanStage.ACCEPTED:
        raise DocumentNotReady(missing="acceptance")
    days = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    release_on = days.earliest_release_on
    if release_on is not None and today < release_on:
        raise CommitmentTooEarly(not_before=release_on.isoformat())
    supplier = await organisations.check_known(session, query.organisation_id, on=today)
    if supplier is None or query.valid_until is None:
        told = {"supplier_to_pay": supplier, "commitment_end": query.valid_until}
        raise DocumentNotReady(missing=[name for name, value in told.items() if value is None])
    if query.valid_until < today:
        raise DateOutOfOrder(field="valid_until", not_before=today.isoformat())
    return {
        "recipient": _address(supplier),
        "names": [letterheads.name_of(person) for person in await loan_parties.borrowers(session, loan)],
        "amount": euros(loan.principal_cents),
        "valid_until": in_words(query.valid_until),
        "release_from": in_words(release_on) if release_on else None,
    }


async def about_first_unpaid(session: AsyncSession, loan: Loan, *, today: date) -> Data:
    """The first letter about what is late, to those of the borrowers who are alive and whose debt no law erased.

    Raises DebtErased where no other is left, DocumentNotReady where nothing is late, the loan is in litigation, none of
    them is alive, or they withdrew: no instalment is due any more, but the principal.
    """
    erased = await discharges.not_to_ask(session, loan, on=today)
    people = dict(zip(BORROWERS, await loan_parties.borrowers(session, loan), strict=False))
    if people.keys() <= set(erased):
        raise DebtErased(erased=[party.value for party in erased])
    state = await loan_states.read(session, loan.id, as_of=today)
    if state.status is not LoanStatus.OVERDUE or state.withdrawal is not None:
        raise DocumentNotReady(missing="unpaid_instalment")
    asked = [person for party, person in people.items() if person.deceased_on is None and party not in erased]
    if not asked:
        raise DocumentNotReady(missing="living_borrower")
    books, facts = await loan_books.books(session, loan, on=today), await loan_books.facts(session, loan)
    late = await support_covers.late(session, loan, books, facts, on=today, position_on=state.position_on)
    _, product = await loan_steps.rules_of(session, loan)
    return {
        "recipient": await _asked(session, loan, asked, on=today),
        "names": [letterheads.name_of(person) for person in asked],
        "rows": [[str(row.number), in_words(row.due_on), euros(cents)] for row, cents in late],
        "overdue": euros(state.overdue_cents),
        # What was paid since the position of whoever collects is not known yet.
        "told_until": in_words(min(today, state.position_on or today)),
        "collected_by": product.collected_by,
        "may_defer": product.deferrals is not None,
    }


async def of_full_repayment(session: AsyncSession, loan: Loan, *, today: date) -> Data:
    """The attestation that all was repaid, and nothing of it lost. Raises DocumentNotReady."""
    settled_on = await loan_books.settled_on(session, loan, on=today)
    state = await loan_books.books(session, loan, on=today)
    if settled_on is None or state.disbursed_cents > state.principal_repaid_cents:
        raise DocumentNotReady(missing="full_repayment")
    paid_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    return {
        "borrowers": await loan_parties.told(session, loan),
        "principal": euros(loan.principal_cents),
        "paid_on": in_words(paid_on) if paid_on else None,
        "settled_on": in_words(settled_on),
        "credit": euros(state.credit_cents) if state.credit_cents else None,
    }


async def living(session: AsyncSession, loan: Loan, *, on: date) -> list[str]:
    """The borrowers who are alive, and whoever represents one of them."""
    alive = [person for person in await loan_parties.borrowers(session, loan) if person.deceased_on is None]
    return await _asked(session, loan, alive, on=on)


async def _asked(session: AsyncSession, loan: Loan, asked: Sequence[Person], *, on: date) -> list[str]:
    """The borrowers who are asked, and whoever represents one of them."""
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    head = await letterheads.to_applicants(session, request, title="", on=on)
    borrowers = await loan_parties.borrowers(session, loan)
    others = {letterheads.name_of(person) for person in borrowers if person not in asked}
    return [line for line in head["recipient"] if line not in others]


def _address(supplier: Organisation) -> list[str]:
    return [supplier.name, *(supplier.address or "").splitlines()]
