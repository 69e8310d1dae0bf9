"""The credentials that outlive the simulator: in the file where `dev` keeps its own, a name and a secret on a line."""

from pathlib import Path

from app.commands.simulator.scenario import Credentials

_KEY, _KEY_ID = ".signing_key", ".signing_key_id"


def keep(credentials: Credentials, kept: Path | None, *, instead_of: str) -> None:
    """Writes credentials in place of earlier ones, where there is a file for it."""
    if kept is None:
        return
    lines = read(kept)
    for suffix in ("", _KEY, _KEY_ID):
        lines.pop(f"{instead_of}{suffix}", None)
    named = {"": credentials.client_secret, _KEY: credentials.signing_key, _KEY_ID: credentials.signing_key_id}
    lines |= {f"{credentials.client_id}{suffix}": secret for suffix, secret in named.items() if secret}
    draft = kept.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name} {secret}\n" for name, secret in lines.items()))
    draft.rename(kept)


def read(kept: Path) -> dict[str, str]:
    """What is kept, by name; nothing where there is no such file."""
    return dict(line.split(" ", 1) for line in kept.read_text().splitlines()) if kept.exists() else {}


def signing_key_of(client_id: str, lines: dict[str, str]) -> tuple[str | None, str | None]:
    """The signing key kept beside credentials, and its identifier."""
    return lines.get(f"{client_id}{_KEY}"), lines.get(f"{client_id}{_KEY_ID}")
