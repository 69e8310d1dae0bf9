"""Amounts are whole cents (``int``), never ``float``; this is the only place that rounds one."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

_NARROW_NO_BREAK_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"


def round_half_up(value: Decimal, unit_cents: int = 1) -> int:
    """Cents nearest to ``value`` (in cents) among the multiples of ``unit_cents``; a tie goes away from zero.

    The usual rule of French schedules: half a cent makes a cent. ``unit_cents=100`` gives whole euros.
    Raises ValueError if the unit is not positive or the value is not finite.
    """
    return _round(value, unit_cents, ROUND_HALF_UP)


def round_up(value: Decimal, unit_cents: int = 1) -> int:
    """Smallest multiple of ``unit_cents`` that is not below ``value`` (in cents).

    Raises ValueError if the unit is not positive or the value is not finite.
    """
    return _round(value, unit_cents, ROUND_CEILING)


def _round(value: Decimal, unit_cents: int, mode: str) -> int:
    if unit_cents < 1:
        raise ValueError(f"A rounding unit is at least 1 cent, not {unit_cents}.")
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount.")
    return int((value / unit_cents).to_integral_value(rounding=mode)) * unit_cents


def euros(cents: int) -> str:
    """The amount as the French write it: 707623 gives ``7 076,23 €``, with spaces that never break a line."""
    units, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{units:,}".replace(",", _NARROW_NO_BREAK_SPACE) + f",{rest:02}{_NO_BREAK_SPACE}€"
