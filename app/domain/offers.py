"""Whether a lender's offer keeps to the agreement and to the rules of the CCAS: every breach is told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.amortization import ImpossiblePlan, Instalment, schedule
from app.domain.breaches import Breach, Severity
from app.domain.eligibility import text_of
from app.domain.interest_subsidies import Shares
from app.domain.lenders import Payer
from app.domain.money import percent_text
from app.domain.products import Product
from app.domain.settled_rules import stated_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLimits:
    """What an agreement with the lender sets beside the rules; null leaves the rules alone."""

    reference: str
    amount_cents_max: int | None
    duration_months_max: int | None
    rate_percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A lender's offer: cents, months, percent a year; the third parties' part of each row."""

    amount_cents: int
    rate_percent: Decimal
    rows: Sequence[Instalment]
    parts: Sequence[Shares]


def rate(product: Product, limits: AgreementLimits, offered: Decimal | None) -> Decimal:
    """The rate of an offer: its own, or that of the agreement or the rules. Raises as `stated_rate` does."""
    for stated in (offered, limits.rate_percent):
        if stated is not None:
            return stated
    return stated_rate(product)


def breaches(product: Product, limits: AgreementLimits, offer: Offer, *, reference: str) -> list[Breach]:
    """Every limit that the offer does not keep, citing the agreement, the text of the rule, or `reference`."""
    names = ("amount_cents_min", *_MAXIMA, "rate_percent", "interest_borne_by")
    texts = {name: text_of(product, name) or reference for name in names}
    return [
        *_amounts(product, limits, offer, texts),
        *_rate(product, limits, offer, texts),
        *_charged(offer, reference),
        *_interest(product, offer, texts),
    ]


_MAXIMA = ("amount_cents_max", "duration_months_max")


def _amounts(product: Product, limits: AgreementLimits, offer: Offer, texts: dict[str, str]) -> Iterator[Breach]:
    minimum = product.amount_cents_min
    if minimum is not None and offer.amount_cents < minimum:
        yield Breach("amount_cents_min", minimum, offer.amount_cents, Severity.REFUSE, texts["amount_cents_min"])
    for name, actual in zip(_MAXIMA, (offer.amount_cents, months(offer.rows)), strict=True):
        for limit, text in ((getattr(limits, name), limits.reference), (getattr(product, name), texts[name])):
            if limit is not None and actual > limit:
                yield Breach(name, limit, actual, Severity.REFUSE, text)


def months(rows: Sequence[Instalment]) -> int:
    """How long the rows run: as many months as rows, or more where they are further apart."""
    first, last = rows[0].due_on, rows[-1].due_on
    return max(len(rows), 12 * (last.year - first.year) + last.month - first.month + 1)


def _charged(offer: Offer, reference: str) -> Iterator[Breach]:
    """The rows may not cost more than the rate says, but for a cent of rounding in each."""
    try:
        computed = schedule(
            principal_cents=offer.amount_cents,
            rate_percent=offer.rate_percent,
            first_due_on=offer.rows[0].due_on,
            duration_months=len(offer.rows),
        )
    except ImpossiblePlan:
        return
    limit = sum(row.interest_cents for row in computed) + len(offer.rows)
    charged = sum(row.interest_cents for row in offer.rows)
    if charged > limit:
        yield Breach("interest_cents", limit, charged, Severity.REFUSE, reference)


def _rate(product: Product, limits: AgreementLimits, offer: Offer, texts: dict[str, str]) -> Iterator[Breach]:
    stated = ((limits.rate_percent, limits.reference), (product.rate_percent, texts["rate_percent"]))
    for limit, text in stated:
        if limit is not None and offer.rate_percent != limit:
            yield Breach("rate_percent", percent_text(limit), percent_text(offer.rate_percent), Severity.REFUSE, text)


def _interest(product: Product, offer: Offer, texts: dict[str, str]) -> Iterator[Breach]:
    """Where a third party bears the interest, it bears all of it, and nobody else does."""
    borne = product.interest_borne_by
    if borne in (None, Payer.BORROWER, Payer.NOBODY):
        return
    shares = [share for part in offer.parts for share in part]
    others = [share.payer for share in shares if share.payer != borne]
    left = sum(row.interest_cents for row in offer.rows) - sum(share.cents for share in shares)
    if left or others:
        actual = Payer.BORROWER.value if left else others[0]
        yield Breach("interest_borne_by", str(borne), actual, Severity.REFUSE, texts["interest_borne_by"])
