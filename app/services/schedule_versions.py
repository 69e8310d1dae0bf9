"""The schedule of a loan as events change it: the next version comes into force, or the one before again."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import interest_subsidies
from app.domain.amortization import Instalment
from app.domain.errors import NotFound
from app.domain.interest_subsidies import Shares
from app.domain.lender_reports import Laid
from app.domain.lenders import Payer
from app.domain.permissions import Caller
from app.domain.schedule_kinds import ScheduleKind
from app.domain.schedule_versions import Anchor, Pause, Prepayment, ScheduleVersion, in_force
from app.services import postings, schedules
from app.tables import Loan, LoanDecision, Schedule, ScheduleActivation


async def version(session: AsyncSession, loan: Loan, schedule: Schedule, *, released_on: date) -> ScheduleVersion:
    """A version as the domain computes with it. `released_on` is the day the money was first paid out."""
    rows, _ = await schedules.whole_rows(session, schedule)
    if schedule.starts_on is None:
        anchor_day = schedule.anchor_day
        return in_force(rows, rate_percent=schedule.rate_percent, released_on=released_on, anchor_day=anchor_day)
    activations = (await schedules.timeline(session, loan)).activations
    assert schedule.anchor_day is not None  # noqa: S101 - a CHECK: what starts on a day is anchored
    return ScheduleVersion(
        rows=rows,
        rate_percent=schedule.rate_percent,
        released_on=released_on,
        starts_on=schedule.starts_on,
        anchor_day=schedule.anchor_day,
        past_anchors=tuple(Anchor(**_dated(anchor, "until")) for anchor in schedule.past_anchors),
        pauses=tuple(Pause(**_dated(pause, "due_on")) for pause in schedule.pauses),
        prepayments=tuple(Prepayment(**_dated(early, "on")) for early in schedule.prepayments),
        effective_on=max((found.effective_on for found, _ in activations if found.effective_on), default=None),
    )


async def replace(
    session: AsyncSession,
    loan: Loan,
    kind: ScheduleKind,
    after: ScheduleVersion,
    *,
    decision: LoanDecision,
    caller: Caller,
) -> Schedule:
    """Brings the next version into force from the day of its event, and books what it moves.

    The loan is held: of two events at once, one sees the other.
    """
    assert after.effective_on is not None  # noqa: S101 - every version but the contract's has the day of its event
    _, before = (await schedules.timeline(session, loan)).last
    last_version, last_ref = await schedules.last_numbers(session, loan)
    rows_before, parts_before = await schedules.whole_rows(session, before)
    refs_before = await schedules.refs_of(session, before)
    schedule = Schedule(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        version=last_version + 1,
        kind=kind,
        rate_percent=after.rate_percent,
        starts_on=after.starts_on,
        anchor_day=after.anchor_day,
        past_anchors=[_plain(anchor) for anchor in after.past_anchors],
        pauses=[_plain(pause) for pause in after.pauses],
        prepayments=[_plain(early) for early in after.prepayments],
    )
    parts = interest_subsidies.shares(after.rows, _bearer(parts_before))
    known = {(row.due_on, row.total_cents): refs_before[row.number] for row in rows_before}
    await schedules.store(session, schedule, after.rows, parts, refs=_refs(after.rows, known, last_ref))
    await _activate(session, loan, schedule, effective_on=after.effective_on, decision=decision, caller=caller)
    return schedule


async def add_told(session: AsyncSession, loan: Loan, kind: ScheduleKind, told: Laid, *, rate: Decimal) -> Schedule:
    """Writes down a version that the lender's rows make, in force or not. An instalment keeps its lasting number."""
    last_version, last_ref = await schedules.last_numbers(session, loan)
    known: dict[tuple[date, int], int] = {}
    for _, earlier in (await schedules.timeline(session, loan)).activations:
        refs = await schedules.refs_of(session, earlier)
        rows, _ = await schedules.whole_rows(session, earlier)
        known |= {(row.due_on, row.total_cents): refs[row.number] for row in rows}
    schedule = Schedule(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        version=last_version + 1,
        kind=kind,
        rate_percent=rate,
        prepayments=[_plain(early) for early in told.prepayments],
    )
    await schedules.store(session, schedule, told.rows, told.parts, refs=_refs(told.rows, known, last_ref))
    await session.flush()  # the next one counts on from its numbers
    return schedule


async def laid(session: AsyncSession, schedule: Schedule) -> Laid:
    """A version as the lender's rows make one of it."""
    rows, parts = await schedules.whole_rows(session, schedule)
    early = tuple(Prepayment(**_dated(one, "on")) for one in schedule.prepayments)
    return Laid(rows, tuple(parts), early)


async def put_in_force(
    session: AsyncSession, loan: Loan, coming: Sequence[tuple[date, Schedule, UUID | None]], *, caller: Caller
) -> None:
    """Brings versions into force one after the other `(from, version, decision)`, and books what all of them move.

    The contract's, in force again, has no decision.
    """
    before = (await schedules.timeline(session, loan)).last[0]
    for effective_on, schedule, decision_id in coming:
        activation = ScheduleActivation(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            schedule_id=schedule.id,
            effective_on=effective_on,
            supersedes_id=before.id,
            decision_id=decision_id,
        )
        session.add(activation)
        await session.flush()  # each refers to the one before through a foreign key without an ORM relation
        before = activation
    loan.version += 1
    first_on, _, decision_id = coming[0]
    await postings.reallocate(session, loan, effect_on=first_on, decision_id=decision_id, caller=caller)


async def restore(session: AsyncSession, loan: Loan, *, decision: LoanDecision, caller: Caller) -> Schedule:
    """Brings the version before the one in force back, as if that one had never been. Raises NotFound."""
    activations = (await schedules.timeline(session, loan)).activations
    undone, current = activations[-1]
    if undone.effective_on is None:
        raise NotFound
    before = _before(activations, current)
    await _activate(session, loan, before, effective_on=undone.effective_on, decision=decision, caller=caller)
    return before


async def revive(
    session: AsyncSession, loan: Loan, replaced_id: UUID, *, on: date, decision: LoanDecision, caller: Caller
) -> Schedule:
    """Brings the version from before another back from a day on: what was in force until then stays so."""
    activations = (await schedules.timeline(session, loan)).activations
    before = _before(activations, next(schedule for _, schedule in activations if schedule.id == replaced_id))
    await _activate(session, loan, before, effective_on=on, decision=decision, caller=caller)
    return before


async def _activate(
    session: AsyncSession,
    loan: Loan,
    schedule: Schedule,
    *,
    effective_on: date,
    decision: LoanDecision,
    caller: Caller,
) -> None:
    before, _ = (await schedules.timeline(session, loan)).last
    session.add(
        ScheduleActivation(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            schedule_id=schedule.id,
            effective_on=effective_on,
            supersedes_id=before.id,
            decision_id=decision.id,
        )
    )
    loan.version += 1
    await session.flush()  # what was booked is looked at again under the new version
    await postings.reallocate(session, loan, effect_on=effective_on, decision_id=decision.id, caller=caller)


def _before(activations: Sequence[tuple[ScheduleActivation, Schedule]], current: Schedule) -> Schedule:
    """The version that came into force before this one first did. Raises NotFound for the contract's."""
    first = next(place for place, (_, schedule) in enumerate(activations) if schedule.id == current.id)
    if first == 0:
        raise NotFound
    return activations[first - 1][1]


def _refs(rows: Sequence[Instalment], known: dict[tuple[date, int], int], last_ref: int) -> list[int]:
    refs, left = [], dict(known)
    for row in rows:
        # Two rows of one day may be of the same amount.
        ref = left.pop((row.due_on, row.total_cents), None)
        if ref is None:
            ref = last_ref = last_ref + 1
        refs.append(ref)
    return refs


def _bearer(parts: Sequence[Shares]) -> Payer | None:
    return next((Payer(share.payer) for part in parts for share in part), None)


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(value), default=date.isoformat))
    return plain


def _dated(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {**value, name: date.fromisoformat(value[name])}
