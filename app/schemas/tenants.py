"""The CCAS and their rules, open to all."""

from datetime import date, datetime

from app.domain.committees import CommissionRule
from app.domain.dates import Precision
from app.domain.products import Product
from app.domain.rules import Index, TenantKind
from app.schemas.base import Day, Input, Output


class CommuneRead(Output):
    """A commune by its INSEE code."""

    insee_code: str
    name: str


class TenantRead(Output):
    """A CCAS, or several that share one scheme."""

    slug: str
    name: str
    kind: TenantKind
    communes: list[CommuneRead]
    time_zone: str


class RulesQuery(Input):
    """The day whose rules are asked; today where none is given."""

    on: Day | None = None


class RuleVersionRead(Output):
    """The rules from `valid_from` (null: not stated) to `valid_to`, that day included (null: open)."""

    version: int
    valid_from: date | None
    valid_from_precision: Precision | None
    valid_to: date | None
    reference: str
    products: list[Product]
    indexes: list[Index]
    commission: CommissionRule | None


class RuleVersionSummary(Output):
    """One version of the rules, without its content; `withdrawn_at` where it was taken back before it began."""

    version: int
    valid_from: date | None
    valid_from_precision: Precision | None
    valid_to: date | None
    reference: str
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class RuleVersionList(Output):
    """All the versions of a tenant's rules, oldest first."""

    items: list[RuleVersionSummary]
    next_cursor: str | None
