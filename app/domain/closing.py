"""Why a loan whose books are nil closed: one reason or several, from what happened to its money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.books import SlotsOn, settled_on
from app.domain.ledger import EntryKind, Fact, RepaidBy, standing
from app.domain.loan_lifecycle import ClosingReason, LoanAction, Step

# What the accountant takes to litigation, and what a lender calls due as a whole.
_OPENING = (LoanAction.OPEN_LITIGATION, LoanAction.ACCELERATE)
_ENDING = (LoanAction.END_LITIGATION, LoanAction.REINSTATE)


@dataclass(frozen=True, slots=True)
class Litigation:
    """A time in litigation, from a day on; `ended_on` is the first day after it, null while it lasts."""

    opened_on: date
    ended_on: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the loan is in litigation on a day."""
        return self.opened_on <= on and (self.ended_on is None or on < self.ended_on)


def litigations(steps: Iterable[Step], on: date) -> list[Litigation]:
    """The times in litigation that had begun by a day, oldest first, from the steps in their order of entry."""
    found: list[Litigation] = []
    for step in sorted((step for step in steps if step.effect_on <= on), key=lambda step: step.effect_on):
        last = found[-1] if found else None
        lasts = last is not None and last.ended_on is None
        if step.action in _OPENING and not lasts:
            # What a lender tells late undoes what was entered of the same day: the litigation had not ended.
            if last and last.ended_on == step.effect_on and step.action is LoanAction.ACCELERATE:
                found[-1] = Litigation(last.opened_on)
            else:
                found.append(Litigation(step.effect_on))
        elif step.action in _ENDING and last and lasts:
            found[-1] = Litigation(last.opened_on, step.effect_on)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a loan came to owe nothing in the books, in cents.

    `last_due_on` is the last due date of the schedule that was to be kept, early repayments left aside;
    `by_litigation` is whether what settled the loan was recovered in litigation; `lender_loss_cents` what the lender
    counts as lost, and `guarantor_called` whether it called on a guarantor. The amounts of
    `supported_cents`, `of_estate_cents` and `of_guarantors_cents` are repayments, told by who paid them.
    """

    settled_on: date
    last_due_on: date
    by_litigation: bool
    supported_cents: int = 0
    written_off_cents: int = 0
    discharged_cents: int = 0
    remitted_cents: int = 0
    of_estate_cents: int = 0
    of_guarantors_cents: int = 0
    lender_loss_cents: int = 0
    guarantor_called: bool = False


def closing_reasons(ending: Ending) -> list[ClosingReason]:
    """The reasons, in the order of the vocabulary; there is always one.

    `on_schedule` is a loan that its borrowers repaid alone, in time or not. `early` is before the month of the last
    instalment, in which the public accountant books the payment some days before or after the due date; so is a loan
    that was repaid and not lost, out of litigation. What a lender lost it had called due before.
    """
    facts = {
        ClosingReason.WITH_SUPPORT: ending.supported_cents > 0,
        ClosingReason.AFTER_LITIGATION: ending.by_litigation or ending.lender_loss_cents > 0,
        ClosingReason.WITH_NON_VALEUR: ending.written_off_cents > 0,
        ClosingReason.ERASED: ending.discharged_cents > 0,
        ClosingReason.REMISSION: ending.remitted_cents > 0,
        ClosingReason.ESTATE: ending.of_estate_cents > 0,
        ClosingReason.GUARANTEE: ending.of_guarantors_cents > 0
        or (ending.lender_loss_cents > 0 and ending.guarantor_called),
    }
    reasons = [reason for reason, holds in facts.items() if holds]
    lost = ending.written_off_cents + ending.discharged_cents + ending.remitted_cents + ending.lender_loss_cents
    month, last_month = ((day.year, day.month) for day in (ending.settled_on, ending.last_due_on))
    if month < last_month and not ending.by_litigation and not lost:
        reasons.insert(0, ClosingReason.EARLY)
    return reasons or [ClosingReason.ON_SCHEDULE]


def reasons_on(
    facts: Iterable[Fact],
    slots_on: SlotsOn,
    *,
    last_due_on: date,
    litigations: Sequence[Litigation],
    guarantor_called_on: date | None = None,
    on: date,
) -> list[ClosingReason]:
    """Why the loan is closed on a day, from the facts that stand then; empty while the books hold something of it."""
    facts = tuple(facts)
    settled = settled_on(facts, slots_on, on=on)
    if settled is None:
        return []
    known = standing(facts, on=on)
    repaid = [fact for fact in known if fact.kind is EntryKind.REPAYMENT]
    current = next((one for one in litigations if one.holds(settled)), None)
    return closing_reasons(
        Ending(
            settled_on=settled,
            last_due_on=last_due_on,
            by_litigation=current is not None
            and any(
                fact.payer is not RepaidBy.CCAS and current.opened_on <= fact.effect_on <= settled for fact in repaid
            ),
            supported_cents=_paid_by(repaid, RepaidBy.CCAS),
            written_off_cents=_sum_of(known, EntryKind.WRITE_OFF),
            discharged_cents=_sum_of(known, EntryKind.DISCHARGE),
            remitted_cents=_sum_of(known, EntryKind.REMISSION),
            of_estate_cents=_paid_by(repaid, RepaidBy.ESTATE),
            of_guarantors_cents=_paid_by(repaid, RepaidBy.GUARANTOR),
            lender_loss_cents=_sum_of(known, EntryKind.LOSS),
            guarantor_called=guarantor_called_on is not None and guarantor_called_on <= on,
        )
    )


def _sum_of(facts: Iterable[Fact], kind: EntryKind) -> int:
    return sum(fact.amount_cents for fact in facts if fact.kind is kind)


def _paid_by(repaid: Iterable[Fact], payer: RepaidBy) -> int:
    return sum(fact.amount_cents for fact in repaid if fact.payer is payer)
