"""The staff of the CCAS; accounts are made by the command."""

from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NotFound
from app.schemas.base import Page, PageQuery
from app.schemas.users import UserRead
from app.services.pages import page
from app.tables import Account
from app.tenancy import of_tenant

_COLUMNS = [getattr(Account, name) for name in UserRead.model_fields]
_ITEMS = TypeAdapter(list[UserRead])


async def list_page(session: AsyncSession, *, query: PageQuery) -> Page[UserRead]:
    """Accounts, newest first, those that are closed among them: history names them."""
    return await page(session, select(*_COLUMNS), Account, query=query, items=_ITEMS)


async def check_known(session: AsyncSession, account_id: UUID) -> None:
    """Raises NotFound for what is no account of the CCAS."""
    statement = select(col(Account.id)).where(of_tenant(session, Account), col(Account.id) == account_id)
    if (await session.scalars(statement)).one_or_none() is None:
        raise NotFound
