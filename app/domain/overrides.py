"""Going past a rule with a reason (déroger): who may, and what nobody can."""

from collections.abc import Collection, Sequence

from app.domain import law_limits
from app.domain.breaches import Breach, Severity, of_rule
from app.domain.eligibility import LEGAL_TEXTS
from app.domain.errors import OverrideNotAllowed, OverrideNotNeeded, RulesBreached
from app.domain.permissions import Role
from app.domain.products import Product

_BY_LAW = LEGAL_TEXTS.keys() | law_limits.RULES


def overridable_by(product: Product, rule: str) -> tuple[Role, ...]:
    """The roles that may go past a rule: those of its path, or of the whole it is part of; of the law's, nobody."""
    if rule in _BY_LAW:
        return ()
    return of_rule(product.overridable_by, rule) or ()


def check(
    product: Product, breaches: Sequence[Breach], *, overridden: Collection[str], roles: Collection[Role]
) -> None:
    """Whether an aid may be given all the same, where the caller goes past the rules `overridden`.

    Warnings stop nobody. Raises OverrideNotNeeded for a rule that is met, OverrideNotAllowed for one of the law, and
    as `check_refusals` does.
    """
    rules = sorted(overridden)
    for rule in rules:
        if rule not in {breach.rule for breach in breaches}:
            raise OverrideNotNeeded(rule=rule)
        if rule in _BY_LAW:
            raise OverrideNotAllowed(rule=rule)
    check_refusals(product, breaches, overridden=overridden, roles=roles)


def check_refusals(
    product: Product, breaches: Sequence[Breach], *, overridden: Collection[str], roles: Collection[Role]
) -> None:
    """Raises RulesBreached, with all breaches, where one refuses and is not gone past by one of the roles that may."""
    if any(
        breach.severity is Severity.REFUSE
        and (breach.rule not in overridden or not set(roles) & set(overridable_by(product, breach.rule)))
        for breach in breaches
    ):
        by_rule = {breach.rule: overridable_by(product, breach.rule) for breach in breaches}
        raise RulesBreached([*breaches], overridable_by=by_rule)
