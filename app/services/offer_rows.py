"""The rows that a lender tells: instalments with their balances, and who pays the interest of each."""

from collections.abc import Sequence
from decimal import Decimal

from app.domain import interest_aids
from app.domain.amortization import Instalment
from app.domain.errors import RuleNotStated
from app.domain.interest_subsidies import InterestShare, Shares
from app.domain.products import Product
from app.schemas.offers import OfferRow


def instalments(told: Sequence[OfferRow], *, amount_cents: int) -> list[Instalment]:
    """The rows with what is left to repay of an amount after each, in cents."""
    rows, balance = [], amount_cents
    for row in told:
        balance -= row.principal_cents
        rows.append(
            Instalment(row.number, row.due_on, row.principal_cents, row.interest_cents, row.total_cents, balance)
        )
    return rows


def parts(
    product: Product, rows: Sequence[Instalment], told: Sequence[OfferRow], *, rate_percent: Decimal
) -> list[Shares]:
    """Who pays the interest: as the lender's row says, else as the rules do. Raises RuleNotStated."""
    by_rule = interest_aids.parts(rows, product, rate_percent=rate_percent)
    return [_part(product, row, ruled) for row, ruled in zip(told, by_rule, strict=True)]


def _part(product: Product, told: OfferRow, ruled: Shares) -> Shares:
    if told.third_parties is not None or told.borrower_cents is not None:
        return tuple(InterestShare(share.payer, share.cents) for share in told.third_parties or ())
    if product.interest_borne_by is None and told.interest_cents:
        raise RuleNotStated(path="interest_borne_by")
    return ruled
