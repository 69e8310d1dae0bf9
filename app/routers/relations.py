"""Who belongs to whom: households, and who represents whom."""

from fastapi import status

from app.dependencies import Caller, PersonId, RelationId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.relations import RelationCreate, RelationEndCreate, RelationList, RelationRead
from app.services import relations

router = strict_router("/v1/people/{person_id}/relations", "relations")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Somebody is related to a person")
async def create(
    session: Transaction, caller: Caller, today: Today, person_id: PersonId, body: RelationCreate
) -> RelationRead:
    """Partner, child, parent or legal representative, who may be an organisation."""
    return await relations.create(session, person_id, caller=caller, today=today, body=body)


@router.get("", summary="The relations of a person")
async def list_(session: Transaction, caller: Caller, person_id: PersonId) -> RelationList:
    """From whichever side they were told; oldest entry first."""
    return await relations.list_all(session, person_id)


@router.post("/{relation_id}/end", status_code=status.HTTP_201_CREATED, summary="A relation is over")
async def end(
    session: Transaction,
    caller: Caller,
    today: Today,
    person_id: PersonId,
    relation_id: RelationId,
    body: RelationEndCreate,
) -> RelationRead:
    """It is kept, with its end."""
    return await relations.end(session, person_id, relation_id, today=today, body=body)
