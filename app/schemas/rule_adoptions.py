"""A CCAS adopts a version of its rules."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.dates import Precision
from app.schemas.base import Day, Input, Output, Prose
from app.schemas.rules import CommissionRuleCreate, Indexes, Products
from app.schemas.tenants import RuleVersionRead, RuleVersionSummary


class RuleAdoptionCreate(Input):
    """The rules from `valid_from` to `valid_to`, that day included (null: open), and the text that adopts them."""

    valid_from: Day
    valid_from_precision: Precision = Precision.DAY
    valid_to: Day | None = None
    reference: Prose
    products: Products
    indexes: Indexes = ()
    commission: CommissionRuleCreate | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "ends_before_it_begins"})
        return self


class RuleWithdrawalCreate(Input):
    """Why a version that has not begun is taken back; everyone reads it."""

    reason: Prose


class AdoptionWarning(Output):
    """What is left to be done: from a day on no version is in force, or files have a product that the rules no longer
    have (`product`, and the number of those that are not decided).
    """

    code: Literal["no_rules_after", "product_dropped"]
    from_on: date = Field(serialization_alias="from")
    product: str | None = None
    open_requests: int | None = None
    message: str


class RuleAdoptionRead(RuleVersionRead):
    """The version that was adopted, and what it leaves to be done."""

    warnings: list[AdoptionWarning]


class RuleWithdrawalRead(RuleVersionSummary):
    """The version that was withdrawn, the one that goes on in its place (null: none), and what is left to be done."""

    reopened_version: int | None
    warnings: list[AdoptionWarning]
