"""Events as a partner reads them: the same body whether they are pushed to it or it asks for them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Output

_TYPE = "`handoff.…` or `loan.…`; others may follow: pass over those that you do not know"


class PartnerEventData(Output):
    """What happened, by identifiers and states alone: no personal data. `tenant` is the CCAS's short name.

    `position` grows in the order of commits among all events of the partner; `sequence` counts those of one handoff,
    its loan's included, from 1 and without gaps.
    """

    event_id: UUID
    position: int
    tenant: str
    handoff_id: UUID
    status: Annotated[str, Field(description="where the handoff, or the loan, then stood", examples=["sent"])]
    sequence: int


class PartnerEventRead(Output):
    """One event in the form of Standard Webhooks: `type` is what befell the handoff or its loan, and when."""

    type: Annotated[str, Field(description=_TYPE, examples=["handoff.sent", "loan.accepted"])]
    timestamp: datetime
    data: PartnerEventData


class PartnerEventList(Output):
    """Events in their order. An empty list says that nothing happened since: ask again after `last_position`."""

    items: list[PartnerEventRead]
    last_position: int
