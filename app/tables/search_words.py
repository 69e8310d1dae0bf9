"""The words by which files are found again: derived from people and requests, by the database itself."""

from enum import StrEnum

from sqlalchemy import DDL, Index, SmallInteger, String, event
from sqlmodel import Field, SQLModel

from app.tables.base import RECORD, value_enum
from app.tenancy import TenantTable

WORD_LENGTH_MAX = 40  # `words_of` says it again


class WordSource(StrEnum):
    """Whose words they are."""

    PERSON = "person"
    REQUEST = "request"


class SearchWord(TenantTable, table=True):
    """One word of the person or the request that `id` identifies; null where it once had more words than now.

    Operators of full-text search and LIKE are not leakproof: behind a row-level policy PostgreSQL looks at every row
    before it asks them. Comparisons of text are, and a beginning is a range of words in the order of bytes.

    A person's words are kept once, not once for each of their files: neither a new name nor a merge rewrites a file.
    Rows are reused and never deleted, as the serving role deletes nothing: no old name outlives a change.
    """

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_word", "tenant_id", "source", "word", "id"),
        Index("ix_search_words_id", "tenant_id", "id", "word"),
        RECORD,
    )

    number: int = Field(primary_key=True, sa_type=SmallInteger)
    source: WordSource = Field(sa_type=value_enum(WordSource, "source"))
    word: str | None = Field(sa_type=String(WORD_LENGTH_MAX, collation="C"))


# What `people.plain` writes, as the database can, cut into words. Signs that nobody puts between words stay in them.
_WORDS_OF = r"""
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
# A trigger rather than the services: what a later action writes is found too. What follows a colon is a code, whose
# words are looked up when one searches, as labels and the names of organisations change.
_WRITE = """
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
for _statement in (_WORDS_OF, _WRITE):
    event.listen(SQLModel.metadata.tables["search_words"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
_AFTER = """
    CREATE TRIGGER search_words AFTER INSERT OR UPDATE OF {columns} ON {table}
    FOR EACH ROW EXECUTE FUNCTION write_search_words('{source}')
"""
for _table, _columns, _source in (
    ("people", "name_key, phone_key", WordSource.PERSON),
    ("requests", "reference, project_description, prescriber, prescriber_id, purpose", WordSource.REQUEST),
):
    _trigger = _AFTER.format(table=_table, columns=_columns, source=_source.value)
    event.listen(SQLModel.metadata, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]
