"""What the pre-contract information and the contract of a loan of the CCAS's own funds say.

Neither sends the borrower to the FICP: the law opens that file to credit institutions, and a CCAS that lends its own
money neither consults it nor enters anybody. The information sheet, which must tell of any consultation, says so.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import loan_aprs, loan_documents
from app.domain.amortization import Instalment
from app.domain.dates import in_words
from app.domain.document_errors import DocumentNotReady
from app.domain.loan_days import loan_days
from app.domain.loan_lifecycle import LoanStage
from app.domain.money import euros, percent_words
from app.domain.national_law import Law, LegalRegime, Scope
from app.domain.products import Product
from app.parameters.codes import label
from app.parameters.law import national_law
from app.services import contracts, loan_parties, loan_states, loan_steps, schedules
from app.services.letterheads import Data
from app.tables import Loan, Request

_DAYS = {
    "offer_days": Law.OFFER_VALIDITY_DAYS_MIN,
    "withdrawal_days": Law.WITHDRAWAL_DAYS,
    "refund_days": Law.WITHDRAWAL_REFUND_DAYS_MAX,
    "no_payment_days": Law.NO_PAYMENT_DAYS,
}


async def credit(session: AsyncSession, loan: Loan) -> Data:
    """The credit that is offered, on its first schedule. Raises DocumentNotReady, ImpossibleSchedule."""
    if loan.stage is LoanStage.CANCELLED:
        raise DocumentNotReady(missing="live_offer")
    if loan.legal_regime is None:
        raise DocumentNotReady(missing="legal_regime")
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    _, product = await loan_steps.rules_of(session, loan)
    rows, _ = await schedules.whole_rows(session, await schedules.numbered(session, loan, version=1))
    return {
        "borrowers": await loan_parties.told(session, loan),
        "lender": product.lender.name,
        "product": product.name,
        "purpose": label("purposes", request.purpose, "fr"),
        "offered_on": in_words(loan.offered_on),
        "offer_until": in_words(loan.offer_valid_until) if loan.offer_valid_until else None,
        "principal": euros(loan.principal_cents),
        **_cost(loan, rows),
        **_of_rules(product),
        **_days(loan),
    }


async def contract(session: AsyncSession, loan: Loan) -> Data:
    """The same with who signs, and the days that acceptance gives. Raises RuleNotStated and as `credit` does."""
    described = await credit(session, loan)
    days = await contracts.calendar(session, loan, await loan_states.signatures(session, loan))
    return {
        **described,
        "signatories": await loan_parties.signatories(session, loan),
        "accepted_on": in_words(days.accepted_on) if days.accepted_on else None,
        "withdrawal_until": in_words(days.withdrawal_until) if days.withdrawal_until else None,
        "release_from": in_words(days.earliest_release_on) if days.earliest_release_on else None,
    }


def _days(loan: Loan) -> dict[str, int | None]:
    """The delays of the law of the offer; a contract left out of consumer credit keeps none of them."""
    if loan.legal_regime is LegalRegime.EXCLUDED_SOCIAL:
        return dict.fromkeys(_DAYS)
    law = national_law()
    return {name: law.whole(rule, scope=Scope.CONSUMER_CREDIT, on=loan.offered_on) for name, rule in _DAYS.items()}


def _cost(loan: Loan, rows: Sequence[Instalment]) -> Data:
    """What the rows come to. The APR is that of money paid on the day that is expected, else on that of the offer."""
    days = loan_days(loan.offered_on, disbursed_on=loan.expected_disbursed_on, first_due_on=rows[0].due_on)
    return {
        "duration_months": len(rows),
        "instalments": [{"count": run.count, "amount": euros(run.amount_cents)} for run in loan_documents.runs(rows)],
        "first_due_on": in_words(rows[0].due_on),
        "last_due_on": in_words(rows[-1].due_on),
        "total_due": euros(sum(row.total_cents for row in rows)),
        "interest": euros(sum(row.interest_cents for row in rows)),
        "rate": percent_words(loan.rate_percent),
        "apr": percent_words(loan_aprs.of_rows(rows, days, fee_cents=0).percent),
        "apr_paid_on": in_words(days.disbursed_on),
        "expected_on": in_words(loan.expected_disbursed_on) if loan.expected_disbursed_on else None,
    }


def _of_rules(product: Product) -> Data:
    """What the rules say of payment, collection and guarantees; null where they do not."""
    guarantees = product.guarantees
    return {
        "payee": product.payee,
        "collected_by": product.collected_by,
        "guarantors": None if guarantees is None else [guarantee.guarantor for guarantee in guarantees],
    }
