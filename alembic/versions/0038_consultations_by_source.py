"""A consultation that was told by letter is told by the lender's machine too"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_ONCE = ["tenant_id", "partner_id", "consultation_ref"]
_ONCE_BY_ANYBODY = "uq_ficp_checks_tenant_id_partner_id_consultation_ref"


def upgrade() -> None:
    """A consultation that was told by letter is told by the lender's machine too"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f(_ONCE_BY_ANYBODY), "ficp_checks")
    for by, columns, where in (("machine", [], "IS NULL"), ("telling", ["telling_id"], "IS NOT NULL")):
        op.create_index(
            f"uq_ficp_checks_consultation_by_{by}",
            "ficp_checks",
            [*_ONCE, *columns],
            unique=True,
            postgresql_where=sa.text(f"telling_id {where}"),
        )


def downgrade() -> None:
    """Back to the revision before, as long as no consultation was told by two ways"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for by in ("machine", "telling"):
        op.drop_index(f"uq_ficp_checks_consultation_by_{by}", "ficp_checks")
    op.create_unique_constraint(op.f(_ONCE_BY_ANYBODY), "ficp_checks", _ONCE)
