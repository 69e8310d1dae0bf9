"""What guarantors are exposed to on the loans that partners have paid out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import guarantees
from app.domain.guarantees import Claimed, Lost
from app.domain.lenders import Guarantee
from app.domain.products import Product
from app.schemas.guarantees import GuaranteeExposureRead, GuaranteeList, GuaranteeQuery
from app.services import guarantee_facts, partner_loans, rules
from app.services.partner_loans import PartnerLoan
from app.tenancy import widened


@dataclass(slots=True, kw_only=True)
class _Covered:
    """The loans that a guarantee covers under the same terms, and what it was called for on them."""

    partner: str
    product: Product
    place: int | None
    owed: list[Lost] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)

    @property
    def guarantee(self) -> Guarantee | None:
        """Null where the rules do not say whether there is any."""
        return None if self.place is None else (self.product.guarantees or ())[self.place]


async def list_all(session: AsyncSession, *, today: date, query: GuaranteeQuery) -> GuaranteeList:
    """Every guarantor of the loans of partners on a day, whatever communes the caller sees."""
    on = query.as_of or today
    async with widened(session):
        lent = await partner_loans.paid_out(session)
        facts = await guarantee_facts.of_loans(session, [one.loan.id for one in lent])
        covered = _grouped(lent, await _products(session, lent), facts.claimed(on=on), on=on)
    called: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in covered:
        for claim in one.claims:
            called[one.partner, one.product.code, claim.guarantor] += claim.claimed_cents
    items = [
        _read(one, on, called[one.partner, one.product.code, one.guarantee.guarantor if one.guarantee else ""])
        for one in covered
        if one.owed or one.claims
    ]
    items.sort(key=lambda item: (item.partner, item.product, item.guarantor or "", str(item.share_percent)))
    return GuaranteeList(items=items, next_cursor=None)


async def _products(session: AsyncSession, lent: Sequence[PartnerLoan]) -> dict[tuple[UUID, str], Product]:
    """The products that loans were decided under, by version of the rules and code."""
    known: dict[tuple[UUID, str], Product] = {}
    for one in lent:
        key = one.rule_version_id, one.product
        if key not in known:
            version = await rules.by_id(session, one.rule_version_id)
            known[key] = rules.published(version, one.product, on=one.decided_on)
    return known


def _grouped(
    lent: Sequence[PartnerLoan], products: dict[tuple[UUID, str], Product], claims: Sequence[Claimed], *, on: date
) -> list[_Covered]:
    found: dict[tuple[object, ...], _Covered] = {}
    for one in lent:
        product = products[one.rule_version_id, one.product]
        told = [claim for claim in claims if claim.loan_id == one.loan.id]
        owed = _owed(one, told, on)
        places: list[int | None] = [None] if product.guarantees is None else [*range(len(product.guarantees))]
        for place in places:
            missing = () if place is None else tuple(guarantees.unstated(product, place))
            guarantee = None if place is None else (product.guarantees or ())[place]
            group = found.setdefault(
                (one.partner, one.product, guarantee, missing),
                _Covered(partner=one.partner, product=product, place=place),
            )
            group.owed += [owed] if owed.principal_cents else []
            group.claims += [claim for claim in told if guarantee and claim.guarantor == guarantee.guarantor]
    return list(found.values())


def _owed(lent: PartnerLoan, claims: Sequence[Claimed], on: date) -> Lost:
    """What would be lost of a loan if all that is owed were, beyond what was told to be lost already."""
    state = lent.books(on)
    left = state.outstanding_cents - sum(loss.principal_cents for loss in guarantees.losses(claims))
    interest = guarantees.unpaid_interest_cents(lent.slots_on(on), state.rows, on=on)
    return Lost(principal_cents=max(0, left), interest_cents=interest)


def _read(covered: _Covered, on: date, portfolio_called_cents: int) -> GuaranteeExposureRead:
    guarantee, place = covered.guarantee, covered.place
    missing = ["guarantees"] if place is None else guarantees.unstated(covered.product, place)
    room = guarantees.room_cents(guarantee, portfolio_called_cents) if guarantee and not missing else None
    exposure = None
    if place is not None and not missing:
        parts = [guarantees.part_of_loss(covered.product, place, lost).cents for lost in covered.owed]
        exposure = sum(parts) if room is None else min(sum(parts), room)
    return GuaranteeExposureRead(
        as_of=on,
        guarantor=guarantee.guarantor if guarantee else None,
        partner=covered.partner,
        product=covered.product.code,
        share_percent=guarantee.share_percent if guarantee else None,
        base=guarantee.base if guarantee else None,
        cap_cents=guarantee.cap_cents if guarantee else None,
        cap_of=guarantee.cap_of if guarantee else None,
        not_stated=missing,
        loans=len(covered.owed),
        outstanding_cents=sum(lost.principal_cents for lost in covered.owed),
        exposure_cents=exposure,
        called_cents=sum(claim.claimed_cents for claim in covered.claims),
        paid_cents=sum(claim.paid_cents for claim in covered.claims),
        recovered_cents=sum(claim.shared_cents for claim in covered.claims),
        room_cents=room,
    )
