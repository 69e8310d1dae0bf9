"""Workshops (ateliers collectifs), held or to come."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Day, Id, Input, Line, Resource
from app.schemas.codes import WorkshopTheme

Seats = Annotated[int, Field(strict=True, ge=1, le=1000)]


class WorkshopCreate(Input):
    """A workshop. `organisation_id` is who holds it, null for the CCAS itself; null seats do not limit."""

    title: Line
    theme: WorkshopTheme | None = None
    organisation_id: Id | None = None
    held_on: Day
    place: Line | None = None
    seats: Seats | None = None


class WorkshopUpdate(Input):
    """What has changed; what is not named stays."""

    title: Line = None  # type: ignore[assignment]
    theme: WorkshopTheme | None = None
    organisation_id: Id | None = None
    held_on: Day = None  # type: ignore[assignment]
    place: Line | None = None
    seats: Seats | None = None


class WorkshopRead(Resource):
    """A workshop, and how many people stand in each state: `registered` are those of whom nothing more is known."""

    id: UUID
    title: str
    theme: str | None
    organisation_id: UUID | None
    held_on: date
    place: str | None
    seats: int | None
    registered: int
    attended: int
    missed: int
    excused: int
