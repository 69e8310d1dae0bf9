"""The borrowers of whom nothing may be asked any more, as the law erased their debt (créance éteinte)."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.products import Party
from app.services import discharges
from app.tables import Discharge, Loan
from app.tenancy import of_tenant


async def erased_parties(
    session: AsyncSession, loan_ids: Collection[UUID], *, on: date
) -> dict[UUID, frozenset[Party]]:
    """Of the loans of which a debt was erased, the borrowers who owe nothing any more on a day."""
    touched = select(col(Discharge.loan_id)).where(of_tenant(session, Discharge), col(Discharge.loan_id).in_(loan_ids))
    loans = await session.scalars(select(Loan).where(of_tenant(session, Loan), col(Loan.id).in_(touched)))
    return {loan.id: frozenset(await discharges.not_to_ask(session, loan, on=on)) for loan in loans.all()}
