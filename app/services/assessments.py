"""The social assessment of a request (rapport social): each change adds a revision, until the file is submitted."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.schemas.assessments import AssessmentRead, AssessmentReplace, ProposalRead
from app.services import request_steps as steps
from app.services import revisions
from app.tables import Assessment, Request


async def read(session: AsyncSession, request_id: UUID) -> AssessmentRead:
    """The latest assessment, or NotFound."""
    request = await steps.load(session, request_id)
    assessment = await revisions.latest(session, Assessment, request_id)
    if assessment is None:
        raise NotFound
    return _read(request, assessment)


async def replace(
    session: AsyncSession, request_id: UUID, *, version: int, caller: Caller, today: date, body: AssessmentReplace
) -> AssessmentRead:
    """Records what the agent found. Raises NotFound, VersionStale, RequestLocked, DateInFuture, DateOutOfOrder."""
    request = await steps.editable(session, request_id, version=version)
    if body.assessed_on is not None:
        check_day("assessed_on", body.assessed_on, not_before=request.received_on, today=today)
    request.version += 1
    assessment = Assessment(
        tenant_id=request.tenant_id,
        request_id=request.id,
        revision=await revisions.next_number(session, Assessment, request.id),
        account_id=caller.account_id,
        **body.model_dump(exclude={"proposal"}),
        **body.proposal.model_dump(),
    )
    session.add(assessment)
    return _read(request, assessment)


def _read(request: Request, assessment: Assessment) -> AssessmentRead:
    return AssessmentRead(
        **assessment.model_dump(include=set(AssessmentRead.model_fields)),
        version=request.version,
        proposal=ProposalRead.model_validate(assessment),
    )
