"""Titles told once, then reduced, cancelled and replaced as the schedule changes."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.domain.titles import LineType, Owed, TitleLine, changes, standing

END = date(2099, 12, 31)


def owed(ref: str, month: int, cents: int, lost: int = 0) -> Owed:
    """An instalment without interest, due on the 5th of a month of 2011."""
    return Owed(
        ref=ref, number=month, due_on=date(2011, month, 5), principal_cents=cents, interest_cents=0, lost_cents=lost
    )


def said(lines: list[TitleLine]) -> list[tuple[str, str, int]]:
    """What lines say, shortly."""
    return [(line.type.value, line.ref, line.total_cents) for line in lines]


FIRST = [owed("001", 2, 4_500), owed("002", 3, 8_500), owed("003", 4, 8_500)]


def test_an_instalment_due_by_the_day_is_told_once() -> None:
    lines = changes([], FIRST, due_until=date(2011, 3, 5))
    assert said(lines) == [("emission", "001", 4_500), ("emission", "002", 8_500)]
    assert changes(standing(lines), FIRST, due_until=date(2011, 3, 5)) == []
    assert said(changes(standing(lines), FIRST, due_until=END)) == [("emission", "003", 8_500)]


def test_a_deferred_instalment_is_cancelled_and_told_again_on_its_new_day() -> None:
    lines = changes([], FIRST, due_until=END)
    deferred = [owed("001", 2, 4_500), owed("003", 4, 8_500), owed("004", 5, 8_500)]
    assert said(changes(standing(lines), deferred, due_until=END)) == [
        ("annulation", "002", 8_500),
        ("emission", "004", 8_500),
    ]


def test_what_is_no_longer_owed_is_taken_back_even_if_it_is_due_later_than_what_is_told() -> None:
    lines = changes([], FIRST, due_until=END)
    assert said(changes(standing(lines), FIRST[:1], due_until=date(2011, 2, 5))) == [
        ("annulation", "002", 8_500),
        ("annulation", "003", 8_500),
    ]


def test_a_smaller_instalment_of_the_same_day_reduces_the_title_that_was_told() -> None:
    lines = changes([], FIRST, due_until=END)
    reduced = [FIRST[0], owed("004", 3, 4_000), owed("005", 5, 13_000)]
    more = changes(standing(lines), reduced, due_until=END)
    assert said(more) == [("reduction", "002", 4_500), ("annulation", "003", 8_500), ("emission", "005", 13_000)]
    assert changes(standing([*lines, *more]), reduced, due_until=END) == []
    title = next(title for title in standing([*lines, *more]) if title.ref == "002")
    assert (title.stands_for, title.total_cents) == ("004", 4_000)


def test_a_change_that_is_cancelled_is_told_back() -> None:
    lines = changes([], FIRST, due_until=END)
    changed = [FIRST[0], owed("004", 3, 4_000), owed("005", 5, 13_000)]
    lines += changes(standing(lines), changed, due_until=END)
    back = changes(standing(lines), FIRST, due_until=END)
    assert said(back) == [
        ("annulation", "002", 4_000),
        ("annulation", "005", 13_000),
        ("emission", "002", 8_500),
        ("emission", "003", 8_500),
    ]
    assert changes(standing([*lines, *back]), FIRST, due_until=END) == []


def test_what_was_erased_is_asked_of_nobody_and_what_was_told_before_stays_for_the_accountant_to_write_off() -> None:
    erased = [FIRST[0], replace(FIRST[1], lost_cents=8_500), replace(FIRST[2], lost_cents=2_500)]
    assert said(changes([], erased, due_until=END)) == [("emission", "001", 4_500), ("emission", "003", 6_000)]
    lines = changes([], FIRST, due_until=END)
    assert changes(standing(lines), erased, due_until=END) == []
    partly = changes([], erased, due_until=END)
    assert changes(standing(partly), erased, due_until=END) == []


def test_interest_and_principal_are_corrected_apart() -> None:
    before = [replace(FIRST[0], interest_cents=100)]
    after = [replace(FIRST[0], principal_cents=4_560, interest_cents=40)]
    lines = changes([], before, due_until=END)
    more = changes(standing(lines), after, due_until=END)
    assert [(line.type, line.principal_cents, line.interest_cents) for line in more] == [
        (LineType.ANNULATION, 4_500, 100),
        (LineType.EMISSION, 4_560, 40),
    ]


def test_a_title_that_the_accountant_rejected_is_told_anew() -> None:
    lines = changes([], FIRST[:2], due_until=END)
    again = changes(standing(lines, rejected={"001"}), FIRST[:2], due_until=END)
    assert said(again) == [("emission", "001", 4_500)]
    assert changes(standing([*lines, *again]), FIRST[:2], due_until=END) == []


# A reference is permanent: it stands for one day and one amount. A schedule has one instalment a day.
SCHEDULES = st.lists(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), unique_by=lambda row: row[0], max_size=6),
    min_size=1,
    max_size=6,
)


@given(SCHEDULES)
def test_whatever_the_schedules_titles_add_up_to_the_last_one_and_nothing_is_told_twice(
    schedules: list[list[tuple[int, int]]],
) -> None:
    lines: list[TitleLine] = []
    for schedule in schedules:
        rows = [owed(f"{month:02d}{cents}", month, cents * 1_000) for month, cents in schedule]
        new = changes(standing(lines), rows, due_until=END)
        assert all(line.total_cents > 0 for line in new)
        lines += new
        titles = standing(lines)
        assert sorted((title.due_on, title.total_cents) for title in titles) == sorted(
            (row.due_on, row.total_cents) for row in rows
        )
        assert changes(titles, rows, due_until=END) == []
