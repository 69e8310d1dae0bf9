"""The action plan (plan d'action) that a person and the CCAS agree on: nothing of it starts before it is validated."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Protocol

from app.domain.errors import DateOutOfOrder
from app.domain.file_errors import ActionBegunBeforeValidation


class ActionKind(StrEnum):
    """Support of one person, or a module for several (« accompagnement individuel », « modules collectifs »)."""

    INDIVIDUAL = "individual"
    GROUP = "group"


class PlannedAction(Protocol):
    """What is known of one action, whatever holds it."""

    label: str
    starts_on: date | None
    ends_on: date | None


def check_order(actions: Iterable[PlannedAction]) -> None:
    """Raises DateOutOfOrder for an action that ends before it starts."""
    for action in actions:
        if action.starts_on is not None and action.ends_on is not None and action.ends_on < action.starts_on:
            raise DateOutOfOrder(field="actions.ends_on", not_before=action.starts_on.isoformat())


def check_not_begun(actions: Iterable[PlannedAction], *, on: date) -> None:
    """Raises ActionBegunBeforeValidation for an action that would have started by the day of the validation.

    « faire valider ce dernier en commission avant la mise en oeuvre » (Amiens, article sur le microcrédit, 2011).
    """
    for action in actions:
        days = [day for day in (action.starts_on, action.ends_on) if day is not None]
        if days and min(days) < on:
            raise ActionBegunBeforeValidation(label=action.label, starts_on=min(days).isoformat())
