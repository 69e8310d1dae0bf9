"""Who belongs to whom: the households of the people whom a CCAS helps."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.domain.relations import RelationKind
from app.tables.base import RECORD, entered_at, value_enum
from app.tenancy import TenantTable, within_tenant


class PersonRelation(TenantTable, table=True):
    """The other person, or the organisation, is the partner, parent or legal representative of the person.

    A child is written from its own side. Ending a relation writes one date, once.
    """

    __tablename__ = "person_relations"
    __table_args__ = (
        within_tenant("person_id", "people"),
        within_tenant("other_person_id", "people"),
        within_tenant("organisation_id", "organisations"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("num_nonnulls(other_person_id, organisation_id) = 1", name="with_one"),
        CheckConstraint("organisation_id IS NULL OR kind = 'legal_representative'", name="organisation_represents"),
        CheckConstraint("other_person_id <> person_id", name="two_people"),
        CheckConstraint("kind <> 'child'", name="written_by_the_child"),
        CheckConstraint("ended_on >= since_on", name="ended_after_begun"),
        Index("ix_person_relations_person", "tenant_id", "person_id"),
        Index("ix_person_relations_other_person", "tenant_id", "other_person_id"),
        Index(
            "uq_person_relations_open",
            "tenant_id",
            "kind",
            text("LEAST(person_id, other_person_id)"),
            text("GREATEST(person_id, other_person_id)"),
            unique=True,
            postgresql_where=text("ended_on IS NULL AND other_person_id IS NOT NULL"),
        ),
        Index(
            "uq_person_relations_open_organisation",
            "tenant_id",
            "person_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("ended_on IS NULL AND organisation_id IS NOT NULL"),
        ),
        RECORD,
    )

    version: int = 1
    person_id: UUID
    other_person_id: UUID | None
    organisation_id: UUID | None
    kind: RelationKind = Field(sa_type=value_enum(RelationKind, "kind"))
    since_on: date | None
    ended_on: date | None = None
    account_id: UUID
    entered_at: datetime = entered_at()
