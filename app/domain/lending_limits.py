"""The rules on a loan itself: its amount, its duration, its instalments, and the higher tier for stated reasons."""

from collections.abc import Iterator

from app.domain.aids import Aid
from app.domain.amortization import RemainderOn
from app.domain.breaches import Finding, Severity
from app.domain.dates import months_after
from app.domain.products import Product


def findings(product: Product, aid: Aid) -> Iterator[Finding]:
    """What the limits do not allow of the loan; the widest limit of the usual one and of the tiers for its reason."""
    tiers = [tier for tier in product.tiers if aid.exceptional_reason in tier.reasons]
    if aid.exceptional_reason is not None and not tiers:
        reasons = sorted({reason for tier in product.tiers for reason in tier.reasons})
        yield "tiers", reasons or None, aid.exceptional_reason, Severity.WARN
    amounts = [product.amount_cents_max, *(tier.amount_cents_max for tier in tiers)]
    durations = [product.duration_months_max, *(tier.duration_months_max for tier in tiers)]
    yield from below("amount_cents_min", product.amount_cents_min, aid.loan_amount_cents)
    yield from above("amount_cents_max", _widest(amounts), aid.loan_amount_cents)
    yield from below("duration_months_min", product.duration_months_min, aid.duration_months)
    yield from above("duration_months_max", _widest(durations), aid.duration_months)
    yield from above("instalment_cents_max", product.instalment_cents_max, aid.instalment_cents)
    yield from _earlier_loans(product, aid)
    yield from _rounding(product, aid)


def above(rule: str, limit: int | None, actual: int | None) -> Iterator[Finding]:
    """The finding of a maximum, where both it and the figure are known."""
    if limit is not None and actual is not None and actual > limit:
        yield rule, limit, actual, Severity.REFUSE


def below(rule: str, limit: int | None, actual: int | None) -> Iterator[Finding]:
    """The finding of a minimum, where both it and the figure are known."""
    if limit is not None and actual is not None and actual < limit:
        yield rule, limit, actual, Severity.REFUSE


def _widest(limits: list[int | None]) -> int | None:
    """The usual limit, which comes first, or a wider one; a null usual limit does not limit."""
    usual, *others = limits
    return None if usual is None else max([usual, *(other for other in others if other is not None)])


def _earlier_loans(product: Product, aid: Aid) -> Iterator[Finding]:
    yield from above("running_loans_max", product.running_loans_max, aid.running_loans)
    months, ended_on = product.months_since_last_loan_min, aid.last_loan_ended_on
    if months is not None and ended_on is not None and aid.on is not None and aid.on < months_after(ended_on, months):
        yield "months_since_last_loan_min", months, ended_on.isoformat(), Severity.REFUSE


def _rounding(product: Product, aid: Aid) -> Iterator[Finding]:
    """As the rules round; with interest, the remainder is on the last instalment whatever they say."""
    rounding = product.rounding
    if aid.remainder_on is RemainderOn.FIRST and product.rate_percent:
        yield "rounding.remainder_on", [RemainderOn.LAST.value], aid.remainder_on.value, Severity.REFUSE
        return
    if rounding is None or aid.remainder_on is None or aid.rounding_unit_cents is None:
        return
    if aid.remainder_on not in rounding.remainder_on:
        sides = [side.value for side in rounding.remainder_on]
        yield "rounding.remainder_on", sides, aid.remainder_on.value, Severity.REFUSE
    if aid.rounding_unit_cents != rounding.unit_cents:
        yield "rounding.unit_cents", rounding.unit_cents, aid.rounding_unit_cents, Severity.WARN
    elif aid.instalment_cents is not None and aid.instalment_cents % rounding.unit_cents:
        yield "rounding.instalment_cents", rounding.unit_cents, aid.instalment_cents, Severity.WARN
    if aid.rounding not in (None, rounding.mode):
        yield "rounding.mode", rounding.mode.value, aid.rounding, Severity.WARN
