"""The life of a referral: every pair of the table, and no other."""

import pytest

from app.domain.errors import IllegalTransition
from app.domain.referral_lifecycle import (
    ANSWERS,
    PARTNER_ANSWERS,
    TRANSITIONS,
    ReferralAction,
    ReferralStatus,
    after,
)

S, A = ReferralStatus, ReferralAction


def test_every_answer_is_an_end_that_its_action_leads_to() -> None:
    assert set(ANSWERS) == set(S) - {S.WAITING}
    assert {answer: after(S.WAITING, action) for answer, action in ANSWERS.items()} == {
        answer: answer for answer in ANSWERS
    }


def test_the_organisation_gives_every_answer_but_the_withdrawal_of_the_ccas() -> None:
    assert set(PARTNER_ANSWERS) == set(ANSWERS) - {S.WITHDRAWN}


def test_what_was_told_wrongly_is_told_again() -> None:
    for told in PARTNER_ANSWERS:
        for right in PARTNER_ANSWERS:
            assert after(told, ANSWERS[right]) is right


def test_only_who_did_not_go_or_lacked_papers_is_contacted_again_once_there_is_an_answer() -> None:
    assert {status for status, action in TRANSITIONS if action is A.REMIND} == {S.WAITING, S.NO_PAPERS, S.NEVER_WENT}


@pytest.mark.parametrize("action", list(A))
def test_nothing_more_becomes_of_what_was_withdrawn(action: ReferralAction) -> None:
    with pytest.raises(IllegalTransition):
        after(S.WITHDRAWN, action)
