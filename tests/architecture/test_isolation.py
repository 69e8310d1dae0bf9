"""Tenant isolation, looked at from the catalogue, from the serving role, and over HTTP for every operation."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from app.database import open_engine, open_sessions, tenant_transaction
from app.domain.permissions import STAFF_ROLES
from app.tenancy import COMMUNE_TABLES, GLOBAL_TABLES, PARTNER_TABLES, WRITTEN_BY_PARTNERS
from tests.conftest import TEMPLATE
from tests.openapi import (
    COHERENT_QUERIES,
    INSTEAD_OF,
    OTHER_COMMUNE,
    Callers,
    FieldPath,
    Operation,
    everyone,
    fields,
    headers_of,
    holds,
    json_bytes,
    open_both,
    operations,
    real_identifiers,
    resolved,
    sample,
    with_value,
)
from tests.support import Ccas, Databases, Json, Staff, add_staff, demand, ok

TENANT_TABLES = sorted(set(SQLModel.metadata.tables) - GLOBAL_TABLES - PARTNER_TABLES)


@pytest.fixture(scope="module")
def admin(databases: Databases) -> Iterator[Connection]:
    """The migrated database, seen by a superuser."""
    engine = create_engine(databases.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def serving(databases: Databases) -> Iterator[Engine]:
    """The one connection of a pool of the serving role."""
    engine = create_engine(databases.app_url, poolclass=StaticPool)
    yield engine
    engine.dispose()


def rows(connection: Connection, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the statement gives, as plain tuples."""
    return [tuple(row) for row in connection.execute(text(statement), values)]


# The catalogue.


def test_every_table_belongs_to_tenants_or_is_on_the_list_of_global_ones(admin: Connection) -> None:
    tables = {name for (name,) in rows(admin, "select tablename from pg_tables where schemaname = 'public'")}
    with_tenant = rows(
        admin,
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'"
        " where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attnotnull",
    )
    assert tables - {name for (name,) in with_tenant} - PARTNER_TABLES == GLOBAL_TABLES
    assert tables >= PARTNER_TABLES


def test_policies_of_every_table_that_is_not_global_are_enabled_and_forced_on_its_owner(admin: Connection) -> None:
    unforced = rows(
        admin,
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        " and not (relrowsecurity and relforcerowsecurity)",
    )
    assert {name for (name,) in unforced} == GLOBAL_TABLES - WRITTEN_BY_PARTNERS


def test_every_table_that_is_not_global_has_one_policy_that_opens_it_whose_using_is_its_with_check(
    admin: Connection,
) -> None:
    """That of a tenant's table is on the tenant alone, that of a partner's on the partner alone: never either or."""
    own = "({0}_id = (NULLIF(current_setting('app.{0}_id'::text, true), ''::text))::uuid)"
    expected = [
        *((table, "tenant", own.format("tenant")) for table in TENANT_TABLES),
        *((table, "partner", own.format("partner")) for table in PARTNER_TABLES),
    ]
    policies = rows(
        admin,
        "select tablename, policyname, permissive, cmd, roles::text, qual, with_check from pg_policies"
        " where schemaname = 'public' and permissive = 'PERMISSIVE' and not tablename = any (:but) order by tablename",
        but=list(WRITTEN_BY_PARTNERS),
    )
    assert policies == [
        (table, name, "PERMISSIVE", "ALL", "{public}", bound, bound) for table, name, bound in sorted(expected)
    ]


def test_what_every_sign_in_reads_of_partners_is_written_for_the_bound_partner_alone(admin: Connection) -> None:
    own = "(partner_id = (NULLIF(current_setting('app.partner_id'::text, true), ''::text))::uuid)"
    policies = rows(
        admin,
        "select policyname, permissive, cmd, roles::text, qual, with_check from pg_policies"
        " where schemaname = 'public' and tablename = 'partner_clients' order by policyname",
    )
    assert {"partner_clients"} == WRITTEN_BY_PARTNERS
    assert policies == [
        ("changed_by_partner", "PERMISSIVE", "UPDATE", "{public}", own, own),
        ("known", "PERMISSIVE", "SELECT", "{public}", "true", None),
        ("made_by_partner", "PERMISSIVE", "INSERT", "{public}", None, own),
    ]


def test_the_only_other_policy_narrows_what_is_of_a_commune_unless_the_transaction_is_for_all(
    admin: Connection,
) -> None:
    policies = rows(
        admin,
        "select tablename, policyname, cmd, roles::text, qual = with_check, qual from pg_policies"
        " where schemaname = 'public' and permissive = 'RESTRICTIVE' order by tablename",
    )
    assert [policy[:-1] for policy in policies] == [
        (table, "commune", "ALL", "{public}", True) for table in sorted(COMMUNE_TABLES)
    ]
    narrowed = "( SELECT current_setting('app.commune_insee_codes'::text, true) AS current_setting)"
    quals = {table: qual for table, *_, qual in policies}
    of_all = f"((NULLIF({narrowed}, ''::text) IS NULL) OR "
    assert [table for table, qual in quals.items() if not qual.startswith(of_all)] == []
    own = f"((commune_insee_code)::text = ANY (string_to_array({narrowed}, ','::text)))"
    assert {table for table, qual in quals.items() if own in qual} == {"requests", "contacts", "people"}
    # What is of no commune itself is seen with what it hangs on, under the policy of that.
    parents = ("FROM requests r", "FROM people p", "FROM decisions d")
    through = {table for table, qual in quals.items() if any(parent in qual for parent in parents)}
    assert through == set(COMMUNE_TABLES) - {"requests"}


def test_a_way_of_a_partner_tells_whose_handoff_where_and_in_which_state_and_nothing_of_the_person(
    admin: Connection,
) -> None:
    columns = "select column_name, data_type from information_schema.columns where table_name = 'handoff_routes'"
    assert dict(rows(admin, columns)) == {
        "handoff_id": "uuid",
        "tenant_id": "uuid",
        "partner_id": "uuid",
        "status": "character varying",
        "sent_at": "timestamp with time zone",
        "erased_sequence": "integer",
    }


def test_every_foreign_key_between_tenant_tables_begins_with_the_tenant_on_both_sides(admin: Connection) -> None:
    keys = rows(
        admin,
        """
        select k.conname,
          (select attname from pg_attribute where attrelid = k.conrelid and attnum = k.conkey[1]),
          (select attname from pg_attribute where attrelid = k.confrelid and attnum = k.confkey[1])
        from pg_constraint k
        where k.contype = 'f'
          and exists (select from pg_attribute where attrelid = k.conrelid and attname = 'tenant_id')
          and exists (select from pg_attribute where attrelid = k.confrelid and attname = 'tenant_id')
        """,
    )
    assert keys
    assert [key for key in keys if key[1:] != ("tenant_id", "tenant_id")] == []


def test_no_global_table_refers_to_rows_of_tenants(admin: Connection) -> None:
    keys = rows(
        admin,
        """
        select k.conname from pg_constraint k
        where k.contype = 'f'
          and not exists (select from pg_attribute where attrelid = k.conrelid and attname = 'tenant_id')
          and exists (select from pg_attribute where attrelid = k.confrelid and attname = 'tenant_id')
        """,
    )
    # Both ends are the partner's, and the key contains it.
    assert keys == [("fk_webhook_deliveries_partner_id_event_id",)]


def test_every_unique_index_and_exclusion_of_tenant_tables_contains_the_tenant(admin: Connection) -> None:
    without_tenant = rows(
        admin,
        """
        select i.indexrelid::regclass::text from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant_id'
        where (i.indisunique or i.indisexclusion) and not a.attnum = any (i.indkey)
          and not exists (select from pg_attribute p where p.attrelid = i.indrelid and p.attname = 'partner_id'
                          and p.attnum = any (i.indkey) and i.indrelid::regclass::text = any (:of_partners))
        """,
        of_partners=sorted(PARTNER_TABLES),
    )
    # A partner's ways to handoffs of all tenants: the identifiers are ours, nobody chooses them.
    assert without_tenant == [("pk_handoff_routes",)]


def test_no_view_and_no_definer_function_sees_past_the_policies(admin: Connection) -> None:
    views = rows(
        admin, "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
    )
    definers = rows(
        admin,
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    assert (views, definers) == ([], [])


def test_the_serving_role_has_no_power_over_the_server_and_owns_nothing(admin: Connection) -> None:
    powers = rows(
        admin,
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit from pg_roles"
        " where rolname = 'app'",
    )
    assert powers == [(False,) * 6]
    memberships = "select roleid::regrole::text from pg_auth_members where member = 'app'::regrole"
    owned = "select classid::regclass::text from pg_shdepend where refobjid = 'app'::regrole and deptype = 'o'"
    assert (rows(admin, memberships), rows(admin, owned)) == ([], [])


def test_the_serving_role_creates_nothing_in_its_database_not_even_temporary_tables(admin: Connection) -> None:
    able = rows(
        admin,
        # Rights on a database do not travel with its copies: those of the template are as `prepare_database` gave them.
        "select has_schema_privilege('app', 'public', 'create'),"
        " has_database_privilege('app', :prepared, 'create'), has_database_privilege('app', :prepared, 'temporary')",
        prepared=TEMPLATE,
    )
    assert able == [(False, False, False)]


def test_the_grants_of_the_serving_role_are_exactly_those_that_the_tables_state(admin: Connection) -> None:
    given: dict[str, set[str]] = {}
    for table, privilege in rows(
        admin,
        "select table_name, privilege_type from information_schema.role_table_grants where grantee in ('app', 'PUBLIC')"
        " and table_schema = 'public'",
    ):
        given.setdefault(table, set()).add(privilege)
    stated = {name: set(table.info["grants"]) for name, table in SQLModel.metadata.tables.items()}
    assert given == {**stated, "alembic_version": {"SELECT"}}


def test_nothing_is_granted_on_single_columns_beside_the_tables(admin: Connection) -> None:
    of_columns = (
        "select attrelid::regclass::text, attname from pg_attribute where attacl is not null and attrelid > 16384"
    )
    assert rows(admin, of_columns) == []


def test_the_serving_role_deletes_nothing_but_answers_already_given_stale_signatures_and_what_was_kept_long_enough(
    admin: Connection,
) -> None:
    deletable = rows(
        admin,
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        " and has_table_privilege('app', oid, 'delete, truncate, references, trigger')",
    )
    assert sorted(deletable) == [
        ("idempotency_records",),
        ("partner_events",),
        ("partner_idempotency_records",),
        ("push_signatures",),
        ("webhook_attempts",),
        ("webhook_deliveries",),
    ]
    kept = "select tgrelid::regclass::text from pg_trigger where tgname = 'kept' and tgenabled = 'O'"
    assert sorted(rows(admin, kept)) == [("partner_events",), ("webhook_attempts",), ("webhook_deliveries",)]


# The serving role.


def counts(connection: Connection) -> dict[str, int]:
    """How many rows of each tenant table the connection sees."""
    return {table: rows(connection, f"select count(*) from {table}")[0][0] for table in TENANT_TABLES}  # noqa: S608


def bind(connection: Connection, ccas: Ccas) -> None:
    """Binds the connection's transaction to a tenant, as the service does."""
    connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})


@pytest.fixture
async def both(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone that has lent its own money and a partner's: no table is without a row of it."""
    ccas = open_both(databases, client)
    await real_identifiers(databases, ccas)
    return ccas


async def test_a_transaction_bound_to_no_tenant_sees_no_row_and_raises_nothing(both: Ccas, serving: Engine) -> None:
    with serving.begin() as connection:
        assert counts(connection) == dict.fromkeys(TENANT_TABLES, 0)


async def test_a_pooled_connection_forgets_the_tenant_it_was_bound_to(both: Ccas, serving: Engine) -> None:
    with serving.begin() as connection:
        bind(connection, both)
        assert [name for name, count in counts(connection).items() if not count] == [], (
            "a table without rows proves nothing here"
        )
        backend = rows(connection, "select pg_backend_pid()")
    with serving.begin() as connection:
        assert rows(connection, "select pg_backend_pid()") == backend
        assert rows(connection, "select current_setting('app.tenant_id', true)") == [("",)]
        assert counts(connection) == dict.fromkeys(TENANT_TABLES, 0)


async def test_a_rolled_back_transaction_leaves_no_binding_either(besancon: Ccas, serving: Engine) -> None:
    await ok(besancon.agent.post("/requests", demand(besancon)))
    with serving.connect() as connection:
        bind(connection, besancon)
        connection.rollback()
        assert counts(connection) == dict.fromkeys(TENANT_TABLES, 0)


async def test_one_connection_that_serves_tenants_in_turn_never_mixes_them(
    besancon: Ccas, toulouse: Ccas, databases: Databases
) -> None:
    engine = open_engine(databases.app_url, pool_size=1, pool_wait_seconds=2)
    sessions = open_sessions(engine)
    for turn in range(30):
        ccas = (besancon, toulouse)[turn % 2]
        async with tenant_transaction(sessions, ccas.id) as session:
            seen = (await session.execute(text("select distinct tenant_id from accounts"))).scalars().all()
            assert seen == [ccas.id]
        async with tenant_transaction(sessions, None) as session:
            assert (await session.execute(text("select count(*) from accounts"))).scalar_one() == 0
    await engine.dispose()


async def test_a_row_of_another_tenant_is_refused(besancon: Ccas, toulouse: Ccas, serving: Engine) -> None:
    insert = (
        "insert into reference_counters (tenant_id, id, series, year, last_number)"
        " values (:tenant_id, gen_random_uuid(), 'X', 2011, 1)"
    )
    with serving.connect() as connection:
        bind(connection, besancon)
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(text(insert), {"tenant_id": toulouse.id})


async def test_a_row_cannot_hang_on_a_parent_of_another_tenant(besancon: Ccas, toulouse: Ccas, serving: Engine) -> None:
    theirs = await ok(toulouse.agent.post("/requests", demand(toulouse, product=None)))
    insert = (
        "insert into budgets (tenant_id, id, request_id, revision, entered_at)"
        " values (:tenant_id, gen_random_uuid(), :request_id, 1, now())"
    )
    with serving.connect() as connection:
        bind(connection, besancon)
        with pytest.raises(DBAPIError, match="fk_budgets_tenant_id_request_id"):
            connection.execute(text(insert), {"tenant_id": besancon.id, "request_id": theirs["id"]})


async def test_an_update_reaches_no_row_of_another_tenant(besancon: Ccas, toulouse: Ccas, serving: Engine) -> None:
    theirs = await ok(toulouse.agent.post("/people", demand(toulouse)["applicant"]))
    with serving.begin() as connection:
        bind(connection, besancon)
        changed = connection.execute(text("update people set phone = '0' where id = :id"), {"id": theirs["id"]})
        everywhere = connection.execute(text("update people set phone = '0'"))
        assert (changed.rowcount, everywhere.rowcount) == (0, 0)
    assert await ok(toulouse.agent.get(f"/people/{theirs['id']}")) == theirs


async def test_a_row_cannot_be_given_away_to_another_tenant(besancon: Ccas, toulouse: Ccas, serving: Engine) -> None:
    await ok(besancon.agent.post("/people", demand(besancon)["applicant"]))
    with serving.connect() as connection:
        bind(connection, besancon)
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(text("update people set tenant_id = :id"), {"id": toulouse.id})


# Over HTTP, for every operation of the document.


@dataclass(frozen=True)
class Neighbours:
    """Two CCAS with partners of their own: those of one ask, the other has things to be asked for."""

    callers: Callers
    own: dict[str, str]
    foreign: dict[str, str]


@pytest.fixture(scope="module")
async def neighbours(app: FastAPI, databases: Databases) -> AsyncIterator[Neighbours]:
    """Two CCAS of this module."""
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        here, there = (open_both(databases, client) for _ in range(2))
        own, foreign = [{**await real_identifiers(databases, ccas), "partner": ccas.lender} for ccas in (here, there)]
        yield Neighbours(everyone(databases, here), own, foreign)


WITH_IDENTIFIERS = [operation for operation in operations() if operation.identifiers() and not operation.public]
LISTS = [operation for operation in operations() if operation.is_list and not operation.public]
UUID_FIELDS = [
    pytest.param(operation, form, path, id=f"{operation.id}-{number}-{path[-1]}")
    for operation in operations()
    for number, form in enumerate(operation.forms)
    for path, schema, _ in fields(form)
    if resolved(schema).get("format") == "uuid"
]
UUID_QUERIES = [
    pytest.param(operation, name, id=f"{operation.id}-{name}")
    for operation in operations()
    for name, schema in operation.parameters("query").items()
    if resolved(schema).get("format") == "uuid" or name.endswith("_id")
]


async def test_a_real_identifier_can_be_made_for_every_name_in_a_path(neighbours: Neighbours) -> None:
    unmade = [
        f"{operation.id}: tests/openapi.py real_identifiers() makes no {name}, so its isolation is not tested"
        for operation in operations()
        for name in operation.identifiers()
        if name not in neighbours.own
    ]
    assert unmade == []


@pytest.mark.parametrize("operation", WITH_IDENTIFIERS, ids=lambda operation: operation.id)
async def test_another_tenants_identifier_is_answered_exactly_as_one_that_never_was(
    operation: Operation, neighbours: Neighbours
) -> None:
    for name in operation.identifiers():
        for rest in (neighbours.own, neighbours.foreign):
            theirs = await ask(operation, neighbours, {**rest, name: neighbours.foreign[name]})
            random = await ask(operation, neighbours, {**rest, name: str(uuid4())})
            assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found"), theirs.text
            assert told(theirs) == told(random)


@pytest.mark.parametrize(("operation", "form", "path"), UUID_FIELDS)
async def test_another_tenants_identifier_in_a_body_is_answered_as_one_that_never_was(
    operation: Operation, form: Json, path: FieldPath, neighbours: Neighbours
) -> None:
    name = str(path[-1])
    body = sample(form)
    if not holds(body, path[:-1]):
        body = sample(form, whole=True)
    body.pop(INSTEAD_OF.get(name), None)
    foreign = neighbours.foreign.get(name, neighbours.foreign["person_id"])
    theirs = await ask(operation, neighbours, neighbours.own, with_value(body, path, foreign))
    random = await ask(operation, neighbours, neighbours.own, with_value(body, path, str(uuid4())))
    if operation.itemised and path[0] == "items":
        (item,) = theirs.json()["items"]
        assert (theirs.status_code, item["status"], item["error"]["code"]) == (200, "refused", "not_found")
    else:
        assert 400 <= theirs.status_code < 500, theirs.text
    assert told(theirs) == told(random)


@pytest.mark.parametrize(("operation", "name"), UUID_QUERIES)
async def test_another_tenants_identifier_in_a_query_finds_what_one_that_never_was_finds(
    operation: Operation, name: str, neighbours: Neighbours
) -> None:
    theirs = await ask(operation, neighbours, neighbours.own, query={name: neighbours.foreign[name]})
    random = await ask(operation, neighbours, neighbours.own, query={name: str(uuid4())})
    assert told(theirs) == told(random)
    if operation.is_list:
        own = await ask(operation, neighbours, neighbours.own, query={name: neighbours.own[name]})
        assert own.json()["items"], "an own identifier finds something, so the comparison means something"


async def test_lists_show_nothing_of_another_tenant(neighbours: Neighbours) -> None:
    for operation in LISTS:
        paged = {"limit": 100} if "limit" in operation.parameters("query") else None
        shown = await ask(operation, neighbours, neighbours.own, query=paged)
        assert shown.json()["items"], operation.id
        assert [name for name, theirs in neighbours.foreign.items() if theirs in shown.text] == [], operation.id


# What all the communes of a tenant share: its directory, its staff, its agreements, its workshops, its committees, the
# interest that it bears.
SHARED = frozenset(
    {"slug", "partner", "agreement_id", "workshop_id", "organisation_id", "user_id"}
    | {"committee_id", "member_id", "session_id", "borne_interest_statement_id"}
)
# The same under the names that fields and queries give to organisations and accounts.
SHARED_ELSEWHERE_NAMED = frozenset({"prescriber_id", "account_id", "instructing_agent_id", "chaired_by"})


@pytest.fixture(scope="module")
async def elsewhere(neighbours: Neighbours, databases: Databases) -> Neighbours:
    """A member of staff with every role, who works for another commune than that of all that there is to ask for."""
    engine = databases.owner()
    with engine.begin() as connection:
        tenant_id = connection.execute(
            text("select id from tenants where slug = :slug"), {"slug": neighbours.own["slug"]}
        ).scalar_one()
        account_id = add_staff(databases, tenant_id, f"elsewhere-{uuid4().hex[:6]}", sorted(STAFF_ROLES))
        connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(tenant_id)})
        narrowed = "update accounts set commune_insee_codes = array[:commune] where id = :id"
        connection.execute(text(narrowed), {"id": account_id, "commune": OTHER_COMMUNE})
    engine.dispose()
    staff = Staff(neighbours.callers.staff.client, account_id, tenant_id)
    return replace(neighbours, callers=replace(neighbours.callers, staff=staff))


@pytest.mark.parametrize("operation", WITH_IDENTIFIERS, ids=lambda operation: operation.id)
async def test_what_is_of_another_commune_is_answered_as_what_never_was(
    operation: Operation, elsewhere: Neighbours
) -> None:
    of_files = set(operation.identifiers()) - SHARED
    if operation.of_partners or not of_files:
        return
    theirs = await ask(operation, elsewhere, elsewhere.own)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found"), theirs.text
    random = await ask(operation, elsewhere, elsewhere.own | {name: str(uuid4()) for name in of_files})
    assert told(theirs) == told(random)


async def test_lists_show_nothing_of_another_commune(elsewhere: Neighbours) -> None:
    of_files = {name: own for name, own in elsewhere.own.items() if name not in SHARED | SHARED_ELSEWHERE_NAMED}
    for operation in (operation for operation in LISTS if not operation.of_partners):
        shown = await ask(operation, elsewhere, elsewhere.own)
        assert [name for name, own in of_files.items() if own in shown.text] == [], operation.id


async def ask(
    operation: Operation,
    neighbours: Neighbours,
    identifiers: dict[str, str],
    body: Json | None = None,
    query: Json | None = None,
) -> Response:
    """One call by the curious neighbour, well formed in all but the identifier."""
    caller, schema = neighbours.callers.of(operation), operation.body_schema
    content = None if schema is None else json_bytes(sample(schema) if body is None else body)
    return await caller.client.request(
        operation.method,
        operation.url(identifiers),
        headers=headers_of(operation, caller),
        content=content,
        params=COHERENT_QUERIES.get(operation.id) if query is None else query,
    )


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """Everything that an answer tells, but its own identifier and the time."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, answer.content, headers
