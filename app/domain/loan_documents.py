"""The papers of a loan (pièces du prêt): which there are, whose loans have them, what they tell beside the loan."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from app.domain.amortization import Instalment


class LoanDocumentKind(StrEnum):
    """What may be printed of a loan.

    `precontract_information`: fiche d'information précontractuelle européenne normalisée. `loan_contract`: contrat de
    prêt, with its box (encadré) and its detachable form of withdrawal (bordereau de rétractation). `schedule`:
    échéancier. `support_contract`: contrat d'accompagnement. `supplier_letter`: commitment to pay the supplier.
    `first_unpaid_letter`: the first letter about an instalment that is late. `repayment_attestation`: the loan is
    wholly repaid. `amendment`: avenant, with the schedule that a change put in force; `schedule_change_letter` tells
    the borrower of it.
    """

    PRECONTRACT_INFORMATION = "precontract_information"
    LOAN_CONTRACT = "loan_contract"
    SCHEDULE = "schedule"
    SUPPORT_CONTRACT = "support_contract"
    SUPPLIER_LETTER = "supplier_letter"
    FIRST_UNPAID_LETTER = "first_unpaid_letter"
    REPAYMENT_ATTESTATION = "repayment_attestation"
    AMENDMENT = "amendment"
    SCHEDULE_CHANGE_LETTER = "schedule_change_letter"


# A partner writes its own offer, contract and letters; what it sent us may be printed, and support is the CCAS's.
OF_ANY_LENDER = frozenset({LoanDocumentKind.SCHEDULE, LoanDocumentKind.SUPPORT_CONTRACT})


@dataclass(frozen=True, slots=True)
class InstalmentRun:
    """Instalments that follow one another with the same amount, in cents."""

    count: int
    amount_cents: int


def runs(rows: Iterable[Instalment]) -> list[InstalmentRun]:
    """The instalments as people tell them: one of 45 €, then 23 of 85 €."""
    amounts = groupby(row.total_cents for row in rows)
    return [InstalmentRun(sum(1 for _ in group), amount) for amount, group in amounts]
