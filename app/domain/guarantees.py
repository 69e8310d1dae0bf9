"""Guarantees of a loan: what the rules state of each, what it covers of a loss, what it is exposed to.

What the rules do not state is never computed: it is named by its path.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.domain.allocation import Slot, interest_of
from app.domain.books import RowState
from app.domain.errors import RuleNotStated
from app.domain.guarantee_errors import GuarantorNotNamed, NoGuarantor, NothingClaimed, RecoveryAboveLoss
from app.domain.lenders import CapOf, Guarantee
from app.domain.loss_sharing import Guarantor, LossBase, LossPart, share_loss, share_recovery
from app.domain.money import percent_text
from app.domain.products import Product


class LossSource(StrEnum):
    """Who told of a loss: the staff, who enter it from the bank's letter."""

    REPORTED_BY_STAFF = "reported_by_staff"


class ClaimAnomaly(StrEnum):
    """What a claim contradicts: more principal was lost than our copy of the statements says to be owed that day."""

    LOSS_ABOVE_OUTSTANDING = "loss_above_outstanding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What is lost, or would be, in cents."""

    principal_cents: int
    interest_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claim that stands, in cents: of a loss told by a letter, what a guarantor was called for and has paid, and
    what was recovered since for its part.
    """

    id: UUID
    loan_id: UUID
    guarantor: str
    reference: str
    lost_on: date
    principal_cents: int
    interest_cents: int
    claimed_cents: int
    paid_cents: int
    shared_cents: int

    @property
    def left_cents(self) -> int:
        """What the guarantor has still to pay: what was recovered for its part it pays no more."""
        return max(0, self.claimed_cents - self.shared_cents - self.paid_cents)

    @property
    def to_return_cents(self) -> int:
        """What the guarantor paid and gets back, never more than it paid."""
        return max(0, self.paid_cents + self.shared_cents - self.claimed_cents)


def losses(claims: Iterable[Claimed]) -> list[Lost]:
    """The losses that claims are of, each once: one letter may call several guarantors."""
    told = {(one.loan_id, one.reference): one for one in claims}
    return [Lost(principal_cents=one.principal_cents, interest_cents=one.interest_cents) for one in told.values()]


def recovered_parts(
    claims: Iterable[Claimed], *, recovered_cents: int, lender_recovered_cents: int
) -> tuple[dict[UUID, int], int]:
    """What is recovered on the losses of one loan, split as the guarantors and the lender still bear them, in cents.

    `lender_recovered_cents` is what the lender kept of earlier recoveries. Raises NothingClaimed, RecoveryAboveLoss.
    """
    claims = tuple(claims)
    if not claims:
        raise NothingClaimed
    borne = {one.id: one.claimed_cents - one.shared_cents for one in claims}
    lost = sum(one.principal_cents + one.interest_cents for one in losses(claims))
    lender = lost - sum(one.claimed_cents for one in claims) - lender_recovered_cents
    if recovered_cents > lender + sum(borne.values()):
        raise RecoveryAboveLoss(left_cents=lender + sum(borne.values()))
    names = {f"{one.guarantor} {one.id}": one.id for one in claims}
    shares = share_recovery(
        recovered_cents=recovered_cents,
        borne_cents={name: borne[claim_id] for name, claim_id in names.items()},
        lender_cents=lender,
    )
    return {names[name]: cents for name, cents in shares.items()}, recovered_cents - sum(shares.values())


def chosen(product: Product, guarantor: str | None) -> tuple[int, Guarantee]:
    """The guarantee of that guarantor with its place, the only one where none is named.

    Raises RuleNotStated where the rules do not say whether there is any, NoGuarantor, GuarantorNotNamed.
    """
    if product.guarantees is None:
        raise RuleNotStated(path="guarantees")
    if not product.guarantees:
        raise NoGuarantor
    names = [one.guarantor for one in product.guarantees]
    if guarantor in names or (guarantor is None and len(names) == 1):
        place = names.index(guarantor) if guarantor else 0
        return place, product.guarantees[place]
    raise GuarantorNotNamed(guarantors=names)


def unstated(product: Product, place: int) -> list[str]:
    """The paths of what must be known of a guarantee to compute with it, and is not stated. A null cap is none."""
    guarantee, path = (product.guarantees or ())[place], f"guarantees.{place}"
    missing = [f"{path}.{name}" for name in ("share_percent", "base") if getattr(guarantee, name) is None]
    caps = [f"{path}.{name}" for name in ("cap_cents", "cap_of")]
    return missing + [cap for cap in caps if cap in product.not_stated]


def check_stated(product: Product, place: int) -> None:
    """Raises RuleNotStated with the first path that is not."""
    for path in unstated(product, place):
        raise RuleNotStated(path=path)


def check_any_stated(product: Product) -> None:
    """Raises RuleNotStated, for the first guarantor, where the rules state none whole; NoGuarantor."""
    if product.guarantees is None:
        raise RuleNotStated(path="guarantees")
    if not product.guarantees:
        raise NoGuarantor
    if all(unstated(product, place) for place in range(len(product.guarantees))):
        check_stated(product, 0)


def part_of_loss(product: Product, place: int, lost: Lost, *, called_cents: int = 0) -> LossPart:
    """What a stated guarantee covers of a loss, in cents, beside the others that are stated.

    `called_cents` is what its guarantor was called for on the portfolio before.
    """
    parties = {
        number: _guarantor(number, one, called_cents if number == place else 0)
        for number, one in enumerate(product.guarantees or ())
        if not unstated(product, number)
    }
    shares = share_loss(
        principal_cents=lost.principal_cents, interest_cents=lost.interest_cents, guarantors=parties.values()
    )
    return next(part for part in shares.parts if part.name == parties[place].name)


def room_cents(guarantee: Guarantee, called_cents: int) -> int | None:
    """What is left under the cap of a portfolio, in cents; null where there is no such cap."""
    if guarantee.cap_of is not CapOf.PORTFOLIO or guarantee.cap_cents is None:
        return None
    return max(0, guarantee.cap_cents - called_cents)


def unpaid_interest_cents(slots: Iterable[Slot], rows: Iterable[RowState], *, on: date) -> int:
    """The interest of the instalments due by a day, that day included, that was not paid."""
    instalments = (slot for slot in slots if slot.ref is not None)
    return sum(
        slot.interest_cents - interest_of(slot, row.paid_cents)
        for slot, row in zip(instalments, rows, strict=True)
        if slot.due_on <= on
    )


def share_words(guarantee: Guarantee) -> str:
    """Its share as people read it, without the sign."""
    return percent_text(guarantee.share_percent) if guarantee.share_percent is not None else "–"


def _guarantor(place: int, guarantee: Guarantee, called_cents: int) -> Guarantor:
    assert guarantee.share_percent is not None and guarantee.base is not None  # noqa: S101, PT018 - they are stated
    return Guarantor(
        # One guarantor may have two shares, each under a cap of its own.
        name=f"{guarantee.guarantor} {place}",
        share_percent=guarantee.share_percent,
        base=LossBase(guarantee.base),
        cap_loss_cents=guarantee.cap_cents if guarantee.cap_of is CapOf.LOSS else None,
        cap_portfolio_cents=guarantee.cap_cents if guarantee.cap_of is CapOf.PORTFOLIO else None,
        called_cents=called_cents,
    )
