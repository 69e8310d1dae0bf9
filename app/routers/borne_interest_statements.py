"""Numbered statements of the interest that third parties bear."""

from typing import Annotated

from fastapi import Query, status

from app.dependencies import BorneInterestStatementId, Caller, Today, Transaction
from app.routing import router as strict_router
from app.schemas.borne_interest_statements import (
    BorneInterestStatementCreate,
    BorneInterestStatementList,
    BorneInterestStatementQuery,
    BorneInterestStatementRead,
)
from app.services import borne_interest_statements

router = strict_router("/v1/borne-interest/statements", "borne interest")


@router.post("", status_code=status.HTTP_201_CREATED, summary="The statement of a month is numbered")
async def create(
    session: Transaction, caller: Caller, today: Today, body: BorneInterestStatementCreate
) -> BorneInterestStatementRead:
    """Each instalment is billed once; what changed in months already numbered comes with it as corrections."""
    return await borne_interest_statements.create(session, caller=caller, today=today, body=body)


@router.get("", summary="The numbered statements of a year")
async def list_(
    session: Transaction, caller: Caller, query: Annotated[BorneInterestStatementQuery, Query()]
) -> BorneInterestStatementList:
    """In the order in which they were numbered, without their lines."""
    return await borne_interest_statements.list_all(session, query=query)


@router.get("/{borne_interest_statement_id}", summary="One numbered statement")
async def read(
    session: Transaction, caller: Caller, borne_interest_statement_id: BorneInterestStatementId
) -> BorneInterestStatementRead:
    """With its lines, as they were."""
    return await borne_interest_statements.read(session, borne_interest_statement_id)
