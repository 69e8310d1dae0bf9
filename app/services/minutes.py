"""Minutes (procès-verbal): written once, when who chairs closes the session, and never changed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import ItemsLeft, NotTheChair
from app.domain.committees import CommissionRule
from app.domain.errors import NotFound
from app.domain.permissions import Caller
from app.domain.session_lifecycle import SessionAction, after
from app.schemas.minutes import MinutesRead
from app.services import committees, four_eyes, money_left, seats
from app.services import session_steps as steps
from app.services.handoff_payloads import canonical, digest
from app.services.seats import Seats
from app.tables import AgendaItem, Ballot, Committee, CommitteeSession, Decision, ItemVote, Minutes, Request
from app.tenancy import of_tenant, widened

Json = dict[str, Any]
_COMMISSION: TypeAdapter[CommissionRule | None] = TypeAdapter(CommissionRule | None)
_ITEM = (
    "position", "kind", "request_id", "decision_id", "loan_id", "review_reason", "outcome", "outcome_decision_id",
    "outcome_months", "outcome_reason", "withdrawn_on", "withdrawn_reason",
)  # fmt: skip
_DECISION = (
    "outcome", "loan_amount_cents", "duration_months", "instalment_cents", "grant_cents", "reason_code", "missing",
    "missing_papers", "next_on", "conditions",
)  # fmt: skip


async def close(
    session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller, today: date
) -> MinutesRead:
    """Closes a session and freezes its minutes under the next number of the committee's year.

    Raises NotFound, IllegalTransition, NotTheChair, FourEyes, ItemsLeft.
    """
    committee = await committees.locked(session, committee_id)
    sitting = await steps.locked(session, committee.id, session_id)
    after(sitting.status, SessionAction.CLOSE)
    seated = await seats.of_session(session, sitting)
    if not _chairs(seated, sitting, caller):
        raise NotTheChair
    await four_eyes.check_closing(session, sitting.id, caller=caller)
    async with widened(session):
        items = await _items(session, sitting, seated)
    left = [item["position"] for item in items if item["outcome"] is None and item["withdrawn_on"] is None]
    if left:
        raise ItemsLeft(positions=left)
    number = await _next_number(session, committee, sitting.held_on.year)
    content = canonical(await _content(session, committee, sitting, seated, items, number=number))
    minutes = Minutes(
        tenant_id=sitting.tenant_id,
        session_id=sitting.id,
        committee_id=committee.id,
        year=sitting.held_on.year,
        number=number,
        closed_on=today,
        content=content,
        sha256=digest(content),
        account_id=caller.account_id,
    )
    session.add(minutes)
    steps.move(session, sitting, SessionAction.CLOSE, caller=caller, effect_on=today)
    return await _read(session, minutes, caller)


async def read(session: AsyncSession, committee_id: UUID, session_id: UUID, *, caller: Caller) -> MinutesRead:
    """The minutes of a session that is closed, or NotFound."""
    sitting = await steps.load(session, committee_id, session_id)
    statement = select(Minutes).where(of_tenant(session, Minutes), col(Minutes.session_id) == sitting.id)
    minutes = (await session.scalars(statement)).one_or_none()
    if minutes is None:
        raise NotFound
    return await _read(session, minutes, caller)


def _chairs(seated: Seats, sitting: CommitteeSession, caller: Caller) -> bool:
    """Whether the caller's account is that of the member who chairs the session; any decider's where that member,
    of years ago perhaps, has none.
    """
    chairing = next(member for member in seated.members if member.id == sitting.chaired_by)
    return chairing.member_account_id in (None, caller.account_id)


async def _items(session: AsyncSession, sitting: CommitteeSession, seated: Seats) -> list[Json]:
    """The items with their outcomes, who left for each and its votes: nobody's name but the members'."""
    votes = await _votes(session, sitting, {member.id: member.name for member in seated.members})
    names = {member.id: member.name for member in seated.members}
    gone: defaultdict[UUID, list[Json]] = defaultdict(list)
    for recusal in seated.recusals:
        gone[recusal.agenda_item_id].append({"name": names.get(recusal.member_id), "reason": recusal.reason})
    return [
        {
            **_plain(item, _ITEM),
            "request_reference": request.reference,
            **_plain(request, ("purpose", "requested_amount_cents")),
            "decision": _plain(decision, _DECISION) if decision else None,
            "recusals": gone[item.id],
            "votes": votes.get(item.id),
        }
        for item, request, decision in await _rows(session, sitting)
    ]


async def _rows(session: AsyncSession, sitting: CommitteeSession) -> Sequence[Any]:
    of_request = and_(of_tenant(session, Request), col(Request.id) == AgendaItem.request_id)
    told = func.coalesce(col(AgendaItem.outcome_decision_id), col(AgendaItem.decision_id))
    statement = (
        select(AgendaItem, Request, Decision)
        .join(Request, of_request)
        .outerjoin(Decision, and_(of_tenant(session, Decision), col(Decision.id) == told))
        .where(of_tenant(session, AgendaItem), col(AgendaItem.session_id) == sitting.id)
        .order_by(col(AgendaItem.position))
    )
    return (await session.execute(statement)).all()


async def _votes(session: AsyncSession, sitting: CommitteeSession, names: Mapping[UUID, str]) -> dict[UUID, Json]:
    """The votes that count, by item."""
    of_session = (of_tenant(session, ItemVote), col(ItemVote.session_id) == sitting.id)
    recorded = (await session.scalars(select(ItemVote).where(*of_session).order_by(col(ItemVote.id)))).all()
    ballots: defaultdict[UUID, list[Json]] = defaultdict(list)
    cast = select(Ballot).where(of_tenant(session, Ballot), col(Ballot.session_id) == sitting.id)
    for ballot in await session.scalars(cast.order_by(col(Ballot.id))):
        ballots[ballot.vote_id].append({"name": names.get(ballot.member_id), "vote": ballot.vote.value})
    return {
        vote.agenda_item_id: {
            **_plain(vote, ("in_favour", "against", "abstentions")),
            "ballots": ballots.get(vote.id),
        }
        for vote in recorded
    }


async def _content(
    session: AsyncSession,
    committee: Committee,
    sitting: CommitteeSession,
    seated: Seats,
    items: list[Json],
    *,
    number: int,
) -> Json:
    money = await money_left.of_session(session, sitting)
    return {
        "committee": _plain(committee, ("id", "name", "reference")),
        "session": {
            **_plain(sitting, ("id", "held_on", "convened_on", "place")),
            "reference": _reference(number, sitting.held_on.year),
            "chaired_by": next(member.name for member in seated.members if member.id == sitting.chaired_by),
        },
        "members": [
            {
                **_plain(member, ("name", "capacity", "chair")),
                "status": seated.statuses[member.id].value if member.id in seated.statuses else None,
            }
            for member in seated.members
        ],
        "quorum": {
            "in_office": seated.voting_in_office,
            "present": len(seated.voters()),
            "needed": seated.quorum,
        },
        "rules": _COMMISSION.dump_python(seated.rule, mode="json"),
        "items": items,
        "money": None if money is None else [one.model_dump(mode="json") for one in money],
    }


async def _next_number(session: AsyncSession, committee: Committee, year: int) -> int:
    statement = select(func.coalesce(func.max(col(Minutes.number)), 0)).where(
        of_tenant(session, Minutes), col(Minutes.committee_id) == committee.id, col(Minutes.year) == year
    )
    return (await session.scalars(statement)).one() + 1


async def _read(session: AsyncSession, minutes: Minutes, caller: Caller) -> MinutesRead:
    """The minutes, without the items of files that the caller does not see."""
    content: Json = json.loads(minutes.content)
    if not caller.sees_whole_tenant:
        named = [item["request_id"] for item in content["items"]]
        seen = select(col(Request.id)).where(of_tenant(session, Request), col(Request.id).in_(named))
        known = {str(request_id) for request_id in await session.scalars(seen)}
        content["items"] = [item for item in content["items"] if item["request_id"] in known]
    return MinutesRead(
        **minutes.model_dump(include=set(MinutesRead.model_fields) - {"content"}),
        version=1,
        reference=_reference(minutes.number, minutes.year),
        content=content,
        whole=caller.sees_whole_tenant,
    )


def _reference(number: int, year: int) -> str:
    return f"{number}/{year}"


def _plain(row: Any, names: tuple[str, ...]) -> Json:
    content: Json = json.loads(row.model_dump_json(include=set(names)))
    return content
