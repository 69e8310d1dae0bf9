"""The rules on a household's means: what it earns, owes and has left to live on, with the instalment and without."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from app.domain.aids import Aid
from app.domain.breaches import Finding, Severity
from app.domain.financing import debt_ratio_percent
from app.domain.money import round_half_up
from app.domain.products import HouseholdScale, IncomeCeiling, LeftToLive, Period, PerUnit, Product

_MONTHS = {Period.MONTH: 1, Period.YEAR: 12}


def units(scale: HouseholdScale, *, adults: int, minor_children: int) -> Decimal:
    """How many units of the scale a household counts: its first adult, each further one, each minor child."""
    others = max(0, adults - 1)
    return scale.first_adult + others * scale.other_adult + minor_children * scale.minor_child


def ceiling_cents(ceiling: IncomeCeiling, *, adults: int, minor_children: int) -> int | None:
    """The most that a household may earn in a month, in cents, half up; null where the index has no figure."""
    if ceiling.amount_cents is None:
        return None
    counted = units(ceiling.scale, adults=adults, minor_children=minor_children)
    return round_half_up(ceiling.amount_cents * ceiling.coefficient * counted / _MONTHS[ceiling.per])


def least_left_to_live(rule: LeftToLive, *, adults: int, minor_children: int) -> int:
    """The least that must be left to live on in a month, in cents, half up."""
    return round_half_up(rule.cents_min * _counted(rule, adults=adults, minor_children=minor_children))


def left_to_live_per_unit(rule: LeftToLive, left_cents: int, *, adults: int, minor_children: int) -> int:
    """What is left to live on for each of those whom the rule counts, in cents, half up."""
    counted = _counted(rule, adults=adults, minor_children=minor_children)
    return round_half_up(Fraction(left_cents) / Fraction(counted))


def _counted(rule: LeftToLive, *, adults: int, minor_children: int) -> Decimal:
    return {
        PerUnit.HOUSEHOLD: Decimal(1),
        PerUnit.PERSON: Decimal(adults + minor_children),
        PerUnit.UNIT: units(rule.scale, adults=adults, minor_children=minor_children),
    }[rule.per]


def findings(product: Product, aid: Aid) -> Iterator[Finding]:
    """What the household's means do not allow; what is not known of them is not tested."""
    adults, children = aid.adults, aid.minor_children
    if product.income_ceiling and aid.resources_cents is not None and adults is not None and children is not None:
        ceiling = ceiling_cents(product.income_ceiling, adults=adults, minor_children=children)
        if ceiling is None:
            yield "income_ceiling", None, aid.resources_cents, Severity.WARN
        elif aid.resources_cents > ceiling:
            yield "income_ceiling", ceiling, aid.resources_cents, Severity.REFUSE
    if aid.loan_amount_cents is None or aid.instalment_cents is None:
        return
    yield from _left(product, aid, aid.instalment_cents)
    yield from _debt_ratio(product, aid, aid.instalment_cents)
    yield from _assessed(product, aid, aid.instalment_cents)


def _left(product: Product, aid: Aid, instalment_cents: int) -> Iterator[Finding]:
    rule, before = product.left_to_live, aid.left_to_live_cents
    if rule is None or before is None or aid.adults is None or aid.minor_children is None:
        return
    least = least_left_to_live(rule, adults=aid.adults, minor_children=aid.minor_children)
    if before - instalment_cents < least:
        yield "left_to_live", least, before - instalment_cents, Severity.REFUSE


def _debt_ratio(product: Product, aid: Aid, instalment_cents: int) -> Iterator[Finding]:
    most, debts, resources = product.debt_ratio_percent_max, aid.debt_instalments_cents, aid.resources_cents
    if most is None or debts is None or resources is None:
        return
    owed = debts + instalment_cents
    if resources <= 0:
        yield "debt_ratio_percent_max", str(most), None, Severity.REFUSE
    elif owed * 100 > most * resources:
        yield "debt_ratio_percent_max", str(most), str(debt_ratio_percent(owed, resources)), Severity.REFUSE


def _assessed(product: Product, aid: Aid, instalment_cents: int) -> Iterator[Finding]:
    if not product.instalment_within_capacity:
        return
    capacity = aid.assessed_capacity_cents
    if capacity is None and not aid.is_complete:
        return
    if capacity is None or instalment_cents > capacity:
        yield "instalment_within_capacity", capacity, instalment_cents, Severity.REFUSE
