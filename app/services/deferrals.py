"""Deferrals of instalments (reports d'échéances), within the limits of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import deferral
from app.domain.books import RowState
from app.domain.breaches import Breach
from app.domain.eligibility import text_of
from app.domain.errors import NothingOwed, RulesBreached
from app.domain.loan_decisions import LoanAuthority, LoanDecisionKind
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.permissions import Caller
from app.domain.schedule_changes import deferral_findings, refusals_named
from app.domain.schedule_errors import InstalmentPaid, NotInSchedule
from app.schemas.deferrals import DeferralCreate, DeferralTerms
from app.schemas.schedule_changes import ScheduleChangeRead
from app.services import loan_books, loan_steps, schedule_changes, schedule_plans, suspensions
from app.services.schedule_plans import Footing
from app.tables import Deferral, Loan
from app.tenancy import of_tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDeferral:
    """What a deferral would do, from which instalment, and the limits of the rules that it would exceed."""

    done: deferral.Deferral
    first_ref: int
    breaches: list[Breach]


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: DeferralCreate
) -> ScheduleChangeRead:
    """Puts instalments off, from a day on.

    Raises PartnerLends, IllegalTransition, PartNotPaidOut, LoanSuspended, ScheduleReplaced, NotInSchedule,
    InstalmentPaid, RulesBreached, NotAgreedInSession, ImpossibleSchedule, NothingOwed, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked_own(session, loan_id)
    after(loan.stage, LoanAction.DEFER)
    await schedule_plans.check_paid_out(session, loan)
    on = body.on or body.decision.decided_on
    await suspensions.check_not_suspended(session, loan, on=on)
    footing = await schedule_plans.footing(session, loan, on=on, today=today, seen_version=body.schedule_version)
    planned = await plan(session, loan, footing, body, on=on, today=today, decided_by=body.decision.decided_by)
    if planned.breaches:
        raise RulesBreached(planned.breaches)
    kind = LoanDecisionKind.DEFERRAL
    decision = await schedule_plans.decide(
        session, loan, kind, body.decision, caller=caller, today=today, months=body.months
    )
    schedule = await schedule_plans.change(
        session, loan, LoanAction.DEFER, planned.done.version, decision=decision, caller=caller
    )
    session.add(
        Deferral(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            schedule_id=schedule.id,
            decision_id=decision.id,
            first_ref=planned.first_ref,
            months=body.months,
            mode=body.mode,
            paused_on=list(planned.done.paused_on),
        )
    )
    return await schedule_changes.last(session, loan)


async def plan(
    session: AsyncSession,
    loan: Loan,
    footing: Footing,
    terms: DeferralTerms,
    *,
    on: date,
    today: date,
    decided_by: LoanAuthority | None,
) -> PlannedDeferral:
    """What the terms would give from a day on; whether an instalment is paid is looked at as of today.

    Raises NotInSchedule, InstalmentPaid, ImpossibleSchedule, NothingOwed.
    """
    rows = (await loan_books.books(session, loan, on=today)).rows
    if not any(row.left_cents for row in rows):
        raise NothingOwed(on=today.isoformat())
    first = _first(rows, terms, version=footing.schedule.version)
    for row in rows[first.number - 1 : first.number - 1 + terms.months]:
        if not row.left_cents:
            raise InstalmentPaid(number=row.number, due_on=row.due_on.isoformat())
    early_cents = sum(part.total_cents for part in footing.version.prepayments)
    whole = takewhile(lambda row: not row.left_cents, rows)
    with refusals_named(on):
        done = deferral.defer(
            footing.version,
            on=on,
            number=first.number,
            # Those paid ahead of an unpaid one, because their payer named them, bar nothing.
            paid_cents=early_cents + sum(row.total_cents for row in whole),
            months=terms.months,
            mode=terms.mode,
        )
    breaches = await _breaches(session, loan, done.paused_on, decided_by)
    return PlannedDeferral(done=done, first_ref=first.ref, breaches=breaches)


def _first(rows: Sequence[RowState], terms: DeferralTerms, *, version: int) -> RowState:
    field = "first_ref" if terms.first_number is None else "first_number"
    for row in rows:
        if (row.ref if terms.first_number is None else row.number) == getattr(terms, field):
            return row
    raise NotInSchedule(version=version, field=field)


async def _breaches(
    session: AsyncSession, loan: Loan, paused_on: Sequence[date], decided_by: LoanAuthority | None
) -> list[Breach]:
    version, product = await loan_steps.rules_of(session, loan)
    found = deferral_findings(
        product.deferrals, earlier=await standing_pauses(session, loan), paused_on=paused_on, decided_by=decided_by
    )
    return [Breach(*finding, text_of(product, finding[0]) or version.reference) for finding in found]


async def standing_pauses(session: AsyncSession, loan: Loan) -> list[date]:
    """The due dates passed over by the deferrals that were not cancelled."""
    standing = await schedule_changes.standing_ids(session, loan)
    statement = select(Deferral).where(of_tenant(session, Deferral), col(Deferral.schedule_id).in_(standing))
    return [day for one in await session.scalars(statement) for day in one.paused_on]
