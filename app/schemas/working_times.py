"""The time that someone spends on the scheme."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Day, Input, Output

PartOfPost = Annotated[int, Field(strict=True, ge=1, le=100, description="percent of a full-time post (ETP)")]


class WorkingTimeCreate(Input):
    """The part of a full-time post spent on the scheme from a day on; it may be a day to come."""

    valid_from: Day
    fte_percent: PartOfPost


class WorkingTimeRead(Output):
    """The part of a full-time post spent on the scheme from a day on; the last entry of a day counts."""

    id: UUID
    valid_from: date
    fte_percent: int
    account_id: UUID
    entered_at: datetime


class WorkingTimeList(Output):
    """All that was told of someone's working time, by the day from which it counts."""

    items: list[WorkingTimeRead]
    next_cursor: str | None
