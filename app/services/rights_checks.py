"""The other rights that were looked at for a file: added to, never changed.

« Ils ne se substituent pas aux aides légales ou facultatives mais peuvent éventuellement les compléter » (Toulouse,
fiche d'expérience du CCAS). That nothing else can be mobilised is attested (`no_other_aid`); here is what it rests on.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.permissions import Caller
from app.schemas.rights_checks import RightsCheckCreate, RightsCheckList, RightsCheckRead
from app.services import organisations
from app.services import request_steps as steps
from app.tables import RightsCheck
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: RightsCheckCreate
) -> RightsCheckRead:
    """Adds what was found of a right, on a file that may be over: the answer often comes later.

    Raises NotFound, OrganisationUnknown, OrganisationClosed, DateInFuture.
    """
    request = await steps.load(session, request_id)
    check_day("checked_on", body.checked_on, not_before=None, today=today)
    await organisations.check_known(session, body.organisation_id, on=body.checked_on)
    check = RightsCheck(
        tenant_id=request.tenant_id,
        request_id=request.id,
        account_id=caller.account_id,
        right_code=body.right,
        **body.model_dump(exclude={"right"}),
    )
    session.add(check)
    await session.flush()  # whether it is the latest is read back
    return next(item for item in (await list_all(session, request.id)).items if item.id == check.id)


async def list_all(session: AsyncSession, request_id: UUID) -> RightsCheckList:
    """Those of one request, oldest check first, then oldest entry. Raises NotFound."""
    request = await steps.load(session, request_id)
    statement = (
        select(RightsCheck)
        .where(of_tenant(session, RightsCheck), col(RightsCheck.request_id) == request.id)
        .order_by(col(RightsCheck.checked_on), col(RightsCheck.id))
    )
    checks = (await session.scalars(statement)).all()
    latest = {check.right_code: check.id for check in checks}
    return RightsCheckList(
        items=[_read(check, latest=latest[check.right_code] == check.id) for check in checks], next_cursor=None
    )


def _read(check: RightsCheck, *, latest: bool) -> RightsCheckRead:
    return RightsCheckRead(
        **check.model_dump(exclude={"tenant_id", "right_code"}), right=check.right_code, latest=latest
    )
