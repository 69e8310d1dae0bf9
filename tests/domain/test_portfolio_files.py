"""The lines of a spreadsheet of loans, read."""

from datetime import date

import pytest

from app.domain.accounting_errors import ColumnDoubled, ColumnMissing
from app.domain.accounting_files import Table
from app.domain.amortization import RemainderOn
from app.domain.portfolio_files import ToldLoan, check_columns, told

PURPOSES = frozenset({"computer"})
CELLS = {
    "REFERENCE": "2011-11",
    "NOM": "Petit",
    "PRENOM": "Hugo",
    "DATE_NAISSANCE": "30/06/1991",
    "CODE_INSEE": "25056",
    "OBJET": "computer",
    "PROJET": "Un ordinateur",
    "COUT_PROJET": "1149",
    "MONTANT_DEMANDE": "1149,00",
    "DATE_DEMANDE": "03/01/2011",
    "DATE_DECISION": "18/01/2011",
    "MONTANT_PRET": "1149",
    "DATE_CONTRAT": "25/01/2011",
    "DATE_VERSEMENT": "10/02/2011",
    "PREMIERE_ECHEANCE": "05/03/2011",
    "NB_ECHEANCES": "24",
    "MENSUALITE": "48",
    "RELIQUAT": "PREMIERE",
    "DATE_SITUATION": "31/12/2011",
    "SOLDE": "1149",
}


def read(**changes: str) -> ToldLoan:
    """The line with other cells, which can be read."""
    line = told({**CELLS, **changes}, purposes=PURPOSES)
    assert isinstance(line, ToldLoan), line
    return line


def test_a_line_tells_what_its_cells_tell_and_no_more() -> None:
    line = read()
    assert (line.principal_cents, line.instalment_cents, line.remainder_on) == (114_900, 4_800, RemainderOn.FIRST)
    assert (line.first_due_on, line.balance_cents) == (date(2011, 3, 5), 114_900)
    assert (line.product, line.payee, line.repaid_on, line.discharge_ground) == (None, None, None, None)
    assert (line.grant_cents, line.repaid_cents, line.written_off_cents) == (0, 0, 0)


def test_what_is_written_otherwise_says_the_same_and_what_differs_does_not() -> None:
    assert read(SOLDE="1149,00", SUBVENTION="0").digest == read().digest
    assert read(SOLDE="1148").digest != read().digest
    assert read(NOM="Petite").digest != read().digest


def test_a_repayment_of_nothing_needs_no_day() -> None:
    assert read(REMBOURSE="0").repaid_on is None


def test_a_line_with_other_cells_than_columns_is_named_as_such() -> None:
    faults = told(None, purposes=PURPOSES)
    assert isinstance(faults, list)
    assert [fault.code for fault in faults] == ["cells_and_columns"]


@pytest.mark.parametrize("name", ["REFERENCE", "SOLDE", "DATE_SITUATION", "MONTANT_DEMANDE"])
def test_a_column_that_is_always_told_must_be_there(name: str) -> None:
    with pytest.raises(ColumnMissing):
        check_columns(Table(tuple(column for column in CELLS if column != name), ()))


def test_a_column_is_there_once() -> None:
    with pytest.raises(ColumnDoubled):
        check_columns(Table((*CELLS, "MENSUALITE"), ()))
    check_columns(Table(tuple(column for column in CELLS if column not in ("MENSUALITE", "RELIQUAT")), ()))
