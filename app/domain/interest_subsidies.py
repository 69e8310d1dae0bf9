"""Who pays the interest of each instalment: the borrower, or a third party in their place (prise en charge).

The rows are those of the whole annuity. The part of a third party comes off their interest, and what is left is what
the borrower pays: at Toulouse the City pays 7,60 € of the first 87,30 € of 3 000 € over 36 months at 3,04 %.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.domain.amortization import Instalment
from app.domain.lenders import Payer


@dataclass(frozen=True, slots=True)
class InterestShare:
    """What a third party pays of one instalment's interest, in cents."""

    payer: str
    cents: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of the lender's row that is not the one computed here, in cents."""

    number: int
    field: str
    lender_cents: int
    computed_cents: int


Shares = tuple[InterestShare, ...]

_COMPARED = ("principal_cents", "interest_cents", "total_cents", "balance_cents")


def shares(rows: Iterable[Instalment], bearer: Payer | None) -> list[Shares]:
    """The third parties' part of each row under the rule, in cents: all of its interest, or nothing.

    Project reference, § 2.2 (the City of Toulouse's subsidy, to be invoiced instalment by instalment).
    """
    third_party = bearer not in (None, Payer.BORROWER, Payer.NOBODY)
    return [
        (InterestShare(str(bearer), row.interest_cents),) if third_party and row.interest_cents else () for row in rows
    ]


def borrower_rows(rows: Iterable[Instalment], parts: Iterable[Shares]) -> tuple[Instalment, ...]:
    """The rows as the borrower pays them: the third parties' part taken off the interest and the total."""
    return tuple(
        replace(row, interest_cents=row.interest_cents - paid, total_cents=row.total_cents - paid)
        for row, part in zip(rows, parts, strict=True)
        for paid in [sum(share.cents for share in part)]
    )


def differences(lender: Sequence[Instalment], computed: Sequence[Instalment]) -> list[Difference]:
    """Where the lender's rows are not those computed from its own terms."""
    return [
        Difference(row.number, field, getattr(row, field), getattr(ours, field))
        for row, ours in zip(lender, computed, strict=True)
        for field in _COMPARED
        if getattr(row, field) != getattr(ours, field)
    ]
