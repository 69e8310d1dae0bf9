"""The public accountant's position, read from its file: each line for itself, never twice, nothing half-posted."""

from base64 import b64encode
from typing import Any

import pytest

from tests.api.test_accounting_slips import MARCH, reschedule
from tests.support import Ccas, Databases, Json, accepted, disbursed, offered, ok, refused, run_sql

COLUMNS = "NUM_PRET;NUM_ECHEANCE;DATE_ENCAISSEMENT;MONTANT;ETAT;REF_ENCAISSEMENT;DATE_POSITION"
BY_REFERENCE = "REF_ECHEANCE;DATE_ENCAISSEMENT;MONTANT;ETAT;REF_ENCAISSEMENT;DATE_POSITION"
PAID = "P-2011-0001;1;05/02/2011;45,00;SOLDE;E-1;28/02/2011"
TABLES = ("ledger_entries", "ledger_lines", "position_lines", "positions", "loan_transitions", "accounting_lines")


def position(*lines: str, columns: str = COLUMNS, **changes: Any) -> Json:
    """A file of these lines, as it is sent."""
    content = "\r\n".join([columns, *lines, ""]).encode("iso-8859-15")
    return {"file_name": "position-2011-02.csv", "content_base64": b64encode(content).decode(), **changes}


async def told(ccas: Ccas, *lines: str, columns: str = COLUMNS) -> list[Json]:
    """The answers to the lines of a file."""
    answer = await ok(ccas.agent.post("/imports/positions", position(*lines, columns=columns)))
    items: list[Json] = answer["items"]
    return items


async def paid_out(ccas: Ccas) -> str:
    """The identifier of a loan that is paid out as `disbursed` does, of which the accountant has told nothing yet."""
    loan_id = await accepted(ccas)
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    return loan_id


def counts(databases: Databases, ccas: Ccas) -> dict[str, int]:
    """How much is written down of what the accountant told."""
    return {
        table: run_sql(databases, ccas, f"select count(*) as n from {table}")[0]["n"]  # noqa: S608
        for table in TABLES
    }


async def test_a_line_of_money_enters_the_ledger_under_its_reference_on_its_instalment(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    (item,) = await told(besancon, PAID)
    assert (item["status"], item["loan_id"], item["left_cents"], item["anomalies"]) == ("recorded", loan_id, 0, [])
    ledger = await ok(besancon.agent.get(f"/loans/{loan_id}/ledger"))
    entry = ledger["items"][-1]
    assert (entry["id"], entry["kind"], entry["amount_cents"]) == (item["id"], "repayment", 4_500)
    assert (entry["source"], entry["reference"], entry["instalment_ref"]) == ("public_accountant", "E-1", 1)
    assert entry["effect_on"] == "2011-02-05"


async def test_the_same_file_a_second_time_records_nothing_new(besancon: Ccas, databases: Databases) -> None:
    await disbursed(besancon)
    lines = [
        PAID,
        "P-2011-0001;2;;85,00;PRIS_EN_CHARGE;;28/02/2011",
        "P-2011-0001;3;;85,00;CONTENTIEUX;;28/02/2011",
        "P-2011-0001;4;;85,00;ANV;;28/02/2011",
    ]
    first = await told(besancon, *lines)
    before = counts(databases, besancon)
    again = await told(besancon, *lines)
    assert [item["status"] for item in first] == ["recorded", "recorded", "recorded", "to_decide"]
    assert [item["status"] for item in again] == ["known", "known", "known", "to_decide"]
    assert [item["id"] for item in again] == [item["id"] for item in first]
    assert counts(databases, besancon) == before


async def test_one_bad_line_refuses_no_other_and_holds_the_position_back(besancon: Ccas, databases: Databases) -> None:
    loan_id = await paid_out(besancon)
    body = position(
        PAID,
        "P-2011-9999;1;05/02/2011;45,00;SOLDE;E-2;28/02/2011",
        "P-2011-0001;2;05/02/2011;85.00;PARTIEL;E-3;28/02/2011",
        "P-2011-0001;99;05/02/2011;85,00;PARTIEL;E-4;28/02/2011",
        "P-2011-0001;2;01/03/2011;85,00;PARTIEL;E-5;28/02/2011",
        "P-2011-0001;2;06/02/2011;85,00;PARTIEL;E-1;28/02/2011",
        "P-2011-0001;2;06/02/2011;85,00;PARTIEL;E-6;31/03/2011",
        "P-2011-0001;2;06/02/2011",
        "P-2011-0001;2;06/02/2011;40,00;PARTIEL;E-7;28/02/2011",
    )
    answer = await ok(besancon.agent.post("/imports/positions", body))
    assert [item["error"] and item["error"]["code"] for item in answer["items"]] == [
        None,
        "loan_unknown",
        "invalid",
        "title_unknown",
        "date_after_position",
        "reference_already_used",
        "positions_differ",
        "invalid",
        None,
    ]
    assert [error["pointer"] for error in answer["items"][2]["error"]["errors"]] == ["/body/items/2/MONTANT"]
    assert answer["items"][8]["left_cents"] == 4_500
    assert (answer["position_on"], answer["moved"]) == ("2011-02-28", False)
    assert (await ok(besancon.agent.get("/positions")))["items"] == []
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["repaid_cents"] == 8_500
    found = counts(databases, besancon)
    assert (found["position_lines"], found["positions"]) == (2, 0)


async def test_a_whole_file_moves_the_position_and_an_older_one_does_not_move_it_back(besancon: Ccas) -> None:
    await paid_out(besancon)
    february = await ok(besancon.agent.post("/imports/positions", position(PAID)))
    march = "P-2011-0001;2;05/03/2011;85,00;SOLDE;E-2;31/03/2011"
    late = "P-2011-0001;3;10/02/2011;85,00;SOLDE;E-3;15/02/2011"
    moved = [(await ok(besancon.agent.post("/imports/positions", position(line))))["moved"] for line in (march, late)]
    assert (february["moved"], moved) == (True, [True, False])
    items = (await ok(besancon.agent.get("/positions")))["items"]
    assert [(item["position_on"], item["reference"]) for item in items] == [
        ("2011-03-31", "position-2011-02.csv"),
        ("2011-02-28", "position-2011-02.csv"),
    ]


async def test_a_dry_run_answers_the_same_and_writes_nothing(besancon: Ccas, databases: Databases) -> None:
    await disbursed(besancon)
    body = position(PAID, "P-2011-0001;2;;;CONTENTIEUX;;28/02/2011", "P-2011-9999;1;;;ANV;;28/02/2011")
    before = counts(databases, besancon)
    dry = await ok(besancon.agent.post("/imports/positions?dry_run=true", body))
    assert counts(databases, besancon) == before
    wet = await ok(besancon.agent.post("/imports/positions?dry_run=false", body))
    told_apart = ("id",)
    assert [{k: v for k, v in item.items() if k not in told_apart} for item in dry["items"]] == [
        {k: v for k, v in item.items() if k not in told_apart} for item in wet["items"]
    ]
    assert ({item["id"] for item in dry["items"]}, dry["dry_run"], wet["dry_run"]) == ({None}, True, False)
    await refused(besancon.agent.post("/imports/positions?dry_run=yes", body), 422, "invalid")


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (f"{COLUMNS}\r\n{PAID}é\r\n".encode(), "iso-8859-15", "file_encoding_differs"),
        (f"{COLUMNS}\r\n{PAID}é\r\n".encode("iso-8859-15"), "utf-8", "file_encoding_differs"),
        (f"{COLUMNS}\r\n{PAID}\r\n".encode("utf-16"), "iso-8859-15", "file_encoding_differs"),
        (f"{COLUMNS}\r\n".encode(), "iso-8859-15", "file_empty"),
        (b"\r\n;\r\n", "iso-8859-15", "file_empty"),
        (f"{COLUMNS[:-14]}\r\n{PAID[:-11]}\r\n".encode(), "iso-8859-15", "column_missing"),
        (f"{COLUMNS};ETAT\r\n{PAID};SOLDE\r\n".encode(), "iso-8859-15", "column_doubled"),
        (f'{COLUMNS}\r\n{PAID}\r\n"P-2011\r\n'.encode(), "iso-8859-15", "file_unreadable"),
        (f"{COLUMNS}\r\n{PAID}".replace(";", ",").encode(), "iso-8859-15", "column_missing"),
        ((f"{COLUMNS}\r\n" + f"{PAID}\r\n" * 501).encode(), "iso-8859-15", "file_too_long"),
        (f"{COLUMNS}\r\n{PAID}\r\n".replace("28/02/2011", "28/02/2190").encode(), "iso-8859-15", "date_in_future"),
    ],
    ids=[
        "UTF-8",
        "Latin",
        "UTF-16",
        "no line",
        "nothing",
        "no DATE_POSITION",
        "two ETAT",
        "open quotation",
        "commas",
        "too long",
        "a position to come",
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    besancon: Ccas, databases: Databases, content: bytes, encoding: str, code: str
) -> None:
    await disbursed(besancon)
    before = counts(databases, besancon)
    body = position(content_base64=b64encode(content).decode(), encoding=encoding)
    problem = await refused(besancon.agent.post("/imports/positions", body), 409, code)
    assert counts(databases, besancon) == before
    if code == "file_encoding_differs":
        assert problem["detail"].startswith(f"Ces octets ne sont pas un texte en {encoding.upper()} :")


async def test_bytes_that_are_no_base64_are_a_fault_of_the_field(besancon: Ccas) -> None:
    problem = await refused(besancon.agent.post("/imports/positions", position(content_base64="abcde")), 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == ["/body/content_base64"]


async def test_an_instalment_that_moved_is_found_by_the_number_under_which_it_was_told(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post("/exports/titres", MARCH))
    deferred = [(1, "2011-02-05", 4_500), (25, "2011-03-05", 4_000), (26, "2011-05-05", 191_500)]
    reschedule(databases, besancon, loan_id, deferred, on="2011-03-10")
    await ok(besancon.agent.post("/exports/titres", {"due_until": "2011-03-31", "issued_on": "2011-03-15"}))
    items = await told(
        besancon,
        "P-2011-0001-002;20/03/2011;10,00;PARTIEL;E-1;31/03/2011",
        "P-2011-0001-026;20/03/2011;5,00;PARTIEL;E-2;31/03/2011",
        columns=BY_REFERENCE,
    )
    by_number = await told(besancon, "P-2011-0001;2;21/03/2011;20,00;PARTIEL;E-3;31/03/2011")
    ledger = await ok(besancon.agent.get(f"/loans/{loan_id}/ledger"))
    assert [entry["instalment_ref"] for entry in ledger["items"][1:]] == [25, 26, 25]
    assert [item["status"] for item in [*items, *by_number]] == ["recorded"] * 3
    assert by_number[0]["left_cents"] == 1_000


async def test_litigation_is_noted_from_its_day(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    (item,) = await told(besancon, "P-2011-0001;2;20/03/2011;85,00;CONTENTIEUX;;31/03/2011")
    assert (item["status"], item["anomalies"]) == ("recorded", [])
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-03-20"))
    before = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-03-19"))
    assert (loan["status"], before["status"] != "litigation") == ("litigation", True)
    (money,) = await told(besancon, "P-2011-0001;2;25/03/2011;85,00;SOLDE;E-9;31/03/2011")
    assert money["status"] == "recorded"


@pytest.mark.parametrize("state", ["ANV", "ETEINT"])
async def test_a_loss_without_a_decision_of_the_board_waits_and_posts_nothing(
    besancon: Ccas, databases: Databases, state: str
) -> None:
    loan_id = await paid_out(besancon)
    before = counts(databases, besancon)
    answer = await ok(besancon.agent.post("/imports/positions", position(f"P-2011-0001;2;;85,00;{state};;28/02/2011")))
    assert ([item["status"] for item in answer["items"]], answer["moved"]) == (["to_decide"], True)
    after = counts(databases, besancon)
    assert {table for table in TABLES if after[table] != before[table]} == {"position_lines", "positions"}
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["outstanding_cents"] == 200_000


async def test_a_loss_that_the_board_decided_is_known(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    written_off = {"loan_id": loan_id, "account_id": besancon.agent.account_id, "tenant_id": besancon.id}
    run_sql(
        databases,
        besancon,
        "with decision as (insert into loan_decisions (tenant_id, id, loan_id, kind, decided_on, decided_by,"
        " account_id, entered_at) values (:tenant_id, gen_random_uuid(), :loan_id, 'write_off', '2011-02-20', 'board',"
        " :account_id, now()) returning id), entry as (insert into ledger_entries (tenant_id, id, loan_id, kind,"
        " amount_cents, effect_on, decision_id, account_id, off_books_cents, entered_at) select :tenant_id,"
        " gen_random_uuid(), :loan_id, 'write_off', 8500, '2011-02-20', id, :account_id, 0, now() from decision"
        " returning id) insert into ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)"
        " select :tenant_id, gen_random_uuid(), entry.id, :loan_id, account, cents, '2011-02-20' from entry,"
        " (values ('loans', -8500), ('non_valeur', 8500), ('off_books', 8500), ('off_books_contra', -8500))"
        " as moved (account, cents)",
        **written_off,
    )
    line = "P-2011-0001;{};;{};ANV;;28/02/2011"
    (known,) = await told(besancon, line.format(2, "85,00"))
    (beyond,) = await told(besancon, line.format(3, "0,01"))
    assert (known["status"], beyond["status"]) == ("known", "to_decide")


async def test_a_payment_that_came_back_is_taken_back_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await told(besancon, PAID)
    rejection = "P-2011-0001;1;12/02/2011;45,00;REJETE;E-1;28/02/2011"
    items = [(await told(besancon, rejection))[0] for _ in range(2)]
    assert [item["status"] for item in items] == ["recorded", "known"]
    assert items[0]["id"] == items[1]["id"]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["repaid_cents"], loan["outstanding_cents"]) == (0, 200_000)
    other = "P-2011-0001;1;12/02/2011;44,00;REJETE;E-1;28/02/2011"
    (item,) = await told(besancon, other)
    assert item["error"]["code"] == "reference_already_used"


async def test_a_title_that_the_accountant_did_not_take_is_for_the_staff_to_see_to(besancon: Ccas) -> None:
    await disbursed(besancon)
    (item,) = await told(besancon, "P-2011-0001;1;12/02/2011;45,00;REJETE;;28/02/2011")
    assert item["status"] == "to_decide"


async def test_a_title_that_was_rejected_is_told_anew_on_the_next_slip(besancon: Ccas) -> None:
    await disbursed(besancon)
    await ok(besancon.agent.post("/exports/titres", MARCH))
    await told(besancon, "P-2011-0001-001;12/03/2011;45,00;REJETE;;31/03/2011", columns=BY_REFERENCE)
    slip = await ok(besancon.agent.post("/exports/titres", {"due_until": "2011-03-31", "issued_on": "2011-04-01"}))
    lines = [(line["type"], line["reference"], line["total_cents"]) for line in slip["lines"]]
    assert lines == [("emission", "P-2011-0001-001", 4_500)]
    again = {"due_until": "2011-03-31", "issued_on": "2011-04-02"}
    await refused(besancon.agent.post("/exports/titres", again), 409, "nothing_to_export")


async def test_money_that_a_cash_officer_received_is_not_told_twice(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    receipt = {"amount_cents": 4_500, "received_on": "2011-02-05", "source": "cash_officer", "reference": "Q-17"}
    entry = await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", {**receipt, "cash_officer": "Mme Régie"}))
    same, alike = await told(
        besancon,
        "P-2011-0001;1;07/02/2011;45,00;SOLDE;Q-17;28/02/2011",
        "P-2011-0001;1;05/02/2011;45,00;SOLDE;E-1;28/02/2011",
    )
    assert (same["status"], same["id"]) == ("known", entry["id"])
    assert (alike["status"], alike["anomalies"]) == ("recorded", ["like_a_receipt"])


async def test_a_fact_of_a_loan_that_is_not_paid_out_is_recorded_with_an_anomaly(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    items = await told(besancon, PAID, "P-2011-0001;1;06/02/2011;;CONTENTIEUX;;28/02/2011")
    assert [item["status"] for item in items] == ["recorded", "recorded"]
    assert items[0]["anomalies"] == ["repaid_before_payment"]
    assert items[1]["anomalies"] == ["not_owed"]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["credit_cents"]) == ("offered", 4_500)


async def test_a_fact_of_a_closed_loan_is_recorded_as_a_credit_with_an_anomaly(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    items = await told(
        besancon,
        "P-2011-0001;;10/02/2011;2000,00;SOLDE;E-1;28/02/2011",
        "P-2011-0001;;11/02/2011;10,00;PARTIEL;E-2;28/02/2011",
        "P-2011-0001;;12/02/2011;;CONTENTIEUX;;28/02/2011",
    )
    assert [(item["status"], item["anomalies"]) for item in items] == [
        ("recorded", []),
        ("recorded", ["repaid_beyond_debt"]),
        ("recorded", ["not_owed"]),
    ]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["credit_cents"]) == ("closed", 1_000)


async def test_what_the_accountant_calls_paid_and_is_not_here_shows_what_is_left(besancon: Ccas) -> None:
    await disbursed(besancon)
    (item,) = await told(besancon, "P-2011-0001;1;05/02/2011;40,00;SOLDE;E-1;28/02/2011")
    assert (item["status"], item["left_cents"]) == ("recorded", 500)
