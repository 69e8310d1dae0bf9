"""The rules of a CCAS: dated versions of its products, the figures they refer to, its agreements with lenders.

A tenant's règlement intérieur is data. These classes and those of `products.py` are its one definition: the YAML of
`app/tenants/`, the columns of `rule_versions` and the JSON of `GET /v1/tenants/{slug}/rules` all validate against them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.channels import Channel
from app.domain.committees import CommissionRule
from app.domain.dates import Precision
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.products import Product

VERSION_MAX = 100_000
# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}


class IndexUnit(StrEnum):
    """What an index counts; its values are decimals of it."""

    CENTS = "cents"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexValue:
    """What an index is from `valid_from` (null: not stated) to `valid_to`, that day included (null: open)."""

    valid_from: date | None
    valid_to: date | None
    value: Decimal
    source: str

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A figure that others publish and rules refer to (an amount of RSA, a rate of reference), oldest value first."""

    code: str
    name: str
    unit: IndexUnit
    values: tuple[IndexValue, ...]

    __pydantic_config__ = _STRICT

    def at(self, on: date) -> Decimal | None:
        """The value of a day, in the unit; null where none is known: an older one never stands for it."""
        return next(
            (row.value for row in self.values if (row.valid_from or date.min) <= on <= (row.valid_to or date.max)),
            None,
        )


class Capability(StrEnum):
    """How a partner can be reached and can answer, best first: none of them is needed on the first day."""

    API = "api"
    WEBHOOK = "webhook"
    FILE = "file"
    LINK = "link"
    LETTER = "letter"


def channels_agreed(capabilities: Sequence[str] | None) -> tuple[Channel, ...]:
    """How something may be handed over, best first: by whatever way where none is stated.

    A webhook tells the partner's machine, which then reads by the API.
    """
    named = [one for one in Capability if not capabilities or one.value in capabilities]
    return tuple(dict.fromkeys(Channel.API if one is Capability.WEBHOOK else Channel(one.value) for one in named))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementContact:
    """An office of a party to an agreement, never a person; null where it is not stated."""

    office: str
    email: str | None = None
    phone: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShare:
    """What a commune bears of the cost of the agreement, in percent of the whole."""

    commune_insee_code: str
    share_percent: Decimal

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A convention with a partner that lends. `valid_from` is null while it is only planned, or when no source
    dates it; null limits leave those of the rules alone.

    `check_valid_days` is how long a FICP check opens the lender's acceptance. No text sets it: thirty days are this
    project's choice, until the convention says otherwise. `answer_days_max` is the delay agreed for an answer, in
    days; null where none is. `handoff_kinds` are the handoffs agreed, `capabilities` how the partner can be reached:
    null where it is not stated, and then nothing is ruled out. With `signature_required`, the partner signs its pushes.
    """

    partner: str
    partner_name: str
    planned: bool
    reference: str
    parties: tuple[str, ...]
    valid_from: date | None
    valid_from_precision: Precision | None
    valid_to: date | None
    amount_cents_max: int | None = None
    duration_months_max: int | None = None
    rate_percent: Decimal | None = None
    check_valid_days: int = 30
    answer_days_max: int | None = None
    signature_required: bool = False
    handoff_kinds: tuple[HandoffKind, ...] | None = None
    capabilities: tuple[Capability, ...] | None = None
    contacts: tuple[AgreementContact, ...] = ()
    deliberations: tuple[str, ...] = ()
    cost_shares: tuple[CostShare, ...] = ()
    source: str

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """The rules in force from `valid_from` (null: not stated) to `valid_to`, that day included (null: open).

    `reference` names the deliberation or document that adopted them.
    """

    version: int
    valid_from: date | None
    valid_from_precision: Precision | None
    valid_to: date | None
    reference: str
    products: tuple[Product, ...]
    indexes: tuple[Index, ...] = ()
    commission: CommissionRule | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """A commune by its INSEE code (five characters, "01001" is not 1001)."""

    insee_code: str
    name: str

    __pydantic_config__ = _STRICT


class TenantKind(StrEnum):
    """One commune, or several that share one scheme."""

    COMMUNAL = "communal"
    INTERCOMMUNAL = "intercommunal"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRules:
    """A CCAS with its communes and the versions of its rules: the content of one file of `app/tenants/`."""

    slug: str
    name: str
    kind: TenantKind
    time_zone: str
    communes: tuple[Commune, ...]
    versions: tuple[RuleVersion, ...]
    agreements: tuple[Agreement, ...] = ()

    __pydantic_config__ = _STRICT
