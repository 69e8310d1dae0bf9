"""What the lenders' checks open, their renewal, their purge"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_PURGED = """
    CREATE FUNCTION refuse_change_but_purge() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      lost text[] := ARRAY['outcome', 'evidence_sha256', 'purged_at'];
    BEGIN
      IF TG_OP = 'INSERT' AND NEW.purged_at IS NULL THEN
        RETURN NEW;
      END IF;
      IF TG_OP = 'UPDATE' AND OLD.purged_at IS NULL AND NEW.purged_at IS NOT NULL
        AND NEW.outcome IS NULL AND NEW.evidence_sha256 IS NULL AND to_jsonb(NEW) - lost = to_jsonb(OLD) - lost THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'money and history are only ever added to' USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    """What the lenders' checks open, their renewal, their purge"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("handoffs", sa.Column("check_effect", sa.String(length=32), server_default="block", nullable=False))
    op.add_column("handoffs", sa.Column("check_told_by", postgresql.ARRAY(sa.TEXT()), nullable=True))
    op.create_check_constraint(
        op.f("ck_handoffs_check_effect"), "handoffs", "check_effect IN ('block', 'inform', 'ignore')"
    )
    _let_be_purged()
    _create_check_renewals()


def _let_be_purged() -> None:
    op.add_column("ficp_checks", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("ficp_checks", "outcome", existing_type=sa.String(length=32), nullable=True)
    op.create_check_constraint(
        op.f("ck_ficp_checks_outcome_until_purged"), "ficp_checks", "(outcome IS NULL) = (purged_at IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_ficp_checks_evidence_until_purged"), "ficp_checks", "purged_at IS NULL OR evidence_sha256 IS NULL"
    )
    op.execute("GRANT UPDATE ON ficp_checks TO app")
    op.execute(_PURGED)
    op.execute(
        "CREATE TRIGGER purged_once BEFORE INSERT OR UPDATE OR DELETE ON ficp_checks"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_but_purge()"
    )


def _create_check_renewals() -> None:
    op.create_table(
        "check_renewals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("handoff_id", sa.UUID(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_check_renewals_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "handoff_id"],
            ["handoffs.tenant_id", "handoffs.id"],
            name=op.f("fk_check_renewals_tenant_id_handoff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["requests.tenant_id", "requests.id"],
            name=op.f("fk_check_renewals_tenant_id_request_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_check_renewals_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_check_renewals")),
        sa.UniqueConstraint(
            "tenant_id", "handoff_id", "expired_at", name=op.f("uq_check_renewals_tenant_id_handoff_id_expired_at")
        ),
    )
    op.isolate_tenants("check_renewals")
    op.execute("GRANT INSERT, SELECT ON check_renewals TO app")


def downgrade() -> None:
    """Back to the revision before; a purged conclusion stays unknown, as of a file that did not answer"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_table("check_renewals")
    op.execute("DROP TRIGGER purged_once ON ficp_checks")
    op.execute("DROP FUNCTION refuse_change_but_purge()")
    op.execute("REVOKE UPDATE ON ficp_checks FROM app")
    op.drop_constraint(op.f("ck_ficp_checks_evidence_until_purged"), "ficp_checks")
    op.drop_constraint(op.f("ck_ficp_checks_outcome_until_purged"), "ficp_checks")
    op.execute("ALTER TABLE ficp_checks NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE ficp_checks SET outcome = 'unavailable' WHERE outcome IS NULL")
    op.execute("ALTER TABLE ficp_checks FORCE ROW LEVEL SECURITY")
    op.alter_column("ficp_checks", "outcome", existing_type=sa.String(length=32), nullable=False)
    op.drop_column("ficp_checks", "purged_at")
    op.drop_constraint(op.f("ck_handoffs_check_effect"), "handoffs")
    op.drop_column("handoffs", "check_told_by")
    op.drop_column("handoffs", "check_effect")
