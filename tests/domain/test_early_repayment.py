"""Early repayments: sourced figures, the four choices, and what none of them may do."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, Instalment, RemainderOn, Rounding, schedule
from app.domain.deferral import DeferralMode, defer
from app.domain.early_repayment import Choice, Cover, EarlyRepayment, partial_refusal_limit_cents, repay_early
from app.domain.payoff import payoff
from app.domain.schedule_versions import Pause, Prepayment, due_by, in_force, position
from tests.domain.loan_histories import (
    CASES,
    Loan,
    assert_sound,
    case_loan,
    contract,
    histories,
    paid,
    paid_ahead,
    refused,
)

AMIENS = contract("amiens")
AT_12 = AMIENS.rows[11].due_on


def attempt(loan: Loan, amount_cents: int, choice: Choice, **how: Any) -> EarlyRepayment | ImpossiblePlan:
    """The result or the refusal; any other exception is a failure."""
    try:
        return repay_early(
            loan.version, on=loan.on, amount_cents=amount_cents, choice=choice, paid_cents=loan.paid_cents, **how
        )
    except ImpossiblePlan as fault:
        return refused(fault)


def refusal(loan: Loan, amount_cents: Any, choice: Choice, **how: Any) -> tuple[str, object]:
    result = attempt(loan, amount_cents, choice, **how)
    assert isinstance(result, ImpossiblePlan)
    assert str(result).endswith(".")
    return result.field, result.bound


@pytest.mark.parametrize("case", CASES["early_repayments"], ids=lambda case: case["name"])
def test_sourced_case(case: dict[str, Any]) -> None:
    assert case["source"]
    loan = case_loan(case)
    result = repay_early(
        loan.version,
        on=loan.on,
        amount_cents=case["amount_cents"],
        choice=Choice(case["choice"]),
        paid_cents=loan.paid_cents,
        rounding_unit_cents=case.get("rounding_unit_cents", 1),
    )
    rows = result.version.rows[case["after"] :]
    found: dict[str, Any] = {
        "rows": len(rows),
        "interest": sum(row.interest_cents for row in rows),
        "saved": result.interest_saved_cents,
        "balance": result.balance_cents,
    }
    if rows:
        found |= {
            "first_number": rows[0].number,
            "first_due_on": rows[0].due_on,
            "last_due_on": rows[-1].due_on,
            "odd": rows[-1].total_cents,
        }
        (found["instalment"],) = {row.total_cents for row in rows[:-1]}
    assert {name: found[name] for name in case["expect"]} == case["expect"]
    assert {cover.number: cover.cents for cover in result.covers} == case.get("covers", {})
    assert result.version.rows[: case["after"]] == loan.version.rows[: case["after"]]


@pytest.mark.parametrize("case", CASES["settled_in_two"], ids=lambda case: case["name"])
def test_sourced_case_of_what_settles_in_two_payments(case: dict[str, Any]) -> None:
    assert case["source"]
    loan, amount, part = case_loan(case), case["amount_cents"], case["part_cents"]
    assert payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents).amount_cents == amount
    for choice in (Choice.SHORTEN, Choice.REDUCE):
        result = attempt(loan, part, choice)
        assert isinstance(result, EarlyRepayment)
        left = payoff(result.version, on=loan.on, paid_cents=loan.paid_cents + part)
        assert left.amount_cents == case["left_cents"]
        assert 0 <= amount - part - left.amount_cents <= 1


@pytest.mark.parametrize("case", CASES["refusal_limits"], ids=lambda case: case["name"])
def test_what_a_lender_may_refuse(case: dict[str, Any]) -> None:
    assert case["source"]
    loan = case_loan(case)
    assert partial_refusal_limit_cents(loan.version, paid_cents=loan.paid_cents) == case["limit_cents"]


def test_between_dates_the_part_repaid_bears_its_days() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12 + timedelta(days=10))
    result = attempt(loan, 40_000, Choice.REDUCE)
    assert isinstance(result, EarlyRepayment)
    assert (result.principal_cents, result.interest_cents) == (39_933, 67)
    assert result.balance_cents == 63_160
    # The next instalment bears a whole month on what is left: 631.60 × 6.20 / 1200.
    assert result.version.rows[12].interest_cents == 326


def test_the_interest_of_the_part_repaid_is_within_the_amount() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12 + timedelta(days=30))
    result = attempt(loan, 100_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    # 1 000 = p + p × 0.062 × 30 / 365, hence 5.07 of interest; on the whole amount it would be 5.09.
    assert (result.principal_cents, result.interest_cents) == (99_493, 507)


def test_a_pause_that_ends_today_was_borne_by_the_balance_before() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    result = attempt(Loan(deferred, paid(deferred, 6), date(2026, 8, 5)), 40_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert result.version.carried_cents == 787


def test_a_pause_planned_after_the_new_last_instalment_falls() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=22, paid_cents=0).version
    result = attempt(Loan(planned, paid(planned, 12), AT_12), 40_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert (result.version.pauses, result.version.rows[-1].total_cents) == ((), 2_277)


def test_interest_that_waits_stays_due_with_the_last_instalment() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    loan = Loan(deferred, paid(deferred, 12), deferred.rows[11].due_on)
    result = attempt(loan, 40_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert [row.total_cents for row in result.version.rows[12:]] == [8_882] * 7 + [2_277 + 787]
    assert result.interest_saved_cents == 2_138
    settled = attempt(loan, 103_093 + 787, Choice.SETTLE)
    assert isinstance(settled, EarlyRepayment)
    assert (settled.principal_cents, settled.interest_cents) == (103_093, 787)


def test_a_pause_to_come_costs_less_after_an_early_repayment() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0).version
    assert planned.carried_cents == 446  # a month on the 862.51 left after 14
    loan = Loan(planned, paid(planned, 12), AT_12)
    result = attempt(loan, 40_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    balance = result.version.rows[13].balance_cents
    assert result.version.carried_cents == round(balance * 62 / 12_000)
    assert planned.pauses[0].due_on not in [row.due_on for row in result.version.rows]
    # 8 instalments from the 13th, a month of pause among them.
    assert result.version.rows[-1].due_on == date(2027, 10, 5)


def test_a_planned_month_of_interest_alone_stays_one() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0, mode=DeferralMode.INTEREST_ONLY).version
    loan = Loan(planned, paid(planned, 12), AT_12)
    for choice, count in ((Choice.SHORTEN, 21), (Choice.REDUCE, 25)):
        result = attempt(loan, 40_000, choice)
        assert isinstance(result, EarlyRepayment)
        assert len(result.version.rows) == count
        assert result.version.rows[14].principal_cents == 0
        assert result.version.rows[14].due_on == planned.rows[14].due_on


def test_instalments_paid_ahead_stay_and_a_part_of_one_counts() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 14) + 1_000, AT_12)
    result = attempt(loan, 9_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert (result.principal_cents, result.interest_cents) == (10_000, 0)
    assert result.version.rows[:12] == AMIENS.rows[:12]
    # Paid ahead, 13 and 14 keep their date and total; on 100 € less they bear 0.52 and 0.51 of interest less.
    ahead = [(row.due_on, row.total_cents, row.interest_cents) for row in result.version.rows[12:14]]
    assert ahead == [(date(2027, 2, 5), 8_882, 533 - 52), (date(2027, 3, 5), 8_882, 490 - 52)]
    assert result.version.rows[13].balance_cents == result.balance_cents == 94_744 - 8_392 - 10_000 - 52 - 52
    assert paid(result.version, 14) == loan.paid_cents + 9_000


def test_a_balloon_shrinks_and_the_instalments_do_not_grow() -> None:
    rows = [Instalment(n, date(2026, n, 5), 5_000, 0, 5_000, 100_000 - n * 5_000) for n in range(1, 10)]
    rows.append(Instalment(10, date(2026, 10, 5), 55_000, 0, 55_000, 0))
    version = in_force(rows, rate_percent=Decimal(0), released_on=date(2026, 1, 1))
    for choice in (Choice.SHORTEN, Choice.REDUCE):
        result = attempt(Loan(version, 0, date(2026, 1, 2)), 10_000, choice)
        assert isinstance(result, EarlyRepayment)
        assert [row.total_cents for row in result.version.rows] == [5_000] * 9 + [45_000]


def test_a_smaller_instalment_never_costs_more_than_no_early_repayment() -> None:
    # Instalments of whole euros, up, repay faster than those in cents: a cent repaid must not slow them down.
    rate = Decimal("6.20")
    rows = schedule(
        principal_cents=200_000,
        rate_percent=rate,
        first_due_on=date(2026, 2, 5),
        duration_months=24,
        rounding_unit_cents=100,
        rounding=Rounding.UP,
    )
    whole = in_force(rows, rate_percent=rate, released_on=date(2026, 1, 5))
    result = attempt(Loan(whole, 0, date(2026, 1, 5)), 1, Choice.REDUCE)
    assert isinstance(result, EarlyRepayment)
    assert result.interest_saved_cents >= 0
    assert len(result.version.rows) == 24
    assert 8_882 < result.version.rows[0].total_cents <= 8_900
    # 15 cents over 24 months: 88.81 would cost more than before, and of what costs no more 88.99 is the nearest.
    some = attempt(Loan(whole, 0, date(2026, 1, 5)), 15, Choice.REDUCE)
    assert isinstance(some, EarlyRepayment)
    assert (some.version.rows[0].total_cents, some.interest_saved_cents) == (8_899, 1)


def test_where_no_rounded_instalment_will_do_the_one_in_force_is_kept() -> None:
    rate = Decimal("6.20")
    rows = schedule(principal_cents=200_000, rate_percent=rate, first_due_on=date(2026, 2, 5), duration_months=12)
    version = in_force(rows, rate_percent=rate, released_on=date(2026, 1, 5))
    result = attempt(Loan(version, 0, date(2026, 1, 5)), 1, Choice.REDUCE, rounding_unit_cents=100)
    assert isinstance(result, EarlyRepayment)
    # 172.32 in force: 172 € would cost more than before, and 173 € are more than was due.
    assert {row.total_cents for row in result.version.rows[:-1]} == {17_232}


@pytest.mark.parametrize(
    ("how", "usual"),
    [
        ({}, 5_445),
        ({"rounding_unit_cents": 100}, 5_400),
        ({"rounding_unit_cents": 100, "rounding": Rounding.UP}, 5_500),
    ],
)
def test_the_reduced_instalment_is_rounded_as_asked_and_to_the_cent_by_default(how: dict[str, Any], usual: int) -> None:
    result = attempt(Loan(AMIENS, paid(AMIENS, 12), AT_12), 39_900, Choice.REDUCE, **how)
    assert isinstance(result, EarlyRepayment)
    assert len(result.version.rows) == 24
    assert {row.total_cents for row in result.version.rows[12:-1]} == {usual}


def test_the_instalment_kept_is_that_of_most_rows_to_come() -> None:
    rows = schedule(
        principal_cents=30_500,
        rate_percent=Decimal(0),
        first_due_on=date(2026, 2, 5),
        instalment_cents=10_000,
        duration_months=3,
        remainder_on=RemainderOn.FIRST,
    )
    assert [row.total_cents for row in rows] == [10_500, 10_000, 10_000]
    version = in_force(rows, rate_percent=Decimal(0), released_on=date(2026, 1, 5))
    result = attempt(Loan(version, 0, date(2026, 1, 10)), 600, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert [row.total_cents for row in result.version.rows] == [10_000, 10_000, 9_900]


def test_months_of_interest_alone_are_not_instalments_to_keep_or_to_reduce() -> None:
    ask = {"months": 6, "mode": DeferralMode.INTEREST_ONLY}
    deferred = defer(AMIENS, on=AMIENS.rows[19].due_on, number=21, paid_cents=paid(AMIENS, 20), **ask).version
    loan = Loan(deferred, paid(deferred, 20), deferred.rows[19].due_on)
    found = {}
    for choice in (Choice.SHORTEN, Choice.REDUCE):
        result = attempt(loan, 5_000, choice)
        assert isinstance(result, EarlyRepayment)
        found[choice] = [row.total_cents for row in result.version.rows[20:]]
    # A month on 300.79 is 1.55.
    assert found[Choice.SHORTEN] == [155] * 6 + [8_882] * 3 + [3_782]
    assert found[Choice.REDUCE] == [155] * 6 + [7_617] * 4


def test_a_month_of_interest_alone_falls_where_there_is_no_interest_left() -> None:
    deferred = defer(
        AMIENS, on=AMIENS.rows[21].due_on, number=23, paid_cents=paid(AMIENS, 22), mode=DeferralMode.INTEREST_ONLY
    ).version
    loan = Loan(deferred, paid(deferred, 22), deferred.rows[21].due_on)
    result = attempt(loan, deferred.balance(22) - 50, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    # Half a euro bears 0.26 cent a month.
    assert result.version.rows[22:] == (Instalment(23, date(2028, 1, 5), 50, 0, 50, 0),)
    # Its date is a pause, and the days of the next month count from there.
    assert result.version.pauses == (Pause(date(2027, 12, 5), 0),)
    assert payoff(result.version, on=date(2028, 1, 4), paid_cents=paid(result.version, 22)).days == 30


def test_an_instalment_is_the_last_only_if_it_covers_the_interest_too() -> None:
    # After eleven instalments 88.82 and some cents are owed with the interest: they are not all in the eleventh.
    result = attempt(Loan(AMIENS, paid(AMIENS, 12), AT_12), 8_267, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert [row.total_cents for row in result.version.rows[12:]] == [8_882] * 11 + [92]


def test_the_interest_of_the_part_repaid_is_rounded_down_however_near_the_next_cent() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12 + timedelta(days=30))
    result = attempt(loan, 3_353, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert (result.principal_cents, result.interest_cents) == (3_337, 16)  # 33.53 × 1.86 / 366.86 = 0.169998…


def test_all_but_some_cents_of_the_balance_may_be_repaid() -> None:
    result = attempt(Loan(AMIENS, paid(AMIENS, 12), AT_12 + timedelta(days=10)), 103_200, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert (result.principal_cents, result.interest_cents, result.balance_cents) == (103_025, 175, 68)
    assert [row.total_cents for row in result.version.rows[12:]] == [68]


def test_a_pause_of_tomorrow_is_borne_by_the_balance_after() -> None:
    planned = defer(AMIENS, on=AMIENS.released_on, number=15, paid_cents=0).version
    result = attempt(Loan(planned, paid(planned, 14), date(2027, 4, 4)), 40_000, Choice.SHORTEN)
    assert isinstance(result, EarlyRepayment)
    assert result.version.pauses == (Pause(date(2027, 4, 5), 241),)  # a month on 465.54


def test_the_exact_payoff_settles_whatever_was_chosen_and_more_is_refused() -> None:
    # Two instalments paid ahead, with 5.33 and 4.90 of interest that nobody owes any more.
    loan = Loan(AMIENS, paid(AMIENS, 14), AT_12)
    for choice in (Choice.SHORTEN, Choice.REDUCE):
        assert refusal(loan, 85_330, choice) == ("amount_cents", 85_329)
        result = attempt(loan, 85_329, choice)
        assert isinstance(result, EarlyRepayment)
        assert (result.choice, result.left_cents, result.balance_cents) == (choice, 0, 0)
        assert (result.principal_cents, result.interest_saved_cents) == (103_093, 3_496)
        assert result.version.rows == AMIENS.rows[:12]


def test_settling_after_the_last_date_pays_what_is_overdue_and_changes_no_row() -> None:
    result = attempt(Loan(AMIENS, paid(AMIENS, 23), date(2028, 2, 1)), 8_887, Choice.SETTLE)
    assert isinstance(result, EarlyRepayment)
    assert result.version == AMIENS
    assert (result.principal_cents, result.interest_cents, result.interest_saved_cents) == (0, 0, 0)


def test_settling_brings_early_repayments_back_to_the_rows_that_stay() -> None:
    shorter = attempt(Loan(AMIENS, paid(AMIENS, 14), AT_12), 10_000, Choice.SHORTEN)
    assert isinstance(shorter, EarlyRepayment)
    settled = attempt(Loan(shorter.version, paid(AMIENS, 14) + 10_000, AT_12), 75_329, Choice.SETTLE)
    assert isinstance(settled, EarlyRepayment)
    assert settled.version.prepayments == (Prepayment(AT_12, 12, 10_000, 0), Prepayment(AT_12, 12, 93_093, 0))


@pytest.mark.parametrize(
    ("amount_cents", "covers", "left_cents", "balance_cents"),
    [
        (1, {13: 1}, 105_588, 102_625),  # 10.01 paid of 88.82, of which 5.33 is interest
        (7_882, {13: 7_882}, 97_707, 94_744),
        (8_000, {13: 7_882, 14: 118}, 97_589, 94_744),  # 1.18 is interest
        (105_589, {13: 7_882} | dict.fromkeys(range(14, 24), 8_882) | {24: 8_887}, 0, 0),
    ],
)
def test_what_is_paid_in_advance_completes_a_part_and_pays_interest_first(
    amount_cents: int, covers: dict[int, int], left_cents: int, balance_cents: int
) -> None:
    result = attempt(Loan(AMIENS, paid(AMIENS, 12) + 1_000, AT_12), amount_cents, Choice.ADVANCE)
    assert result == EarlyRepayment(
        choice=Choice.ADVANCE,
        version=AMIENS,
        principal_cents=0,
        interest_cents=0,
        interest_saved_cents=0,
        left_cents=left_cents,
        balance_cents=balance_cents,
        covers=tuple(Cover(number, cents) for number, cents in covers.items()),
    )


@pytest.mark.parametrize(
    ("amount_cents", "choice", "change", "expected"),
    [
        (0, Choice.SHORTEN, {}, ("amount_cents", 1)),
        (-5, Choice.ADVANCE, {}, ("amount_cents", 1)),
        (Decimal("NaN"), Choice.REDUCE, {}, ("amount_cents", None)),
        (103_094, Choice.SHORTEN, {}, ("amount_cents", 103_093)),
        (103_094, Choice.REDUCE, {}, ("amount_cents", 103_093)),
        (103_094, Choice.SETTLE, {}, ("amount_cents", 103_093)),
        (103_092, Choice.SETTLE, {}, ("amount_cents", 103_093)),
        (106_590, Choice.ADVANCE, {}, ("amount_cents", 106_589)),
        (105_590, Choice.ADVANCE, {"paid_cents": paid(AMIENS, 12) + 1_000}, ("amount_cents", 105_589)),
        (1, Choice.ADVANCE, {"paid_cents": paid(AMIENS, 24)}, ("amount_cents", 0)),
        (1, Choice.ADVANCE, {"paid_cents": paid(AMIENS, 24) + 5}, ("amount_cents", 0)),
        (0, Choice.SETTLE, {"paid_cents": paid(AMIENS, 24)}, ("amount_cents", 1)),
        (40_000, Choice.REDUCE, {"paid_cents": paid(AMIENS, 11)}, ("paid_cents", paid(AMIENS, 12))),
        (40_000, Choice.ADVANCE, {"paid_cents": paid(AMIENS, 12) - 1}, ("paid_cents", paid(AMIENS, 12))),
        (40_000, Choice.REDUCE, {"on": date(2026, 1, 4)}, ("on", date(2026, 1, 5))),
        (103_092, Choice.REDUCE, {}, ("duration_months", 1)),
    ],
)
def test_out_of_bounds(amount_cents: Any, choice: Choice, change: dict[str, Any], expected: tuple[str, object]) -> None:
    assert refusal(replace(Loan(AMIENS, paid(AMIENS, 12), AT_12), **change), amount_cents, choice) == expected


@pytest.mark.parametrize("choice", Choice)
@pytest.mark.parametrize("unit", [0, -3])
def test_the_rounding_unit_has_a_bound_whatever_is_chosen(choice: Choice, unit: int) -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12)
    assert refusal(loan, 40_000, choice, rounding_unit_cents=unit) == ("rounding_unit_cents", 1)


@pytest.mark.parametrize("choice", Choice)
def test_a_choice_may_be_given_as_text_and_an_unknown_one_is_refused(choice: Choice) -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12)
    amount = 103_093 if choice is Choice.SETTLE else 40_000
    result = attempt(loan, amount, choice.value)  # type: ignore[arg-type]
    assert result == attempt(loan, amount, choice)
    assert isinstance(result, EarlyRepayment)
    assert result.choice is choice
    assert refusal(loan, amount, "lengthen") == ("choice", None)  # type: ignore[arg-type]
    assert refusal(loan, amount, choice, rounding="down") == ("rounding", None)


def test_nothing_may_be_repaid_early_before_the_last_event() -> None:
    deferred = defer(AMIENS, on=date(2027, 1, 20), number=15, paid_cents=paid(AMIENS, 12)).version
    assert refusal(Loan(deferred, paid(deferred, 12), AT_12), 40_000, Choice.SHORTEN) == ("on", date(2027, 1, 20))


def test_the_version_after_an_early_repayment_holds_from_its_day() -> None:
    loan = Loan(AMIENS, paid(AMIENS, 12), AT_12)
    for amount, choice in ((40_000, Choice.SHORTEN), (40_000, Choice.REDUCE), (103_093, Choice.SETTLE)):
        result = attempt(loan, amount, choice)
        assert isinstance(result, EarlyRepayment)
        assert result.version.effective_on == AT_12


def test_all_the_principal_without_the_interest_that_waits_settles_nothing() -> None:
    deferred = defer(AMIENS, on=AMIENS.rows[5].due_on, number=7, paid_cents=paid(AMIENS, 6)).version
    loan = Loan(deferred, paid(deferred, 12), deferred.rows[11].due_on)
    assert refusal(loan, 103_093, Choice.SHORTEN) == ("amount_cents", 103_880)


def test_an_instalment_kept_that_does_not_cover_the_interest_is_refused() -> None:
    # The rows of a lender: interest first, most instalments below the first interest.
    rows = [
        Instalment(1, date(2026, 1, 5), 100_000, 80_000, 180_000, 900_000),
        Instalment(2, date(2026, 2, 5), 700_000, 72_000, 772_000, 200_000),
        Instalment(3, date(2026, 3, 5), 5_000, 16_000, 21_000, 195_000),
        Instalment(4, date(2026, 4, 5), 5_400, 15_600, 21_000, 189_600),
        Instalment(5, date(2026, 5, 5), 189_600, 15_168, 204_768, 0),
    ]
    version = in_force(rows, rate_percent=Decimal(96), released_on=date(2025, 12, 5))
    assert refusal(Loan(version, 0, date(2025, 12, 5)), 1_000, Choice.SHORTEN) == ("choice", None)
    # 799.20 a month for most, and exactly 799.20 of interest on what is left.
    rows[2:] = [
        Instalment(3, date(2026, 3, 5), 63_920, 16_000, 79_920, 136_080),
        Instalment(4, date(2026, 4, 5), 69_034, 10_886, 79_920, 67_046),
        Instalment(5, date(2026, 5, 5), 67_046, 5_364, 72_410, 0),
    ]
    even = replace(version, rows=tuple(rows))
    result = attempt(Loan(even, 0, date(2025, 12, 5)), 1_000, Choice.SHORTEN)
    assert isinstance(result, ImpossiblePlan)
    assert "at least 79921 are needed" in str(result)


@pytest.mark.parametrize("choice", [Choice.SHORTEN, Choice.REDUCE])
def test_an_instalment_that_would_cost_more_than_no_early_repayment_is_refused(choice: Choice) -> None:
    # A lender's plan: 500 € of principal at first, then five instalments of 206.04. Kept from the first date on, these
    # would put off 308.96 and cost 15.69 more.
    rate = Decimal(12)
    rest = schedule(principal_cents=100_000, rate_percent=rate, first_due_on=date(2026, 2, 5), duration_months=5)
    rows = [Instalment(1, date(2026, 1, 5), 50_000, 1_500, 51_500, 100_000)]
    rows += [replace(row, number=row.number + 1) for row in rest]
    version = in_force(rows, rate_percent=rate, released_on=date(2025, 12, 5))
    assert refusal(Loan(version, 0, date(2025, 12, 5)), 100, choice) == ("choice", None)
    # What makes up for it is welcome: all of the first principal.
    result = attempt(Loan(version, 0, date(2025, 12, 5)), 50_000, choice)
    assert isinstance(result, EarlyRepayment)
    assert result.interest_saved_cents > 0


# Properties

partial = st.sampled_from([Choice.SHORTEN, Choice.REDUCE])


@given(histories(), st.integers(-5, 8_000_000) | st.integers(1, 5_000), st.sampled_from(Choice))
def test_a_next_version_or_a_named_refusal(loan: Loan, amount: int, choice: Choice) -> None:
    result = attempt(loan, amount, choice)
    if isinstance(result, ImpossiblePlan):
        event(f"refused: {result.field}")
        assert result.field in {"amount_cents", "paid_cents", "duration_months", "choice"}
        return
    event(choice)
    assert_sound(loan.version, result.version)
    assert result.interest_saved_cents == loan.version.interest_cents - result.version.interest_cents
    if choice is Choice.ADVANCE:
        assert result.version == loan.version
        assert sum(cover.cents for cover in result.covers) == amount
        assert result.left_cents == paid(loan.version, len(loan.version.rows)) - loan.paid_cents - amount
        assert 0 <= result.balance_cents <= result.left_cents
        return
    # All that was paid and all that is left is the whole of the version.
    assert loan.paid_cents + amount + result.left_cents == paid(result.version, len(result.version.rows))
    assert result.balance_cents <= result.left_cents
    due = due_by(loan.version, loan.on)
    assert [replace(row, balance_cents=0) for row in result.version.rows[:due]] == [
        replace(row, balance_cents=0) for row in loan.version.rows[:due]
    ]
    assert {row.due_on for row in result.version.rows} <= {row.due_on for row in loan.version.rows}


@given(histories(), st.data())
def test_shorter_costs_no_more_than_smaller_and_smaller_no_more_than_before(loan: Loan, data: st.DataObject) -> None:
    amount = data.draw(
        st.integers(1, max(1, payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents).amount_cents))
    )
    shorter, smaller = (attempt(loan, amount, choice) for choice in (Choice.SHORTEN, Choice.REDUCE))
    if isinstance(shorter, EarlyRepayment):
        assert shorter.interest_saved_cents >= 0
    if isinstance(shorter, EarlyRepayment) and isinstance(smaller, EarlyRepayment):
        assert shorter.interest_saved_cents >= smaller.interest_saved_cents >= 0
        assert len(shorter.version.rows) <= len(smaller.version.rows) <= len(loan.version.rows)
        done, first = position(loan.version, loan.paid_cents).rows, loan.version.principal_cents
        if smaller.balance_cents and smaller.version != loan.version and first >= 30_000 <= smaller.balance_cents:
            event("an ordinary loan")
            plain = [
                sum(1 for row in rows[done:] if row.principal_cents)
                for rows in (smaller.version.rows, loan.version.rows)
            ]
            assert loan.version.rate_percent > 25 or plain[0] == plain[1]


def test_a_few_cents_end_sooner_rather_than_cost_more() -> None:
    # 1.84 € over 16 months: a cent less a month would cost more interest than repaying nothing early.
    rate = Decimal("75.66")
    rows = schedule(principal_cents=184, rate_percent=rate, first_due_on=date(2026, 2, 5), duration_months=16)
    tiny = in_force(rows, rate_percent=rate, released_on=date(2026, 1, 5))
    result = attempt(Loan(tiny, 0, date(2026, 1, 5)), 2, Choice.REDUCE)
    assert isinstance(result, EarlyRepayment)
    assert result.interest_saved_cents >= 0
    assert len(result.version.rows) == 15


@given(histories())
def test_settling_leaves_nothing(loan: Loan) -> None:
    quote = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    if not quote.amount_cents:
        return
    result = attempt(loan, quote.amount_cents, Choice.SETTLE)
    assert isinstance(result, EarlyRepayment)
    assert_sound(loan.version, result.version)
    assert (result.left_cents, result.balance_cents) == (0, 0)
    assert result.interest_saved_cents == quote.interest_saved_cents
    again = payoff(result.version, on=loan.on, paid_cents=loan.paid_cents + quote.amount_cents)
    assert (again.amount_cents, again.credit_cents) == (0, 0)
    assert all(row.due_on <= loan.on for row in result.version.rows)


@given(histories() | paid_ahead(), st.integers(1, 8_000_000) | st.integers(1, 5_000), partial)
def test_to_repay_a_part_and_then_settle_is_to_settle_but_for_cents_of_rounding(
    loan: Loan, amount: int, choice: Choice
) -> None:
    before = payoff(loan.version, on=loan.on, paid_cents=loan.paid_cents)
    result = attempt(loan, amount, choice)
    if isinstance(result, ImpossiblePlan):
        return
    event("ahead" if before.paid_ahead_cents else "up to date")
    after = payoff(result.version, on=loan.on, paid_cents=loan.paid_cents + amount)
    assert abs(amount + after.amount_cents - before.amount_cents) <= 2
    assert after.credit_cents == 0


@given(histories(rates=st.just(Decimal(0))), st.integers(1, 100_000), partial)
def test_without_interest_nothing_is_saved_and_every_cent_is_principal(loan: Loan, amount: int, choice: Choice) -> None:
    result = attempt(loan, amount, choice)
    if isinstance(result, EarlyRepayment):
        assert (result.interest_cents, result.interest_saved_cents) == (0, 0)
        assert result.left_cents == result.balance_cents
