"""What lenders tell otherwise than by their machines: an author for it, then what the machine's request would do."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.channels import Channel
from app.domain.dates import check_day
from app.domain.desk_errors import CommuneOutOfReach
from app.domain.permissions import Caller, Role
from app.domain.telling_errors import LenderNotNamed, NothingHandedOver
from app.messages import Language
from app.schemas.ficp_checks import FicpCheckCreate, FicpCheckRead
from app.schemas.lender_reports import ReportAnswer
from app.schemas.offers import OfferRead
from app.schemas.statements import StatementRead
from app.schemas.tellings import (
    Letter,
    ReportedAccelerationCreate,
    ReportedAnswerCreate,
    ReportedAnswerRead,
    ReportedCallCreate,
    ReportedCheckCreate,
    ReportedDisbursementCreate,
    ReportedLossCreate,
    ReportedOfferCreate,
    ReportedRecoveryCreate,
    ReportedReversalCreate,
    ReportedScheduleCreate,
    ReportedStatementCreate,
    ReportedStatementFileCreate,
)
from app.services import (
    ficp_checks,
    handoff_steps,
    handoffs,
    inbox,
    lender_disbursements,
    lender_reports,
    offers,
    partners,
    statement_files,
    statements,
)
from app.tables import Handoff, LenderLink, Partner, Telling, Tenant
from app.tenancy import bind_partner, bound_tenant, of_tenant


async def as_lender(session: AsyncSession, caller: Caller, partner: Partner, letter: Letter) -> Caller:
    """The caller that speaks for a partner, in this CCAS alone, in what its letter tells.

    The partner's own actions take it as they take its machine.

    A letter may tell several things: whoever enters them enters it once.
    """
    telling = await _entered(session, caller, partner, letter) or Telling(
        tenant_id=bound_tenant(session),
        partner_id=partner.id,
        channel=Channel.LETTER,
        account_id=caller.account_id,
        **letter.model_dump(),
    )
    session.add(telling)
    await bind_partner(session, partner.id)
    return replace(caller, partner_id=partner.id, partner_code=partner.code, telling_id=telling.id)


async def reader(session: AsyncSession, link: LenderLink, handoff: Handoff, *, tenant: Tenant) -> Caller:
    """Who reads a handoff by its link: the partner that it was sent to, in this CCAS alone."""
    partner = await session.get_one(Partner, handoff.partner_id)
    await bind_partner(session, partner.id)
    served = frozenset(commune["insee_code"] for commune in tenant.communes)
    return Caller(
        account_id=link.id,
        login=partner.code,
        roles=frozenset({Role.PARTNER}),
        tenant_id=tenant.id,
        tenant_slug=tenant.slug,
        time_zone=ZoneInfo(tenant.time_zone),
        commune_insee_codes=served,
        served_insee_codes=served,
        partner_id=partner.id,
        partner_code=partner.code,
    )


async def by_link(
    session: AsyncSession, link: LenderLink, handoff: Handoff, reading: Caller, *, told_on: date
) -> Caller:
    """Who speaks for the partner by a link, in what its officer answers on that day."""
    telling = Telling(
        tenant_id=link.tenant_id,
        partner_id=handoff.partner_id,
        channel=Channel.LINK,
        dated_on=told_on,
        officer=link.officer,
        link_id=link.id,
    )
    session.add(telling)
    await session.flush()  # what it tells refers to it through foreign keys without an ORM relation
    return replace(reading, telling_id=telling.id)


async def answer(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedAnswerCreate
) -> ReportedAnswerRead:
    """The lender's answer to a loan file. Raises as `inbox.answer`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.decided_on, caller=caller, today=today)
    told = await inbox.answer(session, handoff_id, caller=lender, today=today, body=body)
    return ReportedAnswerRead(**dict(await handoffs.read(session, handoff_id, today=today)), known=told.known)


async def check(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, now: datetime, body: ReportedCheckCreate
) -> FicpCheckRead:
    """The lender's check. Raises as `ficp_checks.push`, DateInFuture and DateOutOfOrder for the letter."""
    told_on = body.consulted_at.astimezone(caller.time_zone).date()
    lender = await _lender(session, handoff_id, body.letter, told_on=told_on, caller=caller, today=today)
    return await ficp_checks.tell(session, caller=lender, now=now, check=FicpCheckCreate.of(handoff_id, body))


async def offer(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedOfferCreate
) -> OfferRead:
    """The lender's offer. Raises as `offers.create`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.offered_on, caller=caller, today=today)
    return await offers.create(session, handoff_id, caller=lender, today=today, body=body)


async def disburse(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedDisbursementCreate
) -> OfferRead:
    """The lender's payment of its loan.

    Raises as `lender_disbursements.create`, DateInFuture and DateOutOfOrder for the letter.
    """
    lender = await _lender(session, handoff_id, body.letter, told_on=body.disbursed_on, caller=caller, today=today)
    return await lender_disbursements.create(session, handoff_id, caller=lender, today=today, body=body)


async def reschedule(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedScheduleCreate
) -> ReportAnswer:
    """The lender's new rows. Raises as `lender_reports.reschedule`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.decided_on, caller=caller, today=today)
    return await lender_reports.reschedule(session, handoff_id, caller=lender, today=today, body=body)


async def accelerate(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedAccelerationCreate
) -> ReportAnswer:
    """The whole called due. Raises as `lender_reports.accelerate`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.accelerated_on, caller=caller, today=today)
    return await lender_reports.accelerate(session, handoff_id, caller=lender, today=today, body=body)


async def lose(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedLossCreate
) -> ReportAnswer:
    """A loss. Raises as `lender_reports.lose`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.lost_on, caller=caller, today=today)
    return await lender_reports.lose(session, handoff_id, caller=lender, today=today, body=body)


async def call(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedCallCreate
) -> ReportAnswer:
    """A call on a guarantor. Raises as `lender_reports.call`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.called_on, caller=caller, today=today)
    return await lender_reports.call(session, handoff_id, caller=lender, today=today, body=body)


async def recover(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedRecoveryCreate
) -> ReportAnswer:
    """What was recovered. Raises as `lender_reports.recover`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.recovered_on, caller=caller, today=today)
    return await lender_reports.recover(session, handoff_id, caller=lender, today=today, body=body)


async def reverse(
    session: AsyncSession, handoff_id: UUID, *, caller: Caller, today: date, body: ReportedReversalCreate
) -> ReportAnswer:
    """What is taken back. Raises as `lender_reports.reverse`, DateInFuture and DateOutOfOrder for the letter."""
    lender = await _lender(session, handoff_id, body.letter, told_on=body.reversed_on, caller=caller, today=today)
    return await lender_reports.reverse(session, handoff_id, caller=lender, today=today, body=body)


async def state(
    session: AsyncSession, *, caller: Caller, today: date, language: Language, body: ReportedStatementCreate
) -> StatementRead:
    """The lender's statement of its loans of this CCAS; those of others neither open nor move.

    Raises CommuneOutOfReach (whoever works for some communes alone), UnknownPartner, NothingHandedOver, LenderNotNamed;
    else as `statements.create`, DateInFuture and DateOutOfOrder for the letter.
    """
    lender = await _stating(session, caller, body, today=today)
    return await statements.create(session, caller=lender, today=today, language=language, body=body)


async def state_file(
    session: AsyncSession, *, caller: Caller, today: date, language: Language, body: ReportedStatementFileCreate
) -> StatementRead:
    """The same from a file. Raises as `state` and `statement_files.create`."""
    lender = await _stating(session, caller, body, today=today)
    return await statement_files.create(session, caller=lender, today=today, language=language, body=body)


async def _stating(
    session: AsyncSession,
    caller: Caller,
    body: ReportedStatementCreate | ReportedStatementFileCreate,
    *,
    today: date,
) -> Caller:
    """Who states for a lender what its letter tells of all its loans of this CCAS."""
    if not caller.sees_whole_tenant:
        raise CommuneOutOfReach
    partner = await _handed_to(session, body.partner)
    _check_letter(body.letter, told_on=body.position_on, today=today)
    return await as_lender(session, caller, partner, body.letter)


async def _lender(
    session: AsyncSession, handoff_id: UUID, letter: Letter, *, told_on: date, caller: Caller, today: date
) -> Caller:
    handoff = await handoff_steps.load(session, handoff_id)
    _check_letter(letter, told_on=told_on, today=today)
    return await as_lender(session, caller, await session.get_one(Partner, handoff.partner_id), letter)


async def _handed_to(session: AsyncSession, code: str | None) -> Partner:
    """The partner of that code, or the only one there is, of those that something was handed over to."""
    handed = select(col(Handoff.partner_id)).where(of_tenant(session, Handoff))
    known = (await session.scalars(select(Partner).where(col(Partner.id).in_(handed)))).all()
    if code is None:
        if len(known) != 1:
            raise LenderNotNamed
        return known[0]
    partner = await partners.by_code(session, code)
    if partner not in known:
        raise NothingHandedOver(partner=partner.code, partner_name=partner.name)
    return partner


def _check_letter(letter: Letter, *, told_on: date, today: date) -> None:
    """What a letter tells has happened when it is written; a day to come is refused where it is told."""
    check_day("letter.dated_on", letter.dated_on, not_before=told_on if told_on <= today else None, today=today)


async def _entered(session: AsyncSession, caller: Caller, partner: Partner, letter: Letter) -> Telling | None:
    statement = select(Telling).where(
        of_tenant(session, Telling),
        col(Telling.partner_id) == partner.id,
        col(Telling.account_id) == caller.account_id,
        *(col(getattr(Telling, name)).is_not_distinct_from(value) for name, value in letter.model_dump().items()),
    )
    return (await session.scalars(statement.limit(1))).one_or_none()
