"""What was done for the person under a support contract."""

from datetime import date, datetime
from uuid import UUID

from app.schemas.base import Day, Input, Output, Prose
from app.schemas.codes import IndividualActionKind


class SupportActionCreate(Input):
    """One thing that was done for this person alone; who comes to a workshop is told of the workshop."""

    kind: IndividualActionKind
    done_on: Day
    note: Prose | None = None


class SupportActionRead(Output):
    """One thing that was done."""

    id: UUID
    support_contract_id: UUID
    kind: str
    done_on: date
    note: str | None
    account_id: UUID
    entered_at: datetime
