"""Whether a decision may be notified to the person."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.decision_errors import NotNotifiable
from app.domain.notices import NAMED, FastTrackNotice, NoticeObstacle, of_ratification
from app.schemas.decisions import NoticeRead
from app.services import decision_sessions, ratifications, rectifications, rules
from app.services import request_steps as steps
from app.tables import Decision, Ratification


async def check(session: AsyncSession, decision: Decision) -> NoticeRead:
    """What may be told, and whether subject to ratification. Raises NotNotifiable with every reason against it."""
    notice = await of_decision(session, decision)
    if notice.why_not:
        raise NotNotifiable(reasons=[obstacle.value for obstacle in notice.why_not])
    return notice


async def of_decision(session: AsyncSession, decision: Decision) -> NoticeRead:
    """Whether the person may be told the decision as it was corrected, and what stands against it."""
    ratification, rule = await ratifications.of_decision(session, decision), None
    if decision.provisional:
        request = await steps.load(session, decision.request_id)
        rule = (await rules.decided(session, decision, request))[1].fast_track_notice
    said = await rectifications.as_corrected(session, decision)
    stands = await rectifications.stands(session, decision)
    open_ = await decision_sessions.are_minutes_open(session, decision, ratification)
    return told(said, ratification, rule=rule, stands=stands, minutes_open=open_)


async def since(session: AsyncSession, decision: Decision) -> date:
    """The first day on which the person may have been told: that of the ratification, where the rules wait for it."""
    ratification = await ratifications.of_decision(session, decision)
    if ratification is None:
        return decision.decided_on
    request = await steps.load(session, decision.request_id)
    rule = (await rules.decided(session, decision, request))[1].fast_track_notice
    return decision.decided_on if rule is FastTrackNotice.SUBJECT_TO_RATIFICATION else ratification.ratified_on


def told(
    said: Mapping[str, Any],
    ratification: Ratification | None,
    *,
    rule: FastTrackNotice | None,
    minutes_open: bool,
    stands: bool = True,
) -> NoticeRead:
    """The same, of what is at hand: body, capacity and delegation are those of the decision, else of who ratified."""
    why_not = [] if stands else [NoticeObstacle.NO_LONGER_STANDS]
    why_not += [obstacle for name, obstacle in NAMED.items() if not (said[name] or getattr(ratification, name, None))]
    if minutes_open:
        why_not.append(NoticeObstacle.MINUTES_OPEN)
    answer: NoticeObstacle | None = None
    if said["provisional"]:
        answer = of_ratification(ratified=ratification.ratified if ratification else None, rule=rule)
    if answer is not None:
        why_not.append(answer)
    return NoticeRead(
        may_be_notified=not why_not,
        subject_to_ratification=said["provisional"] and ratification is None and answer is None,
        why_not=why_not,
    )
