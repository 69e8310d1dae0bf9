"""handoff kinds"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BOTH_FILES = "kind IN ('precheck', 'loan_file')"
ALL_KINDS = "kind IN ('precheck', 'loan_file', 'guarantee_claim', 'interest_statement')"
OPEN = "status NOT IN ('refused', 'withdrawn')"
SUBJECTS = {"guarantee_claim": "guarantee_claims", "borne_interest_statement": "borne_interest_statements"}
CHECKS = {
    "of_a_request": "(request_id IS NULL) = (kind = 'interest_statement')",
    "of_a_claim": "(guarantee_claim_id IS NOT NULL) = (kind = 'guarantee_claim')",
    "of_a_statement": "(borne_interest_statement_id IS NOT NULL) = (kind = 'interest_statement')",
    "support_named": "(kind = 'interest_statement') = (coalesce(btrim(support_person), '') = '')",
    "choice_of_a_file": f"choice_reason IS NULL OR {BOTH_FILES}",
}
PROOFS = ("handoff_payloads", "handoff_transitions")


def upgrade() -> None:
    """handoff kinds"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _replace_kinds(ALL_KINDS)
    op.alter_column("handoffs", "request_id", nullable=True)
    op.alter_column("handoffs", "support_person", nullable=True)
    op.add_column("handoffs", sa.Column("choice_reason", sa.String(length=4000), nullable=True))
    for subject, table in SUBJECTS.items():
        op.add_column("handoffs", sa.Column(f"{subject}_id", sa.UUID(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_handoffs_tenant_id_{subject}_id"),
            "handoffs",
            table,
            ["tenant_id", f"{subject}_id"],
            ["tenant_id", "id"],
        )
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_handoffs_{name}"), "handoffs", condition)
    _replace_one_open(f"{OPEN} AND guarantee_claim_id IS NULL")
    for subject in SUBJECTS:
        op.create_index(
            f"uq_handoffs_one_open_of_{subject}",
            "handoffs",
            ["tenant_id", f"{subject}_id"],
            unique=True,
            postgresql_where=sa.text(f"{OPEN} AND {subject}_id IS NOT NULL"),
        )
    op.execute("DROP POLICY commune ON handoffs")
    op.scope_communes("handoffs")
    _number_payloads()
    for table in PROOFS:
        op.execute(
            f"CREATE TRIGGER appended BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _replace_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_handoffs_kind"), "handoffs", type_="check")
    op.create_check_constraint(op.f("ck_handoffs_kind"), "handoffs", kinds)


def _replace_one_open(where: str) -> None:
    op.drop_index("uq_handoffs_one_open", "handoffs")
    op.create_index(
        "uq_handoffs_one_open",
        "handoffs",
        ["tenant_id", "request_id", "partner_id", "kind"],
        unique=True,
        postgresql_where=sa.text(where),
    )


def _number_payloads() -> None:
    """Each text that was handed over becomes the first of its handoff. The policies bind the owner too: NO FORCE."""
    op.add_column("handoff_payloads", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("handoff_payloads", sa.Column("payload_sha256", sa.String(length=64), nullable=True))
    op.add_column("handoff_payloads", sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("handoffs", "handoff_payloads"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE handoff_payloads p SET number = 1, payload_sha256 = h.payload_sha256, entered_at = h.entered_at"
        " FROM handoffs h WHERE h.tenant_id = p.tenant_id AND h.id = p.handoff_id"
    )
    for table in ("handoffs", "handoff_payloads"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for column in ("number", "payload_sha256", "entered_at"):
        op.alter_column("handoff_payloads", column, nullable=False)
    op.create_check_constraint(op.f("ck_handoff_payloads_numbered_from_one"), "handoff_payloads", "number >= 1")
    op.create_check_constraint(
        op.f("ck_handoff_payloads_hash_of_the_text"),
        "handoff_payloads",
        "payload_sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')",
    )
    op.drop_constraint(op.f("uq_handoff_payloads_tenant_id_handoff_id"), "handoff_payloads", type_="unique")
    op.create_unique_constraint(
        op.f("uq_handoff_payloads_tenant_id_handoff_id_number"),
        "handoff_payloads",
        ["tenant_id", "handoff_id", "number"],
    )


def downgrade() -> None:
    """Back to the revision before, which fails where there is a handoff, or a second text of one, that it cannot hold"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in PROOFS:
        op.execute(f"DROP TRIGGER appended ON {table}")
    op.drop_constraint(op.f("uq_handoff_payloads_tenant_id_handoff_id_number"), "handoff_payloads", type_="unique")
    op.create_unique_constraint(
        op.f("uq_handoff_payloads_tenant_id_handoff_id"), "handoff_payloads", ["tenant_id", "handoff_id"]
    )
    for column in ("entered_at", "payload_sha256", "number"):
        op.drop_column("handoff_payloads", column)
    for subject in SUBJECTS:
        op.drop_index(f"uq_handoffs_one_open_of_{subject}", "handoffs")
    _replace_one_open(OPEN)
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_handoffs_{name}"), "handoffs", type_="check")
    for column in (*(f"{subject}_id" for subject in SUBJECTS), "choice_reason"):
        op.drop_column("handoffs", column)
    for column in ("support_person", "request_id"):
        op.alter_column("handoffs", column, nullable=False)
    _replace_kinds(BOTH_FILES)
