"""The credentials of a partner's machines: two at once, an end, and a rotation that loses no push."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.cli import main
from app.commands.partners import ClientCredentials, add_partner
from app.domain.credentials import end_of_life
from app.security import Credential, sign_token
from tests.lenders import Lender, check, handed_over, lender_of, machine_of, sent, taken_in
from tests.signatures import KEYS, signing
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, ok, refused, run_sql

CREDENTIALS = "/partner/credentials"


@pytest.fixture
def machine(databases: Databases) -> ClientCredentials:
    """The credentials of a partner of this test alone."""
    return add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Une banque")


def lender(client: AsyncClient, made: ClientCredentials) -> Lender:
    """The machine that has the credentials."""
    return Lender(client, made.client_row_id, None, made.partner_id)


async def signed_in(client: AsyncClient, made: Json, partner_id: Any = None) -> Lender:
    """The machine of new credentials, by the token that it is given for them."""
    form = {"grant_type": "client_credentials", **{name: made[name] for name in ("client_id", "client_secret")}}
    token = (await ok(client.post("/v1/auth/token", data=form)))["access_token"]
    machine = Lender(client, uuid4(), None)
    machine.headers = {"Authorization": f"Bearer {token}"}
    return machine


async def test_a_partner_is_given_second_credentials_whose_secret_is_told_once_in_its_published_form(
    databases: Databases, client: AsyncClient, machine: ClientCredentials
) -> None:
    bank = lender(client, machine)
    made = await ok(bank.post(CREDENTIALS))
    assert re.fullmatch(r"mcs_[A-Za-z0-9_-]{43}", made["client_secret"])
    assert re.fullmatch(r"mcs_[A-Za-z0-9_-]{43}", machine.client_secret)
    assert (made["state"], made["signed_in_at"]) == ("active", None)
    assert made["client_id"].startswith(machine.client_id.rpartition("-")[0])
    second = await signed_in(client, made)
    items = (await ok(second.get(CREDENTIALS)))["items"]
    assert [item["client_id"] for item in items] == [made["client_id"], machine.client_id]
    assert set(items[0]) == {"id", "client_id", "state", "expires_at", "signed_in_at", "entered_at"}
    assert [item["signed_in_at"] is not None for item in items] == [True, False]
    engine = databases.owner()
    with engine.connect() as connection:
        dump = str(connection.exec_driver_sql("select * from partner_clients").all())
    engine.dispose()
    assert made["client_secret"] not in dump


async def test_two_are_active_at_most_and_the_last_is_not_revoked(
    client: AsyncClient, machine: ClientCredentials
) -> None:
    bank = lender(client, machine)
    first = (await ok(bank.get(CREDENTIALS)))["items"][0]["id"]
    await refused(bank.post(f"{CREDENTIALS}/{first}/revocations"), 409, "last_credential")
    second = await ok(bank.post(CREDENTIALS))
    problem = await refused(bank.post(CREDENTIALS), 409, "two_credentials_active")
    assert problem["active_max"] == 2
    revoked = await ok(bank.post(f"{CREDENTIALS}/{second['id']}/revocations"))
    assert revoked["state"] == "revoked"
    await refused(bank.post(f"{CREDENTIALS}/{second['id']}/revocations"), 409, "credential_revoked")
    form = {"grant_type": "client_credentials", "client_id": second["client_id"]}
    form |= {"client_secret": second["client_secret"]}
    await refused(client.post("/v1/auth/token", data=form), 401, "client_refused")
    third = await ok(bank.post(CREDENTIALS))
    assert [item["state"] for item in (await ok(bank.get(CREDENTIALS)))["items"]] == ["active", "revoked", "active"]
    # It may revoke what it came with, and is then nobody at once.
    after = await signed_in(client, third)
    await ok(bank.post(f"{CREDENTIALS}/{first}/revocations"))
    await refused(bank.get(CREDENTIALS), 401, "token_refused")
    await refused(after.post(f"{CREDENTIALS}/{third['id']}/revocations"), 409, "last_credential")


async def test_of_requests_at_once_one_is_given_the_second_credentials_and_one_is_left_with_the_last(
    client: AsyncClient, machine: ClientCredentials
) -> None:
    bank = lender(client, machine)
    answers = await asyncio.gather(*(bank.post(CREDENTIALS) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    both = [item["id"] for item in (await ok(bank.get(CREDENTIALS)))["items"]]
    answers = await asyncio.gather(*(bank.post(f"{CREDENTIALS}/{one}/revocations") for one in both))
    assert [answer.status_code for answer in answers].count(201) == 1


@pytest.mark.parametrize(
    ("body", "months"), [(None, 12), ({}, 12), ({"valid_months": 18}, 18), ({"valid_months": 1}, 1)]
)
async def test_credentials_and_keys_end_after_12_months_unless_asked_for_less_or_up_to_18(
    client: AsyncClient, machine: ClientCredentials, body: Json | None, months: int
) -> None:
    bank = lender(client, machine)
    for path in (CREDENTIALS, KEYS):
        made = await ok(bank.post(path, body))
        entered = datetime.fromisoformat(made["entered_at"])
        assert datetime.fromisoformat(made["expires_at"]) == end_of_life(entered, months)


async def test_no_credentials_are_good_for_longer_than_18_months(
    databases: Databases, client: AsyncClient, machine: ClientCredentials
) -> None:
    bank = lender(client, machine)
    for months in (19, 0, -1, "12", 12.0, None):
        for path in (CREDENTIALS, KEYS):
            await refused(bank.post(path, {"valid_months": months}), 422, "invalid")
    assert len((await ok(bank.get(CREDENTIALS)))["items"]) == 1
    late = datetime.now(UTC) + timedelta(days=551)
    with pytest.raises(Exception, match="eighteen_months"):
        add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Trop long", expires_at=late)


async def test_what_expires_is_refused_at_once_with_its_tokens_and_gives_its_place_to_others(
    client: AsyncClient, machine: ClientCredentials, moved: dict[str, datetime]
) -> None:
    bank = lender(client, machine)
    short = await ok(bank.post(CREDENTIALS, {"valid_months": 1}))
    later = datetime.fromisoformat(short["expires_at"])

    def token_of(account_id: Any) -> Lender:
        caller = Lender(client, account_id, None, machine.partner_id)
        credential = Credential(account_id, None, machine.partner_id)
        caller.headers = {"Authorization": f"Bearer {sign_token(credential, secret=TOKEN_SECRET, now=later)}"}
        return caller

    moved["now"] = later
    await refused(token_of(short["id"]).get(CREDENTIALS), 401, "token_refused")
    form = {"grant_type": "client_credentials", "client_id": short["client_id"]}
    form |= {"client_secret": short["client_secret"]}
    answer = await client.post("/v1/auth/token", data=form)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="microcredit"')
    still = token_of(machine.client_row_id)
    states = [item["state"] for item in (await ok(still.get(CREDENTIALS)))["items"]]
    assert states == ["expired", "active"]
    assert (await ok(still.post(CREDENTIALS)))["state"] == "active"


async def test_the_credentials_of_another_partner_are_nowhere(
    databases: Databases, client: AsyncClient, machine: ClientCredentials
) -> None:
    other = lender(client, add_partner(databases.owner_url, code=f"bank_{uuid4().hex[:12]}", name="Une autre"))
    await ok(lender(client, machine).post(CREDENTIALS))
    key = await ok(lender(client, machine).post(KEYS))
    for path in (f"{CREDENTIALS}/{machine.client_row_id}", f"{KEYS}/{key['id']}", f"{KEYS}/{uuid4()}"):
        await refused(other.post(f"{path}/revocations"), 404, "not_found")
    assert len((await ok(other.get(CREDENTIALS)))["items"]) == 1
    assert (await ok(other.get(KEYS)))["items"] == []


async def test_a_partner_that_signs_changes_its_credentials_and_keys_by_signed_requests_only(
    databases: Databases, client: AsyncClient, machine: ClientCredentials
) -> None:
    """Else whoever got hold of a token would make a key of their own."""
    thief = lender(client, machine)
    bank = await signing(thief)
    key = (await ok(bank.get(KEYS)))["items"][0]["id"]
    for path in (CREDENTIALS, KEYS, f"{CREDENTIALS}/{machine.client_row_id}/revocations", f"{KEYS}/{key}/revocations"):
        await refused(thief.post(path), 409, "signature_missing")
    second = await ok(bank.post(KEYS))
    assert (await ok(bank.post(CREDENTIALS)))["state"] == "active"
    await refused(bank.post(KEYS), 409, "two_signing_keys_active")
    assert (await ok(bank.post(f"{KEYS}/{key}/revocations")))["state"] == "revoked"
    await refused(bank.post(f"{KEYS}/{second['id']}/revocations"), 401, "signature_refused")
    bank.secret = second["secret"]
    await refused(bank.post(f"{KEYS}/{key}/revocations"), 409, "signing_key_revoked")


async def test_a_partner_that_signs_changes_its_endpoints_by_signed_requests_only(
    client: AsyncClient, machine: ClientCredentials
) -> None:
    """Else whoever got hold of a token would take the secret of an endpoint, and forge deliveries to it."""
    thief, webhooks = lender(client, machine), "/partner/webhooks"
    endpoint = await ok(thief.post(webhooks, {"url": "https://banque.example/before"}))
    path = f"{webhooks}/{endpoint['id']}"
    bank = await signing(thief)
    await refused(thief.post(webhooks, {"url": "https://banque.example/theirs"}), 409, "signature_missing")
    for change in ("secrets", "disablements", "enablements"):
        await refused(thief.post(f"{path}/{change}"), 409, "signature_missing")
    assert len((await ok(thief.get(webhooks)))["items"]) == 1
    assert (await ok(bank.post(f"{path}/secrets")))["secret"] != endpoint["secret"]
    assert (await ok(bank.post(f"{path}/disablements")))["disabled_because"] == "asked"
    assert (await ok(bank.post(f"{path}/enablements")))["disabled_at"] is None
    assert (await ok(bank.post(webhooks, {"url": "https://banque.example/after"})))["version"] == 1


async def test_a_partner_that_lost_its_keys_is_let_in_by_the_operator(
    databases: Databases, client: AsyncClient, machine: ClientCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    bank = lender(client, machine)
    await signing(bank)
    await refused(bank.post(KEYS), 409, "signature_missing")
    assert main(["partners", "revoke-keys", machine.client_id.rpartition("-")[0]]) == 0
    assert (await ok(bank.post(KEYS)))["state"] == "active"
    assert main(["partners", "revoke-keys", "nobody_here"]) == 1


async def test_the_operator_rotates_and_the_earlier_credentials_stay_good_for_a_week(
    databases: Databases,
    client: AsyncClient,
    machine: ClientCredentials,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    code = machine.client_id.rpartition("-")[0]
    assert main(["partners", "rotate", code]) == 0
    told = capsys.readouterr()
    matched = re.fullmatch(r"client_id=(\S+)\nclient_secret=(mcs_[\w-]{43})\n", told.out)
    assert matched
    assert told.err.startswith(f"{machine.client_id} stays good until ")
    bank = await signed_in(client, {"client_id": matched[1], "client_secret": matched[2]})
    _, earlier = (await ok(bank.get(CREDENTIALS)))["items"]
    left = datetime.fromisoformat(earlier["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    await ok(lender(client, machine).get(CREDENTIALS))
    assert main(["partners", "rotate", code]) == 1
    assert "revoke one first" in capsys.readouterr().err
    assert main(["partners", "revoke", machine.client_id]) == 0
    assert main(["partners", "rotate", code]) == 0
    assert main(["partners", "rotate", "nobody_here"]) == 1


async def test_a_rotation_under_traffic_loses_no_push(
    databases: Databases, client: AsyncClient, toulouse: Ccas
) -> None:
    """Two machines push while each moves to the new credentials; the earlier ones end once both have moved."""
    first = lender_of(databases, toulouse)
    handoff = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    using, answers = [first, first], []
    under_way: set[asyncio.Task[Response]] = set()
    moved = asyncio.Event()

    async def pushing(number: int) -> None:
        for turn in range(20):
            told = check(handoff, "unavailable", ref=f"C-{number}-{turn}")
            push = asyncio.create_task(using[number].post("/partner/ficp-checks", told))
            under_way.add(push)
            push.add_done_callback(under_way.discard)
            answers.append(await push)
            if turn == 15:
                await moved.wait()

    async def rotating() -> None:
        for _ in range(2):
            earlier = (await ok(using[0].get(CREDENTIALS)))["items"][0]["id"]
            made = await ok(using[0].post(CREDENTIALS))
            for number in range(2):
                using[number] = await signed_in(client, made)
            # What is on its way with the earlier token arrives before it ends.
            await asyncio.gather(*under_way)
            await ok(using[0].post(f"{CREDENTIALS}/{earlier}/revocations"))
        moved.set()

    await asyncio.gather(pushing(0), pushing(1), rotating())
    assert [answer.status_code for answer in answers] == [201] * 40
    assert len(run_sql(databases, toulouse, "select id from ficp_checks")) == 40
    await refused(first.get(CREDENTIALS), 401, "token_refused")


async def test_a_push_told_again_with_the_other_credentials_under_its_key_has_its_effect_once(
    databases: Databases, client: AsyncClient, amiens: Ccas
) -> None:
    first = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    second = await signed_in(client, await ok(first.post(CREDENTIALS)))
    path = f"/partner/handoffs/{handoff['id']}/acknowledgements"
    told = await first.post(path, {"reference": "P-1"}, key="once")
    again = await second.post(path, {"reference": "P-1"}, key="once")
    assert (told.status_code, again.status_code, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert again.content == told.content
    await refused(second.post(path, {"reference": "P-2"}, key="once"), 422, "idempotency_key_reused")
    assert (await ok(second.post(path, {"reference": "P-1"}, key="twice")))["known"]
    # Another partner's key is another key.
    other = machine_of(databases, client, f"bank_{uuid4().hex[:12]}")
    await refused(other.post(path, {"reference": "P-1"}, key="once"), 404, "not_found")
