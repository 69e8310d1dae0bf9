"""People who were found to be one, and those who were not after all."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.tables.base import HISTORY, entered_at, json_column
from app.tenancy import TenantTable, within_tenant


class PersonMerge(TenantTable, table=True):
    """What belonged to the merged person belongs to the kept one.

    `moved` names each row that was moved: `{table, column, id}`.
    """

    __tablename__ = "person_merges"
    __table_args__ = (
        within_tenant("kept_id", "people"),
        within_tenant("merged_id", "people"),
        within_tenant("account_id", "accounts"),
        CheckConstraint("kept_id <> merged_id", name="two_people"),
        Index("ix_person_merges_kept", "tenant_id", "kept_id"),
        Index("ix_person_merges_merged", "tenant_id", "merged_id"),
        HISTORY,
    )

    kept_id: UUID
    merged_id: UUID
    reason: str = Field(max_length=4000)
    moved: list[dict[str, Any]] = json_column(list)
    account_id: UUID
    entered_at: datetime = entered_at()


class PersonMergeReversal(TenantTable, table=True):
    """A merge taken back: what it moved was put back."""

    __tablename__ = "person_merge_reversals"
    __table_args__ = (
        within_tenant("merge_id", "person_merges"),
        within_tenant("account_id", "accounts"),
        UniqueConstraint("tenant_id", "merge_id"),
        HISTORY,
    )

    merge_id: UUID
    reason: str = Field(max_length=4000)
    account_id: UUID
    entered_at: datetime = entered_at()
