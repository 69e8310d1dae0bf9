"""A loan of which a part will never be paid out: its schedule over what was."""

from dataclasses import replace
from datetime import date

from app.domain.amortization import Instalment, schedule
from app.domain.payoff import refuse_before_last_event
from app.domain.schedule_versions import ScheduleVersion, due_by, month_shift, position, with_carried


def over_paid_out(
    version: ScheduleVersion,
    *,
    on: date,
    drawn_cents: int,
    paid_cents: int,
    duration_months: int | None = None,
    instalment_cents: int | None = None,
) -> ScheduleVersion:
    """The version from ``on`` that repays ``drawn_cents`` of principal, less than the one in force does.

    Instalments due by then, or paid whole, stay, down to what was paid out; the rest of it is spread over new ones, on
    the dates in force. Duration and instalment are as in `amortization.schedule`, of these new ones alone.

    Raises ImpossiblePlan: ``on`` before the last event, and the fields of `amortization.schedule`.
    """
    refuse_before_last_event(version, on)
    kept = max(due_by(version, on), position(version, paid_cents).rows)
    rows, left = _cut(version, kept, drawn_cents)
    if left > 0:
        plan = schedule(
            principal_cents=left,
            rate_percent=version.rate_percent,
            first_due_on=_next_due_on(version, kept),
            duration_months=duration_months,
            instalment_cents=instalment_cents,
            anchor_day=version.anchor_day,
        )
        rows += [replace(row, number=row.number + kept) for row in plan]
    return replace(version, rows=with_carried(rows, version.carried_cents), effective_on=on)


def _cut(version: ScheduleVersion, kept: int, drawn_cents: int) -> tuple[list[Instalment], int]:
    """The first rows as far as there is principal for them, and what they leave of it in cents."""
    rows: list[Instalment] = []
    left = drawn_cents - version.prepaid(0)
    for row in version.plain_rows()[:kept]:
        if left <= 0:
            break
        principal = min(row.principal_cents, left)
        left -= principal
        total = principal + row.interest_cents
        rows.append(replace(row, principal_cents=principal, total_cents=total, balance_cents=left))
        left -= version.prepaid(row.number)
    return rows, left


def _next_due_on(version: ScheduleVersion, kept: int) -> date:
    if kept < len(version.rows):
        return version.rows[kept].due_on
    return month_shift(version.rows[-1].due_on, 1, version.anchor_day)
