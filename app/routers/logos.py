"""The logos of the CCAS."""

from fastapi import status

from app.dependencies import Caller, Transaction
from app.routing import router as strict_router
from app.schemas.logos import LogoCreate, LogoList, LogoRead
from app.services import logos

router = strict_router("/v1/logos", "documents")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A logo for the papers")
async def create(session: Transaction, caller: Caller, body: LogoCreate) -> LogoRead:
    """In place of the one before, which is kept."""
    return await logos.create(session, caller=caller, body=body)


@router.get("", summary="The logos")
async def list_(session: Transaction, caller: Caller) -> LogoList:
    """The one in use first."""
    return await logos.list_all(session)
