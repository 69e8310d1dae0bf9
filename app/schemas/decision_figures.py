"""What was decided over a time, counted."""

from typing import Annotated

from pydantic import Field

from app.domain.decisions import Outcome
from app.schemas.base import Day, InDigits, Input, Output


class DecisionFiguresQuery(Input):
    """Decisions of these days, both included. A loan approved so many days ago or more is long not contracted."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")
    not_contracted_after_days: Annotated[int, Field(ge=1, le=3_660), InDigits] | None = None


class Figure(Output):
    """How many, and for how much."""

    count: int
    cents: int


class OutcomeFigures(Output):
    """The decisions of one outcome, with the loans that they name and the grants that they give."""

    outcome: Outcome
    count: int
    loan_cents: int
    grant_count: int
    grant_cents: int


class LoanFigures(Output):
    """Loans decided = contracted + not contracted. `not_contracted_late` are those of the latter past the delay asked.

    `another_amount` are those that, with their grant, are not the amount that was asked for (accord partiel).
    """

    decided: Figure
    contracted: Figure
    not_contracted: Figure
    not_contracted_late: Figure | None
    another_amount: Figure


class FastTrackFigures(Output):
    """Decisions taken ahead of a session = provisional + ratified + not ratified + at once.

    `provisional` wait for the session or ended before it, `at_once` needed no ratification.
    """

    provisional: Figure
    ratified: Figure
    not_ratified: Figure
    at_once: Figure


class DecisionFiguresRead(Output):
    """The decisions of a time as they stand: those withdrawn, abrogated or not ratified are counted apart and nowhere
    else.

    A file that was adjourned, then approved, has two decisions. `approved` are loans of own funds, `endorsed` those of
    partners.
    """

    requests: int
    outcomes: list[OutcomeFigures]
    approved: LoanFigures
    endorsed: LoanFigures
    fast_track: FastTrackFigures
    withdrawn: int
    abrogated: int
