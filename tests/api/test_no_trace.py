"""What a partner should not have told is refused, and nothing of it stays: in no answer, no log, no table."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import create_engine, event, text

from tests.api.test_ficp_checks import PUSH, precheck, where
from tests.lenders import Lender, check, lender_of, open_under, sent
from tests.signatures import Signing, signature, signing
from tests.support import Ccas, Databases, Json, demand, ok

CANARY = "CANARI-7F3A9"
CANARY_SHA256 = "c0ffee" * 10 + "beef"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged, with the statements that the database was sent."""
    for name in (None, "sqlalchemy.engine", "uvicorn", "uvicorn.error", "uvicorn.access"):
        caplog.set_level(logging.INFO, logger=name)
    return caplog


def dump(databases: Databases) -> dict[str, list[str]]:
    """Every row of every table as text, in the order of the text."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        tables = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars().all()
        found = {
            table: sorted(connection.execute(text(f'select t::text from "{table}" t')).scalars())  # noqa: S608
            for table in tables
        }
    engine.dispose()
    return found


def traces(told: str) -> list[str]:
    """What of the canaries a text holds, in letters or in the bytes by which a dump writes them."""
    known = [CANARY, CANARY_SHA256, CANARY.encode().hex(), CANARY_SHA256.encode().hex()]
    return [one for one in known if one.lower() in told.lower()]


def told_with_canaries(handoff: Json, **changes: Any) -> Json:
    """A check whose own words are canaries."""
    return {**check(handoff, "unfavorable", ref=CANARY), "evidence_sha256": CANARY_SHA256, **changes}


BEYOND: dict[str, Any] = {
    "incident_count": CANARY,
    "comment": f"Deux incidents, dit {CANARY}",
    "measures": [{"kind": CANARY}],
    "details": {"creditor": CANARY, "more": {"and": [CANARY]}},
    "bdf_key": CANARY,
    f"Deux incidents, dit {CANARY}": 2,
    f"{CANARY.lower().replace('-', '_')}_{'x' * 40}": True,
}


@pytest.mark.parametrize("many", [False, True], ids=["one", "of many"])
async def test_what_is_refused_of_a_check_leaves_no_trace(
    databases: Databases,
    client: AsyncClient,
    toulouse: Ccas,
    besancon: Ccas,
    amiens: Ccas,
    logged: pytest.LogCaptureFixture,
    *,
    many: bool,
) -> None:
    bank = lender_of(databases, toulouse)
    handoff, foreign = await precheck(toulouse), await sent(amiens, None, 200_000, 24)
    own_funds = await ok(besancon.agent.post("/requests", demand(besancon)))
    asking = open_under(databases, client, "toulouse", credit_municipal_toulouse={"signature_required": True})
    unsigned, asked = lender_of(databases, asking), await precheck(asking)
    refusals: list[tuple[Lender, Json]] = [
        (bank, told_with_canaries(handoff, consulted_at=TOMORROW)),
        (bank, told_with_canaries(foreign)),
        (bank, told_with_canaries({**own_funds, "kind": "loan_file"})),
        (bank, told_with_canaries(handoff, stage="grant_decision")),
        (unsigned, told_with_canaries(asked)),
        *((bank, told_with_canaries(handoff, **{name: value})) for name, value in BEYOND.items()),
        (bank, told_with_canaries(handoff, consultation_ref=f"{CANARY} {CANARY}")),
        (bank, told_with_canaries(handoff, outcome=CANARY)),
        (bank, told_with_canaries(handoff, handoff_id=CANARY)),
        (bank, told_with_canaries(handoff, consulted_at=CANARY)),
    ]
    before = dump(databases)
    for machine, told in refusals:
        answer = await machine.post(PUSH, {"items": [told]} if many else told)
        if many:
            (item,) = answer.json()["items"]
            assert (answer.status_code, item["status"]) == (200, "refused")
        else:
            assert answer.status_code in (404, 409, 422)
        assert traces(answer.text + str(answer.headers)) == []
    after = dump(databases)
    kept = after.pop("partner_idempotency_records"), before.pop("partner_idempotency_records")
    assert after == before
    assert len(kept[0]) - len(kept[1]) == (len(refusals) if many else 0)
    assert traces("".join(kept[0])) == []
    assert traces(logged.text) == []
    assert "INSERT INTO partner_idempotency_records" in logged.text or not many
    assert await where(toulouse, handoff) == ("sent", "intake")


async def test_what_cannot_be_read_or_proved_leaves_no_trace_and_has_no_effect(
    databases: Databases, toulouse: Ccas, logged: pytest.LogCaptureFixture
) -> None:
    plain = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    bank = await signing(plain)
    content = json.dumps(told_with_canaries(handoff)).encode()
    good = signature(bank.secret, content, message_id=CANARY)
    late = signature(bank.secret, content, message_id=CANARY, at=datetime.now(UTC) - timedelta(minutes=6))
    anyone = Signing.of(plain, bank.secret)
    anyone.headers = {"Authorization": f"Bearer {CANARY}"}
    before = dump(databases)
    attempts: list[tuple[int, Awaitable[Response]]] = [
        (400, bank.send(PUSH, content[:-1], {})),
        (400, bank.send(PUSH, content[:-1] + b', "outcome": "favorable"}', {})),
        (400, bank.send(PUSH, content[:-1] + b"\xff}", {})),
        (413, bank.send(PUSH, content + b" " * 262_144, {})),
        (401, bank.send(PUSH, content, late)),
        (401, bank.send(PUSH, content + b" ", good)),
        (400, bank.send(PUSH, content, {**good, "webhook-signature": CANARY})),
        (400, bank.send(PUSH, content, {"webhook-id": CANARY})),
        (400, bank.send(PUSH, content, good, key=f"{CANARY} {CANARY}")),
        (401, anyone.send(PUSH, content, good)),
        *((401, anyone.send(PUSH, content, {})) for _ in range(100)),
    ]
    for status, attempt in attempts:
        answer = await attempt
        assert answer.status_code == status, answer.text
        assert traces(answer.text + str(answer.headers)) == []
    assert dump(databases) == before
    assert traces(logged.text) == []
    assert (await bank.send(PUSH, content, good)).status_code == 201


@pytest.fixture
def failing(databases: Databases) -> Iterator[Callable[[str], None]]:
    """Makes the database refuse each new check with a state, and with the row in its words."""
    engine = databases.owner()

    def fail_with(sqlstate: str) -> None:
        with engine.begin() as owner:
            owner.execute(
                text(
                    "create or replace function refuse_check() returns trigger language plpgsql as"
                    f" $$ begin raise exception 'row: %', new::text using errcode = '{sqlstate}'; end $$"
                )
            )
            owner.execute(
                text(
                    "create or replace trigger refuse_check before insert on ficp_checks"
                    " for each row execute function refuse_check()"
                )
            )

    yield fail_with
    with engine.begin() as owner:
        owner.execute(text("drop trigger if exists refuse_check on ficp_checks"))
        owner.execute(text("drop function if exists refuse_check()"))
    engine.dispose()


@pytest.mark.parametrize(("sqlstate", "status"), [("55P03", 503), ("40001", 503), ("P0001", 500), ("23514", 500)])
async def test_what_fails_on_the_way_leaves_no_trace_and_has_no_effect(
    databases: Databases,
    toulouse: Ccas,
    failing: Callable[[str], None],
    logged: pytest.LogCaptureFixture,
    sqlstate: str,
    status: int,
) -> None:
    bank = await signing(lender_of(databases, toulouse))
    handoff = await precheck(toulouse)
    failing(sqlstate)
    before = dump(databases)
    for body in (told_with_canaries(handoff), {"items": [told_with_canaries(handoff)]}):
        for _ in range(5):
            answer = await bank.post(PUSH, body)
            assert answer.status_code == status, answer.text
            assert traces(answer.text) == []
    assert dump(databases) == before
    assert traces(logged.text) == []
    assert status == 503 or answer.headers["x-request-id"] in logged.text


async def test_a_commit_that_fails_leaves_no_trace_and_has_no_effect(
    app: FastAPI, databases: Databases, toulouse: Ccas, logged: pytest.LogCaptureFixture
) -> None:
    bank = await signing(lender_of(databases, toulouse))
    handoff = await precheck(toulouse)
    content = json.dumps(told_with_canaries(handoff)).encode()
    signed = signature(bank.secret, content)
    before = dump(databases)

    def fail(_: Any) -> None:
        raise ConnectionResetError

    engine = app.state.engine.sync_engine
    event.listen(engine, "commit", fail)
    try:
        answer = await bank.send(PUSH, content, signed, key="once")
    finally:
        event.remove(engine, "commit", fail)
    assert (answer.status_code, dump(databases)) == (503, before)
    assert traces(answer.text + logged.text) == []
    # The key and the signature are as free as they were.
    assert (await bank.send(PUSH, content, signed, key="once")).status_code == 201
    assert await where(toulouse, handoff) == ("refused", "intake")
