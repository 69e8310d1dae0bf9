"""Financing plans: to the cent, without the money that was refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import PlanDiffersFromDecision, PlanUnbalanced
from app.domain.financing import PlanLine, PlanLineKind, PlanLineStatus, check_balanced, check_plan_matches

K, S = PlanLineKind, PlanLineStatus

# Besançon, case G19: 3 100 € of the person and family, FDAJ 600 €, grant 300 €, loan 1 300 €, project 5 300 €.
HAIRDRESSING = [
    PlanLine(K.FAMILY, S.CONFIRMED, 310_000),
    PlanLine(K.THIRD_PARTY, S.EXPECTED, 60_000),
    PlanLine(K.GRANT, S.EXPECTED, 30_000),
    PlanLine(K.LOAN, S.EXPECTED, 130_000),
]
lines = st.lists(
    st.builds(PlanLine, st.sampled_from(K), st.sampled_from(S), st.integers(1, 10_000_000)), min_size=1, max_size=20
)


def test_a_plan_whose_lines_add_up_to_the_cost_is_balanced() -> None:
    check_balanced(HAIRDRESSING, project_cost_cents=530_000)


@pytest.mark.parametrize("cost", [529_999, 530_001])
def test_one_cent_too_many_or_too_few_unbalances_a_plan(cost: int) -> None:
    with pytest.raises(PlanUnbalanced) as refused:
        check_balanced(HAIRDRESSING, project_cost_cents=cost)
    assert refused.value.facts == {"total_cents": 530_000, "project_cost_cents": cost}


@pytest.mark.parametrize("status", [S.EXPECTED, S.CONFIRMED])
def test_money_that_is_expected_counts_as_much_as_money_that_is_sure(status: PlanLineStatus) -> None:
    check_balanced([PlanLine(K.OWN, status, 1)], project_cost_cents=1)


@given(lines)
def test_a_refused_line_changes_neither_the_total_nor_what_is_decided(plan: list[PlanLine]) -> None:
    kept = [line for line in plan if line.status is not S.REFUSED]
    total = sum(line.amount_cents for line in kept)
    loan = sum(line.amount_cents for line in kept if line.kind is K.LOAN)
    grant = sum(line.amount_cents for line in kept if line.kind is K.GRANT)
    check_balanced(plan, project_cost_cents=total)
    check_plan_matches(plan, loan_cents=loan, grant_cents=grant)
    with pytest.raises(PlanUnbalanced):
        check_balanced([*plan, PlanLine(K.OWN, S.CONFIRMED, 1)], project_cost_cents=total)


@pytest.mark.parametrize(
    ("loan", "grant", "facts"),
    [
        (130_001, 30_000, {"kind": "loan", "plan_cents": 130_000, "decided_cents": 130_001}),
        (130_000, 29_999, {"kind": "grant", "plan_cents": 30_000, "decided_cents": 29_999}),
        (0, 30_000, {"kind": "loan", "plan_cents": 130_000, "decided_cents": 0}),
    ],
)
def test_a_plan_holds_the_very_loan_and_grant_that_are_decided(loan: int, grant: int, facts: object) -> None:
    with pytest.raises(PlanDiffersFromDecision) as refused:
        check_plan_matches(HAIRDRESSING, loan_cents=loan, grant_cents=grant)
    assert refused.value.facts == facts


def test_another_fund_of_the_ccas_is_not_the_grant_of_the_scheme() -> None:
    """G25: 200 € of the appliance fund, 184 € of the scheme's grant."""
    plan = [PlanLine(K.THIRD_PARTY, S.CONFIRMED, 20_000), PlanLine(K.GRANT, S.EXPECTED, 18_400)]
    check_balanced(plan, project_cost_cents=38_400)
    check_plan_matches(plan, loan_cents=0, grant_cents=18_400)


def test_the_loan_may_stand_on_several_lines() -> None:
    plan = [PlanLine(K.LOAN, S.EXPECTED, 100), PlanLine(K.LOAN, S.CONFIRMED, 200), PlanLine(K.LOAN, S.REFUSED, 400)]
    check_plan_matches(plan, loan_cents=300, grant_cents=0)
