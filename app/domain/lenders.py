"""Who lends, at what rate, who bears the interest and who covers the losses: the parts of a product's rules."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.national_law import Scope

# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}


class Lending(StrEnum):
    """Whose money is lent: the CCAS's own (fonds propres) or a bank or association partner's."""

    OWN_FUNDS = "own_funds"
    PARTNER = "partner"


class Payer(StrEnum):
    """Who pays interest (prise en charge des intérêts): nobody at rate 0, the borrower, or a third party."""

    NOBODY = "nobody"
    BORROWER = "borrower"
    CCAS = "ccas"
    CITY = "city"
    DEPARTMENT = "department"
    REGION = "region"


class PaidWhen(StrEnum):
    """When a third party pays its part of the interest: with each instalment, or back to the borrower at the end."""

    WITH_INSTALMENTS = "with_instalments"
    AT_THE_END = "at_the_end"


class RefundCondition(StrEnum):
    """What a refund at the end asks for; an incident that is serious is for the CCAS to say."""

    FULLY_REPAID = "fully_repaid"
    NEVER_LATE = "never_late"
    NO_SERIOUS_INCIDENT = "no_serious_incident"
    RESIDENT_ON_THAT_DAY = "resident_on_that_day"
    ASKED_FOR_BY_THE_BORROWER = "asked_for_by_the_borrower"


class GuaranteeBase(StrEnum):
    """What a guarantee is a share of."""

    PRINCIPAL = "principal"
    PRINCIPAL_AND_INTEREST = "principal_and_interest"


class CapOf(StrEnum):
    """What a guarantor's cap bounds: its part of each loss, or of all losses of the portfolio."""

    LOSS = "loss"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Who lends, and its own limits where they are narrower or wider than the tenant's: both hold.

    `planned` names partners announced by the source whose agreement was not yet signed. `scopes` are the national
    caps that bind it. `lending` is that of the product unless given.
    """

    code: str
    name: str
    planned: tuple[str, ...] = ()
    lending: Lending | None = None
    scopes: tuple[Scope, ...] = ()
    amount_cents_min: int | None = None
    amount_cents_max: int | None = None
    duration_months_min: int | None = None
    duration_months_max: int | None = None
    rate_percent: Decimal | None = None
    steps: tuple[str, ...] = ()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBand:
    """The rate of an age band, both ends included, in whole years; null is open."""

    age_min: int | None
    age_max: int | None
    rate_percent: Decimal

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRate:
    """An index of the version plus a margin in points of percent; never below `rate_percent_min`."""

    index: str
    margin_percent: Decimal
    rate_percent_min: Decimal = Decimal(0)

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestAid:
    """A part of the borrower's interest that a third party pays, with the instalments or at the end.

    `share_percent` of the interest; with `above_percent`, of the interest beyond that yearly rate alone (the third
    party pays the difference). Insurance is never in it; the fee is where `with_fee` says so.
    """

    payer: Payer
    share_percent: Decimal = Decimal(100)
    above_percent: Decimal | None = None
    with_fee: bool = False
    paid: PaidWhen = PaidWhen.WITH_INSTALMENTS
    conditions: tuple[RefundCondition, ...] = ()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """Who covers losses, for what share of which base. A null part is not stated or there is none."""

    guarantor: str
    share_percent: Decimal | None = None
    base: GuaranteeBase | None = None
    cap_cents: int | None = None
    cap_of: CapOf | None = None

    __pydantic_config__ = _STRICT
