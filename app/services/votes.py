"""Votes on an item, kept as the rules ask: the last entry counts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committee_errors import BallotsDiffer, ItemSettled, VotesBeyondMembers, VotesKeptOtherwise, VotesNotKept
from app.domain.committees import CommissionRule, Vote, VoteKeeping
from app.domain.permissions import Caller
from app.domain.session_lifecycle import check_not_over, check_open
from app.schemas.votes import BallotCreate, BallotRead, VoteCreate, VoteRead
from app.services import seats
from app.services import session_steps as steps
from app.tables import Ballot, CommitteeMember, ItemVote
from app.tenancy import of_tenant


async def create(
    session: AsyncSession, committee_id: UUID, session_id: UUID, item_id: UUID, *, caller: Caller, body: VoteCreate
) -> VoteRead:
    """Records the votes on an item; recorded again, they replace those before, which are kept.

    Raises NotFound, SessionOver, SessionNotOpen, ItemSettled for one that was withdrawn, VotesNotKept,
    VotesKeptOtherwise, VotesBeyondMembers, BallotsDiffer.
    """
    sitting = await steps.locked(session, committee_id, session_id)
    item = await steps.locked_item(session, sitting, item_id)
    check_not_over(sitting.status)
    check_open(sitting.status)
    if item.withdrawn_on is not None:
        raise ItemSettled
    seated = await seats.of_session(session, sitting)
    _check_form(seated.rule, body)
    voters = seated.voters(item.id)
    counts = _counts(body, voters)
    vote = ItemVote(
        tenant_id=sitting.tenant_id,
        session_id=sitting.id,
        agenda_item_id=item.id,
        account_id=caller.account_id,
        in_favour=counts[Vote.IN_FAVOUR],
        against=counts[Vote.AGAINST],
        abstentions=counts[Vote.ABSTENTION],
    )
    session.add(vote)
    await session.flush()  # the ballots refer to the vote through a foreign key without an ORM relation
    session.add_all(
        Ballot(tenant_id=sitting.tenant_id, session_id=sitting.id, vote_id=vote.id, **ballot.model_dump())
        for ballot in body.ballots or ()
    )
    sitting.version += 1
    names = {member.id: member.name for member in voters}
    ballots = [BallotRead(**ballot.model_dump(), name=names[ballot.member_id]) for ballot in body.ballots or ()]
    return _read(vote, ballots if body.ballots is not None else None)


async def of_item(session: AsyncSession, item_id: UUID) -> VoteRead | None:
    """The votes on an item that count; null where none were recorded."""
    votes = (
        select(ItemVote)
        .where(of_tenant(session, ItemVote), col(ItemVote.agenda_item_id) == item_id)
        .order_by(col(ItemVote.id).desc())
        .limit(1)
    )
    vote = (await session.scalars(votes)).one_or_none()
    if vote is None:
        return None
    of_member = and_(of_tenant(session, CommitteeMember), col(CommitteeMember.id) == Ballot.member_id)
    statement = (
        select(col(Ballot.member_id), col(CommitteeMember.name), col(Ballot.vote))
        .join(CommitteeMember, of_member)
        .where(of_tenant(session, Ballot), col(Ballot.vote_id) == vote.id)
        .order_by(col(CommitteeMember.name), col(Ballot.id))
    )
    ballots = [BallotRead.model_validate(row) for row in (await session.execute(statement)).mappings()]
    return _read(vote, ballots or None)


def _check_form(rule: CommissionRule | None, body: VoteCreate) -> None:
    kept = (rule.votes if rule else None) or VoteKeeping.NONE
    if kept is VoteKeeping.NONE:
        raise VotesNotKept
    if kept is not (VoteKeeping.COUNTED if body.ballots is None else VoteKeeping.BY_NAME):
        raise VotesKeptOtherwise(votes=kept.value)


def _counts(body: VoteCreate, voters: Sequence[CommitteeMember]) -> Counter[Vote]:
    """The figures. Raises VotesBeyondMembers, BallotsDiffer unless each who may vote did so once."""
    if body.ballots is not None:
        return _counted(body.ballots, voters)
    told = ((Vote.IN_FAVOUR, body.in_favour), (Vote.AGAINST, body.against), (Vote.ABSTENTION, body.abstentions))
    counts = Counter({vote: number or 0 for vote, number in told})
    cast = counts.total()
    if cast > len(voters):
        raise VotesBeyondMembers(cast=cast, may_vote=len(voters))
    return counts


def _counted(ballots: Sequence[BallotCreate], voters: Sequence[CommitteeMember]) -> Counter[Vote]:
    if sorted(ballot.member_id for ballot in ballots) != sorted(member.id for member in voters):
        raise BallotsDiffer(member_ids=[str(member.id) for member in voters])
    return Counter(ballot.vote for ballot in ballots)


def _read(vote: ItemVote, ballots: list[BallotRead] | None) -> VoteRead:
    fields: dict[str, Any] = vote.model_dump(include=set(VoteRead.model_fields))
    return VoteRead(**fields, ballots=ballots)
