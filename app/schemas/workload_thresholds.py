"""How much one full-time post may bear."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.workload import Measure
from app.schemas.base import Day, Input, Output

PerPost = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="for one full-time post (ETP)")]


class ThresholdCreate(Input):
    """The most of a measure for one full-time post from a day on, which may be to come; null lifts the limit."""

    measure: Measure
    per_fte_max: PerPost | None
    valid_from: Day


class ThresholdRead(Output):
    """The most of a measure for one full-time post from a day on; the last entry of a day counts."""

    id: UUID
    measure: Measure
    per_fte_max: int | None
    valid_from: date
    account_id: UUID
    entered_at: datetime


class ThresholdList(Output):
    """All the limits that were set, by the day from which each counts."""

    items: list[ThresholdRead]
    next_cursor: str | None
