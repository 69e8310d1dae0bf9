"""People and their households"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PROFILE = {
    "birth_place": sa.String(length=5),
    "nationality": sa.String(length=40),
    "sex": sa.String(length=40),
    "education_level": sa.String(length=40),
    "family_situation": sa.String(length=40),
    "housing": sa.String(length=40),
    "domiciliation": sa.String(length=200),
    "already_known": sa.Boolean(),
    "safe_contact": sa.String(length=40),
    "interpreter_language": sa.String(length=100),
    "reading_difficulty": sa.Boolean(),
    "deceased_on": sa.Date(),
    "merged_into_id": sa.UUID(),
    "usage_name_key": sa.String(collation="C"),
    "phone_key": sa.String(length=20),
    "email_key": sa.String(length=254),
}
PEOPLE_CHECKS = {
    "ck_people_merged_into_another": "merged_into_id <> id",
    "ck_people_deceased_after_birth": "deceased_on >= birth_on",
}
SEARCHED = ("birth_on", "name_key", "usage_name_key", "phone_key", "email_key")
# What `people.plain` writes, as the database can: the keys of those who are there already.
PLAIN = (
    "regexp_replace(normalize(translate(replace(replace(replace(lower({0}), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),"
    " 'øłđ’ʼ', 'old'''''), NFKD), U&'[\\0300-\\036F]', '', 'g')"
)
DIALLED = "regexp_replace(regexp_replace(phone, '^(\\+|00)33\\s*0?', '0'), '\\D', '', 'g')"
KEYS = {"usage_name_key": PLAIN.format("usage_name"), "phone_key": DIALLED, "email_key": PLAIN.format("email")}
PURPOSES_NOW = "cardinality(purposes) > 0 AND purposes <@ ARRAY['precheck', 'loan_file', 'referral']"
PURPOSES_BEFORE = "cardinality(purposes) > 0 AND purposes <@ ARRAY['precheck', 'loan_file']"
AUTHORISATION_CHECKS = {
    "ck_authorisations_one_recipient": "num_nonnulls(partner_id, organisation_id) = 1",
    "ck_authorisations_referral_to_an_organisation": ("(organisation_id IS NULL) = NOT purposes @> ARRAY['referral']"),
}


def upgrade() -> None:
    """People and their households"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    _tell_people_apart()
    op.add_column("requests", sa.Column("situations", postgresql.ARRAY(sa.TEXT()), nullable=False, server_default="{}"))
    op.alter_column("requests", "situations", server_default=None)
    op.add_column("requests", sa.Column("priority_district", sa.Boolean(), nullable=True))
    _create_relations()
    _create_merges()
    _authorise_organisations()


def _tell_people_apart() -> None:
    for name, of_type in PROFILE.items():
        op.add_column("people", sa.Column(name, of_type, nullable=True))
    op.execute('ALTER TABLE people ALTER COLUMN name_key TYPE varchar COLLATE "C"')
    for name, check in PEOPLE_CHECKS.items():
        op.create_check_constraint(op.f(name), "people", check)
    _foreign_key("people", "merged_into_id", "people")
    op.execute("ALTER TABLE people NO FORCE ROW LEVEL SECURITY")
    op.execute(
        sa.update(sa.table("people", *(sa.column(name) for name in KEYS))).values(
            {name: sa.text(written) for name, written in KEYS.items()}
        )
    )
    op.execute("ALTER TABLE people FORCE ROW LEVEL SECURITY")
    for column in SEARCHED:
        op.create_index(f"ix_people_{column}", "people", ["tenant_id", column])
    op.create_index(
        "ix_people_merged_into_id",
        "people",
        ["tenant_id", "merged_into_id"],
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )


def _create_relations() -> None:
    op.create_table(
        "person_relations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("other_person_id", sa.UUID(), nullable=True),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('partner', 'child', 'parent', 'legal_representative')", name=op.f("ck_person_relations_kind")
        ),
        sa.CheckConstraint(
            "num_nonnulls(other_person_id, organisation_id) = 1", name=op.f("ck_person_relations_with_one")
        ),
        sa.CheckConstraint(
            "organisation_id IS NULL OR kind = 'legal_representative'",
            name=op.f("ck_person_relations_organisation_represents"),
        ),
        sa.CheckConstraint("other_person_id <> person_id", name=op.f("ck_person_relations_two_people")),
        sa.CheckConstraint("kind <> 'child'", name=op.f("ck_person_relations_written_by_the_child")),
        sa.CheckConstraint("ended_on >= since_on", name=op.f("ck_person_relations_ended_after_begun")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_relations_tenant_id")),
        *(
            _of_tenant("person_relations", column, parent)
            for column, parent in (
                ("person_id", "people"),
                ("other_person_id", "people"),
                ("organisation_id", "organisations"),
                ("account_id", "accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person_relations")),
    )
    op.create_index("ix_person_relations_person", "person_relations", ["tenant_id", "person_id"])
    op.create_index("ix_person_relations_other_person", "person_relations", ["tenant_id", "other_person_id"])
    op.create_index(
        "uq_person_relations_open",
        "person_relations",
        [
            "tenant_id",
            "kind",
            sa.text("LEAST(person_id, other_person_id)"),
            sa.text("GREATEST(person_id, other_person_id)"),
        ],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL AND other_person_id IS NOT NULL"),
    )
    op.create_index(
        "uq_person_relations_open_organisation",
        "person_relations",
        ["tenant_id", "person_id", "organisation_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL AND organisation_id IS NOT NULL"),
    )
    op.isolate_tenants("person_relations")
    op.execute("GRANT INSERT, SELECT, UPDATE ON person_relations TO app")


def _create_merges() -> None:
    op.create_table(
        "person_merges",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kept_id", sa.UUID(), nullable=False),
        sa.Column("merged_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_person_merges_two_people")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_merges_tenant_id")),
        *(_of_tenant("person_merges", column, "people") for column in ("kept_id", "merged_id")),
        _of_tenant("person_merges", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person_merges")),
    )
    op.create_index("ix_person_merges_kept", "person_merges", ["tenant_id", "kept_id"])
    op.create_index("ix_person_merges_merged", "person_merges", ["tenant_id", "merged_id"])
    op.create_table(
        "person_merge_reversals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("merge_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_merge_reversals_tenant_id")),
        _of_tenant("person_merge_reversals", "merge_id", "person_merges"),
        _of_tenant("person_merge_reversals", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person_merge_reversals")),
        sa.UniqueConstraint("tenant_id", "merge_id", name=op.f("uq_person_merge_reversals_tenant_id_merge_id")),
    )
    for table in ("person_merges", "person_merge_reversals"):
        op.isolate_tenants(table)
        op.execute(f"GRANT INSERT, SELECT ON {table} TO app")


def _authorise_organisations() -> None:
    op.alter_column("authorisations", "partner_id", nullable=True)
    op.add_column("authorisations", sa.Column("organisation_id", sa.UUID(), nullable=True))
    _foreign_key("authorisations", "organisation_id", "organisations")
    _say_purposes(PURPOSES_NOW)
    for name, check in AUTHORISATION_CHECKS.items():
        op.create_check_constraint(op.f(name), "authorisations", check)


def _of_tenant(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], name=name)


def _foreign_key(table: str, column: str, parent: str) -> None:
    name = op.f(f"fk_{table}_tenant_id_{column}")
    op.create_foreign_key(name, table, parent, ["tenant_id", column], ["tenant_id", "id"])


def _say_purposes(check: str) -> None:
    op.drop_constraint(op.f("ck_authorisations_purposes_known"), "authorisations", type_="check")
    op.create_check_constraint(op.f("ck_authorisations_purposes_known"), "authorisations", check)


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name in AUTHORISATION_CHECKS:
        op.drop_constraint(op.f(name), "authorisations", type_="check")
    op.execute("ALTER TABLE authorisations NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM authorisations WHERE partner_id IS NULL")
    op.execute("ALTER TABLE authorisations FORCE ROW LEVEL SECURITY")
    _say_purposes(PURPOSES_BEFORE)
    op.drop_constraint(op.f("fk_authorisations_tenant_id_organisation_id"), "authorisations", type_="foreignkey")
    op.drop_column("authorisations", "organisation_id")
    op.alter_column("authorisations", "partner_id", nullable=False)
    for table in ("person_merge_reversals", "person_merges", "person_relations"):
        op.drop_table(table)
    op.drop_column("requests", "priority_district")
    op.drop_column("requests", "situations")
    for column in SEARCHED:
        op.drop_index(f"ix_people_{column}", "people")
    op.drop_constraint(op.f("fk_people_tenant_id_merged_into_id"), "people", type_="foreignkey")
    for name in PEOPLE_CHECKS:
        op.drop_constraint(op.f(name), "people", type_="check")
    op.execute('ALTER TABLE people ALTER COLUMN name_key TYPE varchar COLLATE "default"')
    for name in reversed(PROFILE):
        op.drop_column("people", name)
