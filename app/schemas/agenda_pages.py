"""The page of one file, for the members of a committee: as little as they need to decide."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.domain.aids import Capacity
from app.domain.committees import ItemKind, ReviewReason
from app.domain.decisions import Outcome
from app.domain.financing import PlanLineKind, PlanLineStatus
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.schemas.assessments import ProposalRead
from app.schemas.base import Output
from app.schemas.plans import Ratio


class PagePerson(Output):
    """Who asks. `name` is null where the rules want files without names; a birth date is never told."""

    role: Literal["applicant", "co_applicant"]
    name: str | None
    age: int
    capacity: Capacity | None


class PageProject(Output):
    """What is asked for, in cents."""

    reference: str
    product: str
    purpose: str
    project_description: str
    project_cost_cents: int
    requested_amount_cents: int
    received_on: date
    adults: int
    minor_children: int
    situations: list[str]


class PageAssessment(Output):
    """What the agent found, and proposes."""

    needs: str
    viability: str
    diagnosis: str
    expected_improvement: str
    opinion: str
    proposal: ProposalRead
    assessed_on: date | None


class PageBudget(Output):
    """A month of the household, in cents and percent. `after` is with the instalment proposed; null where none is."""

    resources_cents: int
    debt_instalments_cents: int
    instalment_cents: int | None
    left_to_live_before_cents: int
    left_to_live_after_cents: int | None
    debt_ratio_before_percent: Ratio | None
    debt_ratio_after_percent: Ratio | None


class PagePlanLine(Output):
    """One source of the project's money."""

    kind: PlanLineKind
    status: PlanLineStatus
    amount_cents: int


class PageLoan(Output):
    """A loan as it stands on the day of the session, or today if that is still to come."""

    status: LoanStatus
    closing_reasons: list[ClosingReason]
    principal_cents: int
    outstanding_cents: int
    overdue_cents: int


class PageAid(Output):
    """What was decided before for the household; `loan` is null where no contract followed."""

    whose: Literal["applicant", "co_applicant", "household"]
    outcome: Outcome
    decided_on: date
    loan_cents: int | None
    grant_cents: int
    loan: PageLoan | None


class PageMoneyLeft(Output):
    """What is left of an envelope of the year before the session, and now, in cents."""

    kind: Literal["loans", "grants"]
    before_cents: int
    left_cents: int


class AgendaPageRead(Output):
    """One file for the members: neither contact data, nor notes, nor what a lender's checks tell."""

    agenda_item_id: UUID
    position: int
    kind: ItemKind
    review_reason: ReviewReason | None
    anonymised: bool
    people: list[PagePerson]
    project: PageProject
    assessment: PageAssessment | None
    budget: PageBudget | None
    financing_plan: list[PagePlanLine]
    loan: PageLoan | None
    earlier: list[PageAid]
    money_left: list[PageMoneyLeft] | None
