"""All that happened to a file: one statement for each kind of event, put together and read in one call."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, cast, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.channels import SOURCE_OF, Channel
from app.domain.permissions import Caller
from app.domain.timeline import EventKind
from app.messages import Language, of_word
from app.parameters.codes import label
from app.parameters.communes import communes
from app.parameters.rule_labels import value_label
from app.schemas.timelines import Timeline, TimelineItem
from app.services import request_steps as steps
from app.services import timeline_kinds
from app.tables import Account, Partner, PartnerClient, Telling
from app.tenancy import of_tenant

# Far more than a file has; what would pass it is told from its latest events.
SHOWN_MAX = 1_000
_SECTIONS = {
    EventKind.CONTACT: "channels",
    EventKind.RIGHTS_CHECK: "rights",
    EventKind.PAPER_ASKED: "papers",
    EventKind.PAPER_RECEIVED: "papers",
    EventKind.PAPER_WAIVED: "papers",
    EventKind.SUPPORT_ACTION: "support_actions",
}
_AS_TOLD = frozenset({EventKind.ASSIGNMENT, EventKind.REFERRAL})


async def read(session: AsyncSession, request_id: UUID, *, caller: Caller, language: Language) -> Timeline:
    """The events of a file that the caller may know of, oldest first. Raises NotFound."""
    request = await steps.load(session, request_id)
    events = union_all(*timeline_kinds.statements(session, request.id, caller=caller)).subquery("events")
    entered_on = cast(func.timezone(caller.time_zone.key, events.c.entered_at), Date)
    entered_by = func.coalesce(events.c.account_id, col(Telling.account_id))
    statement = (
        select(
            *events.c,
            col(Account.login).label("author"),
            col(Partner.code).label("partner"),
            col(Telling.channel).label("channel"),
        )
        .outerjoin(Telling, and_(of_tenant(session, Telling), col(Telling.id) == events.c.telling_id))
        .outerjoin(Account, and_(of_tenant(session, Account), col(Account.id) == entered_by))
        .outerjoin(PartnerClient, col(PartnerClient.id) == events.c.partner_client_id)
        .outerjoin(Partner, col(Partner.id) == func.coalesce(col(PartnerClient.partner_id), col(Telling.partner_id)))
        .order_by(
            func.coalesce(events.c.at, entered_on).desc(),
            events.c.entered_at.desc().nulls_first(),
            events.c.id.desc(),
        )
        .limit(SHOWN_MAX)
    )
    rows = (await session.execute(statement)).mappings().all()
    return Timeline(items=[_item(row, language) for row in reversed(rows)], next_cursor=None)


def _item(row: Mapping[Any, Any], language: Language) -> TimelineItem:
    kind = EventKind(row["kind"])
    title = label("event_kinds", kind, language)
    if row["what"] is not None:
        between = " : " if language == "fr" else ": "
        title += between + _what(kind, row["what"], language)
    source = SOURCE_OF[row["channel"] or Channel.API] if row["partner"] else None
    return TimelineItem.model_validate({**row, "title": title, "source": source})


def _what(kind: EventKind, what: str, language: Language) -> str:
    if kind in _SECTIONS:
        return label(_SECTIONS[kind], what, language)
    if kind is EventKind.TRANSFER:
        return communes().get(what, (what,))[0]
    if kind in (EventKind.ATTESTATION, EventKind.ATTESTATION_DENIED):
        return value_label(what, language)
    return what if kind in _AS_TOLD else of_word(what, language)
