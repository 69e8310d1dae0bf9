"""Over-indebtedness (surendettement, livre VII of the Code de la consommation): what its events do to a loan.

The filing (dépôt) only informs. Admission (recevabilité) suspends the loan until a plan or measures replace its
schedule, for two years at most (articles L722-2 to L722-5). A moratorium (suspension d'exigibilité) and the delay that
a judge gives (délai de grâce, article 1343-5 of the Code civil) suspend it too. When a plan lapses (caducité), the
schedule from before it revives.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.dates import months_after
from app.domain.over_indebtedness_errors import PlanTooLong, ProcedureOutOfOrder, SuspensionTooLong


class ProcedureEventKind(StrEnum):
    """What happens in a procedure, or before the judge.

    A plan (plan conventionnel) is agreed, measures (mesures imposées) are not; both give the debt new rows.
    """

    FILED = "filed"
    ADMISSIBLE = "admissible"
    INADMISSIBLE = "inadmissible"
    PLAN = "plan"
    MEASURES = "measures"
    MORATORIUM = "moratorium"
    LAPSED = "lapsed"
    JUDGE_GRACE = "judge_grace"


K = ProcedureEventKind

# Two years for every suspension, seven for the measures of a debtor together (articles L722-3, L732-3, L733-1).
SUSPENSION_MONTHS_MAX = 24
MEASURES_MONTHS_MAX = 84

REPLACES_SCHEDULE = frozenset({K.PLAN, K.MEASURES})
MEASURES = REPLACES_SCHEDULE | {K.MORATORIUM}
ENDS_ON_A_DAY = frozenset({K.MORATORIUM, K.JUDGE_GRACE})
# What ends the suspension that an event began; the judge's delay runs beside the procedure.
ENDED_BY: dict[ProcedureEventKind, frozenset[ProcedureEventKind]] = {
    K.ADMISSIBLE: frozenset({K.INADMISSIBLE, K.PLAN, K.MEASURES, K.MORATORIUM, K.LAPSED}),
    K.MORATORIUM: frozenset({K.ADMISSIBLE, K.PLAN, K.MEASURES, K.LAPSED}),
    K.JUDGE_GRACE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ProcedureEvent:
    """One event with its date of effect; ``until`` is the last day of a suspension whose end was told."""

    kind: ProcedureEventKind
    on: date
    until: date | None = None


def suspended_on(events: Iterable[ProcedureEvent], on: date) -> bool:
    """Whether nothing may be asked of the debtor on a day: the events come in their order, those after it count not."""
    known = [event for event in events if event.on <= on]
    return any(begun <= on <= last for begun, last in _suspensions(known))


def suspended_until(events: Iterable[ProcedureEvent], on: date) -> date | None:
    """The last day of the suspension that holds on a day, as known from the events up to it; None where none does."""
    known = [event for event in events if event.on <= on]
    return max((last for begun, last in _suspensions(known) if begun <= on <= last), default=None)


def latest_until(on: date) -> date:
    """The last day that a suspension begun on a day may have."""
    return months_after(on, SUSPENSION_MONTHS_MAX)


def check_follows(events: Sequence[ProcedureEvent], event: ProcedureEvent) -> None:
    """Raises ProcedureOutOfOrder where the event cannot come after these, SuspensionTooLong for its last day."""
    possible = following(events, on=event.on)
    if event.kind not in possible:
        last = events[-1].kind.value if events else None
        raise ProcedureOutOfOrder(kind=event.kind.value, last=last, possible=sorted(kind.value for kind in possible))
    if event.until is not None and event.until > (latest := latest_until(event.on)):
        raise SuspensionTooLong(field="until", not_after=latest.isoformat())


def following(events: Iterable[ProcedureEvent], *, on: date) -> frozenset[ProcedureEventKind]:
    """What may happen next, on a day not before the last event.

    The CCAS learns of a procedure at the admission, seldom at the filing: an admission may come first. A filing under
    a plan leaves it in force until it is found admissible.
    """
    events = tuple(events)
    measure: ProcedureEventKind | None = None
    is_filed = is_admitted = False
    for kind in (event.kind for event in events if event.kind is not K.JUDGE_GRACE):
        is_filed, is_admitted = kind is K.FILED, kind is K.ADMISSIBLE
        if kind in MEASURES or kind is K.LAPSED:
            measure = None if kind is K.LAPSED else kind
    possible = {
        K.FILED: not is_filed and not is_admitted,
        K.ADMISSIBLE: not is_admitted,
        K.INADMISSIBLE: is_filed or is_admitted,
        K.PLAN: is_admitted or measure is K.MORATORIUM,
        K.MEASURES: is_admitted or measure is K.MORATORIUM,
        K.MORATORIUM: is_admitted,
        K.LAPSED: is_admitted or measure is not None,
        K.JUDGE_GRACE: not any(e.kind is K.JUDGE_GRACE and e.until and on <= e.until for e in events),
    }
    return frozenset(kind for kind, is_possible in possible.items() if is_possible)


def check_plan(events: Sequence[ProcedureEvent], *, on: date, last_due_on: date) -> None:
    """Raises PlanTooLong where rows until ``last_due_on`` would make all the measures longer than seven years."""
    latest = latest_plan_end(events, on=on)
    if last_due_on > latest:
        raise PlanTooLong(field="plan", last_due_on=last_due_on.isoformat(), not_after=latest.isoformat())


def latest_plan_end(events: Sequence[ProcedureEvent], *, on: date) -> date:
    """The last day of a plan that begins on a day: seven years, less the days under the measures from before."""
    steps = [event for event in events if event.kind in MEASURES or event.kind in (K.ADMISSIBLE, K.LAPSED)]
    ends = [*(event.on for event in steps[1:]), on]
    spent = sum((end - event.on).days for event, end in zip(steps, ends, strict=True) if event.kind in MEASURES)
    return months_after(on, MEASURES_MONTHS_MAX) - timedelta(days=spent)


def _suspensions(events: Sequence[ProcedureEvent]) -> Iterator[tuple[date, date]]:
    """The first and last day of each suspension."""
    for index, event in enumerate(events):
        if event.kind not in ENDED_BY:
            continue
        last = event.until or latest_until(event.on)
        ended = (later.on for later in events[index + 1 :] if later.kind in ENDED_BY[event.kind])
        yield event.on, min(last, next(ended, date.max) - timedelta(days=1))
