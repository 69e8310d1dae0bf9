"""What people allow to be said of them, and to whom."""

from fastapi import status

from app.dependencies import AuthorisationId, Caller, PersonId, Today, Transaction
from app.routing import router as strict_router
from app.schemas.authorisations import AuthorisationCreate, AuthorisationList, AuthorisationRead, WithdrawalCreate
from app.services import authorisation_withdrawals, authorisations

router = strict_router("/v1/people/{person_id}/authorisations", "authorisations")


@router.post("", status_code=status.HTTP_201_CREATED, summary="A person authorises a handoff")
async def create(
    session: Transaction, caller: Caller, today: Today, person_id: PersonId, body: AuthorisationCreate
) -> AuthorisationRead:
    """To one partner, for the kinds of handoff named; nothing leaves without it."""
    return await authorisations.create(session, person_id, caller=caller, today=today, body=body)


@router.get("", summary="The authorisations of a person")
async def list_(session: Transaction, caller: Caller, person_id: PersonId) -> AuthorisationList:
    """Oldest entry first, withdrawn ones among them."""
    return await authorisations.list_all(session, person_id)


@router.post(
    "/{authorisation_id}/withdrawal",
    status_code=status.HTTP_201_CREATED,
    summary="A person takes an authorisation back",
)
async def withdraw(
    session: Transaction,
    caller: Caller,
    today: Today,
    person_id: PersonId,
    authorisation_id: AuthorisationId,
    body: WithdrawalCreate,
) -> AuthorisationRead:
    """From that day on nothing is handed over under it, nor read of what was, unless a contract came of it."""
    return await authorisation_withdrawals.create(session, person_id, authorisation_id, today=today, body=body)
