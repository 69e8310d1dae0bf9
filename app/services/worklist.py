"""What waits for someone, the longest first: one statement for each kind, put together and paged as one list."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.permissions import Caller
from app.domain.worklist import WorkKind
from app.messages import Language
from app.parameters.codes import label
from app.schemas.base import Page
from app.schemas.worklist import WorkItem, WorklistQuery
from app.services import worklist_kinds
from app.services.pages import name_page
from app.tenancy import bound_tenant


async def list_page(
    session: AsyncSession, *, caller: Caller, now: datetime, language: Language, query: WorklistQuery
) -> Page[WorkItem]:
    """What waits now in the communes that the caller sees."""
    kinds = [query.kind] if query.kind else list(WorkKind)
    waiting = union_all(*(_of_kind(session, kind, now=now.astimezone(caller.time_zone)) for kind in kinds)).subquery(
        "waiting"
    )
    statement = select(*(column for column in waiting.c if column.name not in ("subject_id", "account_id")))
    if query.mine == "true":
        statement = statement.where(waiting.c.account_id == caller.account_id)
    key: ColumnElement[str] = func.concat(
        func.to_char(waiting.c.since_on, "YYYY-MM-DD"), " ", waiting.c.kind, " ", cast(waiting.c.subject_id, String)
    ).collate("C")
    scope = f"{bound_tenant(session)}/worklist"
    rows, next_cursor = await name_page(session, statement, key, scope=scope, query=query)
    items = [_item(row._asdict(), language) for row in rows]
    return Page(items=items, next_cursor=next_cursor)


def _of_kind(session: AsyncSession, kind: WorkKind, *, now: datetime) -> Select[*tuple[Any, ...]]:
    found = worklist_kinds.STATEMENTS[kind](session, now=now).subquery()
    return select(literal(kind.value).label("kind"), *found.c)


def _item(row: dict[str, object], language: Language) -> WorkItem:
    title = label("work_kinds", str(row["kind"]), language)
    return WorkItem.model_validate({**row, "title": title})
