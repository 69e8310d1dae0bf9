"""The contract of a loan: the law it is written under, how long it is open, and the days that follow acceptance."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import contracts
from app.domain.contract_errors import OfferTooShort
from app.domain.contracts import Calendar
from app.domain.dates import check_order
from app.domain.national_law import LegalRegime, offer_open_until
from app.domain.products import Product
from app.parameters.law import national_law
from app.tables import Loan, Request, Signature


def regime(product: Product, *, offered_on: date) -> LegalRegime | None:
    """The law that a loan of the CCAS's own funds is written under; null before the first known."""
    is_excluded = product.excluded_from_consumer_credit is True
    return national_law().regime(offered_on=offered_on, is_excluded=is_excluded)


def open_until(told: date | None, *, offered_on: date, regime: LegalRegime | None) -> date | None:
    """The last day of an offer: as told, or the first that the law lets be; null where neither says.

    Raises OfferTooShort, DateOutOfOrder.
    """
    if told is not None:
        check_order("offer_valid_until", told, not_before=offered_on)
    if regime is LegalRegime.EXCLUDED_SOCIAL:
        return told
    first = offer_open_until(national_law(), offered_on=offered_on)
    if told is None:
        return first
    if first is not None and told < first:
        raise OfferTooShort(field="offer_valid_until", not_before=first.isoformat())
    return told


async def calendar(session: AsyncSession, loan: Loan, signed: Sequence[Signature]) -> Calendar:
    """The days of the contract as these signatures make them."""
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    return contracts.calendar(
        national_law(),
        [(signature.party, signature.signed_on) for signature in signed],
        borrowers=2 if request.co_applicant_id else 1,
        offered_on=loan.offered_on,
        regime=loan.legal_regime,
    )
