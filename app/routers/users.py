"""The staff of the CCAS."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, Transaction
from app.routing import router as strict_router
from app.schemas.base import Page, PageQuery
from app.schemas.users import UserRead
from app.services import users

router = strict_router("/v1/users", "users")


@router.get("", summary="Accounts of the staff, newest first")
async def list_(
    session: Transaction, caller: Caller, answer: Answer, query: Annotated[PageQuery, Query()]
) -> Page[UserRead]:
    """With their roles and communes; accounts are made by the command."""
    return answer.linked(await users.list_page(session, query=query))
