"""A lender's statement as a file, read into the lines of a statement."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.domain.accounting_errors import ColumnDoubled, ColumnMissing, FileEncodingDiffers
from app.domain.accounting_files import FileEncoding
from app.domain.errors import FieldFault
from app.domain.lender_statement_files import COLUMNS, lines

HANDOFF = "01900000-0000-7000-8000-000000000000"
UTF_8 = FileEncoding.UTF_8
GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "cases" / "lender_statement_files.yaml").read_text("utf-8"))


def told(*rows: dict[str, str], encoding: FileEncoding = UTF_8) -> list[Any]:
    """The lines of a file with all the columns."""
    cells = [";".join({"DOSSIER": HANDOFF, **row}.get(column, "") for column in COLUMNS) for row in rows]
    return list(lines("\r\n".join([";".join(COLUMNS), *cells]).encode(encoding), encoding=encoding))


def test_each_nature_has_its_columns_and_amounts_are_exact_to_the_cent() -> None:
    assert told(
        {"NATURE": "REMBOURSEMENT", "REFERENCE": "R-1", "DATE": "05/05/2018", "MONTANT": "88,82",
         "CAPITAL_RESTANT_DU": "1921,5"},
        {"NATURE": "impaye", "ECHEANCE": "2"},
        {"NATURE": "SOLDE", "CAPITAL_RESTANT_DU": "0"},
        {"NATURE": "REJET", "REFERENCE": "X-1", "REFERENCE_REJETEE": "R-1", "DATE": "09/05/2018", "MOTIF": "AM04"},
    ) == [
        {"kind": "repayment", "handoff_id": HANDOFF, "reference": "R-1", "paid_on": date(2018, 5, 5),
         "amount_cents": 8_882, "outstanding_principal_cents": 192_150},
        {"kind": "unpaid", "handoff_id": HANDOFF, "instalment_number": 2},
        {"kind": "balance", "handoff_id": HANDOFF, "outstanding_principal_cents": 0},
        {"kind": "returned", "handoff_id": HANDOFF, "reference": "X-1", "repayment_reference": "R-1",
         "returned_on": date(2018, 5, 9), "reason_code": "AM04"},
    ]  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN["files"], ids=lambda case: case["name"])
def test_the_golden_file_tells_its_lines(case: Any) -> None:
    content = case["content"].replace("dossier;", f"{HANDOFF};").encode()
    assert lines(content, encoding=UTF_8) == [{**line, "handoff_id": HANDOFF} for line in case["lines"]]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ({"NATURE": "VERSEMENT", "MONTANT": "1", "BENEFICIAIRE": "LE CCAS"}, "/BENEFICIAIRE", "not_one_of"),
        ({"NATURE": "VERSEMENT", "MONTANT": "1"}, "/BENEFICIAIRE", "missing"),
        ({"NATURE": "PERTE", "CAPITAL": "1"}, "/INTERETS", "missing"),
        ({"NATURE": "PERTE", "CAPITAL": "1", "INTERETS": "0", "MONTANT": "1"}, "/MONTANT", "unknown_field"),
        ({"NATURE": "APPEL_GARANTIE", "MONTANT": "1", "REFERENCE_PERTE": "P-1"}, "/GARANT", "missing"),
        ({"NATURE": "CONTREPASSATION", "NATURE_CONTREPASSEE": "IMPAYE", "REFERENCE_CONTREPASSEE": "R-1"},
         "/NATURE_CONTREPASSEE", "not_one_of"),
    ],
)  # fmt: skip
def test_what_a_nature_does_not_take_is_named_by_its_column(row: dict[str, str], column: str, code: str) -> None:
    ((fault,),) = told({"REFERENCE": "R-1", "DATE": "05/05/2018", **row})
    assert isinstance(fault, FieldFault)
    assert (fault.pointer, fault.code) == (column, code)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ({"NATURE": "VIREMENT"}, "/NATURE", "not_one_of"),
        ({"MONTANT": "88.82"}, "/MONTANT", "not_a_french_amount"),
        ({"MONTANT": "88,825"}, "/MONTANT", "not_a_french_amount"),
        ({"MONTANT": "-88,82"}, "/MONTANT", "not_a_french_amount"),
        ({"MONTANT": "1 000,00"}, "/MONTANT", "not_a_french_amount"),
        ({"MONTANT": ""}, "/MONTANT", "missing"),
        ({"DATE": "2018-05-05"}, "/DATE", "not_a_french_day"),
        ({"DATE": "31/02/2018"}, "/DATE", "not_a_french_day"),
        ({"REFERENCE": ""}, "/REFERENCE", "missing"),
        ({"ECHEANCE": "1"}, "/ECHEANCE", "unknown_field"),
        ({"NATURE": "IMPAYE", "REFERENCE": "", "DATE": "", "MONTANT": "", "ECHEANCE": "1,5"}, "/ECHEANCE",
         "not_an_integer"),
        ({"NATURE": "SOLDE", "REFERENCE": "", "DATE": "", "MONTANT": ""}, "/CAPITAL_RESTANT_DU", "missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_column(row: dict[str, str], column: str, code: str) -> None:
    whole = {"NATURE": "REMBOURSEMENT", "REFERENCE": "R-1", "DATE": "05/05/2018", "MONTANT": "88,82", **row}
    ((fault,),) = told(whole)
    assert isinstance(fault, FieldFault)
    assert (fault.pointer, fault.code) == (column, code)


def test_columns_of_no_use_are_left_out_and_others_are_needed_once() -> None:
    assert lines(f"nature;dossier;capital_restant_du\nSOLDE;{HANDOFF};12,00".encode(), encoding=UTF_8) == [
        {"kind": "balance", "handoff_id": HANDOFF, "outstanding_principal_cents": 1_200}
    ]
    with pytest.raises(ColumnMissing):
        lines(b"NATURE;MONTANT\nSOLDE;1", encoding=UTF_8)
    with pytest.raises(ColumnDoubled):
        lines(b"DOSSIER;NATURE;MONTANT;MONTANT\n1;SOLDE;1;1", encoding=UTF_8)


def test_a_file_is_read_in_the_encoding_that_is_said() -> None:
    content = f"DOSSIER;NATURE;LIBELLÉ\n{HANDOFF};SOLDE;é"
    with pytest.raises(FileEncodingDiffers):
        lines(content.encode("iso-8859-15"), encoding=UTF_8)
    with pytest.raises(FileEncodingDiffers):
        lines(content.encode(), encoding=FileEncoding.LATIN)
    assert len(lines(content.encode("iso-8859-15"), encoding=FileEncoding.LATIN)) == 1
