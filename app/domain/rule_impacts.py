"""What other rules would have told of decisions that were taken: each replayed on the facts stored with it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain import eligibility
from app.domain.aids import Aid
from app.domain.breaches import Breach, Severity
from app.domain.decisions import GIVES, REFUSES, Outcome
from app.domain.products import Product
from app.domain.rules import Index
from app.domain.settled_rules import settle


class Verdict(StrEnum):
    """What would have become of a decision: the same, or another answer, or the same answer with other breaches."""

    SAME = "same"
    NOW_REFUSED = "now_refused"
    NOW_ALLOWED = "now_allowed"
    OTHER_WARNINGS = "other_warnings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The rules to try: products, the indexes they refer to, the text that would adopt them."""

    products: Sequence[Product]
    indexes: Sequence[Index]
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision as it was taken. `overridden` are the rules that it went past."""

    product: str
    outcome: Outcome
    on: date
    aid: Aid
    breaches: Sequence[Breach]
    overridden: Collection[str]


def replay(taken: Taken, draft: Draft) -> list[Breach]:
    """Every breach of the draft, settled for the day, the age and the lender of the decision.

    A lender that the draft does not name is replaced by its first; a product that it does not have is a breach.
    """
    product = next((one for one in draft.products if one.code == taken.product), None)
    if product is None:
        known = [one.code for one in draft.products]
        return [Breach("product", known, taken.product, Severity.REFUSE, draft.reference)]
    lenders = [lender.code for lender in product.lenders]
    lender = taken.aid.lender if taken.aid.lender in lenders else None
    settled = settle(product, on=taken.on, indexes=draft.indexes, lender=lender, age=taken.aid.applicant_age)
    return eligibility.breaches(settled, taken.aid, reference=draft.reference)


def verdict(taken: Taken, would_be: Sequence[Breach]) -> Verdict:
    """What the breaches of other rules would have made of a decision.

    An aid that was given is refused by a breach that refuses and that it did not go past; a refusal that had one is
    no longer due where none is left.
    """
    if _told(taken.breaches) == _told(would_be):
        return Verdict.SAME
    refusing = _refusing(would_be)
    if taken.outcome in GIVES and refusing - set(taken.overridden):
        return Verdict.NOW_REFUSED
    if taken.outcome in REFUSES and _refusing(taken.breaches) and not refusing:
        return Verdict.NOW_ALLOWED
    return Verdict.OTHER_WARNINGS


def _refusing(breaches: Iterable[Breach]) -> set[str]:
    return {breach.rule for breach in breaches if breach.severity is Severity.REFUSE}


def _told(breaches: Iterable[Breach]) -> list[tuple[object, ...]]:
    """The breaches without the texts that they cite."""
    return [(breach.rule, breach.limit, breach.actual, breach.severity) for breach in breaches]
