"""A lender's statement as a file, read into the lines of a statement."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.domain.accounting_errors import ColumnDoubled, ColumnMissing, ColumnUnknown, FileEncodingDiffers
from app.domain.accounting_files import FileEncoding
from app.domain.errors import FieldFault
from app.domain.lender_statement_files import COLUMNS, items

HANDOFF = "01900000-0000-7000-8000-000000000000"
UTF_8 = FileEncoding.UTF_8
GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "cases" / "lender_statement_files.yaml").read_text("utf-8"))


def told(*rows: dict[str, str], encoding: FileEncoding = UTF_8) -> list[Any]:
    """The lines of a file with all the columns."""
    cells = [";".join({"DOSSIER": HANDOFF, **row}.get(column, "") for column in COLUMNS) for row in rows]
    return lines("\r\n".join([";".join(COLUMNS), *cells]).encode(encoding), encoding=encoding)


def lines(content: bytes, *, encoding: FileEncoding) -> list[Any]:
    """What each item of a file tells."""
    return [item.told for item in items(content, encoding=encoding)]


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


def test_a_column_of_another_name_is_told_by_its_place_and_not_by_what_it_says() -> None:
    with pytest.raises(ColumnUnknown) as refusal:
        lines(f"DOSSIER;NATURE;INSCRIT FICP\n{HANDOFF};SOLDE;oui".encode(), encoding=UTF_8)
    assert (refusal.value.code, refusal.value.facts) == ("column_unknown", {"number": 3})


def test_a_file_is_read_in_the_encoding_that_is_said() -> None:
    content = f"DOSSIER;NATURE;REFERENCE\n{HANDOFF};SOLDE;é"
    with pytest.raises(FileEncodingDiffers):
        lines(content.encode("iso-8859-15"), encoding=UTF_8)
    with pytest.raises(FileEncodingDiffers):
        lines(content.encode(), encoding=FileEncoding.LATIN)
    assert len(lines(content.encode("iso-8859-15"), encoding=FileEncoding.LATIN)) == 1


ROW = {"NATURE": "ECHEANCIER", "REFERENCE": "A-1", "DATE": "15/06/2018", "NATURE_CHANGEMENT": "REAMENAGEMENT",
       "DATE_DECISION": "10/06/2018", "CAPITAL": "100,00", "INTERETS": "1,00", "MONTANT": "101,00"}  # fmt: skip
FIRST = {**ROW, "ECHEANCE": "1", "DATE_ECHEANCE": "05/08/2018", "CAPITAL_RESTANT_DU": "100,00"}
SECOND = {**ROW, "ECHEANCE": "2", "DATE_ECHEANCE": "05/09/2018", "CAPITAL_RESTANT_DU": "0,00"}
ALONE = {**FIRST, "REFERENCE": "A-2", "CAPITAL_RESTANT_DU": "0"}


def found(*rows: dict[str, str]) -> list[tuple[tuple[int, ...], list[tuple[str, str]]]]:
    """The places of the lines of each item, and its faults."""
    cells = [";".join({"DOSSIER": HANDOFF, **row}.get(column, "") for column in COLUMNS) for row in rows]
    read = items("\n".join([";".join(COLUMNS), *cells]).encode(), encoding=UTF_8)
    return [
        (one.places, [(fault.pointer, fault.code) for fault in one.told] if isinstance(one.told, list) else [])
        for one in read
    ]


def test_the_lines_of_a_schedule_are_one_in_the_order_of_its_instalments() -> None:
    of_another = {**ALONE, "REFERENCE": "A-1", "DOSSIER": HANDOFF.replace("7", "8")}
    assert found(SECOND, ALONE, {"NATURE": "SOLDE", "CAPITAL_RESTANT_DU": "1"}, FIRST, of_another) == [
        ((2,), []), ((3, 0), []), ((1,), []), ((4,), []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"DATE_ECHEANCE": "31/02/2018"}, ("/DATE_ECHEANCE", "not_a_french_day")),
        ({"DATE_ECHEANCE": ""}, ("/DATE_ECHEANCE", "missing")),
        ({"ECHEANCE": "deux"}, ("/ECHEANCE", "not_an_integer")),
        ({"CAPITAL": "100.00"}, ("/CAPITAL", "not_a_french_amount")),
        ({"MONTANT": ""}, ("/MONTANT", "missing")),
        ({"PART_EMPRUNTEUR": "-1"}, ("/PART_EMPRUNTEUR", "not_a_french_amount")),
        ({"TAUX": "6.20"}, ("/TAUX", "not_a_french_rate")),
        ({"TAUX": "6,20 %"}, ("/TAUX", "not_a_french_rate")),
        ({"NATURE_CHANGEMENT": "PLAN"}, ("/NATURE_CHANGEMENT", "not_one_of")),
        ({"CAPITAL_RESTANT_DU": ""}, ("/CAPITAL_RESTANT_DU", "missing")),
        ({"CAPITAL_RESTANT_DU": "0,01"}, ("/CAPITAL_RESTANT_DU", "rows_balance")),
        ({"CAPITAL": "99,99"}, ("/CAPITAL_RESTANT_DU", "rows_balance")),
        ({"REFERENCE_PERTE": "P-1"}, ("/REFERENCE_PERTE", "unknown_field")),
        ({"DATE": "16/06/2018"}, ("/DATE", "not_as_first_line")),
        ({"DATE_DECISION": "11/06/2018"}, ("/DATE_DECISION", "not_as_first_line")),
        ({"NATURE_CHANGEMENT": "REPORT"}, ("/NATURE_CHANGEMENT", "not_as_first_line")),
        ({"TAUX": "6,20"}, ("/TAUX", "not_as_first_line")),
    ],
)
def test_a_line_of_a_schedule_that_cannot_be_read_is_named_and_refuses_the_others_of_it(
    change: dict[str, str], fault: tuple[str, str]
) -> None:
    assert found(FIRST, {**SECOND, **change}, ALONE) == [
        ((0,), [("", "schedule_not_whole")]), ((1,), [fault]), ((2,), []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stray", "fault"),
    [
        ({"NATURE": "VIREMENT"}, ("/NATURE", "not_one_of")),
        ({**SECOND, "REFERENCE": ""}, ("/REFERENCE", "missing")),
    ],
)
def test_a_line_that_may_be_of_any_schedule_leaves_none_of_them_whole(
    stray: dict[str, str], fault: tuple[str, str]
) -> None:
    assert found(stray, FIRST, {"NATURE": "SOLDE", "CAPITAL_RESTANT_DU": "1"}) == [
        ((0,), [fault]), ((2,), []), ((1,), [("", "schedule_not_whole")]),
    ]  # fmt: skip


def test_a_schedule_whose_last_lines_were_cut_off_is_refused() -> None:
    assert found(FIRST, ALONE) == [((0,), [("/CAPITAL_RESTANT_DU", "rows_balance")]), ((1,), [])]


def test_a_line_without_its_cells_leaves_no_schedule_whole() -> None:
    columns = list(FIRST)
    told_lines = [";".join(["DOSSIER", *columns]), ";".join([HANDOFF, *FIRST.values()]), f"{HANDOFF};ECHEANCIER"]
    read = items("\n".join(told_lines).encode(), encoding=UTF_8)
    assert [[fault.code for fault in one.told] for one in read] == [["cells_and_columns"], ["schedule_not_whole"]]
