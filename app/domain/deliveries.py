"""Deliveries of events to the endpoints of partners: how an attempt ended, and when the next one is due.

Source: Standard Webhooks 1.0, whose ten published attempts end 75 h 35 min after the first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

# Before each attempt, counted from the end of the one before; the first is made at once.
DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS_MAX = len(DELAYS)
JITTER_MAX = 0.10
# A receiver cannot ask to be left alone for longer than between two attempts.
HOLD_MAX = DELAYS[-1]

_REDIRECTED, _GONE = range(300, 400), 410
_THROTTLES = frozenset({429, 503})


class DeliveryStatus(StrEnum):
    """Where the delivery of one event to one endpoint stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class AttemptOutcome(StrEnum):
    """How one attempt ended. All but the first are failures."""

    DELIVERED = "delivered"
    REDIRECTED = "redirected"
    GONE = "gone"
    THROTTLED = "throttled"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    ADDRESS_REFUSED = "address_refused"


class DisabledBecause(StrEnum):
    """Why nothing is sent to an endpoint: its partner asked for it, or it answered 410."""

    ASKED = "asked"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt: when it began, how long it took in milliseconds, and what came of it.

    `status_code` is null where no answer came; `retry_after` is the header as it was sent.
    """

    attempted_at: datetime
    duration_ms: int
    outcome: AttemptOutcome
    status_code: int | None = None
    retry_after: str | None = None


def outcome_of(status_code: int) -> AttemptOutcome:
    """What an answer means: any 2xx is a delivery, anything else a failure; a redirection is never followed."""
    if 200 <= status_code < 300:
        return AttemptOutcome.DELIVERED
    if status_code in _REDIRECTED:
        return AttemptOutcome.REDIRECTED
    if status_code == _GONE:
        return AttemptOutcome.GONE
    return AttemptOutcome.THROTTLED if status_code in _THROTTLES else AttemptOutcome.REFUSED


def next_attempt_at(attempts: int, *, ended_at: datetime, chance: float) -> datetime | None:
    """When to try again after so many attempts, the last of which ended then; null where that was the last one.

    `chance`, from 0 to 1, spreads the attempts over at most a tenth of the delay, never before it.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    return ended_at + DELAYS[attempts] * (1 + JITTER_MAX * chance)


def held_until(attempt: Attempt, *, ended_at: datetime) -> datetime | None:
    """Until when a receiver that is overloaded asks to be left alone (429 or 503 with Retry-After); else null.

    Retry-After is a number of seconds or an HTTP date (RFC 9110, section 10.2.3); anything else asks for nothing.
    """
    if attempt.outcome is not AttemptOutcome.THROTTLED or attempt.retry_after is None:
        return None
    asked = _asked(attempt.retry_after.strip(), ended_at)
    if asked is None or asked <= ended_at:
        return None
    return min(asked, ended_at + HOLD_MAX)


def _asked(retry_after: str, ended_at: datetime) -> datetime | None:
    try:
        if retry_after.isascii() and retry_after.isdigit():
            return ended_at + timedelta(seconds=min(int(retry_after), HOLD_MAX // timedelta(seconds=1)))
        read = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
