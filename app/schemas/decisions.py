"""Decisions on requests."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.domain.amortization import RemainderOn, Rounding
from app.domain.breaches import Severity
from app.domain.decisions import GIVES, NAMES_LOAN, REFUSES, Outcome
from app.domain.notices import NoticeObstacle
from app.parameters.codes import reasons_for
from app.schemas.base import (
    Cents,
    Day,
    Id,
    Input,
    Line,
    Months,
    Output,
    PageQuery,
    PartnerCode,
    Percent,
    PositiveCents,
    Prose,
    Resource,
)
from app.schemas.codes import DecisionReason, ExceptionalReason, Paper
from app.schemas.conditions import ConditionRead
from app.schemas.ficp_checks import CheckWarning
from app.schemas.plans import FinancingPlanReplace
from app.schemas.ratifications import RatificationRead
from app.schemas.rectifications import RectificationRead
from app.schemas.requests import OtherAnswer


def _no_boolean(value: Any) -> Any:
    # Python takes True for 1 and 1.0 for 1.
    return value if type(value) is int else None


RoundingUnit = Annotated[Literal[1, 100], BeforeValidator(_no_boolean, json_schema_input_type=Literal[1, 100])]


class LoanTerms(Input):
    """The terms of an approved loan: the duration, the instalment, or both. What is left out follows the rules."""

    amount_cents: PositiveCents
    duration_months: Months | None = None
    instalment_cents: PositiveCents | None = None
    rounding_unit_cents: RoundingUnit | None = None
    rounding: Rounding | None = None
    remainder_on: RemainderOn | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.duration_months is None and self.instalment_cents is None:
            raise PydanticCustomError("one_of_two", "give one", {"expected": "duration_months, instalment_cents"})
        return self


RulePath = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_.]{1,62}$", examples=["amount_cents_max"])]


class Override(Input):
    """A rule that is gone past (dérogation), by its path, and why."""

    rule: RulePath
    reason: Prose


class DecisionCreate(Input):
    """A decision, dated the day it was taken. Anything but an aid as it was asked says why.

    `reason` is for the person, `internal_note` never is. An adjournment names what is missing, in words or by codes of
    papers, and the day it comes back (`next_on`, where it is set). `conditions` must be met before the contract, or
    before the file goes to the lender. `session_id` is the session that decided; `fast_track` decides ahead of it.
    Whoever instructed the file names the `second_person` who looked at it again, where the rules let them decide.

    `lender` chooses among those of the rules, the first where none is named; `exceptional_reason` asks for the higher
    limits that the rules keep for it. `overrides` go past rules that refuse, where the rules let the caller's roles.
    """

    outcome: Outcome
    loan: LoanTerms | None = None
    grant_cents: Cents = 0
    financing_plan: FinancingPlanReplace | None = None
    reason_code: DecisionReason | None = None
    reason: Prose | None = None
    internal_note: Prose | None = None
    missing: Annotated[list[Line], Field(max_length=30)] = []
    missing_papers: Annotated[list[Paper], Field(max_length=30)] = []
    next_on: Day | None = None
    conditions: Annotated[list[Line], Field(max_length=20)] = []
    other_answer: OtherAnswer | None = None
    decided_on: Day
    signatory: Line
    signatory_capacity: Line | None = None
    delegation_reference: Line | None = None
    body: Line | None = None
    session_id: Id | None = None
    fast_track: StrictBool = False
    second_person: Line | None = None
    lender: PartnerCode | None = None
    exceptional_reason: ExceptionalReason | None = None
    overrides: Annotated[list[Override], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        refuses = self.outcome in REFUSES
        gives = self.outcome in GIVES
        adjourns = self.outcome is Outcome.ADJOURN
        lacks = bool(self.missing or self.missing_papers)
        fitting = reasons_for("refuse" if refuses else "give" if gives else self.outcome)
        faults = {
            "loan_with_approval_only": (self.outcome in NAMES_LOAN) != (self.loan is not None),
            "grant_with_aid_only": self.grant_cents > 0 and not gives,
            "grant_missing": self.outcome is Outcome.GRANT_ONLY and self.grant_cents == 0,
            "reason_missing": not gives and (self.reason_code is None or self.reason is None),
            "reason_does_not_fit": self.reason_code is not None and self.reason_code not in fitting,
            "missing_with_adjournment_only": not adjourns and (lacks or self.next_on is not None),
            "conditions_with_aid_only": bool(self.conditions) and not gives,
            "fast_track_with_aid_only": self.fast_track and not gives,
            "fast_track_without_session": self.fast_track and self.session_id is not None,
            "other_answer_with_refusal_only": refuses != (self.other_answer is not None),
            "overrides_with_aid_only": bool(self.overrides) and not gives,
            "override_doubled": len({override.rule for override in self.overrides}) < len(self.overrides),
        }
        for fault, found in faults.items():
            if found:
                raise PydanticCustomError("incoherent", "{fault}", {"fault": fault})
        return self


class OverrideRead(Output):
    """A rule that was gone past, or a warning that was answered, and why."""

    rule: str
    reason: str


class BreachRead(Output):
    """A rule that was not met. Limits and findings are in the unit of the rule's name."""

    rule: str
    limit: int | str | list[str] | None
    actual: int | str | None
    severity: Severity
    reference: str


class LoanTermsRead(Output):
    """The terms that were approved; of a file that was endorsed, what is null is the lender's."""

    amount_cents: int
    duration_months: int
    instalment_cents: int | None
    rate_percent: Percent | None
    rounding_unit_cents: int | None
    rounding: Rounding | None
    remainder_on: RemainderOn | None


class RequestDifferenceRead(Output):
    """In what the aid given is another than the one asked: the amount of the request, the terms of the assessment."""

    amount: bool
    duration: bool
    instalment: bool


class NoticeRead(Output):
    """Whether the person may be told the decision, subject to its ratification or not, and what stands against it."""

    may_be_notified: bool
    subject_to_ratification: bool
    why_not: list[NoticeObstacle]


class DecisionQuery(PageQuery):
    """Filters of the list of decisions."""

    request_id: Id | None = None
    outcome: Outcome | None = None
    decided_from: Day | None = None
    decided_to: Day | None = None


class DecisionRead(Resource):
    """A decision with the version of the rules and the facts it was taken on; never changed.

    What comes after it is told beside it: conditions that are met, its ratification where it was `provisional`, whether
    it may be notified, what corrects, withdraws or abrogates it (`rectifications`), and the lenders' checks that are
    not favourable where the rules have them inform (`check_warnings`, as of now).

    One that was taken over from spreadsheets names its loan there in `facts.taken_over_as`; no rule was applied to it.
    """

    id: UUID
    request_id: UUID
    number: int
    outcome: Outcome
    loan: LoanTermsRead | None
    grant_cents: int
    reason_code: str | None
    reason: str | None
    internal_note: str | None
    differs_from_request: RequestDifferenceRead
    missing: list[str]
    missing_papers: list[str]
    next_on: date | None
    conditions: list[ConditionRead]
    session_id: UUID | None
    fast_track: bool
    provisional: bool
    ratification: RatificationRead | None
    second_person: str | None
    notice: NoticeRead
    decided_on: date
    signatory: str | None
    signatory_capacity: str | None
    delegation_reference: str | None
    body: str | None
    rules_version: int
    facts: dict[str, Any]
    breaches: list[BreachRead]
    overrides: list[OverrideRead]
    rectifications: list[RectificationRead]
    check_warnings: list[CheckWarning]
    entered_at: datetime


class DecisionItem(Output):
    """A decision as lists show it."""

    id: UUID
    request_id: UUID
    number: int
    outcome: Outcome
    loan_amount_cents: int | None
    grant_cents: int
    reason_code: str | None
    fast_track: bool
    decided_on: date
    entered_at: datetime
