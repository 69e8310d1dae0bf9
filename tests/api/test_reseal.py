"""Another key of encryption: what the former one sealed is sealed again, and the former one can go."""

from collections.abc import Callable

import pytest
from anyio import to_thread
from httpx import AsyncClient
from pydantic import SecretStr

from app.cli import main
from app.commands.worker import drain
from app.settings import settings
from tests.receivers import listening
from tests.signatures import Signing, signing
from tests.support import ENCRYPTION_KEYS, Ccas, Databases, ok, refused
from tests.webhooks import bank_of, worker_for

NEW = "another-key-for-tests-alone-long-enough-to-seal-with"
UNKNOWN = "a-key-that-never-sealed-anything-but-is-long-enough"
Run = Callable[..., int]


@pytest.fixture
def run(databases: Databases, client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `microcredit reseal` under these keys, the service with them."""
    monkeypatch.setenv("DATABASE_URL", databases.app_url)
    monkeypatch.setattr(settings(), "webhook_loopback_allowed", True)

    def under(*keys: str) -> int:
        monkeypatch.setenv("ENCRYPTION_KEYS", " ".join(keys))
        monkeypatch.setattr(settings(), "encryption_keys", SecretStr(" ".join(keys)))
        return main(["reseal"])

    return under


async def test_what_the_former_key_sealed_is_read_once_it_is_gone(databases: Databases, amiens: Ccas, run: Run) -> None:
    bank = await bank_of(databases, amiens)
    async with listening() as receiver:
        webhook = await bank.webhook(receiver)
        await ok(bank.lender.post(f"/partner/webhooks/{webhook['id']}/secrets"))
        machine: Signing = await signing(bank.lender)
        bank.happens(*bank.handoffs)
        assert await to_thread.run_sync(run, NEW, ENCRYPTION_KEYS) == 0
        try:
            assert await to_thread.run_sync(run, NEW) == 0
            async with worker_for(bank) as worker:
                worker.keys = NEW
                await drain(worker)
            (received,) = receiver.received
            assert len(received.headers["webhook-signature"].split()) == 2, "both secrets of the endpoint sign"
            await ok(machine.post(f"/partner/handoffs/{bank.handoffs[0]}/acknowledgements"))
        finally:
            assert await to_thread.run_sync(run, ENCRYPTION_KEYS, NEW) == 0


async def test_what_no_key_opens_is_left_as_it_is_and_told_with_what_to_do(
    databases: Databases, amiens: Ccas, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bank = await bank_of(databases, amiens)
    machine = await signing(bank.lender)
    assert await to_thread.run_sync(run, UNKNOWN) == 1
    told = capsys.readouterr().out
    assert f"{amiens.lender}: 1 secret(s) that none of ENCRYPTION_KEYS opens: put the key back" in told
    assert machine.secret not in told
    assert UNKNOWN not in told
    await refused(machine.post(f"/partner/handoffs/{bank.handoffs[0]}/acknowledgements"), 503, "seal_broken")
    assert await to_thread.run_sync(run, ENCRYPTION_KEYS) == 0
    assert f"{amiens.lender}: 1 secret(s) sealed under the first key\n" in capsys.readouterr().out
    await ok(machine.post(f"/partner/handoffs/{bank.handoffs[0]}/acknowledgements"))


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("", "ENCRYPTION_KEYS has no key to seal with: put the new one in front of the former"),
        ("too-short", "ENCRYPTION_KEYS: Value error, each key has 32 characters or more"),
    ],
)
async def test_without_a_good_key_nothing_is_touched(
    keys: str, reason: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await to_thread.run_sync(run, keys) == 1
    assert capsys.readouterr().err == f"microcredit reseal: {reason}\n"


def test_a_privileged_role_is_refused_in_a_sentence(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", databases.owner_url)
    for command in ("reseal", "purge", "nightly", "worker"):
        assert main([command]) == 1
        assert capsys.readouterr().err.startswith(f"microcredit {command}: refusing to serve: the database role has")


def test_a_setting_that_is_missing_is_called_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for command in ("reseal", "worker"):
        assert main([command]) == 1
        assert capsys.readouterr().err == f"microcredit {command}: DATABASE_URL: Field required\n"
