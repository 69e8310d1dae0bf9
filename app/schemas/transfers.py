"""Transfers of a file to another commune of the CCAS."""

from datetime import date, datetime
from uuid import UUID

from pydantic import StrictBool

from app.schemas.base import Day, Id, Input, InseeCode, Output, Prose


class TransferCreate(Input):
    """To which commune, from which day, why, and whether the applicant moved there.

    `instructing_agent_id`: who instructs the file from that day; its agent keeps it unless given, which asks that
    they work for that commune.
    """

    to_commune_insee_code: InseeCode
    transferred_on: Day
    reason: Prose
    person_moved: StrictBool
    instructing_agent_id: Id | None = None


class TransferRead(Output):
    """A transfer of a file from one commune to another."""

    id: UUID
    request_id: UUID
    from_commune_insee_code: str
    to_commune_insee_code: str
    transferred_on: date
    reason: str
    person_moved: bool
    account_id: UUID
    entered_at: datetime


class TransferList(Output):
    """All the transfers of a request, oldest first."""

    items: list[TransferRead]
    next_cursor: str | None
