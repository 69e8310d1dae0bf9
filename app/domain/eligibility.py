"""Whether the rules of a CCAS allow an aid: every breach is told, not the first."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from app.domain.amortization import RemainderOn, Rounding
from app.domain.errors import Breach, Severity
from app.domain.rules import Product

_Finding = tuple[str, int | str | list[str] | None, int | str | None, Severity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aid:
    """What is about to be given, and to whom: the facts that the rules are applied to.

    Amounts in cents; the terms of the loan are null where none is given. `applicant_age` in whole years on the
    day of the decision. What a simulation is not told is null, and not tested.
    """

    purpose: str | None
    applicant_age: int | None
    minor_children: int | None
    lives_in_served_commune: bool
    loan_amount_cents: int | None = None
    duration_months: int | None = None
    instalment_cents: int | None = None
    rounding_unit_cents: int | None = None
    rounding: Rounding | None = None
    remainder_on: RemainderOn | None = None
    grant_cents: int = 0

    def facts(self) -> dict[str, Any]:
        """The facts as plain values, to be stored with the decision."""
        return asdict(self)


def age_on(birth_on: date, on: date) -> int:
    """Whole years lived on a day; born on 29 February, one ages on 1 March of other years."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


def text_of(product: Product, rule: str) -> str | None:
    """The sentence that a rule rests on, or that of the whole it is part of (`grant.usual_cents`: `grant`)."""
    return product.sources.get(rule) or product.sources.get(rule.partition(".")[0])


def breaches(product: Product, aid: Aid, *, reference: str) -> list[Breach]:
    """Every rule of the product that the aid does not meet. Null limits do not limit.

    Each breach cites the text of its rule, or `reference`, the text that adopted the version.
    """
    found = [*_person(product, aid), *_grant(product, aid)]
    if aid.loan_amount_cents is not None:
        found += _loan(product, aid)
    return [
        Breach(rule=rule, limit=limit, actual=actual, severity=severity, reference=text_of(product, rule) or reference)
        for rule, limit, actual, severity in found
    ]


def _above(rule: str, limit: int | None, actual: int | None) -> Iterator[_Finding]:
    if limit is not None and actual is not None and actual > limit:
        yield rule, limit, actual, Severity.REFUSE


def _below(rule: str, limit: int | None, actual: int | None) -> Iterator[_Finding]:
    if limit is not None and actual is not None and actual < limit:
        yield rule, limit, actual, Severity.REFUSE


def _person(product: Product, aid: Aid) -> Iterator[_Finding]:
    yield from _below("applicant_age_min", product.applicant_age_min, aid.applicant_age)
    yield from _above("minor_children_max", product.minor_children_max, aid.minor_children)
    if not aid.lives_in_served_commune:
        yield "residence", None, None, Severity.REFUSE
    allowed = product.purposes
    if allowed is not None and aid.purpose is not None and aid.purpose not in allowed:
        yield "purposes", list(allowed), aid.purpose, Severity.REFUSE


def _loan(product: Product, aid: Aid) -> Iterator[_Finding]:
    yield from _below("amount_cents_min", product.amount_cents_min, aid.loan_amount_cents)
    yield from _above("amount_cents_max", product.amount_cents_max, aid.loan_amount_cents)
    yield from _above("duration_months_max", product.duration_months_max, aid.duration_months)
    rounding = product.rounding
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


def _grant(product: Product, aid: Aid) -> Iterator[_Finding]:
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
