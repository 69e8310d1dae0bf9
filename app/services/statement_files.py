"""A lender's statement from a file: the lines that it reads are those of a statement."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import lender_schedule_lines, lender_statement_files
from app.domain.errors import FieldFault
from app.domain.lender_schedule_lines import Item
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
    """Records the statement of a file. The lines of a schedule are one of the statement, and are answered alike.

    Raises Invalid, FileEncodingDiffers, FileUnreadable, FileEmpty, FileTooLong, ColumnMissing, ColumnDoubled,
    ColumnUnknown, and what `statements.create` does.
    """
    content = file_imports.content_of(body)
    told = [one for item in lender_statement_files.items(content, encoding=body.encoding) for one in _lines(item)]
    whole = StatementCreate.model_construct(position_on=body.position_on, items=[line for _, line in told])
    firsts = [places[0] for places, _ in told]
    answer = await statements.create(session, caller=caller, today=today, language=language, body=whole, numbers=firsts)
    answers = {
        place: one.model_copy(update={"index": place})
        for (places, _), one in zip(told, answer.items, strict=True)
        for place in places
    }
    return StatementRead(position_on=answer.position_on, items=[answers[place] for place in sorted(answers)])


def _lines(item: Item) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The line of a statement that lines of a file tell together, or each of them with what keeps it from being read;
    with the places of those lines.
    """
    if isinstance(item.told, list):
        yield item.places, Malformed(item.told)
        return
    try:
        yield item.places, _LINE.validate_python(item.told)
    except ValidationError as refusal:
        faults = _faults(item.places, item.told["kind"], refusal)
        for place, found in lender_schedule_lines.refused(item.places, faults):
            yield (place,), Malformed(found)


def _faults(places: tuple[int, ...], kind: str, refusal: ValidationError) -> dict[int, list[FieldFault]]:
    """The faults by the places of the lines that they are of, and by their columns."""
    found: dict[int, list[FieldFault]] = {}
    for error, fault in zip(refusal.errors(), faults_of(refusal.errors()), strict=True):
        # Rows that do not fit together say at which of them, a field that fails where it stands.
        at = tuple(error.get("ctx", {}).get("at", fault.pointer.split("/")[1:] or [""]))
        place = places[int(at[1])] if at[:1] == ("rows",) and len(at) > 1 else places[0]
        column = lender_statement_files.column_of(kind, at[-1])
        found.setdefault(place, []).append(FieldFault(f"/{column}", fault.code, fault.bounds))
    return found
