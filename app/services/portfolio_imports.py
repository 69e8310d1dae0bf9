"""Loans that a CCAS kept in spreadsheets, taken over line by line with the report that validates them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import accounting_files, portfolio_files
from app.domain.desk_errors import CommuneOutOfReach
from app.domain.permissions import Caller
from app.domain.portfolio_files import ToldLoan
from app.messages import Language
from app.parameters.codes import codes
from app.schemas.batches import BatchRead, Malformed
from app.schemas.file_imports import ImportQuery
from app.schemas.portfolio_imports import (
    PortfolioImportCreate,
    PortfolioImportRead,
    PortfolioItemRead,
    PortfolioTotals,
)
from app.services import batches, file_imports, portfolio_lines
from app.services.portfolio_lines import TakenOver
from app.tenancy import bind, bound_tenant


async def create(
    session: AsyncSession,
    *,
    caller: Caller,
    today: date,
    language: Language,
    query: ImportQuery,
    body: PortfolioImportCreate,
) -> PortfolioImportRead:
    """Takes each line over for itself; one that is refused leaves nothing behind.

    Raises CommuneOutOfReach (whoever works for some communes alone), Invalid, FileEncodingDiffers, FileUnreadable,
    FileEmpty, FileTooLong, ColumnMissing, ColumnDoubled; answers for each line: Invalid, and what
    `portfolio_lines.record` raises.
    """
    if not caller.sees_whole_tenant:
        raise CommuneOutOfReach
    items = _items(body)
    outcomes: dict[int, TakenOver] = {}
    record = partial(_record, session, caller, today, {id(item): n for n, item in enumerate(items)}, outcomes)
    async with file_imports.kept(session, dry_run=query.dry_run):
        tenant_id = bound_tenant(session)
        answers = await batches.each(
            session, items, record, order=lambda told: told.reference, caller=caller, language=language
        )
        await bind(session, tenant_id)
    return _report(answers, outcomes, dry_run=query.dry_run)


def _items(body: PortfolioImportCreate) -> Sequence[Any]:
    # The lines that can be read, and Malformed in the place of the others.
    table = accounting_files.read(file_imports.content_of(body), encoding=body.encoding)
    portfolio_files.check_columns(table)
    told = [portfolio_files.told(cells, purposes=codes("purposes")) for cells in table.rows]
    return [Malformed(one) if isinstance(one, list) else one for one in told]


async def _record(
    session: AsyncSession,
    caller: Caller,
    today: date,
    numbers: Mapping[int, int],
    outcomes: dict[int, TakenOver],
    told: ToldLoan,
) -> tuple[UUID, bool]:
    await bind(session, caller.tenant_id)  # an earlier line that was undone forgot it
    outcome = await portfolio_lines.record(session, told, caller=caller, today=today)
    outcomes[numbers[id(told)]] = outcome
    return outcome.loan_id, outcome.is_known


def _report(answers: BatchRead, outcomes: Mapping[int, TakenOver], *, dry_run: bool) -> PortfolioImportRead:
    kept = {answer.index: outcomes[answer.index] for answer in answers.items if answer.status != "refused"}
    # Whom a dry run met of its own making is nobody.
    gone = {id_ for outcome in kept.values() if dry_run for id_ in outcome.made}
    counts = Counter(answer.status for answer in answers.items)
    items = []
    for answer in answers.items:
        found = kept.get(answer.index)
        similar = found.similar_person_ids if found else ()
        items.append(
            PortfolioItemRead(
                index=answer.index,
                status=answer.status,
                loan_id=None if answer.id in gone else answer.id,
                error=answer.error,
                similar_person_ids=[person_id for person_id in similar if person_id not in gone],
                outstanding_cents=found.outstanding_cents if found else None,
            )
        )
    totals = PortfolioTotals(
        lines=len(items),
        recorded=counts["recorded"],
        known=counts["known"],
        refused=counts["refused"],
        principal_cents=sum(outcome.principal_cents for outcome in kept.values()),
        outstanding_cents=sum(outcome.outstanding_cents for outcome in kept.values()),
    )
    return PortfolioImportRead(dry_run=dry_run, totals=totals, items=items)
