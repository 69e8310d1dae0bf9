"""What lenders tell otherwise than by their machines, and the links by which their officers do."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.channels import Channel
from app.tables.base import HISTORY, RECORD, entered_at, value_enum
from app.tables.links import SingleUseLink, one_live_link
from app.tenancy import TenantTable, within_tenant


class Telling(TenantTable, table=True):
    """The author of facts that a lender told otherwise: a letter that a member of staff entered, an officer by a link.

    `reference` and `dated_on` are those of the letter; an answer by a link is of the day it was given.
    """

    __tablename__ = "tellings"
    __table_args__ = (
        within_tenant("account_id", "accounts"),
        within_tenant("link_id", "lender_links"),
        CheckConstraint("channel <> 'api'", name="not_by_machine"),
        CheckConstraint("channel <> 'letter' OR reference IS NOT NULL", name="letter_has_reference"),
        CheckConstraint("channel <> 'link' OR officer IS NOT NULL", name="officer_is_named"),
        CheckConstraint("(channel = 'link') = (link_id IS NOT NULL)", name="link_is_named"),
        CheckConstraint("num_nonnulls(account_id, link_id) = 1", name="one_author"),
        UniqueConstraint("tenant_id", "link_id"),
        Index("ix_tellings_partner", "tenant_id", "partner_id", "reference"),
        HISTORY,
    )

    partner_id: UUID = Field(foreign_key="partners.id")
    channel: Channel = Field(sa_type=value_enum(Channel, "channel"))
    reference: str | None = Field(default=None, max_length=100)
    dated_on: date
    officer: str | None = Field(default=None, max_length=200)
    account_id: UUID | None = None
    link_id: UUID | None = None
    entered_at: datetime = entered_at()


class LenderLink(SingleUseLink, table=True):
    """A link by which a named officer of the lender answers a handoff, once."""

    __tablename__ = "lender_links"
    __table_args__ = (*one_live_link("lender_links", "handoff_id", "handoffs"), RECORD)

    handoff_id: UUID
    officer: str = Field(max_length=200)
