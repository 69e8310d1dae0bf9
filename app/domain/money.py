"""Amounts are whole cents (``int``), never ``float``; this is the only place that rounds one.

A value is rounded as the fraction it is: no digits are lost before, whatever the decimal context.
"""

from decimal import Decimal
from fractions import Fraction

_NARROW_NO_BREAK_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"


def round_half_up(value: Decimal | Fraction, unit_cents: int = 1) -> int:
    """Cents nearest to ``value`` (in cents) among the multiples of ``unit_cents``; a tie goes away from zero.

    The usual rule of French schedules: half a cent makes a cent. ``unit_cents=100`` gives whole euros.
    Raises ValueError if the unit is not positive or the value is not finite.
    """
    return quotient_half_up(*_units(value, unit_cents)) * unit_cents


def round_up(value: Decimal | Fraction, unit_cents: int = 1) -> int:
    """Smallest multiple of ``unit_cents`` that is not below ``value`` (in cents).

    Raises ValueError if the unit is not positive or the value is not finite.
    """
    numerator, denominator = _units(value, unit_cents)
    return -(-numerator // denominator) * unit_cents


def quotient_half_up(numerator: int, denominator: int) -> int:
    """The cents nearest to a quotient of whole numbers, the second above 0; a tie goes away from zero."""
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def _units(value: Decimal | Fraction, unit_cents: int) -> tuple[int, int]:
    """The value over the unit, as a quotient of whole numbers."""
    if unit_cents < 1:
        raise ValueError(f"A rounding unit is at least 1 cent, not {unit_cents}.")
    try:
        numerator, denominator = value.as_integer_ratio()
    except (ValueError, OverflowError):
        raise ValueError(f"{value} is not an amount.") from None
    return numerator, denominator * unit_cents


def euros(cents: int) -> str:
    """The amount as the French write it: 707623 gives ``7 076,23 €``, with spaces that never break a line."""
    units, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{units:,}".replace(",", _NARROW_NO_BREAK_SPACE) + f",{rest:02}{_NO_BREAK_SPACE}€"


def percent_text(value: Decimal) -> str:
    """A rate as JSON and people read it: no exponent, no needless zeros."""
    return format(value.normalize(), "f")


def percent_words(value: Decimal) -> str:
    """A rate as the French write it: « 3,04 % »."""
    return percent_text(value).replace(".", ",") + f"{_NO_BREAK_SPACE}%"
