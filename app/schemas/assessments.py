"""The social assessment of a request (rapport social)."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Cents, Day, Input, Months, Output, PositiveCents, Prose, Resource


class Proposal(Input):
    """The aid that the agent proposes (« soutiens adaptés au projet (subvention et/ou microcrédit) »), in cents.

    Nothing at all where the answer is neither a loan nor a grant.
    """

    loan_cents: Cents
    instalment_cents: PositiveCents | None = None
    duration_months: Months | None = None
    grant_cents: Cents

    @model_validator(mode="after")
    def _terms_of_a_loan(self) -> Self:
        if not self.loan_cents and (self.instalment_cents, self.duration_months) != (None, None):
            raise PydanticCustomError("incoherent", "{fault}", {"fault": "terms_without_loan"})
        return self


class AssessmentReplace(Input):
    """What the agent found of the demand, the project, the means, the improvement to be expected; what they propose."""

    needs: Prose
    viability: Prose
    diagnosis: Prose
    expected_improvement: Prose
    opinion: Prose
    proposal: Proposal
    assessed_on: Day | None = None


class ProposalRead(Output):
    """The aid that the agent proposes, in cents and months."""

    loan_cents: int
    instalment_cents: int | None
    duration_months: int | None
    grant_cents: int


class AssessmentRead(Resource):
    """The latest assessment. `revision` counts those recorded; the ETag is the request's."""

    revision: int
    needs: str
    viability: str
    diagnosis: str
    expected_improvement: str
    opinion: str
    proposal: ProposalRead
    assessed_on: date | None
    account_id: UUID
    entered_at: datetime
