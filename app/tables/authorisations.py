"""What people allow to be said of them, and to whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.tables.base import RECORD, entered_at
from app.tenancy import TenantTable, within_tenant


class Authorisation(TenantTable, table=True):
    """A person's authorisation to hand something over to a partner; withdrawing it writes one date, once."""

    __tablename__ = "authorisations"
    __table_args__ = (
        within_tenant("person_id", "people"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("withdrawn_on >= given_on", name="withdrawn_after_given"),
        CheckConstraint(
            "cardinality(purposes) > 0 AND purposes <@ ARRAY['precheck', 'loan_file']", name="purposes_known"
        ),
        Index("ix_authorisations_person", "tenant_id", "person_id"),
        RECORD,
    )

    version: int = 1
    person_id: UUID
    partner_id: UUID = Field(foreign_key="partners.id")
    purposes: list[str] = Field(sa_type=ARRAY(TEXT))
    given_on: date
    withdrawn_on: date | None = None
    account_id: UUID
    entered_at: datetime = entered_at()
