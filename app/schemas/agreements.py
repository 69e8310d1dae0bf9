"""The conventions of a CCAS with the partners that lend."""

from datetime import date
from uuid import UUID

from app.domain.dates import Precision
from app.schemas.base import Output, Percent


class AgreementRead(Output):
    """A convention. A null limit leaves that of the rules alone; one that is only `planned` opens nothing yet."""

    id: UUID
    partner: str
    partner_name: str
    planned: bool
    reference: str
    parties: list[str]
    valid_from: date | None
    valid_from_precision: Precision | None
    valid_to: date | None
    amount_cents_max: int | None
    duration_months_max: int | None
    rate_percent: Percent | None
    check_valid_days: int
    source: str
