"""Dates of effect: given by the caller, in the past or today, in the order in which things can happen."""

from datetime import date

from app.domain.errors import DateInFuture, DateOutOfOrder


def check_day(field: str, on: date, *, not_before: date | None, today: date) -> None:
    """Raises DateInFuture after `today`, DateOutOfOrder before `not_before` (null: any day will do)."""
    if on > today:
        raise DateInFuture(field=field)
    if not_before is not None and on < not_before:
        raise DateOutOfOrder(field=field, not_before=not_before.isoformat())
