"""The answer given in place of an aid: no contact and no request ends without one.

« Il est toujours proposé une autre réponse sociale » (Besançon, note de restitution finale).
"""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import check_day
from app.domain.errors import UnreachableTooSoon
from app.schemas.requests import OtherAnswer, OtherAnswerRead
from app.services import organisations
from app.tables import Contact, Request


async def record(
    session: AsyncSession, asked: Contact | Request, answer: OtherAnswer, *, since: date, today: date
) -> None:
    """Writes down the answer on what was asked, which came on the day `since`.

    Raises UnreachableTooSoon, OrganisationUnknown, OrganisationClosed, DateInFuture, DateOutOfOrder.
    """
    for attempt_on in answer.attempts_on:
        check_day("other_answer.attempts_on", attempt_on, not_before=since, today=today)
    earliest = max([since, *answer.attempts_on])
    check_day("other_answer.given_on", answer.given_on, not_before=earliest, today=today)
    if answer.kind == "unreachable" and len(set(answer.attempts_on)) < 2:
        raise UnreachableTooSoon
    await organisations.check_known(
        session, answer.organisation_id, field="other_answer.organisation_id", on=answer.given_on
    )
    asked.other_answer_kind, asked.other_answer_on = answer.kind, answer.given_on
    asked.other_answer_attempts_on = sorted(set(answer.attempts_on))
    asked.other_answer_organisation_id = answer.organisation_id


def forget(request: Request) -> None:
    """The answer no longer stands, as the request is taken up again."""
    request.other_answer_kind = request.other_answer_on = request.other_answer_organisation_id = None
    request.other_answer_attempts_on = []


def told(asked: Contact | Request) -> OtherAnswerRead | None:
    """The answer that was given, if one was."""
    if asked.other_answer_kind is None or asked.other_answer_on is None:
        return None
    return OtherAnswerRead(
        kind=asked.other_answer_kind,
        organisation_id=asked.other_answer_organisation_id,
        given_on=asked.other_answer_on,
        attempts_on=asked.other_answer_attempts_on,
    )
