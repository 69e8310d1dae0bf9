"""The papers of a session of a committee, by the names that their addresses take."""

from enum import StrEnum


class SessionDocument(StrEnum):
    """The papers of a session."""

    AGENDA = "agenda"
    MINUTES = "minutes"
