"""The files exchanged with the public accountant: lines of cells, as accounting software in France takes them.

Semicolons, CRLF, ISO-8859-15 (or UTF-8), amounts with a decimal comma and no separator of thousands, days JJ/MM/AAAA.
Project reference, § 7.3.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from io import StringIO

from app.domain.accounting_errors import (
    ColumnDoubled,
    ColumnMissing,
    ColumnUnknown,
    FileEmpty,
    FileEncodingDiffers,
    FileTooLong,
    FileUnreadable,
)
from app.domain.dates import DAY_MAX, DAY_MIN

ROWS_MAX = 500

_AMOUNT = re.compile(r"(\d{1,8})(?:,(\d{1,2}))?", re.ASCII)
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
# What a spreadsheet would run as a formula when it opens the file; signs of full width are read as the others.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_BLANKS = re.compile(r"\s+")
_STAND_INS = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "ł": "l", "Ł": "L", "đ": "d", "ı": "i"}
)
# Bytes that are controls in ISO-8859-15: the text is in another encoding.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class FileEncoding(StrEnum):
    """How the characters of a file are written."""

    LATIN = "iso-8859-15"
    UTF_8 = "utf-8"


def written(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, encoding: FileEncoding, delimiter: str = ";"
) -> bytes:
    """The file of these rows below the names of the columns; no cell is a formula, no letter is lost unseen."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_safe(_encodable(cell, encoding)) for cell in row] for row in rows)
    return text.getvalue().encode(encoding)


def amount(cents: int) -> str:
    """An amount as the files write it: 123456 gives `1234,56`."""
    return f"{cents // 100},{cents % 100:02}"


def day(on: date) -> str:
    """A day as the files write it: JJ/MM/AAAA."""
    return f"{on.day:02}/{on.month:02}/{on.year:04}"


def cents_of(text: str) -> int | None:
    """The cents of an amount of a file, null where it is none: a point, a sign, a third decimal."""
    found = _AMOUNT.fullmatch(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def day_of(text: str) -> date | None:
    """The day of a cell, null where it is none."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    try:
        on = date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    return on if DAY_MIN <= on <= DAY_MAX else None


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a file below the names of its columns; a line is null whose cells are not as many as the columns."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str] | None, ...]

    def check_columns(self, *names: str) -> None:
        """Raises ColumnMissing, ColumnDoubled where the columns of these names are not there once each."""
        for name in names:
            if name not in self.columns:
                raise ColumnMissing(column=name)
            if self.columns.count(name) > 1:
                raise ColumnDoubled(column=name)

    def check_no_other_than(self, *names: str) -> None:
        """Raises ColumnUnknown where a column has another name: what it holds would be lost without a word."""
        for number, name in enumerate(self.columns, 1):
            if name not in names:
                raise ColumnUnknown(number=number)


def read(content: bytes, *, encoding: FileEncoding) -> Table:
    """The lines of a file by the names of its columns, cells without blanks around; empty lines are passed over.

    Raises FileEncodingDiffers, FileUnreadable, FileEmpty, FileTooLong.
    """
    lines = _lines(_decoded(content, encoding))
    if len(lines) < 2:
        raise FileEmpty
    if len(lines) - 1 > ROWS_MAX:
        raise FileTooLong(rows_max=ROWS_MAX)
    columns = tuple(cell.strip().upper() for cell in lines[0])
    return Table(
        columns,
        tuple(
            dict(zip(columns, (cell.strip() for cell in row), strict=True)) if len(row) == len(columns) else None
            for row in lines[1:]
        ),
    )


def _decoded(content: bytes, encoding: FileEncoding) -> str:
    try:
        # A spreadsheet begins UTF-8 with a mark of byte order.
        text = content.decode("utf-8-sig" if encoding is FileEncoding.UTF_8 else encoding)
    except UnicodeDecodeError:
        raise FileEncodingDiffers(encoding=encoding.value.upper()) from None
    if _CONTROLS.search(text) or (encoding is FileEncoding.LATIN and _is_utf_8(content)):
        raise FileEncodingDiffers(encoding=encoding.value.upper())
    return text


def _is_utf_8(content: bytes) -> bool:
    """Whether bytes above ASCII follow one another as in UTF-8, which no text in ISO-8859-15 does."""
    if content.isascii():
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str) -> list[list[str]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        return [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        raise FileUnreadable(line=reader.line_num) from None


def _encodable(text: str, encoding: FileEncoding) -> str:
    """The text on one line, each letter that the encoding lacks without the accents that it lacks, « ? » at last."""
    line = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if encoding is FileEncoding.UTF_8:
        return line
    return "".join(_letter(character, encoding) for character in line)


def _letter(character: str, encoding: FileEncoding) -> str:
    parts = unicodedata.normalize("NFKD", character)
    simpler = (unicodedata.normalize("NFC", parts[:length]) for length in range(len(parts), 0, -1))
    written_as = (character, character.translate(_STAND_INS), *simpler)
    return next((text for text in written_as if _fits(text, encoding)), "?")


def _fits(text: str, encoding: FileEncoding) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
