"""Files found again by their words"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WORDS_OF = r"""
    CREATE FUNCTION words_of(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
      SELECT DISTINCT left(word, 40)
      FROM regexp_split_to_table(
        lower(regexp_replace(
          normalize(
            translate(
              replace(replace(replace(replace(replace(replace(
                said, 'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'), 'Æ', 'ae'), 'ß', 'ss'), 'ẞ', 'ss'),
              'øØłŁđĐ’ʼ', 'oolldd'''''
            ),
            NFKD
          ),
          U&'[\0300-\036F]', '', 'g'
        )),
        '[\s''"().,;:/?!«»–—-]+'
      ) AS word
      WHERE word <> ''
    )
"""
WRITE = """
    CREATE FUNCTION write_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      words text[];
    BEGIN
      IF TG_ARGV[0] = 'person' THEN
        words := words_of(concat_ws(' ', NEW.name_key, NEW.phone_key));
      ELSE
        words := words_of(concat_ws(' ', NEW.reference, NEW.project_description, NEW.prescriber))
          || (':' || NEW.purpose)
          || array_remove(ARRAY[':' || NEW.prescriber_id], NULL);
      END IF;
      INSERT INTO search_words AS known (tenant_id, id, number, source, word)
      SELECT NEW.tenant_id, NEW.id, number, TG_ARGV[0], word FROM unnest(words) WITH ORDINALITY AS said (word, number)
      ON CONFLICT (tenant_id, id, number) DO UPDATE SET word = excluded.word
        WHERE known.word IS DISTINCT FROM excluded.word;
      IF TG_OP = 'UPDATE' THEN
        UPDATE search_words SET word = NULL
        WHERE tenant_id = NEW.tenant_id AND id = NEW.id AND number > cardinality(words) AND word IS NOT NULL;
      END IF;
      RETURN NULL;
    END $$
"""
# Table, whose words they are, the columns that have some, and how those that are there already are entered.
SOURCES = [
    (
        "people",
        "person",
        "name_key, phone_key",
        """
        INSERT INTO search_words (tenant_id, id, number, source, word)
        SELECT tenant_id, id, number, 'person', word
        FROM people,
          unnest(words_of(concat_ws(' ', name_key, phone_key))) WITH ORDINALITY AS said (word, number)
        """,
    ),
    (
        "requests",
        "request",
        "reference, project_description, prescriber, prescriber_id, purpose",
        """
        INSERT INTO search_words (tenant_id, id, number, source, word)
        SELECT tenant_id, id, number, 'request', word
        FROM requests,
          unnest(
            words_of(concat_ws(' ', reference, project_description, prescriber))
            || (':' || purpose)
            || array_remove(ARRAY[':' || prescriber_id], NULL)
          ) WITH ORDINALITY AS said (word, number)
        """,
    ),
]


def upgrade() -> None:
    """Files found again by their words"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "search_words",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("word", sa.String(length=40, collation="C"), nullable=True),
        sa.CheckConstraint("source IN ('person', 'request')", name=op.f("ck_search_words_source")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_search_words_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", "number", name=op.f("pk_search_words")),
    )
    op.execute(WORDS_OF)
    op.execute(WRITE)
    for table, source, columns, entered in SOURCES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(entered)
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE TRIGGER search_words AFTER INSERT OR UPDATE OF {columns} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION write_search_words('{source}')"
        )
    op.create_index("ix_search_words_word", "search_words", ["tenant_id", "source", "word", "id"])
    op.create_index("ix_search_words_id", "search_words", ["tenant_id", "id", "word"])
    op.isolate_tenants("search_words")
    op.execute("GRANT INSERT, SELECT, UPDATE ON search_words TO app")


def downgrade() -> None:
    """Back to the revision before"""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table, *_ in SOURCES:
        op.execute(f"DROP TRIGGER search_words ON {table}")
    op.execute("DROP FUNCTION write_search_words()")
    op.execute("DROP FUNCTION words_of(text)")
    op.drop_table("search_words")
