"""Nothing leaves for a partner or an organisation without the person's recorded authorisation."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.authorisations import Purpose
from app.domain.dates import check_day
from app.domain.errors import NotFound
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.partner_errors import AuthorisationMissing, AuthorisationWithdrawn
from app.domain.permissions import Caller
from app.domain.products import Party
from app.schemas.authorisations import AuthorisationCreate, AuthorisationList, AuthorisationRead, WithdrawalCreate
from app.services import organisations, partners, people
from app.tables import Authorisation, Handoff, Organisation, Partner, Request
from app.tenancy import bound_tenant, of_tenant


async def create(
    session: AsyncSession, person_id: UUID, *, caller: Caller, today: date, body: AuthorisationCreate
) -> AuthorisationRead:
    """Records what a person signed.

    Raises NotFound, PersonMerged, UnknownPartner, OrganisationUnknown, OrganisationClosed, DateInFuture.
    """
    await people.read(session, person_id)
    await people.check_known(session, person_id=person_id)
    check_day("given_on", body.given_on, not_before=None, today=today)
    partner = await partners.by_code(session, body.recipient) if body.recipient is not None else None
    await organisations.check_known(session, body.organisation_id, on=body.given_on)
    authorisation = Authorisation(
        tenant_id=bound_tenant(session),
        person_id=person_id,
        partner_id=partner.id if partner is not None else None,
        organisation_id=body.organisation_id,
        purposes=sorted({purpose.value for purpose in body.purposes}),
        given_on=body.given_on,
        account_id=caller.account_id,
    )
    session.add(authorisation)
    return _read(authorisation, partner.code if partner is not None else None)


async def list_all(session: AsyncSession, person_id: UUID) -> AuthorisationList:
    """Those of one person. Raises NotFound."""
    statement = _of_person(session, await people.keeper(session, person_id)).order_by(col(Authorisation.id))
    items = [_read(authorisation, code) for authorisation, code in (await session.execute(statement)).all()]
    return AuthorisationList(items=items, next_cursor=None)


async def withdraw(
    session: AsyncSession, person_id: UUID, authorisation_id: UUID, *, today: date, body: WithdrawalCreate
) -> AuthorisationRead:
    """Ends one. Raises NotFound, AuthorisationWithdrawn, DateInFuture, DateOutOfOrder."""
    statement = _of_person(session, person_id).where(col(Authorisation.id) == authorisation_id)
    row = (await session.execute(statement.with_for_update(of=Authorisation))).one_or_none()
    if row is None:
        raise NotFound
    authorisation, code = row
    check_day("withdrawn_on", body.withdrawn_on, not_before=authorisation.given_on, today=today)
    if authorisation.withdrawn_on is not None:
        raise AuthorisationWithdrawn
    authorisation.withdrawn_on = body.withdrawn_on
    authorisation.version += 1
    return _read(authorisation, code)


async def check_given(
    session: AsyncSession, request: Request, partner: Partner, kind: HandoffKind, *, on: date
) -> None:
    """Raises AuthorisationMissing unless every borrower allows this to be handed over on that day."""
    people_of = {Party.BORROWER: request.applicant_id, Party.CO_BORROWER: request.co_applicant_id}
    statement = select(col(Authorisation.person_id)).where(
        of_tenant(session, Authorisation),
        col(Authorisation.person_id).in_([person_id for person_id in people_of.values() if person_id]),
        col(Authorisation.partner_id) == partner.id,
        *_good(Purpose(kind.value), on),
    )
    given = set((await session.scalars(statement)).all())
    for party, person_id in people_of.items():
        if person_id is not None and person_id not in given:
            facts = {"kind": kind.value, "recipient": partner.code, "on": on.isoformat()}
            raise AuthorisationMissing(party=party.value, recipient_name=partner.name, **facts)


async def check_given_to_organisation(
    session: AsyncSession, person_id: UUID, organisation_id: UUID, *, on: date
) -> None:
    """Raises AuthorisationMissing unless the person allows a referral to this organisation on that day."""
    given = select(col(Authorisation.id)).where(
        of_tenant(session, Authorisation),
        col(Authorisation.person_id) == person_id,
        col(Authorisation.organisation_id) == organisation_id,
        *_good(Purpose.REFERRAL, on),
    )
    if (await session.scalars(given.limit(1))).one_or_none() is None:
        organisation = await session.get_one(Organisation, (bound_tenant(session), organisation_id))
        facts = {"kind": Purpose.REFERRAL.value, "recipient": str(organisation_id), "on": on.isoformat()}
        raise AuthorisationMissing(party="person", recipient_name=organisation.name, **facts)


async def check_still_given(session: AsyncSession, request: Request, handoff: Handoff, *, on: date) -> None:
    """The same for what a lender says yes to: its answers come back under the authorisation of the handoff."""
    partner = await session.get_one(Partner, handoff.partner_id)
    await check_given(session, request, partner, handoff.kind, on=on)


def _good(purpose: Purpose, on: date) -> list[ColumnElement[bool]]:
    """What makes an authorisation good for a purpose on a day."""
    return [
        col(Authorisation.purposes).contains([purpose.value]),
        col(Authorisation.given_on) <= on,
        or_(col(Authorisation.withdrawn_on).is_(None), col(Authorisation.withdrawn_on) > on),
    ]


def _of_person(session: AsyncSession, person_id: UUID) -> Select[Authorisation, str | None]:
    statement = select(Authorisation, col(Partner.code)).outerjoin(Partner, col(Partner.id) == Authorisation.partner_id)
    return statement.where(of_tenant(session, Authorisation), col(Authorisation.person_id) == person_id)


def _read(authorisation: Authorisation, recipient: str | None) -> AuthorisationRead:
    return AuthorisationRead.model_validate({**authorisation.model_dump(), "recipient": recipient})
