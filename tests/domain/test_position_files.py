"""The lines of the accountant's position."""

from datetime import date

import pytest

from app.domain.accounting_errors import ColumnMissing
from app.domain.accounting_files import FileEncoding, read
from app.domain.position_files import TitleState, ToldTitle, check_columns, told

COLUMNS = "NUM_PRET;NUM_ECHEANCE;DATE_ENCAISSEMENT;MONTANT;ETAT;REF_ENCAISSEMENT;DATE_POSITION"
PAID = ToldTitle(
    loan_reference="P-2011-0001",
    title_ref=None,
    number=1,
    state=TitleState.PAID,
    collected_on=date(2011, 2, 5),
    amount_cents=4_500,
    reference="E-1",
    position_on=date(2011, 2, 28),
)


def line(row: str, columns: str = COLUMNS) -> object:
    """What one line of a file says."""
    (cells,) = read(f"{columns}\r\n{row}\r\n".encode(), encoding=FileEncoding.UTF_8).rows
    return told(cells)


def faults(row: str, columns: str = COLUMNS) -> list[tuple[str, str]]:
    """Where a line cannot be read, and why."""
    found = line(row, columns)
    assert isinstance(found, list), found
    return [(fault.pointer, fault.code) for fault in found]


def test_an_instalment_is_named_by_its_loan_and_number() -> None:
    assert line("P-2011-0001;1;05/02/2011;45,00;SOLDE;E-1;28/02/2011") == PAID


@pytest.mark.parametrize(("ref", "title"), [("P-2011-0001-004", "004"), ("P-2011-0001-RA20110315", "RA20110315")])
def test_an_instalment_is_named_by_its_permanent_reference(ref: str, title: str) -> None:
    found = line(f"{ref};05/02/2011;45,00;SOLDE;E-1;28/02/2011", "REF_ECHEANCE" + COLUMNS[21:])
    assert isinstance(found, ToldTitle)
    assert (found.loan_reference, found.title_ref, found.number) == ("P-2011-0001", title, None)


def test_the_reference_is_taken_before_the_number_which_may_have_changed_since() -> None:
    found = line("P-2011-0001;9;05/02/2011;45,00;SOLDE;E-1;28/02/2011;P-2011-0001-004", f"{COLUMNS};REF_ECHEANCE")
    assert isinstance(found, ToldTitle)
    assert (found.title_ref, found.number) == ("004", None)
    contrary = "P-2011-0002;9;05/02/2011;45,00;SOLDE;E-1;28/02/2011;P-2011-0001-004"
    assert faults(contrary, f"{COLUMNS};REF_ECHEANCE") == [("/REF_ECHEANCE", "bad_form")]


def test_money_has_a_day_an_amount_and_a_reference() -> None:
    assert faults("P-2011-0001;1;;;PARTIEL;;28/02/2011") == [
        ("/DATE_ENCAISSEMENT", "not_a_french_day"),
        ("/MONTANT", "not_a_french_amount"),
        ("/REF_ENCAISSEMENT", "missing"),
    ]
    assert faults("P-2011-0001;1;05/02/2011;0,00;SOLDE;E-1;28/02/2011") == [("/MONTANT", "too_small")]


def test_what_moves_no_money_may_say_no_more_than_its_state() -> None:
    found = line("P-2011-0001;1;;;PRIS_EN_CHARGE;;28/02/2011")
    assert isinstance(found, ToldTitle)
    assert (found.collected_on, found.amount_cents, found.reference) == (None, None, None)


@pytest.mark.parametrize(
    ("row", "at", "code"),
    [
        (";1;05/02/2011;45,00;SOLDE;E-1;28/02/2011", "/NUM_PRET", "missing"),
        ("P-2011-0001;x;05/02/2011;45,00;SOLDE;E-1;28/02/2011", "/NUM_ECHEANCE", "not_an_integer"),
        ("P-2011-0001;1;2011-02-05;45,00;SOLDE;E-1;28/02/2011", "/DATE_ENCAISSEMENT", "not_a_french_day"),
        ("P-2011-0001;1;05/02/2011;45.00;SOLDE;E-1;28/02/2011", "/MONTANT", "not_a_french_amount"),
        ("P-2011-0001;1;05/02/2011;-45,00;SOLDE;E-1;28/02/2011", "/MONTANT", "not_a_french_amount"),
        ("P-2011-0001;1;05/02/2011;45,005;SOLDE;E-1;28/02/2011", "/MONTANT", "not_a_french_amount"),
        ("P-2011-0001;1;05/02/2011;45,00;PAYE;E-1;28/02/2011", "/ETAT", "not_one_of"),
        ("P-2011-0001;1;05/02/2011;45,00;SOLDE;E-1;31/02/2011", "/DATE_POSITION", "not_a_french_day"),
        (f"P-2011-0001;1;05/02/2011;45,00;SOLDE;{'x' * 101};28/02/2011", "/REF_ENCAISSEMENT", "too_long"),
        ("P-2011-0001;1;05/02/2011;45,00;SOLDE;E\u202e1;28/02/2011", "/REF_ENCAISSEMENT", "control_character"),
        ("P-2011-0001;1;05/02/2011;45,00;SOLDE;E-1", "", "cells_and_columns"),
        ("P-2011-0001;1;;;REJETE;;28/02/2011", "/DATE_ENCAISSEMENT", "not_a_french_day"),
    ],
)
def test_a_line_that_cannot_be_read_says_where_and_why(row: str, at: str, code: str) -> None:
    assert (at, code) in faults(row)


@pytest.mark.parametrize("lacking", ["NUM_PRET", "DATE_ENCAISSEMENT", "ETAT", "REF_ENCAISSEMENT", "DATE_POSITION"])
def test_a_file_without_one_of_its_columns_is_refused_whole(lacking: str) -> None:
    columns = ";".join(column for column in COLUMNS.split(";") if column != lacking)
    table = read(f"{columns}\r\n1;2;3;4;5;6\r\n".encode(), encoding=FileEncoding.UTF_8)
    with pytest.raises(ColumnMissing) as refusal:
        check_columns(table)
    assert refusal.value.facts == {"column": lacking}
