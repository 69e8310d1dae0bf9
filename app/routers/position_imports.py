"""Import of the public accountant's position on the loans of own funds."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Language, Today, Transaction
from app.routing import router as strict_router
from app.schemas.file_imports import ImportQuery
from app.schemas.position_imports import PositionImportCreate, PositionImportRead
from app.services import position_imports

router = strict_router("/v1/imports/positions", "accounting")


@router.post("", summary="The accountant's position, from its file")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    query: Annotated[ImportQuery, Query()],
    body: PositionImportCreate,
) -> PositionImportRead:
    """Each line is answered for itself; a file that cannot be read is refused whole."""
    return await position_imports.create(session, caller=caller, today=today, language=language, query=query, body=body)
