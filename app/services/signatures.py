"""The signatures of a loan's contract."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.aids import ADULT_YEARS, Capacity, age_on
from app.domain.dates import check_day
from app.domain.errors import AlreadySigned, BorrowerIsMinor, PartyNotExpected
from app.domain.loan_lifecycle import LoanAction, after
from app.domain.partner_errors import OfferExpired, SignedOnAnotherDay
from app.domain.permissions import Caller
from app.domain.products import Party
from app.domain.request_lifecycle import RequestAction
from app.schemas.loans import LoanRead, SignatureCreate
from app.services import loan_states, loan_steps
from app.services import request_steps as steps
from app.tables import Loan, Person, Request, Signature

BORROWERS = (Party.BORROWER, Party.CO_BORROWER)


async def sign(session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: SignatureCreate) -> LoanRead:
    """One party signs; the last signature accepts the loan and makes the request contracted.

    Where the rules have the parties sign together, all sign on one day, and the borrowers their support contract
    (contrat d'accompagnement) with it.

    Raises IllegalTransition, PartyNotExpected, AlreadySigned, OfferExpired, SignedOnAnotherDay, BorrowerIsMinor,
    DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    check_day("signed_on", body.signed_on, not_before=loan.offered_on, today=today)
    after(loan.stage, LoanAction.SIGN)
    await loan_states.check_due_after(session, loan, body.signed_on)
    awaited = await loan_states.awaited_parties(session, loan)
    if body.party not in awaited:
        signed = body.party in await loan_states.expected_parties(session, loan)
        raise (AlreadySigned if signed else PartyNotExpected)(party=body.party.value)
    request = await steps.locked(session, loan.request_id)
    await check_adults(session, request, parties=(body.party,), on=body.signed_on)
    _check_still_offered(loan, body)
    await _check_together(session, loan, body)
    session.add(
        Signature(
            tenant_id=loan.tenant_id,
            loan_id=loan.id,
            party=body.party,
            signed_on=body.signed_on,
            support_contract_signed_on=body.support_contract_signed_on,
            account_id=caller.account_id,
        )
    )
    loan_steps.move(session, loan, LoanAction.SIGN, caller=caller, effect_on=body.signed_on)
    if awaited == [body.party]:
        on = max(
            [
                body.signed_on,
                *(signature.signed_on for signature in await loan_states.signatures(session, loan)),
            ]
        )
        loan_steps.move(session, loan, LoanAction.ACCEPT, caller=caller, effect_on=on)
        steps.move(session, request, RequestAction.CONTRACT, caller=caller, effect_on=on)
    return await loan_states.read(session, loan.id, as_of=today)


def _check_still_offered(loan: Loan, body: SignatureCreate) -> None:
    """Raises OfferExpired where a borrower accepts after the last day of the lender's offer."""
    until = loan.offer_valid_until
    if until is not None and body.party in BORROWERS and body.signed_on > until:
        raise OfferExpired(valid_until=until.isoformat())


async def _check_together(session: AsyncSession, loan: Loan, body: SignatureCreate) -> None:
    """Raises SignedOnAnotherDay where the rules have all sign on one day and somebody does not."""
    support_on = body.support_contract_signed_on
    check_day("support_contract_signed_on", support_on or body.signed_on, not_before=None, today=body.signed_on)
    _, product = await loan_steps.rules_of(session, loan)
    if not product.signed_together:
        return
    first = next((signature.signed_on for signature in await loan_states.signatures(session, loan)), body.signed_on)
    if body.signed_on != first:
        raise SignedOnAnotherDay(field="signed_on", expected_on=first.isoformat())
    if body.party in BORROWERS and support_on != body.signed_on:
        raise SignedOnAnotherDay(field="support_contract_signed_on", expected_on=body.signed_on.isoformat())


async def check_adults(session: AsyncSession, request: Request, *, parties: tuple[Party, ...], on: date) -> None:
    """A minor has no capacity to borrow unless emancipated (articles 413-6, 1145 and 1146 of the Code civil).

    Raises BorrowerIsMinor.
    """
    borrowers = {Party.BORROWER: request.applicant_id, Party.CO_BORROWER: request.co_applicant_id}
    for party in parties:
        person_id = borrowers.get(party)
        if person_id is None:
            continue
        person = await session.get_one(Person, (request.tenant_id, person_id))
        is_young = age_on(person.birth_on, on) < ADULT_YEARS
        if person.capacity is Capacity.MINOR or (is_young and person.capacity is not Capacity.EMANCIPATED):
            raise BorrowerIsMinor(party=party.value, on=on.isoformat())
