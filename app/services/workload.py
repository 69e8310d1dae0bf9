"""The workload: by referent, for the whole, by full-time post, and by commune (Fresnes: « à 0,5 ETP »)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day, months_after
from app.domain.errors import DateOutOfOrder
from app.domain.permissions import Caller, Role
from app.domain.workload import Measure, load
from app.schemas.workload import (
    ByCommune,
    CommuneCount,
    GroupCount,
    LoadRead,
    Loads,
    ReferentLoads,
    WorkloadQuery,
    WorkloadRead,
)
from app.services import working_times, workload_counts, workload_thresholds
from app.services.workload_counts import Counts
from app.tables import Account, Tenant
from app.tenancy import bound_tenant, of_tenant

Limits = Mapping[Measure, int | None]


async def read(session: AsyncSession, *, caller: Caller, today: date, query: WorkloadQuery) -> WorkloadRead:
    """The workload of a period. Raises DateInFuture, DateOutOfOrder."""
    until = query.until or today
    check_day("to", until, not_before=None, today=today)
    since = query.since or months_after(until, -12) + timedelta(days=1)
    if since > until:
        raise DateOutOfOrder(field="to", not_before=since.isoformat())
    counts = await _counts(session, caller=caller, since=since, until=until)
    limits = await workload_thresholds.in_force(session, on=until)
    # What one does in the communes that the caller does not see is not counted: nor is the post divided.
    times = await working_times.in_force(session, on=until) if caller.sees_whole_tenant else {}
    referents = await _referents(session, counts, times, limits)
    whole = {measure: sum(by_account.values()) for measure, by_account in counts.items()}
    return WorkloadRead(
        from_on=since,
        to_on=until,
        tenant=Loads(**_loads(whole, _whole_time(counts, referents), limits)),
        referents=referents,
        by_commune=await _by_commune(session, caller=caller, since=since, until=until),
    )


async def _counts(session: AsyncSession, *, caller: Caller, since: date, until: date) -> dict[Measure, Counts]:
    return {
        Measure.SOLICITATIONS: await workload_counts.solicitations(session, since=since, until=until),
        Measure.FILES_TAKEN_IN: await workload_counts.files_taken_in(session, since=since, until=until),
        Measure.APPOINTMENTS_HELD: await workload_counts.appointments_held(
            session, since=since, until=until, time_zone=caller.time_zone
        ),
        Measure.OPEN_FILES: await workload_counts.open_files(session, on=until, time_zone=caller.time_zone),
        Measure.RUNNING_LOANS: await workload_counts.running_loans(session, on=until),
    }


async def _referents(
    session: AsyncSession, counts: Mapping[Measure, Counts], times: Mapping[UUID, int], limits: Limits
) -> list[ReferentLoads]:
    """Active agents, and whoever else bears some of the work."""
    statement = select(col(Account.id), col(Account.login), col(Account.roles), col(Account.active)).where(
        of_tenant(session, Account)
    )
    bearing = {account_id for by_account in counts.values() for account_id in by_account}
    return [
        ReferentLoads(
            account_id=row.id,
            login=row.login,
            **_loads({measure: by.get(row.id, 0) for measure, by in counts.items()}, times.get(row.id), limits),
        )
        for row in await session.execute(statement.order_by(col(Account.login)))
        if row.id in bearing or (row.active and Role.AGENT.value in row.roles)
    ]


def _whole_time(counts: Mapping[Measure, Counts], referents: Sequence[ReferentLoads]) -> int | None:
    """The posts of all, null where none is told, or not that of someone who bears a part of the work."""
    told = {one.account_id: one.fte_percent for one in referents if one.fte_percent is not None}
    bearing = {account_id for by_account in counts.values() for account_id in by_account}
    return sum(told.values()) if told and bearing <= told.keys() else None


def _loads(counted: Mapping[Measure, int], fte_percent: int | None, limits: Limits) -> dict[str, LoadRead | int | None]:
    return {"fte_percent": fte_percent} | {
        measure.value: LoadRead(**asdict(load(count, fte_percent=fte_percent, per_fte_max=limits.get(measure))))
        for measure, count in counted.items()
    }


async def _by_commune(session: AsyncSession, *, caller: Caller, since: date, until: date) -> ByCommune:
    counted = await workload_counts.by_commune(session, since=since, until=until)
    tenant = await session.get_one(Tenant, bound_tenant(session))
    communes = [
        CommuneCount(insee_code=code, name=commune["name"], files=files, persons=persons)
        for commune in tenant.communes
        if (code := commune["insee_code"]) in caller.commune_insee_codes
        for files, persons in [counted.get(code, (0, 0))]
    ]
    files, persons = counted.get(None, (0, 0))
    return ByCommune(communes=communes, group=GroupCount(files=files, persons=persons))
