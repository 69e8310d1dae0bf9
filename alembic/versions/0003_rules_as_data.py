"""Rules as data"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Table, constraint, what it says now, what it said before.
CHECKS = [
    (
        table,
        f"ck_{table}_valid_from_precision",
        "valid_from_precision IN ('day', 'month', 'quarter', 'year')",
        "valid_from_precision IN ('day', 'month', 'year')",
    )
    for table in ("rule_versions", "agreements")
]
LISTS = [("rule_versions", "indexes"), ("decisions", "overrides")]
CAPACITIES = "'full', 'minor', 'emancipated', 'curatorship', 'guardianship', 'family_authorisation'"
FACTS = (
    "'no_other_aid', 'excluded_from_credit', 'engaged_in_project', 'support_accepted', 'account_at_lender',"
    " 'ficp_listed', 'bank_banned', 'over_indebted', 'over_indebtedness_agreement'"
)


def upgrade() -> None:
    """Rules as data"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, name, now, _ in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, now)
    for table, column in LISTS:
        op.add_column(table, sa.Column(column, postgresql.JSONB(), nullable=False, server_default="[]"))
        op.alter_column(table, column, server_default=None)
    op.add_column("people", sa.Column("resident_since_on", sa.Date(), nullable=True))
    op.add_column("people", sa.Column("capacity", sa.String(length=32), nullable=True))
    op.create_check_constraint(op.f("ck_people_capacity"), "people", f"capacity IN ({CAPACITIES})")
    op.add_column("budgets", sa.Column("assessed_capacity_cents", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_budgets_capacity_not_negative"), "budgets", "assessed_capacity_cents >= 0")
    _create_attestations()
    op.add_column("rule_versions", sa.Column("adopted_by", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_rule_versions_tenant_id_adopted_by"),
        "rule_versions",
        "accounts",
        ["tenant_id", "adopted_by"],
        ["tenant_id", "id"],
    )
    _let_versions_only_be_closed()


def _create_attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("fact", sa.String(length=32), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("attested_by", sa.String(length=200), nullable=False),
        sa.Column("attested_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"fact IN ({FACTS})", name=op.f("ck_attestations_fact")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_attestations_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_attestations_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_attestations_tenant_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_attestations")),
    )
    op.create_index("ix_attestations_request", "attestations", ["tenant_id", "request_id"], unique=False)
    op.isolate_tenants("attestations")
    op.execute("GRANT INSERT, SELECT ON attestations TO app")


def _let_versions_only_be_closed() -> None:
    op.execute("GRANT INSERT, UPDATE ON rule_versions TO app")
    op.execute(
        """
        CREATE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL
            AND to_jsonb(NEW) - 'valid_to' = to_jsonb(OLD) - 'valid_to' THEN
            IF EXISTS (
              SELECT 1 FROM decisions d
              WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id AND d.decided_on > NEW.valid_to
            ) THEN
              RAISE EXCEPTION 'a decision under this version is dated after its end'
                USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_end_after_decisions';
            END IF;
            RETURN NEW;
          END IF;
          RAISE EXCEPTION 'a version of the rules never changes: an open one is closed, once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_only_closed';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER only_closed BEFORE UPDATE ON rule_versions
        FOR EACH ROW EXECUTE FUNCTION refuse_rule_change()
        """
    )


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER only_closed ON rule_versions")
    op.execute("DROP FUNCTION refuse_rule_change()")
    op.execute("REVOKE INSERT, UPDATE ON rule_versions FROM app")
    op.drop_constraint(op.f("fk_rule_versions_tenant_id_adopted_by"), "rule_versions", type_="foreignkey")
    op.drop_column("rule_versions", "adopted_by")
    op.drop_table("attestations")
    op.drop_column("budgets", "assessed_capacity_cents")
    op.drop_column("people", "capacity")
    op.drop_column("people", "resident_since_on")
    for table, column in reversed(LISTS):
        op.drop_column(table, column)
    for table, name, _, before in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, before)
