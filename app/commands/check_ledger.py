"""The ledgers of all CCAS counted again, for who looks after the instance."""

import asyncio
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.database import Sessions, open_engine, open_sessions, refuse_privileged_role, tenant_transaction
from app.domain.money import euros
from app.services import ledger_checks
from app.services.ledger_checks import LedgerCheck
from app.tables import Tenant

FIRST = UUID(int=0)
_WHAT = {
    "unbalanced": "une écriture ne s'équilibre pas",
    "drift": "les lignes ne disent pas ce que les faits donnent",
    "schedule_not_alone": "pas un seul échéancier en vigueur",
}


def check_ledgers(url: str) -> tuple[str, bool]:
    """The report in French, and whether no ledger has a fault. `url` is that of the role that serves.

    Raises PrivilegedRole for a role that sees through the isolation of tenants.
    """
    checks = asyncio.run(_all(url))
    faults = [
        f"  {slug} {fault.reference} : {_WHAT[fault.what]}{f', de {euros(fault.cents)}' if fault.cents else ''}"
        for slug, check in checks.items()
        for fault in check.faults
    ]
    loans, entries, lines = (
        sum(getattr(check, name) for check in checks.values()) for name in ("loans", "entries", "lines")
    )
    head = f"Grand livre : {loans} prêts, {entries} écritures, {lines} lignes ; {len(faults)} écart(s)."
    return "\n".join([head, *faults]), not faults


async def _all(url: str) -> dict[str, LedgerCheck]:
    engine = open_engine(url, pool_size=1, pool_wait_seconds=5)
    try:
        await refuse_privileged_role(engine)
        return await check_tenants(open_sessions(engine))
    finally:
        await engine.dispose()


async def check_tenants(sessions: Sessions, *, after: UUID = FIRST) -> dict[str, LedgerCheck]:
    """The ledgers of the tenants that were opened after one, by slug."""
    async with tenant_transaction(sessions, None) as session:
        statement = select(col(Tenant.id), col(Tenant.slug)).where(col(Tenant.id) > after).order_by(Tenant.slug)
        tenants = (await session.execute(statement)).all()
    found = {}
    for tenant_id, slug in tenants:
        async with tenant_transaction(sessions, tenant_id) as session:
            found[slug] = await ledger_checks.check(session)
    return found
