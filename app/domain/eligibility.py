"""Whether the rules of a CCAS allow an aid: every breach is told, not the first.

Nothing here raises: any valid rules meet any facts.
"""

from collections.abc import Iterator

from app.domain import lending_limits, means
from app.domain.aids import ADULT_YEARS, NEEDS_AUTHORISATION, Aid, Capacity
from app.domain.breaches import Breach, Finding, Severity, of_rule
from app.domain.dates import months_after
from app.domain.lending_limits import above, below
from app.domain.products import Attested, ListingPolicy, Product

# Rules that the law sets for every CCAS, with the text that they rest on.
_CAPACITY_TEXT = "Code civil, articles 413-6, 414, 425, 467, 505 et 1145 à 1147"
LEGAL_TEXTS = {
    "capacity": _CAPACITY_TEXT,
    "capacity.co_applicant": _CAPACITY_TEXT,
    "over_indebtedness": "Code de la consommation, articles L722-5 et L761-1",
}
_OF_LISTING = {ListingPolicy.REFUSED: Severity.REFUSE, ListingPolicy.ACCEPTED_UNDER_CONDITIONS: Severity.WARN}


def text_of(product: Product, rule: str) -> str | None:
    """The sentence that a rule rests on: the CCAS's own, else the law's."""
    return of_rule(product.sources, rule) or LEGAL_TEXTS.get(rule)


def breaches(product: Product, aid: Aid, *, reference: str) -> list[Breach]:
    """Every rule of a settled product that the aid does not meet. Null limits do not limit.

    Each breach cites the text of its rule, or `reference`, the text that adopted the version. Its severity is that
    which the rules give to the path, or to the whole it is part of, else the usual one; the law's cannot be lowered.
    """
    found = [*_person(product, aid), *_household(product, aid), *means.findings(product, aid), *_grant(product, aid)]
    if aid.loan_amount_cents is not None:
        found += [*_borrower(product, aid), *lending_limits.findings(product, aid)]
    return [
        Breach(
            rule=rule,
            limit=limit,
            actual=actual,
            severity=_severity(product, rule, usual),
            reference=text_of(product, rule) or reference,
        )
        for rule, limit, actual, usual in found
    ]


def of_unstated_grant(product: Product, aid: Aid, *, reference: str) -> list[Breach]:
    """What is told of a grant where the rules do not speak of grants; nothing can then be decided of it."""
    if not aid.grant_cents or product.grant is not None:
        return []
    return [Breach("grant", None, aid.grant_cents, Severity.REFUSE, reference)]


def _severity(product: Product, rule: str, usual: Severity) -> Severity:
    if rule in LEGAL_TEXTS:
        return usual
    return of_rule(product.severities, rule) or usual


def _person(product: Product, aid: Aid) -> Iterator[Finding]:
    yield from below("applicant_age_min", product.applicant_age_min, aid.applicant_age)
    yield from above("applicant_age_max", product.applicant_age_max, aid.applicant_age)
    yield from _residence(product, aid)
    yield from _purpose(product, aid)
    for fact in product.attestations:
        holds = aid.attested.get(fact)
        if holds is False or (holds is None and aid.is_complete):
            yield f"attestations.{fact}", None, None if holds is None else "no", Severity.REFUSE
    is_known = aid.documents is not None or aid.is_complete
    if is_known and (missing := sorted(set(product.documents) - (aid.documents or frozenset()))):
        yield "documents", missing, None, Severity.REFUSE


def _residence(product: Product, aid: Aid) -> Iterator[Finding]:
    """In the communes served, in those named, and for as long as asked, counted to the day."""
    if not aid.lives_in_served_commune:
        yield "residence", None, None, Severity.REFUSE
    communes = product.residence_communes
    if communes is not None and aid.commune_insee_code is not None and aid.commune_insee_code not in communes:
        yield "residence_communes", list(communes), aid.commune_insee_code, Severity.REFUSE
    months, since = product.residence_months_min, aid.resident_since_on
    if months is None or aid.on is None:
        return
    if since is None and aid.is_complete:
        yield "residence_months_min", months, None, Severity.REFUSE
    if since is not None and aid.on < months_after(since, months):
        yield "residence_months_min", months, since.isoformat(), Severity.REFUSE


def _purpose(product: Product, aid: Aid) -> Iterator[Finding]:
    allowed = product.purposes
    if allowed is not None and aid.purpose is not None and aid.purpose not in allowed:
        yield "purposes", list(allowed), aid.purpose, Severity.REFUSE
    if aid.purpose is not None and aid.purpose in product.purposes_excluded:
        yield "purposes_excluded", list(product.purposes_excluded), aid.purpose, Severity.REFUSE


def _household(product: Product, aid: Aid) -> Iterator[Finding]:
    yield from above("minor_children_max", product.minor_children_max, aid.minor_children)
    yield from below("minor_children_min", product.minor_children_min, aid.minor_children)
    yield from above("adults_max", product.adults_max, aid.adults)


def _borrower(product: Product, aid: Aid) -> Iterator[Finding]:
    """What bars a loan and not a grant: capacity to contract, listings, over-indebtedness."""
    yield from _capable("capacity", aid, age=aid.applicant_age, capacity=aid.capacity)
    yield from _capable("capacity.co_applicant", aid, age=aid.co_applicant_age, capacity=aid.co_applicant_capacity)
    yield from _listed("ficp", product.ficp, is_listed=aid.attested.get(Attested.FICP_LISTED))
    yield from _listed("bank_ban", product.bank_ban, is_listed=aid.attested.get(Attested.BANK_BANNED))
    agreed = aid.attested.get(Attested.OVER_INDEBTEDNESS_AGREEMENT)
    if aid.attested.get(Attested.OVER_INDEBTED):
        policy = product.over_indebtedness
        if policy is ListingPolicy.REFUSED or not agreed:
            yield "over_indebtedness", policy, policy and Attested.OVER_INDEBTED, Severity.REFUSE
        elif policy is ListingPolicy.ACCEPTED_UNDER_CONDITIONS:
            yield "over_indebtedness", policy, Attested.OVER_INDEBTED, Severity.WARN


def _capable(rule: str, aid: Aid, *, age: int | None, capacity: Capacity | None) -> Iterator[Finding]:
    """Who may come of age, or signs with a curator, is told; who needs an authorisation has it recorded."""
    is_young = age is not None and age < ADULT_YEARS and capacity is not Capacity.EMANCIPATED
    authorised = aid.attested.get(Attested.CAPACITY_AUTHORISED)
    if capacity in NEEDS_AUTHORISATION and not authorised:
        refuses = aid.is_complete or authorised is False
        yield rule, Attested.CAPACITY_AUTHORISED, capacity, Severity.REFUSE if refuses else Severity.WARN
    elif is_young or capacity is Capacity.MINOR:
        yield rule, None, Capacity.MINOR, Severity.WARN
    elif capacity is Capacity.CURATORSHIP:
        yield rule, None, capacity, Severity.WARN


def _listed(rule: str, policy: ListingPolicy | None, *, is_listed: bool | None) -> Iterator[Finding]:
    if is_listed and policy in _OF_LISTING:
        yield rule, policy, None, _OF_LISTING[policy]


def _grant(product: Product, aid: Aid) -> Iterator[Finding]:
    rule = product.grant
    if not aid.grant_cents or rule is None:
        return
    alone = aid.loan_amount_cents is None
    if alone and not rule.alone:
        yield "grant.alone", None, aid.grant_cents, Severity.REFUSE
    if not alone and not rule.with_loan:
        yield "grant.with_loan", None, aid.grant_cents, Severity.REFUSE
    if rule.usual_cents is not None and aid.grant_cents > rule.usual_cents:
        yield "grant.usual_cents", rule.usual_cents, aid.grant_cents, Severity.WARN
    yield from above("grant.cents_max", rule.cents_max, aid.grant_cents)
