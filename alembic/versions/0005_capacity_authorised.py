"""Capacity authorised"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEFORE = (
    "'no_other_aid', 'excluded_from_credit', 'engaged_in_project', 'support_accepted', 'account_at_lender',"
    " 'ficp_listed', 'bank_banned', 'over_indebted', 'over_indebtedness_agreement'"
)


def upgrade() -> None:
    """Capacity authorised"""
    _replace_facts(f"{BEFORE}, 'capacity_authorised'")


def downgrade() -> None:
    """Back to the revision before"""
    _replace_facts(BEFORE)


def _replace_facts(facts: str) -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.drop_constraint(op.f("ck_attestations_fact"), "attestations", type_="check")
    op.create_check_constraint(op.f("ck_attestations_fact"), "attestations", f"fact IN ({facts})")
