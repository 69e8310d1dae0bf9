"""The terms of a loan: what was asked, completed by the rules."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from app.domain import amortization
from app.domain.amortization import ImpossiblePlan, Instalment, RemainderOn, Rounding
from app.domain.errors import ImpossibleSchedule, RuleNotStated
from app.domain.products import Product
from app.domain.settled_rules import stated_rate


class AskedTerms(Protocol):
    """What a decision says of the loan; null is left to the rules. Cents and months."""

    @property
    def amount_cents(self) -> int:
        """See the class."""

    @property
    def duration_months(self) -> int | None:
        """See the class."""

    @property
    def instalment_cents(self) -> int | None:
        """See the class."""

    @property
    def rounding_unit_cents(self) -> int | None:
        """See the class."""

    @property
    def rounding(self) -> Rounding | None:
        """See the class."""

    @property
    def remainder_on(self) -> RemainderOn | None:
        """See the class."""


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """The terms of a loan once the rules have filled what the decision left open. Cents, months, percent."""

    amount_cents: int
    duration_months: int
    instalment_cents: int
    rate_percent: Decimal
    rounding_unit_cents: int
    rounding: Rounding
    remainder_on: RemainderOn


@dataclass(frozen=True, slots=True)
class EndorsedTerms:
    """What a CCAS asks of the partner that lends: amount in cents and duration in months; the rest is the lender's."""

    amount_cents: int
    duration_months: int
    instalment_cents: None = None
    rate_percent: None = None
    rounding_unit_cents: None = None
    rounding: None = None
    remainder_on: None = None


def endorsed(product: Product, asked: AskedTerms, *, on: date) -> EndorsedTerms:
    """The terms to ask for; a duration is found from an instalment where the rules state the rate.

    Raises RuleNotStated, BirthDateMissing, ImpossibleSchedule.
    """
    if asked.duration_months is not None:
        return EndorsedTerms(asked.amount_cents, asked.duration_months)
    rows = schedule(
        principal_cents=asked.amount_cents,
        rate_percent=stated_rate(product),
        first_due_on=on,
        instalment_cents=asked.instalment_cents,
    )
    return EndorsedTerms(asked.amount_cents, len(rows))


def complete(product: Product, asked: AskedTerms, *, on: date) -> LoanTerms:
    """The full terms. Raises RuleNotStated for what must be computed and is not stated, BirthDateMissing,
    ImpossibleSchedule.
    """
    terms, _ = planned(product, asked, first_due_on=on)
    return terms


def planned(
    product: Product,
    asked: AskedTerms,
    *,
    first_due_on: date,
    anchor_day: int | None = None,
    remainder_on: RemainderOn | None = None,
) -> tuple[LoanTerms, tuple[Instalment, ...]]:
    """The full terms and their schedule. Raises as `complete` does.

    `remainder_on` stands for the side that was asked for.
    """
    rounding = product.rounding
    if rounding is None:
        raise RuleNotStated(path="rounding")
    rate = stated_rate(product)
    last_allowed = RemainderOn.LAST in rounding.remainder_on
    remainder_on = (
        remainder_on or asked.remainder_on or (RemainderOn.LAST if last_allowed else rounding.remainder_on[0])
    )
    unit = asked.rounding_unit_cents or rounding.unit_cents
    mode = asked.rounding or rounding.mode
    rows = schedule(
        principal_cents=asked.amount_cents,
        rate_percent=rate,
        first_due_on=first_due_on,
        duration_months=asked.duration_months,
        instalment_cents=asked.instalment_cents,
        rounding_unit_cents=unit,
        rounding=mode,
        remainder_on=remainder_on,
        anchor_day=anchor_day,
    )
    usual = rows[-1] if remainder_on is RemainderOn.FIRST else rows[0]
    terms = LoanTerms(asked.amount_cents, len(rows), usual.total_cents, rate, unit, mode, remainder_on)
    return terms, rows


def schedule(**terms: Any) -> tuple[Instalment, ...]:
    """The schedule of the terms (see `amortization.schedule`), or ImpossibleSchedule."""
    try:
        return amortization.schedule(**terms)
    except ImpossiblePlan as impossible:
        raise ImpossibleSchedule(field=impossible.field, bound=impossible.bound) from impossible
