"""What other rules would have told of decisions that were taken: each replayed on the facts stored with it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain import eligibility, law_limits
from app.domain.aids import Aid
from app.domain.breaches import Breach, Severity, of_rule
from app.domain.decisions import GIVES, OF_OWN_FUNDS, OF_PARTNERS, REFUSES, Outcome
from app.domain.lenders import Lending
from app.domain.overrides import overridable_by
from app.domain.products import Product
from app.domain.rules import RuleVersion
from app.domain.settled_rules import settle

# The facts that a rule is tested on, for an aid of any kind and for a loan alone.
_NEEDED: Mapping[str, Sequence[str]] = {
    "residence_months_min": ("resident_since_on",),
    "documents": ("documents",),
    "income_ceiling": ("resources_cents", "adults", "minor_children"),
}
_NEEDED_OF_LOAN: Mapping[str, Sequence[str]] = {
    "left_to_live": ("left_to_live_cents", "instalment_cents", "adults", "minor_children"),
    "debt_ratio_percent_max": ("debt_instalments_cents", "resources_cents", "instalment_cents"),
    "instalment_within_capacity": ("assessed_capacity_cents", "instalment_cents"),
    # An end is null where no loan has ended: that loans were looked for at all, their number tells.
    "months_since_last_loan_min": ("running_loans",),
    "running_loans_max": ("running_loans",),
}


class Verdict(StrEnum):
    """What would have become of a decision: the same, or another answer, or the same answer with other breaches.

    It is unknown where the answer hangs on a fact that was never asked for.
    """

    SAME = "same"
    NOW_REFUSED = "now_refused"
    NOW_ALLOWED = "now_allowed"
    OTHER_WARNINGS = "other_warnings"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision as it was taken, under the version `rules`. `overridden` are the rules that it went past.

    `asked_cents` is the loan that the request asks for.
    """

    product: str
    outcome: Outcome
    on: date
    aid: Aid
    asked_cents: int
    breaches: Sequence[Breach]
    overridden: Collection[str]
    rules: RuleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The breaches of a decision under its own rules and under others, the rules of those that cannot be tested."""

    was: Sequence[Breach]
    would_be: Sequence[Breach]
    missing: Sequence[str]
    verdict: Verdict


def replay(taken: Taken, draft: RuleVersion) -> Replayed:
    """A decision under the rules of a draft, settled for its day, its age and its lender.

    What was given is replayed as it was given; what was refused, on the loan that was asked for, of which neither the
    duration nor the instalment is known. A lender that the draft does not name is replaced by its first; a product
    that it does not have is a breach, and so is an act that it does not know.
    """
    aid = taken.aid
    if taken.outcome in REFUSES and aid.loan_amount_cents is None:
        aid = replace(aid, loan_amount_cents=taken.asked_cents)
    own, tried = _settled(taken, taken.rules), _settled(taken, draft)
    was = taken.breaches
    if aid is not taken.aid and own is not None:
        was = eligibility.breaches(own, aid, reference=taken.rules.reference)
    if tried is None:
        known = [one.code for one in draft.products]
        gone = Breach("product", known, taken.product, Severity.REFUSE, draft.reference)
        return Replayed(was=was, would_be=[gone], missing=[], verdict=_verdict(taken, was, [gone], may_refuse=False))
    missing = _never_asked(own, tried, aid)
    found = [*_impossible(taken, tried, draft.reference), *eligibility.breaches(tried, aid, reference=draft.reference)]
    would_be = [breach for breach in found if breach.rule not in missing]
    gone_past = {rule for rule in taken.overridden if overridable_by(tried, rule)}
    may_refuse = any(_refuses(tried, rule) for rule in missing)
    told = _verdict(taken, was, would_be, gone_past=gone_past, may_refuse=may_refuse)
    return Replayed(was=was, would_be=would_be, missing=missing, verdict=told)


def _settled(taken: Taken, rules: RuleVersion) -> Product | None:
    product = next((one for one in rules.products if one.code == taken.product), None)
    if product is None:
        return None
    lenders = [lender.code for lender in product.lenders]
    lender = taken.aid.lender if taken.aid.lender in lenders else None
    return settle(product, on=taken.on, indexes=rules.indexes, lender=lender, age=taken.aid.applicant_age)


def _impossible(taken: Taken, product: Product, reference: str) -> Iterator[Breach]:
    """What no commission could have done under the rules, whatever the person: lend where they do not, or grant."""
    if taken.outcome not in GIVES:
        return
    of_lending = {Lending.PARTNER: OF_OWN_FUNDS, Lending.OWN_FUNDS: OF_PARTNERS}
    if taken.outcome in of_lending[product.lending]:
        decided = Lending.OWN_FUNDS if product.lending is Lending.PARTNER else Lending.PARTNER
        text = eligibility.text_of(product, "lending") or reference
        yield Breach("lending", product.lending, decided, Severity.REFUSE, text)
    yield from eligibility.of_unstated_grant(product, taken.aid, reference=reference)


def _never_asked(own: Product | None, tried: Product, aid: Aid) -> list[str]:
    """The rules that cannot be tested for want of a fact, but those that the decision itself was taken without."""
    before = {} if own is None else dict(_untested(own, aid))
    return [rule for rule, asked in _untested(tried, aid) if before.get(rule) != asked]


def _untested(product: Product, aid: Aid) -> Iterator[tuple[str, object]]:
    """The rules with what they ask for, where a fact that they are tested on is not known."""
    for fact in product.attestations:
        if fact not in aid.attested:
            yield f"attestations.{fact}", True
    needed = _NEEDED if aid.loan_amount_cents is None else {**_NEEDED, **_NEEDED_OF_LOAN}
    for rule, facts in needed.items():
        asked = getattr(product, rule)
        if asked not in (None, False, ()) and any(getattr(aid, fact) is None for fact in facts):
            yield rule, asked


def _refuses(product: Product, rule: str) -> bool:
    return of_rule(product.severities, rule) is not Severity.WARN


def _verdict(
    taken: Taken,
    was: Sequence[Breach],
    would_be: Sequence[Breach],
    *,
    gone_past: Collection[str] = (),
    may_refuse: bool,
) -> Verdict:
    """What the breaches of other rules would have made of a decision; `may_refuse`: one that is not tested could.

    An aid that was given is refused by a breach that refuses and that nobody went past, or may go past any more; a
    refusal that had one is no longer due where none is left.
    """
    refusing = _refusing(would_be)
    if taken.outcome in GIVES and refusing.difference(gone_past):
        return Verdict.NOW_REFUSED
    is_allowed = taken.outcome in REFUSES and bool(_refusing(was)) and not refusing
    if may_refuse and (is_allowed or taken.outcome in GIVES):
        return Verdict.UNKNOWN
    if is_allowed:
        return Verdict.NOW_ALLOWED
    return Verdict.SAME if _told(was) == _told(would_be) else Verdict.OTHER_WARNINGS


def _refusing(breaches: Iterable[Breach]) -> set[str]:
    return {breach.rule for breach in breaches if breach.severity is Severity.REFUSE}


def _told(breaches: Iterable[Breach]) -> list[tuple[object, ...]]:
    """The breaches without the texts that they cite, and without those of the law, which no draft changes."""
    return [
        (breach.rule, breach.limit, breach.actual, breach.severity)
        for breach in breaches
        if breach.rule not in law_limits.RULES
    ]
