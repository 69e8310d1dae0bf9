"""The life of a contact (sollicitation): it becomes a request, or another answer is given; there is no third way."""

from enum import StrEnum

from app.domain.intake_errors import ContactAnswered, ContactBecameRequest


class ContactStatus(StrEnum):
    """Where a contact stands."""

    OPEN = "open"
    REQUEST = "request"
    ANSWERED = "answered"


class ContactAction(StrEnum):
    """What ends a contact."""

    BECOME_REQUEST = "become_request"
    ANSWER = "answer"


TRANSITIONS: dict[tuple[ContactStatus, ContactAction], ContactStatus] = {
    (ContactStatus.OPEN, ContactAction.BECOME_REQUEST): ContactStatus.REQUEST,
    (ContactStatus.OPEN, ContactAction.ANSWER): ContactStatus.ANSWERED,
}


def after(status: ContactStatus, action: ContactAction) -> ContactStatus:
    """The state that follows. Raises ContactBecameRequest, ContactAnswered."""
    check_open(status)
    return TRANSITIONS[status, action]


def check_open(status: ContactStatus) -> None:
    """Raises ContactBecameRequest or ContactAnswered once the contact has its outcome."""
    if status is ContactStatus.REQUEST:
        raise ContactBecameRequest
    if status is ContactStatus.ANSWERED:
        raise ContactAnswered
