"""Annual percentage rate of charge (APR, *TAEG*): what a loan costs a year, all mandatory charges in.

The equation is that of directive 2008/48/EC, annex I, part I (code de la consommation, R314-3 and its annex): the rate
X at which the money lent and the money paid back, each discounted by (1 + X)^-t, are worth the same. Times follow the
rule that directive 2014/17/EU, annex I, c, wrote out: whole months first, then days over 365 or 366.

A search in floats gives a first guess. The result is what exact decimals then prove: the solution lies between the two
values that are rounded to it.
"""

from calendar import isleap, monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, chain, pairwise, repeat
from math import exp, expm1, gcd, log1p
from operator import mul

from app.domain.amortization import ImpossiblePlan, refuse_outside

FLOW_CENTS_MAX = 10**12
FLOW_YEARS_MIN, FLOW_YEARS_MAX = -10, 100
APR_PERCENT_MIN, APR_PERCENT_MAX = -99, 100_000_000

_UNITS_PER_PERCENT = 1_000_000  # a unit is the sixth decimal of the percentage
_UNITS_PER_HUNDREDTH = 10_000
_UNITS_PER_WHOLE = 100 * _UNITS_PER_PERCENT  # X = 1

# Digits of the proof, and of the second one where the first cannot tell a solution from the boundary it may be on.
# The last eight may be wrong: each discount adds an error of a few units in the last digit, over at most 1 320 months.
_DIGITS = (40, 400)
_DIGITS_LOST = 8


@dataclass(frozen=True, slots=True)
class Flow:
    """One movement, ``years`` after the first drawdown: ``cents`` above 0 are lent, below 0 paid by the borrower."""

    years: Fraction
    cents: int


@dataclass(frozen=True, slots=True)
class Apr:
    """A rate in percent a year: to six decimals, and to the two that are shown and held against the usury rate.

    Both are rounded half up from the true value, so the second is not always the first rounded again. Half up is
    away from 0, also below it. ``negative`` is about the true value: one too small to be seen is 0.00 and negative.
    """

    exact_percent: Decimal
    percent: Decimal
    negative: bool


def apr(flows: Iterable[Flow]) -> Apr:
    """The rate at which the flows, discounted, sum to 0.

    It is the solution nearest to 0: upwards if the borrower pays more than was lent, downwards if less, and 0 itself
    if as much. There is no other when the borrower owes throughout; a fee long before the drawdown adds one, of
    thousands of percent.
    Raises ImpossiblePlan for a flow out of bounds, and when nothing is lent, nothing is repaid, or no rate between
    -99 % and 100 000 000 % is a solution.
    """
    terms = _terms(flows)
    cents = [amount for group in terms.values() for amount in group.values()]
    if not any(cents):
        raise ImpossiblePlan("flows", None, "All that is lent is repaid at once.")
    total = sum(cents)
    if total == 0:
        return Apr(Decimal("0.000000"), Decimal("0.00"), negative=False)
    side = 1 if total < 0 else -1
    is_beyond = _comparison(terms, side)
    units = _nearest(_guess(terms, side), side, is_beyond)
    hundredths, rest = divmod(units, _UNITS_PER_HUNDREDTH)
    half = _UNITS_PER_HUNDREDTH // 2
    # Six decimals that end in 5000 do not say on which side of them the solution lies.
    if rest > half or (rest == half and not is_beyond(2 * units)):
        hundredths += 1
    with localcontext(Context()):
        return Apr(Decimal(side * units).scaleb(-6), Decimal(side * hundredths).scaleb(-2), negative=side < 0)


def interval(disbursed_on: date, first_due_on: date) -> Fraction:
    """Years from the drawdown to a payment: whole months back from the payment, then days over 365 or 366.

    Directive 2014/17/EU, annex I, c: the days are divided by those of the year that ends where the months do.
    From 31/03 to 30/04 is one month, not thirty days. That is a convention of this project: the text is silent on the
    ends of months, and the day of a contract falls on the last of a shorter month in its schedule too.
    Raises ImpossiblePlan if the payment comes before the drawdown.
    """
    if first_due_on < disbursed_on:
        message = f"The first instalment, on {first_due_on}, comes before the drawdown, on {disbursed_on}."
        raise ImpossiblePlan("first_due_on", disbursed_on, message)
    months = _month(first_due_on) - _month(disbursed_on)
    if first_due_on.day == min(disbursed_on.day, _month_length(first_due_on)):
        return Fraction(months, 12)
    reached = _in_month_of(disbursed_on, first_due_on.day)
    if reached < disbursed_on:
        months -= 1
        following = date.fromordinal(reached.replace(day=1).toordinal() + _month_length(reached))
        reached = _in_month_of(following, first_due_on.day)
    year = reached.year if (reached.month, reached.day) > (2, 28) else reached.year - 1
    return Fraction(months, 12) + Fraction((reached - disbursed_on).days, 366 if isleap(year) else 365)


def monthly_flows(
    *, disbursements: Sequence[tuple[date, int]], fee_cents: int, instalments: Sequence[tuple[date, int]]
) -> list[Flow]:
    """The flows of a loan: dated drawdowns, a fee kept from the first of them, dated instalments, all in cents.

    The first drawdown is the origin. Where the instalments are monthly, each comes a twelfth of a year after the one
    before, as the directive asks, whatever the days between; otherwise each is as far as its own date.
    Raises ImpossiblePlan for an amount that is not positive, a fee that leaves nothing of the first drawdown, dates
    out of order, or an instalment before the first drawdown.
    """
    _refuse_movements("disbursements", disbursements)
    _refuse_movements("instalments", instalments)
    origin = disbursements[0][0]
    refuse_outside("fee_cents", fee_cents, 0, sum(cents for on, cents in disbursements if on == origin) - 1)
    lent = [Flow(interval(origin, on), cents) for on, cents in disbursements]
    fee = [Flow(Fraction(0), -fee_cents)] if fee_cents else []
    years = _instalment_years(origin, [on for on, _ in instalments])
    return [*lent, *fee, *(Flow(when, -cents) for when, (_, cents) in zip(years, instalments, strict=True))]


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _month_length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _in_month_of(month: date, day: int) -> date:
    return month.replace(day=min(day, _month_length(month)))


def _instalment_years(origin: date, dates: Sequence[date]) -> list[Fraction]:
    first = interval(origin, dates[0])
    if not _are_monthly(dates):
        return [interval(origin, on) for on in dates]
    # Twelfths added to n/d at once: sums of fractions would cost as much as the rate itself.
    start, step = 12 * first.numerator, first.denominator
    return [Fraction(start + number * step, 12 * step) for number in range(len(dates))]


def _are_monthly(dates: Sequence[date]) -> bool:
    """One date a month, on one day or on the last of the months that lack it."""
    anchor = max(on.day for on in dates)
    return all(
        _month(on) == month and (on.day == anchor or on.day == _month_length(on))
        for month, on in enumerate(dates, start=_month(dates[0]))
    )


def _refuse_movements(field: str, movements: Sequence[tuple[date, int]]) -> None:
    if not movements:
        raise ImpossiblePlan(field, None, f"The {field} are missing.")
    for _, cents in movements:
        refuse_outside(field, cents, 1, FLOW_CENTS_MAX)
    for (one, _), (other, _) in pairwise(movements):
        if other < one:
            message = f"The {field} are in the order of their dates: not {one}, then {other}."
            raise ImpossiblePlan(field, one, message)


def _refuse_flow(flow: Flow) -> None:
    refuse_outside("cents", abs(flow.cents), 1, FLOW_CENTS_MAX)
    # Whole numbers: to compare 36 fractions would take as long as half the solution.
    years, parts = flow.years.numerator, flow.years.denominator
    if not FLOW_YEARS_MIN * parts <= years <= FLOW_YEARS_MAX * parts:
        bound = FLOW_YEARS_MIN if years < 0 else FLOW_YEARS_MAX
        message = f"A flow is from {FLOW_YEARS_MIN} to {FLOW_YEARS_MAX} years after the first drawdown."
        raise ImpossiblePlan("years", bound, message)


# Cents by whole months from the earliest flow, for each part of a month that is left over.
_Terms = dict[Fraction, dict[int, int]]


def _terms(flows: Iterable[Flow]) -> _Terms:
    """The flows as polynomials in the discount of a month, one for each part of a month that times leave over.

    The months are counted from the earliest: all terms are then multiplied by one positive number, which moves no
    solution.
    """
    terms: defaultdict[tuple[int, int], defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    signs = set()
    for flow in flows:
        _refuse_flow(flow)
        signs.add(flow.cents > 0)
        denominator = flow.years.denominator
        months, rest = divmod(12 * flow.years.numerator, denominator)
        common = gcd(rest, denominator)
        terms[rest // common, denominator // common][months] += flow.cents
    if True not in signs:
        raise ImpossiblePlan("flows", None, "Nothing is lent.")
    if False not in signs:
        raise ImpossiblePlan("flows", None, "Nothing is repaid.")
    first = min(chain.from_iterable(terms.values()))
    return {
        Fraction(*rest): {months - first: cents for months, cents in group.items()} for rest, group in terms.items()
    }


def _guess(terms: _Terms, side: int) -> int:
    """The solution in units, near enough to start from: on the rate compounded at every instant, in floats.

    Steps that double find the first change of sign on the ``side`` of 0; then Newton's method, kept inside.
    """
    flows = [((months + float(rest)) / 12, float(c)) for rest, group in terms.items() for months, c in group.items()]
    limit = log1p((APR_PERCENT_MAX if side > 0 else APR_PERCENT_MIN) / 100)
    near, far = 0.0, side / 64
    while far != limit and side * sum(cents * exp(-far * years) for years, cents in flows) <= 0:
        near, far = far, min(2 * far, limit, key=abs)
    rate = far
    for _ in range(100):
        values = [(years, cents * exp(-rate * years)) for years, cents in flows]
        value, slope = sum(value for _, value in values), -sum(years * value for years, value in values)
        near, far = (near, rate) if side * value > 0 else (rate, far)
        newer = rate - value / slope if slope else far
        if not min(near, far) <= newer <= max(near, far):
            newer = (near + far) / 2
        rate, moved = newer, abs(newer - rate)
        if moved < 1e-12:
            break
    return round(abs(expm1(rate)) * _UNITS_PER_WHOLE)


def _comparison(terms: _Terms, side: int) -> Callable[[int], bool]:
    """A function of half units: whether a rate on the ``side`` of 0 is strictly beyond the solution, proved.

    The solution is on a rate, and not short of it, when 400 digits do not tell the two apart.
    """
    months_max = max(chain.from_iterable(terms.values()))
    groups = [(rest, tuple(group), tuple(Decimal(cents) for cents in group.values())) for rest, group in terms.items()]
    moved = sum(abs(cents) for group in terms.values() for cents in group.values())

    def is_beyond(half_units: int) -> bool:
        for digits in _DIGITS:
            with localcontext(Context(prec=digits)):
                growth = 1 + side * Decimal(half_units) / (2 * _UNITS_PER_WHOLE)
                monthly = -growth.ln() / 12
                discounts = list(accumulate(repeat(monthly.exp(), months_max + 1), mul, initial=Decimal(1)))
                value = Decimal(0)
                for rest, months, cents in groups:
                    part = sum(map(mul, cents, [discounts[month] for month in months]), Decimal(0))
                    value += part * (monthly * rest.numerator / rest.denominator).exp() if rest else part
                if abs(value) > moved * max(Decimal(1), discounts[-1]).scaleb(_DIGITS_LOST - digits):
                    return side * value > 0
        return False

    return is_beyond


def _nearest(guess: int, side: int, is_beyond: Callable[[int], bool]) -> int:
    """The units to which the solution is rounded half up: it is not short of half a unit less, it is of half more."""
    limit = (APR_PERCENT_MAX if side > 0 else -APR_PERCENT_MIN) * _UNITS_PER_PERCENT
    low, step = min(guess, limit - 1), 1
    high = low + 1
    while low > 0 and is_beyond(2 * low - 1):
        low, high, step = max(0, low - step), low, 2 * step
    while not is_beyond(2 * high - 1):
        if high == limit:
            message = f"No rate between {APR_PERCENT_MIN} % and {APR_PERCENT_MAX} % makes these flows worth the same."
            raise ImpossiblePlan("flows", None, message)
        low, high, step = high, min(high + step, limit), 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_beyond(2 * middle - 1) else (middle, high)
    return low
