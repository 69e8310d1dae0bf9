"""The counts behind the workload: each by the account that bears the work, in one statement."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Select, Subquery, cast, func, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.appointment_lifecycle import AppointmentStatus
from app.domain.request_lifecycle import ENDED, RequestStatus
from app.services import loan_dues
from app.services import request_steps as steps
from app.tables import Appointment, Assignment, Contact, Loan, Request, RequestTransition
from app.tenancy import of_tenant

# Once contracted, a file is followed as a loan.
_NO_LONGER_OPEN = [*sorted(ENDED), RequestStatus.CONTRACTED]
Counts = dict[UUID, int]


async def solicitations(session: AsyncSession, *, since: date, until: date) -> Counts:
    """Contacts of a period, by who took them."""
    statement = select(col(Contact.account_id), func.count()).where(
        of_tenant(session, Contact), col(Contact.contacted_on).between(since, until)
    )
    return await _counted(session, statement.group_by(col(Contact.account_id)))


async def files_taken_in(session: AsyncSession, *, since: date, until: date) -> Counts:
    """Requests received in a period, by the agent of their intake."""
    first = (
        select(col(Assignment.request_id), col(Assignment.instructing_agent_id))
        .ext(distinct_on(col(Assignment.request_id)))
        .where(of_tenant(session, Assignment))
        .order_by(col(Assignment.request_id), col(Assignment.assigned_on), col(Assignment.entered_at))
        .subquery()
    )
    statement = (
        select(first.c.instructing_agent_id, func.count())
        .join(Request, col(Request.id) == first.c.request_id)
        .where(of_tenant(session, Request), col(Request.received_on).between(since, until))
    )
    return await _counted(session, statement.group_by(first.c.instructing_agent_id))


async def open_files(session: AsyncSession, *, on: date, time_zone: ZoneInfo) -> Counts:
    """Requests received by the end of a day that had neither ended nor led to a contract, by who held them then.

    Steps follow one another as they were entered.
    """
    step = (
        select(
            col(RequestTransition.id),
            col(RequestTransition.request_id),
            col(RequestTransition.to_status),
            steps.day_of_step(time_zone).label("day"),
        )
        .where(of_tenant(session, RequestTransition))
        .subquery()
    )
    reached = (
        select(step.c.request_id, step.c.to_status)
        .ext(distinct_on(step.c.request_id))
        .where(step.c.day <= on)
        .order_by(step.c.request_id, step.c.id.desc())
        .subquery()
    )
    over = select(reached.c.request_id).where(reached.c.to_status.in_(_NO_LONGER_OPEN))
    holders = _holders(session, on=on)
    statement = (
        select(holders.c.instructing_agent_id, func.count())
        .join(Request, col(Request.id) == holders.c.request_id)
        .where(of_tenant(session, Request), col(Request.received_on) <= on, col(Request.id).not_in(over))
    )
    return await _counted(session, statement.group_by(holders.c.instructing_agent_id))


async def running_loans(session: AsyncSession, *, on: date) -> Counts:
    """Loans paid out and not wholly repaid at the end of a day, by who then held their request.

    Those in litigation are with the public accountant and count for nobody.
    """
    running, holders = loan_dues.first_unpaid(session, on=on), _holders(session, on=on)
    statement = (
        select(holders.c.instructing_agent_id, func.count())
        .join(Loan, col(Loan.request_id) == holders.c.request_id)
        .join(running, running.c.loan_id == Loan.id)
        .where(of_tenant(session, Loan))
    )
    return await _counted(session, statement.group_by(holders.c.instructing_agent_id))


async def appointments_held(session: AsyncSession, *, since: date, until: date, time_zone: ZoneInfo) -> Counts:
    """Appointments of a period to which the person came, by whom they were with."""
    day = cast(func.timezone(time_zone.key, col(Appointment.starts_at)), Date)
    statement = select(col(Appointment.account_id), func.count()).where(
        of_tenant(session, Appointment),
        col(Appointment.status) == AppointmentStatus.ATTENDED,
        day.between(since, until),
    )
    return await _counted(session, statement.group_by(col(Appointment.account_id)))


async def by_commune(session: AsyncSession, *, since: date, until: date) -> dict[str | None, tuple[int, int]]:
    """Files received in a period and people who ask by them, by the commune they are of now, and together under null.

    A person with files in two communes is one person of each, and one of all.
    """
    parties = union_all(
        *(
            select(col(Request.commune_insee_code), col(Request.id), column.label("person_id")).where(
                of_tenant(session, Request), col(Request.received_on).between(since, until), column.is_not(None)
            )
            for column in (col(Request.applicant_id), col(Request.co_applicant_id))
        )
    ).subquery()
    statement = select(
        parties.c.commune_insee_code,
        func.count(parties.c.id.distinct()).label("files"),
        func.count(parties.c.person_id.distinct()).label("persons"),
    ).group_by(func.rollup(parties.c.commune_insee_code))
    return {row.commune_insee_code: (row.files, row.persons) for row in await session.execute(statement)}


def _holders(session: AsyncSession, *, on: date) -> Subquery:
    """Who held each request at the end of a day."""
    return (
        select(col(Assignment.request_id), col(Assignment.instructing_agent_id))
        .ext(distinct_on(col(Assignment.request_id)))
        .where(of_tenant(session, Assignment), col(Assignment.assigned_on) <= on)
        .order_by(
            col(Assignment.request_id),
            col(Assignment.assigned_on).desc(),
            col(Assignment.entered_at).desc(),
            col(Assignment.id).desc(),
        )
        .subquery()
    )


async def _counted(session: AsyncSession, statement: Select[UUID, int]) -> Counts:
    return {row[0]: row[1] for row in await session.execute(statement)}
