"""Events as a partner reads them: the same body whether they are pushed to it or it asks for them."""

from datetime import datetime
from uuid import UUID

from app.schemas.base import Output


class PartnerEventData(Output):
    """What happened, by identifiers and states alone: no personal data. `tenant` is the CCAS's short name.

    `position` grows in the order of commits among all events of the partner; `sequence` counts those of one handoff,
    its loan's included, from 1 and without gaps.
    """

    event_id: UUID
    position: int
    tenant: str
    handoff_id: UUID
    status: str
    sequence: int


class PartnerEventRead(Output):
    """One event in the form of Standard Webhooks: `type` is what befell the handoff or its loan, and when."""

    type: str
    timestamp: datetime
    data: PartnerEventData


class PartnerEventList(Output):
    """Events in their order. An empty list says that nothing happened since: ask again after `last_position`."""

    items: list[PartnerEventRead]
    last_position: int
