"""Decisions: what was decided on a request, under which version of the rules, on which facts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Field

from app.domain.amortization import RemainderOn, Rounding
from app.domain.decisions import Outcome
from app.tables.base import HISTORY, cents, entered_at, json_column, value_enum
from app.tenancy import TenantTable, within_tenant


class Decision(TenantTable, table=True):
    """One decision, which a session must ratify where it is `provisional`.

    The terms of the loan are null unless one was approved, or its file endorsed. The facts of a decision that was taken
    over from spreadsheets name its loan there (`taken_over_as`); who signed it may then be null.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        within_tenant("request_id", "requests"),
        within_tenant("financing_plan_id", "financing_plans"),
        within_tenant("budget_id", "budgets"),
        within_tenant("rule_version_id", "rule_versions"),
        within_tenant("account_id", "accounts"),
        within_tenant("session_id", "committee_sessions"),
        UniqueConstraint("tenant_id", "request_id", "number"),
        CheckConstraint(
            "(outcome IN ('approve', 'endorse')) = (num_nonnulls(loan_amount_cents, duration_months) = 2)"
            " AND num_nonnulls(loan_amount_cents, duration_months) <> 1",
            name="loan_when_named",
        ),
        # The other terms of a loan that is endorsed are the lender's.
        CheckConstraint(
            "num_nonnulls(instalment_cents, rate_percent, rounding_unit_cents, rounding, remainder_on)"
            " = CASE outcome WHEN 'approve' THEN 5 ELSE 0 END",
            name="terms_whole",
        ),
        CheckConstraint("outcome <> 'grant_only' OR grant_cents > 0", name="grant_when_granted"),
        CheckConstraint("grant_cents >= 0", name="grant_not_negative"),
        CheckConstraint(
            "outcome IN ('approve', 'endorse', 'grant_only') OR (reason_code IS NOT NULL AND reason IS NOT NULL)",
            name="reason_unless_given",
        ),
        CheckConstraint(
            "outcome = 'adjourn' OR cardinality(missing) + cardinality(missing_papers) = 0",
            name="missing_when_adjourned",
        ),
        CheckConstraint(
            "next_on IS NULL OR (outcome = 'adjourn' AND next_on >= decided_on)", name="next_after_adjourned"
        ),
        CheckConstraint(
            "outcome IN ('approve', 'endorse', 'grant_only') OR cardinality(conditions) = 0",
            name="conditions_of_an_aid",
        ),
        CheckConstraint(
            "NOT fast_track OR (outcome IN ('approve', 'endorse', 'grant_only') AND session_id IS NULL)",
            name="fast_track_gives",
        ),
        CheckConstraint("fast_track OR NOT provisional", name="provisional_ahead_of_session"),
        CheckConstraint(
            "signatory IS NOT NULL OR jsonb_exists(facts, 'taken_over_as')", name="signed_unless_taken_over"
        ),
        HISTORY,
    )

    request_id: UUID
    number: int
    outcome: Outcome = Field(sa_type=value_enum(Outcome, "outcome"))
    loan_amount_cents: int | None = cents(nullable=True)
    duration_months: int | None
    instalment_cents: int | None = cents(nullable=True)
    rate_percent: Decimal | None = Field(sa_type=Numeric(9, 6))
    rounding_unit_cents: int | None
    rounding: Rounding | None = Field(sa_type=value_enum(Rounding, "rounding"))
    remainder_on: RemainderOn | None = Field(sa_type=value_enum(RemainderOn, "remainder_on"))
    grant_cents: int = cents()
    financing_plan_id: UUID
    budget_id: UUID | None
    reason_code: str | None = Field(max_length=40)
    reason: str | None = Field(max_length=4000)
    internal_note: str | None = Field(default=None, max_length=4000)
    missing: list[str] = Field(default_factory=list, sa_type=ARRAY(TEXT))
    missing_papers: list[str] = Field(default_factory=list, sa_type=ARRAY(TEXT))
    next_on: date | None = None
    conditions: list[str] = Field(default_factory=list, sa_type=ARRAY(TEXT))
    session_id: UUID | None = None
    fast_track: bool = False
    provisional: bool = False
    second_person: str | None = Field(default=None, max_length=200)
    decided_on: date
    signatory: str | None = Field(max_length=200)
    signatory_capacity: str | None = Field(max_length=200)
    delegation_reference: str | None = Field(max_length=200)
    body: str | None = Field(max_length=200)
    rule_version_id: UUID
    facts: dict[str, Any] = json_column(dict)
    breaches: list[dict[str, Any]] = json_column(list)
    overrides: list[dict[str, Any]] = json_column(list)
    account_id: UUID
    entered_at: datetime = entered_at()
