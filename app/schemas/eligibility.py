"""What the rules and the law say of what a request asks for, before anybody decides."""

from datetime import date

from app.schemas.base import Day, Input, Output
from app.schemas.decisions import BreachRead
from app.schemas.requests import RequestRead


class EligibilityQuery(Input):
    """The day whose rules are asked."""

    on: Day | None = None


class ToldBreach(BreachRead):
    """A rule that is not met, with the sentence that tells it."""

    message: str


class EligibilityRead(Output):
    """Every breach and warning of the rules of a day. The duration and the instalment are not known yet."""

    on: date
    rules_version: int
    eligible: bool
    breaches: list[ToldBreach]
    warnings: list[ToldBreach]


class SubmissionRead(RequestRead):
    """A request that goes to the commission, with every breach and warning that the commission will meet."""

    breaches: list[ToldBreach]
