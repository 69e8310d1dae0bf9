"""The papers of a loan in PDF, made when they are asked for and kept nowhere."""

from typing import Annotated

from fastapi import Query

from app.dependencies import Answer, Caller, LoanId, PdfResponse, Today, Transaction
from app.domain.loan_documents import LoanDocumentKind
from app.routing import PDF
from app.routing import router as strict_router
from app.schemas.loan_documents import LoanDocumentQuery
from app.services import loan_documents

router = strict_router("/v1", "documents")


@router.get(
    "/loans/{loan_id}/documents/{kind}", response_class=PdfResponse, responses=PDF, summary="A paper of a loan, in PDF"
)
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    loan_id: LoanId,
    kind: LoanDocumentKind,
    query: Annotated[LoanDocumentQuery, Query()],
    answer: Answer,
) -> PdfResponse:
    """Made of what the loan is today; 409 where what it tells has not come, or another lends. The query is that of
    `supplier_letter` alone.
    """
    return answer.printed(await loan_documents.of_loan(session, loan_id, kind, today=today, query=query))
