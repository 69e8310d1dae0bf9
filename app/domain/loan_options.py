"""The ways out for a loan that is hard to repay, told before anything is decided: what each costs, and whom.

The CCAS's own money is lent: what a deferral or a rescheduling costs is time, and the interest that the borrower would
then owe more; what support costs the CCAS pays. What comes back in litigation nobody knows before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.amortization import ImpossiblePlan
from app.domain.deferral import defer
from app.domain.products import DeferralRule
from app.domain.rescheduling import reschedule
from app.domain.schedule_versions import ScheduleVersion, due_by, month_shift, position

# Where no rule limits how often instalments may be put off, so many months are told; and never more than a year.
MONTHS_TOLD, MONTHS_MAX = 3, 12


class OptionKind(StrEnum):
    """Report d'échéances, soutien financier, réaménagement, contentieux."""

    DEFERRAL = "deferral"
    SUPPORT = "support"
    RESCHEDULE = "reschedule"
    LITIGATION = "litigation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way out, in cents; what is not possible has reasons and no figures. A null cost is not known."""

    kind: OptionKind
    months: int | None = None
    reasons: tuple[str, ...] = ()
    cost_cents: int | None = None
    borrower_cost_cents: int | None = None
    at_risk_cents: int | None = None
    last_due_on: date | None = None

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a loan stands on a day, in cents.

    ``paid_cents`` is what its instalments were paid, with what was repaid early; ``number`` that of the first of the
    schedule that is not wholly paid; ``unpaid_cents`` what is late and not covered by support, ``owed_cents`` all that
    the borrowers owe.
    """

    version: ScheduleVersion
    on: date
    paid_cents: int
    number: int
    unpaid_cents: int
    owed_cents: int
    rule: DeferralRule | None


def options(standing: Standing, *, barred: dict[OptionKind, tuple[str, ...]]) -> list[Option]:
    """All the ways out; ``barred`` has what stands against a kind whatever it costs."""
    return [
        *_deferrals(standing, barred.get(OptionKind.DEFERRAL, ())),
        _support(standing, barred.get(OptionKind.SUPPORT, ())),
        _reschedule(standing, barred.get(OptionKind.RESCHEDULE, ())),
        _litigation(standing, barred.get(OptionKind.LITIGATION, ())),
    ]


def _deferrals(standing: Standing, barred: tuple[str, ...]) -> Iterator[Option]:
    earlier = len(standing.version.pauses)
    count_max = standing.rule.count_max if standing.rule else None
    left = MONTHS_TOLD if count_max is None else count_max - earlier
    if left < 1:
        barred = (*barred, "deferrals.count_max")
    for months in range(1, 2 if barred else min(left, MONTHS_MAX) + 1):
        yield _deferral(standing, months, barred)


def _deferral(standing: Standing, months: int, barred: tuple[str, ...]) -> Option:
    kind = OptionKind.DEFERRAL
    if barred:
        return Option(kind=kind, months=months, reasons=barred)
    try:
        after = defer(
            standing.version,
            on=standing.on,
            number=standing.number,
            paid_cents=standing.paid_cents,
            months=months,
        )
    except ImpossiblePlan as impossible:
        return Option(kind=kind, months=months, reasons=(impossible.field,))
    return Option(
        kind=kind,
        months=months,
        cost_cents=0,
        borrower_cost_cents=after.cost_cents,
        at_risk_cents=standing.owed_cents + after.cost_cents,
        last_due_on=after.last_due_on,
    )


def _support(standing: Standing, barred: tuple[str, ...]) -> Option:
    kind, unpaid = OptionKind.SUPPORT, standing.unpaid_cents
    reasons = barred if unpaid or barred else ("nothing_unpaid",)
    if reasons:
        return Option(kind=kind, reasons=reasons)
    return Option(
        kind=kind,
        cost_cents=unpaid,
        borrower_cost_cents=0,
        at_risk_cents=standing.owed_cents - unpaid,
        last_due_on=standing.version.rows[-1].due_on,
    )


def _reschedule(standing: Standing, barred: tuple[str, ...]) -> Option:
    """What is owed, by instalments of the amount of the longest run of them, from the first day that there may be."""
    kind = OptionKind.RESCHEDULE
    if barred:
        return Option(kind=kind, reasons=barred)
    try:
        after = reschedule(
            standing.version,
            on=standing.on,
            paid_cents=standing.paid_cents,
            first_due_on=_first_due_on(standing),
            instalment_cents=_usual_cents(standing.version),
        )
    except ImpossiblePlan as impossible:
        return Option(kind=kind, reasons=(impossible.field,))
    return Option(
        kind=kind,
        cost_cents=0,
        borrower_cost_cents=after.cost_cents,
        at_risk_cents=standing.owed_cents + after.cost_cents,
        last_due_on=after.last_due_on,
    )


def _litigation(standing: Standing, barred: tuple[str, ...]) -> Option:
    kind = OptionKind.LITIGATION
    reasons = barred if standing.unpaid_cents or barred else ("nothing_unpaid",)
    return Option(kind=kind, reasons=reasons, at_risk_cents=None if reasons else standing.owed_cents)


def _first_due_on(standing: Standing) -> date:
    """The first due date of the schedule after the day, and a month after the last that is past or paid."""
    version = standing.version
    done = max(due_by(version, standing.on), position(version, standing.paid_cents).rows)
    since = version.rows[done - 1].due_on if done else version.starts_on
    months = 1
    while (due_on := month_shift(since, months, version.anchor_of(since))) <= standing.on:
        months += 1
    return due_on


def _usual_cents(version: ScheduleVersion) -> int:
    totals: Sequence[int] = [row.total_cents for row in version.rows]
    return max(sorted(set(totals)), key=totals.count)
