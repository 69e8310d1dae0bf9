"""What the law limits, whatever the rules of a CCAS: told of a decision, and gone past by nobody."""

from decimal import Decimal

import pytest
from httpx import AsyncClient

from app.domain.lenders import Lender, Lending, Payer
from app.domain.national_law import Scope
from app.domain.permissions import Role
from app.domain.simulations import TO_THE_CENT
from tests.api.test_overrides import open_changed
from tests.support import APPROVAL, Ccas, Databases, Json, ok, refused, submitted

EVERYBODY = (Role.DECIDER, Role.MANAGER)


def lent_at(databases: Databases, client: AsyncClient, rate_percent: str) -> Ccas:
    """A CCAS that lends its own funds at a rate that the borrower pays."""
    return open_changed(
        databases,
        client,
        rate_percent=Decimal(rate_percent),
        interest_borne_by=Payer.BORROWER,
        rounding=TO_THE_CENT,
        overridable_by={"usury": EVERYBODY},
    )


def lent_by_an_association(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS whose one lender is an association under the national caps, without limits of its own."""
    association = Lender(code="association", name="Association", scopes=(Scope.ASSOCIATION_LENDERS,))
    return open_changed(
        databases,
        client,
        lending=Lending.PARTNER,
        lender=association,
        other_lenders=(),
        amount_cents_max=None,
        duration_months_max=None,
        tiers=(),
        overridable_by={"national_amount_cents_max": EVERYBODY},
    )


def breaches_of(told: Json) -> list[tuple[str, object, object, str]]:
    return [(each["rule"], each["limit"], each["actual"], each["severity"]) for each in told["breaches"]]


def approval(on: str) -> Json:
    return {**APPROVAL, "loan": {"amount_cents": 200_000, "duration_months": 24}, "decided_on": on}


def asking(amount_cents: int, **terms: int) -> Json:
    """An endorsement of 12 March 2018."""
    loan = {"amount_cents": amount_cents, **terms}
    return {"outcome": "endorse", "loan": loan, "decided_on": "2018-03-12", "signatory": APPROVAL["signatory"]}


def plan_of(amount_cents: int) -> Json:
    return {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": amount_cents}]}


async def test_a_loan_at_a_usurious_rate_is_approved_by_nobody(databases: Databases, client: AsyncClient) -> None:
    """2 000 € over 24 months at 9 %: (1 + 9 % / 12)^12 - 1 = 9.38 %, above the 7.77 % of the first quarter of 2011."""
    ccas = lent_at(databases, client, "9")
    path = f"/requests/{await submitted(ccas)}/decisions"
    problem = await refused(ccas.decider.post(path, approval("2011-03-15")), 409, "rules_breached")
    assert breaches_of(problem) == [("usury", "7.77", "9.38", "refuse")]
    assert (problem["breaches"][0]["overridable_by"], "TAEG" in problem["breaches"][0]["message"]) == ([], True)
    past = {**approval("2011-03-15"), "overrides": [{"rule": "usury", "reason": "Il en a besoin"}]}
    await refused(ccas.decider.post(path, past), 409, "override_not_allowed")


@pytest.mark.parametrize(
    ("rate_percent", "on", "told"),
    [
        ("6.20", "2011-03-15", []),
        ("6.20", "2026-10-15", [("usury", None, "6.38", "warn")]),
        ("0", "2026-10-15", []),
    ],
    ids=["below the threshold", "a threshold that is not known", "without interest"],
)
async def test_what_usury_tells_of_an_approval_is_kept_with_it(
    databases: Databases, client: AsyncClient, rate_percent: str, on: str, told: list[tuple[str, object, object, str]]
) -> None:
    """Amiens' 2 000 € over 24 months at 6.20 %: an APR of 6.38 %."""
    ccas = lent_at(databases, client, rate_percent)
    path = f"/requests/{await submitted(ccas)}/decisions"
    made = await ok(ccas.decider.post(path, approval(on)))
    assert breaches_of(made) == told
    assert breaches_of(await ok(ccas.agent.get(f"/decisions/{made['id']}"))) == told


@pytest.mark.parametrize(
    ("amount_cents", "months", "told"),
    [
        (500_000, 60, []),
        (
            500_001,
            61,
            [
                ("national_amount_cents_max", 500_000, 500_001, "refuse"),
                ("national_duration_months_max", 60, 61, "refuse"),
            ],
        ),
    ],
    ids=["at the caps", "above them"],
)
async def test_no_file_is_endorsed_above_the_national_caps_of_its_lender(
    databases: Databases,
    client: AsyncClient,
    amount_cents: int,
    months: int,
    told: list[tuple[str, object, object, str]],
) -> None:
    ccas = lent_by_an_association(databases, client)
    asked = {"project_cost_cents": amount_cents, "requested_amount_cents": amount_cents}
    request_id = await submitted(ccas, plan_of(amount_cents), received_on="2018-03-01", **asked)
    path, body = f"/requests/{request_id}/decisions", asking(amount_cents, duration_months=months)
    if not told:
        assert breaches_of(await ok(ccas.decider.post(path, body))) == []
        return
    assert breaches_of(await refused(ccas.decider.post(path, body), 409, "rules_breached")) == told
    past = {**body, "overrides": [{"rule": "national_amount_cents_max", "reason": "Il en a besoin"}]}
    await refused(ccas.decider.post(path, past), 409, "override_not_allowed")
