"""Sharing of a loss (*perte*): what each guarantor bears, and what the lender keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.domain.amortization import ImpossiblePlan, chosen, refuse_outside, refuse_rate


class LossBase(StrEnum):
    """What of the loss a guarantor shares."""

    PRINCIPAL = "principal"
    PRINCIPAL_AND_INTEREST = "principal_and_interest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantor:
    """A guarantor's share of each loss, in percent, and its caps in cents; a null cap does not limit.

    ``called_cents`` is what it has paid on the portfolio before, which counts against ``cap_portfolio_cents``.
    """

    name: str
    share_percent: Decimal
    base: LossBase = LossBase.PRINCIPAL
    cap_loss_cents: int | None = None
    cap_portfolio_cents: int | None = None
    called_cents: int = 0

    def room_cents(self, loss_cents: int) -> int:
        """The most it can pay of a loss under its caps, in cents."""
        rooms = [loss_cents]
        if self.cap_loss_cents is not None:
            rooms.append(self.cap_loss_cents)
        if self.cap_portfolio_cents is not None:
            rooms.append(max(0, self.cap_portfolio_cents - self.called_cents))
        return min(rooms)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPart:
    """What a guarantor bears, in cents; ``capped_cents`` is what its caps keep from it and leave to the lender."""

    name: str
    cents: int
    capped_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LossShares:
    """The parts in the order of the guarantors and the lender's, in cents: together the loss."""

    loss_cents: int
    parts: tuple[LossPart, ...]
    lender_cents: int


def share_loss(*, principal_cents: int, interest_cents: int, guarantors: Iterable[Guarantor]) -> LossShares:
    """The loss at write-off, principal and accrued interest, split by largest remainders; the lender keeps the rest.

    Each guarantor is due its share of its base, whole cents; the cents left go to the largest fractions, the
    lender's among them. Of equal fractions the lender's comes last, and the name settles between guarantors, so
    their order changes nothing. What is above a cap stays with the lender. Own funds: no guarantor, all the lender's.
    Project reference, § 3.4 (FCS 50 %; Toulouse 15 %, whose base the convention is to say).
    Raises ImpossiblePlan: ``principal_cents``, ``interest_cents``, ``share_percent`` (above 100 % together),
    ``base``, ``cap_loss_cents``, ``cap_portfolio_cents``, ``called_cents``, ``name`` (twice the same).
    """
    guarantors = tuple(guarantors)
    refuse_outside("principal_cents", principal_cents, 0)
    refuse_outside("interest_cents", interest_cents, 0)
    loss = principal_cents + interest_cents
    refuse_outside("principal_cents", loss, 1)
    _refuse(guarantors)
    bases = {LossBase.PRINCIPAL: principal_cents, LossBase.PRINCIPAL_AND_INTEREST: loss}
    quotas = [(one.name, bases[one.base] * Fraction(one.share_percent) / 100) for one in guarantors]
    whole = _largest_remainders(loss, quotas)
    parts = tuple(
        LossPart(name=one.name, cents=min(whole[one.name], room), capped_cents=max(0, whole[one.name] - room))
        for one in guarantors
        for room in [one.room_cents(loss)]
    )
    return LossShares(loss_cents=loss, parts=parts, lender_cents=loss - sum(part.cents for part in parts))


def share_recovery(*, recovered_cents: int, borne_cents: Mapping[str, int], lender_cents: int) -> dict[str, int]:
    """What each guarantor gets back of money recovered after a loss, in cents; the rest is the lender's.

    ``borne_cents`` is what each guarantor still bears of the loss, ``lender_cents`` what the lender does: the money is
    split as they bear it, by largest remainders as the loss was, and nobody gets back more than it bears.
    Raises ImpossiblePlan: ``recovered_cents`` (above what is still borne).
    """
    loss = lender_cents + sum(borne_cents.values())
    refuse_outside("recovered_cents", recovered_cents, 1, loss)
    quotas = [(name, Fraction(recovered_cents * cents, loss)) for name, cents in borne_cents.items()]
    return _largest_remainders(recovered_cents, quotas)


def _largest_remainders(whole: int, quotas: Sequence[tuple[str, Fraction]]) -> dict[str, int]:
    """Whole cents of each guarantor's quota; the lender is the last claimant, with the rest of the whole."""
    lender = whole - sum((quota for _, quota in quotas), Fraction())
    floors = {name: int(quota) for name, quota in quotas}
    spare = whole - sum(floors.values()) - int(lender)
    # The lender sorts after every guarantor of the same fraction.
    claims = [(-(quota % 1), 0, name) for name, quota in quotas]
    winners = {name for _, last, name in sorted([*claims, (-(lender % 1), 1, "")])[:spare] if not last}
    return {name: cents + (name in winners) for name, cents in floors.items()}


def _refuse(guarantors: Iterable[Guarantor]) -> None:
    left, names = Decimal(100), set[str]()
    for one in guarantors:
        refuse_rate(one.share_percent, "share_percent")
        chosen(LossBase, one.base, "base")
        if one.share_percent > left:
            message = f"Shares are at most 100 % together: {one.name} has {left} % at most."
            raise ImpossiblePlan("share_percent", None if left % 1 else int(left), message)
        if one.name in names:
            raise ImpossiblePlan("name", None, f"{one.name} is named twice.")
        refuse_outside("called_cents", one.called_cents, 0)
        for field, cap in (("cap_loss_cents", one.cap_loss_cents), ("cap_portfolio_cents", one.cap_portfolio_cents)):
            if cap is not None:
                refuse_outside(field, cap, 0)
        left -= one.share_percent
        names.add(one.name)
