"""The 25 projects and the report's own figures, as data: `cases.yaml` and `report.yaml`."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.amortization import RemainderOn
from app.domain.decisions import Outcome
from app.domain.financing import PlanLineKind
from app.parameters.yaml_file import load_yaml


class Fact(BaseModel):
    """A block of the data. `assumed: true` stands on what no source gives; amounts are in cents."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumed(Fact):
    """A block that no source gives."""

    assumed: Literal[True]


class Common(Assumed):
    """What is the same in all the cases."""

    first_names: str
    body: str
    signatory: str
    payee: str


class Project(Fact):
    """What the money is for, in the report's words."""

    words: str
    purpose: str
    cost_cents: int


class Applicant(Assumed):
    """A young person; the name shown is the case's number."""

    birth_on: date
    adults: int
    prescriber: str | None
    resources_cents: int


class Dates(Assumed):
    """When the demand came and was decided."""

    received_on: date
    decided_on: date


class Contribution(Fact):
    """What others than this scheme pay."""

    label: str
    kind: PlanLineKind
    amount_cents: int
    fund: str | None = None


class Loan(Fact):
    """The loan approved; assumed where the report does not give it, as it was never contracted."""

    amount_cents: int
    duration_months: int
    assumed: bool = False


class Instalments(Assumed):
    """The plan that gives the printed balance; without it the rules' whole euros apply."""

    instalment_cents: int
    remainder_on: RemainderOn


class Contract(Assumed):
    """The days of a contract."""

    offered_on: date
    signed_on: date
    disbursed_on: date
    first_due_on: date


class Repayment(Fact):
    """Money that came back outside the plan."""

    amount_cents: int
    received_on: date


class Repayments(Assumed):
    """Each instalment due up to a day was paid on its due date; then the others."""

    on_schedule_until: date | None = None
    others: tuple[Repayment, ...] = ()


class Litigation(Assumed):
    """The day within the printed month."""

    opened_on: date


class Refusal(Fact):
    """Why a request was refused or adjourned."""

    reason_code: str
    reason: str


class OtherAnswer(Assumed):
    """The answer given in place of an aid, the day of the refusal."""

    kind: str


class Closing(Assumed):
    """How a request ended without an aid."""

    outcome: Literal["withdrawn", "closed_without_action"]
    reason_code: str
    other_answer: str
    closed_on: date


class Reported(Fact):
    """What the tables say of the case at 31/12/2011. `settled_in` is a month, YYYY-MM."""

    situation: str
    balance_cents: int | None = None
    balance_inferred: bool = False
    settled_in: str | None = None


class Case(Fact):
    """One project of the report."""

    id: str
    common: Common
    project: Project
    applicant: Applicant
    dates: Dates
    outcome: Outcome
    contributions: tuple[Contribution, ...] = ()
    loan: Loan | None = None
    grant_cents: int = 0
    instalments: Instalments | None = None
    contract: Contract | None = None
    repayments: Repayments | None = None
    litigation: Litigation | None = None
    refusal: Refusal | None = None
    other_answer: OtherAnswer | None = None
    closing: Closing | None = None
    reported: Reported

    def asked_cents(self) -> int:
        """What was asked of the scheme: the cost less what others pay. No source states it."""
        return self.project.cost_cents - sum(line.amount_cents for line in self.contributions)


class Funnel(Fact):
    """How many files of a year had which answer."""

    examined: int
    approved: int
    contracted: int
    grant_only: int
    refused: int
    adjourned: int


class ReportYear(Fact):
    """What the report prints of one year."""

    year: int
    funnel: Funnel
    contracted_cents: int
    grant_lines_cents: int
    approved_with_grant: int
    settled: int
    outstanding: int
    in_litigation: int


class Disagreement(Fact):
    """What the report says twice and differently, and what was found, with {names} to fill in."""

    code: str
    says: str
    found: str


class Report(Fact):
    """The report's figures of the young public, as printed."""

    status_on: date
    years: tuple[ReportYear, ...]
    disagreements: tuple[Disagreement, ...]
    grants_printed_2011_cents: int


def load_cases() -> tuple[Case, ...]:
    """The 25 cases in the report's order. Raises YamlFault, or Pydantic's ValidationError."""
    content = load_yaml(Path(__file__).with_name("cases.yaml"))
    return tuple(Case.model_validate({"common": content["common"], **case}) for case in content["cases"])


def load_report() -> Report:
    """The printed figures. Raises YamlFault, or Pydantic's ValidationError."""
    return Report.model_validate(load_yaml(Path(__file__).with_name("report.yaml")))
