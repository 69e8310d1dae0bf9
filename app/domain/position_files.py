"""What the public accountant (Trésorerie) tells of titles, line by line: taken in charge, paid, in litigation, lost.

Project reference, § 7.3. `REF_ENCAISSEMENT` names one movement of money, `DATE_POSITION` the day up to which all
is told.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.accounting_files import Table, cents_of, day_of
from app.domain.errors import FieldFault

Cells = Mapping[str, str] | None

_COLUMNS = ("DATE_ENCAISSEMENT", "MONTANT", "ETAT", "REF_ENCAISSEMENT", "DATE_POSITION")
_LOAN, _NUMBER, _REF = "NUM_PRET", "NUM_ECHEANCE", "REF_ECHEANCE"
_NUMBER_FORM = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_REF_FORM = re.compile(r"(?P<loan>.{1,32})-(?P<title>\d{3,6}|RA\d{8})", re.ASCII)
_REFERENCE_LENGTH_MAX = 100
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


class TitleState(StrEnum):
    """Where a title stands at the accountant's."""

    TAKEN_IN_CHARGE = "PRIS_EN_CHARGE"
    PART_PAID = "PARTIEL"
    PAID = "SOLDE"
    LITIGATION = "CONTENTIEUX"
    NON_VALEUR = "ANV"
    EXTINGUISHED = "ETEINT"
    REJECTED = "REJETE"


class PositionAnomaly(StrEnum):
    """What nothing here expected: a litigation on a loan that is not paid out, is cancelled or owes nothing; money of
    the amount and day of a régisseur's receipt, which may be the same money told twice.
    """

    NOT_OWED = "not_owed"
    LIKE_A_RECEIPT = "like_a_receipt"


MONEY = frozenset({TitleState.PART_PAID, TitleState.PAID})
# What the board alone decides, or takes note of.
OF_THE_BOARD = frozenset({TitleState.NON_VALEUR, TitleState.EXTINGUISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTitle:
    """One line: the loan, its instalment by permanent reference or by number, and what the accountant tells of it.

    Amounts are in cents; what the line does not tell is null.
    """

    loan_reference: str
    title_ref: str | None
    number: int | None
    state: TitleState
    collected_on: date | None
    amount_cents: int | None
    reference: str | None
    position_on: date


def check_columns(table: Table) -> None:
    """Raises ColumnMissing, ColumnDoubled: an instalment is named by its reference, or by its loan and its number."""
    table.check_columns(*_COLUMNS, *((_REF,) if _REF in table.columns else (_LOAN, _NUMBER)))


def told(cells: Cells) -> ToldTitle | list[FieldFault]:
    """What a line says, or all that keeps it from being read, each with the name of its column."""
    if cells is None:
        return [FieldFault("", "cells_and_columns", {})]
    faults = list(_faults(cells))
    if faults:
        return faults
    named = _REF_FORM.fullmatch(cells.get(_REF, ""))
    return ToldTitle(
        loan_reference=named["loan"] if named else cells[_LOAN],
        title_ref=named["title"] if named else None,
        number=int(cells[_NUMBER]) if not named and cells.get(_NUMBER) else None,
        state=TitleState(cells["ETAT"]),
        collected_on=day_of(cells["DATE_ENCAISSEMENT"]),
        amount_cents=cents_of(cells["MONTANT"]),
        reference=unicodedata.normalize("NFC", cells["REF_ENCAISSEMENT"]) or None,
        position_on=_told_day(cells["DATE_POSITION"]),
    )


def _told_day(text: str) -> date:
    on = day_of(text)
    if on is None:
        raise ValueError("a day that was checked")
    return on


def _faults(cells: Mapping[str, str]) -> Iterator[FieldFault]:
    yield from _faults_of_name(cells)
    states = [state.value for state in TitleState]
    if cells["ETAT"] not in states:
        yield FieldFault("/ETAT", "not_one_of", {"expected": " or ".join(states)})
    state, collected = cells["ETAT"], cells["DATE_ENCAISSEMENT"]
    moves = state in MONEY
    if (collected or moves or state == TitleState.REJECTED) and day_of(collected) is None:
        yield FieldFault("/DATE_ENCAISSEMENT", "not_a_french_day", {})
    if (cells["MONTANT"] or moves) and cents_of(cells["MONTANT"]) is None:
        yield FieldFault("/MONTANT", "not_a_french_amount", {})
    elif moves and cents_of(cells["MONTANT"]) == 0:
        yield FieldFault("/MONTANT", "too_small", {"ge": "0,01"})
    if moves and not cells["REF_ENCAISSEMENT"]:
        yield FieldFault("/REF_ENCAISSEMENT", "missing", {})
    if len(cells["REF_ENCAISSEMENT"]) > _REFERENCE_LENGTH_MAX:
        yield FieldFault("/REF_ENCAISSEMENT", "too_long", {"max_length": _REFERENCE_LENGTH_MAX})
    if any(unicodedata.category(character) in _UNSEEN for character in cells["REF_ENCAISSEMENT"]):
        yield FieldFault("/REF_ENCAISSEMENT", "control_character", {})
    if day_of(cells["DATE_POSITION"]) is None:
        yield FieldFault("/DATE_POSITION", "not_a_french_day", {})


def _faults_of_name(cells: Mapping[str, str]) -> Iterator[FieldFault]:
    if cells.get(_REF):
        named = _REF_FORM.fullmatch(cells[_REF])
        if named is None or cells.get(_LOAN, "") not in ("", named["loan"]):
            yield FieldFault(f"/{_REF}", "bad_form", {})
        return
    if not cells.get(_LOAN):
        yield FieldFault(f"/{_LOAN if _LOAN in cells else _REF}", "missing", {})
    if cells.get(_NUMBER) and not _NUMBER_FORM.fullmatch(cells[_NUMBER]):
        yield FieldFault(f"/{_NUMBER}", "not_an_integer", {})
