"""Pushes signed by a key pair of the bank's own (ed25519): the service has its public half, and no secret."""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import AsyncClient, Response
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from app.security import public_key_of, signs_for_anybody
from app.settings import settings
from tests.api.test_ficp_checks import precheck
from tests.api.test_push_signatures import ASKED, PUSH, as_partner, bytes_of, checks_of
from tests.lenders import Lender, check, lender_of, open_under
from tests.signatures import KEYS, Signing, public_key, signature, signing
from tests.support import Ccas, Databases, Json, ok, refused

# The points of low order of the curve, and the other ways to write them: orders 1, 2, 4, 4, 8, 8, 8, 8, then y >= p.
LOW_ORDER = (
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "00" * 32,
    "00" * 31 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 31,
    "ed" + "ff" * 31,
    "ee" + "ff" * 31,
)


def written(raw: bytes) -> str:
    return "whpk_" + b64encode(raw).decode()


async def registered(lender: Lender, pair: Ed25519PrivateKey, **asked: Any) -> Json:
    """The bank's public key, as the service has it from now on."""
    return await ok(lender.post(KEYS, {"public_key": public_key(pair), **asked}))


@pytest.fixture
async def bank(databases: Databases, toulouse: Ccas) -> Signing:
    """A machine of Toulouse's bank, which signs by a pair of its own."""
    lender, pair = lender_of(databases, toulouse), Ed25519PrivateKey.generate()
    await registered(lender, pair)
    return Signing.of(lender, pair)


def kept(databases: Databases, bank: Lender) -> list[Any]:
    """The rows of the keys of a partner."""
    engine = databases.owner()
    with engine.begin() as connection:
        as_partner(connection, bank)
        rows = list(connection.execute(text("select * from partner_signing_keys order by id")).mappings())
    engine.dispose()
    return rows


async def test_a_bank_registers_its_own_public_key_and_no_secret_is_made(
    databases: Databases, toulouse: Ccas, monkeypatch: pytest.MonkeyPatch
) -> None:
    lender, pair = lender_of(databases, toulouse), Ed25519PrivateKey.generate()
    # Nothing is sealed: it needs no key of ours.
    monkeypatch.setenv("ENCRYPTION_KEYS", "")
    settings.cache_clear()
    try:
        made = await registered(lender, pair, valid_months=18)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert (made["secret"], made["public_key"], made["state"], made["known"]) == (
        None, public_key(pair), "active", False,
    )  # fmt: skip
    (item,) = (await ok(lender.get(KEYS)))["items"]
    assert item == {name: made[name] for name in ("id", "public_key", "state", "expires_at", "entered_at")}
    (row,) = kept(databases, lender)
    assert (row["public_key"], row["secret_sealed"]) == (public_key(pair), None)


async def test_its_signature_is_verified_over_the_exact_bytes_and_is_good_once_and_for_five_minutes(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    handoff = await precheck(toulouse)
    content = bytes_of(check(handoff, ref="C-1"))
    good = signature(bank.secret, content)
    late = signature(bank.secret, content, at=datetime.now(UTC) - timedelta(minutes=6))
    await refused(bank.send(PUSH, content, late), 401, "signature_stale")
    for wrong in (
        signature(bank.secret, content + b" "),
        {**good, "webhook-id": "msg_other"},
        {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)},
        {**good, "webhook-signature": good["webhook-signature"].replace("v1a,", "v1,")},
        {**good, "webhook-signature": good["webhook-signature"][:-20]},
        {**good, "webhook-signature": "v1a," + b64encode(bytes([1]) + bytes(63)).decode()},
        signature(Ed25519PrivateKey.generate(), content),
    ):
        await refused(bank.send(PUSH, content, wrong), 401, "signature_refused")
    assert checks_of(databases, toulouse) == []
    stranger = signature(Ed25519PrivateKey.generate(), content)["webhook-signature"]
    several = f"v1,AAAA v1a,!!!! {stranger} {good['webhook-signature']}".replace("!!!!", "AAA")
    assert (await bank.send(PUSH, content, {**good, "webhook-signature": several}, key="one")).status_code == 201
    await refused(bank.send(PUSH, content, good, key="two"), 409, "signature_replayed")
    assert checks_of(databases, toulouse) == ["C-1"]
    # What has no body has a signature of nothing; what is no text is refused for what it is.
    received = f"/partner/handoffs/{handoff['id']}/acknowledgements"
    raw = b'\xff"'
    await refused(bank.send(received, raw, signature(bank.secret, raw)), 400, "body_not_json")
    assert (await bank.send(PUSH, content, signature(bank.secret, content))).json()["status"] == "known"


async def test_a_key_signs_in_its_own_way_for_its_own_partner_and_for_nothing_else(
    databases: Databases, toulouse: Ccas, amiens: Ccas, bank: Signing
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    assert isinstance(bank.secret, Ed25519PrivateKey)
    raw = bank.secret.public_key().public_bytes_raw()
    shared = await ok(bank.post(KEYS))
    private = Ed25519PrivateKey.from_private_bytes(b64decode(shared["secret"].removeprefix("whsec_")))
    other = Ed25519PrivateKey.generate()
    await registered(lender_of(databases, amiens), other)
    endpoint = await ok(bank.post("/partner/webhooks", {"url": "https://bank.example.org/events"}))
    for wrong in (
        # The public key as if it were a shared secret, which everybody would know; a shared secret as a private key.
        signature("whsec_" + b64encode(raw).decode(), content),
        signature(private, content),
        # The key of another partner, and the secret by which we sign what we send.
        signature(other, content),
        signature(endpoint["secret"], content),
    ):
        await refused(bank.send(PUSH, content, wrong), 401, "signature_refused")
    assert checks_of(databases, toulouse) == []
    assert (await bank.send(PUSH, content, signature(shared["secret"], content))).status_code == 201


async def test_what_is_no_public_key_is_refused_by_its_field_and_never_told_back(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    encoded = b64encode(raw).decode()
    for value, code in (
        (encoded, "not_a_public_key"),
        (f"whsec_{encoded}", "not_a_public_key"),
        (f"whsk_{b64encode(raw * 2).decode()}", "too_long"),
        (f"whsk_{encoded}", "not_a_public_key"),
        (f"WHPK_{encoded}", "not_a_public_key"),
        (f"whpk_whpk_{encoded}", "not_a_public_key"),
        ("whpk_", "not_a_public_key"),
        ("", "not_a_public_key"),
        (written(raw[:31]), "not_a_public_key"),
        (written(raw + b"x"), "not_a_public_key"),
        (f"whpk_{encoded[:-1]}", "not_a_public_key"),
        (f"whpk_{encoded} ", "not_a_public_key"),
        (f"whpk_{encoded}\n", "not_a_public_key"),
        (f"whpk_{raw.hex()}", "too_long"),
        (f"whpk_é{encoded[1:]}", "not_a_public_key"),
        (f"whpk_-_{encoded[2:]}", "not_a_public_key"),
        (f"whpk_\0{encoded[1:]}", "not_a_public_key"),
        # The two bits that are left over of 32 bytes must be zero: a key is written in one way.
        (f"whpk_{'A' * 42}B=", "not_a_public_key"),
        (7, "not_text"),
        ([f"whpk_{encoded}"], "not_text"),
        *((written(bytes.fromhex(point)), "weak_public_key") for point in LOW_ORDER),
    ):
        answer = await lender.post(KEYS, {"public_key": value})
        problem = answer.json()
        assert answer.status_code == 422, value
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/body/public_key", code)], value
        assert encoded[:20] not in answer.text
    assert (await ok(lender.get(KEYS)))["items"] == []


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_key_of_low_order_signs_for_anybody(point: str) -> None:
    assert signs_for_anybody(public_key_of(written(bytes.fromhex(point))))


async def test_two_keys_are_active_at_once_whatever_they_are_and_changed_by_signed_requests_only(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    thief = lender_of(databases, toulouse)
    theirs = Ed25519PrivateKey.generate()
    await refused(thief.post(KEYS, {"public_key": public_key(theirs)}), 409, "signature_missing")
    (first,) = (await ok(bank.get(KEYS)))["items"]
    await refused(thief.post(f"{KEYS}/{first['id']}/revocations"), 409, "signature_missing")
    await ok(bank.post(KEYS))
    for body in ({}, {"public_key": public_key(theirs)}):
        assert (await refused(bank.post(KEYS, body), 409, "two_signing_keys_active"))["active_max"] == 2
    await ok(bank.post(f"{KEYS}/{first['id']}/revocations"))
    content = bytes_of(check(await precheck(toulouse)))
    await refused(bank.send(PUSH, content, signature(bank.secret, content)), 401, "signature_refused")
    for months in (0, 19, "12"):
        await refused(thief.post(KEYS, {"public_key": public_key(theirs), "valid_months": months}), 422, "invalid")


async def test_a_public_key_told_again_is_known_and_never_good_again_once_it_has_ended(
    databases: Databases, bank: Signing
) -> None:
    assert isinstance(bank.secret, Ed25519PrivateKey)
    body = {"public_key": public_key(bank.secret)}
    (first,) = (await ok(bank.get(KEYS)))["items"]
    again = await ok(bank.post(KEYS, {**body, "valid_months": 18}))
    assert again == {**first, "secret": None, "known": True}
    shared = await ok(bank.post(KEYS, {"valid_months": 18}))
    assert (await ok(bank.post(KEYS, body)))["known"]
    after = Signing.of(bank, shared["secret"])
    await ok(after.post(f"{KEYS}/{first['id']}/revocations"))
    await refused(after.post(KEYS, body), 409, "public_key_ended")
    other = Ed25519PrivateKey.generate()
    made = await registered(after, other)
    long_gone = "entered_at = now() - interval '1 year', expires_at = now()"
    engine = databases.owner()
    with engine.begin() as connection:
        as_partner(connection, bank)
        connection.execute(text(f"update partner_signing_keys set {long_gone} where id = :id"), made)  # noqa: S608
    engine.dispose()
    assert [item["state"] for item in (await ok(after.get(KEYS)))["items"]] == ["expired", "active", "revoked"]
    await refused(after.post(KEYS, {"public_key": public_key(other)}), 409, "public_key_ended")


async def test_of_the_same_public_key_sent_many_times_at_once_one_is_kept(databases: Databases, toulouse: Ccas) -> None:
    lender, pair = lender_of(databases, toulouse), Ed25519PrivateKey.generate()
    body = {"public_key": public_key(pair)}
    answers = await asyncio.gather(*(lender.post(KEYS, body) for _ in range(4)))
    # From the first on, the others need a signature.
    assert min(answer.status_code for answer in answers) == 201
    assert {answer.json().get("code") for answer in answers} <= {None, "signature_missing"}
    assert len(kept(databases, lender)) == 1


async def test_the_database_itself_keeps_a_secret_or_a_public_key_and_never_both_or_none(
    databases: Databases, bank: Signing
) -> None:
    engine = databases.owner()

    def change(connection: Connection, what: str) -> None:
        as_partner(connection, bank)
        connection.execute(text(f"update partner_signing_keys set {what}"))  # noqa: S608

    for what in ("public_key = null", "secret_sealed = 'x'"):
        with pytest.raises(IntegrityError, match="shared_or_public"), engine.begin() as connection:
            change(connection, what)
    engine.dispose()


async def test_a_rotation_from_a_shared_secret_to_a_pair_and_to_the_next_loses_no_push_under_traffic(
    databases: Databases, client: AsyncClient
) -> None:
    """Two machines push, under an agreement that asks for signatures, while each moves to the new key."""
    ccas = open_under(databases, client, "toulouse", **ASKED)
    first = await signing(lender_of(databases, ccas))
    handoff = await precheck(ccas)
    using, answers = [first, first], []
    under_way: set[asyncio.Task[Response]] = set()
    moved = asyncio.Event()

    async def pushing(number: int) -> None:
        for turn in range(20):
            told = check(handoff, "unavailable", ref=f"C-{number}-{turn}")
            push = asyncio.create_task(using[number].post(PUSH, told))
            under_way.add(push)
            push.add_done_callback(under_way.discard)
            answers.append(await push)
            if turn == 15:
                await moved.wait()

    async def rotating() -> None:
        for _ in range(2):
            earlier = (await ok(using[0].get(KEYS)))["items"][0]["id"]
            pair = Ed25519PrivateKey.generate()
            await registered(using[0], pair)
            for number in range(2):
                using[number] = Signing.of(first, pair)
            # What is on its way under the earlier key arrives before it ends.
            await asyncio.gather(*under_way)
            await ok(using[0].post(f"{KEYS}/{earlier}/revocations"))
        moved.set()

    await asyncio.gather(pushing(0), pushing(1), rotating())
    assert [answer.status_code for answer in answers] == [201] * 40
    assert len(checks_of(databases, ccas)) == 40
    content = bytes_of(check(handoff, "unavailable", ref="C-late"))
    await refused(first.send(PUSH, content, signature(first.secret, content)), 401, "signature_refused")
    assert [item["state"] for item in (await ok(first.get(KEYS)))["items"]] == ["active", "revoked", "revoked"]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fr", "La signature ne prouve rien : signez avec l’une de vos clés actives."),
        ("en", "The signature proves nothing: sign with one of your active keys."),
    ],
)
async def test_a_refused_signature_is_titled_as_one_and_not_as_a_token(
    databases: Databases, toulouse: Ccas, bank: Signing, language: str, title: str
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    bank.headers = {**bank.headers, "Accept-Language": language}
    late = signature(bank.secret, content, at=datetime.now(UTC) - timedelta(minutes=6))
    foreign = signature(Ed25519PrivateKey.generate(), content)
    for signed, code in ((late, "signature_stale"), (foreign, "signature_refused")):
        problem = await refused(bank.send(PUSH, content, signed), 401, code)
        assert (problem["title"], problem["error"]) == (title, "invalid_request")
        assert problem["detail"] != title
    bank.headers = {**bank.headers, "Authorization": "Bearer nothing"}
    problem = await refused(bank.send(PUSH, content, foreign), 401, "token_refused")
    assert problem["title"] != title
