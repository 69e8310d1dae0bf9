"""The public accountant's position, line by line: facts that it reports, and what it cannot decide alone."""

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import accounting_files, position_files
from app.domain.dates import check_day
from app.domain.desk_errors import CommuneOutOfReach
from app.domain.permissions import Caller
from app.domain.position_files import ToldTitle
from app.messages import Language
from app.schemas.batches import BatchRead, Malformed
from app.schemas.file_imports import ImportQuery
from app.schemas.position_imports import (
    PositionImportCreate,
    PositionImportRead,
    PositionItemRead,
)
from app.schemas.positions import PositionCreate
from app.services import batches, file_imports, position_lines, positions
from app.services.position_lines import Outcome, Source
from app.tenancy import bind, bound_tenant


async def create(
    session: AsyncSession,
    *,
    caller: Caller,
    today: date,
    language: Language,
    query: ImportQuery,
    body: PositionImportCreate,
) -> PositionImportRead:
    """Records each line for itself. The position of the CCAS moves only where no line was refused: nobody is late by a
    line of ours that failed.

    Raises CommuneOutOfReach (whoever works for some communes alone), Invalid, FileEncodingDiffers, FileUnreadable,
    FileEmpty, FileTooLong, ColumnMissing, ColumnDoubled, DateInFuture (DATE_POSITION); answers for each line: Invalid,
    LoanUnknown, PartnerLends, TitleUnknown, PositionsDiffer, DateAfterPosition, ReferenceAlreadyUsed, DateOutOfOrder.
    """
    if not caller.sees_whole_tenant:
        raise CommuneOutOfReach
    content = file_imports.content_of(body)
    items = _items(content, body)
    position_on = next((item.position_on for item in items if isinstance(item, ToldTitle)), None)
    if position_on is not None:
        check_day("DATE_POSITION", position_on, not_before=None, today=today)
    source = Source(hashlib.sha256(content).hexdigest(), position_on or today, caller, today)
    async with file_imports.kept(session, dry_run=query.dry_run):
        outcomes: dict[int, Outcome] = {}
        record = partial(_record, session, source, {id(item): n for n, item in enumerate(items)}, outcomes)
        tenant_id = bound_tenant(session)
        answers = await batches.each(
            session, items, record, order=lambda told: told.loan_reference, caller=caller, language=language
        )
        await bind(session, tenant_id)
        moved = await _move(session, source, answers, body)
    return PositionImportRead(
        position_on=position_on,
        moved=moved,
        dry_run=query.dry_run,
        items=_read(answers, outcomes, dry_run=query.dry_run),
    )


def _items(content: bytes, body: PositionImportCreate) -> Sequence[Any]:
    # The lines that can be read, and Malformed in the place of the others.
    table = accounting_files.read(content, encoding=body.encoding)
    position_files.check_columns(table)
    told = [position_files.told(cells) for cells in table.rows]
    return [Malformed(one) if isinstance(one, list) else one for one in told]


async def _record(
    session: AsyncSession, source: Source, numbers: dict[int, int], outcomes: dict[int, Outcome], told: ToldTitle
) -> tuple[UUID, bool]:
    await bind(session, source.tenant_id)  # an earlier line that was undone forgot it
    outcome = await position_lines.record(session, told, source=source)
    outcomes[numbers[id(told)]] = outcome
    return outcome.id, outcome.known


async def _move(session: AsyncSession, source: Source, answers: BatchRead, body: PositionImportCreate) -> bool:
    """Whether the position is now that of the file."""
    latest = await positions.latest(session)
    is_later = latest is None or latest < source.position_on
    if not is_later or any(answer.status == "refused" for answer in answers.items):
        return False
    told = PositionCreate(position_on=source.position_on, reference=body.file_name)
    await positions.create(session, caller=source.caller, today=source.today, body=told)
    return True


def _read(answers: BatchRead, outcomes: dict[int, Outcome], *, dry_run: bool) -> list[PositionItemRead]:
    items = []
    for answer in answers.items:
        outcome = outcomes.get(answer.index)
        found = outcome if answer.status != "refused" else None
        items.append(
            PositionItemRead(
                index=answer.index,
                status="to_decide" if found and found.to_decide else answer.status,
                id=None if dry_run else answer.id,
                error=answer.error,
                loan_id=found.loan_id if found else None,
                left_cents=found.left_cents if found else None,
                anomalies=list(found.anomalies) if found else [],
            )
        )
    return items
