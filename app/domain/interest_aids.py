"""What third parties pay of a loan's interest and fee under the rules: all, a share or a difference, now or at the end.

Insurance is never part of it. A refund at the end is a promise under conditions: told apart, and counted by no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.amortization import Instalment
from app.domain.interest_subsidies import InterestShare, Shares, shares
from app.domain.lenders import InterestAid, PaidWhen, RefundCondition
from app.domain.money import round_half_up
from app.domain.products import Product


@dataclass(frozen=True, slots=True)
class Refund:
    """What a third party gives back to the borrower once the loan is repaid, in cents, if the conditions hold."""

    payer: str
    cents: int
    conditions: tuple[RefundCondition, ...]


def parts(rows: Sequence[Instalment], product: Product, *, rate_percent: Decimal) -> list[Shares]:
    """The third parties' part of each row, in cents, half up; together never more than its interest."""
    borne = shares(rows, product.interest_borne_by)
    aids = [aid for aid in product.interest_aids if aid.paid is PaidWhen.WITH_INSTALMENTS]
    return [part or _of_row(row.interest_cents, aids, rate_percent) for row, part in zip(rows, borne, strict=True)]


def refunds(
    rows: Sequence[Instalment], paid: Sequence[Shares], product: Product, *, rate_percent: Decimal, fee_cents: int
) -> list[Refund]:
    """What comes back to the borrower at the end of what third parties have not already `paid`, in cents, half up."""
    left = [row.interest_cents - sum(share.cents for share in part) for row, part in zip(rows, paid, strict=True)]
    return [
        Refund(str(aid.payer), cents, aid.conditions)
        for aid in product.interest_aids
        if aid.paid is PaidWhen.AT_THE_END
        and (cents := sum(_part(aid, interest, rate_percent) for interest in left) + _fee_part(aid, fee_cents))
    ]


def fee_shares(product: Product, fee_cents: int) -> Shares:
    """What third parties pay of the fee when it is due, in cents; together never more than the fee."""
    aids = [aid for aid in product.interest_aids if aid.paid is PaidWhen.WITH_INSTALMENTS]
    return _within(fee_cents, [(str(aid.payer), _fee_part(aid, fee_cents)) for aid in aids])


def _of_row(interest_cents: int, aids: Sequence[InterestAid], rate_percent: Decimal) -> Shares:
    return _within(interest_cents, [(str(aid.payer), _part(aid, interest_cents, rate_percent)) for aid in aids])


def _within(most_cents: int, asked: Sequence[tuple[str, int]]) -> Shares:
    given, left = [], most_cents
    for payer, cents in asked:
        paid = min(cents, left)
        left -= paid
        if paid:
            given.append(InterestShare(payer, paid))
    return tuple(given)


def _part(aid: InterestAid, interest_cents: int, rate_percent: Decimal) -> int:
    """Its share of the interest, or of that beyond the rate from which it pays the difference."""
    if aid.above_percent is None:
        return round_half_up(interest_cents * aid.share_percent / 100)
    if rate_percent <= aid.above_percent:
        return 0
    beyond = interest_cents * (rate_percent - aid.above_percent) / rate_percent
    return round_half_up(beyond * aid.share_percent / 100)


def _fee_part(aid: InterestAid, fee_cents: int) -> int:
    return round_half_up(fee_cents * aid.share_percent / 100) if aid.with_fee else 0
