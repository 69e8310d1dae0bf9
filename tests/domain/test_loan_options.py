"""The ways out of a loan, with what each costs: Besançon's 2 000 € of 45 then 23 × 85, and a loan with interest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.amortization import RemainderOn, schedule
from app.domain.loan_options import Option, OptionKind, Standing, options
from app.domain.products import DeferralRule
from app.domain.schedule_versions import in_force

JUNE = date(2011, 6, 15)


def besancon(**changes: object) -> Standing:
    """Two instalments paid, three late on 15 June 2011."""
    rows = schedule(
        principal_cents=200_000,
        rate_percent=Decimal(0),
        first_due_on=date(2011, 2, 5),
        instalment_cents=8_500,
        remainder_on=RemainderOn.FIRST,
    )
    version = in_force(rows, rate_percent=Decimal(0), released_on=date(2011, 1, 30))
    standing = Standing(
        version=version, on=JUNE, paid_cents=13_000, number=3, unpaid_cents=25_500, owed_cents=187_000, rule=None
    )
    return replace(standing, **changes)  # type: ignore[arg-type]


def told(standing: Standing, kind: OptionKind, **barred: tuple[str, ...]) -> list[Option]:
    """The ways out of one kind."""
    found = options(standing, barred={OptionKind(name): why for name, why in barred.items()})
    return [option for option in found if option.kind is kind]


def test_a_deferral_costs_the_ccas_time_alone() -> None:
    deferrals = told(besancon(), OptionKind.DEFERRAL)
    assert [(one.months, one.allowed, one.cost_cents, one.last_due_on) for one in deferrals] == [
        (1, True, 0, date(2013, 2, 5)),
        (2, True, 0, date(2013, 3, 5)),
        (3, True, 0, date(2013, 4, 5)),
    ]
    assert {one.at_risk_cents for one in deferrals} == {187_000}


def test_deferrals_go_as_far_as_the_rules_let_them_and_say_which_rule_ends_them() -> None:
    two = besancon(rule=DeferralRule(count_max=2))
    assert [one.months for one in told(two, OptionKind.DEFERRAL)] == [1, 2]
    (refused,) = told(besancon(rule=DeferralRule(count_max=0)), OptionKind.DEFERRAL)
    assert (refused.allowed, refused.reasons, refused.cost_cents) == (False, ("deferrals.count_max",), None)
    unlimited = besancon(rule=DeferralRule(count_max=None))
    assert len(told(unlimited, OptionKind.DEFERRAL)) == 3


def test_support_costs_what_is_late_and_leaves_the_schedule() -> None:
    (support,) = told(besancon(), OptionKind.SUPPORT)
    assert (support.cost_cents, support.at_risk_cents, support.last_due_on) == (25_500, 161_500, date(2013, 1, 5))
    (nothing,) = told(besancon(unpaid_cents=0), OptionKind.SUPPORT)
    assert nothing.reasons == ("nothing_unpaid",)


def test_a_rescheduling_spreads_all_that_is_owed_by_the_instalment_that_there_was() -> None:
    (spread,) = told(besancon(), OptionKind.RESCHEDULE)
    assert (spread.cost_cents, spread.borrower_cost_cents, spread.last_due_on) == (0, 0, date(2013, 4, 5))


def test_what_comes_of_litigation_nobody_knows() -> None:
    (litigation,) = told(besancon(), OptionKind.LITIGATION)
    assert litigation.allowed
    assert (litigation.cost_cents, litigation.at_risk_cents, litigation.last_due_on) == (None, 187_000, None)


def test_what_is_barred_has_reasons_and_no_figures() -> None:
    for kind in OptionKind:
        (option,) = told(besancon(), kind, **{kind.value: ("suspended",)})
        assert (option.allowed, option.reasons) == (False, ("suspended",))
        assert {option.cost_cents, option.borrower_cost_cents, option.at_risk_cents, option.last_due_on} == {None}


def test_with_interest_a_month_without_payment_costs_the_borrower_that_month() -> None:
    """2 000 € at 6.20 % over 24 months, instalment 7 put off: 7.87 € (project reference, § 2.4)."""
    rows = schedule(
        principal_cents=200_000, rate_percent=Decimal("6.20"), first_due_on=date(2011, 2, 5), duration_months=24
    )
    version = in_force(rows, rate_percent=Decimal("6.20"), released_on=date(2011, 1, 5))
    paid = sum(row.total_cents for row in rows[:6])
    standing = besancon(version=version, on=date(2011, 8, 10), paid_cents=paid, number=7, unpaid_cents=8_882)
    first = told(standing, OptionKind.DEFERRAL)[0]
    assert (first.cost_cents, first.borrower_cost_cents, first.last_due_on) == (0, 787, date(2013, 2, 5))
