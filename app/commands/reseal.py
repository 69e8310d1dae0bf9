"""Seals the secrets of partners again under the first of ENCRYPTION_KEYS, so that the others can be taken away."""

import asyncio

from app.commands import CommandRefused
from app.database import open_engine, open_sessions, refuse_privileged_role, tenant_transaction
from app.domain.sealing_errors import EncryptionKeysMissing
from app.services import kept_answers, sealed_secrets
from app.settings import WorkerSettings


def reseal() -> tuple[str, bool]:
    """Runs as the serving role; the report, and whether every secret could be opened.

    Raises CommandRefused without ENCRYPTION_KEYS, PrivilegedRole, Unavailable where the database is away; Pydantic's
    ValidationError names a missing setting.
    """
    chosen = WorkerSettings()
    try:
        found = asyncio.run(_run(chosen.database_url, chosen.encryption_keys.get_secret_value()))
    except EncryptionKeysMissing:
        raise CommandRefused(
            "ENCRYPTION_KEYS has no key to seal with: put the new one in front of the former"
        ) from None
    lines = [f"{code}: {sealed} secret(s) sealed under the first key" for code, (sealed, _) in found.items() if sealed]
    lines += [
        f"{code}: {broken} secret(s) that none of ENCRYPTION_KEYS opens: put the key back that sealed them and run"
        " this again; else the bank makes others"
        for code, (_, broken) in found.items()
        if broken
    ]
    return "\n".join(lines or ["no secret is kept"]), not any(broken for _, broken in found.values())


async def _run(url: str, keys: str) -> dict[str, tuple[int, int]]:
    """Sealed and broken, by the code of each partner; a partner in a transaction of its own."""
    engine = open_engine(url, pool_size=1, pool_wait_seconds=30)
    try:
        await refuse_privileged_role(engine)
        sessions, found = open_sessions(engine), {}
        async with tenant_transaction(sessions, None) as session:
            partners = await kept_answers.partners(session)
        for partner_id, code in partners:
            async with tenant_transaction(sessions, None, partner_id=partner_id) as session:
                found[code] = await sealed_secrets.reseal_of_partner(session, partner_id, keys=keys)
        return found
    finally:
        await engine.dispose()
