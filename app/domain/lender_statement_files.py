"""A lender's statement as a file: lines of cells, read into the lines that a statement is made of.

Semicolons, UTF-8 or ISO-8859-15, amounts with a decimal comma, days JJ/MM/AAAA, at most 500 lines. Columns, in any
order: DOSSIER (the handoff), NATURE, and those that its nature asks for. A column that a file has no use for may be
left out. New rows of a schedule are several lines. `docs/handoff-files.md` has the table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from app.domain import lender_schedule_lines
from app.domain.accounting_files import FileEncoding, cents_of, day_of, read
from app.domain.errors import FieldFault
from app.domain.ledger import EntryKind, PayeeKind
from app.domain.lender_reports import LenderScheduleKind, ReportKind, ReversedKind
from app.domain.lender_schedule_lines import Item
from app.domain.statements import LineKind

_KINDS: Mapping[str, StrEnum] = {
    "REMBOURSEMENT": LineKind.REPAYMENT,
    "IMPAYE": LineKind.UNPAID,
    "SOLDE": LineKind.BALANCE,
    "REJET": LineKind.RETURNED,
    "VERSEMENT": EntryKind.DISBURSEMENT,
    lender_schedule_lines.NATURE: ReportKind.SCHEDULE,
    "DECHEANCE": ReportKind.ACCELERATION,
    "PERTE": ReportKind.LOSS,
    "APPEL_GARANTIE": ReportKind.GUARANTEE_CALL,
    "RECOUVREMENT": ReportKind.RECOVERY,
    "CONTREPASSATION": ReportKind.REVERSAL,
}
# What some cells may hold, and the value of each.
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "payee": {"FOURNISSEUR": {"kind": PayeeKind.SUPPLIER}, "EMPRUNTEUR": {"kind": PayeeKind.BORROWER}},
    "schedule_kind": {
        "REPORT": LenderScheduleKind.DEFERRAL.value,
        "REAMENAGEMENT": LenderScheduleKind.RESCHEDULE.value,
        "REMBOURSEMENT_ANTICIPE": LenderScheduleKind.EARLY_REPAYMENT.value,
    },
    "reversed_kind": {name: kind.value for name, kind in _KINDS.items() if kind.value in list(ReversedKind)},
}
_BALANCE = {"outstanding_principal_cents": "CAPITAL_RESTANT_DU"}
_MONEY = {"reference": "REFERENCE", "amount_cents": "MONTANT"}
# The column of each field, by the kind of line.
_FIELDS: Mapping[str, Mapping[str, str]] = {
    LineKind.REPAYMENT: {**_MONEY, "paid_on": "DATE", **_BALANCE},
    LineKind.UNPAID: {"instalment_number": "ECHEANCE", **_BALANCE},
    LineKind.BALANCE: _BALANCE,
    LineKind.RETURNED: {
        "reference": "REFERENCE",
        "repayment_reference": "REFERENCE_REJETEE",
        "returned_on": "DATE",
        "reason_code": "MOTIF",
        **_BALANCE,
    },
    EntryKind.DISBURSEMENT: {**_MONEY, "disbursed_on": "DATE", "payee": "BENEFICIAIRE"},
    ReportKind.SCHEDULE: {
        "reference": "REFERENCE",
        **lender_schedule_lines.WHOLE,
        **lender_schedule_lines.ROW,
    },
    ReportKind.ACCELERATION: {"reference": "REFERENCE", "accelerated_on": "DATE", **_BALANCE},
    ReportKind.LOSS: {
        "reference": "REFERENCE",
        "lost_on": "DATE",
        "principal_cents": "CAPITAL",
        "interest_cents": "INTERETS",
    },
    ReportKind.GUARANTEE_CALL: {
        **_MONEY,
        "called_on": "DATE",
        "guarantor": "GARANT",
        "loss_reference": "REFERENCE_PERTE",
    },
    ReportKind.RECOVERY: {**_MONEY, "recovered_on": "DATE", "loss_reference": "REFERENCE_PERTE"},
    ReportKind.REVERSAL: {
        "reference": "REFERENCE",
        "reversed_on": "DATE",
        "reversed_kind": "NATURE_CONTREPASSEE",
        "reversed_reference": "REFERENCE_CONTREPASSEE",
    },
}
_NEEDED = ("DOSSIER", "NATURE")
_OPTIONAL = ("reason_code", "rate_percent", "borrower_cents")
_NUMBERS = ("instalment_number", "number")
_RATE = re.compile(r"\d{1,3}(,\d{1,6})?", re.ASCII)
COLUMNS = tuple(dict.fromkeys([*_NEEDED, *(column for fields in _FIELDS.values() for column in fields.values())]))


def items(content: bytes, *, encoding: FileEncoding) -> list[Item]:
    """What the lines tell, each for itself or several together, or all that keeps one from being read, by its columns.

    What a reference or an identifier may be is for whoever takes the line. Raises FileEncodingDiffers, FileUnreadable,
    FileEmpty, FileTooLong, ColumnMissing, ColumnDoubled, ColumnUnknown.
    """
    table = read(content, encoding=encoding)
    table.check_columns(*_NEEDED, *(name for name in COLUMNS if name in table.columns and name not in _NEEDED))
    table.check_no_other_than(*COLUMNS)
    told = [_line(cells) for cells in table.rows]
    return lender_schedule_lines.joined(table.rows, told, natures=_KINDS)


def column_of(kind: str, name: str) -> str:
    """The column that a field of a line is read from."""
    found = {"kind": "NATURE", "handoff_id": "DOSSIER", "rows": "ECHEANCE"}
    return {**found, **_FIELDS.get(kind, {})}.get(name, name)


def _line(cells: Mapping[str, str] | None) -> dict[str, Any] | list[FieldFault]:
    if cells is None:
        return [FieldFault("", "cells_and_columns", {})]
    kind = _KINDS.get(cells["NATURE"].upper())
    if kind is None:
        return [FieldFault("/NATURE", "not_one_of", {"expected": " or ".join(_KINDS)})]
    fields = _FIELDS[kind]
    faults = list(_faults(cells, kind, fields))
    if faults:
        return faults
    told = {name: _value(name, cells[column]) for name, column in fields.items() if cells.get(column)}
    return {"kind": kind.value, "handoff_id": cells["DOSSIER"].lower(), **told}


def _faults(cells: Mapping[str, str], kind: StrEnum, fields: Mapping[str, str]) -> Iterator[FieldFault]:
    known: Sequence[str] = (*_NEEDED, *fields.values())
    for column in COLUMNS:
        if column not in known and cells.get(column):
            yield FieldFault(f"/{column}", "unknown_field", {})
    for name, column in fields.items():
        text = cells.get(column, "")
        if not text:
            if name not in (*_OPTIONAL, *([] if kind is LineKind.BALANCE else _BALANCE)):
                yield FieldFault(f"/{column}", "missing", {})
        elif fault := _fault(f"/{column}", name, text):
            yield fault


def _fault(pointer: str, name: str, text: str) -> FieldFault | None:
    """What is wrong with the text of a field, null where it can be read."""
    if name in _WORDS and text.upper() not in _WORDS[name]:
        return FieldFault(pointer, "not_one_of", {"expected": " or ".join(_WORDS[name])})
    if name.endswith("_cents") and cents_of(text) is None:
        return FieldFault(pointer, "not_a_french_amount", {})
    if name.endswith("_on") and day_of(text) is None:
        return FieldFault(pointer, "not_a_french_day", {})
    if name in _NUMBERS and not (text.isascii() and text.isdigit() and len(text) <= 4):
        return FieldFault(pointer, "not_an_integer", {})
    if name == "rate_percent" and not _RATE.fullmatch(text):
        return FieldFault(pointer, "not_a_french_rate", {})
    return None


def _value(name: str, text: str) -> Any:
    if name.endswith("_cents"):
        return cents_of(text)
    if name.endswith("_on"):
        return day_of(text)
    if name in _WORDS:
        return _WORDS[name][text.upper()]
    if name == "rate_percent":
        return text.replace(",", ".")
    return int(text) if name in _NUMBERS else text
