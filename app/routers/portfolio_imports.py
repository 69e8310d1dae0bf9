"""Import of the loans that a CCAS kept in spreadsheets."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Caller, Language, Today, Transaction
from app.routing import router as strict_router
from app.schemas.file_imports import ImportQuery
from app.schemas.portfolio_imports import PortfolioImportCreate, PortfolioImportRead
from app.services import portfolio_imports

router = strict_router("/v1/imports/portfolios", "accounting")


@router.post("", summary="Loans taken over from a spreadsheet")
async def create(
    session: Transaction,
    caller: Caller,
    today: Today,
    language: Language,
    query: Annotated[ImportQuery, Query()],
    body: PortfolioImportCreate,
) -> PortfolioImportRead:
    """Each line is answered for itself; a file that cannot be read is refused whole."""
    return await portfolio_imports.create(
        session, caller=caller, today=today, language=language, query=query, body=body
    )
