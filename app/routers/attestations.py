"""What was attested of a file: facts that no figure shows."""

from fastapi import status

from app.dependencies import Caller, RequestId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.attestations import AttestationCreate, AttestationList, AttestationRead
from app.services import attestations

router = strict_router("/v1/requests/{request_id}/attestations", "attestations")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A fact is attested")
async def create(
    session: Transaction, caller: Caller, today: Today, request_id: RequestId, body: AttestationCreate
) -> AttestationRead:
    """By the person, a bank or the agent; what a lender's consultation tells, only where the CCAS lends itself."""
    return await attestations.create(session, request_id, caller=caller, today=today, body=body)


@router.get("", summary="What was attested of a request")
async def list_(session: Transaction, caller: Caller, request_id: RequestId) -> AttestationList:
    """Oldest entry first; of each fact the last attestation counts."""
    return await attestations.list_all(session, request_id)
