"""What was attested of a file: facts that no figure shows."""

from datetime import date, datetime
from uuid import UUID

from pydantic import StrictBool

from app.domain.products import Attested
from app.schemas.base import Day, Input, Line, Output


class AttestationCreate(Input):
    """Somebody (the person, a bank, the agent) attests that a fact holds, or that it does not."""

    fact: Attested
    holds: StrictBool
    attested_by: Line
    attested_on: Day
    reference: Line | None = None


class AttestationRead(Output):
    """An attestation; the last of a fact counts."""

    id: UUID
    request_id: UUID
    fact: Attested
    holds: bool
    attested_by: str
    attested_on: date
    reference: str | None
    entered_at: datetime


class AttestationList(Output):
    """All that was attested of a request, oldest entry first."""

    items: list[AttestationRead]
    next_cursor: str | None
