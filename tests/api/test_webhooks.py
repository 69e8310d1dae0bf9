"""Endpoints of a bank: made and managed by its machine, secrets told once, addresses inside refused."""

import asyncio
import re
from socket import EAI_NONAME, gaierror
from time import perf_counter

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.partners.webhooks import Resolve
from app.routing import resolver
from app.services import webhooks
from app.settings import settings
from tests.lenders import Lender, lender_of, machine_of
from tests.receivers import listening
from tests.support import Ccas, Databases, Json, ok, refused
from tests.webhooks import bank_of, partner_id, worked

URL = "https://banque.example/microcredit"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def bank(databases: Databases, amiens: Ccas) -> Lender:
    """A machine of the bank of a CCAS."""
    return lender_of(databases, amiens)


@pytest.fixture
def _loopback(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers of this machine are let through, as for development."""
    monkeypatch.setattr(settings(), "webhook_loopback_allowed", True)


async def test_the_secret_of_an_endpoint_is_told_once_and_kept_sealed(
    databases: Databases, amiens: Ccas, bank: Lender
) -> None:
    made = await bank.post("/partner/webhooks", {"url": URL, "description": "Production"})
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    endpoint = made.json()
    secret = endpoint.pop("secret")
    assert SECRET.fullmatch(secret)
    assert endpoint == {
        "id": endpoint["id"],
        "version": 1,
        "url": URL,
        "description": "Production",
        **dict.fromkeys(("disabled_at", "disabled_because", "failing_since", "held_until", "previous_secret_until")),
        "entered_at": endpoint["entered_at"],
    }
    assert await ok(bank.get(f"/partner/webhooks/{endpoint['id']}")) == endpoint
    assert (await ok(bank.get("/partner/webhooks")))["items"] == [endpoint]
    assert secret not in dumped(databases, amiens)


def dumped(databases: Databases, ccas: Ccas) -> str:
    """Whatever the database holds of the endpoints and of the answers that were given to the partner."""
    engine = databases.owner()
    found = ""
    with engine.begin() as owner:
        owner.exec_driver_sql(
            "select set_config('app.partner_id', %s, true)", (str(partner_id(databases, ccas.lender)),)
        )
        for table in ("webhook_endpoints", "partner_idempotency_records"):
            found += str(owner.exec_driver_sql(f"select t::text from {table} t").fetchall())  # noqa: S608
    engine.dispose()
    assert "gAAAA" in found, "what is sealed looks so"
    return found


async def test_asked_again_with_the_same_key_another_secret_is_made(bank: Lender) -> None:
    made = [(await ok(bank.post("/partner/webhooks", {"url": URL}, key="once"))) for _ in range(2)]
    assert made[0]["secret"] != made[1]["secret"]
    path = f"/partner/webhooks/{made[0]['id']}/secrets"
    answers = [await bank.post(path, key="twice") for _ in range(2)]
    assert answers[0].json()["secret"] != answers[1].json()["secret"]
    assert all("Idempotency-Replayed" not in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        *((f"https://{host}/", "host") for host in ("127.1", "2130706433", "0.0.0.0", "10.1.2.3", "localhost.")),  # noqa: S104
        *((f"https://{host}/", "host") for host in ("169.254.169.254", "[::ffff:127.0.0.1]", "localhost", "banque")),
        ("https://user@banque.example/", "user"),
        ("http://banque.example/", "scheme"),
        ("http://127.0.0.1:8099/", "scheme"),
        ("https://banque.example:8443/", "port"),
        ("https://banque.example/#x", "fragment"),
        ("https://banque.example\\@127.0.0.1/", "form"),
    ],
)
async def test_an_address_that_is_not_of_the_public_internet_is_refused_and_nothing_is_kept(
    url: str, fault: str, bank: Lender
) -> None:
    problem = await refused(bank.post("/partner/webhooks", {"url": url}), 409, "webhook_url_refused")
    assert problem["fault"] == fault
    assert (await ok(bank.get("/partner/webhooks")))["items"] == []


async def test_a_refused_address_is_not_connected_to(bank: Lender) -> None:
    async with listening() as canary:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433"):
            for scheme in ("http", "https"):
                url = f"{scheme}://{host}:{canary.port}/"
                await refused(bank.post("/partner/webhooks", {"url": url}), 409, "webhook_url_refused")
        assert canary.connections == 0


async def looked_up(app: FastAPI, bank: Lender, resolve: Resolve) -> tuple[Json, float]:
    """The refusal of an endpoint whose name is looked up so, and the seconds it took."""
    before, began = app.dependency_overrides[resolver], perf_counter()
    app.dependency_overrides[resolver] = lambda: resolve
    try:
        problem = await refused(bank.post("/partner/webhooks", {"url": URL}), 409, "webhook_url_refused")
    finally:
        app.dependency_overrides[resolver] = before
    assert (await ok(bank.get("/partner/webhooks")))["items"] == []
    return problem, perf_counter() - began


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], ["8.8.8.8", "192.168.1.1"], ["169.254.169.254"]]
)
async def test_a_name_that_leads_inside_is_refused_and_the_name_is_not_looked_up_within_a_transaction(
    app: FastAPI, bank: Lender, addresses: list[str]
) -> None:
    asked: list[tuple[str, int, int]] = []

    async def inside(host: str, port: int) -> list[str]:
        asked.append((host, port, app.state.engine.pool.checkedout()))
        return addresses

    problem, _ = await looked_up(app, bank, inside)
    assert problem["fault"] == "inner_address"
    assert asked == [("banque.example", 443, 0)]


async def test_a_name_that_nobody_knows_is_refused_and_one_of_which_nobody_says_anything_soon(
    app: FastAPI, bank: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(_: str, __: int) -> list[str]:
        raise gaierror(EAI_NONAME, "Name or service not known")

    async def never(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr(webhooks, "_LOOKED_UP_SECONDS", 0.1)
    for resolve in (unknown, never):
        problem, seconds = await looked_up(app, bank, resolve)
        assert problem["fault"] == "unknown_name"
        assert seconds < 5


async def test_no_name_is_looked_up_for_who_has_no_endpoints(app: FastAPI, amiens: Ccas, client: AsyncClient) -> None:
    async def asked(_: str, __: int) -> list[str]:
        pytest.fail("looked up")

    before = app.dependency_overrides[resolver]
    app.dependency_overrides[resolver] = lambda: asked
    try:
        await refused(amiens.agent.post("/partner/webhooks", {"url": URL}), 403, "forbidden")
        await refused(client.post("/v1/partner/webhooks", json={"url": URL}), 401, "unauthenticated")
    finally:
        app.dependency_overrides[resolver] = before


async def test_a_partner_has_ten_endpoints_in_use_at_most(bank: Lender) -> None:
    made = [await ok(bank.post("/partner/webhooks", {"url": URL})) for _ in range(10)]
    problem = await refused(bank.post("/partner/webhooks", {"url": URL}), 409, "too_many_webhooks")
    assert problem["limit"] == 10
    left = f"/partner/webhooks/{made[0]['id']}"
    await ok(bank.post(f"{left}/disablements"))
    await ok(bank.post("/partner/webhooks", {"url": URL}))
    await refused(bank.post(f"{left}/enablements"), 409, "too_many_webhooks")
    assert (await ok(bank.get(left)))["disabled_because"] == "asked"


@pytest.mark.usefixtures("_loopback")
async def test_an_endpoint_is_disabled_and_enabled_and_what_happened_meanwhile_comes(
    databases: Databases, amiens: Ccas
) -> None:
    bank = await bank_of(databases, amiens)
    async with listening() as receiver:
        webhook = await bank.webhook(receiver)
        path = f"/partner/webhooks/{webhook['id']}"
        told = await ok(bank.lender.post(f"{path}/disablements"))
        assert (told["disabled_because"], told["version"]) == ("asked", 2)
        await refused(bank.lender.post(f"{path}/disablements"), 409, "webhook_already_disabled")
        bank.happens(*bank.handoffs)
        assert await worked(bank) == (0, 0)
        told = await ok(bank.lender.post(f"{path}/enablements"))
        assert (told["disabled_at"], told["disabled_because"], told["version"]) == (None, None, 3)
        await refused(bank.lender.post(f"{path}/enablements"), 409, "webhook_already_enabled")
        assert await worked(bank) == (1, 0)
        assert len(receiver.received) == 1


@pytest.mark.usefixtures("_loopback")
async def test_a_new_endpoint_is_told_of_what_happens_from_then_on(databases: Databases, amiens: Ccas) -> None:
    bank = await bank_of(databases, amiens)
    async with listening() as receiver:
        await bank.webhook(receiver)
        bank.happens(*bank.handoffs)
        await worked(bank)
        assert [received.data["sequence"] for received in receiver.received] == [2]
    assert [event["data"]["sequence"] for event in await bank.events()] == [1, 2]


async def test_another_partners_endpoint_is_answered_as_one_that_never_was(
    databases: Databases, client: AsyncClient, amiens: Ccas, bank: Lender
) -> None:
    webhook = await ok(bank.post("/partner/webhooks", {"url": URL}))
    rival = machine_of(databases, client, f"rival_{amiens.lender}")
    path = f"/partner/webhooks/{webhook['id']}"
    for answer in (
        rival.get(path),
        rival.get(f"{path}/deliveries"),
        rival.post(f"{path}/secrets"),
        rival.post(f"{path}/disablements"),
        rival.post(f"{path}/enablements"),
        rival.post(f"{path}/replays"),
        rival.post(f"{path}/deliveries/{webhook['id']}/replays"),
    ):
        await refused(answer, 404, "not_found")
    assert (await ok(rival.get("/partner/webhooks")))["items"] == []
    assert await ok(bank.get(path)) == {name: value for name, value in webhook.items() if name != "secret"}


async def test_without_encryption_keys_no_secret_is_made(bank: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    await ok(bank.get("/partner/webhooks"))
    monkeypatch.setattr(settings(), "encryption_keys", type(settings().encryption_keys)(""))
    await refused(bank.post("/partner/webhooks", {"url": URL}), 503, "encryption_keys_missing")
    assert (await ok(bank.get("/partner/webhooks")))["items"] == []
