"""People who were found to be one, and those who were not after all."""

from fastapi import status

from app.dependencies import Caller, MergeId, PersonId, Transaction
from app.routing import router as strict_router
from app.schemas.merges import MergeCreate, MergeList, MergeRead, MergeReversalCreate
from app.services import merges

router = strict_router("/v1/people/{person_id}/merges", "merges")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Another row is the same person")
async def create(session: Transaction, caller: Caller, person_id: PersonId, body: MergeCreate) -> MergeRead:
    """Its files move to this person; it stays readable, and names the person who was kept."""
    return await merges.create(session, person_id, caller=caller, body=body)


@router.get("", summary="The merges that a person took part in")
async def list_(session: Transaction, caller: Caller, person_id: PersonId) -> MergeList:
    """Oldest first, those taken back among them."""
    return await merges.list_all(session, person_id)


@router.post("/{merge_id}/reversal", status_code=status.HTTP_201_CREATED, summary="They were two people after all")
async def reverse(
    session: Transaction, caller: Caller, person_id: PersonId, merge_id: MergeId, body: MergeReversalCreate
) -> MergeRead:
    """What the merge moved is put back, and nothing else."""
    return await merges.reverse(session, person_id, merge_id, caller=caller, body=body)
