"""The conventions of a CCAS with the partners that lend."""

from datetime import date
from uuid import UUID

from app.domain.dates import Precision
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.rules import Capability
from app.schemas.base import Output, Percent


class AgreementContactRead(Output):
    """An office to turn to, never a person; null where it is not stated."""

    office: str
    email: str | None
    phone: str | None


class CostShareRead(Output):
    """What a commune bears of the cost, in percent."""

    commune_insee_code: str
    share_percent: Percent


class AgreementRead(Output):
    """A convention. A null limit leaves that of the rules alone; one that is only `planned` opens nothing yet.

    `answer_days_max` is the delay agreed for an answer, in days; null `handoff_kinds` or `capabilities`: not stated.
    """

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
    answer_days_max: int | None
    signature_required: bool
    handoff_kinds: list[HandoffKind] | None
    capabilities: list[Capability] | None
    contacts: list[AgreementContactRead]
    deliberations: list[str]
    cost_shares: list[CostShareRead]
    source: str
