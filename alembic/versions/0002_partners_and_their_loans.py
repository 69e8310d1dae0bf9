"""Partners and their loans"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


GRANTS = {
    "DELETE, INSERT, SELECT": ["partner_idempotency_records"],
    "INSERT, SELECT": [
        "ficp_checks",
        "handoff_payloads",
        "handoff_transitions",
        "statement_lines",
        "statement_positions",
        "statements",
    ],
    "INSERT, SELECT, UPDATE": ["authorisations", "handoff_routes", "handoffs"],
    "SELECT": ["agreements", "partner_clients", "partners"],
}
ISOLATED = [
    "agreements",
    "authorisations",
    "ficp_checks",
    "handoff_payloads",
    "handoff_routes",
    "handoff_transitions",
    "handoffs",
    "partner_idempotency_records",
    "statement_lines",
    "statement_positions",
    "statements",
]
# Table, constraint, what it says now, what it said before; None where it is not there.
CHECKS = [
    (
        "requests",
        "ck_requests_status",
        "status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'endorsed', 'sent_to_lender', 'lender_accepted', 'contracted', 'refused', 'declined', 'lender_refused', 'grant_only', 'withdrawn', 'closed_without_action')",
        "status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'contracted', 'refused', 'grant_only', 'withdrawn', 'closed_without_action')",
    ),
    (
        "request_transitions",
        "ck_request_transitions_action",
        "action IN ('assess', 'submit', 'approve', 'grant_only', 'refuse', 'adjourn', 'endorse', 'decline', 'send_to_lender', 'lender_accept', 'lender_park', 'lender_refuse', 'contract', 'rescind', 'rescind_with_lender', 'withdraw', 'close_without_action')",
        "action IN ('assess', 'submit', 'approve', 'grant_only', 'refuse', 'adjourn', 'contract', 'rescind', 'withdraw', 'close_without_action')",
    ),
    (
        "request_transitions",
        "ck_request_transitions_from_status",
        "from_status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'endorsed', 'sent_to_lender', 'lender_accepted', 'contracted', 'refused', 'declined', 'lender_refused', 'grant_only', 'withdrawn', 'closed_without_action')",
        "from_status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'contracted', 'refused', 'grant_only', 'withdrawn', 'closed_without_action')",
    ),
    (
        "request_transitions",
        "ck_request_transitions_to_status",
        "to_status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'endorsed', 'sent_to_lender', 'lender_accepted', 'contracted', 'refused', 'declined', 'lender_refused', 'grant_only', 'withdrawn', 'closed_without_action')",
        "to_status IN ('intake', 'assessment', 'submitted', 'adjourned', 'approved', 'contracted', 'refused', 'grant_only', 'withdrawn', 'closed_without_action')",
    ),
    (
        "decisions",
        "ck_decisions_outcome",
        "outcome IN ('approve', 'grant_only', 'refuse', 'endorse', 'decline', 'adjourn')",
        "outcome IN ('approve', 'grant_only', 'refuse', 'adjourn')",
    ),
    (
        "ledger_entries",
        "ck_ledger_entries_source",
        "source IN ('public_accountant', 'cash_officer', 'lender')",
        "source IN ('public_accountant', 'cash_officer')",
    ),
    (
        "requests",
        "ck_requests_no_dead_end",
        "status NOT IN ('closed_without_action', 'declined', 'lender_refused', 'refused', 'withdrawn') OR (other_answer_kind IS NOT NULL AND other_answer_on IS NOT NULL)",
        "status NOT IN ('closed_without_action', 'refused', 'withdrawn') OR (other_answer_kind IS NOT NULL AND other_answer_on IS NOT NULL)",
    ),
    (
        "decisions",
        "ck_decisions_loan_when_named",
        "(outcome IN ('approve', 'endorse')) = (num_nonnulls(loan_amount_cents, duration_months) = 2) AND num_nonnulls(loan_amount_cents, duration_months) <> 1",
        None,
    ),
    ("decisions", "ck_decisions_loan_when_approved", None, "(outcome = 'approve') = (loan_amount_cents IS NOT NULL)"),
    (
        "decisions",
        "ck_decisions_terms_whole",
        "num_nonnulls(instalment_cents, rate_percent, rounding_unit_cents, rounding, remainder_on) = CASE outcome WHEN 'approve' THEN 5 ELSE 0 END",
        "num_nonnulls(loan_amount_cents, duration_months, instalment_cents, rate_percent, rounding_unit_cents, rounding, remainder_on) IN (0, 7)",
    ),
    (
        "decisions",
        "ck_decisions_reason_unless_given",
        "outcome IN ('approve', 'endorse', 'grant_only') OR (reason_code IS NOT NULL AND reason IS NOT NULL)",
        "outcome = 'approve' OR outcome = 'grant_only' OR (reason_code IS NOT NULL AND reason IS NOT NULL)",
    ),
    (
        "ledger_entries",
        "ck_ledger_entries_repayment_has_source",
        "(kind = 'repayment') = (source IS NOT NULL)",
        "(kind = 'repayment') = (source IS NOT NULL AND reference IS NOT NULL)",
    ),
    (
        "request_transitions",
        "ck_request_transitions_one_author",
        "num_nonnulls(account_id, partner_client_id) = 1",
        None,
    ),
    ("loan_transitions", "ck_loan_transitions_one_author", "num_nonnulls(account_id, partner_client_id) = 1", None),
    ("ledger_entries", "ck_ledger_entries_one_author", "num_nonnulls(account_id, partner_client_id) = 1", None),
    (
        "ledger_entries",
        "ck_ledger_entries_repayment_has_reference",
        "kind <> 'repayment' OR reference IS NOT NULL",
        None,
    ),
    ("ledger_entries", "ck_ledger_entries_lender_is_named", "source <> 'lender' OR partner_id IS NOT NULL", None),
    ("loans", "ck_loans_partner_whole", "num_nonnulls(partner_id, handoff_id, offer_number) IN (0, 3)", None),
    (
        "schedule_rows",
        "ck_schedule_rows_borrower_pays_principal",
        "borrower_cents BETWEEN principal_cents AND total_cents",
        None,
    ),
]


def upgrade() -> None:
    """Partners and their loans"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,62}$'", name=op.f("ck_partners_code_form")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("code", name=op.f("uq_partners_code")),
    )
    op.create_table(
        "agreements",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("parties", postgresql.ARRAY(sa.TEXT()), nullable=False),
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
        sa.Column("amount_cents_max", sa.BigInteger(), nullable=True),
        sa.Column("duration_months_max", sa.Integer(), nullable=True),
        sa.Column("rate_percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("check_valid_days", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("partner_id"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            where=sa.text("NOT planned"),
            using="gist",
            name="ex_agreements_one_a_day",
        ),
        sa.CheckConstraint("check_valid_days > 0", name=op.f("ck_agreements_check_valid_some_days")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_agreements_dates_in_order")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_agreements_partner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_agreements_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_agreements")),
        sa.UniqueConstraint(
            "tenant_id", "partner_id", "reference", name=op.f("uq_agreements_tenant_id_partner_id_reference")
        ),
    )
    op.create_table(
        "partner_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_clients_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_clients")),
        sa.UniqueConstraint("client_id", name=op.f("uq_partner_clients_client_id")),
    )
    op.create_table(
        "authorisations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cardinality(purposes) > 0 AND purposes <@ ARRAY['precheck', 'loan_file']",
            name=op.f("ck_authorisations_purposes_known"),
        ),
        sa.CheckConstraint("withdrawn_on >= given_on", name=op.f("ck_authorisations_withdrawn_after_given")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_authorisations_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_authorisations_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name=op.f("fk_authorisations_tenant_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_authorisations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_authorisations")),
    )
    op.create_index("ix_authorisations_person", "authorisations", ["tenant_id", "person_id"], unique=False)
    op.create_table(
        "partner_idempotency_records",
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["partner_clients.id"], name=op.f("fk_partner_idempotency_records_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_idempotency_records_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_idempotency_records")),
        sa.UniqueConstraint(
            "partner_id",
            "account_id",
            "method",
            "path",
            "key",
            name=op.f("uq_partner_idempotency_records_partner_id_account_id_method_path_key"),
        ),
    )
    op.create_table(
        "statements",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("position_on", sa.Date(), nullable=False),
        sa.Column("partner_client_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_client_id"], ["partner_clients.id"], name=op.f("fk_statements_partner_client_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_statements_partner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_statements_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_partner", "statements", ["tenant_id", "partner_id", "position_on"], unique=False)
    op.create_table(
        "handoffs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("precheck", "loan_file", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "ready",
                "sent",
                "received",
                "in_progress",
                "more_information",
                "awaiting_check",
                "accepted",
                "refused",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("support_person", sa.String(length=200), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("partner_reference", sa.String(length=64), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status IN ('accepted', 'awaiting_check')) <= (kind = 'precheck' OR answered_on IS NOT NULL)",
            name=op.f("ck_handoffs_answer_dated"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_handoffs_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreements.tenant_id", "agreements.id"],
            name=op.f("fk_handoffs_tenant_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_handoffs_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_handoffs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_handoffs")),
    )
    op.create_index(
        "uq_handoffs_one_open",
        "handoffs",
        ["tenant_id", "request_id", "partner_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('refused', 'withdrawn')"),
    )
    op.create_table(
        "statement_positions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statement_id"],
            ["statements.tenant_id", "statements.id"],
            name=op.f("fk_statement_positions_tenant_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_statement_positions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_statement_positions")),
        sa.UniqueConstraint("tenant_id", "statement_id", name=op.f("uq_statement_positions_tenant_id_statement_id")),
    )
    op.create_table(
        "ficp_checks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum("precheck", "grant_decision", name="stage", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "favorable",
                "unfavorable",
                "to_clear",
                "unavailable",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("consulted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consultation_ref", sa.String(length=64), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=True),
        sa.Column("partner_client_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_client_id"], ["partner_clients.id"], name=op.f("fk_ficp_checks_partner_client_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_ficp_checks_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_ficp_checks_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_ficp_checks_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ficp_checks_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_ficp_checks")),
        sa.UniqueConstraint(
            "tenant_id",
            "partner_id",
            "consultation_ref",
            name=op.f("uq_ficp_checks_tenant_id_partner_id_consultation_ref"),
        ),
    )
    op.create_index("ix_ficp_checks_request", "ficp_checks", ["tenant_id", "request_id"], unique=False)
    op.create_table(
        "handoff_payloads",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_handoff_payloads_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_handoff_payloads_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_handoff_payloads")),
        sa.UniqueConstraint("tenant_id", "handoff_id", name=op.f("uq_handoff_payloads_tenant_id_handoff_id")),
    )
    op.create_table(
        "handoff_routes",
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ready",
                "sent",
                "received",
                "in_progress",
                "more_information",
                "awaiting_check",
                "accepted",
                "refused",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_handoff_routes_partner_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_handoff_routes_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_handoff_routes_tenant_id")),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_handoff_routes")),
    )
    op.create_index("ix_handoff_routes_partner", "handoff_routes", ["partner_id", "handoff_id"], unique=False)
    op.create_table(
        "handoff_transitions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_client_id", sa.Uuid(), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "send",
                "acknowledge",
                "progress",
                "ask",
                "complete",
                "park",
                "accept",
                "refuse",
                "withdraw",
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
                "ready",
                "sent",
                "received",
                "in_progress",
                "more_information",
                "awaiting_check",
                "accepted",
                "refused",
                "withdrawn",
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
                "ready",
                "sent",
                "received",
                "in_progress",
                "more_information",
                "awaiting_check",
                "accepted",
                "refused",
                "withdrawn",
                name="to_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(account_id, partner_client_id) = 1", name=op.f("ck_handoff_transitions_one_author")
        ),
        sa.ForeignKeyConstraint(
            ["partner_client_id"], ["partner_clients.id"], name=op.f("fk_handoff_transitions_partner_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_handoff_transitions_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_handoff_transitions_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_handoff_transitions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_handoff_transitions")),
    )
    op.create_index("ix_handoff_transitions_handoff", "handoff_transitions", ["tenant_id", "handoff_id"], unique=False)
    op.create_table(
        "statement_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "repayment", "unpaid", "balance", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("ledger_entry_id", sa.Uuid(), nullable=True),
        sa.Column("instalment_number", sa.Integer(), nullable=True),
        sa.Column("outstanding_principal_cents", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'repayment') = (ledger_entry_id IS NOT NULL)", name=op.f("ck_statement_lines_repayment_in_ledger")
        ),
        sa.CheckConstraint(
            "(kind = 'unpaid') = (instalment_number IS NOT NULL)",
            name=op.f("ck_statement_lines_unpaid_names_instalment"),
        ),
        sa.CheckConstraint(
            "kind <> 'balance' OR outstanding_principal_cents IS NOT NULL",
            name=op.f("ck_statement_lines_balance_is_told"),
        ),
        sa.CheckConstraint("outstanding_principal_cents >= 0", name=op.f("ck_statement_lines_balance_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ledger_entry_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name=op.f("fk_statement_lines_tenant_id_ledger_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "loan_id"], ["loans.tenant_id", "loans.id"], name=op.f("fk_statement_lines_tenant_id_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "statement_id"],
            ["statements.tenant_id", "statements.id"],
            name=op.f("fk_statement_lines_tenant_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_statement_lines_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_statement_lines")),
    )
    op.create_index("ix_statement_lines_loan", "statement_lines", ["tenant_id", "loan_id"], unique=False)
    op.add_column("ledger_entries", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("ledger_entries", sa.Column("partner_client_id", sa.Uuid(), nullable=True))
    op.alter_column("ledger_entries", "account_id", existing_type=sa.UUID(), nullable=True)
    op.drop_index(
        op.f("uq_ledger_entries_reference"),
        table_name="ledger_entries",
        postgresql_where="((kind)::text = 'repayment'::text)",
    )
    op.create_index(
        "uq_ledger_entries_reference",
        "ledger_entries",
        ["tenant_id", "source", "partner_id", "reference", "reference_use"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("kind = 'repayment'"),
    )
    op.create_foreign_key(op.f("fk_ledger_entries_partner_id"), "ledger_entries", "partners", ["partner_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_ledger_entries_partner_client_id"), "ledger_entries", "partner_clients", ["partner_client_id"], ["id"]
    )
    op.add_column("loan_transitions", sa.Column("partner_client_id", sa.Uuid(), nullable=True))
    op.alter_column("loan_transitions", "account_id", existing_type=sa.UUID(), nullable=True)
    op.create_foreign_key(
        op.f("fk_loan_transitions_partner_client_id"),
        "loan_transitions",
        "partner_clients",
        ["partner_client_id"],
        ["id"],
    )
    op.add_column("loans", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("loans", sa.Column("handoff_id", sa.Uuid(), nullable=True))
    op.add_column("loans", sa.Column("offer_number", sa.String(length=64), nullable=True))
    op.add_column("loans", sa.Column("offer_valid_until", sa.Date(), nullable=True))
    op.add_column("loans", sa.Column("contract_sha256", sa.String(length=64), nullable=True))
    op.add_column("loans", sa.Column("signed_by", postgresql.ARRAY(sa.TEXT()), nullable=True))
    op.create_unique_constraint(
        op.f("uq_loans_tenant_id_partner_id_offer_number"), "loans", ["tenant_id", "partner_id", "offer_number"]
    )
    op.create_foreign_key(op.f("fk_loans_partner_id"), "loans", "partners", ["partner_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_loans_tenant_id_handoff_id"), "loans", "handoffs", ["tenant_id", "handoff_id"], ["tenant_id", "id"]
    )
    op.add_column("request_transitions", sa.Column("partner_client_id", sa.Uuid(), nullable=True))
    op.alter_column("request_transitions", "account_id", existing_type=sa.UUID(), nullable=True)
    op.create_foreign_key(
        op.f("fk_request_transitions_partner_client_id"),
        "request_transitions",
        "partner_clients",
        ["partner_client_id"],
        ["id"],
    )
    op.add_column("schedule_rows", sa.Column("borrower_cents", sa.BigInteger()))
    op.add_column("schedule_rows", sa.Column("third_parties", postgresql.JSONB()))
    # The borrower pays the whole of every row that is there. The policy binds the owner too, whence NO FORCE.
    op.execute("ALTER TABLE schedule_rows NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE schedule_rows SET borrower_cents = total_cents, third_parties = '[]'")
    op.execute("ALTER TABLE schedule_rows FORCE ROW LEVEL SECURITY")
    op.alter_column("schedule_rows", "borrower_cents", nullable=False)
    op.alter_column("schedule_rows", "third_parties", nullable=False)
    op.add_column("signatures", sa.Column("support_contract_signed_on", sa.Date(), nullable=True))
    for table, name, now, before in CHECKS:
        _replace(table, name, before, now)
    for table in ISOLATED:
        op.isolate_tenants(table)
    for privileges, tables in GRANTS.items():
        op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO app")


def downgrade() -> None:
    """The way back: refused by the database where a partner has lent or acted."""
    for table, name, now, before in reversed(CHECKS):
        _replace(table, name, now, before)
    op.drop_column("signatures", "support_contract_signed_on")
    op.drop_column("schedule_rows", "third_parties")
    op.drop_column("schedule_rows", "borrower_cents")
    op.drop_constraint(op.f("fk_request_transitions_partner_client_id"), "request_transitions", type_="foreignkey")
    op.alter_column("request_transitions", "account_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("request_transitions", "partner_client_id")
    op.drop_constraint(op.f("fk_loans_tenant_id_handoff_id"), "loans", type_="foreignkey")
    op.drop_constraint(op.f("fk_loans_partner_id"), "loans", type_="foreignkey")
    op.drop_constraint(op.f("uq_loans_tenant_id_partner_id_offer_number"), "loans", type_="unique")
    op.drop_column("loans", "signed_by")
    op.drop_column("loans", "contract_sha256")
    op.drop_column("loans", "offer_valid_until")
    op.drop_column("loans", "offer_number")
    op.drop_column("loans", "handoff_id")
    op.drop_column("loans", "partner_id")
    op.drop_constraint(op.f("fk_loan_transitions_partner_client_id"), "loan_transitions", type_="foreignkey")
    op.alter_column("loan_transitions", "account_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("loan_transitions", "partner_client_id")
    op.drop_constraint(op.f("fk_ledger_entries_partner_client_id"), "ledger_entries", type_="foreignkey")
    op.drop_constraint(op.f("fk_ledger_entries_partner_id"), "ledger_entries", type_="foreignkey")
    op.drop_index(
        "uq_ledger_entries_reference",
        table_name="ledger_entries",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("kind = 'repayment'"),
    )
    op.create_index(
        op.f("uq_ledger_entries_reference"),
        "ledger_entries",
        ["tenant_id", "source", "reference", "reference_use"],
        unique=True,
        postgresql_where="((kind)::text = 'repayment'::text)",
    )
    op.alter_column("ledger_entries", "account_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("ledger_entries", "partner_client_id")
    op.drop_column("ledger_entries", "partner_id")
    op.drop_table("statement_lines")
    op.drop_table("handoff_transitions")
    op.drop_table("handoff_routes")
    op.drop_table("handoff_payloads")
    op.drop_table("ficp_checks")
    op.drop_table("statement_positions")
    op.drop_table("handoffs")
    op.drop_table("statements")
    op.drop_table("partner_idempotency_records")
    op.drop_table("authorisations")
    op.drop_table("partner_clients")
    op.drop_table("agreements")
    op.drop_table("partners")


def _replace(table: str, name: str, gone: str | None, comes: str | None) -> None:
    if gone is not None:
        op.drop_constraint(op.f(name), table, type_="check")
    if comes is not None:
        op.create_check_constraint(op.f(name), table, comes)
