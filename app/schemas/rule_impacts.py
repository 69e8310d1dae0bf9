"""What other rules would have told of the decisions of a time."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.decisions import Outcome
from app.domain.rule_impacts import Verdict
from app.domain.rules import VERSION_MAX
from app.schemas.base import Day, Input, Output
from app.schemas.decisions import BreachRead
from app.schemas.rules import Indexes, Products

VersionNumber = Annotated[int, Field(strict=True, ge=1, le=VERSION_MAX)]


class RuleImpactCreate(Input):
    """The time to replay, both days included, and the rules to try: a draft, or a version by its number."""

    decided_from: Day
    decided_to: Day
    products: Products | None = None
    indexes: Indexes = ()
    version: VersionNumber | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.products is None) == (self.version is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "products, version"})
        faults = {
            "ends_before_it_begins": self.decided_to < self.decided_from,
            "indexes_with_products_only": self.products is None and bool(self.indexes),
        }
        for fault, found in faults.items():
            if found:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class ImpactedFile(Output):
    """One decision: the breaches it was taken with, those it would have had, and what would have become of it.

    A refusal is told on the loan that was asked for, under its own rules and under the others. `missing` are the rules
    that ask for a fact nobody had asked for; `changed` is null where the answer hangs on one.
    """

    request_id: UUID
    reference: str
    decision_id: UUID
    decided_on: date
    outcome: Outcome
    was: list[BreachRead]
    would_be: list[BreachRead]
    missing: list[str]
    changed: bool | None
    verdict: Verdict


class ImpactTotals(Output):
    """How many decisions of each verdict. Of what is allowed now no loan was decided: its cents are those asked for."""

    files: int
    same: int
    now_refused: int
    now_allowed: int
    other_warnings: int
    unknown: int
    loan_cents_now_refused: int
    loan_cents_now_allowed: int


class DraftFault(Output):
    """Why the rules could not be adopted as they are: where, a stable code, and the sentence."""

    path: str
    code: str
    message: str


class RuleImpactRead(Output):
    """Every decision of the time, oldest first, the totals, and the faults of the draft. Nothing of it is stored."""

    files: list[ImpactedFile]
    totals: ImpactTotals
    faults: list[DraftFault]
