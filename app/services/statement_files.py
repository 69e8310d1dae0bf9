"""A lender's statement from a file: the lines that it reads are those of a statement."""

from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import lender_statement_files
from app.domain.errors import FieldFault
from app.domain.permissions import Caller
from app.messages import Language
from app.schemas.batches import Malformed
from app.schemas.faults import faults_of
from app.schemas.statement_files import StatementFileCreate
from app.schemas.statements import Line, StatementCreate, StatementRead
from app.services import file_imports, statements

_LINE: TypeAdapter[Any] = TypeAdapter(Line)


async def create(
    session: AsyncSession, *, caller: Caller, today: date, language: Language, body: StatementFileCreate
) -> StatementRead:
    """Records the statement of a file. Raises Invalid, FileEncodingDiffers, FileUnreadable, FileEmpty, FileTooLong,
    ColumnMissing, ColumnDoubled, and what `statements.create` does.
    """
    content = file_imports.content_of(body)
    told = lender_statement_files.lines(content, encoding=body.encoding)
    whole = StatementCreate.model_construct(position_on=body.position_on, items=[_item(line) for line in told])
    return await statements.create(session, caller=caller, today=today, language=language, body=whole)


def _item(line: dict[str, Any] | list[FieldFault]) -> Any:
    if isinstance(line, list):
        return Malformed(line)
    try:
        return _LINE.validate_python(line)
    except ValidationError as refusal:
        faults = faults_of(refusal.errors())
        return Malformed([FieldFault(_pointer(line["kind"], one.pointer), one.code, one.bounds) for one in faults])


def _pointer(kind: str, pointer: str) -> str:
    return f"/{lender_statement_files.column_of(kind, pointer.rpartition('/')[2])}"
