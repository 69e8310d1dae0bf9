"""What a partner tells of the money of its loans."""

from app.dependencies import Caller, Language, Today, Transaction
from app.routing import router as strict_router
from app.schemas.statements import StatementCreate, StatementRead
from app.services import statements

router = strict_router("/v1/partner", "statements")


@router.post("/repayments", summary="A statement of repayments and unpaid instalments")
async def create(
    session: Transaction, caller: Caller, today: Today, language: Language, body: StatementCreate
) -> StatementRead:
    """Each line is answered for itself; a statement without lines still moves the position date."""
    return await statements.create(session, caller=caller, today=today, language=language, body=body)
