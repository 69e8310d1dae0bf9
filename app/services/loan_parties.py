"""Who a loan is between, as its papers name them."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.aids import Capacity
from app.domain.dates import in_words
from app.domain.products import Party
from app.services import letterheads, loan_states, loan_steps
from app.services.letterheads import Data
from app.tables import Loan, Person, Request, Tenant

# Who signs beside the borrower (Code civil, articles 467 and 473).
_ASSISTED_BY = {Capacity.CURATORSHIP: "curator", Capacity.GUARDIANSHIP: "guardian"}


async def borrowers(session: AsyncSession, loan: Loan) -> list[Person]:
    """The borrower, then the co-borrower where there is one."""
    return await letterheads.people_of(session, await session.get_one(Request, (loan.tenant_id, loan.request_id)))


async def told(session: AsyncSession, loan: Loan) -> list[Data]:
    """The borrowers as a contract names them: name, birth name where it is another, birth date, commune if served."""
    tenant = await session.get_one(Tenant, loan.tenant_id)
    communes = {commune["insee_code"]: commune["name"] for commune in tenant.communes}
    return [
        {
            "name": letterheads.name_of(person),
            "birth_name": person.birth_name if person.usage_name else None,
            "born_on": in_words(person.birth_on),
            "commune": communes.get(person.commune_insee_code),
        }
        for person in await borrowers(session, loan)
    ]


async def signatories(session: AsyncSession, loan: Loan) -> list[Data]:
    """A place to sign for each party that the contract expects, and the day on which it did. Raises RuleNotStated."""
    people = dict(zip((Party.BORROWER, Party.CO_BORROWER), await borrowers(session, loan), strict=False))
    tenant = await session.get_one(Tenant, loan.tenant_id)
    _, product = await loan_steps.rules_of(session, loan)
    names = {Party.CCAS: tenant.name, Party.LENDER: product.lender.name}
    names |= {party: letterheads.name_of(person) for party, person in people.items()}
    signed = {found.party: found for found in await loan_states.signatures(session, loan)}
    return [
        {
            "party": party.value,
            "name": names[party],
            "assisted_by": _assisted_by(people.get(party)),
            "assistant": signed[party].curator if party in signed else None,
            "signed_on": in_words(signed[party].signed_on) if party in signed else None,
        }
        for party in await loan_states.expected_parties(session, loan)
    ]


def _assisted_by(person: Person | None) -> str | None:
    return _ASSISTED_BY.get(person.capacity) if person and person.capacity else None
