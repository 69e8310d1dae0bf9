"""First contact"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "'prescriber', 'referral', 'lender', 'workshop', 'guardian', 'supplier'"
ROLES = "ck_accounts_roles_known"
TO_ORGANISATIONS = ("prescriber_id", "other_answer_organisation_id")


def upgrade() -> None:
    """First contact"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _roles("'agent', 'decider', 'manager', 'desk'")
    _create_organisations()
    for column in TO_ORGANISATIONS:
        op.add_column("requests", sa.Column(column, sa.UUID(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_requests_tenant_id_{column}"),
            "requests",
            "organisations",
            ["tenant_id", column],
            ["tenant_id", "id"],
        )
    _create_contacts()
    _create_contact_transitions()


def _roles(known: str) -> None:
    op.drop_constraint(op.f(ROLES), "accounts", type_="check")
    op.create_check_constraint(op.f(ROLES), "accounts", f"roles <@ ARRAY[{known}]")


def _create_organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("address", sa.String(length=4000), nullable=True),
        sa.Column("siret", sa.String(length=14), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"cardinality(kinds) > 0 AND kinds <@ ARRAY[{KINDS}]", name=op.f("ck_organisations_kinds_known")
        ),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_organisations_siret_form")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_organisations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_organisations_tenant_id_name_key")),
    )
    op.isolate_tenants("organisations")
    op.execute("GRANT INSERT, SELECT, UPDATE ON organisations TO app")


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("contacted_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("prescriber_id", sa.UUID(), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("commune_insee_code", sa.String(length=5), nullable=False),
        sa.Column("words", sa.String(length=4000), nullable=True),
        sa.Column("person_id", sa.UUID(), nullable=True),
        sa.Column("sheet", postgresql.JSONB(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=True),
        sa.Column("request_id", sa.UUID(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closing_reason_code", sa.String(length=40), nullable=True),
        sa.Column("closing_reason", sa.String(length=4000), nullable=True),
        sa.Column("other_answer_kind", sa.String(length=40), nullable=True),
        sa.Column("other_answer_on", sa.Date(), nullable=True),
        sa.Column("other_answer_attempts_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("other_answer_organisation_id", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('open', 'request', 'answered')", name=op.f("ck_contacts_status")),
        sa.CheckConstraint(
            "(status = 'request') = (request_id IS NOT NULL)", name=op.f("ck_contacts_request_when_become")
        ),
        sa.CheckConstraint(
            "(status = 'answered') = (closed_on IS NOT NULL)", name=op.f("ck_contacts_closed_when_answered")
        ),
        sa.CheckConstraint(
            "status <> 'answered'"
            " OR num_nonnulls(closing_reason_code, other_answer_kind, other_answer_on) = 3",
            name=op.f("ck_contacts_no_dead_end"),
        ),
        sa.CheckConstraint(
            "other_answer_kind <> 'unreachable' OR cardinality(other_answer_attempts_on) >= 2",
            name=op.f("ck_contacts_unreachable_was_tried_twice"),
        ),
        sa.CheckConstraint("other_answer_on >= contacted_on", name=op.f("ck_contacts_answered_after_contact")),
        *_to(
            "contacts",
            ("prescriber_id", "organisations"),
            ("person_id", "people"),
            ("request_id", "requests"),
            ("other_answer_organisation_id", "organisations"),
            ("account_id", "accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("tenant_id", "request_id", name=op.f("uq_contacts_tenant_id_request_id")),
    )  # fmt: skip
    op.create_index("ix_contacts_person", "contacts", ["tenant_id", "person_id"], unique=False)
    op.isolate_tenants("contacts")
    op.execute("GRANT INSERT, SELECT, UPDATE ON contacts TO app")


def _create_contact_transitions() -> None:
    op.create_table(
        "contact_transitions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contact_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("from_status", sa.String(length=32), nullable=False),
        sa.Column("to_status", sa.String(length=32), nullable=False),
        sa.Column("effect_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('become_request', 'answer')", name=op.f("ck_contact_transitions_action")),
        sa.CheckConstraint(
            "from_status IN ('open', 'request', 'answered')", name=op.f("ck_contact_transitions_from_status")
        ),
        sa.CheckConstraint(
            "to_status IN ('open', 'request', 'answered')", name=op.f("ck_contact_transitions_to_status")
        ),
        *_to("contact_transitions", ("contact_id", "contacts"), ("account_id", "accounts")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_contact_transitions")),
    )
    op.create_index("ix_contact_transitions_contact", "contact_transitions", ["tenant_id", "contact_id"], unique=False)
    op.isolate_tenants("contact_transitions")
    op.execute("GRANT INSERT, SELECT ON contact_transitions TO app")


def _to(table: str, *parents: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    within = [
        sa.ForeignKeyConstraint(
            ["tenant_id", column],
            [f"{parent}.tenant_id", f"{parent}.id"],
            name=op.f(f"fk_{table}_tenant_id_{column}"),
        )
        for column, parent in parents
    ]
    return [sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")), *within]


def downgrade() -> None:
    """Back to the revision before: refused by the database while an account has the role of the desk."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("contact_transitions")
    op.drop_table("contacts")
    for column in reversed(TO_ORGANISATIONS):
        op.drop_constraint(op.f(f"fk_requests_tenant_id_{column}"), "requests", type_="foreignkey")
        op.drop_column("requests", column)
    op.drop_table("organisations")
    _roles("'agent', 'decider', 'manager'")
