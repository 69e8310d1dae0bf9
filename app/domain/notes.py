"""Who reads the notes of a file."""

from enum import StrEnum


class NoteVisibility(StrEnum):
    """`private`: its author alone; `shared`: whoever sees the file."""

    PRIVATE = "private"
    SHARED = "shared"
