"""What one product of a CCAS allows: every rule that its règlement intérieur may state.

A rule that is null limits nothing. What the sources leave open is named in `not_stated`, and only an action that must
compute with it is refused. A rule has a path, its name here (`lender.rate_percent` for what is nested): breaches,
sources, severities and texts all use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from app.domain.amortization import RemainderOn, Rounding
from app.domain.breaches import Severity
from app.domain.ficp import UNSTATED_GATE, CheckEffect, CheckGate, CheckStage
from app.domain.ledger import PayeeKind
from app.domain.lenders import Guarantee, IndexedRate, InterestAid, Lender, Lending, Payer, RateBand
from app.domain.notices import FastTrackNotice
from app.domain.permissions import Role

# Read by Pydantic where these classes are validated: an unknown key or a loosely typed value is an error.
_STRICT = {"extra": "forbid", "strict": True}


class ListingPolicy(StrEnum):
    """What it means for a loan to be listed in the FICP (incidents de remboursement), banned from banking (FCC), or in
    an over-indebtedness procedure; that one asks for the written agreement of who may give it, whatever the rules.
    """

    REFUSED = "refused"
    ACCEPTED = "accepted"
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


class Collector(StrEnum):
    """Who receives the repayments: the public accountant of the CCAS (comptable public), or the lender."""

    PUBLIC_ACCOUNTANT = "public_accountant"
    LENDER = "lender"


class Commitment(StrEnum):
    """The form of the person's commitment beside the loan (contrat d'engagement, d'accompagnement)."""

    WRITTEN = "written"
    ORAL = "oral"
    NONE = "none"


class Attested(StrEnum):
    """A fact that no figure shows, told by somebody on a day.

    Rules may ask for the first five. `no_other_aid` is subsidiarity: no legal or optional aid applies;
    `account_at_lender`: an account is held, or opened, where the loan is taken. The others the person tells, never a
    bank: being listed in the FICP, banned from banking, in an over-indebtedness procedure, and for that last the
    written agreement of who may give it. `capacity_authorised`: each borrower under guardianship or a family
    authorisation has, for this loan, the authorisation of the judge or of the family council (Code civil, article 505).
    """

    NO_OTHER_AID = "no_other_aid"
    EXCLUDED_FROM_CREDIT = "excluded_from_credit"
    ENGAGED_IN_PROJECT = "engaged_in_project"
    SUPPORT_ACCEPTED = "support_accepted"
    ACCOUNT_AT_LENDER = "account_at_lender"
    FICP_LISTED = "ficp_listed"
    BANK_BANNED = "bank_banned"
    OVER_INDEBTED = "over_indebted"
    OVER_INDEBTEDNESS_AGREEMENT = "over_indebtedness_agreement"
    CAPACITY_AUTHORISED = "capacity_authorised"


ASKED_FOR = frozenset(list(Attested)[:5])


class PerUnit(StrEnum):
    """For whom an amount left to live on is counted: the household, each person, each unit of the scale."""

    HOUSEHOLD = "household"
    PERSON = "person"
    UNIT = "unit"


class Period(StrEnum):
    """The time an income is counted over."""

    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Higher limits reserved to given reasons (dérogation): codes of the list `exceptions`. Null is the usual limit."""

    code: str
    name: str
    reasons: tuple[str, ...]
    amount_cents_max: int | None = None
    duration_months_max: int | None = None

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
    """The non-repayable aid of the scheme (subvention, secours). `usual_cents` is a habit, `cents_max` a ceiling."""

    with_loan: bool
    alone: bool
    usual_cents: int | None = None
    cents_max: int | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdScale:
    """How many units a household counts: the first adult, each further adult, each minor child."""

    first_adult: Decimal = Decimal(1)
    other_adult: Decimal = Decimal(0)
    minor_child: Decimal = Decimal(0)

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeCeiling:
    """The resources above which no aid is given: an amount or an index, times a coefficient, times the scale."""

    amount_cents: int | None = None
    index: str | None = None
    coefficient: Decimal = Decimal(1)
    scale: HouseholdScale = HouseholdScale()
    per: Period = Period.MONTH

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftToLive:
    """The least that must be left to live on in a month (reste à vivre) once the instalment is paid."""

    cents_min: int
    per: PerUnit = PerUnit.HOUSEHOLD
    scale: HouseholdScale = HouseholdScale()

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferralRule:
    """How often instalments may be put off (report): in all, and in a row without the deciding body's say."""

    count_max: int | None = None
    consecutive_max: int | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class FourEyes:
    """Whether who instructs may also decide; where one person does all, `second_person` names who looks again."""

    required: bool
    second_person: str | None = None

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The rules of one product. Amounts in cents, durations in months, rates in percent a year, ages in years.

    `lender` is asked unless another of `other_lenders` is chosen. `severities` says which rules only warn (an
    open-ended maximum, « ou plus »); `overridable_by` which roles may override a refusal, with a reason.
    """

    code: str
    name: str
    lending: Lending
    lender: Lender
    amount_cents_min: int | None
    amount_cents_max: int | None
    duration_months_max: int | None
    rate_percent: Decimal | None
    interest_borne_by: Payer | None
    guarantees: tuple[Guarantee, ...] | None
    ficp: ListingPolicy | None
    deciding_body: DecidingBody
    rounding: RoundingRule | None
    grant: GrantRule | None
    purposes: tuple[str, ...] | None
    applicant_age_min: int | None
    minor_children_max: int | None
    fast_track: bool
    signed_by: tuple[Party, ...] | None
    commitment: Commitment | None
    payee: PayeeKind | None
    collected_by: Collector | None
    not_stated: tuple[str, ...]
    sources: dict[str, str]
    inferred: tuple[str, ...] = ()

    public: str | None = None
    other_lenders: tuple[Lender, ...] = ()
    tiers: tuple[Tier, ...] = ()
    duration_months_min: int | None = None
    instalment_cents_max: int | None = None
    rate_bands: tuple[RateBand, ...] = ()
    indexed_rate: IndexedRate | None = None
    interest_aids: tuple[InterestAid, ...] = ()
    purposes_excluded: tuple[str, ...] = ()
    applicant_age_max: int | None = None
    adults_max: int | None = None
    minor_children_min: int | None = None
    residence_communes: tuple[str, ...] | None = None
    residence_months_min: int | None = None
    income_ceiling: IncomeCeiling | None = None
    left_to_live: LeftToLive | None = None
    debt_ratio_percent_max: Decimal | None = None
    instalment_within_capacity: bool | None = None
    attestations: tuple[Attested, ...] = ()
    documents: tuple[str, ...] = ()
    running_loans_max: int | None = None
    months_since_last_loan_min: int | None = None
    bank_ban: ListingPolicy | None = None
    over_indebtedness: ListingPolicy | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    overridable_by: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    # All parties sign on one day in the presence of all, and the borrowers their support contract (contrat
    # d'accompagnement) with it.
    signed_together: bool | None = None
    # The tenant's statement that its own loans are left out of consumer credit, as preferential credits for a
    # restricted public (directive (EU) 2023/2225, art. 2(2)); null keeps the protection of that law.
    excluded_from_consumer_credit: bool | None = None
    support_months: int | None = None
    support_for_whole_loan: bool | None = None
    action_plan_before_start: bool | None = None
    # Ahead of the session: who among those who decide, whether it ratifies, when the person is told. Null: not stated.
    fast_track_by: tuple[Role, ...] | None = None
    fast_track_ratified: bool | None = None
    fast_track_notice: FastTrackNotice | None = None
    four_eyes: FourEyes | None = None
    # What the lender's check opens here, before the first appointment where `ficp` asks for it and before its loan.
    precheck: CheckGate | None = None
    grant_check: CheckGate | None = None
    deferrals: DeferralRule | None = None

    __pydantic_config__ = _STRICT

    @property
    def lenders(self) -> tuple[Lender, ...]:
        """Everyone who may lend, in the order in which they are asked."""
        return (self.lender, *self.other_lenders)

    @property
    def asks_precheck(self) -> bool:
        """Whether a lender's check is asked for before the first appointment."""
        asks = self.ficp is ListingPolicy.LENDER_CHECKS_BEFORE_APPOINTMENT
        return asks and self.gate(CheckStage.PRECHECK).effect is not CheckEffect.IGNORE

    def gate(self, stage: CheckStage) -> CheckGate:
        """What the check of a stage opens: it blocks, whoever tells it, where the rules do not speak."""
        stated = self.precheck if stage is CheckStage.PRECHECK else self.grant_check
        return stated or UNSTATED_GATE
