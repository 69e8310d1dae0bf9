"""A CCAS adopts a version of its rules."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.domain.dates import Precision
from app.schemas.base import Day, Input, Prose
from app.schemas.rules import Indexes, Products


class RuleAdoptionCreate(Input):
    """The rules from `valid_from` to `valid_to`, that day included (null: open), and the text that adopts them."""

    valid_from: Day
    valid_from_precision: Precision = Precision.DAY
    valid_to: Day | None = None
    reference: Prose
    products: Products
    indexes: Indexes = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "ends_before_it_begins"})
        return self
