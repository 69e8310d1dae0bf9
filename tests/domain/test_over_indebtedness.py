"""What over-indebtedness suspends, what follows what, and for how long."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import accumulate, product

import pytest

from app.domain.over_indebtedness import (
    ProcedureEvent,
    ProcedureEventKind,
    check_follows,
    check_plan,
    following,
    latest_plan_end,
    suspended_on,
    suspended_until,
)
from app.domain.over_indebtedness_errors import PlanTooLong, ProcedureOutOfOrder, SuspensionTooLong

K = ProcedureEventKind
ADMITTED = ProcedureEvent(K.ADMISSIBLE, date(2011, 6, 15))


def at(kind: ProcedureEventKind, day: str, until: str | None = None) -> ProcedureEvent:
    """An event of a day."""
    return ProcedureEvent(kind, date.fromisoformat(day), date.fromisoformat(until) if until else None)


def first_and_last(events: Iterable[ProcedureEvent], *, around: date) -> tuple[date, date] | None:
    """The first and the last suspended days within six years of a day, as asked day by day."""
    events = list(events)
    days = [around + timedelta(days=count) for count in range(-2_200, 2_200)]
    suspended = [day for day in days if suspended_on(events, day)]
    return (suspended[0], suspended[-1]) if suspended else None


def test_a_filing_suspends_nothing() -> None:
    assert first_and_last([at(K.FILED, "2011-05-01")], around=date(2011, 5, 1)) is None


def test_an_admission_suspends_from_its_day_for_two_years() -> None:
    assert first_and_last([ADMITTED], around=ADMITTED.on) == (date(2011, 6, 15), date(2013, 6, 15))


def test_two_years_from_a_leap_day_end_with_february() -> None:
    events = [at(K.ADMISSIBLE, "2012-02-29")]
    assert first_and_last(events, around=date(2012, 3, 1)) == (date(2012, 2, 29), date(2014, 2, 28))


@pytest.mark.parametrize("kind", [K.PLAN, K.MEASURES, K.LAPSED, K.INADMISSIBLE])
def test_a_suspension_ends_with_what_follows_it(kind: ProcedureEventKind) -> None:
    events = [ADMITTED, ProcedureEvent(kind, date(2011, 10, 1))]
    assert first_and_last(events, around=ADMITTED.on) == (date(2011, 6, 15), date(2011, 9, 30))


def test_a_filing_and_a_judge_do_not_end_it() -> None:
    events = [ADMITTED, at(K.JUDGE_GRACE, "2011-07-01", "2011-08-01")]
    assert first_and_last(events, around=ADMITTED.on) == (date(2011, 6, 15), date(2013, 6, 15))


def test_a_moratorium_goes_on_from_the_admission_until_its_last_day() -> None:
    events = [ADMITTED, at(K.MORATORIUM, "2011-10-01", "2012-09-30")]
    assert first_and_last(events, around=ADMITTED.on) == (date(2011, 6, 15), date(2012, 9, 30))
    assert suspended_until(events, date(2011, 9, 30)) == date(2013, 6, 15)
    assert suspended_until(events, date(2011, 10, 1)) == date(2012, 9, 30)
    assert suspended_until(events, date(2012, 10, 1)) is None


def test_a_delay_of_the_judge_suspends_without_a_procedure() -> None:
    events = [at(K.JUDGE_GRACE, "2011-07-01", "2012-06-30")]
    assert first_and_last(events, around=date(2011, 7, 1)) == (date(2011, 7, 1), date(2012, 6, 30))


def test_what_was_not_known_on_a_day_changes_nothing_of_it() -> None:
    events = [ADMITTED, at(K.PLAN, "2011-10-01")]
    assert suspended_until(events, date(2011, 9, 30)) == date(2013, 6, 15)


ALLOWED = {
    (): {K.FILED, K.ADMISSIBLE, K.JUDGE_GRACE},
    (K.FILED,): {K.ADMISSIBLE, K.INADMISSIBLE, K.JUDGE_GRACE},
    (K.FILED, K.INADMISSIBLE): {K.FILED, K.ADMISSIBLE, K.JUDGE_GRACE},
    (K.ADMISSIBLE,): {K.INADMISSIBLE, K.PLAN, K.MEASURES, K.MORATORIUM, K.LAPSED, K.JUDGE_GRACE},
    (K.ADMISSIBLE, K.PLAN): {K.FILED, K.ADMISSIBLE, K.LAPSED, K.JUDGE_GRACE},
    (K.ADMISSIBLE, K.PLAN, K.FILED): {K.ADMISSIBLE, K.INADMISSIBLE, K.LAPSED, K.JUDGE_GRACE},
    (K.ADMISSIBLE, K.PLAN, K.FILED, K.INADMISSIBLE): {K.FILED, K.ADMISSIBLE, K.LAPSED, K.JUDGE_GRACE},
    (K.ADMISSIBLE, K.MORATORIUM): {K.FILED, K.ADMISSIBLE, K.PLAN, K.MEASURES, K.LAPSED, K.JUDGE_GRACE},
    (K.ADMISSIBLE, K.PLAN, K.LAPSED): {K.FILED, K.ADMISSIBLE, K.JUDGE_GRACE},
}


@pytest.mark.parametrize("done", ALLOWED, ids=lambda done: "-".join(done) or "nothing")
def test_each_event_has_its_place(done: tuple[ProcedureEventKind, ...]) -> None:
    events = [ProcedureEvent(kind, date(2011, month, 1)) for month, kind in enumerate(done, 1)]
    for kind in K:
        after = ProcedureEvent(kind, date(2011, 12, 1))
        if kind in ALLOWED[done]:
            check_follows(events, after)
        else:
            with pytest.raises(ProcedureOutOfOrder) as refused:
                check_follows(events, after)
            assert refused.value.facts["possible"] == sorted(ALLOWED[done])


def test_the_judge_gives_no_second_delay_while_the_first_runs() -> None:
    grace = at(K.JUDGE_GRACE, "2011-07-01", "2011-12-31")
    assert K.JUDGE_GRACE not in following([grace], on=date(2011, 12, 31))
    assert K.JUDGE_GRACE in following([grace], on=date(2012, 1, 1))


@pytest.mark.parametrize("kind", [K.MORATORIUM, K.JUDGE_GRACE])
def test_a_suspension_lasts_two_years_at_most(kind: ProcedureEventKind) -> None:
    check_follows([ADMITTED], at(kind, "2011-10-01", "2013-10-01"))
    with pytest.raises(SuspensionTooLong) as refused:
        check_follows([ADMITTED], at(kind, "2011-10-01", "2013-10-02"))
    assert refused.value.facts == {"field": "until", "not_after": "2013-10-01"}


def test_a_first_plan_lasts_seven_years_at_most() -> None:
    check_plan([ADMITTED], on=date(2011, 10, 1), last_due_on=date(2018, 10, 1))
    with pytest.raises(PlanTooLong):
        check_plan([ADMITTED], on=date(2011, 10, 1), last_due_on=date(2018, 10, 2))


def test_the_time_of_earlier_measures_is_taken_off_the_seven_years() -> None:
    moratorium = at(K.MORATORIUM, "2011-10-01", "2012-09-30")
    assert latest_plan_end([ADMITTED, moratorium], on=date(2012, 10, 1)) == date(2018, 9, 30)  # 2012 has 366 days
    plan, lapsed, again = at(K.PLAN, "2012-10-01"), at(K.LAPSED, "2013-10-01"), at(K.ADMISSIBLE, "2015-01-01")
    events = [ADMITTED, moratorium, plan, lapsed, again]
    assert latest_plan_end(events, on=date(2015, 6, 1)) == date(2022, 6, 1) - timedelta(days=366 + 365)


def test_whatever_happens_in_order_a_suspension_never_outlasts_two_years_nor_its_end() -> None:
    for kinds in product(K, repeat=4):
        events: list[ProcedureEvent] = []
        for kind, month in zip(kinds, accumulate([1, 3, 3, 3]), strict=True):
            on = date(2011, month, 1)
            if kind not in following(events, on=on):
                break
            until = date(2012, 1, 1) if kind in (K.MORATORIUM, K.JUDGE_GRACE) else None
            events.append(ProcedureEvent(kind, on, until))
        begun = [event.on for event in events if event.kind in (K.ADMISSIBLE, K.MORATORIUM, K.JUDGE_GRACE)]
        for day in (date(2010, 12, 31), date(2011, 5, 1), date(2011, 11, 1), date(2013, 12, 1)):
            until = suspended_until(events, day)
            assert suspended_on(events, day) == (until is not None)
            if until:
                assert any(on <= day for on in begun)
                assert until <= date(2013, 10, 1)
