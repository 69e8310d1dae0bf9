"""Support during a loan (accompagnement)."""

from fastapi import status

from app.dependencies import Answer, Caller, LoanId, SupportContractId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.support_contracts import (
    SupportContractCreate,
    SupportContractList,
    SupportContractRead,
    SupportEndCreate,
)
from app.services import support_contracts

router = strict_router("/v1", "support")


@router.post("/loans/{loan_id}/support-contracts", status_code=status.HTTP_201_CREATED, summary="Support is agreed")
async def create(
    session: Transaction, caller: Caller, today: Today, loan_id: LoanId, body: SupportContractCreate, answer: Answer
) -> SupportContractRead:
    """In writing (contrat d'accompagnement, d'engagement) or by word of mouth: at least in the form that is asked."""
    return answer.tagged(await support_contracts.create(session, loan_id, caller=caller, today=today, body=body))


@router.get("/loans/{loan_id}/support-contracts", summary="What was agreed for a loan")
async def list_(session: Transaction, caller: Caller, today: Today, loan_id: LoanId) -> SupportContractList:
    """Oldest entry first."""
    return await support_contracts.list_all(session, loan_id, today=today)


@router.get("/support-contracts/{support_contract_id}", summary="One support contract")
async def read(
    session: Transaction,
    caller: Caller,
    today: Today,
    support_contract_id: SupportContractId,
    answer: Answer,
) -> SupportContractRead:
    """Its last day follows the schedule in force."""
    return answer.tagged(await support_contracts.read(session, support_contract_id, today=today))


@router.post("/support-contracts/{support_contract_id}/end", summary="Support ends before its term")
async def end(
    session: Transaction,
    caller: Caller,
    today: Today,
    support_contract_id: SupportContractId,
    body: SupportEndCreate,
    answer: Answer,
) -> SupportContractRead:
    """Whatever the reason, nothing of the loan changes."""
    return answer.tagged(
        await support_contracts.end(session, support_contract_id, caller=caller, today=today, body=body)
    )
