"""The life of a request: the table of transitions, and what holds over all of it."""

from itertools import product

import pytest

from app.domain.decisions import ACTIONS, Outcome
from app.domain.errors import IllegalTransition
from app.domain.file_errors import ReferredNowhere
from app.domain.request_lifecycle import (
    EDITABLE,
    ENDED,
    NEEDS_OTHER_ANSWER,
    REFERRED_TO,
    TRANSITIONS,
    WITH_LENDER,
    RequestAction,
    RequestStatus,
    after,
    check_end,
)

S, A = RequestStatus, RequestAction
WITHOUT_AN_AID = {S.REFUSED, S.DECLINED, S.LENDER_REFUSED, S.WITHDRAWN, S.CLOSED_WITHOUT_ACTION, S.REFERRED}
ENDS = WITHOUT_AN_AID | {S.GRANT_ONLY}

# Written out again, from `rulings.md`, Besançon's note and the issue of the partners that lend, so that a slip of the
# table is a failure here.
EXPECTED = {
    S.INTAKE: {A.ASSESS: S.ASSESSMENT},
    S.ASSESSMENT: {A.SUBMIT: S.SUBMITTED, A.AWAIT_PAPERS: S.AWAITING_PAPERS},
    S.AWAITING_PAPERS: {A.ASSESS: S.ASSESSMENT, A.SUBMIT: S.SUBMITTED},
    S.SUBMITTED: {
        A.APPROVE: S.APPROVED,
        A.GRANT_ONLY: S.GRANT_ONLY,
        A.REFUSE: S.REFUSED,
        A.ADJOURN: S.ADJOURNED,
        A.ENDORSE: S.ENDORSED,
        A.DECLINE: S.DECLINED,
        A.APPROVE_PROVISIONALLY: S.APPROVED_PROVISIONAL,
    },
    # Ahead of the session: it ratifies what was decided, or has the file before it again.
    S.APPROVED_PROVISIONAL: {
        A.RATIFY_APPROVAL: S.APPROVED,
        A.RATIFY_GRANT: S.GRANT_ONLY,
        A.RATIFY_ENDORSEMENT: S.ENDORSED,
        A.REFUSE_TO_RATIFY: S.SUBMITTED,
    },
    S.ADJOURNED: {A.ASSESS: S.ASSESSMENT, A.SUBMIT: S.SUBMITTED},
    S.APPROVED: {A.CONTRACT: S.CONTRACTED},
    S.ENDORSED: {A.SEND_TO_LENDER: S.SENT_TO_LENDER},
    # A lender that refused may be followed by another one, or the person is given another answer.
    S.SENT_TO_LENDER: {
        A.SEND_TO_LENDER: S.SENT_TO_LENDER,
        A.LENDER_ACCEPT: S.LENDER_ACCEPTED,
        A.LENDER_REFUSE: S.LENDER_REFUSED,
    },
    # The lender corrects its check, or the CCAS takes the file back, before there is a contract.
    S.LENDER_ACCEPTED: {A.LENDER_PARK: S.SENT_TO_LENDER, A.CONTRACT: S.CONTRACTED},
    S.CONTRACTED: {A.RESCIND: S.APPROVED, A.RESCIND_WITH_LENDER: S.LENDER_ACCEPTED},
    # What nobody decided is taken up again where it stood; a lender's refusal, before the commission.
    S.WITHDRAWN: {A.REOPEN: S.ASSESSMENT, A.REOPEN_AT_INTAKE: S.INTAKE},
    S.CLOSED_WITHOUT_ACTION: {A.REOPEN: S.ASSESSMENT, A.REOPEN_AT_INTAKE: S.INTAKE},
    S.REFERRED: {A.REOPEN: S.ASSESSMENT, A.REOPEN_AT_INTAKE: S.INTAKE},
    S.LENDER_REFUSED: {A.REOPEN: S.ASSESSMENT},
}
# What the CCAS decided is withdrawn, or abrogated where it gives, until there is a contract: it is decided anew.
ABROGATED = {S.APPROVED_PROVISIONAL, S.APPROVED, S.GRANT_ONLY, S.ENDORSED, S.SENT_TO_LENDER, S.LENDER_ACCEPTED}
WITHDRAWN_DECISION = ABROGATED | {S.REFUSED, S.DECLINED, S.ADJOURNED}
# Somebody else is better placed, before anything was granted.
REFERABLE = {S.INTAKE, S.ASSESSMENT, S.AWAITING_PAPERS, S.SUBMITTED, S.ADJOURNED}
# The way of a file that a partner lends to, and the steps along it; nothing skips one.
WITH_A_LENDER = (
    (A.ENDORSE, S.ENDORSED),
    (A.SEND_TO_LENDER, S.SENT_TO_LENDER),
    (A.LENDER_ACCEPT, S.LENDER_ACCEPTED),
    (A.CONTRACT, S.CONTRACTED),
)
# A contract is not an end of the lifecycle, as it may be rescinded, but nobody steps back from it otherwise.
SETTLED = ENDS | {S.CONTRACTED}


@pytest.mark.parametrize(("status", "action"), list(product(S, A)))
def test_every_pair_of_state_and_action_leads_where_the_rulings_say(status: S, action: A) -> None:
    expected = EXPECTED.get(status, {}).get(action)
    if status not in SETTLED and action in (A.WITHDRAW, A.CLOSE_WITHOUT_ACTION):
        expected = S.WITHDRAWN if action is A.WITHDRAW else S.CLOSED_WITHOUT_ACTION
    if status in REFERABLE and action is A.REFER:
        expected = S.REFERRED
    if (action is A.ABROGATE_DECISION and status in ABROGATED) or (
        action is A.WITHDRAW_DECISION and status in WITHDRAWN_DECISION
    ):
        expected = S.SUBMITTED
    if expected is not None:
        assert after(status, action) is expected
        return
    with pytest.raises(IllegalTransition) as refused:
        after(status, action)
    assert refused.value.facts == {"action": action.value, "state": status.value}


@pytest.mark.parametrize("status", sorted(ENDS))
def test_an_end_is_an_end_unless_the_file_is_taken_up_again_or_its_decision_withdrawn(status: S) -> None:
    actions = {action for action in A if (status, action) in TRANSITIONS}
    assert actions <= {A.REOPEN, A.REOPEN_AT_INTAKE, A.WITHDRAW_DECISION, A.ABROGATE_DECISION}


@pytest.mark.parametrize("status", [S.REFUSED, S.DECLINED, S.GRANT_ONLY])
def test_what_the_ccas_decided_is_not_reopened(status: S) -> None:
    with pytest.raises(IllegalTransition):
        after(status, A.REOPEN)


@pytest.mark.parametrize("answer", ["budget_advice", "over_indebtedness", "family_solution", "unreachable"])
def test_a_file_is_referred_to_somebody(answer: str) -> None:
    with pytest.raises(ReferredNowhere):
        check_end(S.REFERRED, answer)
    check_end(S.WITHDRAWN, answer)
    for referred_to in REFERRED_TO:
        check_end(S.REFERRED, referred_to)


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
    assert WITHOUT_AN_AID == NEEDS_OTHER_ANSWER


def test_a_file_goes_to_a_lender_and_comes_back_as_a_contract_step_by_step() -> None:
    status = S.SUBMITTED
    for step, (action, end) in enumerate(WITH_A_LENDER):
        for skipped, _ in WITH_A_LENDER[step + 1 :]:
            with pytest.raises(IllegalTransition):
                after(status, skipped)
        status = after(status, action)
        assert status is end


def test_a_lender_refuses_only_what_lies_with_it_and_never_decides_for_the_ccas() -> None:
    refusable = {status for status, action in TRANSITIONS if action is A.LENDER_REFUSE}
    declinable = {status for status, action in TRANSITIONS if action is A.DECLINE}
    assert (refusable, declinable) == ({S.SENT_TO_LENDER}, {S.SUBMITTED})


def test_nothing_moves_what_has_ended_and_a_lender_learns_of_all_ends() -> None:
    assert ENDED == ENDS
    assert {S.ENDORSED, S.SENT_TO_LENDER, S.LENDER_ACCEPTED} == WITH_LENDER


def test_a_file_is_locked_from_the_moment_the_commission_has_it() -> None:
    assert {S.INTAKE, S.ASSESSMENT, S.AWAITING_PAPERS, S.ADJOURNED} == EDITABLE


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_of_a_commission_is_an_action_on_a_submitted_request(outcome: Outcome) -> None:
    assert (S.SUBMITTED, ACTIONS[outcome]) in TRANSITIONS
