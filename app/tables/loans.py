"""Loans, of the CCAS's own funds or of a partner: contract, signatures, schedules, and the log of their stages."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.loan_lifecycle import LoanAction, LoanStage
from app.domain.national_law import LegalRegime
from app.domain.products import Party
from app.tables.base import HISTORY, RECORD, cents, entered_at, one_author, value_enum
from app.tenancy import TenantTable, within_tenant


class Loan(TenantTable, table=True):
    """A loan contract. `stage` is what has been done; the status of a day is derived, never stored.

    `legal_regime` is the law that the contract is written under for its whole life, null where it is not known.

    A partner's loan names the partner, the handoff that it answers and the number of its offer; what it tells of the
    signatories stands in `signed_by` where the rules do not state them; `offer_sha256` tells whether an offer of its
    number says again what was recorded, null of those recorded before it was kept.

    `former_reference` is the number of a loan that was taken over from spreadsheets, `former_position_on` the day up to
    which they told all; `former_line_sha256` tells whether a line says again what was taken over.
    """

    __tablename__ = "loans"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("decision_id", "decisions"),
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("tenant_id", "reference"),
        UniqueConstraint("tenant_id", "partner_id", "offer_number"),
        UniqueConstraint("tenant_id", "former_reference"),
        CheckConstraint(
            "num_nonnulls(former_reference, former_line_sha256, former_position_on) IN (0, 3)", name="former_line_whole"
        ),
        CheckConstraint("num_nonnulls(partner_id, handoff_id, offer_number) IN (0, 3)", name="partner_whole"),
        CheckConstraint("principal_cents > 0", name="principal_positive"),
        Index(
            "uq_loans_one_per_request",
            "tenant_id",
            "request_id",
            unique=True,
            postgresql_where=text("stage <> 'cancelled'"),
        ),
        RECORD,
    )

    version: int = 1
    reference: str = Field(max_length=32)
    request_id: UUID
    decision_id: UUID
    stage: LoanStage = Field(sa_type=value_enum(LoanStage, "stage"))
    principal_cents: int = cents()
    rate_percent: Decimal = Field(sa_type=Numeric(9, 6))
    offered_on: date
    expected_disbursed_on: date | None
    partner_id: UUID | None = Field(default=None, foreign_key="partners.id")
    handoff_id: UUID | None = None
    offer_number: str | None = Field(default=None, max_length=64)
    offer_valid_until: date | None = None
    legal_regime: LegalRegime | None = Field(default=None, sa_type=value_enum(LegalRegime, "legal_regime"))
    contract_sha256: str | None = Field(default=None, max_length=64)
    offer_sha256: str | None = Field(default=None, max_length=64)
    signed_by: list[str] | None = Field(default=None, sa_type=ARRAY(TEXT))
    former_reference: str | None = Field(default=None, max_length=80)
    former_line_sha256: str | None = Field(default=None, max_length=64)
    former_position_on: date | None = None
    entered_at: datetime = entered_at()


class LoanTransition(TenantTable, table=True):
    """One step of a loan: what was done, by whom, with effect on which day, entered when, by which decision if any."""

    __tablename__ = "loan_transitions"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("decision_id", "loan_decisions"),
        within_tenant("account_id", "accounts"),
        within_tenant("telling_id", "tellings"),
        one_author(),
        Index("ix_loan_transitions_loan", "tenant_id", "loan_id"),
        HISTORY,
    )

    loan_id: UUID
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    action: LoanAction = Field(sa_type=value_enum(LoanAction, "action"))
    from_stage: LoanStage | None = Field(sa_type=value_enum(LoanStage, "from_stage"))
    to_stage: LoanStage = Field(sa_type=value_enum(LoanStage, "to_stage"))
    effect_on: date
    reason: str | None = Field(max_length=4000)
    decision_id: UUID | None = None
    entered_at: datetime = entered_at()


class Signature(TenantTable, table=True):
    """The signature of one party to the contract, and of the support contract (contrat d'accompagnement) with it.

    `present` are the parties who were there, empty where nobody said; `curator` who signed beside a borrower under
    curatorship.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "loan_id", "party"),
        HISTORY,
    )

    loan_id: UUID
    party: Party = Field(sa_type=value_enum(Party, "party"))
    signed_on: date
    support_contract_signed_on: date | None
    present: list[str] = Field(sa_type=ARRAY(TEXT))
    place: str | None = Field(max_length=200)
    curator: str | None = Field(max_length=200)
    account_id: UUID
    entered_at: datetime = entered_at()
