"""The conventions of a CCAS with the partners that lend to its people."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, ExcludeConstraint
from sqlmodel import Field

from app.domain.dates import Precision
from app.tables.base import READ, cents, entered_at, json_column, value_enum
from app.tenancy import TenantTable


class AgreementRow(TenantTable, table=True):
    """A convention with a partner; see `app.domain.rules.Agreement`. One is in force with a partner on a day."""

    __tablename__ = "agreements"
    __table_args__ = (
        UniqueConstraint("tenant_id", "partner_id", "reference"),
        CheckConstraint("valid_to >= valid_from", name="dates_in_order"),
        CheckConstraint("check_valid_days > 0", name="check_valid_some_days"),
        CheckConstraint("answer_days_max > 0", name="answered_within_some_days"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("partner_id", "="),
            (text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            where=text("NOT planned"),
            name="ex_agreements_one_a_day",
        ),
        READ,
    )

    partner_id: UUID = Field(foreign_key="partners.id")
    planned: bool
    reference: str
    parties: list[str] = Field(sa_type=ARRAY(TEXT))
    valid_from: date | None
    valid_from_precision: Precision | None = Field(sa_type=value_enum(Precision, "valid_from_precision"))
    valid_to: date | None
    amount_cents_max: int | None = cents(nullable=True)
    duration_months_max: int | None
    rate_percent: Decimal | None = Field(sa_type=Numeric(9, 6))
    check_valid_days: int
    answer_days_max: int | None
    signature_required: bool
    handoff_kinds: list[str] | None = Field(sa_type=ARRAY(TEXT))
    capabilities: list[str] | None = Field(sa_type=ARRAY(TEXT))
    contacts: list[dict[str, Any]] = json_column(list)
    deliberations: list[str] = Field(sa_type=ARRAY(TEXT))
    cost_shares: list[dict[str, Any]] = json_column(list)
    source: str
    entered_at: datetime = entered_at()
