"""The signatures of a loan's contract."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.aids import ADULT_YEARS, NEEDS_AUTHORISATION, Capacity, age_on
from app.domain.contract_errors import CapacityNotAuthorised, CuratorMustSign, PartiesAbsent
from app.domain.contracts import BORROWERS
from app.domain.dates import check_day
from app.domain.errors import AlreadySigned, BorrowerIsMinor, PartyNotExpected
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.partner_errors import OfferExpired, SignedOnAnotherDay
from app.domain.permissions import Caller
from app.domain.products import Attested, Party
from app.domain.request_lifecycle import RequestAction
from app.schemas.loans import LoanRead, SignatureCreate
from app.services import attestations, contracts, lender_books, loan_states, loan_steps
from app.services import request_steps as steps
from app.tables import Loan, Person, Request, Signature


async def sign(session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SignatureCreate) -> LoanRead:
    """One party signs; the last signature makes the request contracted.

    Where the rules have the parties sign together, all sign on one day in the presence of all, and the borrowers their
    support contract (contrat d'accompagnement) with it.

    Raises IllegalTransition, PartyNotExpected, AlreadySigned, OfferExpired, SignedOnAnotherDay, PartiesAbsent,
    BorrowerIsMinor, CapacityNotAuthorised, CuratorMustSign, DueBeforePaid, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    check_day("signed_on", body.signed_on, not_before=loan.offered_on, today=today)
    after(loan.stage, LoanAction.SIGN)
    awaited = await _check_parties(session, loan, body)
    request = await steps.locked(session, loan.request_id)
    await _check_capacity(session, request, body)
    _check_still_offered(loan, body)
    await _check_together(session, loan, body)
    signature = Signature(tenant_id=loan.tenant_id, loan_id=loan.id, account_id=caller.account_id, **body.model_dump())
    await _check_payable(session, loan, signature)
    session.add(signature)
    loan_steps.move(session, loan, LoanAction.SIGN, caller=caller, effect_on=body.signed_on)
    if awaited == [body.party]:
        on = max(signature.signed_on for signature in await loan_states.signatures(session, loan))
        loan_steps.move(session, loan, LoanAction.ACCEPT, caller=caller, effect_on=on)
        steps.move(session, request, RequestAction.CONTRACT, caller=caller, effect_on=on)
        await lender_books.start(session, loan, caller=caller)
    return await loan_states.read(session, loan.id, as_of=today)


async def _check_parties(session: AsyncSession, loan: Loan, body: SignatureCreate) -> Sequence[Party]:
    """Who has still to sign. Raises PartyNotExpected for whoever is no party, AlreadySigned."""
    expected = await loan_states.expected_parties(session, loan)
    awaited = await loan_states.awaited_parties(session, loan)
    for party in (body.party, *body.present):
        if party not in expected:
            raise PartyNotExpected(party=party.value)
    if body.party not in awaited:
        raise AlreadySigned(party=body.party.value)
    return awaited


def _check_still_offered(loan: Loan, body: SignatureCreate) -> None:
    """Raises OfferExpired where a borrower accepts after the last day of the offer."""
    until = loan.offer_valid_until
    if until is not None and body.party in BORROWERS and body.signed_on > until:
        raise OfferExpired(valid_until=until.isoformat())


async def _check_payable(session: AsyncSession, loan: Loan, signature: Signature) -> None:
    """Raises DueBeforePaid where the first instalment falls before the signature, or before money may leave after it.

    A lender that pays too early is recorded; the CCAS could never pay its own.
    """
    signed = [*await loan_states.signatures(session, loan), signature]
    days = await contracts.calendar(session, loan, signed)
    release_on = None if loan.partner_id else days.earliest_release_on
    await loan_states.check_due_after(session, loan, release_on or signature.signed_on)


async def _check_together(session: AsyncSession, loan: Loan, body: SignatureCreate) -> None:
    """Raises SignedOnAnotherDay, PartiesAbsent where the rules have all sign on one day, all there, and they do not."""
    support_on = body.support_contract_signed_on
    check_day(
        "support_contract_signed_on", support_on or body.signed_on, not_before=loan.offered_on, today=body.signed_on
    )
    _, product = await loan_steps.rules_of(session, loan)
    if not product.signed_together:
        return
    first = next((signature.signed_on for signature in await loan_states.signatures(session, loan)), body.signed_on)
    if body.signed_on != first:
        raise SignedOnAnotherDay(field="signed_on", expected_on=first.isoformat())
    if body.party in BORROWERS and support_on != body.signed_on:
        raise SignedOnAnotherDay(field="support_contract_signed_on", expected_on=body.signed_on.isoformat())
    expected = await loan_states.expected_parties(session, loan)
    absent = [party.value for party in expected if party not in body.present]
    if absent:
        raise PartiesAbsent(absent=absent)


async def _check_capacity(session: AsyncSession, request: Request, body: SignatureCreate) -> None:
    """Whoever is protected borrows as the law says (articles 467, 494-6 and 505 of the Code civil).

    Raises BorrowerIsMinor, CapacityNotAuthorised, CuratorMustSign.
    """
    await check_adults(session, request, parties=(body.party,), on=body.signed_on)
    person = await _borrower(session, request, body.party)
    if person is None:
        return
    if person.capacity in NEEDS_AUTHORISATION:
        attested = await attestations.latest(session, request.id, on=body.signed_on)
        if not attested.get(Attested.CAPACITY_AUTHORISED):
            raise CapacityNotAuthorised(party=body.party.value, on=body.signed_on.isoformat())
    if person.capacity is Capacity.CURATORSHIP and body.curator is None:
        raise CuratorMustSign(party=body.party.value)


async def check_adults(session: AsyncSession, request: Request, *, parties: tuple[Party, ...], on: date) -> None:
    """A minor has no capacity to borrow unless emancipated (articles 413-6, 1145 and 1146 of the Code civil).

    Raises BorrowerIsMinor.
    """
    for party in parties:
        person = await _borrower(session, request, party)
        if person is None:
            continue
        is_young = age_on(person.birth_on, on) < ADULT_YEARS
        if person.capacity is Capacity.MINOR or (is_young and person.capacity is not Capacity.EMANCIPATED):
            raise BorrowerIsMinor(party=party.value, on=on.isoformat())


async def _borrower(session: AsyncSession, request: Request, party: Party) -> Person | None:
    """The person who borrows as this party, null where it is none of the borrowers."""
    borrowers = {Party.BORROWER: request.applicant_id, Party.CO_BORROWER: request.co_applicant_id}
    person_id = borrowers.get(party)
    return None if person_id is None else await session.get_one(Person, (request.tenant_id, person_id))
