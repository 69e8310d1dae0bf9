"""The terms of a loan that is decided on, and the rules that the whole aid does not meet."""

from dataclasses import replace
from typing import Any

from app.domain import fast_track, law_limits, loan_terms, overrides
from app.domain.aids import Aid
from app.domain.breaches import Breach
from app.domain.decisions import GIVES, Outcome
from app.domain.errors import ImpossibleSchedule
from app.domain.loan_terms import EndorsedTerms
from app.domain.loan_terms import LoanTerms as CompleteTerms
from app.domain.permissions import Caller
from app.domain.products import Product
from app.parameters.law import usury_table
from app.schemas.decisions import DecisionCreate, LoanTerms
from app.services import eligibility

Terms = CompleteTerms | EndorsedTerms


def terms_and_aid(
    product: Product, facts: Aid, body: DecisionCreate, reference: str, *, caller: Caller
) -> tuple[Terms | None, Aid]:
    """The terms, whole where the CCAS lends, and the facts that the rules apply to, the aid among them.

    Terms that no schedule fits are told with the rules they break, where they break any.
    """
    aid = replace(
        facts,
        lender=product.lender.code,
        grant_cents=body.grant_cents,
        exceptional_reason=body.exceptional_reason,
    )
    if body.loan is None:
        return None, aid
    try:
        settle = loan_terms.complete if body.outcome is Outcome.APPROVE else loan_terms.endorsed
        terms: Terms = settle(product, body.loan, on=body.decided_on)
    except ImpossibleSchedule:
        breaches_of(product, _with_terms(aid, body.loan), body, reference, caller=caller)
        raise
    return terms, _with_terms(aid, terms)


def _with_terms(aid: Aid, terms: Terms | LoanTerms) -> Aid:
    return replace(
        aid,
        loan_amount_cents=terms.amount_cents,
        duration_months=terms.duration_months,
        instalment_cents=terms.instalment_cents,
        rounding_unit_cents=terms.rounding_unit_cents,
        rounding=terms.rounding,
        remainder_on=terms.remainder_on,
    )


def breaches_of(
    product: Product, aid: Aid, body: DecisionCreate, reference: str, *, caller: Caller, terms: Terms | None = None
) -> list[Breach]:
    """The breaches to be kept with the decision, usury among them where the CCAS lends on whole terms.

    Raises as `overrides.check` does where an aid is given, ImpossibleSchedule.
    """
    breaches = eligibility.of_aid(product, aid, reference=reference)
    if isinstance(terms, CompleteTerms):
        breaches += law_limits.usury_of_terms(product, terms, on=body.decided_on, table=usury_table())
    if body.fast_track:
        breaches += fast_track.breaches(product, roles=caller.roles, reference=reference)
    if body.outcome in GIVES:
        overridden = {override.rule for override in body.overrides}
        overrides.check(product, breaches, overridden=overridden, roles=caller.roles)
    return breaches


def stored(terms: Terms | None) -> dict[str, Any]:
    """The columns of a decision that hold the terms; null without a loan, and for what is left to the lender."""
    names = (
        "duration_months",
        "instalment_cents",
        "rate_percent",
        "rounding_unit_cents",
        "rounding",
        "remainder_on",
    )
    columns = {name: getattr(terms, name, None) for name in names}
    return {**columns, "loan_amount_cents": terms.amount_cents if terms else None}
