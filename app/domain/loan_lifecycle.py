"""The life of a loan: the stages it is moved through, and the status that follows from them on a day.

A stage is set by a dated event (offer, signatures, payment, litigation, cancellation). The status that people
read is derived for the day asked from the stage, the schedule and the ledger, and never stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.errors import IllegalTransition


class LoanStage(StrEnum):
    """What has been done with the loan."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DISBURSED = "disbursed"
    LITIGATION = "litigation"
    CANCELLED = "cancelled"


class LoanAction(StrEnum):
    """What may be done with a loan."""

    OFFER = "offer"
    SIGN = "sign"
    ACCEPT = "accept"
    DISBURSE = "disburse"
    REPAY = "repay"
    REVERSE = "reverse"
    OPEN_LITIGATION = "open_litigation"
    END_LITIGATION = "end_litigation"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    GIVE_UP_UNDRAWN = "give_up_undrawn"
    DEFER = "defer"
    RESCHEDULE = "reschedule"
    REPAY_EARLY = "repay_early"
    CANCEL_CHANGE = "cancel_change"
    SUPPORT = "support"
    WRITE_OFF = "write_off"
    DISCHARGE = "discharge"
    REMIT = "remit"
    REFUND_CREDIT = "refund_credit"
    RECORD_PROCEDURE = "record_procedure"
    CLAIM_GUARANTEE = "claim_guarantee"
    ACCELERATE = "accelerate"
    REINSTATE = "reinstate"


class LoanStatus(StrEnum):
    """Where a loan stands on a day."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    NOT_STARTED = "not_started"
    RUNNING = "running"
    OVERDUE = "overdue"
    LITIGATION = "litigation"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ClosingReason(StrEnum):
    """Why a loan is closed; there may be several."""

    ON_SCHEDULE = "on_schedule"
    EARLY = "early"
    WITH_SUPPORT = "with_support"
    AFTER_LITIGATION = "after_litigation"
    WITH_NON_VALEUR = "with_non_valeur"
    ERASED = "erased"
    REMISSION = "remission"
    ESTATE = "estate"
    GUARANTEE = "guarantee"


S, A = LoanStage, LoanAction

# All have signed, and the contract stands.
CONTRACTED = frozenset({S.ACCEPTED, S.DISBURSED, S.LITIGATION})

TRANSITIONS: dict[tuple[LoanStage, LoanAction], LoanStage] = {
    (S.OFFERED, A.SIGN): S.OFFERED,
    (S.OFFERED, A.ACCEPT): S.ACCEPTED,
    (S.OFFERED, A.CANCEL): S.CANCELLED,
    (S.ACCEPTED, A.CANCEL): S.CANCELLED,
    # The borrower withdraws: before all have signed, before the money leaves, or after, and then owes it back.
    (S.OFFERED, A.WITHDRAW): S.CANCELLED,
    (S.ACCEPTED, A.WITHDRAW): S.CANCELLED,
    (S.DISBURSED, A.WITHDRAW): S.DISBURSED,
    (S.ACCEPTED, A.DISBURSE): S.DISBURSED,
    # The rest of the money, where it leaves in parts.
    (S.DISBURSED, A.DISBURSE): S.DISBURSED,
    (S.DISBURSED, A.OPEN_LITIGATION): S.LITIGATION,
    (S.LITIGATION, A.END_LITIGATION): S.DISBURSED,
    # The lender calls the whole due (déchéance du terme).
    (S.DISBURSED, A.ACCELERATE): S.LITIGATION,
    (S.LITIGATION, A.ACCELERATE): S.LITIGATION,
    # It has the loan repaid by instalments again, by other terms or because it had called it due by mistake.
    (S.LITIGATION, A.REINSTATE): S.DISBURSED,
    # An entry made in error is taken back, and money not due given back, wherever the loan stands.
    **{(stage, action): stage for stage in S for action in (A.REVERSE, A.REFUND_CREDIT)},
    **{(S.DISBURSED, action): S.DISBURSED for action in (A.DEFER, A.REPAY_EARLY, A.GIVE_UP_UNDRAWN)},
    **{
        (stage, action): stage
        for stage in (S.DISBURSED, S.LITIGATION)
        for action in (
            A.REPAY,
            A.RESCHEDULE,
            A.CANCEL_CHANGE,
            A.SUPPORT,
            A.WRITE_OFF,
            A.DISCHARGE,
            A.REMIT,
            A.RECORD_PROCEDURE,
            A.CLAIM_GUARANTEE,
        )
    },
}


def after(stage: LoanStage, action: LoanAction) -> LoanStage:
    """The stage that follows, or IllegalTransition."""
    following = TRANSITIONS.get((stage, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=stage.value)
    return following


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken, with the day of its effect."""

    action: LoanAction
    to_stage: LoanStage
    effect_on: date


def stage_on(steps: Iterable[Step], on: date) -> LoanStage:
    """What had been done by the end of a day, from the steps in their order of entry; offered before any."""
    taken = sorted((step for step in steps if step.effect_on <= on), key=lambda step: step.effect_on)
    return taken[-1].to_stage if taken else S.OFFERED


def missing_steps(steps: Iterable[Step], wanted: Mapping[date, LoanStage]) -> list[tuple[LoanStage, Step]]:
    """The steps to be entered after those for the loan to stand where it is wanted on each day, and what each leaves.

    `wanted` has the stages, disbursed or in litigation, by the days from which the lender has the loan stand there;
    before the first of them nothing changes.
    """
    taken = list(steps)
    found: list[tuple[LoanStage, Step]] = []
    first = min(wanted)
    for day in sorted({*wanted, *(step.effect_on for step in taken if step.effect_on >= first)}):
        stage, aim = stage_on(taken, day), wanted[max(since for since in wanted if since <= day)]
        if stage is not aim:
            action = A.ACCELERATE if aim is S.LITIGATION else A.REINSTATE
            taken.append(Step(action, after(stage, action), day))
            found.append((stage, taken[-1]))
    return found


def stage_of_money(stage: LoanStage, disbursed_cents: int) -> LoanStage:
    """The stage, or the one before the payment where all that was paid out has been taken back."""
    return S.ACCEPTED if stage in (S.DISBURSED, S.LITIGATION) and not disbursed_cents else stage


def status(
    stage: LoanStage,
    *,
    first_due_on: date | None,
    outstanding_cents: int,
    overdue_cents: int,
    is_suspended: bool = False,
    on: date,
) -> LoanStatus:
    """The status on a day from the stage reached by then and the balances of that day, in cents.

    A suspension (recevabilité, délai de grâce) goes before litigation, which it stays.
    """
    if stage in (S.OFFERED, S.ACCEPTED, S.CANCELLED):
        return LoanStatus(stage.value)
    if outstanding_cents == 0:
        return LoanStatus.CLOSED
    if is_suspended:
        return LoanStatus.SUSPENDED
    if stage is S.LITIGATION:
        return LoanStatus.LITIGATION
    if overdue_cents:
        return LoanStatus.OVERDUE
    return LoanStatus.NOT_STARTED if first_due_on is not None and on < first_due_on else LoanStatus.RUNNING
