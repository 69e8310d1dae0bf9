"""What a change of schedule would give: computed as the change itself is, and not written."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.amortization import Instalment
from app.domain.breaches import Breach
from app.domain.early_repayment import Cover
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.schedule_changes import row_changes
from app.domain.schedule_kinds import ScheduleKind
from app.domain.schedule_versions import ScheduleVersion
from app.messages import Language
from app.schemas.early_repayments import CoverRead
from app.schemas.schedule_previews import (
    DeferralPreview,
    EarlyRepaymentPreview,
    PlannedRow,
    ReschedulePreview,
    SchedulePreviewCreate,
    SchedulePreviewRead,
)
from app.services import deferrals, early_repayments, eligibility, reschedules, schedule_plans
from app.services.schedule_plans import Footing
from app.tables import Loan

_ACTIONS = {
    "deferral": LoanAction.DEFER,
    "reschedule": LoanAction.RESCHEDULE,
    "early_repayment": LoanAction.REPAY_EARLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    version: ScheduleVersion
    breaches: Sequence[Breach] = ()
    early_cents: int | None = None
    covers: Sequence[Cover] = ()


async def create(
    session: AsyncSession, loan_id: UUID, *, today: date, body: SchedulePreviewCreate, language: Language
) -> SchedulePreviewRead:
    """The schedule that a change would give; limits of the rules that it would exceed are told, not refused.

    Raises NotFound, PartnerLends, IllegalTransition, LoanNotRunning, NotInSchedule, InstalmentPaid,
    NothingBeyondDue, RuleNotStated, ImpossibleSchedule, NothingOwed, DateOutOfOrder, DateInFuture.
    """
    loan = await schedule_plans.own(session, loan_id)
    after(loan.stage, _ACTIONS[body.kind])
    on = body.on or today
    footing = await schedule_plans.footing(session, loan, on=on, today=today)
    planned = await _planned(session, loan, footing, body, on=on, today=today)
    before, then = footing.version, planned.version
    changes = row_changes(before.rows, then.rows)
    cost = then.interest_cents - before.interest_cents
    return SchedulePreviewRead(
        kind=ScheduleKind(body.kind),
        on=on,
        schedule_version=footing.schedule.version,
        rows=_rows(then.rows),
        removed=_rows(changes.removed),
        added=_rows(changes.added),
        interest_cents=then.interest_cents,
        cost_cents=cost,
        ccas_cost_cents=-cost,
        last_due_on=then.rows[-1].due_on if then.rows else None,
        early_cents=planned.early_cents,
        covers=[CoverRead(**asdict(cover)) for cover in planned.covers],
        breaches=eligibility.told(planned.breaches, language),
    )


async def _planned(
    session: AsyncSession, loan: Loan, footing: Footing, body: SchedulePreviewCreate, *, on: date, today: date
) -> _Planned:
    match body:
        case DeferralPreview():
            put_off = await deferrals.plan(session, loan, footing, body, on=on, today=today, decided_by=None)
            return _Planned(version=put_off.done.version, breaches=put_off.breaches)
        case ReschedulePreview():
            return _Planned(version=(await reschedules.plan(session, loan, footing, body, on=on)).version)
        case EarlyRepaymentPreview():
            received, amount = footing.received_cents + body.amount_cents, body.amount_cents
            done, early = await early_repayments.plan(
                session, loan, footing, body.choice, on=on, received_cents=received, amount_cents=amount
            )
            return _Planned(version=done.version, early_cents=early, covers=done.covers)


def _rows(rows: Sequence[Instalment]) -> list[PlannedRow]:
    return [PlannedRow(**asdict(row)) for row in rows]
