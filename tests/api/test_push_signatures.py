"""Signed pushes (Standard Webhooks): good once, fresh by our clock, and mandatory where the agreement says so."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import Connection, text
from standardwebhooks import Webhook

from app.commands.nightly import run
from app.settings import settings
from tests.api.test_ficp_checks import precheck, where
from tests.lenders import check, handed_over, lender_of, neighbours, offer, open_under, sent, taken_in
from tests.signatures import KEYS, Signing, signature, signing
from tests.support import ENCRYPTION_KEYS, Ccas, Databases, Json, ok, refused, run_sql

PUSH = "/partner/ficp-checks"
ASKED = {"credit_municipal_toulouse": {"signature_required": True}}
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


@pytest.fixture
async def bank(databases: Databases, toulouse: Ccas) -> Signing:
    """A machine of Toulouse's bank, which signs."""
    return await signing(lender_of(databases, toulouse))


def bytes_of(body: Json) -> bytes:
    """The body as it is signed and sent."""
    return json.dumps(body).encode()


def checks_of(databases: Databases, ccas: Ccas) -> list[str]:
    """The references of the checks that the CCAS's database holds."""
    return [row["consultation_ref"] for row in run_sql(databases, ccas, "select consultation_ref from ficp_checks")]


async def test_a_key_is_told_once_in_the_form_of_the_standard_and_kept_sealed(
    databases: Databases, toulouse: Ccas
) -> None:
    bank = await signing(lender_of(databases, toulouse))
    assert isinstance(bank.secret, str)
    assert len(Webhook(bank.secret)._whsecret) == 32
    (item,) = (await ok(bank.get(KEYS)))["items"]
    assert set(item) == {"id", "public_key", "state", "expires_at", "entered_at"}
    assert item["public_key"] is None
    engine = databases.owner()
    with engine.begin() as connection:
        as_partner(connection, bank)
        kept = str(connection.execute(text("select * from partner_signing_keys")).all())
    engine.dispose()
    assert item["id"] in kept
    assert bank.secret.removeprefix("whsec_") not in kept


async def test_a_signature_of_the_official_library_is_verified_over_the_exact_bytes(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    handoff = await precheck(toulouse)
    spaced = json.dumps(check(handoff, ref="C-1"), indent=3).encode()
    assert (await bank.send(PUSH, spaced, signature(bank.secret, spaced))).status_code == 201
    compact = json.dumps(check(handoff, ref="C-2"), separators=(",", ":")).encode()
    await refused(bank.send(PUSH, compact, signature(bank.secret, compact + b" ")), 401, "signature_refused")
    await refused(bank.send(PUSH, compact, signature(bank.secret, spaced)), 401, "signature_refused")
    # What has no body has a signature of nothing.
    path = f"/partner/handoffs/{handoff['id']}/acknowledgements"
    await refused(bank.send(path, b"", signature(bank.secret, b"{}")), 401, "signature_refused")
    assert checks_of(databases, toulouse) == ["C-1"]
    assert await where(toulouse, handoff) == ("accepted", "intake")


async def test_what_is_not_whole_or_not_well_formed_is_refused_by_name(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    handoff = await precheck(toulouse)
    content = bytes_of(check(handoff))
    good = signature(bank.secret, content)
    for name in NAMES:
        partly = {key: value for key, value in good.items() if key != name}
        problem = await refused(bank.send(PUSH, content, partly), 400, "header_missing")
        assert problem["header"] == name
        twice = [*good.items(), (name, good[name])]
        problem = await refused(bank.send(PUSH, content, twice), 400, "header_doubled")
        assert problem["header"] == name
    signed = good["webhook-signature"]
    for name, values in {
        "webhook-id": ("", " ", "a.b", "a b", "x" * 256),
        "webhook-timestamp": ("", "now", "1e9", "1.5", f"{good['webhook-timestamp']}.0", "-1", "0", "1" * 30, " "),
        "webhook-signature": (
            "",
            "v1",
            "v1,",
            signed[3:],
            f"v2{signed[2:]}",
            f"{signed},",
            "v1,é",
            " ".join([signed] * 11),
        ),
    }.items():  # fmt: skip
        for value in values:
            headers = [(key, value if key == name else other) for key, other in good.items()]
            encoded: Any = [(key, text.encode("latin-1")) for key, text in headers]
            problem = await refused(bank.send(PUSH, content, encoded), 400, "header_malformed")
            assert problem["header"] == name, value
    assert checks_of(databases, toulouse) == []


async def test_a_signature_by_no_active_key_of_the_partner_is_refused(
    databases: Databases, toulouse: Ccas, amiens: Ccas, bank: Signing
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    stranger = await signing(lender_of(databases, amiens))
    good = signature(bank.secret, content)
    for wrong in (
        signature(stranger.secret, content),
        {**good, "webhook-id": "msg_other"},
        {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)},
        {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v1a,")},
        {**good, "webhook-signature": good["webhook-signature"].swapcase().replace("V1,", "v1,")},
    ):
        problem = await refused(bank.send(PUSH, content, wrong), 401, "signature_refused")
        assert problem["error"] == "invalid_request"
    unknown = Signing.of(lender_of(databases, toulouse), bank.secret)
    assert checks_of(databases, toulouse) == []
    assert (await unknown.send(PUSH, content, good)).status_code == 201


async def test_during_a_rotation_both_keys_sign_together_or_alone_and_the_earlier_one_no_more_after_it(
    toulouse: Ccas, bank: Signing
) -> None:
    handoff = await precheck(toulouse)
    (first,) = (await ok(bank.get(KEYS)))["items"]
    second = await ok(bank.post(KEYS))

    async def pushed(ref: str, *secrets: str) -> Response:
        content = bytes_of(check(handoff, "unavailable", ref=ref))
        at, name = datetime.now(UTC), f"msg_{ref}"
        signed = [signature(secret, content, at=at, message_id=name) for secret in secrets]
        together = " ".join(["v1a,AAAA", *(one["webhook-signature"] for one in signed)])
        return await bank.send(PUSH, content, {**signed[0], "webhook-signature": together})

    for number, secrets in enumerate(((bank.secret,), (second["secret"],), (bank.secret, second["secret"]))):
        assert (await pushed(f"C-{number}", *secrets)).status_code == 201
    await ok(bank.post(f"{KEYS}/{first['id']}/revocations"))
    await refused(pushed("C-3", bank.secret), 401, "signature_refused")
    assert (await pushed("C-4", bank.secret, second["secret"])).status_code == 201


async def test_a_signature_is_good_for_five_minutes_by_our_clock_to_either_side(
    databases: Databases, toulouse: Ccas, bank: Signing, moved: dict[str, datetime]
) -> None:
    handoff = await precheck(toulouse)
    moved["now"] = there = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=20)
    for seconds, fresh in ((-301, False), (-300, True), (0, True), (300, True), (301, False)):
        content = bytes_of(check(handoff, "unavailable", ref=f"C{seconds}"))
        signed = signature(bank.secret, content, at=there + timedelta(seconds=seconds))
        if fresh:
            assert (await bank.send(PUSH, content, signed)).status_code == 201, seconds
        else:
            problem = await refused(bank.send(PUSH, content, signed), 401, "signature_stale")
            assert problem["minutes_max"] == 5
    assert len(checks_of(databases, toulouse)) == 3


async def test_a_key_that_has_expired_signs_no_more(
    toulouse: Ccas, bank: Signing, moved: dict[str, datetime], databases: Databases
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    long_gone = "update partner_signing_keys set entered_at = now() - interval '1 year', expires_at = now()"
    engine = databases.owner()
    with engine.begin() as connection:
        as_partner(connection, bank)
        connection.execute(text(long_gone))
    engine.dispose()
    moved["now"] = datetime.now(UTC)
    await refused(bank.send(PUSH, content, signature(bank.secret, content)), 401, "signature_refused")
    assert [item["state"] for item in (await ok(bank.get(KEYS)))["items"]] == ["expired"]


def as_partner(connection: Connection, bank: Signing) -> None:
    """Binds the connection's transaction to the partner of a machine."""
    bind = "select set_config('app.partner_id', (select partner_id::text from partner_clients where id = :id), true)"
    connection.execute(text(bind), {"id": bank.account_id})


async def test_a_key_is_read_under_whichever_of_our_keys_it_was_sealed_and_told_apart_from_a_wrong_one(
    databases: Databases, toulouse: Ccas, bank: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = await precheck(toulouse)
    another = "another-key-for-tests-alone-long-enough-to-seal-with"
    try:
        for keys, status in ((f"{another} {ENCRYPTION_KEYS}", 201), (another, 503)):
            monkeypatch.setenv("ENCRYPTION_KEYS", keys)
            settings.cache_clear()
            answer = await bank.post(PUSH, check(handoff, "unavailable", ref=f"C-{status}"))
            assert answer.status_code == status, answer.text
        assert answer.json()["code"] == "seal_broken"
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert checks_of(databases, toulouse) == ["C-201"]


async def test_the_same_signature_is_good_once_wherever_it_is_sent(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    one, two = await precheck(toulouse), await precheck(toulouse)
    content = b""
    signed = signature(bank.secret, content)
    first, other = (f"/partner/handoffs/{handoff['id']}/acknowledgements" for handoff in (one, two))
    assert (await bank.send(first, content, signed, key="once")).status_code == 201
    for path, key in ((first, "once"), (first, "twice"), (other, "once")):
        await refused(bank.send(path, content, signed, key=key), 409, "signature_replayed")
    more = {**signed, "webhook-signature": f"v1,{'A' * 43}= {signed['webhook-signature']}"}
    await refused(bank.send(other, content, more), 409, "signature_replayed")
    assert [await where(toulouse, handoff) for handoff in (one, two)] == [("received", "intake"), ("sent", "intake")]


async def test_of_one_signature_sent_many_times_at_once_one_has_its_effect(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    signed = signature(bank.secret, content)
    answers = await asyncio.gather(*(bank.send(PUSH, content, signed) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert {answer.json().get("code") for answer in answers} == {None, "signature_replayed"}
    assert len(checks_of(databases, toulouse)) == 1


async def test_of_first_keys_asked_for_at_once_one_is_made_and_the_others_need_its_signature(
    databases: Databases, toulouse: Ccas
) -> None:
    lender = lender_of(databases, toulouse)
    answers = await asyncio.gather(*(lender.post(KEYS) for _ in range(4)))
    codes = [answer.json().get("code") for answer in answers]
    assert sorted(codes, key=str) == [None, *["signature_missing"] * 3]
    assert len((await ok(lender.get(KEYS)))["items"]) == 1


async def test_a_retry_signs_again_and_is_given_the_stored_answer(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    content = bytes_of(check(await precheck(toulouse)))
    at = datetime.now(UTC) - timedelta(seconds=30)
    first, again = [
        await bank.send(PUSH, content, signature(bank.secret, content, at=instant, message_id="msg_1"), key="once")
        for instant in (at, at + timedelta(seconds=5))
    ]
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert (again.content, len(checks_of(databases, toulouse))) == (first.content, 1)


async def test_a_push_that_was_refused_may_be_sent_again_as_it_was(toulouse: Ccas, bank: Signing) -> None:
    """Its signature had no effect, and none is kept of what had none."""
    handoff = await precheck(toulouse)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for told, status, code in (
        (check(handoff, consulted_at=tomorrow), 409, "date_in_future"),
        ({**check(handoff), "incident_count": 2}, 422, "invalid"),
    ):
        content = bytes_of(told)
        signed = signature(bank.secret, content)
        for _ in range(2):
            await refused(bank.send(PUSH, content, signed), status, code)


async def test_signatures_that_are_stale_anyway_are_forgotten_by_night(
    databases: Databases, toulouse: Ccas, bank: Signing
) -> None:
    handoff = await precheck(toulouse)
    engine = databases.owner()
    for minutes in (30, 11, 9, 0):
        await ok(bank.post(PUSH, check(handoff, "unavailable", ref=f"C-{minutes}")))
        older = (
            "update push_signatures set signed_at = now() - make_interval(mins => :m) where signed_at > now() - :fresh"
        )
        with engine.begin() as connection:
            as_partner(connection, bank)
            connection.execute(text(older), {"m": minutes, "fresh": timedelta(minutes=5)})
    engine.dispose()
    before = signatures(databases, bank)
    await run(databases.app_url, date(2018, 3, 5), slug=toulouse.slug)
    assert (len(before), signatures(databases, bank)) == (4, before[2:])


def signatures(databases: Databases, bank: Signing) -> list[datetime]:
    """The instants of the signatures kept for the partner, oldest first."""
    engine = databases.owner()
    with engine.begin() as connection:
        as_partner(connection, bank)
        rows = connection.execute(text("select signed_at from push_signatures order by signed_at")).scalars().all()
    engine.dispose()
    return list(rows)


# Mandatory where the agreement says.


async def test_under_such_an_agreement_nothing_is_written_on_a_handoff_without_a_signature(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_under(databases, client, "toulouse", **ASKED)
    plain = lender_of(databases, ccas)
    handoff = await precheck(ccas)
    path = f"/partner/handoffs/{handoff['id']}"
    for answer in (
        plain.post(f"{path}/acknowledgements"),
        plain.post(f"{path}/answers", {"decision": "refused", "decided_on": "2018-03-16"}),
        plain.post(f"{path}/disbursements", {"amount_cents": 1, "disbursed_on": "2018-04-05", "reference": "V-1",
                                             "payee": {"kind": "supplier"}}),
        plain.post(PUSH, check(handoff)),
    ):  # fmt: skip
        await refused(answer, 409, "signature_missing")
    (item,) = (await ok(plain.post(PUSH, {"items": [check(handoff)]})))["items"]
    assert (item["status"], item["error"]["code"]) == ("refused", "signature_missing")
    assert (await where(ccas, handoff), checks_of(databases, ccas)) == (("sent", "intake"), [])
    # It may be read, and what is not there looks as it does elsewhere.
    assert (await ok(plain.get(path)))["status"] == "sent"
    await refused(plain.post(f"/partner/handoffs/{uuid4()}/acknowledgements"), 404, "not_found")
    bank = await signing(plain)
    await ok(bank.post(f"{path}/acknowledgements"))
    (item,) = (await ok(bank.post(PUSH, {"items": [check(handoff)]})))["items"]
    assert item["status"] == "recorded"
    assert await where(ccas, handoff) == ("accepted", "intake")


async def test_an_offer_without_a_signature_is_refused_whatever_it_says(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_under(databases, client, "toulouse", **ASKED)
    plain = lender_of(databases, ccas)
    request = await taken_in(ccas)
    handoff = await handed_over(ccas, request["id"], "precheck", "2018-03-02")
    body = offer(300_000, 36, "3.04")
    await refused(plain.post(f"/partner/handoffs/{handoff['id']}/offers", body), 409, "signature_missing")


async def test_a_batch_for_two_ccas_is_refused_item_by_item_where_a_signature_is_asked_for(
    databases: Databases, client: AsyncClient
) -> None:
    asking, other = neighbours(databases, client, "toulouse")
    plain = lender_of(databases, asking)
    run_sql(databases, asking, "update agreements set signature_required = true", as_owner=True)
    handoffs = [await precheck(ccas) for ccas in (asking, other)]
    told = {"items": [check(handoff, ref=f"C-{number}") for number, handoff in enumerate(handoffs)]}
    items = (await ok(plain.post(PUSH, told)))["items"]
    assert [item["error"]["code"] if item["error"] else item["status"] for item in items] == [
        "signature_missing",
        "recorded",
    ]
    assert [checks_of(databases, ccas) for ccas in (asking, other)] == [[], ["C-1"]]


async def test_a_statement_without_a_signature_leaves_the_ccas_that_asks_for_one_as_it_was(
    databases: Databases, client: AsyncClient
) -> None:
    asking, other = neighbours(databases, client, "amiens")
    plain = lender_of(databases, asking)
    handoff, _ = [await sent(ccas, None, 200_000, 24) for ccas in (asking, other)]
    run_sql(databases, asking, "update agreements set signature_required = true", as_owner=True)

    def statements() -> list[int]:
        return [len(run_sql(databases, ccas, "select id from statements")) for ccas in (asking, other)]

    empty = {"position_on": "2018-05-31", "items": []}
    await refused(plain.post("/partner/repayments", empty), 409, "signature_missing")
    assert statements() == [0, 0]
    line = {
        "kind": "repayment",
        "handoff_id": handoff["id"],
        "reference": "R-1",
        "amount_cents": 1,
        "paid_on": "2018-05-05",
    }
    (item,) = (await ok(plain.post("/partner/repayments", {**empty, "items": [line]})))["items"]
    assert item["error"]["code"] == "signature_missing"
    assert statements() == [0, 1]
    bank = await signing(plain)
    await ok(bank.post("/partner/repayments", empty))
    assert statements() == [1, 2]
