"""What a CCAS may say about its microcredit: the rules of one product on one day.

A tenant's règlement intérieur is data: dated versions, each holding one or more products. These classes are
their one definition; the YAML of `app/tenants/`, the column `rule_versions.products` and the JSON of
`GET /v1/tenants/{slug}/rules` all validate against them.

A null limit does not limit. What the sources leave open is named in `not_stated`, and only an action that
must compute with it is refused.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.amortization import RemainderOn, Rounding

# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}


class Precision(StrEnum):
    """How exactly a source dates a rule: « mai 2011 » is a month, « en 2011 » a year; the first day stands."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Lending(StrEnum):
    """Whose money is lent: the CCAS's own (fonds propres) or a bank or association partner's."""

    OWN_FUNDS = "own_funds"
    PARTNER = "partner"


class InterestBearer(StrEnum):
    """Who pays the interest (prise en charge des intérêts)."""

    NOBODY = "nobody"
    BORROWER = "borrower"
    CITY = "city"


class FicpPolicy(StrEnum):
    """What a listing in the FICP (fichier des incidents de remboursement des crédits) means for a file."""

    ACCEPTED_UNDER_CONDITIONS = "accepted_under_conditions"
    LENDER_CHECKS_BEFORE_APPOINTMENT = "lender_checks_before_appointment"


class DecidingBody(StrEnum):
    """Who says yes or no: the CCAS's commission alone, the lender alone, or first one then the other."""

    COMMISSION = "commission"
    LENDER = "lender"
    COMMISSION_THEN_LENDER = "commission_then_lender"


class Party(StrEnum):
    """Who signs a contract."""

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    CCAS = "ccas"
    LENDER = "lender"


class Commitment(StrEnum):
    """The form of the person's commitment beside the loan (contrat d'engagement, d'accompagnement)."""

    WRITTEN = "written"
    ORAL = "oral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Who lends. `planned` names partners announced by the source whose agreement was not yet signed."""

    code: str
    name: str
    planned: tuple[str, ...] = ()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """Who covers losses, for what share of which base. A null part is not stated or there is none."""

    guarantor: str
    share_percent: Decimal | None = None
    base: str | None = None
    cap_cents: int | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingRule:
    """How instalments are rounded (in cents: 1 or 100) and on which sides the remainder may fall."""

    unit_cents: int
    mode: Rounding
    remainder_on: tuple[RemainderOn, ...]

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRule:
    """The non-repayable aid of the scheme (subvention, secours). `usual_cents` is a habit, not a ceiling."""

    with_loan: bool
    alone: bool
    usual_cents: int | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The rules of one product. Amounts in cents, durations in months, rates in percent a year."""

    code: str
    name: str
    lending: Lending
    lender: Lender
    amount_cents_min: int | None
    amount_cents_max: int | None
    duration_months_max: int | None
    rate_percent: Decimal | None
    interest_borne_by: InterestBearer | None
    guarantees: tuple[Guarantee, ...] | None
    ficp: FicpPolicy | None
    deciding_body: DecidingBody
    rounding: RoundingRule | None
    grant: GrantRule | None
    purposes: tuple[str, ...] | None
    applicant_age_min: int | None
    minor_children_max: int | None
    fast_track: bool
    signed_by: tuple[Party, ...] | None
    commitment: Commitment | None
    payee: str | None
    collected_by: str | None
    not_stated: tuple[str, ...]
    sources: dict[str, str]
    inferred: tuple[str, ...] = ()
    # All parties sign on one day, and the borrowers their support contract (contrat d'accompagnement) with it.
    signed_together: bool | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A convention with a partner that lends. `valid_from` is null while it is only planned, or when no source
    dates it; null limits leave those of the rules alone.

    `check_valid_days` is how long a FICP check opens the lender's acceptance. No text sets it: thirty days are this
    project's choice, until the convention says otherwise.
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
