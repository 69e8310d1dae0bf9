"""Other rights looked at, and referrals"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATUSES = ("waiting", "accepted", "refused", "no_papers", "never_went", "withdrawn")
TABLES = ("rights_checks", "referrals", "referral_links", "referral_answers", "referral_reminders")


def upgrade() -> None:
    """Other rights looked at, and referrals"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _create_rights_checks()
    _create_referrals()
    _create_referral_links()
    _create_referral_answers()
    _create_referral_reminders()
    for table in TABLES:
        op.isolate_tenants(table)
    for table in ("rights_checks", "referrals"):
        op.scope_communes(table)
    op.execute("GRANT INSERT, SELECT, UPDATE ON referrals, referral_links TO app")
    op.execute("GRANT INSERT, SELECT ON rights_checks, referral_answers, referral_reminders TO app")


def _create_rights_checks() -> None:
    op.create_table(
        "rights_checks",
        *_own_columns(),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("right_code", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        _one_of("rights_checks", "result", ("mobilised", "not_entitled", "pending", "insufficient")),
        sa.CheckConstraint(
            "amount_cents IS NULL OR result IN ('mobilised', 'insufficient')",
            name=op.f("ck_rights_checks_amount_of_what_is_given"),
        ),
        *_own_keys("rights_checks"),
        _within_tenant("rights_checks", "request_id", "requests"),
        _within_tenant("rights_checks", "organisation_id", "organisations"),
        _within_tenant("rights_checks", "account_id", "accounts"),
    )
    op.create_index("ix_rights_checks_request", "rights_checks", ["tenant_id", "request_id"], unique=False)


def _create_referrals() -> None:
    op.create_table(
        "referrals",
        *_own_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=True),
        sa.Column("contact_id", sa.UUID(), nullable=True),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("referred_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("appointment_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_expected_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        _one_of("referrals", "by", ("phone", "email", "letter", "in_person")),
        _one_of("referrals", "status", STATUSES),
        sa.CheckConstraint("num_nonnulls(request_id, contact_id) = 1", name=op.f("ck_referrals_of_one_file")),
        sa.CheckConstraint("answer_expected_on >= referred_on", name=op.f("ck_referrals_answer_after_referral")),
        *_own_keys("referrals"),
        _within_tenant("referrals", "request_id", "requests"),
        _within_tenant("referrals", "contact_id", "contacts"),
        _within_tenant("referrals", "organisation_id", "organisations"),
        _within_tenant("referrals", "account_id", "accounts"),
        sa.UniqueConstraint("tenant_id", "reference", name=op.f("uq_referrals_tenant_id_reference")),
    )
    op.create_index("ix_referrals_request", "referrals", ["tenant_id", "request_id"], unique=False)
    op.create_index("ix_referrals_contact", "referrals", ["tenant_id", "contact_id"], unique=False)
    op.create_index(
        "ix_referrals_waiting",
        "referrals",
        ["tenant_id", "answer_expected_on"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )


def _create_referral_links() -> None:
    op.create_table(
        "referral_links",
        *_own_columns(),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.CheckConstraint("num_nonnulls(used_at, revoked_at) <= 1", name=op.f("ck_referral_links_used_or_revoked")),
        *_own_keys("referral_links"),
        _within_tenant("referral_links", "referral_id", "referrals"),
        _within_tenant("referral_links", "account_id", "accounts"),
        sa.UniqueConstraint("tenant_id", "token_sha256", name=op.f("uq_referral_links_tenant_id_token_sha256")),
    )
    op.create_index(
        "ix_referral_links_live",
        "referral_links",
        ["tenant_id", "referral_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def _create_referral_answers() -> None:
    op.create_table(
        "referral_answers",
        *_own_columns(),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("answer", sa.String(length=32), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("link_id", sa.UUID(), nullable=True),
        _one_of("referral_answers", "answer", STATUSES),
        sa.CheckConstraint("num_nonnulls(account_id, link_id) = 1", name=op.f("ck_referral_answers_one_author")),
        sa.CheckConstraint("answer <> 'waiting'", name=op.f("ck_referral_answers_answers_something")),
        *_own_keys("referral_answers"),
        _within_tenant("referral_answers", "referral_id", "referrals"),
        _within_tenant("referral_answers", "account_id", "accounts"),
        _within_tenant("referral_answers", "link_id", "referral_links"),
        sa.UniqueConstraint("tenant_id", "link_id", name=op.f("uq_referral_answers_tenant_id_link_id")),
    )
    op.create_index("ix_referral_answers_referral", "referral_answers", ["tenant_id", "referral_id"], unique=False)


def _create_referral_reminders() -> None:
    op.create_table(
        "referral_reminders",
        *_own_columns(),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=False),
        sa.Column("answer_expected_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "answer_expected_on >= reminded_on", name=op.f("ck_referral_reminders_answer_after_reminder")
        ),
        *_own_keys("referral_reminders"),
        _within_tenant("referral_reminders", "referral_id", "referrals"),
        _within_tenant("referral_reminders", "account_id", "accounts"),
    )
    op.create_index("ix_referral_reminders_referral", "referral_reminders", ["tenant_id", "referral_id"], unique=False)


def _own_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _own_keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _one_of(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({known})", name=op.f(f"ck_{table}_{column}"))


def _within_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("referral_reminders", "referral_answers", "referral_links", "referrals", "rights_checks"):
        op.drop_table(table)
