"""Titles (titres de recette): one for each instalment, told once to the public accountant, then corrected.

A title is known by the permanent reference of its instalment. When the schedule changes, what was told and no longer
holds is reduced or cancelled, and what takes its place is told: titles always add up to what the schedule asks.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class SlipKind(StrEnum):
    """What a slip (bordereau) lists: titles, to be collected, or mandates (mandats), to be paid."""

    TITRES = "titres"
    MANDATS = "mandats"


class LineType(StrEnum):
    """What a line does to the title or the mandate that it names."""

    EMISSION = "emission"
    REDUCTION = "reduction"
    ANNULATION = "annulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What the schedule asks of the borrower on a day, in cents: an instalment, or what was repaid early (no number).

    `ref` is permanent within the loan. `lost_cents` was erased or remitted of it, or paid before the loan was taken
    over, and is asked of nobody any more.
    """

    ref: str
    number: int | None
    due_on: date
    principal_cents: int
    interest_cents: int
    lost_cents: int = 0

    @property
    def total_cents(self) -> int:
        """Principal and interest, in cents."""
        return self.principal_cents + self.interest_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What stands of a title, in cents. `stands_for` is the reference of what it asks now: its own, or that of the
    smaller instalment of the same day that took its place.
    """

    ref: str
    stands_for: str
    number: int | None
    due_on: date
    principal_cents: int
    interest_cents: int

    @property
    def total_cents(self) -> int:
        """Principal and interest, in cents."""
        return self.principal_cents + self.interest_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleLine(Title):
    """A line of a slip: what it adds to the title, or takes away from it, in cents."""

    type: LineType


def standing(lines: Iterable[TitleLine], *, rejected: Collection[str] = ()) -> list[Title]:
    """The titles that lines leave, in the order in which the lines were told; those cancelled are none, nor those that
    the accountant rejected since.
    """
    titles: dict[str, Title] = {}
    for line in lines:
        if line.type is LineType.EMISSION:
            titles[line.ref] = _title(line)
        elif line.type is LineType.ANNULATION:
            del titles[line.ref]
        else:
            before = titles[line.ref]
            titles[line.ref] = replace(
                before,
                stands_for=line.stands_for,
                principal_cents=before.principal_cents - line.principal_cents,
                interest_cents=before.interest_cents - line.interest_cents,
            )
    return [title for title in titles.values() if title.ref not in rejected]


def changes(titles: Iterable[Title], owed: Iterable[Owed], *, due_until: date) -> list[TitleLine]:
    """The lines that make the titles those of the schedule, up to a day: first what is taken back, then what is new.

    A title whose day falls due after `due_until` is corrected all the same.
    """
    parts = list(owed)
    by_ref = {part.ref: part for part in parts}
    kept, lines = set[str](), []
    changed = []
    for title in titles:
        part = by_ref.get(title.stands_for)
        if part is not None and _holds(title, part):
            kept.add(part.ref)
        else:
            changed.append(title)
    for title in changed:
        smaller = next((part for part in parts if part.ref not in kept and _reduces(title, part)), None)
        if smaller is not None:
            kept.add(smaller.ref)
        lines.append(_correction(title, smaller))
    new = [part for part in parts if part.ref not in kept and part.due_on <= due_until]
    return [*lines, *(_emission(part) for part in new if part.lost_cents < part.total_cents)]


def _title(line: TitleLine) -> Title:
    return Title(
        ref=line.ref,
        stands_for=line.stands_for,
        number=line.number,
        due_on=line.due_on,
        principal_cents=line.principal_cents,
        interest_cents=line.interest_cents,
    )


def _holds(title: Title, part: Owed) -> bool:
    """Whether a title asks what the schedule does; what was lost since stays on it, for the accountant to write off."""
    if part.lost_cents:
        return part.total_cents - part.lost_cents <= title.total_cents <= part.total_cents
    return (title.principal_cents, title.interest_cents) == (part.principal_cents, part.interest_cents)


def _reduces(title: Title, part: Owed) -> bool:
    return (
        part.due_on == title.due_on
        and part.total_cents < title.total_cents
        and part.principal_cents <= title.principal_cents
        and part.interest_cents <= title.interest_cents
    )


def _correction(title: Title, smaller: Owed | None) -> TitleLine:
    left = (smaller.principal_cents, smaller.interest_cents) if smaller else (0, 0)
    return TitleLine(
        type=LineType.REDUCTION if smaller else LineType.ANNULATION,
        ref=title.ref,
        stands_for=smaller.ref if smaller else title.stands_for,
        number=title.number,
        due_on=title.due_on,
        principal_cents=title.principal_cents - left[0],
        interest_cents=title.interest_cents - left[1],
    )


def _emission(part: Owed) -> TitleLine:
    lost_interest = min(part.lost_cents, part.interest_cents)
    return TitleLine(
        type=LineType.EMISSION,
        ref=part.ref,
        stands_for=part.ref,
        number=part.number,
        due_on=part.due_on,
        principal_cents=part.principal_cents - (part.lost_cents - lost_interest),
        interest_cents=part.interest_cents - lost_interest,
    )
