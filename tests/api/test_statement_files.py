"""A lender's statement from a file: the same answers, line by line, as a statement that a machine tells."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.test_lender_reports import PAYMENT, acceleration, push, reports, schedule, version_on
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
    case = GOLDEN["files"][0]
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


ROWS = schedule(("2018-08-05", 10_000, 100), ("2018-09-05", 10_102, 50))


def rows_file(handoff: Json, *rows: str, **changes: Any) -> Json:
    """A file of new rows of one schedule: number, due date, principal, interest and total of each."""
    columns = "DOSSIER;NATURE;REFERENCE;DATE;NATURE_CHANGEMENT;DATE_DECISION"
    of_row = "ECHEANCE;DATE_ECHEANCE;CAPITAL;INTERETS;MONTANT;CAPITAL_RESTANT_DU"
    whole = f"{handoff['id']};ECHEANCIER;A-1;15/06/2018;REAMENAGEMENT;10/06/2018"
    content = "\n".join([f"{columns};{of_row}", *(f"{whole};{row}" for row in rows)]).encode()
    told = {"file_name": "juin.csv", "content_base64": b64encode(content).decode(), "position_on": "2018-06-30"}
    return {**told, **changes}


ROWS_OF_FILE = ("1;05/08/2018;100,00;1,00;101,00;101,02", "2;05/09/2018;101,02;0,50;101,52;0,00")


@pytest.mark.parametrize("first", ["machine", "file", "statement", "letter"])
async def test_new_rows_are_the_same_fact_by_file_on_a_statement_and_alone(
    databases: Databases, amiens: Ccas, first: str
) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    body = rows_file(handoff, *reversed(ROWS_OF_FILE))
    line = {**ROWS, "kind": "schedule", "schedule_kind": "reschedule", "handoff_id": handoff["id"]}
    by_letter = {**body, "letter": letter("2018-07-02")}

    async def by(way: str) -> tuple[list[str], set[str]]:
        if way == "machine":
            told = await push(bank, handoff, "schedules", ROWS)
            return ["known" if told["known"] else "recorded"], {told["id"]}
        if way == "statement":
            answers = await tell(bank, "2018-06-30", line)
        elif way == "file":
            answers = (await ok(bank.post("/partner/statement-files", body)))["items"]
        else:
            answers = (await ok(amiens.agent.post("/lender-statement-files", by_letter)))["items"]
        assert [answer["index"] for answer in answers] == list(range(len(answers)))
        return codes(answers), {answer["id"] for answer in answers}

    ways = [first, *(way for way in ("machine", "file", "statement", "letter") if way != first)]
    found = {way: await by(way) for way in ways}
    assert {way: set(statuses) for way, (statuses, _) in found.items()} == {
        way: {"recorded" if way == first else "known"} for way in ways
    }
    assert len(found["file"][0]) == 2
    assert len(set.union(*(ids for _, ids in found.values()))) == 1
    assert (await version_on(amiens, path))[2:] == [("2018-08-05", 10_000, 10_100), ("2018-09-05", 10_102, 10_152)]
    changed = {**body, **rows_file(handoff, ROWS_OF_FILE[0], "2;06/09/2018;101,02;0,50;101,52;0,00")}
    told = await ok(bank.post("/partner/statement-files", changed))
    assert codes(told["items"]) == ["reference_already_used"] * 2


@pytest.mark.parametrize(
    ("rows", "place", "column", "code"),
    [
        ((ROWS_OF_FILE[0], "2;05/09/2018;101,02;0,50;101,53;0,00"), 1, "MONTANT", "row_total"),
        ((ROWS_OF_FILE[0], "3;05/09/2018;101,02;0,50;101,52;0,00"), 1, "ECHEANCE", "rows_numbered"),
        ((ROWS_OF_FILE[0], ROWS_OF_FILE[0]), 1, "ECHEANCE", "rows_numbered"),
        ((ROWS_OF_FILE[1], "1;05/09/2018;100,00;1,00;101,00;101,02"), 0, "DATE_ECHEANCE", "rows_in_order"),
        (("1;14/06/2018;100,00;1,00;101,00;101,02", ROWS_OF_FILE[1]), 0, "DATE_ECHEANCE", "rows_in_order"),
        (("1;05/08/2018;0,00;1,00;1,00;101,02", ROWS_OF_FILE[1]), 0, "CAPITAL", "too_small"),
        (ROWS_OF_FILE[:1], 0, "CAPITAL_RESTANT_DU", "rows_balance"),
        ((ROWS_OF_FILE[0], "2;05/09/2018;un;0,50;101,52;0,00"), 1, "CAPITAL", "not_a_french_amount"),
    ],
)
async def test_rows_that_do_not_fit_name_their_line_and_column_and_none_is_taken(
    databases: Databases, amiens: Ccas, rows: tuple[str, ...], place: int, column: str, code: str
) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    told = (await ok(bank.post("/partner/statement-files", rows_file(handoff, *rows))))["items"]
    assert codes(told) == ["invalid"] * len(rows)
    faults = [[(fault["pointer"], fault["code"]) for fault in one["error"]["errors"]] for one in told]
    whole = [[(f"/body/items/{index}", "schedule_not_whole")] for index in range(len(rows))]
    whole[place] = [(f"/body/items/{place}/{column}", code)]
    assert faults == whole
    assert (await loan_on(amiens, path, "2018-06-30"))["lender"]["position_on"] is None
    assert await reports(amiens, path) == []


async def test_rows_that_are_refused_are_so_on_each_of_their_lines(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, _ = await running(databases, amiens, 30_000, 6, "6.20")
    early = rows_file(handoff, *ROWS_OF_FILE, position_on="2018-06-09")
    told = (await ok(bank.post("/partner/statement-files", early)))["items"]
    assert [(answer["index"], answer["error"]["code"]) for answer in told] == [
        (0, "date_after_position"), (1, "date_after_position"),
    ]  # fmt: skip
    nobody = {"id": "01900000-0000-7000-8000-000000000000"}
    told = (await ok(bank.post("/partner/statement-files", rows_file(nobody, *ROWS_OF_FILE))))["items"]
    assert codes(told) == ["not_found"] * 2
    told = (await ok(bank.post("/partner/statement-files", rows_file({"id": "dossier 12"}, *ROWS_OF_FILE))))["items"]
    assert [answer["error"]["errors"][0]["pointer"] for answer in told] == ["/body/items/0/DOSSIER", "/body/items/1"]


async def test_what_was_called_due_or_laid_anew_by_mistake_is_taken_back_by_a_file(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    before = await version_on(amiens, path)
    await push(bank, handoff, "accelerations", acceleration(accelerated_on="2018-06-20"))
    await push(bank, handoff, "schedules", ROWS)
    case = GOLDEN["files"][2]
    content = case["content"].replace("dossier;", f"{handoff['id']};").encode()
    body = {"file_name": "x.csv", "content_base64": b64encode(content).decode(), "position_on": case["position_on"]}
    for status in ("recorded", "known"):
        assert codes((await ok(bank.post("/partner/statement-files", body)))["items"]) == [status] * 2
    assert await version_on(amiens, path) == before
    assert (await loan_on(amiens, path, "2018-12-31"))["status"] == "overdue"
