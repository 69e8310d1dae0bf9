"""The bank in a box against a real service: its keys, its endpoint, its patience, its command."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from anyio import to_thread
from fastapi import FastAPI
from httpx import AsyncClient
from standardwebhooks import Webhook

from app.commands.dev_deliveries import deliver_until
from app.commands.partners import add_partner
from app.commands.simulator.bank import Bank
from app.commands.simulator.behaviour import Push
from app.commands.simulator.keys import rotate
from app.commands.simulator.listener import Listener, listening, secret_of
from app.commands.simulator.machine import Machine, NoAnswer
from app.commands.simulator.play import partner_simulator
from app.commands.simulator.scenario import Conduct, Credentials, Scenario, Session, SimulatorRefused
from tests.banks import Clock, post_of, served, settled
from tests.lenders import (
    accepted_file,
    handed_over,
    offer,
    open_under,
    paid_out,
    repayment_line,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, open_ccas

DAY = "2018-03-16"


@pytest.fixture
async def anyone(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with served(app) as client:
        yield client


async def at_once(_: float) -> None:
    return


async def status_of(ccas: Ccas, handoff: Json) -> str:
    return str((await ok(ccas.agent.get(f"/handoffs/{handoff['id']}")))["status"])


async def test_keys_are_changed_between_two_pushes_and_the_earlier_ones_are_good_no_more(
    databases: Databases, anyone: AsyncClient, tmp_path: Path
) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    kept = tmp_path / "clients"
    async with post_of(databases, amiens, Clock(DAY), Scenario()) as post:
        bank, earlier = post.start(), Credentials(post.credentials.client_id, post.credentials.client_secret)
        kept.write_text(f"{earlier.client_id} {earlier.client_secret}\nanother-demo secret\n")
        for _ in range(3):
            handoff = await sent(amiens, None, 60_000, 12)
            await settled(bank)
            assert await status_of(amiens, handoff) == "accepted"
            await rotate(bank.machine, kept=kept)
        for path in ("/partner/credentials", "/partner/signing-keys"):
            states = [one["state"] for one in (await bank.machine.read(path)).json()["items"]]
            assert states.count("active") == 1
            assert len(states) == (4 if path.endswith("credentials") else 3)
        with pytest.raises(SimulatorRefused, match="/v1/auth/token"):
            await Machine(post.client, earlier).read("/partner/handoffs")
    now = post.credentials
    lines = dict(line.split(" ", 1) for line in kept.read_text().splitlines())
    assert lines == {
        "another-demo": "secret",
        now.client_id: now.client_secret,
        f"{now.client_id}.signing_key": now.signing_key,
        f"{now.client_id}.signing_key_id": now.signing_key_id,
    }
    assert kept.stat().st_mode & 0o077 == 0


async def test_where_the_agreement_asks_for_signatures_the_bank_signs(
    databases: Databases, anyone: AsyncClient
) -> None:
    amiens = open_under(databases, anyone, "amiens", credit_mutuel={"signature_required": True})
    handoff = await sent(amiens, None, 60_000, 12)
    async with post_of(databases, amiens, Clock(DAY), Scenario()) as post:
        bank = post.start()
        await settled(bank)
        assert bank.told["signature_missing"] == sum(bank.told.values()) > 0
        assert await status_of(amiens, handoff) == "sent"
        await rotate(bank.machine)
        await settled(bank)
    assert await status_of(amiens, handoff) == "accepted"


async def test_it_asks_for_more_and_accepts_once_it_has_it(databases: Databases, anyone: AsyncClient) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    handoff = await sent(amiens, None, 60_000, 12)
    async with post_of(databases, amiens, Clock(DAY), Scenario(conduct=Conduct.ASK)) as post:
        await settled(post.start())
        assert await status_of(amiens, handoff) == "more_information"
        await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/completions", {"note": "Avis d'imposition joint"}))
        await settled(post.start())
    assert await status_of(amiens, handoff) == "accepted"


async def test_it_refuses_by_its_check_where_the_check_is_the_answer(databases: Databases, anyone: AsyncClient) -> None:
    toulouse = open_ccas(databases, anyone, "toulouse")
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    async with post_of(databases, toulouse, Clock(DAY), Scenario(conduct=Conduct.REFUSE)) as post:
        await settled(post.start())
    assert await status_of(toulouse, handoff) == "refused"


async def test_a_loan_that_was_offered_otherwise_is_left_to_those_who_know_its_rows(
    databases: Databases, anyone: AsyncClient
) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    lender, handoff = await accepted_file(databases, amiens, 60_000, 12)
    loan_id = await paid_out(amiens, lender, handoff, offer(60_000, 12, "6.20"))
    line = repayment_line(handoff, 5_170, "2018-05-05", "R-1")
    await ok(lender.post("/partner/repayments", {"position_on": "2018-05-31", "items": [line]}))
    async with post_of(databases, amiens, Clock("2020-01-02"), Scenario()) as post:
        bank = post.start()
        await settled(bank)
        assert not bank.told
    loan = await ok(amiens.agent.get(f"/loans/{loan_id}", as_of="2020-01-02"))
    assert (loan["anomalies"], loan["repaid_cents"]) == ([], 5_170)


async def test_an_endpoint_is_registered_once_and_its_earlier_secret_ends(
    databases: Databases, anyone: AsyncClient
) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    async with post_of(databases, amiens, Clock(DAY), Scenario()) as post:
        machine = post.start().machine
        one, other = [await secret_of(machine, "http://127.0.0.1:9/events") for _ in range(2)]
        (endpoint,) = (await machine.read("/partner/webhooks")).json()["items"]
    assert one != other
    assert endpoint["previous_secret_until"] is None


def delivery(secret: str, body: bytes, *, at: datetime | None = None) -> dict[str, str]:
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign("m-1", moment, body.decode()),
    }


async def test_it_takes_what_is_genuine_and_fresh_and_nothing_while_it_is_down() -> None:
    clock = Clock(DAY)
    bank = Bank(Machine(AsyncClient(), Credentials("a", "b")), Scenario(), now=clock)
    listener = Listener(bank)
    secret, strange = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0", "whsec_c3RyYW5nZXJzdHJhbmdlcnM="
    listener.secrets.append(secret)
    data = {"handoff_id": str(uuid4()), "sequence": 3, "status": "accepted"}
    body = json.dumps({"type": "loan.accepted", "timestamp": "2018-03-16T08:00:00Z", "data": data}).encode()
    async with listening(listener, 0) as address, AsyncClient() as sender:

        async def answered(headers: dict[str, str]) -> int:
            return (await sender.post(address, content=body, headers=headers)).status_code

        assert await answered(delivery(strange, body)) == 401
        assert await answered(delivery(secret, body, at=datetime.now(UTC) - timedelta(minutes=6))) == 401
        assert await answered({}) == 401
        assert await answered({**delivery(secret, body), "webhook-signature": "v1"}) == 401
        assert not listener.heard.is_set()
        bank.go_down(timedelta(hours=8))
        assert await answered(delivery(secret, body)) == 503
        clock.pass_hours(8)
        assert [await answered(delivery(secret, body)) for _ in range(2)] == [204, 204]
    assert listener.heard.is_set()


async def test_what_is_not_answered_is_asked_again_and_then_given_up_for_this_round() -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    token = b'{"access_token": "t", "token_type": "bearer", "expires_in": 9}'
    answers = [(503, b""), (429, b""), (200, token), *[(500, b"")] * 4]

    async def service(_: Json, __: Callable[[], Awaitable[Json]], send: Callable[[Json], Awaitable[None]]) -> None:
        status, body = answers.pop(0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async with listening(service, 0) as address, AsyncClient(base_url=address) as client:
        machine = Machine(client, Credentials("a", "b"), pause=pause)
        with pytest.raises(NoAnswer, match=r"POST http://\S+/v1/partner/x"):
            await machine.push(Push("x", "/partner/x", {}))
    assert (waits, answers) == ([0.2, 0.4, 0.8, 1.6, 3.2], [])


async def test_a_service_that_is_not_there_is_one_that_does_not_answer() -> None:
    async with AsyncClient(base_url="http://127.0.0.1:9") as client:
        with pytest.raises(NoAnswer):
            await Machine(client, Credentials("a", "b"), pause=at_once).read("/partner/handoffs")


async def test_the_worker_of_dev_delivers_until_the_service_ends(databases: Databases, anyone: AsyncClient) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    async with post_of(databases, amiens, Clock(DAY), Scenario()) as post:
        bank = post.start()
        listener = Listener(bank)
        async with listening(listener, 0) as address:
            listener.secrets.append(await secret_of(bank.machine, f"{address}/events"))
            handoff = await sent(amiens, None, 60_000, 12)
            await to_thread.run_sync(deliver_until, listener.heard.is_set)
        await settled(bank, reads=False)
    assert await status_of(amiens, handoff) == "accepted"


async def test_the_command_plays_a_round_and_says_what_became_of_each_push(
    databases: Databases, anyone: AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    amiens = open_ccas(databases, anyone, "amiens")
    handoff = await sent(amiens, None, 60_000, 12)
    made = add_partner(databases.owner_url, code=amiens.lender, name=amiens.lender)
    session = Session(
        url=str(anyone.base_url), credentials=Credentials(made.client_id, made.client_secret), rounds=1, listen=0
    )
    assert await to_thread.run_sync(partner_simulator, session, Scenario(repeat=True)) == 0
    assert await status_of(amiens, handoff) == "accepted"
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{what} of {handoff['id']}: {outcome}"
        for what in ("acknowledgement", "check", "answer")
        for outcome in ("recorded", "replayed", "known")
    ]


async def test_a_command_whose_last_round_had_no_answer_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.commands.simulator.machine._FIRST_PAUSE_SECONDS", 0)
    session = Session(url="http://127.0.0.1:1", credentials=Credentials("nobody", "secret"), rounds=1)
    assert await to_thread.run_sync(partner_simulator, session, Scenario()) == 1
    assert capsys.readouterr().out == "no answer: GET http://127.0.0.1:1/v1/partner/events\n"
