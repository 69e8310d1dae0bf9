"""What is told of requests, handoffs and loans as they move: identifiers and states, never who the person is."""

from enum import StrEnum


class EventSubject(StrEnum):
    """What an event is about."""

    REQUEST = "request"
    HANDOFF = "handoff"
    LOAN = "loan"


def kind(subject: EventSubject, what: str) -> str:
    """The kind of an event: what befell its subject, as in `handoff.sent`."""
    return f"{subject.value}.{what}"
