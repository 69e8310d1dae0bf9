"""What a loan would be: nothing is stored, nobody is asked who they are."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.domain.aids import Capacity
from app.domain.amortization import DURATION_MONTHS_MAX, PRINCIPAL_CENTS_MAX, RemainderOn, Rounding
from app.domain.lenders import RefundCondition
from app.domain.usury import UsuryCategory, UsuryStatus
from app.schemas.base import (
    AnchorDay,
    Cents,
    Day,
    Input,
    InseeCode,
    Output,
    PartnerCode,
    Percent,
    PositiveCents,
    RatePercent,
    ShortLine,
)
from app.schemas.codes import ExceptionalReason, Purpose
from app.schemas.decisions import RoundingUnit
from app.schemas.eligibility import ToldBreach
from app.schemas.loans import ScheduleRowRead

Slug = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9-]{1,62}$", examples=["toulouse"])]
# With its two decimals, or its six: « 6.40 », not « 6.4 ».
FixedPercent = Annotated[
    Decimal,
    PlainSerializer(lambda rate: format(rate, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d{1,9}\.\d{2,6}$", "examples": ["6.38"]}),
]


class SimulationApplicant(Input):
    """What is known of the person and the household, a month for what is in cents; what is not given is not tested.

    `left_to_live_cents` is before the loan.
    """

    birth_on: Day | None = None
    capacity: Capacity | None = None
    commune_insee_code: InseeCode | None = None
    resident_since_on: Day | None = None
    resources_cents: Cents | None = None
    left_to_live_cents: Cents | None = None
    debt_instalments_cents: Cents | None = None
    adults: Annotated[int, Field(strict=True, ge=1, le=20)] | None = None
    minor_children: Annotated[int, Field(strict=True, ge=0, le=30)] | None = None


class SimulationCreate(Input):
    """The loan asked for. Without a tenant no rules apply, and the rate must be given.

    `on` is the day of the rules and of the offer; payment is due that day and the first instalment a month later,
    unless other days are given. Instalments fall on `anchor_day`, or on the last day of a shorter month: that of the
    first instalment where its day is given, else that of the payment. The fee is kept from the payment. `lender`
    chooses among those of the rules, the first where none is named.
    """

    amount_cents: Annotated[int, Field(strict=True, ge=1, le=PRINCIPAL_CENTS_MAX, description="whole cents")]
    duration_months: Annotated[int, Field(strict=True, ge=1, le=DURATION_MONTHS_MAX)] | None = None
    instalment_cents: PositiveCents | None = None
    tenant: Slug | None = None
    product: ShortLine | None = None
    lender: PartnerCode | None = None
    exceptional_reason: ExceptionalReason | None = None
    on: Day | None = None
    rate_percent: RatePercent | None = None
    fee_cents: Cents = 0
    disbursed_on: Day | None = None
    first_due_on: Day | None = None
    anchor_day: AnchorDay | None = None
    rounding_unit_cents: RoundingUnit | None = None
    rounding: Rounding | None = None
    remainder_on: RemainderOn | None = None
    purpose: Purpose | None = None
    applicant: SimulationApplicant | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.duration_months is None) == (self.instalment_cents is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        faults = {
            "rate_without_tenant": self.tenant is None and self.rate_percent is None,
            "product_needs_tenant": self.tenant is None and self.product is not None,
            "lender_needs_tenant": self.tenant is None and self.lender is not None,
        }
        for fault, found in faults.items():
            if found:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class SimulationTerms(Output):
    """The terms once completed. `not_stated` names what the rules leave open and a convention filled."""

    tenant: str | None
    product: str | None
    lender: str | None
    on: date
    amount_cents: int
    duration_months: int
    instalment_cents: int
    rate_percent: Percent
    fee_cents: int
    disbursed_on: date
    first_due_on: date
    anchor_day: int
    rounding_unit_cents: int
    rounding: Rounding
    remainder_on: RemainderOn
    not_stated: list[str]


class SimulationTotals(Output):
    """The sums of the schedule, in cents. The fee, and what third parties pay of it, is beside the instalments."""

    principal_cents: int
    interest_cents: int
    paid_by_borrower_cents: int
    interest_subsidy_cents: int
    fee_cents: int
    fee_subsidy_cents: int


class RefundRead(Output):
    """What a third party gives back to the borrower in the end, in cents, if the conditions hold; no total has it."""

    payer: str
    cents: int
    conditions: list[RefundCondition]


class UsuryRead(Output):
    """The test of the APR against the threshold of the day of the offer; null where it is not known."""

    status: UsuryStatus
    category: UsuryCategory | None
    threshold_percent: FixedPercent | None
    valid_from: date | None


class SimulationRead(Output):
    """The whole schedule, with every breach beside it. `apr_percent` is that of the contract (TAEG).

    `borrower_apr_percent` counts what the borrower pays alone, where a third party bears the interest.
    """

    terms: SimulationTerms
    instalments: list[ScheduleRowRead]
    totals: SimulationTotals
    refunds: list[RefundRead]
    apr_percent: FixedPercent
    apr_percent_exact: FixedPercent
    borrower_apr_percent: FixedPercent
    usury: UsuryRead
    eligible: bool
    breaches: list[ToldBreach]
    warnings: list[ToldBreach]
    rules_version: int | None
