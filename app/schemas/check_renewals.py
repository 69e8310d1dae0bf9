"""Asking a lender to check again."""

from datetime import date, datetime
from uuid import UUID

from app.domain.ficp import CheckStage
from app.schemas.base import Day, Input, Output


class CheckRenewalCreate(Input):
    """The day on which the lender is asked, today by default."""

    wanted_on: Day | None = None


class CheckRenewalRead(Output):
    """The lender is asked for another check of this stage; a consultation after the one that expired answers it."""

    id: UUID
    handoff_id: UUID
    stage: CheckStage
    wanted_on: date
    entered_at: datetime
