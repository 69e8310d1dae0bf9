"""The life of a session of a committee (séance): planned, convened, open, closed with its minutes; or cancelled."""

from enum import StrEnum

from app.domain.committee_errors import SessionNotOpen, SessionOver
from app.domain.errors import IllegalTransition


class SessionStatus(StrEnum):
    """Where a session stands. `closed`: its minutes are frozen."""

    PLANNED = "planned"
    CONVENED = "convened"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SessionAction(StrEnum):
    """What may be done to a session."""

    CONVENE = "convene"
    OPEN = "open"
    CLOSE = "close"
    CANCEL = "cancel"


S, A = SessionStatus, SessionAction

TRANSITIONS: dict[tuple[SessionStatus, SessionAction], SessionStatus] = {
    (S.PLANNED, A.CONVENE): S.CONVENED,
    (S.CONVENED, A.OPEN): S.OPEN,
    (S.OPEN, A.CLOSE): S.CLOSED,
    (S.PLANNED, A.CANCEL): S.CANCELLED,
    (S.CONVENED, A.CANCEL): S.CANCELLED,
}
OVER = frozenset({S.CLOSED, S.CANCELLED})
# Who will come is known once the members are convened; who came, while the session is open.
ATTENDED = frozenset({S.CONVENED, S.OPEN})


def after(status: SessionStatus, action: SessionAction) -> SessionStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS.get((status, action))
    if following is None:
        raise IllegalTransition(action=f"{action.value}_session", state=status.value)
    return following


def check_not_over(status: SessionStatus) -> None:
    """Raises SessionOver for a session that is closed or cancelled."""
    if status in OVER:
        raise SessionOver(state=status.value)


def check_open(status: SessionStatus) -> None:
    """Raises SessionNotOpen."""
    if status is not S.OPEN:
        raise SessionNotOpen(state=status.value)


def check_attended(status: SessionStatus) -> None:
    """Raises SessionOver, or SessionNotOpen before the members are convened."""
    check_not_over(status)
    if status not in ATTENDED:
        raise SessionNotOpen(state=status.value)
