"""A lender's statement from a file: the same answers, line by line, as a statement that a machine tells."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.test_lender_reports import PAYMENT, push, reports
from tests.api.test_lender_reversals import signed_loan
from tests.api.test_statements import codes, loan_on, running, tell
from tests.lenders import letter
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "cases" / "lender_statement_files.yaml").read_text("utf-8"))
HEADER = "DOSSIER;NATURE;REFERENCE;DATE;MONTANT;ECHEANCE;REFERENCE_REJETEE;MOTIF;CAPITAL_RESTANT_DU"


def file(*lines: str, encoding: str = "utf-8", **changes: Any) -> Json:
    """A file of these lines below the names of all the columns."""
    content = "\r\n".join((HEADER, *lines)).encode(encoding)
    return {
        "file_name": "releve-2018-05.csv",
        "content_base64": b64encode(content).decode(),
        "position_on": "2018-05-31",
        **changes,
    }


async def test_a_file_is_a_statement_line_by_line(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    body = file(
        f"{handoff['id']};REMBOURSEMENT;R-1;05/05/2018;88,82;;;;1921,51",
        f"{handoff['id']};REJET;X-1;09/05/2018;;;R-1;AM04;",
        f"{handoff['id']};IMPAYE;;;;1;;;",
        f"{handoff['id']};SOLDE;;;;;;;2000,00",
    )
    told = await ok(bank.post("/partner/statement-files", body))
    assert (told["position_on"], codes(told["items"])) == ("2018-05-31", ["recorded"] * 4)
    loan = await loan_on(amiens, path, "2018-05-31")
    assert (loan["overdue_cents"], loan["lender"]["gap_cents"], loan["lender"]["position_on"]) == (
        8_882, 0, "2018-05-31",
    )  # fmt: skip
    # The machine of the lender that tells the same tells nothing new.
    line = {"kind": "repayment", "handoff_id": handoff["id"], "reference": "R-1", "amount_cents": 8_882,
            "paid_on": "2018-05-05"}  # fmt: skip
    again = await ok(bank.post("/partner/repayments", {"position_on": "2018-05-31", "items": [line]}))
    assert codes(again["items"]) == ["known"]


async def test_a_line_that_cannot_be_read_is_refused_alone_by_its_columns(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    body = file(
        f"{handoff['id']};REMBOURSEMENT;R-1;05/05/2018;88.82;;;;",
        f"{handoff['id']};REMBOURSEMENT;virement du 5;05/05/2018;88,82;;;;",
        "dossier 12;SOLDE;;;;;;;0",
        f"{handoff['id']};REJET;X-1;09/05/2018;;;R-1;ZZ99;",
        f"{handoff['id']};SOLDE;;;;;;;2000,00",
    )
    told = await ok(bank.post("/partner/statement-files", body))
    assert codes(told["items"]) == ["invalid"] * 4 + ["recorded"]
    pointers = [fault["pointer"] for item in told["items"][:4] for fault in item["error"]["errors"]]
    assert pointers == [
        "/body/items/0/MONTANT", "/body/items/1/REFERENCE", "/body/items/2/DOSSIER", "/body/items/3/MOTIF",
    ]  # fmt: skip
    # Nobody is late by a line that nobody could read.
    assert (await loan_on(amiens, path, "2018-05-31"))["lender"]["position_on"] is None


async def test_a_file_that_cannot_be_read_is_refused_whole(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, _ = await running(databases, amiens)
    line = f"{handoff['id']};SOLDE;;;;;;;2000,00"
    for body, status, code in (
        (file(line, "é;SOLDE;;;;;;;1", encoding="iso-8859-15"), 409, "file_encoding_differs"),
        (file(), 409, "file_empty"),
        (file(*[line] * 501), 409, "file_too_long"),
        (file(line, position_on="2118-05-31"), 409, "date_in_future"),
        (file(line, content_base64="e30=e30="), 422, "invalid"),
        (file(line, position_on=None), 422, "invalid"),
    ):
        problem = await refused(bank.post("/partner/statement-files", body), status, code)
        assert "SOLDE" not in str(problem)
    assert run_sql(databases, amiens, "select id from statements") == []
    await refused(amiens.agent.post("/partner/statement-files", file(line)), 403, "forbidden")


def golden(handoff: Json, **changes: Any) -> Json:
    """The month of the golden file."""
    (case,) = GOLDEN["files"]
    content = case["content"].replace("dossier;", f"{handoff['id']};").encode()
    told = {"file_name": "2018-12.csv", "content_base64": b64encode(content).decode()}
    return {**told, "position_on": case["position_on"], **changes}


@pytest.mark.parametrize("by", ["machine", "letter"])
async def test_one_file_tells_all_of_a_month_once(databases: Databases, amiens: Ccas, by: str) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    body = golden(handoff)
    if by == "machine":
        first, again = [await ok(bank.post("/partner/statement-files", body)) for _ in range(2)]
    else:
        by_letter = {**body, "letter": letter("2019-01-05")}
        first = await ok(amiens.agent.post("/lender-statement-files", by_letter))
        again = await ok(bank.post("/partner/statement-files", body))
    assert codes(first["items"]) == ["recorded"] * 12
    assert codes(again["items"]) == ["known"] * 12
    loan = await loan_on(amiens, path, "2018-12-31")
    names = ("status", "disbursed_cents", "repaid_cents", "outstanding_cents", "legally_due_cents", "anomalies")
    assert [loan[name] for name in names] == ["closed", 200_000, 8_882, 0, 192_151, []]
    assert (loan["lender"]["gap_cents"], loan["lender"]["position_on"]) == (0, "2018-12-31")
    told = {one["reference"]: one["reversed_on"] for one in await reports(amiens, path)}
    assert told == {"DT-1": None, "P-1": None, "G-1": None, "RC-1": None, "RC-2": "2018-12-15", "B-1": None}


async def test_what_is_pushed_alone_is_known_on_a_statement(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await signed_loan(databases, amiens)
    await push(bank, handoff, "disbursements", PAYMENT)
    line = {**PAYMENT, "kind": "disbursement", "handoff_id": handoff["id"]}
    assert codes(await tell(bank, "2018-04-30", line)) == ["known"]
    assert codes(await tell(bank, "2018-04-30", {**line, "amount_cents": 1})) == ["reference_already_used"]
    late, more = {**line, "reference": "V-2", "disbursed_on": "2018-05-01"}, {**line, "reference": "V-3"}
    assert codes(await tell(bank, "2018-04-30", late, more)) == ["date_after_position", "disbursement_differs"]
    call = {"kind": "guarantee_call", "handoff_id": handoff["id"], "reference": "G-1", "called_on": "2018-04-30"}
    assert codes(await tell(bank, "2018-04-30", call)) == ["invalid"]
    assert (await loan_on(amiens, path, "2018-05-31"))["disbursed_cents"] == 200_000


async def test_a_file_by_letter_is_of_one_ccas_and_of_its_agents(
    databases: Databases, amiens: Ccas, toulouse: Ccas
) -> None:
    _, handoff, _ = await running(databases, amiens)
    body = golden(handoff, letter=letter("2019-01-05"))
    where = "/lender-statement-files"
    await refused(amiens.decider.post(where, body), 403, "forbidden")
    await refused(toulouse.agent.post(where, body), 409, "lender_not_named")
    told = await refused(amiens.agent.post(where, {**body, "letter": letter("2018-12-30")}), 409, "date_out_of_order")
    assert told["field"] == "letter.dated_on"
    await refused(amiens.agent.post(where, {**body, "content_base64": "e30="}), 409, "file_empty")
    assert run_sql(databases, amiens, "select id from tellings") == []
