"""Of each loan of own funds, the words that its lines bear: who borrowed, and what was decided."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.ledger import PayeeKind
from app.domain.products import Party
from app.schemas.accounting_slips import SlipParty
from app.tables import Decision, LedgerEntry, Loan, Organisation, PayeeRow, Person, Request, Tenant
from app.tenancy import bound_tenant, of_tenant

_CIVILITIES = {"female": "MME", "male": "M"}
_NOBODY = dict.fromkeys(SlipParty.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A loan, its borrower as accountants name a debtor, and its decision: the reference of the delegation under which
    it was taken, or else that of the file.

    What a loan that was taken over from spreadsheets had asked and paid by `taken_over_until` was told elsewhere.
    """

    loan_reference: str
    debtor: SlipParty
    decision_reference: str
    decided_on: date
    taken_over_until: date | None


async def contracts(session: AsyncSession) -> dict[UUID, Contract]:
    """The contracts of the loans of own funds, by loan."""
    tenant = await session.get_one(Tenant, bound_tenant(session))
    communes = {commune["insee_code"]: commune["name"] for commune in tenant.communes}
    statement = (
        select(Loan, Request, Person, Decision)
        .join(Request, and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id))
        .join(Person, and_(col(Person.tenant_id) == Request.tenant_id, col(Person.id) == Request.applicant_id))
        .join(Decision, and_(col(Decision.tenant_id) == Loan.tenant_id, col(Decision.id) == Loan.decision_id))
        .where(of_tenant(session, Loan), col(Loan.partner_id).is_(None))
    )
    return {
        loan.id: Contract(
            loan_reference=loan.reference,
            debtor=_debtor(person, communes.get(person.commune_insee_code)),
            decision_reference=decision.delegation_reference or request.reference,
            decided_on=decision.decided_on,
            taken_over_until=loan.former_position_on,
        )
        for loan, request, person, decision in await session.execute(statement)
    }


async def payees(session: AsyncSession, until: date) -> dict[UUID, tuple[PayeeRow, Organisation | None]]:
    """What is known of who was paid up to a day, by entry, and the organisation of the directory where it is one."""
    statement = (
        select(PayeeRow, Organisation)
        .join(
            LedgerEntry,
            and_(col(LedgerEntry.tenant_id) == PayeeRow.tenant_id, col(LedgerEntry.id) == PayeeRow.entry_id),
        )
        .outerjoin(
            Organisation,
            and_(col(Organisation.tenant_id) == PayeeRow.tenant_id, col(Organisation.id) == PayeeRow.organisation_id),
        )
        .where(of_tenant(session, PayeeRow), col(LedgerEntry.effect_on) <= until)
    )
    return {known.entry_id: (known, organisation) for known, organisation in await session.execute(statement)}


def payee(
    entry: LedgerEntry, contract: Contract, known: tuple[PayeeRow, Organisation | None] | None
) -> tuple[SlipParty, str | None]:
    """Who is paid, the borrower or the supplier as the payment or the directory names it; and the invoice."""
    row, organisation = known or (None, None)
    is_borrower = entry.payee_kind is PayeeKind.BORROWER and (row is None or row.person is not Party.CO_BORROWER)
    if is_borrower:
        return contract.debtor, None
    party = {
        "name": entry.payee_name or (organisation.name if organisation else None),
        "siret": (row.siret if row else None) or (organisation.siret if organisation else None),
        "iban_last4": row.iban_last4 if row else None,
    }
    return SlipParty(**{**_NOBODY, **party}), row.invoice_reference if row else None


def _debtor(person: Person, city: str | None) -> SlipParty:
    known = {
        "civility": _CIVILITIES.get(person.sex or ""),
        "name": person.usage_name or person.birth_name,
        "first_names": person.first_names,
        "birth_on": person.birth_on,
        "city": city,
    }
    return SlipParty(**{**_NOBODY, **known})
