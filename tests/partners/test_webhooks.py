"""What leaves for a receiver that listens for real: signed, bounded in time, to a checked address and no other."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.deliveries import Attempt, AttemptOutcome
from app.domain.webhook_targets import Target
from app.partners import webhooks
from app.partners.webhooks import Message, Resolve, Sender
from tests.receivers import Received, answer, listening

SECRET, OTHER = "whsec_" + "A" * 44, "whsec_" + "B" * 44


def message(body: bytes = b'{"type":"handoff.sent"}') -> Message:
    """An event."""
    return Message(uuid4(), body)


async def sent(url: str, *secrets: str, told: Message | None = None, resolve: Resolve = webhooks.resolve) -> Attempt:
    """One attempt, the loopback being allowed."""
    async with Sender(loopback_allowed=True, resolve=resolve).line(url, connections_max=1) as line:
        return await line.send(told or message(), secrets=secrets or [SECRET], at=datetime.now(UTC))


async def test_the_official_library_verifies_the_exact_bytes_that_were_sent() -> None:
    told = message('{"type":"é", "a": 1}'.encode())
    async with listening() as receiver:
        attempt = await sent(receiver.url, told=told)
    (received,) = receiver.received
    assert (attempt.outcome, attempt.status_code) == (AttemptOutcome.DELIVERED, 204)
    assert (received.body, received.event_id, received.path) == (told.body, str(told.id), "/events")
    assert Webhook(SECRET).verify(received.body, received.headers) == {"type": "é", "a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(received.body + b" ", received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(received.body, received.headers)


async def test_with_two_secrets_either_verifies_it() -> None:
    async with listening() as receiver:
        await sent(receiver.url, SECRET, OTHER)
    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(received.body, received.headers)


async def test_the_instant_that_is_signed_is_that_of_the_attempt() -> None:
    at = datetime.now(UTC) - timedelta(minutes=6)
    signature = webhooks.signed(message(), secrets=[SECRET], at=at)
    assert signature["webhook-timestamp"] == str(int(at.timestamp()))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(SECRET).verify(message().body, signature)


async def test_a_redirection_is_a_failure_and_is_not_followed() -> None:
    async with listening() as canary, listening() as receiver:
        for status in (301, 302, 303, 307, 308):
            receiver.says(answer(status, f"Location: {canary.url}"))
            attempt = await sent(receiver.url)
            assert (attempt.outcome, attempt.status_code) == (AttemptOutcome.REDIRECTED, status)
        assert (canary.connections, len(receiver.received)) == (0, 5)


async def test_what_an_answer_asks_is_told_and_its_body_is_not() -> None:
    async with listening() as receiver:
        receiver.says(answer(429, "Retry-After: 120", body=b"nobody reads this"))
        attempt = await sent(receiver.url)
    assert (attempt.outcome, attempt.retry_after) == (AttemptOutcome.THROTTLED, "120")
    assert "nobody" not in repr(attempt)


@pytest.mark.parametrize("size", [10, 200_000_000])
async def test_an_answer_without_an_end_is_cut_and_counts_by_its_status(size: int) -> None:
    async with listening() as receiver:
        receiver.says(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * 9)
        began = perf_counter()
        attempt = await sent(receiver.url)
    assert attempt.outcome is AttemptOutcome.DELIVERED
    assert perf_counter() - began < 5


async def test_a_receiver_that_does_not_answer_is_left_after_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.2)
    async with listening() as receiver:

        async def never(_: Received) -> bytes:
            await asyncio.sleep(60)
            return b""

        receiver.respond = never
        attempt = await sent(receiver.url)
    assert (attempt.outcome, attempt.status_code) == (AttemptOutcome.TIMED_OUT, None)
    assert 150 <= attempt.duration_ms < 2_000


async def test_a_receiver_that_answers_drop_by_drop_is_left_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        for _ in range(10):
            writer.write(b"X")
            await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    attempt = await sent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    await asyncio.sleep(1)
    server.close()
    assert attempt.outcome in (AttemptOutcome.TIMED_OUT, AttemptOutcome.UNREACHABLE)
    assert attempt.duration_ms < 2_000


async def test_nobody_there_and_noise_instead_of_http_are_failures() -> None:
    async with listening() as receiver:
        receiver.says(b"SSH-2.0-x\r\n\r\n")
        assert (await sent(receiver.url)).outcome is AttemptOutcome.UNREACHABLE
    assert (await sent(receiver.url)).outcome is AttemptOutcome.UNREACHABLE


def leading_to(*addresses: str) -> tuple[Resolve, list[str]]:
    """A resolver that knows these addresses for any name, and the names it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return addresses

    return resolve, asked


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"]]
)
async def test_a_name_that_leads_inside_is_refused_before_any_connection(addresses: list[str]) -> None:
    resolve, asked = leading_to(*addresses)
    async with listening() as canary:
        attempt = await sent("https://rebinding.example/", resolve=resolve)
        assert (attempt.outcome, attempt.status_code) == (AttemptOutcome.ADDRESS_REFUSED, None)
        assert canary.connections == 0
    assert asked == ["rebinding.example"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "localhost."])
async def test_an_address_that_was_let_in_once_is_refused_when_it_is_called(host: str) -> None:
    resolve, asked = leading_to("127.0.0.1")
    async with (
        listening() as canary,
        Sender(loopback_allowed=False, resolve=resolve).line(
            f"http://{host}:{canary.port}/", connections_max=1
        ) as line,
    ):
        attempt = await line.send(message(), secrets=[SECRET], at=datetime.now(UTC))
        assert (attempt.outcome, canary.connections, asked) == (AttemptOutcome.ADDRESS_REFUSED, 0, [])


def certified(home: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of that name shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (home / "server.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + pem
    )
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(home / "server.pem")
    return shown, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("name", "outcome"), [("banque.example", "delivered"), ("autre.example", "unreachable")])
async def test_the_certificate_is_checked_for_the_name_though_the_connection_goes_to_the_checked_address(
    name: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if 127.0.0.1 were public and this port 443: the rest is what leaves for any bank."""
    shown, trust = certified(tmp_path, "banque.example")
    resolve, asked = leading_to("127.0.0.1")
    monkeypatch.setattr(webhooks, "is_public_address", lambda address: address == ip_address("127.0.0.1"))
    async with listening(shown) as receiver:
        monkeypatch.setattr(
            webhooks, "target_of", lambda url, *, loopback_allowed: Target("https", name, receiver.port, "/events")
        )
        async with Sender(loopback_allowed=False, resolve=resolve, trust=trust).line(
            f"https://{name}/events", connections_max=1
        ) as line:
            for _ in range(2):
                attempt = await line.send(message(), secrets=[SECRET], at=datetime.now(UTC))
                assert attempt.outcome == outcome
        assert asked == [name], "resolved once, and never again by whoever connects"
        if outcome == "delivered":
            assert {received.headers["host"] for received in receiver.received} == {f"{name}:{receiver.port}"}
            assert receiver.connections == 1


async def test_connections_are_bounded_and_serve_again() -> None:
    async with listening() as receiver:

        async def slowly(_: Received) -> bytes:
            await asyncio.sleep(0.02)
            return answer(204)

        receiver.respond = slowly
        async with Sender(loopback_allowed=True).line(receiver.url, connections_max=3) as line:
            attempts = await asyncio.gather(
                *(line.send(message(), secrets=[SECRET], at=datetime.now(UTC)) for _ in range(20))
            )
        assert {attempt.outcome for attempt in attempts} == {AttemptOutcome.DELIVERED}
        assert (len(receiver.received), receiver.connections) == (20, 3)
