"""A partial approval is told by what differs from what was asked."""

import pytest

from app.domain.decision_differences import Asked, Differences, Given, differences

ASKED = Asked(amount_cents=200_000, duration_months=24, instalment_cents=8_400)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (Given(loan_cents=200_000, duration_months=24, instalment_cents=8_400), []),
        (Given(loan_cents=150_000, duration_months=24, instalment_cents=8_400), ["amount"]),
        (Given(loan_cents=200_000, duration_months=30, instalment_cents=6_700), ["duration", "instalment"]),
        (Given(loan_cents=200_000, duration_months=24), []),
        (Given(loan_cents=0, grant_cents=30_000), ["amount"]),
        (Given(loan_cents=150_000, grant_cents=50_000), []),
        (Given(loan_cents=200_000, grant_cents=30_000), []),
        (Given(loan_cents=0, grant_cents=200_000), []),
        (Given(loan_cents=250_000), ["amount"]),
    ],
)
def test_what_is_given_otherwise_than_asked_is_named(given: Given, named: list[str]) -> None:
    assert differences(ASKED, given).named() == named


def test_terms_that_the_assessment_does_not_propose_do_not_differ() -> None:
    given = Given(loan_cents=200_000, duration_months=36, instalment_cents=5_600)
    assert differences(Asked(amount_cents=200_000), given) == Differences()
