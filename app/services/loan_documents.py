"""The papers of a loan: what each says is read here, and shown by its template."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import documents
from app.documents import Document
from app.domain.dates import in_words
from app.domain.document_errors import DocumentNotReady
from app.domain.loan_documents import OF_ANY_LENDER, LoanDocumentKind
from app.domain.loan_lifecycle import LoanStage
from app.domain.money import euros
from app.domain.partner_errors import PartnerLends
from app.domain.products import Commitment
from app.domain.support import SupportForm
from app.parameters.codes import codes, label
from app.parameters.rule_labels import value_label
from app.schemas.loan_documents import LoanDocumentQuery
from app.schemas.loans import ScheduleRowRead
from app.schemas.support_contracts import SupportContractRead
from app.services import (
    credit_documents,
    letterheads,
    loan_letters,
    loan_parties,
    loan_steps,
    organisations,
    schedule_papers,
    schedules,
    support_contracts,
)
from app.services.letterheads import Data
from app.tables import Loan, Request

Kind = LoanDocumentKind
Told = tuple[date, Data]

# The title of each, and the beginning of the name of its file.
_TITLES = {
    Kind.PRECONTRACT_INFORMATION: ("Information précontractuelle sur votre crédit", "information-precontractuelle"),
    Kind.LOAN_CONTRACT: ("Contrat de prêt", "contrat-de-pret"),
    Kind.SCHEDULE: ("Échéancier de votre prêt", "echeancier"),
    Kind.SUPPORT_CONTRACT: ("Contrat d’accompagnement", "contrat-d-accompagnement"),
    Kind.SUPPLIER_LETTER: ("Engagement de paiement", "engagement-de-paiement"),
    Kind.FIRST_UNPAID_LETTER: ("Une échéance n’est pas réglée : parlons-en", "echeance-non-reglee"),
    Kind.REPAYMENT_ATTESTATION: ("Attestation de remboursement", "attestation-de-remboursement"),
    Kind.AMENDMENT: ("Avenant au contrat de prêt : nouvel échéancier", "avenant"),
    Kind.SCHEDULE_CHANGE_LETTER: ("Votre échéancier change", "changement-d-echeancier"),
}
_BY_REGIME = frozenset({Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT})


async def of_loan(
    session: AsyncSession, loan_id: UUID, kind: Kind, *, today: date, query: LoanDocumentQuery
) -> Document:
    """A paper of a loan; those that the law rules follow the law of the day of the offer.

    Raises NotFound, PartnerLends, DocumentNotReady, RuleNotStated, ImpossibleSchedule, and what `loan_letters` does.
    """
    loan = await loan_steps.load(session, loan_id)
    if loan.partner_id is not None and kind not in OF_ANY_LENDER:
        raise PartnerLends
    day, told = await _TOLD[kind](session, loan, today, query)
    title, file_name = _TITLES[kind]
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    head = await letterheads.of_request(session, request, title=title, on=day)
    template = f"{kind}_{loan.legal_regime}" if kind in _BY_REGIME else kind.value
    data = {**head, "reference": loan.reference, **told}
    return await documents.make(template, data, file_name=f"{file_name}-{loan.reference}.pdf")


async def _information(session: AsyncSession, loan: Loan, _today: date, _query: LoanDocumentQuery) -> Told:
    return loan.offered_on, await credit_documents.credit(session, loan)


async def _contract(session: AsyncSession, loan: Loan, _today: date, _query: LoanDocumentQuery) -> Told:
    return loan.offered_on, await credit_documents.contract(session, loan)


async def _schedule(session: AsyncSession, loan: Loan, _today: date, _query: LoanDocumentQuery) -> Told:
    return loan.offered_on, await _schedule_told(session, loan)


async def _schedule_told(session: AsyncSession, loan: Loan) -> Data:
    """The schedule in force, as `GET …/schedule` tells it; a partner's as it was received."""
    read = await schedules.read(session, loan.id, version=None)
    payers = dict.fromkeys(share.payer for row in read.rows for share in row.third_parties)
    _, product = await loan_steps.rules_of(session, loan)
    totals = read.totals
    return {
        "names": [letterheads.name_of(person) for person in await loan_parties.borrowers(session, loan)],
        "lender": product.lender.name,
        "from_lender": loan.partner_id is not None,
        "version": read.version,
        "principal": euros(loan.principal_cents),
        "rows": [_schedule_row(row) for row in read.rows],
        "payers": [value_label(payer, "fr") for payer in payers],
        "totals": {
            "borrower": euros(totals.paid_by_borrower_cents),
            "principal": euros(totals.principal_cents),
            "interest": euros(totals.interest_cents),
            "subsidy": euros(totals.interest_subsidy_cents),
        },
    }


def _schedule_row(row: ScheduleRowRead) -> Data:
    return {
        "number": row.number,
        "due_on": in_words(row.due_on),
        "borrower": euros(row.borrower_cents),
        "principal": euros(row.principal_cents),
        "interest": euros(row.interest_cents),
        "subsidy": euros(sum(share.cents for share in row.third_parties)),
        "balance": euros(row.balance_cents),
    }


async def _support_contract(session: AsyncSession, loan: Loan, today: date, _query: LoanDocumentQuery) -> Told:
    """The last that was agreed in writing; before it is, where the rules ask for one, the form to fill and sign."""
    known = (await support_contracts.list_all(session, loan.id, today=today)).items
    agreed = next((contract for contract in reversed(known) if contract.form is SupportForm.WRITTEN), None)
    _, product = await loan_steps.rules_of(session, loan)
    if agreed is None and product.commitment is not Commitment.WRITTEN:
        raise DocumentNotReady(missing="written_support")
    if agreed is None and loan.stage is LoanStage.CANCELLED:
        raise DocumentNotReady(missing="live_offer")
    frame = await support_contracts.frame_of(session, loan)
    ends_on = agreed.ends_on if agreed else frame.ends_on(loan.offered_on, agreed_ends_on=None, ended_on=None)
    supporter = await organisations.check_known(session, agreed.organisation_id if agreed else None)
    return agreed.agreed_on if agreed else loan.offered_on, {
        "borrowers": await loan_parties.told(session, loan),
        "is_agreed": agreed is not None,
        "agreed_on": in_words(agreed.agreed_on) if agreed else None,
        "ends_on": in_words(ends_on),
        "supporter": supporter.name if supporter else None,
        "supporter_phone": supporter.phone if supporter else None,
        "actions": _actions(agreed),
    }


def _actions(agreed: SupportContractRead | None) -> list[str]:
    """What was agreed; all that there is to choose from before anything was."""
    chosen = codes("support_actions") if agreed is None else agreed.actions_planned
    return [label("support_actions", code, "fr") for code in sorted(chosen)]


async def _supplier_letter(session: AsyncSession, loan: Loan, today: date, query: LoanDocumentQuery) -> Told:
    return today, await loan_letters.to_supplier(session, loan, today=today, query=query)


async def _first_unpaid_letter(session: AsyncSession, loan: Loan, today: date, _query: LoanDocumentQuery) -> Told:
    return today, await loan_letters.about_first_unpaid(session, loan, today=today)


async def _repayment_attestation(session: AsyncSession, loan: Loan, today: date, _query: LoanDocumentQuery) -> Told:
    return today, await loan_letters.of_full_repayment(session, loan, today=today)


async def _amendment(session: AsyncSession, loan: Loan, today: date, _query: LoanDocumentQuery) -> Told:
    """What changed, by whose decision, and the schedule in force since."""
    told, schedule = await schedule_papers.amendment(session, loan, today=today), await _schedule_told(session, loan)
    return told.decided_on, {**schedule, **told.data}


async def _schedule_change_letter(session: AsyncSession, loan: Loan, today: date, _query: LoanDocumentQuery) -> Told:
    return today, await schedule_papers.to_borrowers(session, loan, today=today)


_TOLD: dict[Kind, Callable[[AsyncSession, Loan, date, LoanDocumentQuery], Awaitable[Told]]] = {
    Kind.PRECONTRACT_INFORMATION: _information,
    Kind.LOAN_CONTRACT: _contract,
    Kind.SCHEDULE: _schedule,
    Kind.SUPPORT_CONTRACT: _support_contract,
    Kind.SUPPLIER_LETTER: _supplier_letter,
    Kind.FIRST_UNPAID_LETTER: _first_unpaid_letter,
    Kind.REPAYMENT_ATTESTATION: _repayment_attestation,
    Kind.AMENDMENT: _amendment,
    Kind.SCHEDULE_CHANGE_LETTER: _schedule_change_letter,
}
