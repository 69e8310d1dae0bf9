"""Four eyes (double regard): who instructed a file does not decide on it alone, whatever their roles.

Recording what a session decided is no decision of one's own: the chair's closing of its minutes is the second act.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import CompoundSelect, and_, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.decision_errors import FourEyes, SecondPersonMissing
from app.domain.permissions import Caller, Role
from app.domain.products import Product
from app.domain.request_lifecycle import RequestAction
from app.services import rules
from app.tables import Account, Assessment, Assignment, Decision, Ratification, Request, RequestTransition
from app.tenancy import of_tenant

_NAMED_MAX = 20


async def check(
    session: AsyncSession,
    request: Request,
    product: Product,
    *,
    caller: Caller,
    second_person: str | None,
    by: Collection[Role] | None = None,
    besides: UUID | None = None,
) -> None:
    """Whether the caller may decide alone on the file; `by`: one of whose roles who decides must have, null for any.
    `besides`: the account of somebody else who may not, as they decided ahead of the session.

    Raises FourEyes for who instructed it, naming who can; where the rules let one person do all, SecondPersonMissing.
    """
    asked = await asks_second_person(session, request, product, caller=caller, by=by, besides=besides)
    if asked and second_person is None:
        raise SecondPersonMissing(named_by_rules=product.four_eyes.second_person if product.four_eyes else None)


async def asks_second_person(
    session: AsyncSession,
    request: Request,
    product: Product,
    *,
    caller: Caller,
    by: Collection[Role] | None = None,
    besides: UUID | None = None,
) -> bool:
    """Whether the caller, to decide alone, names somebody who looked at the file again. Raises FourEyes."""
    instructing = await _instructing(session, request) | ({besides} if besides else frozenset())
    if caller.account_id not in instructing:
        return False
    if _required(product):
        raise FourEyes(can_act=await _who_can(session, request, without=instructing, by=by))
    return True


async def without_vote(session: AsyncSession, request: Request, product: Product) -> frozenset[UUID]:
    """The accounts of who instructed the file, and so has no vote on it; of nobody where the rules let one do all."""
    return await _instructing(session, request) if _required(product) else frozenset()


async def check_closing(session: AsyncSession, session_id: UUID, *, caller: Caller) -> None:
    """Raises FourEyes where the caller recorded alone what a session answered on a file that they instructed."""
    for decision in await _recorded(session, session_id, caller):
        request = await session.get_one(Request, (decision.tenant_id, decision.request_id))
        _, product = await rules.decided(session, decision, request)
        away = await without_vote(session, request, product)
        if caller.account_id in away:
            raise FourEyes(can_act=await _who_can(session, request, without=away, by=None))


async def _recorded(session: AsyncSession, session_id: UUID, caller: Caller) -> Sequence[Decision]:
    """What was decided, or ratified, in a session, as the caller recorded it, on files they instructed."""
    acts = _acts(session).subquery()
    ratification = and_(of_tenant(session, Ratification), col(Ratification.decision_id) == Decision.id)
    statement = (
        select(Decision)
        .outerjoin(Ratification, ratification)
        .where(
            of_tenant(session, Decision),
            or_(
                and_(col(Decision.session_id) == session_id, col(Decision.account_id) == caller.account_id),
                and_(col(Ratification.session_id) == session_id, col(Ratification.account_id) == caller.account_id),
            ),
            exists().where(acts.c.request_id == Decision.request_id, acts.c.account_id == caller.account_id),
        )
    )
    return (await session.scalars(statement)).all()


def _required(product: Product) -> bool:
    return product.four_eyes is None or product.four_eyes.required


async def _instructing(session: AsyncSession, request: Request) -> frozenset[UUID]:
    """Who had the file, began or wrote an assessment of it, or submitted it."""
    acts = _acts(session).subquery()
    return frozenset(await session.scalars(select(acts.c.account_id).where(acts.c.request_id == request.id)))


def _acts(session: AsyncSession) -> CompoundSelect[UUID, UUID | None]:
    return union(
        select(col(Assignment.request_id), col(Assignment.instructing_agent_id).label("account_id")).where(
            of_tenant(session, Assignment)
        ),
        select(col(Assessment.request_id), col(Assessment.account_id)).where(of_tenant(session, Assessment)),
        select(col(RequestTransition.request_id), col(RequestTransition.account_id)).where(
            of_tenant(session, RequestTransition),
            col(RequestTransition.account_id).is_not(None),
            col(RequestTransition.action).in_((RequestAction.ASSESS, RequestAction.SUBMIT)),
        ),
    )


async def _who_can(
    session: AsyncSession, request: Request, *, without: Collection[UUID], by: Collection[Role] | None
) -> list[str]:
    """The logins of the first who decide in the file's commune and did not instruct it."""
    codes, roles = col(Account.commune_insee_codes), col(Account.roles)
    statement = (
        select(col(Account.login))
        .where(
            of_tenant(session, Account),
            col(Account.active),
            col(Account.id).not_in(without),
            roles.contains([Role.DECIDER.value]),
            or_(codes.is_(None), codes.contains([request.commune_insee_code])),
        )
        .order_by(col(Account.login))
        .limit(_NAMED_MAX)
    )
    if by is not None:
        statement = statement.where(or_(*(roles.contains([role.value]) for role in by)))
    return list(await session.scalars(statement))
