"""What may be done with a loan that is hard to repay, and at what cost: told before anything is decided."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import loan_options
from app.domain.books import Books
from app.domain.dates import check_day
from app.domain.errors import IllegalTransition, NothingOwed
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.loan_options import OptionKind, Standing
from app.domain.over_indebtedness_errors import LoanSuspended
from app.domain.partner_errors import PartnerLends
from app.domain.schedule_versions import ScheduleVersion
from app.schemas.loan_options import LoanOption, LoanOptionList
from app.services import (
    loan_books,
    loan_states,
    loan_steps,
    positions,
    schedule_versions,
    schedules,
    support_covers,
    suspensions,
)
from app.tables import Loan

_ACTIONS = {
    OptionKind.DEFERRAL: LoanAction.DEFER,
    OptionKind.SUPPORT: LoanAction.SUPPORT,
    OptionKind.RESCHEDULE: LoanAction.RESCHEDULE,
    OptionKind.LITIGATION: LoanAction.OPEN_LITIGATION,
}
_STATE = "state"


async def list_all(session: AsyncSession, loan_id: UUID, *, today: date, on: date) -> LoanOptionList:
    """The ways out of a loan of the CCAS's own funds that is paid out and not repaid.

    Raises NotFound, PartnerLends, IllegalTransition, NothingOwed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.load(session, loan_id)
    if loan.partner_id is not None:
        raise PartnerLends
    released_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    if released_on is None:
        raise IllegalTransition(action=LoanAction.SUPPORT.value, state=loan.stage.value)
    check_day("on", on, not_before=released_on, today=today)
    state = await loan_books.books(session, loan, on=on)
    following = state.next_due()
    if following is None:
        raise NothingOwed(on=on.isoformat())
    position_on = await positions.latest(session)
    version = await schedule_versions.version(
        session, loan, await schedules.active(session, loan), released_on=released_on
    )
    facts = await loan_books.facts(session, loan)
    late = await support_covers.late(session, loan, state, facts, on=on, position_on=position_on)
    unpaid_cents = sum(cents for _, cents in late)
    _, product = await loan_steps.rules_of(session, loan)
    standing = Standing(
        version=version,
        on=on,
        paid_cents=_paid(version, state),
        number=following.number,
        unpaid_cents=unpaid_cents,
        owed_cents=state.legally_due_cents,
        rule=product.deferrals,
    )
    found = loan_options.options(standing, barred=await _barred(session, loan, on=on))
    return LoanOptionList(
        loan_id=loan.id,
        on=on,
        position_on=position_on,
        unpaid_cents=unpaid_cents,
        last_due_on=version.rows[-1].due_on,
        items=[LoanOption.model_validate(option) for option in found],
    )


async def _barred(session: AsyncSession, loan: Loan, *, on: date) -> dict[OptionKind, tuple[str, ...]]:
    if await suspensions.is_suspended(session, loan, on=on):
        return dict.fromkeys(OptionKind, (LoanSuspended.code,))
    return {kind: (_STATE,) for kind, action in _ACTIONS.items() if not _is_possible(loan, action)}


def _is_possible(loan: Loan, action: LoanAction) -> bool:
    try:
        after(loan.stage, action)
    except IllegalTransition:
        return False
    return True


def _paid(version: ScheduleVersion, state: Books) -> int:
    """All that met the schedule, in cents, as the domain counts it: with what was repaid early."""
    return sum(early.total_cents for early in version.prepayments) + sum(row.paid_cents for row in state.rows)
