"""Entries of the ledger that are taken back (contre-passation)."""

from app.schemas.base import Day, Input, Prose


class EntryReversalCreate(Input):
    """An entry that was made in error."""

    reversed_on: Day
    reason: Prose
