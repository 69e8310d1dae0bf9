"""The interest that third parties bear, by month."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, CsvResponse, Transaction
from app.routing import CSV
from app.routing import router as strict_router
from app.schemas.borne_interest import BorneInterestList, BorneInterestQuery
from app.services import borne_interest

router = strict_router("/v1", "borne interest")


@router.get("/borne-interest", summary="The interest borne in a month, by lender and payer")
async def read(
    session: Transaction, caller: Caller, query: Annotated[BorneInterestQuery, Query()]
) -> BorneInterestList:
    """Instalment by instalment, of the loans that were paid out, under the schedule in force."""
    return await borne_interest.read(session, query=query)


@router.get(
    "/borne-interest.csv",
    response_class=CsvResponse,
    responses=CSV,
    summary="The interest borne in a month, for a spreadsheet",
)
async def csv(
    session: Transaction, caller: Caller, query: Annotated[BorneInterestQuery, Query()], answer: Answer
) -> CsvResponse:
    """One line for each instalment: `;` between fields, days as DD/MM/YYYY, euros with a decimal comma."""
    return answer.filed("borne-interest", await borne_interest.csv(session, query=query))
