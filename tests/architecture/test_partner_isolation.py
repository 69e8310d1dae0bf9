"""Isolation of partners: one that serves several CCAS, one that shares a CCAS with it, a CCAS that knows neither.

A partner's request crosses tenants by its routes alone; what is another partner's looks like what never was.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from app.commands.tenants import read_rules
from app.domain.permissions import STAFF_ROLES
from app.tenancy import GLOBAL_TABLES, PARTNER_TABLES
from app.tenants import seed_files
from tests.lenders import (
    Lender,
    accepted_by,
    check,
    endorsed,
    handed_over,
    machine_of,
    offer,
    paid_out,
    prechecked,
    repayment_line,
    sent,
    taken_in,
)
from tests.openapi import (
    COHERENT_QUERIES,
    FieldPath,
    Operation,
    everyone,
    fields,
    headers_of,
    json_bytes,
    operations,
    resolved,
    sample,
    with_value,
)
from tests.support import Ccas, Databases, Json, Staff, ok, open_ccas, open_with, refused, with_own_partners

OF_PARTNERS = [operation for operation in operations() if operation.of_partners]
# What a partner does with its own credentials and keys; those of others are asked for in their own tests.
OF_THEMSELVES = {
    operation.id for operation in OF_PARTNERS if operation.id.startswith(("partner_credentials_", "signing_keys_"))
}
OF_STAFF = [operation for operation in operations() if not operation.of_partners and not operation.public]
# What a partner may read of the instance beside its own: nothing that `GLOBAL_TABLES` does not name.
TENANT_TABLES = sorted(set(SQLModel.metadata.tables) - GLOBAL_TABLES - PARTNER_TABLES)


@dataclass(frozen=True)
class Partners:
    """A bank that serves two CCAS, a rival of it in one of them, and a CCAS that has an agreement with neither.

    `handoffs` are those that the bank was sent, by the CCAS that sent them.
    """

    here: Ccas
    there: Ccas
    elsewhere: Ccas
    bank: Lender
    rival: Lender
    rival_code: str
    handoffs: dict[str, Json]
    of_rival: Json
    of_elsewhere: Json


async def partners(databases: Databases, client: AsyncClient) -> Partners:
    """The three CCAS with the rules of Amiens, whose second partner has signed too; and one file at each partner."""
    rules = read_rules(next(path for path in seed_files() if path.stem == "amiens"))
    signed = tuple(replace(agreement, planned=False) for agreement in rules.agreements[:2])
    own = uuid4().hex[:8]
    both = with_own_partners(replace(rules, agreements=signed), own)
    one = with_own_partners(replace(rules, agreements=signed[:1]), own)
    here, there = (
        open_with(databases, client, replace(these, slug=f"{name}-{own}"))
        for name, these in (("here", both), ("there", one))
    )
    rival_code = both.agreements[1].partner
    elsewhere = open_ccas(databases, client, "amiens")
    request = await endorsed(here, None, 100_000, 12)
    authorisation = {"recipient": rival_code, "purposes": ["loan_file"], "given_on": "2018-03-01"}
    await ok(here.agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    return Partners(
        here=here,
        there=there,
        elsewhere=elsewhere,
        bank=machine_of(databases, client, here.lender),
        rival=machine_of(databases, client, rival_code),
        rival_code=rival_code,
        handoffs={ccas.slug: await sent(ccas, None, 200_000, 24) for ccas in (here, there)},
        of_rival=await handed_over(here, request["id"], "loan_file", "2018-03-13", partner=rival_code),
        of_elsewhere=await sent(elsewhere, None, 200_000, 24),
    )


@pytest.fixture(scope="module")
async def known(app: FastAPI, databases: Databases) -> AsyncIterator[Partners]:
    """Partners that are only looked at."""
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        yield await partners(databases, client)


@pytest.fixture
async def acting(databases: Databases, client: AsyncClient) -> Partners:
    """Partners of this test alone."""
    return await partners(databases, client)


# The serving role.


@pytest.fixture
def serving(databases: Databases) -> Iterator[Engine]:
    """The one connection of a pool of the serving role."""
    engine = create_engine(databases.app_url, poolclass=StaticPool)
    yield engine
    engine.dispose()


def bind(connection: Connection, *, partner: UUID | None = None, tenant: UUID | None = None) -> None:
    """Binds the connection's transaction to a partner, to a tenant, or to both, as the service does."""
    for name, value in (("app.partner_id", partner), ("app.tenant_id", tenant)):
        if value is not None:
            connection.execute(text("select set_config(:name, :value, true)"), {"name": name, "value": str(value)})


async def partner_id_of(lender: Lender, serving: Engine) -> UUID:
    """The partner that the machine belongs to."""
    code = (await ok(lender.get("/me")))["partner"]
    with serving.begin() as connection:
        return UUID(str(connection.execute(text("select id from partners where code = :c"), {"c": code}).scalar_one()))


def routes(connection: Connection) -> set[str]:
    """The handoffs that the connection sees a way to."""
    return {
        str(identifier) for identifier in connection.execute(text("select handoff_id from handoff_routes")).scalars()
    }


async def test_a_transaction_bound_to_a_partner_sees_the_ways_of_that_partner_alone(
    known: Partners, serving: Engine
) -> None:
    for lender, sees in (
        (known.bank, {handoff["id"] for handoff in known.handoffs.values()}),
        (known.rival, {known.of_rival["id"]}),
    ):
        with serving.begin() as connection:
            bind(connection, partner=await partner_id_of(lender, serving))
            assert routes(connection) == sees


async def test_a_transaction_bound_to_no_partner_or_to_a_tenant_alone_sees_no_way(
    known: Partners, serving: Engine
) -> None:
    for tenant in (None, known.here.id, known.there.id):
        with serving.begin() as connection:
            bind(connection, tenant=tenant)
            for table in PARTNER_TABLES:
                assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0  # noqa: S608


async def test_a_transaction_bound_to_a_partner_alone_sees_no_row_of_any_tenant(
    known: Partners, serving: Engine
) -> None:
    with serving.begin() as connection:
        bind(connection, partner=await partner_id_of(known.bank, serving))
        assert routes(connection)
        seen = {
            table: connection.execute(text(f"select count(*) from {table}")).scalar_one()  # noqa: S608
            for table in TENANT_TABLES
        }
        assert seen == dict.fromkeys(TENANT_TABLES, 0)


async def test_a_pooled_connection_forgets_the_partner_it_was_bound_to(known: Partners, serving: Engine) -> None:
    bank = await partner_id_of(known.bank, serving)
    with serving.begin() as connection:
        bind(connection, partner=bank)
        assert routes(connection)
        backend = connection.execute(text("select pg_backend_pid()")).scalar_one()
    with serving.begin() as connection:
        assert connection.execute(text("select pg_backend_pid()")).scalar_one() == backend
        assert routes(connection) == set()


async def test_a_partner_neither_opens_nor_changes_nor_gives_away_a_way_of_another(
    known: Partners, serving: Engine
) -> None:
    bank, rival = await partner_id_of(known.bank, serving), await partner_id_of(known.rival, serving)
    way: dict[str, Any] = {"id": known.of_rival["id"], "tenant": known.here.id, "bank": bank, "rival": rival}
    with serving.connect() as connection:
        bind(connection, partner=bank)
        changed = connection.execute(text("update handoff_routes set status = 'refused' where handoff_id = :id"), way)
        assert changed.rowcount == 0
    opened = (
        "insert into handoff_routes (handoff_id, tenant_id, partner_id, status, sent_at)"
        " values (gen_random_uuid(), :tenant, :rival, 'sent', now())"
    )
    for statement in (opened, "update handoff_routes set partner_id = :rival"):
        with serving.connect() as connection:
            bind(connection, partner=bank)
            with pytest.raises(DBAPIError, match="row-level security"):
                connection.execute(text(statement), way)


async def test_a_way_leads_to_a_handoff_of_its_own_tenant_or_nowhere(known: Partners, serving: Engine) -> None:
    bank = await partner_id_of(known.bank, serving)
    moved = text("update handoff_routes set tenant_id = :tenant where handoff_id = :id")
    with serving.connect() as connection:
        bind(connection, partner=bank)
        with pytest.raises(DBAPIError, match="fk_handoff_routes_tenant_id_handoff_id"):
            connection.execute(moved, {"tenant": known.there.id, "id": known.handoffs[known.here.slug]["id"]})


async def test_the_answers_kept_for_a_partner_are_seen_by_that_partner_alone(acting: Partners, serving: Engine) -> None:
    handoff = acting.handoffs[acting.here.slug]
    await ok(acting.bank.post(f"/partner/handoffs/{handoff['id']}/acknowledgements", key="of-the-bank"))
    for lender, keys in ((acting.bank, ["of-the-bank"]), (acting.rival, [])):
        with serving.begin() as connection:
            bind(connection, partner=await partner_id_of(lender, serving), tenant=acting.here.id)
            seen = list(connection.execute(text("select key from partner_idempotency_records")).scalars())
            assert seen == keys


# Over HTTP: one partner, several CCAS.


async def test_one_partner_sees_what_every_ccas_handed_over_to_it_and_nothing_else(known: Partners) -> None:
    inbox = (await ok(known.bank.get("/partner/handoffs", limit=100)))["items"]
    assert {(item["id"], item["tenant"]) for item in inbox} == {
        (handoff["id"], slug) for slug, handoff in known.handoffs.items()
    }
    of_rival = (await ok(known.rival.get("/partner/handoffs", limit=100)))["items"]
    assert [(item["id"], item["tenant"]) for item in of_rival] == [(known.of_rival["id"], known.here.slug)]


async def test_pages_of_an_inbox_go_across_the_ccas_and_a_cursor_is_of_its_partner(known: Partners) -> None:
    first = await ok(known.bank.get("/partner/handoffs", limit=1))
    second = await ok(known.bank.get("/partner/handoffs", limit=1, cursor=first["next_cursor"]))
    assert second["next_cursor"] is None
    tenants = [item["tenant"] for page in (first, second) for item in page["items"]]
    assert tenants == [known.there.slug, known.here.slug], "newest first"
    await refused(known.rival.get("/partner/handoffs", cursor=first["next_cursor"]), 400, "cursor_not_ours")


async def test_an_inbox_holds_nothing_that_tells_of_the_person(known: Partners) -> None:
    for item in (await ok(known.bank.get("/partner/handoffs")))["items"]:
        assert set(item) == {"id", "tenant", "kind", "status", "payload_sha256", "check_wanted", "sent_at"}


async def test_one_partner_acts_in_every_ccas_that_it_serves(acting: Partners) -> None:
    """Each step at both CCAS in turn, by one machine and one token; the money of both on one statement."""
    loans, lines = {}, []
    for ccas in (acting.here, acting.there):
        handoff = acting.handoffs[ccas.slug]
        path = f"/partner/handoffs/{handoff['id']}"
        assert (await ok(acting.bank.get(path)))["tenant"] == ccas.slug
        assert (await ok(acting.bank.post(f"{path}/acknowledgements")))["status"] == "received"
        assert (await accepted_by(acting.bank, handoff))["status"] == "accepted"
        loans[ccas.slug] = await paid_out(ccas, acting.bank, handoff, offer(200_000, 24, "6.20"))
        # The same reference twice: each CCAS has its own.
        lines.append(repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
    told = await ok(acting.bank.post("/partner/repayments", {"position_on": "2018-05-31", "items": lines}))
    assert [item["status"] for item in told["items"]] == ["recorded", "recorded"]
    for ccas in (acting.here, acting.there):
        loan = await ok(ccas.agent.get(f"/loans/{loans[ccas.slug]}"))
        assert (loan["repaid_cents"], loan["lender"]["position_on"]) == (8_882, "2018-05-31")
        assert len((await ok(ccas.agent.get("/loans")))["items"]) == 1


async def test_one_batch_of_checks_reaches_every_ccas_and_leaves_the_others_alone(acting: Partners) -> None:
    targets = [*acting.handoffs.values(), acting.of_rival, acting.of_elsewhere]
    items = [check(handoff, ref=f"C-{number}") for number, handoff in enumerate(targets)]
    answered = (await ok(acting.bank.post("/partner/ficp-checks", {"items": items})))["items"]
    assert [item["status"] for item in answered] == ["recorded", "recorded", "refused", "refused"]
    assert [item["error"]["code"] for item in answered[2:]] == ["not_found", "not_found"]
    for ccas in (acting.here, acting.there):
        path = f"/requests/{acting.handoffs[ccas.slug]['request_id']}/ficp-checks"
        (shown,) = (await ok(ccas.agent.get(path)))["items"]
        assert (shown["partner"], shown["standing"], shown["consulted_on"]) == (ccas.lender, "to_renew", "2018-03-05")
    for ccas, handoff in ((acting.here, acting.of_rival), (acting.elsewhere, acting.of_elsewhere)):
        told = (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
        assert [item["standing"] for item in told] == ["pending"]


async def test_a_statement_moves_the_position_where_the_partner_lends_and_nowhere_else(acting: Partners) -> None:
    handoff = acting.handoffs[acting.here.slug]
    await accepted_by(acting.bank, handoff)
    loan_id = await paid_out(acting.here, acting.bank, handoff, offer(200_000, 24, "6.20"))
    await ok(acting.rival.post("/partner/repayments", {"position_on": "2018-05-31", "items": []}))
    assert (await ok(acting.here.agent.get(f"/loans/{loan_id}")))["lender"]["position_on"] is None
    await ok(acting.bank.post("/partner/repayments", {"position_on": "2018-04-30", "items": []}))
    assert (await ok(acting.here.agent.get(f"/loans/{loan_id}")))["lender"]["position_on"] == "2018-04-30"


async def test_a_ccas_without_an_agreement_never_appears_and_hands_nothing_over(known: Partners) -> None:
    for lender in (known.bank, known.rival):
        shown = await lender.get("/partner/handoffs", limit=100)
        assert shown.is_success
        assert known.elsewhere.slug not in shown.text
        assert known.of_elsewhere["id"] not in shown.text
    request = await endorsed(known.elsewhere, None, 100_000, 12)
    body = {"kind": "loan_file", "support_person": "Accompagnante sociale du CCAS", "sent_on": "2018-03-13"}
    path = f"/requests/{request['id']}/handoffs"
    for code in (known.here.lender, known.rival_code):
        await refused(known.elsewhere.agent.post(path, {**body, "partner": code}), 409, "no_agreement")
    # Where one of the two agreements was signed, the other opens nothing either.
    request = await endorsed(known.there, None, 100_000, 12)
    path = f"/requests/{request['id']}/handoffs"
    await refused(known.there.agent.post(path, {**body, "partner": known.rival_code}), 409, "no_agreement")


async def test_a_precheck_is_of_its_partner_too(databases: Databases, toulouse: Ccas, known: Partners) -> None:
    request = await taken_in(toulouse)
    handoff = await prechecked(toulouse, machine_of(databases, toulouse.agent.client, toulouse.lender), request)
    for lender in (known.bank, known.rival):
        await refused(lender.get(f"/partner/handoffs/{handoff['id']}"), 404, "not_found")
        await refused(lender.post("/partner/ficp-checks", check(handoff, "unfavorable", "C-9")), 404, "not_found")
    assert (await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}")))["status"] == "accepted"


# Over HTTP: what is another partner's.

OF_WEBHOOKS = [operation for operation in OF_PARTNERS if "webhook_id" in operation.identifiers()]
# What names nothing of anybody's: lists of one's own, and what is made.
OF_ONESELF = {"inbox_list", "partner_events_list", "webhooks_list", "webhooks_create", "lender_loans_list"}
# Its lines are text: what they name is looked for as the lines of a statement are.
IN_TEXT = {"statement_files_create"}
IN_PATHS = [operation for operation in OF_PARTNERS if "handoff_id" in operation.identifiers()]
IN_BODIES = [
    pytest.param(operation, form, path, id=f"{operation.id}-{number}")
    for operation in OF_PARTNERS
    for number, form in enumerate(operation.forms)
    for path, schema, _ in fields(form)
    if resolved(schema).get("format") == "uuid"
]


def test_every_operation_of_partners_on_a_handoff_is_asked_for_anothers() -> None:
    assert {operation.id for operation in IN_PATHS} | {param.values[0].id for param in IN_BODIES} == {  # type: ignore[union-attr]
        operation.id for operation in OF_PARTNERS
    } - OF_ONESELF - IN_TEXT - OF_THEMSELVES - {operation.id for operation in OF_WEBHOOKS}
    assert len(IN_BODIES) == 13, "a check, a check of many, and the eleven kinds of lines"


@pytest.mark.parametrize("operation", IN_PATHS, ids=lambda operation: operation.id)
async def test_another_partners_handoff_is_answered_exactly_as_one_that_never_was(
    operation: Operation, known: Partners
) -> None:
    for lender, handoff in foreign(known):
        theirs = await ask(operation, lender, {"handoff_id": handoff["id"]})
        random = await ask(operation, lender, {"handoff_id": str(uuid4())})
        assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found"), theirs.text
        assert told(theirs) == told(random)


@pytest.mark.parametrize("operation", OF_WEBHOOKS, ids=lambda operation: operation.id)
async def test_another_partners_endpoint_is_answered_exactly_as_one_that_never_was(
    operation: Operation, known: Partners
) -> None:
    webhook = await ok(known.bank.post("/partner/webhooks", {"url": "https://banque.example/"}))
    real = {"webhook_id": str(webhook["id"]), "delivery_id": str(uuid4())}
    theirs = await ask(operation, known.rival, real)
    random = await ask(operation, known.rival, {name: str(uuid4()) for name in real})
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found"), theirs.text
    assert told(theirs) == told(random)
    if operation.method == "GET":
        assert (await ask(operation, known.bank, real)).is_success


@pytest.mark.parametrize(("operation", "form", "path"), IN_BODIES)
async def test_another_partners_handoff_in_a_body_is_answered_exactly_as_one_that_never_was(
    operation: Operation, form: Json, path: FieldPath, known: Partners
) -> None:
    for lender, handoff in foreign(known):
        theirs, random = [
            await ask(operation, lender, {}, with_value(sample(form), path, identifier))
            for identifier in (handoff["id"], str(uuid4()))
        ]
        if path[0] == "items":
            (item,) = theirs.json()["items"]
            assert (theirs.status_code, item["status"], item["id"]) == (200, "refused", None)
            assert item["error"]["code"] == "not_found"
        else:
            assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found")
        assert told(theirs) == told(random)


@pytest.mark.parametrize("operation", IN_PATHS, ids=lambda operation: operation.id)
async def test_a_handoff_of_ones_own_is_not_answered_as_one_that_never_was(
    operation: Operation, acting: Partners
) -> None:
    """So that the comparisons above mean something."""
    answer = await ask(operation, acting.bank, {"handoff_id": acting.handoffs[acting.here.slug]["id"]})
    assert answer.status_code in (200, 201, 409), answer.text


def foreign(known: Partners) -> list[tuple[Lender, Json]]:
    """Who asks for what of another partner: in a CCAS that both serve, and in one that the asking one does not."""
    return [
        (known.rival, known.handoffs[known.here.slug]),
        (known.rival, known.handoffs[known.there.slug]),
        (known.bank, known.of_rival),
        (known.bank, known.of_elsewhere),
    ]


async def test_what_another_partner_was_refused_has_changed_nothing(acting: Partners) -> None:
    before = {
        slug: await ok(acting.bank.get(f"/partner/handoffs/{one['id']}")) for slug, one in acting.handoffs.items()
    }
    for handoff in acting.handoffs.values():
        for operation in IN_PATHS:
            await ask(operation, acting.rival, {"handoff_id": handoff["id"]})
        await acting.rival.post("/partner/ficp-checks", check(handoff, "unfavorable"))
    after = {slug: await ok(acting.bank.get(f"/partner/handoffs/{one['id']}")) for slug, one in acting.handoffs.items()}
    assert after == before


# Over HTTP: partners and staff.


@pytest.mark.parametrize("operation", OF_STAFF, ids=lambda operation: operation.id)
async def test_a_partner_is_forbidden_what_staff_do_whether_it_exists_or_not(
    operation: Operation, known: Partners
) -> None:
    if operation.id == "auth_me":
        assert (await ok(known.bank.get("/me")))["tenant"] is None
        return
    real = {"handoff_id": known.handoffs[known.here.slug]["id"], "request_id": known.of_rival["request_id"]}
    nothing = {name: str(uuid4()) for name in operation.identifiers()}
    answers = [await ask(operation, known.bank, identifiers) for identifiers in (nothing, {**nothing, **real})]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 2
    assert told(answers[0]) == told(answers[1])


@pytest.mark.parametrize("operation", OF_PARTNERS, ids=lambda operation: operation.id)
async def test_staff_are_forbidden_what_partners_do_even_with_every_role_of_their_ccas(
    operation: Operation, known: Partners, databases: Databases
) -> None:
    staff = everyone(databases, known.here).staff
    assert set((await ok(staff.get("/me")))["roles"]) == {role.value for role in STAFF_ROLES}
    answers = [
        await ask(operation, staff, {"handoff_id": identifier})
        for identifier in (known.handoffs[known.here.slug]["id"], str(uuid4()))
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 2
    assert told(answers[0]) == told(answers[1])


# Over HTTP: two CCAS that share a partner.


async def test_a_ccas_that_shares_the_partner_reads_nothing_of_the_others_handoffs_agreements_and_authorisations(
    known: Partners, databases: Databases
) -> None:
    handoff = known.handoffs[known.here.slug]
    request = await ok(known.here.agent.get(f"/requests/{handoff['request_id']}"))
    person = f"/people/{request['applicant_id']}"
    authorisation = (await ok(known.here.agent.get(f"{person}/authorisations")))["items"][0]
    theirs = {
        "handoff_id": handoff["id"],
        "agreement_id": (await ok(known.here.agent.get("/agreements")))["items"][0]["id"],
        "authorisation_id": authorisation["id"],
        "person_id": request["applicant_id"],
        "request_id": request["id"],
    }
    curious = everyone(databases, known.there).staff
    asked = [operation for operation in OF_STAFF if set(operation.identifiers()) & set(theirs)]
    assert {"handoffs_read", "handoffs_withdraw", "agreements_read", "authorisations_withdraw"} <= {o.id for o in asked}
    for operation in asked:
        identifiers = {name: theirs.get(name, str(uuid4())) for name in operation.identifiers()}
        answer = await ask(operation, curious, identifiers)
        random = await ask(operation, curious, {name: str(uuid4()) for name in operation.identifiers()})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), operation.id
        assert told(answer) == told(random), operation.id
    for path in ("/handoffs", "/agreements"):
        shown = await curious.get(path, limit=100)
        assert shown.is_success
        assert [name for name, identifier in theirs.items() if identifier in shown.text] == []


async def ask(operation: Operation, caller: Staff, identifiers: dict[str, str], body: Json | None = None) -> Response:
    """One call, well formed in all but the identifiers."""
    schema = operation.body_schema
    content = None if schema is None else json_bytes(sample(schema) if body is None else body)
    return await caller.client.request(
        operation.method,
        operation.url(identifiers),
        headers=headers_of(operation, caller),
        content=content,
        params=COHERENT_QUERIES.get(operation.id),
    )


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """Everything that an answer tells, but its own identifier and the time."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, answer.content, headers
