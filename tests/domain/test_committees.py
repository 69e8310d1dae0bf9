"""How many members must be there, and what may become of a session."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.committee_errors import NoQuorum, SessionNotOpen, SessionOver
from app.domain.committees import CommissionRule, check_quorum, quorum
from app.domain.errors import IllegalTransition
from app.domain.session_lifecycle import (
    OVER,
    TRANSITIONS,
    SessionAction,
    SessionStatus,
    after,
    check_attended,
    check_not_over,
    check_open,
)

members = st.integers(min_value=0, max_value=1_000)
percents = st.decimals(min_value=0, max_value=100, places=2)


@pytest.mark.parametrize(
    ("members_min", "percent", "in_office", "needed"),
    [
        (None, None, 8, None),
        (3, None, 8, 3),
        (3, None, 2, 3),
        (None, "50", 8, 4),
        (None, "50", 7, 4),
        (None, "33.33", 3, 1),
        (None, "66.67", 3, 3),
        (3, "50", 4, 3),
        (3, "50", 8, 4),
        (None, "0", 8, 0),
        (None, "100", 0, 0),
    ],
)
def test_the_quorum_is_the_larger_of_a_number_and_a_share(
    members_min: int | None, percent: str | None, in_office: int, needed: int | None
) -> None:
    rule = CommissionRule(quorum_members_min=members_min, quorum_percent=None if percent is None else Decimal(percent))
    assert quorum(rule, in_office=in_office) == needed


def test_no_rule_asks_for_nobody() -> None:
    assert quorum(None, in_office=8) is None
    check_quorum(None, present=0)


@given(members, st.none() | st.integers(min_value=1, max_value=1_000), st.none() | percents)
def test_one_member_less_than_needed_is_no_quorum_and_as_many_are_one(
    in_office: int, members_min: int | None, percent: Decimal | None
) -> None:
    needed = quorum(CommissionRule(quorum_members_min=members_min, quorum_percent=percent), in_office=in_office)
    if needed is None:
        assert members_min is None
        assert percent is None
        return
    assert needed >= (members_min or 0)
    assert needed * 100 >= in_office * (percent or 0)
    check_quorum(needed, present=needed)
    if needed:
        with pytest.raises(NoQuorum) as refused:
            check_quorum(needed, present=needed - 1)
        assert refused.value.facts == {"present": needed - 1, "needed": needed}


@given(members, members, percents)
def test_more_members_in_office_never_need_fewer_to_be_there(fewer: int, more: int, percent: Decimal) -> None:
    rule = CommissionRule(quorum_percent=percent)
    needed = [quorum(rule, in_office=number) or 0 for number in sorted((fewer, more))]
    assert needed == sorted(needed)
    assert needed[1] <= max(fewer, more)


@pytest.mark.parametrize(("status", "action"), list(product(SessionStatus, SessionAction)))
def test_a_session_moves_along_its_life_and_nowhere_else(status: SessionStatus, action: SessionAction) -> None:
    if (status, action) in TRANSITIONS:
        assert after(status, action) is TRANSITIONS[status, action]
    else:
        with pytest.raises(IllegalTransition) as refused:
            after(status, action)
        assert refused.value.facts == {"action": f"{action.value}_session", "state": status.value}


def test_nothing_follows_a_session_that_is_over() -> None:
    assert {status for status, _ in TRANSITIONS} == set(SessionStatus) - OVER
    assert [after(SessionStatus.OPEN, SessionAction.CLOSE)] == [SessionStatus.CLOSED]


@pytest.mark.parametrize("status", SessionStatus)
def test_what_may_be_noted_depends_on_the_state(status: SessionStatus) -> None:
    expected = {
        check_not_over: SessionOver if status in OVER else None,
        check_open: None if status is SessionStatus.OPEN else SessionNotOpen,
        check_attended: {
            SessionStatus.PLANNED: SessionNotOpen,
            SessionStatus.CLOSED: SessionOver,
            SessionStatus.CANCELLED: SessionOver,
        }.get(status),
    }
    for check, error in expected.items():
        if error is None:
            check(status)
        else:
            with pytest.raises(error):
                check(status)
