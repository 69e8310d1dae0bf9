"""The way of a demand"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


GRANTS = {
    "DELETE, INSERT, SELECT": ["idempotency_records"],
    "INSERT, SELECT": [
        "budget_lines",
        "budgets",
        "decisions",
        "financing_plan_lines",
        "financing_plans",
        "ledger_entries",
        "loan_transitions",
        "request_transitions",
        "schedule_rows",
        "schedules",
        "signatures",
    ],
    "INSERT, SELECT, UPDATE": ["loans", "people", "reference_counters", "requests"],
    "SELECT": ["accounts", "alembic_version", "platform_accounts", "rule_versions", "tenants"],
}
ISOLATED = [
    "accounts",
    "budget_lines",
    "budgets",
    "decisions",
    "financing_plan_lines",
    "financing_plans",
    "idempotency_records",
    "ledger_entries",
    "loan_transitions",
    "loans",
    "people",
    "reference_counters",
    "request_transitions",
    "requests",
    "rule_versions",
    "schedule_rows",
    "schedules",
    "signatures",
]


def upgrade() -> None:
    """The way of a demand"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "platform_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=63), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name=op.f("ck_platform_accounts_login_form")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_platform_accounts_login")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("communal", "intercommunal", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("communes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z][a-z0-9-]{1,62}$' AND slug <> 'platform'", name=op.f("ck_tenants_slug_form")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=63), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name=op.f("ck_accounts_login_form")),
        sa.CheckConstraint("roles <@ ARRAY['agent', 'decider', 'manager']", name=op.f("ck_accounts_roles_known")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("tenant_id", "login", name=op.f("uq_accounts_tenant_id_login")),
    )
    op.create_table(
        "idempotency_records",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_records_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_idempotency_records")),
        sa.UniqueConstraint(
            "tenant_id",
            "account_id",
            "method",
            "path",
            "key",
            name=op.f("uq_idempotency_records_tenant_id_account_id_method_path_key"),
        ),
    )
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_names", sa.String(length=100), nullable=False),
        sa.Column("birth_name", sa.String(length=100), nullable=False),
        sa.Column("usage_name", sa.String(length=100), nullable=True),
        sa.Column("birth_on", sa.Date(), nullable=False),
        sa.Column("commune_insee_code", sa.String(length=5), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_people_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_people")),
    )
    op.create_table(
        "reference_counters",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_reference_counters_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_reference_counters")),
        sa.UniqueConstraint("tenant_id", "series", "year", name=op.f("uq_reference_counters_tenant_id_series_year")),
    )
    op.create_table(
        "rule_versions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column(
            "valid_from_precision",
            sa.Enum(
                "day",
                "month",
                "year",
                name="valid_from_precision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("products", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="ex_rule_versions_one_a_day",
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_rule_versions_dates_in_order")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_rule_versions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rule_versions")),
        sa.UniqueConstraint("tenant_id", "version", name=op.f("uq_rule_versions_tenant_id_version")),
    )
    op.create_table(
        "requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "intake",
                "assessment",
                "submitted",
                "adjourned",
                "approved",
                "contracted",
                "refused",
                "grant_only",
                "withdrawn",
                "closed_without_action",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("applicant_id", sa.Uuid(), nullable=False),
        sa.Column("co_applicant_id", sa.Uuid(), nullable=True),
        sa.Column("instructing_agent_id", sa.Uuid(), nullable=False),
        sa.Column("adults", sa.SmallInteger(), nullable=False),
        sa.Column("minor_children", sa.SmallInteger(), nullable=False),
        sa.Column("commune_insee_code", sa.String(length=5), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("prescriber", sa.String(length=200), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("project_description", sa.String(length=4000), nullable=False),
        sa.Column("project_cost_cents", sa.BigInteger(), nullable=False),
        sa.Column("requested_amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("closing_reason_code", sa.String(length=40), nullable=True),
        sa.Column("closing_reason", sa.String(length=4000), nullable=True),
        sa.Column("other_answer_kind", sa.String(length=40), nullable=True),
        sa.Column("other_answer_on", sa.Date(), nullable=True),
        sa.Column("other_answer_attempts_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "other_answer_kind <> 'unreachable' OR cardinality(other_answer_attempts_on) >= 2",
            name=op.f("ck_requests_unreachable_was_tried_twice"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('closed_without_action', 'refused', 'withdrawn') OR (other_answer_kind IS NOT NULL AND other_answer_on IS NOT NULL)",
            name=op.f("ck_requests_no_dead_end"),
        ),
        sa.CheckConstraint("adults >= 1 AND minor_children >= 0", name=op.f("ck_requests_household_of_people")),
        sa.CheckConstraint("co_applicant_id <> applicant_id", name=op.f("ck_requests_two_people")),
        sa.CheckConstraint("project_cost_cents > 0", name=op.f("ck_requests_project_cost_positive")),
        sa.CheckConstraint("requested_amount_cents > 0", name=op.f("ck_requests_requested_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "applicant_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_requests_tenant_id_applicant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "co_applicant_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_requests_tenant_id_co_applicant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "instructing_agent_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_requests_tenant_id_instructing_agent_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_requests_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_requests")),
        sa.UniqueConstraint("tenant_id", "reference", name=op.f("uq_requests_tenant_id_reference")),
    )
    op.create_index("ix_requests_applicant", "requests", ["tenant_id", "applicant_id"], unique=False)
    op.create_table(
        "budgets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_budgets_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_budgets_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_budgets")),
        sa.UniqueConstraint(
            "tenant_id", "request_id", "revision", name=op.f("uq_budgets_tenant_id_request_id_revision")
        ),
    )
    op.create_table(
        "financing_plans",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_financing_plans_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_financing_plans_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_financing_plans")),
        sa.UniqueConstraint(
            "tenant_id", "request_id", "revision", name=op.f("uq_financing_plans_tenant_id_request_id_revision")
        ),
    )
    op.create_table(
        "request_transitions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "assess",
                "submit",
                "approve",
                "grant_only",
                "refuse",
                "adjourn",
                "contract",
                "rescind",
                "withdraw",
                "close_without_action",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_status",
            sa.Enum(
                "intake",
                "assessment",
                "submitted",
                "adjourned",
                "approved",
                "contracted",
                "refused",
                "grant_only",
                "withdrawn",
                "closed_without_action",
                name="from_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "intake",
                "assessment",
                "submitted",
                "adjourned",
                "approved",
                "contracted",
                "refused",
                "grant_only",
                "withdrawn",
                "closed_without_action",
                name="to_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("effect_on", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_request_transitions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_request_transitions_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_request_transitions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_request_transitions")),
    )
    op.create_index("ix_request_transitions_request", "request_transitions", ["tenant_id", "request_id"], unique=False)
    op.create_table(
        "budget_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum("resource", "charge", name="side", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_budget_lines_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "budget_id"],
            ["budgets.tenant_id", "budgets.id"],
            name=op.f("fk_budget_lines_tenant_id_budget_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_budget_lines_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_budget_lines")),
        sa.UniqueConstraint(
            "tenant_id", "budget_id", "position", name=op.f("uq_budget_lines_tenant_id_budget_id_position")
        ),
    )
    op.create_table(
        "decisions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "approve",
                "grant_only",
                "refuse",
                "adjourn",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("loan_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("duration_months", sa.Integer(), nullable=True),
        sa.Column("instalment_cents", sa.BigInteger(), nullable=True),
        sa.Column("rate_percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("rounding_unit_cents", sa.Integer(), nullable=True),
        sa.Column(
            "rounding",
            sa.Enum("half_up", "up", name="rounding", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "remainder_on",
            sa.Enum("first", "last", name="remainder_on", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("grant_cents", sa.BigInteger(), nullable=False),
        sa.Column("financing_plan_id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("signatory", sa.String(length=200), nullable=False),
        sa.Column("signatory_capacity", sa.String(length=200), nullable=True),
        sa.Column("delegation_reference", sa.String(length=200), nullable=True),
        sa.Column("body", sa.String(length=200), nullable=True),
        sa.Column("rule_version_id", sa.Uuid(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("breaches", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'approve') = (loan_amount_cents IS NOT NULL)", name=op.f("ck_decisions_loan_when_approved")
        ),
        sa.CheckConstraint("outcome <> 'grant_only' OR grant_cents > 0", name=op.f("ck_decisions_grant_when_granted")),
        sa.CheckConstraint(
            "outcome = 'approve' OR outcome = 'grant_only' OR (reason_code IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_decisions_reason_unless_given"),
        ),
        sa.CheckConstraint("grant_cents >= 0", name=op.f("ck_decisions_grant_not_negative")),
        sa.CheckConstraint(
            "num_nonnulls(loan_amount_cents, duration_months, instalment_cents, rate_percent, rounding_unit_cents, rounding, remainder_on) IN (0, 7)",
            name=op.f("ck_decisions_terms_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_decisions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "budget_id"],
            ["budgets.tenant_id", "budgets.id"],
            name=op.f("fk_decisions_tenant_id_budget_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "financing_plan_id"],
            ["financing_plans.tenant_id", "financing_plans.id"],
            name=op.f("fk_decisions_tenant_id_financing_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_decisions_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rule_version_id"],
            ["rule_versions.tenant_id", "rule_versions.id"],
            name=op.f("fk_decisions_tenant_id_rule_version_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_decisions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("tenant_id", "request_id", "number", name=op.f("uq_decisions_tenant_id_request_id_number")),
    )
    op.create_table(
        "financing_plan_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("financing_plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "own",
                "family",
                "third_party",
                "grant",
                "loan",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "expected", "confirmed", "refused", name="status", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("fund", sa.String(length=200), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_financing_plan_lines_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "financing_plan_id"],
            ["financing_plans.tenant_id", "financing_plans.id"],
            name=op.f("fk_financing_plan_lines_tenant_id_financing_plan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_financing_plan_lines_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_financing_plan_lines")),
        sa.UniqueConstraint(
            "tenant_id",
            "financing_plan_id",
            "position",
            name=op.f("uq_financing_plan_lines_tenant_id_financing_plan_id_position"),
        ),
    )
    op.create_table(
        "loans",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "offered",
                "accepted",
                "disbursed",
                "litigation",
                "cancelled",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("rate_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("offered_on", sa.Date(), nullable=False),
        sa.Column("expected_disbursed_on", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("principal_cents > 0", name=op.f("ck_loans_principal_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "decision_id"],
            ["decisions.tenant_id", "decisions.id"],
            name=op.f("fk_loans_tenant_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_loans_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_loans_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_loans")),
        sa.UniqueConstraint("tenant_id", "reference", name=op.f("uq_loans_tenant_id_reference")),
    )
    op.create_index(
        "uq_loans_one_per_request",
        "loans",
        ["tenant_id", "request_id"],
        unique=True,
        postgresql_where=sa.text("stage <> 'cancelled'"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "disbursement",
                "repayment",
                "reversal",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "public_accountant", "cash_officer", name="source", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("reference_use", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "payee_kind",
            sa.Enum("supplier", "borrower", name="payee_kind", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("payee_name", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'disbursement') = (payee_kind IS NOT NULL)", name=op.f("ck_ledger_entries_disbursement_has_payee")
        ),
        sa.CheckConstraint(
            "(kind = 'repayment') = (source IS NOT NULL AND reference IS NOT NULL)",
            name=op.f("ck_ledger_entries_repayment_has_source"),
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_ledger_entries_reversal_names_entry")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_ledger_entries_amount_positive")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_ledger_entries_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_ledger_entries_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reverses_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name=op.f("fk_ledger_entries_tenant_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_entries_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("tenant_id", "reverses_id", name=op.f("uq_ledger_entries_tenant_id_reverses_id")),
    )
    op.create_index("ix_ledger_entries_loan", "ledger_entries", ["tenant_id", "loan_id"], unique=False)
    op.create_index(
        "uq_ledger_entries_one_disbursement",
        "ledger_entries",
        ["tenant_id", "loan_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'disbursement'"),
    )
    op.create_index(
        "uq_ledger_entries_reference",
        "ledger_entries",
        ["tenant_id", "source", "reference", "reference_use"],
        unique=True,
        postgresql_where=sa.text("kind = 'repayment'"),
    )
    op.create_table(
        "loan_transitions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "offer",
                "sign",
                "accept",
                "disburse",
                "repay",
                "reverse",
                "open_litigation",
                "cancel",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_stage",
            sa.Enum(
                "offered",
                "accepted",
                "disbursed",
                "litigation",
                "cancelled",
                name="from_stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_stage",
            sa.Enum(
                "offered",
                "accepted",
                "disbursed",
                "litigation",
                "cancelled",
                name="to_stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_loan_transitions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"],
            ["loans.tenant_id", "loans.id"],
            name=op.f("fk_loan_transitions_tenant_id_loan_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_loan_transitions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_loan_transitions")),
    )
    op.create_index("ix_loan_transitions_loan", "loan_transitions", ["tenant_id", "loan_id"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_schedules_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schedules_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("tenant_id", "loan_id", "version", name=op.f("uq_schedules_tenant_id_loan_id_version")),
    )
    op.create_table(
        "signatures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "borrower",
                "co_borrower",
                "ccas",
                "lender",
                name="party",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_signatures_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_signatures_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_signatures_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("tenant_id", "loan_id", "party", name=op.f("uq_signatures_tenant_id_loan_id_party")),
    )
    op.create_table(
        "schedule_rows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("principal_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "principal_cents > 0 AND interest_cents >= 0 AND balance_cents >= 0", name=op.f("ck_schedule_rows_signs")
        ),
        sa.CheckConstraint(
            "total_cents = principal_cents + interest_cents", name=op.f("ck_schedule_rows_total_adds_up")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "schedule_id"],
            ["schedules.tenant_id", "schedules.id"],
            name=op.f("fk_schedule_rows_tenant_id_schedule_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schedule_rows_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_schedule_rows")),
        sa.UniqueConstraint(
            "tenant_id", "schedule_id", "number", name=op.f("uq_schedule_rows_tenant_id_schedule_id_number")
        ),
    )
    for table in ISOLATED:
        op.isolate_tenants(table)
    for privileges, tables in GRANTS.items():
        op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO app")


def downgrade() -> None:
    """The way back."""
    op.drop_table("schedule_rows")
    op.drop_table("signatures")
    op.drop_table("schedules")
    op.drop_table("loan_transitions")
    op.drop_table("ledger_entries")
    op.drop_table("loans")
    op.drop_table("financing_plan_lines")
    op.drop_table("decisions")
    op.drop_table("budget_lines")
    op.drop_table("request_transitions")
    op.drop_table("financing_plans")
    op.drop_table("budgets")
    op.drop_table("requests")
    op.drop_table("rule_versions")
    op.drop_table("reference_counters")
    op.drop_table("people")
    op.drop_table("idempotency_records")
    op.drop_table("accounts")
    op.drop_table("tenants")
    op.drop_table("platform_accounts")
