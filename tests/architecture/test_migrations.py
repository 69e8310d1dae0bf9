"""The migrations and the table classes tell the same database; the way down leaves nothing."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.commands.migrate import downgrade, upgrade
from app.database import migrations
from app.local_postgres import prepare_database
from app.tenancy import (
    COMMUNE_TABLES,
    GLOBAL_TABLES,
    WRITTEN_BY_PARTNERS,
    commune_statement,
    isolation_statements,
)
from tests.support import Ccas, Databases

# What a database is made of, each as one text a row.
ASPECTS = {
    "columns": """
        select table_name, column_name, data_type, udt_name, is_nullable, column_default,
          character_maximum_length, numeric_precision, numeric_scale
        from information_schema.columns where table_schema = 'public'
    """,
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, convalidated
        from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0
    """,
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
    "isolation": """
        select relname, relrowsecurity, relforcerowsecurity from pg_class
        where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
    """,
    "policies": """
        select tablename, policyname, permissive, roles::text, cmd, qual, with_check
        from pg_policies where schemaname = 'public'
    """,
    "grants": """
        select table_name, privilege_type from information_schema.role_table_grants
        where table_schema = 'public' and grantee in ('app', 'PUBLIC')
    """,
    "sequences": "select sequence_name from information_schema.sequences where sequence_schema = 'public'",
    "types": """
        select typname from pg_type t where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')
    """,
    "triggers": "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
    "functions": """
        select p.oid::regprocedure::text from pg_proc p where pronamespace = 'public'::regnamespace
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    """,
}


@pytest.fixture
def empty(worker_id: str) -> Iterator[str]:
    """The owner's address of a prepared database in which nothing is."""
    admin_url, name = os.environ["TEST_ADMIN_URL"], f"microcredit_migrations_{worker_id}"
    drop(admin_url, name)
    owner_url, _ = prepare_database(admin_url, name)
    yield owner_url
    drop(admin_url, name)


def drop(admin_url: str, name: str) -> None:
    """Drops a database, whoever is connected to it."""
    with psycopg.connect(admin_url.replace("+psycopg", "", 1), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def look(url: str) -> dict[str, set[str]]:
    """Everything that the database is made of, but what keeps the revision."""
    engine = create_engine(url)
    with engine.connect() as connection:
        seen = {aspect: _rows(connection, query) for aspect, query in ASPECTS.items()}
    engine.dispose()
    return seen


def _rows(connection: Connection, query: str) -> set[str]:
    told = {" | ".join(map(str, row)) for row in connection.execute(text(query))}
    return {row for row in told if "alembic_version" not in row}


def test_there_is_one_way_up() -> None:
    script = ScriptDirectory.from_config(migrations())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert [revision.revision for revision in script.walk_revisions() if revision.is_branch_point] == []


def test_the_way_up_can_be_gone_down_and_up_again_and_down_leaves_nothing(empty: str) -> None:
    before = look(empty)
    upgrade(empty)
    above = look(empty)
    assert above["policies"]
    downgrade(empty, "base")
    assert look(empty) == before
    upgrade(empty)
    assert look(empty) == above


def test_every_step_can_be_gone_down_and_up_again(empty: str) -> None:
    revisions = [step.revision for step in reversed(list(ScriptDirectory.from_config(migrations()).walk_revisions()))]
    for revision in revisions:
        upgrade(empty, revision)
        above = look(empty)
        downgrade(empty, "-1")
        upgrade(empty, revision)
        assert look(empty) == above, revision


def test_alembic_finds_nothing_left_to_migrate(databases: Databases) -> None:
    engine = create_engine(databases.owner_url)
    with engine.connect() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.check(config)
    engine.dispose()


@pytest.fixture(scope="module")
def migrated(databases: Databases) -> dict[str, set[str]]:
    """What the migrations make."""
    return look(databases.owner_url)


@pytest.fixture(scope="module")
def declared(worker_id: str) -> Iterator[dict[str, set[str]]]:
    """What the table classes declare."""
    admin_url, name = os.environ["TEST_ADMIN_URL"], f"microcredit_declared_{worker_id}"
    drop(admin_url, name)
    owner_url, _ = prepare_database(admin_url, name)
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
        for table in SQLModel.metadata.sorted_tables:
            open_to_all = table.name in GLOBAL_TABLES - WRITTEN_BY_PARTNERS
            for statement in [] if open_to_all else isolation_statements(table.name):
                connection.execute(text(statement))
            if table.name in COMMUNE_TABLES:
                connection.execute(text(commune_statement(table.name)))
            connection.execute(text(f"GRANT {', '.join(sorted(table.info['grants']))} ON {table.name} TO app"))
    engine.dispose()
    yield look(owner_url)
    drop(admin_url, name)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_migrations_make_what_the_table_classes_declare(
    aspect: str, migrated: dict[str, set[str]], declared: dict[str, set[str]]
) -> None:
    assert sorted(migrated[aspect] - declared[aspect]) == [], "only the migrations make this"
    assert sorted(declared[aspect] - migrated[aspect]) == [], "only the table classes declare this"


async def test_two_versions_of_the_rules_cannot_be_in_force_on_one_day(besancon: Ccas, databases: Databases) -> None:
    insert = text(
        "insert into rule_versions"
        " (tenant_id, id, version, valid_from, valid_to, reference, products, indexes, entered_at)"
        " values (:tenant_id, gen_random_uuid(), 99, :valid_from, :valid_to, 'x', '[]', '[]', now())"
    )
    engine = databases.owner()
    with engine.connect() as owner:
        owner.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(besancon.id)})
        taken = owner.execute(
            text("select valid_from, valid_to from rule_versions where valid_from is not null and valid_to is not null")
        ).first()
        assert taken is not None
        for day in taken:
            with pytest.raises(IntegrityError, match="ex_rule_versions_one_a_day"), owner.begin_nested():
                owner.execute(insert, {"tenant_id": besancon.id, "valid_from": day, "valid_to": day})
    engine.dispose()
