"""Requests (demandes)."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.domain.request_lifecycle import RequestStatus
from app.schemas.base import (
    Day,
    Id,
    Input,
    InseeCode,
    Line,
    Output,
    PageQuery,
    PositiveCents,
    Prose,
    Resource,
    ShortLine,
)
from app.schemas.codes import Channel, ClosingReason, OtherAnswerKind, Purpose, Situation
from app.schemas.people import PersonCreate


class Household(Input):
    """Who lives together."""

    adults: Annotated[int, Field(strict=True, ge=1, le=20)]
    minor_children: Annotated[int, Field(strict=True, ge=0, le=30)]


def _once(codes: list[str]) -> list[str]:
    return [*dict.fromkeys(codes)]


Situations = Annotated[list[Situation], Field(max_length=20), AfterValidator(_once)]


class RequestCreate(Input):
    """A demand, from a known person (`applicant_id`) or a new one (`applicant`).

    `situations` of the person at the moment of the demand, several at once (a student with a job); none where not told.
    `priority_district`: whether the person lived then in a district of the politique de la ville (CUCS, later QPV).
    """

    applicant_id: Id | None = None
    applicant: PersonCreate | None = None
    co_applicant_id: Id | None = None
    household: Household
    commune_insee_code: InseeCode
    channel: Channel
    prescriber: Line | None = None
    prescriber_id: Id | None = None
    purpose: Purpose
    project_description: Prose
    project_cost_cents: PositiveCents
    requested_amount_cents: PositiveCents
    situations: Situations = []
    priority_district: StrictBool | None = None
    product: ShortLine | None = None
    received_on: Day | None = None

    @model_validator(mode="after")
    def _one_applicant(self) -> Self:
        if (self.applicant_id is None) == (self.applicant is None):
            raise PydanticCustomError("one_of_two", "give one", {"expected": "applicant_id, applicant"})
        return self


class RequestUpdate(Input):
    """What has changed; what is not named stays. The product is one of today's rules."""

    co_applicant_id: Id | None = None
    household: Household = None  # type: ignore[assignment]
    commune_insee_code: InseeCode = None  # type: ignore[assignment]
    channel: Channel = None
    prescriber: Line | None = None
    prescriber_id: Id | None = None
    purpose: Purpose = None
    project_description: Prose = None  # type: ignore[assignment]
    project_cost_cents: PositiveCents = None  # type: ignore[assignment]
    requested_amount_cents: PositiveCents = None  # type: ignore[assignment]
    situations: Situations = None  # type: ignore[assignment]
    priority_district: StrictBool | None = None
    product: ShortLine = None  # type: ignore[assignment]


class RequestQuery(PageQuery):
    """Filters of the list of requests.

    `q`: words that each begin one of the file's, in any order: of the names and phones of the applicant and
    co-applicant, the reference, the project, its purpose, the prescriber.
    """

    status: RequestStatus | None = None
    commune_insee_code: InseeCode | None = None
    instructing_agent_id: Id | None = None
    q: ShortLine | None = None
    received_from: Day | None = None
    received_to: Day | None = None


class OtherAnswer(Input):
    """The answer given in place of an aid, and by which organisation of the directory, if by one.

    `attempts_on`: the dated attempts before `unreachable`.
    """

    kind: OtherAnswerKind
    organisation_id: Id | None = None
    given_on: Day
    attempts_on: Annotated[list[Day], Field(max_length=20)] = []


class AssessCreate(Input):
    """The assessment begins."""

    assessed_on: Day | None = None


class AwaitPapersCreate(Input):
    """Papers are awaited before the file can go on."""

    awaited_on: Day | None = None


class SubmitCreate(Input):
    """The file goes to the commission."""

    submitted_on: Day | None = None


_ENDS = ("withdrawn", "closed_without_action", "lender_refused", "referred")


class Closing(Input):
    """The person withdraws, is referred, the lender has refused, or the file is closed: another answer was given.

    A file is `referred` by an answer that names where to: a partner lender, the social referent, another right.
    """

    outcome: Annotated[RequestStatus, Field(json_schema_extra={"enum": [*_ENDS]})]
    reason_code: ClosingReason
    reason: Prose | None = None
    other_answer: OtherAnswer
    closed_on: Day | None = None

    @model_validator(mode="after")
    def _an_end(self) -> Self:
        if self.outcome not in _ENDS:
            raise PydanticCustomError("enum", "one end", {"expected": ", ".join(_ENDS)})
        return self


class OtherAnswerRead(Output):
    """The answer that was given in place of an aid."""

    kind: str
    organisation_id: UUID | None
    given_on: date
    attempts_on: list[date]


class RequestItem(Output):
    """A request as lists show it."""

    id: UUID
    version: int
    reference: str
    status: RequestStatus
    applicant_id: UUID
    instructing_agent_id: UUID
    commune_insee_code: str
    purpose: str
    product: str
    project_cost_cents: int
    requested_amount_cents: int
    received_on: date
    entered_at: datetime


class RequestRead(Resource):
    """A request. `rules_version` is the version of the rules of the day it was received.

    `household` and `channel` are null where it was taken over from spreadsheets that do not tell them.
    """

    id: UUID
    reference: str
    status: RequestStatus
    applicant_id: UUID
    co_applicant_id: UUID | None
    instructing_agent_id: UUID
    household: Household | None
    commune_insee_code: str
    channel: str | None
    prescriber: str | None
    prescriber_id: UUID | None
    purpose: str
    project_description: str
    project_cost_cents: int
    requested_amount_cents: int
    situations: list[str]
    priority_district: bool | None
    product: str
    received_on: date
    rules_version: int
    closing_reason_code: str | None
    closing_reason: str | None
    other_answer: OtherAnswerRead | None
    entered_at: datetime


class RequestCreated(RequestRead):
    """A request as taken in. `similar_person_ids`: people of the applicant's names and birth date, to be compared."""

    similar_person_ids: list[UUID]


class ActionRead(Output):
    """An action, whether this caller may take it now, and why not: `role`, `state`, or a code of the service.

    `not_before` and `not_after` are the first and the last possible day of the act, where the contract sets them.
    """

    action: str
    allowed: bool
    reasons: list[str]
    not_before: date | None
    not_after: date | None


class ActionList(Output):
    """Every action of the object."""

    items: list[ActionRead]
