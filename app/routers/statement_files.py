"""A lender's statement, as a file that it exports."""

from app.dependencies import Caller, Language, Today, Transaction
from app.routing import router as strict_router
from app.schemas.statement_files import StatementFileCreate
from app.schemas.statements import StatementRead
from app.services import statement_files

router = strict_router("/v1/partner/statement-files", "statements")


@router.post("", summary="A statement, from a file")
async def create(
    session: Transaction, caller: Caller, today: Today, language: Language, body: StatementFileCreate
) -> StatementRead:
    """Each line is answered for itself, as those of a statement; a file that cannot be read is refused whole."""
    return await statement_files.create(session, caller=caller, today=today, language=language, body=body)
