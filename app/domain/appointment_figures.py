"""How many appointments were kept, and how many were not (« absentéisme des personnes aux rendez-vous proposés »)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.appointment_lifecycle import AppointmentStatus
from app.domain.money import quotient_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFigures:
    """How many appointments are in each state; those that were moved are among the cancelled."""

    planned: int = 0
    attended: int = 0
    missed: int = 0
    cancelled: int = 0

    @property
    def no_show_percent(self) -> Decimal | None:
        """Missed out of those attended or missed, to a hundredth of a percent; null where there is neither."""
        held = self.attended + self.missed
        return Decimal(quotient_half_up(self.missed * 100_00, held)) / 100 if held else None


def figures(counts: Iterable[tuple[AppointmentStatus, int]]) -> AppointmentFigures:
    """The figures of counts by state, of which one state may have several."""
    totals = dict.fromkeys(AppointmentStatus, 0)
    for status, count in counts:
        totals[status] += count
    return AppointmentFigures(**{status.value: count for status, count in totals.items()})
