"""Files handed over to the partners that lend, the log of what was done with them, and the partners' way to them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field, SQLModel

from app.domain.channels import Channel
from app.domain.ficp import UNSTATED_GATE, CheckEffect
from app.domain.handoff_lifecycle import OVER, HandoffAction, HandoffKind, HandoffStatus
from app.tables.base import HISTORY, RECORD, entered_at, one_author, utc_now, value_enum
from app.tenancy import TenantTable, within_tenant

_OVER = ", ".join(sorted(f"'{status.value}'" for status in OVER))


class Handoff(TenantTable, table=True):
    """One transmission to one partner, by `channel`; `payload_sha256` is the hash of the text last handed over.

    Of a file, of a claim on a guarantor (then with the request of its loan), or of a statement of interest borne, which
    is of many loans: it has no request and concerns no person, so nobody supports one. `choice_reason` says why a file
    goes to another lender than the one that it was endorsed to.

    What the lender's check opens, and who may tell it, is what the rules said when it was sent.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("agreement_id", "agreements"),
        within_tenant("guarantee_claim_id", "guarantee_claims", added_last=True),
        within_tenant("borne_interest_statement_id", "borne_interest_statements"),
        CheckConstraint("(request_id IS NULL) = (kind = 'interest_statement')", name="of_a_request"),
        CheckConstraint("(guarantee_claim_id IS NOT NULL) = (kind = 'guarantee_claim')", name="of_a_claim"),
        CheckConstraint("(borne_interest_statement_id IS NOT NULL) = (kind = 'interest_statement')",
                        name="of_a_statement"),
        CheckConstraint("(kind = 'interest_statement') = (coalesce(btrim(support_person), '') = '')",
                        name="support_named"),
        CheckConstraint("choice_reason IS NULL OR kind IN ('precheck', 'loan_file')", name="choice_of_a_file"),
        CheckConstraint("(status IN ('accepted', 'awaiting_check')) <= (kind = 'precheck' OR answered_on IS NOT NULL)",
                        name="answer_dated"),
        Index(
            "uq_handoffs_one_open",
            "tenant_id",
            "request_id",
            "partner_id",
            "kind",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_OVER}) AND guarantee_claim_id IS NULL"),
        ),
        *(
            Index(
                f"uq_handoffs_one_open_of_{subject}",
                "tenant_id",
                f"{subject}_id",
                unique=True,
                postgresql_where=text(f"status NOT IN ({_OVER}) AND {subject}_id IS NOT NULL"),
            )
            for subject in ("guarantee_claim", "borne_interest_statement")
        ),
        RECORD,
    )  # fmt: skip

    version: int = 1
    request_id: UUID | None = None
    guarantee_claim_id: UUID | None = None
    borne_interest_statement_id: UUID | None = None
    partner_id: UUID = Field(foreign_key="partners.id")
    agreement_id: UUID
    kind: HandoffKind = Field(sa_type=value_enum(HandoffKind, "kind"))
    status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "status"))
    channel: Channel = Field(
        default=Channel.API,
        sa_type=value_enum(Channel, "channel"),
        sa_column_kwargs={"server_default": Channel.API.value},
    )
    support_person: str | None = Field(default=None, max_length=200)
    choice_reason: str | None = Field(default=None, max_length=4000)
    payload_sha256: str = Field(max_length=64)
    partner_reference: str | None = Field(default=None, max_length=64)
    answered_on: date | None = None
    check_effect: CheckEffect = Field(
        default=UNSTATED_GATE.effect,
        sa_type=value_enum(CheckEffect, "check_effect"),
        sa_column_kwargs={"server_default": UNSTATED_GATE.effect.value},
    )
    check_told_by: list[str] | None = Field(default=None, sa_type=ARRAY(TEXT), nullable=True)
    entered_at: datetime = entered_at()


class HandoffPayload(TenantTable, table=True):
    """One exact text that was handed over and its hash, which the database computes again: kept as proof.

    The first is number 1; another follows where the lender asked for more and what was told had changed.
    """

    __tablename__ = "handoff_payloads"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        UniqueConstraint("tenant_id", "handoff_id", "number"),
        CheckConstraint("number >= 1", name="numbered_from_one"),
        CheckConstraint("payload_sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name="hash_of_the_text"),
        HISTORY,
    )

    handoff_id: UUID
    number: int
    text: str
    payload_sha256: str = Field(max_length=64)
    entered_at: datetime = entered_at()


class HandoffTransition(TenantTable, table=True):
    """One step of a handoff. `note` is what was asked for, answered, or the reason.

    Of what its lender answers, `decided_on` is the day that it states and `partner_reference` what it gave with it.
    Nothing of it changes but once: with the conclusion of a precheck goes what tells which way it went.
    """

    __tablename__ = "handoff_transitions"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        within_tenant("account_id", "accounts"),
        within_tenant("telling_id", "tellings"),
        one_author(),
        Index("ix_handoff_transitions_handoff", "tenant_id", "handoff_id"),
        RECORD,
    )

    handoff_id: UUID
    account_id: UUID | None
    partner_client_id: UUID | None = Field(foreign_key="partner_clients.id")
    telling_id: UUID | None = None
    action: HandoffAction = Field(sa_type=value_enum(HandoffAction, "action"))
    from_status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "from_status"))
    to_status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "to_status"))
    effect_on: date
    note: str | None = Field(max_length=4000)
    decided_on: date | None = None
    partner_reference: str | None = Field(default=None, max_length=64)
    entered_at: datetime = entered_at()


class HandoffRoute(SQLModel, table=True):
    """The way of a partner to one handoff, across tenants: no personal data, and a policy on the partner alone.

    `erased_sequence` is how far the `sequence` went of the partner's events of the handoff that are no longer kept.
    """

    __tablename__ = "handoff_routes"
    __table_args__ = (
        within_tenant("handoff_id", "handoffs"),
        Index("ix_handoff_routes_partner", "partner_id", "handoff_id"),
        RECORD,
    )

    handoff_id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    partner_id: UUID = Field(foreign_key="partners.id")
    status: HandoffStatus = Field(sa_type=value_enum(HandoffStatus, "status"))
    sent_at: datetime = Field(default_factory=utc_now, sa_type=DateTime(timezone=True))
    erased_sequence: int = 0
