"""Yearly envelopes: what was voted, and what decisions hold of it, derived each time it is asked.

A decision holds its money from the year of its day on: reserved once it is taken, consumed as the loan is paid out,
free where the file ends without it, is decided anew, or will never be paid out whole. No payment of a grant is
recorded: it stays reserved.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.decisions import GIVES, Outcome
from app.domain.envelope_errors import EnvelopeExceeded, EnvelopeTooLow
from app.domain.envelopes import HOLDING, PAID_OUT, EnvelopeKind
from app.domain.permissions import Caller
from app.schemas.envelopes import (
    EnvelopeCreate,
    EnvelopeEntryRead,
    EnvelopeLeft,
    EnvelopeList,
    EnvelopeQuery,
    EnvelopeRead,
)
from app.services import paid_out
from app.tables import Decision, Envelope, Loan, Request
from app.tenancy import bound_tenant, of_tenant, widened


async def create(session: AsyncSession, *, caller: Caller, today: date, body: EnvelopeCreate) -> EnvelopeEntryRead:
    """Writes down what was voted for a year; it replaces what was voted before, which is kept.

    Raises DateInFuture, EnvelopeTooLow.
    """
    check_day("voted_on", body.voted_on, not_before=None, today=today)
    await _take_turn(session, body.year, body.kind)
    reserved, consumed = (await _held(session, body.year))[body.kind]
    if body.amount_cents < reserved + consumed:
        raise EnvelopeTooLow(
            kind=body.kind.value, year=body.year, held_cents=reserved + consumed, asked_cents=body.amount_cents
        )
    envelope = Envelope(tenant_id=bound_tenant(session), account_id=caller.account_id, **body.model_dump())
    session.add(envelope)
    return EnvelopeEntryRead.model_validate(envelope)


async def list_all(session: AsyncSession, *, query: EnvelopeQuery) -> EnvelopeList:
    """The envelopes of a year, whatever communes the caller sees."""
    entries = await _entries(session, query.year)
    items = [
        EnvelopeRead(
            **dict(left),
            year=query.year,
            entries=[EnvelopeEntryRead.model_validate(entry) for entry in entries if entry.kind is left.kind],
        )
        for left in await _left(session, query.year, entries)
    ]
    return EnvelopeList(items=items, next_cursor=None)


async def left(session: AsyncSession, *, year: int) -> list[EnvelopeLeft]:
    """Where the envelopes of a year stand, loans first; without those that nobody voted. In cents."""
    return await _left(session, year, await _entries(session, year))


async def hold(session: AsyncSession, *, decided_on: date, loan_cents: int, grant_cents: int) -> None:
    """Makes sure that what is about to be decided is left, and keeps others from deciding on the same money meanwhile.

    `loan_cents` are of the CCAS's own funds: 0 where a partner lends. A year without an envelope checks nothing.

    Raises EnvelopeExceeded.
    """
    asked = {EnvelopeKind.LOANS: loan_cents, EnvelopeKind.GRANTS: grant_cents}
    for kind in EnvelopeKind:
        if asked[kind]:
            await _take_turn(session, decided_on.year, kind)
    if not any(asked.values()):
        return
    for envelope in await left(session, year=decided_on.year):
        if asked[envelope.kind] > max(envelope.left_cents, 0):
            raise EnvelopeExceeded(
                kind=envelope.kind.value,
                year=decided_on.year,
                left_cents=envelope.left_cents,
                asked_cents=asked[envelope.kind],
            )


async def _take_turn(session: AsyncSession, year: int, kind: EnvelopeKind) -> None:
    """Whoever comes second, to decide or to vote, waits and then sees what the first wrote."""
    turn = func.hashtextextended(f"{bound_tenant(session)}/envelope/{year}/{kind}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(turn)))


async def _entries(session: AsyncSession, year: int) -> Sequence[Envelope]:
    statement = (
        select(Envelope)
        .where(of_tenant(session, Envelope), col(Envelope.year) == year)
        .order_by(col(Envelope.id).desc())
    )
    return (await session.scalars(statement)).all()


async def _left(session: AsyncSession, year: int, entries: Sequence[Envelope]) -> list[EnvelopeLeft]:
    held = await _held(session, year) if entries else {}
    in_force = {entry.kind: entry for entry in reversed(entries)}
    return [_standing(in_force[kind], *held[kind]) for kind in EnvelopeKind if kind in in_force]


def _standing(envelope: Envelope, reserved_cents: int, consumed_cents: int) -> EnvelopeLeft:
    return EnvelopeLeft(
        kind=envelope.kind,
        amount_cents=envelope.amount_cents,
        reserved_cents=reserved_cents,
        consumed_cents=consumed_cents,
        left_cents=envelope.amount_cents - reserved_cents - consumed_cents,
    )


async def held_by(session: AsyncSession, session_id: UUID, *, year: int) -> dict[EnvelopeKind, int]:
    """What the decisions of one session of a committee hold of each envelope of a year. In cents."""
    return {kind: sum(parts) for kind, parts in (await _held(session, year, session_id)).items()}


async def _held(
    session: AsyncSession, year: int, session_id: UUID | None = None
) -> dict[EnvelopeKind, tuple[int, int]]:
    """What the decisions of a year, or of a session in it, reserve and have consumed, in all communes. In cents."""
    statement = _holding(session, year)
    if session_id is not None:
        statement = statement.where(col(Decision.session_id) == session_id)
    async with widened(session):
        row = (await session.execute(statement)).one()
    return {
        EnvelopeKind.LOANS: (int(row.loans_reserved), int(row.loans_consumed)),
        EnvelopeKind.GRANTS: (int(row.grants_reserved), 0),
    }


def _holding(session: AsyncSession, year: int) -> Select[*tuple[int, int, int]]:
    later = aliased(Decision)
    decided_since = exists().where(
        col(later.tenant_id) == Decision.tenant_id,
        col(later.request_id) == Decision.request_id,
        col(later.number) > Decision.number,
    )
    paid_loan = and_(
        of_tenant(session, Loan),
        col(Loan.decision_id) == Decision.id,
        col(Loan.partner_id).is_(None),
        col(Loan.stage).in_(sorted(PAID_OUT)),
    )
    lent = case((col(Decision.outcome) == Outcome.APPROVE, col(Decision.loan_amount_cents)), else_=0)
    drawn = case((col(Loan.id).is_not(None), paid_out.drawn_cents(session)), else_=0)
    to_come = case((paid_out.is_given_up(session), 0), else_=func.greatest(lent - drawn, 0))
    return (
        select(
            func.coalesce(func.sum(to_come), 0).label("loans_reserved"),
            func.coalesce(func.sum(drawn), 0).label("loans_consumed"),
            func.coalesce(func.sum(col(Decision.grant_cents)), 0).label("grants_reserved"),
        )
        .outerjoin(Loan, paid_loan)
        .join(Request, and_(of_tenant(session, Request), col(Request.id) == Decision.request_id))
        .where(
            of_tenant(session, Decision),
            col(Decision.decided_on).between(date(year, 1, 1), date(year, 12, 31)),
            col(Decision.outcome).in_(sorted(GIVES)),
            col(Request.status).in_(sorted(HOLDING)),
            ~decided_since,
        )
    )
