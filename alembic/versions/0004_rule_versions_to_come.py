"""Rule versions to come"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rule versions to come"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("rule_versions", sa.Column("closes_version", sa.Integer(), nullable=True))
    op.add_column("rule_versions", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rule_versions", sa.Column("withdrawn_by", sa.Uuid(), nullable=True))
    op.add_column("rule_versions", sa.Column("withdrawal_reason", sa.String(length=4000), nullable=True))
    op.create_foreign_key(
        op.f("fk_rule_versions_tenant_id_closes_version"),
        "rule_versions",
        "rule_versions",
        ["tenant_id", "closes_version"],
        ["tenant_id", "version"],
    )
    op.create_foreign_key(
        op.f("fk_rule_versions_tenant_id_withdrawn_by"),
        "rule_versions",
        "accounts",
        ["tenant_id", "withdrawn_by"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_rule_versions_withdrawn_by_someone"),
        "rule_versions",
        "num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)",
    )
    _one_a_day("WHERE (withdrawn_at IS NULL)")
    _let_versions_be_closed_withdrawn_and_reopened()
    _let_no_version_be_forged()


def _one_a_day(where: str) -> None:
    op.drop_constraint("ex_rule_versions_one_a_day", "rule_versions")
    op.execute(
        f"""
        ALTER TABLE rule_versions ADD CONSTRAINT ex_rule_versions_one_a_day
        EXCLUDE USING gist (tenant_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&) {where}
        """
    )


def _let_versions_be_closed_withdrawn_and_reopened() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          withdrawal CONSTANT text[] := ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawal_reason'];
          is_same_but_end CONSTANT boolean := to_jsonb(NEW) - 'valid_to' = to_jsonb(OLD) - 'valid_to';
        BEGIN
          IF is_same_but_end AND OLD.withdrawn_at IS NULL AND OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL THEN
            IF NEW.valid_to < (now() AT TIME ZONE 'UTC')::date - 2
              AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
              RAISE EXCEPTION 'the owner alone ends rules in the past'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_end_today';
            END IF;
            IF EXISTS (
              SELECT 1 FROM decisions d
              WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id AND d.decided_on > NEW.valid_to
            ) THEN
              RAISE EXCEPTION 'a decision under this version is dated after its end'
                USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_end_after_decisions';
            END IF;
            RETURN NEW;
          END IF;
          IF is_same_but_end AND OLD.withdrawn_at IS NULL AND OLD.valid_to IS NOT NULL AND NEW.valid_to IS NULL
            AND EXISTS (
              SELECT 1 FROM rule_versions v
              WHERE v.tenant_id = OLD.tenant_id AND v.closes_version = OLD.version
                AND v.valid_from = OLD.valid_to + 1 AND v.withdrawn_at = now()
            ) THEN
            RETURN NEW;
          END IF;
          IF OLD.withdrawn_at IS NULL AND NEW.withdrawn_at = now()
            AND OLD.valid_from >= (now() AT TIME ZONE 'UTC')::date
            AND to_jsonb(NEW) - withdrawal = to_jsonb(OLD) - withdrawal THEN
            IF EXISTS (
              SELECT 1 FROM decisions d WHERE d.tenant_id = OLD.tenant_id AND d.rule_version_id = OLD.id
            ) OR EXISTS (
              SELECT 1 FROM requests r WHERE r.tenant_id = OLD.tenant_id AND r.rules_version = OLD.version
            ) THEN
              RAISE EXCEPTION 'a request or a decision refers to this version'
                USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'rule_versions_withdrawn_unused';
            END IF;
            RETURN NEW;
          END IF;
          RAISE EXCEPTION 'a version of the rules never changes: an open one is closed, one to come is withdrawn'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_only_closed';
        END $$
        """
    )


def _let_no_version_be_forged() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_forged_rules() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
            RETURN NEW;
          END IF;
          IF NEW.valid_from IS NULL OR NEW.valid_from < (now() AT TIME ZONE 'UTC')::date - 1 THEN
            RAISE EXCEPTION 'the owner alone writes rules of the past'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_begin_today';
          END IF;
          IF NEW.withdrawn_at IS NOT NULL THEN
            RAISE EXCEPTION 'no version of the rules is born withdrawn'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_born_in_force';
          END IF;
          IF NEW.closes_version IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM rule_versions v
            WHERE v.tenant_id = NEW.tenant_id AND v.version = NEW.closes_version AND v.valid_to = NEW.valid_from - 1
          ) THEN
            RAISE EXCEPTION 'the version that this one closes does not end the day before'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_versions_closed_the_day_before';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER none_forged BEFORE INSERT ON rule_versions
        FOR EACH ROW EXECUTE FUNCTION refuse_forged_rules()
        """
    )


def downgrade() -> None:
    """Back to the revision before: refused by the database where a withdrawn version shares a day with another."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("DROP TRIGGER none_forged ON rule_versions")
    op.execute("DROP FUNCTION refuse_forged_rules()")
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
    _one_a_day("")
    op.drop_constraint(op.f("ck_rule_versions_withdrawn_by_someone"), "rule_versions", type_="check")
    op.drop_constraint(op.f("fk_rule_versions_tenant_id_withdrawn_by"), "rule_versions", type_="foreignkey")
    op.drop_constraint(op.f("fk_rule_versions_tenant_id_closes_version"), "rule_versions", type_="foreignkey")
    for column in ("withdrawal_reason", "withdrawn_by", "withdrawn_at", "closes_version"):
        op.drop_column("rule_versions", column)
