"""What people allow to be said of them, and to whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.authorisations import Purpose
from app.tables.base import RECORD, entered_at
from app.tenancy import TenantTable, within_tenant

_PURPOSES = ", ".join(f"'{purpose.value}'" for purpose in Purpose)


class Authorisation(TenantTable, table=True):
    """A person's authorisation to tell something to a partner or an organisation.

    Withdrawing it writes one date, once.
    """

    __tablename__ = "authorisations"
    __table_args__ = (
        within_tenant("person_id", "people"),
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("num_nonnulls(partner_id, organisation_id) = 1", name="one_recipient"),
        CheckConstraint("withdrawn_on >= given_on", name="withdrawn_after_given"),
        CheckConstraint(f"cardinality(purposes) > 0 AND purposes <@ ARRAY[{_PURPOSES}]", name="purposes_known"),
        CheckConstraint(
            "(organisation_id IS NULL) = NOT purposes @> ARRAY['referral']", name="referral_to_an_organisation"
        ),
        Index("ix_authorisations_person", "tenant_id", "person_id"),
        RECORD,
    )

    version: int = 1
    person_id: UUID
    partner_id: UUID | None = Field(default=None, foreign_key="partners.id")
    organisation_id: UUID | None = None
    purposes: list[str] = Field(sa_type=ARRAY(TEXT))
    given_on: date
    withdrawn_on: date | None = None
    account_id: UUID
    entered_at: datetime = entered_at()
