"""The bank changes what it signs in with and what it signs its pushes with, without a push lost."""

from pathlib import Path
from typing import Any

from app.commands.simulator.kept import keep
from app.commands.simulator.machine import Machine

_CREDENTIALS, _SIGNING_KEYS = "/partner/credentials", "/partner/signing-keys"


async def rotate(machine: Machine, *, kept: Path | None = None) -> None:
    """New credentials and a new signing key; each is kept and in use before those that it follows end.

    Two are good at once: what is left of a change cut short ends first. Raises SimulatorRefused, NoAnswer.
    """
    credentials = machine.credentials
    in_use = [one["id"] for one in await _active(machine, _CREDENTIALS) if one["client_id"] == credentials.client_id]
    await _end_others(machine, _CREDENTIALS, in_use)
    made = await machine.make(_CREDENTIALS, {})
    earlier, credentials.client_id = credentials.client_id, made["client_id"]
    credentials.client_secret = made["client_secret"]
    keep(credentials, kept, instead_of=earlier)
    machine.sign_in_anew()
    await _end_others(machine, _CREDENTIALS, [made["id"]])
    if credentials.signing_key_id is not None:
        await _end_others(machine, _SIGNING_KEYS, [credentials.signing_key_id])
    key = await machine.make(_SIGNING_KEYS, {})
    credentials.signing_key, credentials.signing_key_id = key["secret"], key["id"]
    keep(credentials, kept, instead_of=credentials.client_id)
    await _end_others(machine, _SIGNING_KEYS, [key["id"]])


async def _active(machine: Machine, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await machine.read(path, limit=100)).json()["items"]
    return [item for item in items if item["state"] == "active"]


async def _end_others(machine: Machine, path: str, in_use: list[str]) -> None:
    for item in await _active(machine, path):
        if item["id"] not in in_use:
            await machine.make(f"{path}/{item['id']}/revocations", None)
