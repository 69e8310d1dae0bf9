"""The files exchanged with the accountant, byte for byte."""

from datetime import date

import pytest

from app.domain.accounting_errors import (
    ColumnDoubled,
    ColumnMissing,
    FileEmpty,
    FileEncodingDiffers,
    FileTooLong,
    FileUnreadable,
)
from app.domain.accounting_files import ROWS_MAX, FileEncoding, amount, cents_of, day, day_of, read, written

LATIN, UTF_8 = FileEncoding.LATIN, FileEncoding.UTF_8


def cell(text: str, encoding: FileEncoding = LATIN) -> bytes:
    """One cell as it is written."""
    return written(["A"], [[text]], encoding=encoding).removeprefix(b"A\r\n").removesuffix(b"\r\n")


def test_a_file_is_its_columns_then_its_rows_with_semicolons_and_crlf() -> None:
    rows = [["P-2011-0001", "1"], ["P-2011-0002", "2"]]
    assert written(["NUM_PRET", "NUM_ECHEANCE"], rows, encoding=LATIN) == (
        b"NUM_PRET;NUM_ECHEANCE\r\nP-2011-0001;1\r\nP-2011-0002;2\r\n"
    )


def test_letters_are_one_byte_each_in_iso_8859_15_and_more_in_utf_8() -> None:
    assert cell("Élise Lœuil, 5 €") == b"\xc9lise L\xbduil, 5 \xa4"
    assert cell("Élise", UTF_8) == "Élise".encode()


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("d’Arc", b"d'Arc"),
        ("Nguyễn", b"Nguy\xean"),
        ("Łukasz", b"Lukasz"),
        ("Ivanović", b"Ivanovic"),
        ("Иван", b"????"),
        ("𝐀", b"A"),
    ],
    ids=["curly apostrophe", "two accents", "stroke", "acute on c", "another script", "styled letter"],
)
def test_a_letter_that_the_encoding_lacks_loses_its_accent_or_is_seen_to_be_missing(text: str, latin: bytes) -> None:
    assert cell(text) == latin


@pytest.mark.parametrize("formula", ["=1+1", "+33", "-Dupont", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(formula: str) -> None:
    for encoding in FileEncoding:
        assert cell(formula, encoding).startswith(b"'")


def test_a_cell_cannot_make_another_cell_or_line() -> None:
    assert cell('a;b"c') == b'"a;b""c"'
    assert cell("a\r\nEMISSION;1\n") == b'"a EMISSION;1"'


def test_amounts_have_a_decimal_comma_and_days_are_of_french_order() -> None:
    assert [amount(cents) for cents in (0, 5, 8_333, 123_456_789)] == ["0,00", "0,05", "83,33", "1234567,89"]
    assert day(date(2026, 12, 5)) == "05/12/2026"


@pytest.mark.parametrize(
    ("text", "cents"),
    [("83,33", 8_333), ("83", 8_300), ("83,3", 8_330), ("0", 0), ("1234567,89", 123_456_789)],
)
def test_an_amount_is_read_back(text: str, cents: int) -> None:
    assert cents_of(text) == cents


@pytest.mark.parametrize("text", ["", "83.33", "-5,00", "+5", "1 234,00", "83,333", "1e3", "٨٣", "83,", ",5", "5€"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert cents_of(text) is None


def test_a_day_is_read_back() -> None:
    assert day_of("05/02/2011") == date(2011, 2, 5)


@pytest.mark.parametrize("text", ["", "2011-02-05", "5/2/2011", "31/02/2011", "02/31/2011", "05/02/11", "05/02/0011"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_of(text) is None


def test_a_file_is_read_by_the_names_of_its_columns_in_any_order() -> None:
    table = read(b" montant ;ETAT\r\n 85,00 ;SOLDE\r\n\r\n;\r\n1;2;3\r\n", encoding=LATIN)
    assert table.columns == ("MONTANT", "ETAT")
    assert table.rows == ({"MONTANT": "85,00", "ETAT": "SOLDE"}, None)


def test_lines_may_end_as_on_any_system_and_utf_8_may_begin_with_its_mark() -> None:
    for content in (b"A;B\n1;2\n", b"A;B\r1;2", b"A;B\r\n1;2"):
        assert read(content, encoding=LATIN).rows == ({"A": "1", "B": "2"},)
    assert read("\ufeffA\r\né\r\n".encode(), encoding=UTF_8).rows == ({"A": "é"},)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("A\r\né\r\n".encode(), LATIN),
        ("\ufeffA\r\n1\r\n".encode(), LATIN),
        ("A\r\né\r\n".encode("latin-1"), UTF_8),
        ("A\r\n1\r\n".encode("utf-16"), LATIN),
        ("A\r\n1\r\n".encode("utf-16"), UTF_8),
        ("A\r\nl’an\r\n".encode("cp1252"), LATIN),
        (b"A\r\n\x00\r\n", UTF_8),
        (b"PK\x03\x04\x14\x00", LATIN),
    ],
    ids=["UTF-8", "its mark", "Latin for UTF-8", "UTF-16", "UTF-16 for UTF-8", "Windows", "NUL", "a spreadsheet"],
)
def test_a_file_in_another_encoding_is_refused(content: bytes, encoding: FileEncoding) -> None:
    with pytest.raises(FileEncodingDiffers):
        read(content, encoding=encoding)


@pytest.mark.parametrize("content", [b"", b"\r\n", b"A;B\r\n", b"A;B\r\n;\r\n \r\n"])
def test_a_file_without_lines_is_refused(content: bytes) -> None:
    with pytest.raises(FileEmpty):
        read(content, encoding=LATIN)


def test_a_file_with_too_many_lines_is_refused() -> None:
    assert len(read(b"A\r\n" + b"1\r\n" * ROWS_MAX, encoding=LATIN).rows) == ROWS_MAX
    with pytest.raises(FileTooLong) as refusal:
        read(b"A\r\n" + b"1\r\n" * (ROWS_MAX + 1), encoding=LATIN)
    assert refusal.value.facts == {"rows_max": ROWS_MAX}


def test_a_line_whose_quotation_does_not_end_is_named() -> None:
    with pytest.raises(FileUnreadable) as refusal:
        read(b'A;B\r\n1;2\r\n"3;4\r\n', encoding=LATIN)
    assert refusal.value.facts == {"line": 3}


def test_a_column_that_is_asked_for_is_there_once() -> None:
    table = read(b"A;B;B\r\n1;2;3\r\n", encoding=LATIN)
    table.check_columns("A")
    with pytest.raises(ColumnMissing) as missing:
        table.check_columns("A", "C")
    with pytest.raises(ColumnDoubled) as doubled:
        table.check_columns("B")
    assert (missing.value.facts, doubled.value.facts) == ({"column": "C"}, {"column": "B"})
