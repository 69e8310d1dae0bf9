"""How much work a post bears, and whether it is too much.

« Une référente du dispositif à 0,5 ETP » (Fresnes): what one person does at half time is twice as much for a full post.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

_FULL_POST = 100


class Measure(StrEnum):
    """What is counted of someone's work."""

    SOLICITATIONS = "solicitations"
    FILES_TAKEN_IN = "files_taken_in"
    APPOINTMENTS_HELD = "appointments_held"
    OPEN_FILES = "open_files"
    RUNNING_LOANS = "running_loans"


@dataclass(frozen=True, slots=True)
class Load:
    """A count, what it comes to for one full-time post, and whether that is over a limit; null where unknown."""

    count: int
    per_fte: Decimal | None
    per_fte_max: int | None
    over: bool | None


def load(count: int, *, fte_percent: int | None, per_fte_max: int | None) -> Load:
    """The load of a count on a part of a full-time post, in percent; null where no working time is told.

    Told to the hundredth, compared exactly.
    """
    if fte_percent is None:
        return Load(count, None, per_fte_max, None)
    per_fte = (Decimal(count * _FULL_POST) / fte_percent).quantize(Decimal("0.01"), ROUND_HALF_UP)
    over = None if per_fte_max is None else count * _FULL_POST > per_fte_max * fte_percent
    return Load(count, per_fte, per_fte_max, over)
