"""New rows of a schedule in a lender's file: a line for each instalment, all of one reference, taken whole or not.

The lines stand in any order and anywhere in the file; what is of the schedule as a whole is the same on each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.domain.errors import FieldFault

Cells = Mapping[str, str]
Told = dict[str, Any] | list[FieldFault]

# The nature of such a line; the columns of what is of the schedule as a whole, and of one instalment.
NATURE = "ECHEANCIER"
WHOLE = {
    "effective_on": "DATE",
    "schedule_kind": "NATURE_CHANGEMENT",
    "decided_on": "DATE_DECISION",
    "rate_percent": "TAUX",
}
_BALANCE = "balance_cents"
ROW = {
    "number": "ECHEANCE",
    "due_on": "DATE_ECHEANCE",
    "principal_cents": "CAPITAL",
    "interest_cents": "INTERETS",
    "total_cents": "MONTANT",
    "borrower_cents": "PART_EMPRUNTEUR",
    _BALANCE: "CAPITAL_RESTANT_DU",
}
UNREAD = FieldFault("", "schedule_not_whole", {})


@dataclass(frozen=True, slots=True)
class Item:
    """What a line tells, or what several lines tell together: the places of the lines in the file, from 0, and the
    fields of a statement's line, or all that keeps one line from being read, by its columns.

    The places of a schedule are in the order of its instalments.
    """

    places: tuple[int, ...]
    told: Told


def joined(rows: Sequence[Cells | None], told: Sequence[Told], *, natures: Mapping[str, Any]) -> list[Item]:
    """The items of a file: its lines, but for those of a schedule, which are one.

    A line that says neither of what it is nor of which schedule may be of any: then none is whole.
    """
    schedules: dict[tuple[str, str], list[int]] = {}
    is_stray = False
    items = []
    for place, cells in enumerate(rows):
        nature = cells["NATURE"].upper() if cells else ""
        key = _key(cells) if cells and nature == NATURE else None
        if key is None:
            is_stray = is_stray or nature == NATURE or nature not in natures
            items.append(Item((place,), told[place]))
        else:
            schedules.setdefault(key, []).append(place)
    for places in schedules.values():
        items += _schedule(places, told, is_stray=is_stray)
    return items


def refused(places: Sequence[int], faults: Mapping[int, list[FieldFault]]) -> list[tuple[int, list[FieldFault]]]:
    """The lines of a schedule of which some are at fault, by their places: the others are refused with them."""
    return [(place, faults.get(place, [UNREAD])) for place in places]


def _key(cells: Cells) -> tuple[str, str] | None:
    key = cells["DOSSIER"].lower(), cells.get("REFERENCE", "")
    return key if all(key) else None


def _schedule(places: Sequence[int], told: Sequence[Told], *, is_stray: bool) -> list[Item]:
    faults = {place: one for place in places if isinstance(one := told[place], list)}
    lines = {place: one for place in places if isinstance(one := told[place], dict)}
    if not faults:
        first = lines[places[0]]
        unlike = {place: list(_unlike(first, line)) for place, line in lines.items()}
        faults = {place: found for place, found in unlike.items() if found}
    ordered = sorted(lines, key=lambda place: lines[place]["number"])
    if not faults and not is_stray:
        faults = _unbalanced({place: lines[place] for place in ordered})
    if faults or is_stray:
        return [Item((place,), found) for place, found in refused(places, faults)]
    rows = [{name: lines[place][name] for name in ROW if name in lines[place]} for place in ordered]
    for row in rows:
        del row[_BALANCE]
    whole = {name: value for name, value in lines[ordered[0]].items() if name not in ROW}
    return [Item(tuple(ordered), {**whole, "rows": rows})]


def _unbalanced(lines: Mapping[int, Mapping[str, Any]]) -> dict[int, list[FieldFault]]:
    """The line whose balance does not follow from the one before, and the last if something is left to repay after it.

    So lines that were cut off are missed. Where some are missing between, their numbers tell.
    """
    places = list(lines)
    if [lines[place]["number"] for place in places] != list(range(1, len(places) + 1)):
        return {}
    found = [
        place
        for before, place in pairwise(places)
        if lines[before][_BALANCE] - lines[place]["principal_cents"] != lines[place][_BALANCE]
    ]
    if lines[places[-1]][_BALANCE]:
        found.append(places[-1])
    return {place: [FieldFault(f"/{ROW[_BALANCE]}", "rows_balance", {})] for place in found}


def _unlike(first: Mapping[str, Any], line: Mapping[str, Any]) -> Iterator[FieldFault]:
    """What is not as on the first line of the schedule, by its columns."""
    for name, column in WHOLE.items():
        if first.get(name) != line.get(name):
            yield FieldFault(f"/{column}", "not_as_first_line", {})
