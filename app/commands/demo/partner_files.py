"""The files handed over to a partner that lends, as data: `partner_files.yaml`."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from app.commands.demo.cases import Assumed, Fact
from app.domain.action_plans import ActionKind
from app.domain.ficp import CheckOutcome, Standing
from app.domain.products import Party
from app.parameters.yaml_file import load_yaml


class Common(Assumed):
    """What is the same in all the files."""

    first_names: str
    support_person: str
    body: str
    signatory: str
    payee: str


class Project(Assumed):
    """What the money is for; the whole of it is asked as a loan."""

    words: str
    purpose: str
    cost_cents: int


class Applicant(Assumed):
    """Nobody; the name shown is the file's number."""

    birth_on: date
    adults: int
    resources_cents: int


class Reception(Assumed):
    """The day of the demand, and of the person's authorisation."""

    day: date


class Precheck(Assumed):
    """The lender's check before the first appointment."""

    sent_on: date
    outcome: CheckOutcome
    consulted_at: str


class Instruction(Assumed):
    """The first appointment, and the day the file goes to those who decide."""

    assessed_on: date
    submitted_on: date


class Action(Fact):
    """One action of the action plan."""

    kind: ActionKind
    label: str


class ActionPlan(Assumed):
    """The action plan, where the rules ask for one."""

    objectives: tuple[str, ...]
    actions: tuple[Action, ...]


class Loan(Fact):
    """What the CCAS presents to the lender; the limits of the source, or assumed."""

    amount_cents: int
    duration_months: int
    assumed: bool = False


class Endorsement(Assumed):
    """The CCAS presents the file to the lender."""

    decided_on: date
    sent_on: date


class Answer(Assumed):
    """The lender checks, then accepts."""

    consulted_at: str
    decided_on: date


class Terms(Fact):
    """The rate; and what the offer must state where the rules do not."""

    rate_percent: Decimal
    assumed: bool = False
    signed_by: tuple[Party, ...] = ()
    borrower_pays_all: bool = False


class Offer(Assumed):
    """The days of the lender's offer, and its own rows."""

    offered_on: date
    valid_until: date
    first_due_on: date
    instalment_cents: int
    last_cents: int
    interest_cents: tuple[int, ...]


class Contract(Assumed):
    """The day of all signatures, and that of the payment; whether the borrower signs the support contract as well."""

    signed_on: date
    disbursed_on: date
    support_contract: bool = False


class Paid(Fact):
    """A repayment on a statement."""

    amount_cents: int
    paid_on: date
    outstanding_cents: int


class Unpaid(Fact):
    """An instalment on a statement that was not paid."""

    number: int
    outstanding_cents: int


class Statement(Fact):
    """What the lender told of the loan up to a day."""

    position_on: date
    paid: tuple[Paid, ...] = ()
    unpaid: tuple[Unpaid, ...] = ()


class Statements(Assumed):
    """All the statements, oldest first."""

    items: tuple[Statement, ...]


class Closing(Assumed):
    """How a file ended without a loan."""

    reason_code: str
    other_answer: str
    closed_on: date


class Question(Assumed):
    """An endorsement by the instalment, which asks for the rate."""

    decided_on: date
    instalment_cents: int


class ExpectedRow(Fact):
    """One instalment, and who pays it."""

    total_cents: int
    interest_cents: int
    borrower_cents: int
    third_parties_cents: int


class ExpectedLoan(Fact):
    """The schedule, and the balance on the last position date."""

    first: ExpectedRow
    last: ExpectedRow
    interest_cents: int
    paid_by_borrower_cents: int
    interest_subsidy_cents: int
    outstanding_cents: int
    overdue_cents: int
    assumed: bool = False


class Expected(Fact):
    """What must be found again; null is not compared."""

    precheck: Standing | None = None
    guarantee_percent: Decimal | None = None
    closed: Literal[True] | None = None
    other_answer: str | None = None
    commune: str | None = None
    agent_communes: int | None = None
    not_stated: str | None = None
    loan: ExpectedLoan | None = None


class PartnerFile(Fact):
    """One file; where a step is null, the file did not come to it."""

    id: str
    common: Common
    tenant: str
    commune_insee_code: str
    project: Project
    applicant: Applicant
    received_on: Reception
    precheck: Precheck | None = None
    instruction: Instruction | None = None
    action_plan: ActionPlan | None = None
    loan: Loan | None = None
    endorsement: Endorsement | None = None
    answer: Answer | None = None
    terms: Terms | None = None
    offer: Offer | None = None
    contract: Contract | None = None
    statements: Statements | None = None
    closing: Closing | None = None
    question: Question | None = None
    expected: Expected

    @property
    def position_on(self) -> date | None:
        """The day up to which the lender's statements tell; null without any."""
        return self.statements.items[-1].position_on if self.statements else None


def load_partner_files() -> tuple[PartnerFile, ...]:
    """The files in the order of the story. Raises YamlFault, or Pydantic's ValidationError."""
    content = load_yaml(Path(__file__).with_name("partner_files.yaml"))
    return tuple(PartnerFile.model_validate({"common": content["common"], **file}) for file in content["files"])
