"""Committees (commissions permanentes)."""

from datetime import datetime
from uuid import UUID

from app.schemas.base import Input, Line, Resource


class CommitteeCreate(Input):
    """A body that decides; `reference` is the deliberation that set it up."""

    name: Line
    reference: Line | None = None


class CommitteeUpdate(Input):
    """What has changed; what is not named stays."""

    name: Line = None  # type: ignore[assignment]
    reference: Line | None = None


class CommitteeRead(Resource):
    """A committee."""

    id: UUID
    name: str
    reference: str | None
    entered_at: datetime
