"""What was reported of the repayments of a loan although nothing asked for it: recorded, and shown."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.domain.books import Books
from app.domain.contracts import LoanAnomaly
from app.domain.ledger import EntryKind, Fact, standing
from app.domain.loan_lifecycle import LoanStage


def of_repayments(facts: Sequence[Fact], state: Books, stage: LoanStage, *, on: date) -> list[LoanAnomaly]:
    """What the repayments that stand on a day show against what was owed; `state` are the books of that day."""
    return list(_found(standing(facts, on=on), state, stage))


def _found(known: Sequence[Fact], state: Books, stage: LoanStage) -> Iterator[LoanAnomaly]:
    repaid = [fact.effect_on for fact in known if fact.kind is EntryKind.REPAYMENT]
    paid_out = min((fact.effect_on for fact in known if fact.kind is EntryKind.DISBURSEMENT), default=date.max)
    discharged = [fact.effect_on for fact in known if fact.kind is EntryKind.DISCHARGE]
    if repaid and stage is LoanStage.CANCELLED:
        yield LoanAnomaly.REPAID_AFTER_CANCELLATION
    elif any(on < paid_out for on in repaid):
        yield LoanAnomaly.REPAID_BEFORE_PAYMENT
    if state.early_missing_cents and state.disbursed_cents:
        yield LoanAnomaly.EARLY_REPAYMENT_TAKEN_BACK
    if state.disbursed_cents and state.credit_cents > 0:
        yield LoanAnomaly.REPAID_BEYOND_DEBT
    if state.credit_cents > 0 and any(on > min(discharged, default=date.max) for on in repaid):
        yield LoanAnomaly.REPAID_AFTER_DISCHARGE
