"""Conditions precedent of decisions."""

from datetime import date

from app.schemas.base import Day, Input, Output


class ConditionMetCreate(Input):
    """The day on which a condition was met."""

    met_on: Day


class ConditionRead(Output):
    """A condition of a decision, and the day on which it was met; null while it is not."""

    number: int
    text: str
    met_on: date | None
