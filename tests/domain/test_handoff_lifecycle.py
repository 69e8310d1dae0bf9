"""The life of a handoff: every step that is possible, and where a check leads it, whatever the order of arrival."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import IllegalTransition
from app.domain.ficp import Standing
from app.domain.handoff_lifecycle import (
    OVER,
    HandoffAction,
    HandoffKind,
    HandoffStatus,
    action_upon_check,
    after,
    is_over,
)

S, A = HandoffStatus, HandoffAction
PRECHECK, LOAN_FILE = HandoffKind.PRECHECK, HandoffKind.LOAN_FILE


def upon_check(kind: HandoffKind, status: HandoffStatus, standing: Standing) -> HandoffAction | None:
    """What a conclusion does where the gate opens for a favourable one alone."""
    return action_upon_check(kind, status, standing, opens=standing is Standing.FAVOURABLE)


# From a state (rows) an action (columns) leads to a state; what is not here is refused.
STEPS: dict[HandoffKind, dict[HandoffStatus, dict[HandoffAction, HandoffStatus]]] = {
    PRECHECK: {
        S.READY: {A.SEND: S.SENT, A.WITHDRAW: S.WITHDRAWN},
        S.SENT: {
            A.ACKNOWLEDGE: S.RECEIVED,
            A.PROGRESS: S.IN_PROGRESS,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.RECEIVED: {
            A.PROGRESS: S.IN_PROGRESS,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.IN_PROGRESS: {A.ACCEPT: S.ACCEPTED, A.REFUSE: S.REFUSED, A.WITHDRAW: S.WITHDRAWN},
        S.ACCEPTED: {A.PROGRESS: S.IN_PROGRESS, A.REFUSE: S.REFUSED, A.WITHDRAW: S.WITHDRAWN},
        S.REFUSED: {A.PROGRESS: S.IN_PROGRESS, A.ACCEPT: S.ACCEPTED, A.WITHDRAW: S.WITHDRAWN},
        S.CONCLUDED: {A.PROGRESS: S.IN_PROGRESS, A.ACCEPT: S.ACCEPTED, A.REFUSE: S.REFUSED, A.WITHDRAW: S.WITHDRAWN},
        S.WITHDRAWN: {},
    },
    LOAN_FILE: {
        S.READY: {A.SEND: S.SENT, A.WITHDRAW: S.WITHDRAWN},
        S.SENT: {
            A.ACKNOWLEDGE: S.RECEIVED,
            A.PROGRESS: S.IN_PROGRESS,
            A.ASK: S.MORE_INFORMATION,
            A.PARK: S.AWAITING_CHECK,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.RECEIVED: {
            A.PROGRESS: S.IN_PROGRESS,
            A.ASK: S.MORE_INFORMATION,
            A.PARK: S.AWAITING_CHECK,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.IN_PROGRESS: {
            A.ASK: S.MORE_INFORMATION,
            A.PARK: S.AWAITING_CHECK,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.MORE_INFORMATION: {
            A.COMPLETE: S.IN_PROGRESS,
            A.PARK: S.AWAITING_CHECK,
            A.ACCEPT: S.ACCEPTED,
            A.REFUSE: S.REFUSED,
            A.WITHDRAW: S.WITHDRAWN,
        },
        S.AWAITING_CHECK: {A.ACCEPT: S.ACCEPTED, A.REFUSE: S.REFUSED, A.WITHDRAW: S.WITHDRAWN},
        S.ACCEPTED: {A.PARK: S.AWAITING_CHECK, A.WITHDRAW: S.WITHDRAWN},
        S.REFUSED: {},
        S.WITHDRAWN: {},
    },
}  # fmt: skip
# What is no file: as a loan file, without anything that waits for a check.
STEPS |= {
    kind: {
        status: {action: end for action, end in steps.items() if end is not S.AWAITING_CHECK}
        for status, steps in STEPS[LOAN_FILE].items()
        if status is not S.AWAITING_CHECK
    }
    for kind in (HandoffKind.GUARANTEE_CLAIM, HandoffKind.INTEREST_STATEMENT)
}


@pytest.mark.parametrize("kind", HandoffKind)
def test_every_step_that_is_possible_leads_where_it_should_and_no_other_is(kind: HandoffKind) -> None:
    # No action leads to what is left of a precheck once its conclusion is erased.
    reached = [S.READY, *({S.CONCLUDED} & STEPS[kind].keys())]
    seen = set(reached)
    for status in reached:
        for action in HandoffAction:
            expected = STEPS[kind][status].get(action)
            if expected is None:
                with pytest.raises(IllegalTransition) as refusal:
                    after(kind, status, action)
                assert refusal.value.facts == {"action": action.value, "state": status.value}
                continue
            assert after(kind, status, action) is expected
            if expected not in seen:
                seen.add(expected)
                reached.append(expected)
    assert seen == STEPS[kind].keys()


def test_a_precheck_is_never_asked_about_nor_parked() -> None:
    assert STEPS[LOAN_FILE].keys() - STEPS[PRECHECK].keys() == {S.MORE_INFORMATION, S.AWAITING_CHECK}


def test_a_handoff_is_over_when_refused_or_taken_back() -> None:
    assert {S.REFUSED, S.WITHDRAWN} == OVER
    assert {status for status in S if is_over(LOAN_FILE, status)} == OVER


def test_a_precheck_is_over_when_taken_back_alone() -> None:
    assert [status for status in S if is_over(PRECHECK, status)] == [S.WITHDRAWN]


@pytest.mark.parametrize(
    ("kind", "status", "standing", "action"),
    [
        *((PRECHECK, status, Standing.FAVOURABLE, A.ACCEPT) for status in (S.SENT, S.RECEIVED, S.IN_PROGRESS)),
        *((PRECHECK, status, Standing.UNFAVOURABLE, A.REFUSE) for status in (S.SENT, S.RECEIVED, S.IN_PROGRESS)),
        *((PRECHECK, status, Standing.PENDING, A.PROGRESS) for status in (S.SENT, S.RECEIVED)),
        (PRECHECK, S.IN_PROGRESS, Standing.PENDING, None),
        (PRECHECK, S.ACCEPTED, Standing.FAVOURABLE, None),
        (PRECHECK, S.ACCEPTED, Standing.UNFAVOURABLE, A.REFUSE),
        (PRECHECK, S.ACCEPTED, Standing.PENDING, A.PROGRESS),
        (PRECHECK, S.REFUSED, Standing.FAVOURABLE, A.ACCEPT),
        (PRECHECK, S.REFUSED, Standing.UNFAVOURABLE, None),
        (PRECHECK, S.REFUSED, Standing.PENDING, A.PROGRESS),
        (PRECHECK, S.CONCLUDED, Standing.FAVOURABLE, A.ACCEPT),
        (PRECHECK, S.CONCLUDED, Standing.UNFAVOURABLE, A.REFUSE),
        (PRECHECK, S.CONCLUDED, Standing.PENDING, A.PROGRESS),
        *((LOAN_FILE, status, standing, A.PROGRESS) for status in (S.SENT, S.RECEIVED) for standing in Standing),
        *((LOAN_FILE, status, standing, None) for status in (S.IN_PROGRESS, S.MORE_INFORMATION, S.REFUSED)
          for standing in Standing),
        (LOAN_FILE, S.AWAITING_CHECK, Standing.FAVOURABLE, A.ACCEPT),
        (LOAN_FILE, S.ACCEPTED, Standing.FAVOURABLE, None),
        *((LOAN_FILE, S.AWAITING_CHECK, standing, None) for standing in Standing if standing != Standing.FAVOURABLE),
        *((LOAN_FILE, S.ACCEPTED, standing, A.PARK) for standing in Standing if standing != Standing.FAVOURABLE),
    ],
)  # fmt: skip
def test_a_check_answers_a_precheck_and_opens_or_parks_what_a_lender_accepted(
    kind: HandoffKind, status: HandoffStatus, standing: Standing, action: HandoffAction | None
) -> None:
    assert upon_check(kind, status, standing) is action
    if action is not None:
        assert action in STEPS[kind][status]


# Where a check may still find a handoff: a precheck knows no expiry, and what is purged is over.
WEIGHED: dict[HandoffKind, list[Standing]] = {
    PRECHECK: [s for s in Standing if s not in (Standing.TO_RENEW, Standing.PURGED)],
    LOAN_FILE: list(Standing),
}
MET = [(kind, status) for kind in WEIGHED for status in STEPS[kind] if status not in (S.READY, S.WITHDRAWN)]


@pytest.mark.parametrize(("kind", "status"), MET)
@given(data=st.data())
def test_after_any_row_of_standings_only_the_last_one_counts(
    kind: HandoffKind, status: HandoffStatus, data: st.DataObject
) -> None:
    last = data.draw(st.sampled_from(WEIGHED[kind]))
    ends = set()
    for row in data.draw(st.lists(st.lists(st.sampled_from(WEIGHED[kind]), max_size=4), min_size=2, max_size=4)):
        reached = status
        for standing in [*row, last]:
            action = upon_check(kind, reached, standing)
            reached = reached if action is None else after(kind, reached, action)
        ends.add(reached)
    assert len(ends) == 1


@pytest.mark.parametrize("kind", WEIGHED)
def test_a_check_never_revives_what_was_taken_back(kind: HandoffKind) -> None:
    assert {upon_check(kind, S.WITHDRAWN, standing) for standing in WEIGHED[kind]} == {None}


@pytest.mark.parametrize("standing", Standing)
def test_where_the_gate_lets_everything_through_nothing_is_parked(standing: Standing) -> None:
    assert action_upon_check(LOAN_FILE, S.ACCEPTED, standing, opens=True) is None
    assert action_upon_check(LOAN_FILE, S.AWAITING_CHECK, standing, opens=True) is A.ACCEPT


@pytest.mark.parametrize("status", [status for status in S if status is not S.READY])
def test_what_was_purged_answers_no_precheck(status: HandoffStatus) -> None:
    assert action_upon_check(PRECHECK, status, Standing.PURGED, opens=False) is None
