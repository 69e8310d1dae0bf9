"""The life of a request: the table of transitions, and what holds over all of it."""

from itertools import product

import pytest

from app.domain.decisions import ACTIONS, Outcome
from app.domain.errors import IllegalTransition
from app.domain.request_lifecycle import EDITABLE, NEEDS_OTHER_ANSWER, TRANSITIONS, RequestAction, RequestStatus, after

S, A = RequestStatus, RequestAction
ENDS = {S.REFUSED, S.GRANT_ONLY, S.WITHDRAWN, S.CLOSED_WITHOUT_ACTION}

# Written out again, from `rulings.md` and Besançon's note, so that a slip of the table is a failure here.
EXPECTED = {
    S.INTAKE: {A.ASSESS: S.ASSESSMENT},
    S.ASSESSMENT: {A.SUBMIT: S.SUBMITTED},
    S.SUBMITTED: {A.APPROVE: S.APPROVED, A.GRANT_ONLY: S.GRANT_ONLY, A.REFUSE: S.REFUSED, A.ADJOURN: S.ADJOURNED},
    S.ADJOURNED: {A.ASSESS: S.ASSESSMENT, A.SUBMIT: S.SUBMITTED},
    S.APPROVED: {A.CONTRACT: S.CONTRACTED},
    S.CONTRACTED: {A.RESCIND: S.APPROVED},
}
# A contract is not an end of the lifecycle, as it may be rescinded, but nobody steps back from it otherwise.
SETTLED = ENDS | {S.CONTRACTED}


@pytest.mark.parametrize(("status", "action"), list(product(S, A)))
def test_every_pair_of_state_and_action_leads_where_the_rulings_say(status: S, action: A) -> None:
    expected = EXPECTED.get(status, {}).get(action)
    if status not in SETTLED and action in (A.WITHDRAW, A.CLOSE_WITHOUT_ACTION):
        expected = S.WITHDRAWN if action is A.WITHDRAW else S.CLOSED_WITHOUT_ACTION
    if expected is not None:
        assert after(status, action) is expected
        return
    with pytest.raises(IllegalTransition) as refused:
        after(status, action)
    assert refused.value.facts == {"action": action.value, "state": status.value}


@pytest.mark.parametrize("status", sorted(ENDS))
def test_an_end_is_an_end(status: S) -> None:
    assert not [action for action in A if (status, action) in TRANSITIONS]


@pytest.mark.parametrize("status", sorted(set(S) - {S.INTAKE}))
def test_every_state_can_be_reached_from_the_intake_sheet(status: S) -> None:
    reached, frontier = {S.INTAKE}, {S.INTAKE}
    while frontier:
        frontier = {end for (start, _), end in TRANSITIONS.items() if start in frontier} - reached
        reached |= frontier
    assert status in reached


@pytest.mark.parametrize("status", sorted(set(S) - SETTLED))
def test_the_person_can_always_step_back_before_the_end(status: S) -> None:
    assert after(status, A.WITHDRAW) is S.WITHDRAWN


def test_ends_without_an_aid_are_those_that_need_another_answer() -> None:
    assert ENDS - {S.GRANT_ONLY} == NEEDS_OTHER_ANSWER


def test_a_file_is_locked_from_the_moment_the_commission_has_it() -> None:
    assert {S.INTAKE, S.ASSESSMENT, S.ADJOURNED} == EDITABLE


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_of_a_commission_is_an_action_on_a_submitted_request(outcome: Outcome) -> None:
    assert (S.SUBMITTED, ACTIONS[outcome]) in TRANSITIONS
