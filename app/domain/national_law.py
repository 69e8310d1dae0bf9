"""What national law sets for these loans, by date and by lender: types, look-up, and the deadlines it gives.

The values are data (`parameters/national_law.yaml`). A parameter binds those in its scope only: the caps of
association lenders and of guaranteed loans say nothing of a CCAS that lends its own funds.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from app.domain.business_days import days_after, next_working_day
from app.domain.dates import Precision

# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}


class Scope(StrEnum):
    """Whom a parameter binds. A loan may be in several: ask for each.

    `association_lenders`: associations and foundations of articles R518-57 and following of the Code monétaire et
    financier. `guaranteed_loans`: loans guaranteed under a convention with the Fonds de cohésion sociale.
    `consumer_credit`: loans under book III of the Code de la consommation: every partner's, and by choice of this
    project a CCAS's own, unless the tenant states that they are excluded. `public_decisions`: what a CCAS, a public
    body, answers to whoever asks it for something.
    """

    ASSOCIATION_LENDERS = "association_lenders"
    GUARANTEED_LOANS = "guaranteed_loans"
    CONSUMER_CREDIT = "consumer_credit"
    PUBLIC_DECISIONS = "public_decisions"


class Unit(StrEnum):
    """What a value counts; all but `percent` and `code` are whole numbers."""

    CENTS = "cents"
    DAYS = "days"
    MONTHS = "months"
    INSTALMENTS = "instalments"
    PERCENT = "percent"
    CODE = "code"


class LegalRegime(StrEnum):
    """The law that a contract is written under, for its whole life; chosen by the date of the offer."""

    CONSO_PRE_2026_11_20 = "conso_pre_2026_11_20"
    CONSO_CCD2 = "conso_ccd2"
    EXCLUDED_SOCIAL = "excluded_social"


class Law(StrEnum):
    """The parameters, by name."""

    AMOUNT_CENTS_MAX = "amount_cents_max"
    DURATION_MONTHS_MAX = "duration_months_max"
    LEGAL_REGIME = "legal_regime"
    SOCIAL_EXCLUSION = "social_exclusion"
    CONSUMER_CREDIT_CENTS_MIN = "consumer_credit_cents_min"
    CONSUMER_CREDIT_CENTS_MAX = "consumer_credit_cents_max"
    OFFER_VALIDITY_DAYS_MIN = "offer_validity_days_min"
    WITHDRAWAL_DAYS = "withdrawal_days"
    WITHDRAWAL_REFUND_DAYS_MAX = "withdrawal_refund_days_max"
    NO_PAYMENT_DAYS = "no_payment_days"
    LENDER_AGREEMENT_DAYS_MAX = "lender_agreement_days_max"
    EARLY_REPAYMENT_FREE_CENTS = "early_repayment_free_cents"
    EARLY_REPAYMENT_FREE_MONTHS = "early_repayment_free_months"
    EARLY_REPAYMENT_PERCENT_MAX = "early_repayment_percent_max"
    EARLY_REPAYMENT_LAST_YEAR_PERCENT_MAX = "early_repayment_last_year_percent_max"
    PARTIAL_REPAYMENT_REFUSABLE_INSTALMENTS = "partial_repayment_refusable_instalments"
    ACCELERATION_INDEMNITY_PERCENT_MAX = "acceleration_indemnity_percent_max"
    OVERDUE_INDEMNITY_PERCENT_MAX = "overdue_indemnity_percent_max"
    DEFERRAL_INDEMNITY_PERCENT_MAX = "deferral_indemnity_percent_max"
    IMPLICIT_REFUSAL_MONTHS = "implicit_refusal_months"
    APPEAL_MONTHS = "appeal_months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a parameter is from a day on, until the next value. A year-only date stands for its first day."""

    valid_from: date
    value: int | Decimal | LegalRegime
    source: str
    valid_from_precision: Precision = Precision.DAY
    note: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter and its history, oldest first; `label` is French, for people.

    `last_value_still_valid_on` is the day on which somebody last checked that the last value still holds, or is
    still to begin.
    Raises ValueError for values that are not in order of date or not of the unit.
    """

    label: str
    unit: Unit
    scope: frozenset[Scope]
    values: tuple[Value, ...]
    last_value_still_valid_on: date
    note: str | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if not self.values or not self.scope:
            raise ValueError("A parameter has a value and a scope.")
        if any(one.valid_from >= other.valid_from for one, other in pairwise(self.values)):
            raise ValueError("The values are not in order of date.")
        kind = {Unit.PERCENT: Decimal, Unit.CODE: LegalRegime}.get(self.unit, int)
        if any(type(row.value) is not kind for row in self.values):
            raise ValueError(f"A value is not in {self.unit}.")

    def at(self, on: date) -> Value | None:
        """The value in force that day, null before the first."""
        before = bisect_right(self.values, on, key=lambda row: row.valid_from)
        return self.values[before - 1] if before else None


@dataclass(frozen=True, slots=True)
class NationalLaw:
    """Every parameter by name. Raises ValueError if one is missing."""

    parameters: Mapping[Law, Parameter]

    def __post_init__(self) -> None:
        missing = sorted(set(Law) - set(self.parameters))
        if missing:
            raise ValueError(f"National law lacks {', '.join(missing)}.")

    def at(self, name: Law, *, scope: Scope, on: date) -> Value | None:
        """The value that binds `scope` that day, with its source; null if none does or it began later."""
        parameter = self.parameters[name]
        return parameter.at(on) if scope in parameter.scope else None

    def whole(self, name: Law, *, scope: Scope, on: date) -> int | None:
        """The same, as a number of cents, days, months or instalments. Raises TypeError for another unit."""
        found = self.at(name, scope=scope, on=on)
        if found is None:
            return None
        if not isinstance(found.value, int):
            raise TypeError(f"{name} is no whole number.")
        return found.value

    def percent(self, name: Law, *, scope: Scope, on: date) -> Decimal | None:
        """The same, in percent. Raises TypeError for another unit."""
        found = self.at(name, scope=scope, on=on)
        if found is None:
            return None
        if not isinstance(found.value, Decimal):
            raise TypeError(f"{name} is no percentage.")
        return found.value

    def regime(self, *, offered_on: date, is_excluded: bool = False) -> LegalRegime | None:
        """The legal regime of an offer, null before the first known (ordonnance 2025-880, in force 2026-11-20).

        `is_excluded` is the tenant's statement that its loans are among the preferential credits for a restricted
        public that the law leaves out; before the day when such an exclusion begins it changes nothing.
        """
        names = [Law.SOCIAL_EXCLUSION, Law.LEGAL_REGIME] if is_excluded else [Law.LEGAL_REGIME]
        rows = (self.parameters[name].at(offered_on) for name in names)
        return next((LegalRegime(str(row.value)) for row in rows if row), None)


def withdrawal_deadline(
    law: NationalLaw, *, accepted_on: date, offered_on: date | None = None, alsace_moselle: bool = False
) -> date | None:
    """The last day on which the borrower may withdraw (Code de la consommation, art. L312-19), that day included.

    The day after acceptance is the first; a last day that is no working day moves to the next one, as in
    regulation 1182/71. The law is that of the offer, or of the acceptance where no offer date is given; null where
    it is not known. Raises ImpossiblePlan past the calendar.
    """
    days = law.whole(Law.WITHDRAWAL_DAYS, scope=Scope.CONSUMER_CREDIT, on=offered_on or accepted_on)
    if days is None:
        return None
    return next_working_day(days_after(accepted_on, days, field="accepted_on"), alsace_moselle=alsace_moselle)


def earliest_release(law: NationalLaw, *, accepted_on: date, offered_on: date | None = None) -> date | None:
    """The first day on which money may leave (art. L312-25): none may in the days that follow acceptance.

    It is a day of the calendar: a transfer waits for the next TARGET day. Null where the law is not known. Raises
    ImpossiblePlan past the calendar.
    """
    days = law.whole(Law.NO_PAYMENT_DAYS, scope=Scope.CONSUMER_CREDIT, on=offered_on or accepted_on)
    return None if days is None else days_after(accepted_on, days + 1, field="accepted_on")


def offer_open_until(law: NationalLaw, *, offered_on: date) -> date | None:
    """The first day that may be the last of an offer (art. L312-18); null where the law is not known.

    Raises ImpossiblePlan past the calendar.
    """
    days = law.whole(Law.OFFER_VALIDITY_DAYS_MIN, scope=Scope.CONSUMER_CREDIT, on=offered_on)
    return None if days is None else days_after(offered_on, days, field="offered_on")


def refund_deadline(law: NationalLaw, *, withdrawn_on: date, offered_on: date) -> date | None:
    """The last day to give the principal back after a withdrawal (art. L312-26); null where the law is not known.

    Raises ImpossiblePlan past the calendar.
    """
    days = law.whole(Law.WITHDRAWAL_REFUND_DAYS_MAX, scope=Scope.CONSUMER_CREDIT, on=offered_on)
    return None if days is None else days_after(withdrawn_on, days, field="withdrawn_on")
