"""The files lived from their first contact on, on a terminal, in French, in a hundred columns."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

from app.commands.demo.display import ASSUMED, WIDTH, figures, unbroken
from app.commands.demo.journey_readings import JourneyReading
from app.commands.demo.reconcile import Line
from app.schemas.timelines import TimelineItem

_NOTE = (
    f"{ASSUMED} supposé, comme plus haut : les jours, les personnes et ce que les démarches disent d'autre. Les "
    "sources du plan de P2, le mi-temps de la référente et les orientations vers la Caisse Solidaire sont ceux des "
    "documents. Ce qui n'a pas de jour, comme un plan de financement, n'est pas imprimé."
)


def journey_story(readings: Sequence[JourneyReading], lines: Sequence[Line]) -> Iterator[str]:
    """The lines to print: each file with its events, day by day, then the figures."""
    yield "Quatre parcours, du premier contact à leur suite, rejoués par l'API et lus dans leur chronologie"
    for reading in readings:
        yield ""
        yield f"{reading.journey.id} {reading.journey.title}"
        yield fill(unbroken(reading.journey.source), WIDTH, initial_indent=" " * 3, subsequent_indent=" " * 3)
        yield "─" * WIDTH
        for day, events in groupby((event for event in reading.events if event.on), key=_day):
            titles = " ; ".join(event.title for event in events)
            yield fill(unbroken(f"    {day:13}{titles}"), WIDTH, subsequent_indent=" " * 17)
    yield ""
    yield fill(unbroken(_NOTE), WIDTH)
    yield ""
    yield from figures("Rapprochement des parcours", "Attendu", lines, wide=20)


def _day(event: TimelineItem) -> str:
    """No source dates anything of a file."""
    return f"{event.on:%d/%m/%Y}{ASSUMED}"
