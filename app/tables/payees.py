"""Who was paid when a loan was paid out."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.domain.products import Party
from app.tables.base import HISTORY, value_enum
from app.tenancy import TenantTable, within_tenant


class PayeeRow(TenantTable, table=True):
    """What is known of the payee of a disbursement, beside its kind and its name, which stand on the entry.

    Of the account no more is kept than its last four characters: the bank's own paper (RIB) goes with the order to pay.
    """

    __tablename__ = "payees"
    __table_args__ = (
        within_tenant("entry_id", "ledger_entries"),
        within_tenant("organisation_id", "organisations"),
        UniqueConstraint("tenant_id", "entry_id"),
        CheckConstraint("num_nonnulls(organisation_id, person) <= 1", name="organisation_or_person"),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret_form"),
        CheckConstraint("iban_last4 ~ '^[A-Z0-9]{4}$'", name="iban_last4_form"),
        HISTORY,
    )

    entry_id: UUID
    organisation_id: UUID | None
    person: Party | None = Field(sa_type=value_enum(Party, "person"))
    siret: str | None = Field(max_length=14)
    iban_last4: str | None = Field(max_length=4)
    invoice_reference: str | None = Field(max_length=100)
    instruction_on: date | None
