"""Whether the limits of a product can be met: a maximum below its minimum, or beyond what is ever computed."""

from collections.abc import Iterator

from app.domain.amortization import DURATION_MONTHS_MAX, PRINCIPAL_CENTS_MAX
from app.domain.lenders import Lender
from app.domain.products import HouseholdScale, IncomeCeiling, PerUnit, Product, Tier
from app.domain.rule_faults import RuleFault, in_order, percent, within
from app.domain.rule_paths import lenders

# A loan is of a cent and of a month at least.
_CEILINGS = {"amount_cents": PRINCIPAL_CENTS_MAX, "duration_months": DURATION_MONTHS_MAX}
_PAIRS = (("applicant_age_min", "applicant_age_max"), ("minor_children_min", "minor_children_max"))
# No person is as old, no household as large, and no month as far away.
_COUNTS_MAX = {
    "applicant_age_min": 150,
    "applicant_age_max": 150,
    "adults_max": 100,
    "minor_children_min": 100,
    "minor_children_max": 100,
    "residence_months_min": 1_200,
    "months_since_last_loan_min": 1_200,
    "support_months": 1_200,
}
_EMANCIPATION_YEARS = 16  # Code civil, article 413-2: nobody younger can borrow
_FACTOR_MAX = 1_000  # far above any coefficient of an income or unit of a household


def faults(product: Product) -> Iterator[RuleFault]:
    """Every limit of a product that cannot hold, by path in it."""
    yield from _loan(product, "")
    for path, lender in lenders(product):
        yield from _loan(lender, f"{path}.")
        yield from _together(product, lender, path)
    for number, tier in enumerate(product.tiers):
        yield from _tier(product, tier, f"tiers.{number}")
    for least, most in _PAIRS:
        yield from in_order(least, getattr(product, least), getattr(product, most))
    for name, highest in _COUNTS_MAX.items():
        yield from within(name, getattr(product, name), le=highest)
    yield from within("adults_max", product.adults_max, ge=1)
    yield from within("applicant_age_max", product.applicant_age_max, ge=_EMANCIPATION_YEARS)
    yield from within("instalment_cents_max", product.instalment_cents_max, ge=1, le=PRINCIPAL_CENTS_MAX)
    yield from _repaid(product)
    yield from percent("debt_ratio_percent_max", product.debt_ratio_percent_max)
    if product.debt_ratio_percent_max == 0:
        yield RuleFault("debt_ratio_percent_max", "not_positive")
    yield from _means(product)
    if product.grant is not None:
        if not (product.grant.with_loan or product.grant.alone) and (
            product.grant.usual_cents or product.grant.cents_max
        ):
            yield RuleFault("grant", "grant_never_given")
        yield from in_order("grant.usual_cents", product.grant.usual_cents, product.grant.cents_max)
    if product.deferrals is not None:
        yield from within("deferrals.count_max", product.deferrals.count_max, le=DURATION_MONTHS_MAX)
        yield from in_order("deferrals.consecutive_max", product.deferrals.consecutive_max, product.deferrals.count_max)


def _loan(limits: Product | Lender, prefix: str) -> Iterator[RuleFault]:
    for name, ceiling in _CEILINGS.items():
        least, most = getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max")
        yield from within(f"{prefix}{name}_min", least, le=ceiling)
        yield from within(f"{prefix}{name}_max", most, ge=1, le=ceiling)
        yield from in_order(f"{prefix}{name}_min", least, most)


def _together(product: Product, lender: Lender, path: str) -> Iterator[RuleFault]:
    """The lender's limits beside the product's, as both hold: nothing is left where one ends before the other."""
    for name in _CEILINGS:
        yield from in_order(f"{path}.{name}_min", getattr(lender, f"{name}_min"), getattr(product, f"{name}_max"))
        yield from in_order(f"{path}.{name}_max", getattr(product, f"{name}_min"), getattr(lender, f"{name}_max"))


def _tier(product: Product, tier: Tier, path: str) -> Iterator[RuleFault]:
    if not tier.reasons:
        yield RuleFault(f"{path}.reasons", "too_short", {"min_length": 1})
    is_wider = False
    for name, ceiling in _CEILINGS.items():
        usual, most = getattr(product, f"{name}_max"), getattr(tier, f"{name}_max")
        yield from within(f"{path}.{name}_max", most, ge=1, le=ceiling)
        is_wider |= usual is not None and most is not None and most > usual
    if not is_wider:
        yield RuleFault(path, "tier_not_wider")


def _repaid(product: Product) -> Iterator[RuleFault]:
    """The instalments must be able to repay the smallest loan over the longest duration."""
    least, instalment = product.amount_cents_min, product.instalment_cents_max
    durations = [product.duration_months_max, *(tier.duration_months_max for tier in product.tiers)]
    longest = max((months for months in durations if months), default=DURATION_MONTHS_MAX)
    if product.duration_months_max is None:
        longest = DURATION_MONTHS_MAX
    if least and instalment and 0 < instalment * longest < least:
        facts = {"most_cents": instalment * longest, "least_cents": least}
        yield RuleFault("instalment_cents_max", "instalments_never_repay", facts)


def _means(product: Product) -> Iterator[RuleFault]:
    if product.income_ceiling is not None:
        yield from _ceiling(product.income_ceiling, product.not_stated)
    if product.left_to_live is not None:
        yield from _scale(product.left_to_live.scale, "left_to_live.scale")
        if product.left_to_live.per is not PerUnit.UNIT and product.left_to_live.scale != HouseholdScale():
            yield RuleFault("left_to_live.scale", "scale_without_unit")


def _ceiling(ceiling: IncomeCeiling, not_stated: tuple[str, ...]) -> Iterator[RuleFault]:
    given = [ceiling.amount_cents is not None, ceiling.index is not None]
    unsaid = {"income_ceiling.amount_cents", "income_ceiling.index"} & set(not_stated)
    if all(given) or not (any(given) or unsaid):
        yield RuleFault("income_ceiling", "one_of_two", {"expected": "amount_cents, index"})
    if ceiling.amount_cents == 0:
        yield RuleFault("income_ceiling.amount_cents", "not_positive")
    if ceiling.coefficient <= 0:
        yield RuleFault("income_ceiling.coefficient", "not_positive")
    yield from within("income_ceiling.coefficient", ceiling.coefficient, le=_FACTOR_MAX)
    yield from _scale(ceiling.scale, "income_ceiling.scale")


def _scale(scale: HouseholdScale, path: str) -> Iterator[RuleFault]:
    if scale.first_adult == 0:
        yield RuleFault(f"{path}.first_adult", "not_positive")
    for name in ("first_adult", "other_adult", "minor_child"):
        yield from within(f"{path}.{name}", getattr(scale, name), ge=0, le=_FACTOR_MAX)
