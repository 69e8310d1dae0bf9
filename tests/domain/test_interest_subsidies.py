"""Who pays the interest: sourced cases, and what holds whatever the loan and whoever pays."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, reject
from hypothesis import strategies as st

from app.domain.amortization import ImpossiblePlan, Instalment, schedule
from app.domain.interest_subsidies import Difference, InterestShare, borrower_rows, differences, shares
from app.domain.lenders import Payer

LOANS = yaml.safe_load((Path(__file__).parents[1] / "cases" / "partner_schedules.yaml").read_text("utf-8"))["loans"]
START = date(2026, 1, 5)


def annuity(*, rate_percent: str, **ask: Any) -> tuple[Instalment, ...]:
    return schedule(rate_percent=Decimal(rate_percent), first_due_on=START, **ask)


@st.composite
def annuities(draw: st.DrawFn) -> tuple[Instalment, ...]:
    """The rows of any loan that a schedule fits."""
    rate = draw(st.decimals(0, 25, places=2))
    ask = {"principal_cents": draw(st.integers(1, 1_000_000)), "duration_months": draw(st.integers(1, 60))}
    try:
        return annuity(rate_percent=str(rate), **ask)
    except ImpossiblePlan:
        reject()


@pytest.mark.parametrize("loan", LOANS, ids=lambda loan: loan["name"])
def test_sourced_case(loan: dict[str, Any]) -> None:
    assert loan["source"]
    rows = annuity(**loan["ask"])
    parts = shares(rows, loan["borne_by"] and Payer(loan["borne_by"]))
    borrowers = borrower_rows(rows, parts)
    split = {
        row.number: [row.total_cents, borrower.total_cents, sum(share.cents for share in part)]
        for row, borrower, part in zip(rows, borrowers, parts, strict=True)
    }
    assert {number: split[number] for number in loan["rows"]} == loan["rows"]
    assert loan["totals"] == {
        "interest": sum(row.interest_cents for row in rows),
        "borrower": sum(row.total_cents for row in borrowers),
        "third_parties": sum(share.cents for part in parts for share in part),
    }
    assert {share.payer for part in parts for share in part} == ({"city"} if loan["borne_by"] == "city" else set())


@given(annuities())
def test_a_third_party_pays_all_the_interest_and_the_borrower_the_money_lent(rows: tuple[Instalment, ...]) -> None:
    parts = shares(rows, Payer.CITY)
    borrowers = borrower_rows(rows, parts)
    assert sum(row.total_cents for row in borrowers) == sum(row.principal_cents for row in rows)
    assert {row.interest_cents for row in borrowers} == {0}
    assert [sum(share.cents for share in part) for part in parts] == [row.interest_cents for row in rows]
    assert all(share.cents > 0 for part in parts for share in part)


@given(annuities(), st.sampled_from([None, Payer.BORROWER, Payer.NOBODY]))
def test_without_a_third_party_the_borrower_pays_the_whole_rows(
    rows: tuple[Instalment, ...], bearer: Payer | None
) -> None:
    parts = shares(rows, bearer)
    assert parts == [()] * len(rows)
    assert borrower_rows(rows, parts) == rows


@given(annuities(), st.data())
def test_however_the_interest_is_shared_every_row_adds_up_and_nobody_pays_less_than_nothing(
    rows: tuple[Instalment, ...], data: st.DataObject
) -> None:
    parts = []
    for row in rows:
        city = data.draw(st.integers(0, row.interest_cents))
        fund = data.draw(st.integers(0, row.interest_cents - city))
        parts.append(tuple(InterestShare(payer, cents) for payer, cents in (("city", city), ("fund", fund)) if cents))
    for row, part, borrower in zip(rows, parts, borrower_rows(rows, parts), strict=True):
        assert borrower.total_cents + sum(share.cents for share in part) == row.total_cents
        assert borrower.total_cents == borrower.principal_cents + borrower.interest_cents
        assert borrower.interest_cents >= 0
        # The money lent is the borrower's alone.
        assert (borrower.principal_cents, borrower.balance_cents) == (row.principal_cents, row.balance_cents)


@given(annuities(), st.data())
def test_a_cent_elsewhere_is_told_where_it_is_and_nowhere_else(
    rows: tuple[Instalment, ...], data: st.DataObject
) -> None:
    assert differences(rows, rows) == []
    chosen = data.draw(st.sampled_from(rows))
    field = data.draw(st.sampled_from(["principal_cents", "interest_cents", "total_cents", "balance_cents"]))
    was = getattr(chosen, field)
    theirs = [replace(row, **{field: was + 1}) if row is chosen else row for row in rows]
    assert differences(theirs, rows) == [Difference(chosen.number, field, was + 1, was)]


def test_rows_and_parts_of_another_loan_are_refused_not_cut_short() -> None:
    rows = annuity(principal_cents=100_000, rate_percent="4", duration_months=3)
    parts = shares(rows, Payer.CITY)
    with pytest.raises(ValueError, match="shorter"):
        borrower_rows(rows, parts[:2])
    with pytest.raises(ValueError, match="shorter"):
        differences(rows, rows[:2])


def test_the_days_of_a_lender_are_its_own() -> None:
    rows = annuity(principal_cents=100_000, rate_percent="4", duration_months=3)
    moved = [replace(row, due_on=row.due_on.replace(day=20)) for row in rows]
    assert differences(moved, rows) == []
