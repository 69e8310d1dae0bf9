"""Calls on guarantors: the loss that was told, what was claimed and paid, what was recovered later, all added only."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint
from sqlmodel import Field

from app.domain.guarantees import LossSource
from app.domain.lenders import CapOf, GuaranteeBase
from app.tables.base import HISTORY, cents, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class GuaranteeClaim(TenantTable, table=True):
    """A loss on a loan and the call on one guarantor for its part of it, in cents, under the terms of the rules then.

    `reference` is that of the bank's letter; `reference_use` one more than the claims of it that were taken back.
    """

    __tablename__ = "guarantee_claims"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint(
            "tenant_id", "loan_id", "guarantor", "reference", "reference_use", name="uq_guarantee_claims_reference"
        ),
        CheckConstraint("principal_cents > 0 AND interest_cents >= 0", name="something_lost"),
        CheckConstraint("claimed_cents > 0", name="claimed_positive"),
        CheckConstraint(
            "claimed_cents <= principal_cents + CASE WHEN base = 'principal' THEN 0 ELSE interest_cents END",
            name="within_base",
        ),
        CheckConstraint("cap_cents IS NULL OR claimed_cents <= cap_cents", name="within_cap"),
        CheckConstraint("share_percent > 0 AND share_percent <= 100", name="share_is_a_part"),
        HISTORY,
    )

    loan_id: UUID
    guarantor: str = Field(max_length=200)
    source: LossSource = Field(sa_type=value_enum(LossSource, "source"))
    reference: str = Field(max_length=100)
    reference_use: int
    lost_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    share_percent: Decimal = Field(sa_type=Numeric(9, 6))
    base: GuaranteeBase = Field(sa_type=value_enum(GuaranteeBase, "base"))
    cap_cents: int | None = cents(nullable=True)
    cap_of: CapOf | None = Field(sa_type=value_enum(CapOf, "cap_of"))
    claimed_cents: int = cents()
    account_id: UUID
    entered_at: datetime = entered_at()


class GuaranteePayment(TenantTable, table=True):
    """What a guarantor paid on a claim, in cents, under a reference of its own."""

    __tablename__ = "guarantee_payments"
    __table_args__ = (
        within_tenant("claim_id", "guarantee_claims"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "claim_id", "reference", "reference_use", name="uq_guarantee_payments_reference"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        HISTORY,
    )

    claim_id: UUID
    amount_cents: int = cents()
    paid_on: date
    reference: str = Field(max_length=100)
    reference_use: int
    account_id: UUID
    entered_at: datetime = entered_at()


class GuaranteeRecovery(TenantTable, table=True):
    """What the lender recovered after the loss, in cents: `shares` of each claim `{claim_id, cents}`, and its own."""

    __tablename__ = "guarantee_recoveries"
    __table_args__ = (
        within_tenant("loan_id", "loans"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint(
            "tenant_id", "loan_id", "reference", "reference_use", name="uq_guarantee_recoveries_reference"
        ),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("lender_cents BETWEEN 0 AND amount_cents", name="lender_gets_a_part"),
        HISTORY,
    )

    loan_id: UUID
    amount_cents: int = cents()
    recovered_on: date
    reference: str = Field(max_length=100)
    reference_use: int
    shares: list[dict[str, Any]] = json_column(list)
    lender_cents: int = cents()
    account_id: UUID
    entered_at: datetime = entered_at()


class GuaranteeReversal(TenantTable, table=True):
    """A claim, a payment or a recovery that was entered in error, taken back once."""

    __tablename__ = "guarantee_reversals"
    __table_args__ = (
        within_tenant("claim_id", "guarantee_claims"),
        within_tenant("payment_id", "guarantee_payments"),
        within_tenant("recovery_id", "guarantee_recoveries"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "claim_id"),
        UniqueConstraint("tenant_id", "payment_id"),
        UniqueConstraint("tenant_id", "recovery_id"),
        CheckConstraint("num_nonnulls(claim_id, payment_id, recovery_id) = 1", name="of_one_entry"),
        HISTORY,
    )

    claim_id: UUID | None = None
    payment_id: UUID | None = None
    recovery_id: UUID | None = None
    reversed_on: date
    reason: str = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()
