"""How long the log of what was sent to partners, and their events, are kept."""

from datetime import UTC, date, datetime, time

from app.domain.dates import months_after

# No text sets it. It is the least that the partners are told to count on.
KEPT_MONTHS = 13


def kept_from(on: date) -> datetime:
    """What was entered before this instant is erased on a day: the first of that day (UTC), 13 months earlier."""
    return datetime.combine(months_after(on, -KEPT_MONTHS), time.min, UTC)
