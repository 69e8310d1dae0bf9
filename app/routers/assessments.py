"""The social assessment of a request (rapport social)."""

from app.dependencies import Answer, Caller, IfMatch, RequestId, Today, Transaction
from app.routing import refusals
from app.routing import router as strict_router
from app.schemas.assessments import AssessmentRead, AssessmentReplace
from app.services import assessments

router = strict_router("/v1/requests/{request_id}/assessment", "assessments")


@router.get("", summary="The social assessment")
async def read(session: Transaction, caller: Caller, request_id: RequestId, answer: Answer) -> AssessmentRead:
    """The latest assessment (rapport social)."""
    return answer.tagged(await assessments.read(session, request_id))


@router.put("", summary="A new social assessment", responses=refusals(412, 428))
async def replace(
    session: Transaction,
    caller: Caller,
    today: Today,
    request_id: RequestId,
    version: IfMatch,
    body: AssessmentReplace,
    answer: Answer,
) -> AssessmentRead:
    """Earlier assessments are kept, until the file is submitted. If-Match is the request's version."""
    return answer.tagged(
        await assessments.replace(session, request_id, version=version, caller=caller, today=today, body=body)
    )
