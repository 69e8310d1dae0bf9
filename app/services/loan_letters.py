"""The letters that a loan of the CCAS's own funds gives rise to: to the supplier, and to the borrower."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import ledger, loan_lifecycle
from app.domain.dates import in_words
from app.domain.document_errors import CommitmentTooEarly, DocumentNotReady, LoanAlreadyPaid
from app.domain.errors import DateOutOfOrder
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import LoanStage, LoanStatus
from app.domain.money import euros
from app.schemas.loan_documents import LoanDocumentQuery
from app.services import contracts, letterheads, loan_parties, loan_states, loan_steps, organisations
from app.services.letterheads import Data
from app.tables import Loan, Organisation, Request


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
    """The first letter about what is late, to those of the borrowers who are alive.

    Raises DocumentNotReady where nothing is late, the loan is in litigation, none of them is, or they withdrew: no
    instalment is due any more, but the principal.
    """
    state = await loan_states.read(session, loan.id, as_of=today)
    if state.status is not LoanStatus.OVERDUE or state.withdrawal is not None:
        raise DocumentNotReady(missing="unpaid_instalment")
    alive = [person for person in await loan_parties.borrowers(session, loan) if person.deceased_on is None]
    if not alive:
        raise DocumentNotReady(missing="living_borrower")
    _, rows = await loan_states.borrower_rows(session, loan)
    late = loan_lifecycle.late(rows, state.repaid_cents, today)
    _, product = await loan_steps.rules_of(session, loan)
    return {
        "recipient": await _living(session, loan, on=today),
        "names": [letterheads.name_of(person) for person in alive],
        "rows": [[str(row.number), in_words(row.due_on), euros(left)] for row, left in late],
        "overdue": euros(state.overdue_cents),
        "collected_by": product.collected_by,
        "may_defer": product.deferrals is not None,
    }


async def of_full_repayment(session: AsyncSession, loan: Loan, *, today: date) -> Data:
    """The attestation that nothing is owed any more. Raises DocumentNotReady."""
    _, rows = await loan_states.borrower_rows(session, loan)
    entries = await loan_states.ledger_entries(session, loan)
    settled_on = ledger.settled_on(entries, rows, on=today)
    if settled_on is None:
        raise DocumentNotReady(missing="full_repayment")
    state = ledger.balances(entries, rows, on=today)
    paid_on = next(entry.effect_on for entry in entries if entry.kind is EntryKind.DISBURSEMENT)
    return {
        "borrowers": await loan_parties.told(session, loan),
        "principal": euros(loan.principal_cents),
        "paid_on": in_words(paid_on),
        "settled_on": in_words(settled_on),
        "credit": euros(state.credit_cents) if state.credit_cents else None,
    }


async def _living(session: AsyncSession, loan: Loan, *, on: date) -> list[str]:
    """The borrowers who are alive, and whoever represents one of them."""
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    head = await letterheads.to_applicants(session, request, title="", on=on)
    borrowers = await loan_parties.borrowers(session, loan)
    deceased = {letterheads.name_of(person) for person in borrowers if person.deceased_on is not None}
    return [line for line in head["recipient"] if line not in deceased]


def _address(supplier: Organisation) -> list[str]:
    return [supplier.name, *(supplier.address or "").splitlines()]
