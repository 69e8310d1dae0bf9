"""Loans taken over from the spreadsheets of a CCAS: to the cent, never twice, one bad line for itself."""

from base64 import b64encode
from datetime import date
from typing import Any

import pytest

from app.domain.permissions import Role
from tests.support import Ccas, Databases, Json, Staff, add_staff, ok, refused, run_sql, told_until

# Six of the cases printed by Besançon, with the whole-euro instalments that their balances imply.
BESANCON = """\
REFERENCE;NOM;PRENOM;DATE_NAISSANCE;CODE_INSEE;OBJET;PROJET;COUT_PROJET;MONTANT_DEMANDE;DATE_DEMANDE;DATE_DECISION;\
MONTANT_PRET;SUBVENTION;DATE_CONTRAT;DATE_VERSEMENT;PREMIERE_ECHEANCE;NB_ECHEANCES;MENSUALITE;RELIQUAT;REMBOURSE;\
DERNIER_PAIEMENT;SOUTIEN;CONTENTIEUX_LE;NON_VALEUR;NON_VALEUR_LE;ETEINT;ETEINT_LE;ETEINT_MOTIF;DATE_SITUATION;SOLDE
2010-02;Dupré;Léa;04/05/1989;25056;family_ties_travel;Rendre visite à sa famille;1200;1200;05/10/2009;20/10/2009;\
1200;;28/10/2009;30/10/2009;05/12/2009;24;50;;790;15/12/2011;;15/01/2011;;;;;;31/12/2011;410
2010-06;Martin;Yanis;11/09/1987;25056;vehicle_purchase;Un véhicule pour travailler;2000;2000;02/12/2010;14/12/2010;\
2000;;20/12/2010;05/01/2011;05/02/2011;24;85;PREMIERE;895;05/12/2011;;;;;;;;31/12/2011;1105
2010-07;Bernard;Inès;23/01/1990;25056;furniture_appliances;Meubler un premier logement;2577,23;2577,23;01/09/2010;\
14/09/2010;2577,23;;20/09/2010;01/10/2010;05/11/2010;24;108;PREMIERE;1497,23;05/12/2011;;;;;;;;31/12/2011;1080,00
2011-11;Petit;Hugo;30/06/1991;25056;computer;Un ordinateur;1149;1149;03/01/2011;18/01/2011;1149;;25/01/2011;\
10/02/2011;05/03/2011;24;48;PREMIERE;477;05/12/2011;;;;;;;;31/12/2011;672
2011-16;Robert;Noa;17/12/1992;25056;driving_licence;Le permis de conduire;1000;1000;02/05/2011;10/05/2011;800;200;\
20/05/2011;01/06/2011;05/07/2011;20;40;;;;;20/07/2011;;;;;;31/12/2011;800
2011-18;Richard;Ambre;08/03/1990;25056;international_mobility;Un stage à l'étranger;2000;2000;06/06/2011;14/06/2011;\
2000;;24/06/2011;05/07/2011;05/08/2011;36;56;DERNIERE;280;05/12/2011;;;;;;;;31/12/2011;1720
"""
BALANCES = [41_000, 110_500, 108_000, 67_200, 80_000, 172_000]
COLUMNS, *LINES = BESANCON.splitlines()
NAMES = COLUMNS.split(";")
TABLES = (
    "people",
    "requests",
    "request_transitions",
    "assignments",
    "financing_plans",
    "decisions",
    "loans",
    "loan_transitions",
    "loan_decisions",
    "schedules",
    "ledger_entries",
    "ledger_lines",
    "reference_counters",
)


def line(base: str = LINES[1], **changes: str) -> str:
    """A line of the file with other cells."""
    cells = dict(zip(NAMES, base.split(";"), strict=True))
    assert changes.keys() <= cells.keys()
    return ";".join({**cells, **changes}.values())


def portfolio(*lines: str, columns: str = COLUMNS, **changes: Any) -> Json:
    """A file of these lines, as it is sent."""
    content = "\r\n".join([columns, *lines, ""]).encode("iso-8859-15")
    return {"file_name": "tableau-2011.csv", "content_base64": b64encode(content).decode(), **changes}


async def taken(ccas: Ccas, *lines: str, dry_run: bool = False, **changes: Any) -> Json:
    """The answer to a file."""
    path = f"/imports/portfolios?dry_run={str(dry_run).lower()}"
    return await ok(ccas.agent.post(path, portfolio(*lines, **changes)))


async def item_of(ccas: Ccas, text: str) -> Json:
    """The answer to one line."""
    (item,) = (await taken(ccas, text))["items"]
    return dict(item)


def counts(databases: Databases, ccas: Ccas) -> dict[str, int]:
    """How much is written down."""
    return {
        table: run_sql(databases, ccas, f"select count(*) as n from {table}")[0]["n"]  # noqa: S608
        for table in TABLES
    }


async def test_six_loans_of_besancon_have_their_printed_balances(besancon: Ccas) -> None:
    answer = await taken(besancon, *LINES)
    assert [item["error"] for item in answer["items"]] == [None] * 6
    assert [item["outstanding_cents"] for item in answer["items"]] == BALANCES
    assert answer["totals"] == {
        "lines": 6,
        "recorded": 6,
        "known": 0,
        "refused": 0,
        "principal_cents": 972_623,
        "outstanding_cents": sum(BALANCES),
    }
    await told_until(besancon, date(2011, 12, 31))
    loans = [await ok(besancon.agent.get(f"/loans/{item['loan_id']}?as_of=2011-12-31")) for item in answer["items"]]
    assert [loan["outstanding_cents"] for loan in loans] == BALANCES
    assert [loan["former_reference"] for loan in loans] == [text.split(";")[0] for text in LINES]
    assert [loan["status"] for loan in loans] == [
        "litigation",
        "running",
        "running",
        "running",
        "litigation",
        "running",
    ]
    assert [loan["next_due"]["amount_cents"] for loan in loans] == [1_000, 8_500, 10_800, 4_800, 4_000, 5_600]


async def test_what_the_spreadsheet_does_not_tell_stays_untold(besancon: Ccas) -> None:
    item = await item_of(besancon, LINES[4])
    loan = await ok(besancon.agent.get(f"/loans/{item['loan_id']}"))
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    decision = await ok(besancon.agent.get(f"/decisions/{loan['decision_id']}"))
    assert (loan["signatures"], loan["awaiting_signature_of"], loan["accepted_on"]) == ([], [], None)
    assert (request["household"], request["channel"], request["situations"]) == (None, None, [])
    assert (request["status"], request["received_on"], request["purpose"]) == (
        "contracted",
        "2011-05-02",
        "driving_licence",
    )
    assert (decision["outcome"], decision["decided_on"], decision["grant_cents"]) == ("approve", "2011-05-10", 20_000)
    assert (decision["signatory"], decision["body"], decision["session_id"]) == (None, None, None)
    assert (decision["facts"]["taken_over_as"], decision["rules_version"]) == ("2011-16", 3)
    assert (decision["breaches"], decision["overrides"]) == ([], [])
    person = await ok(besancon.agent.get(f"/people/{request['applicant_id']}"))
    assert (person["birth_name"], person["first_names"], person["phone"]) == ("Robert", "Noa", None)


async def test_the_money_is_told_by_the_accountant_and_the_part_of_the_ccas_is_support(besancon: Ccas) -> None:
    item = await item_of(besancon, line(SOUTIEN="85"))
    ledger = (await ok(besancon.agent.get(f"/loans/{item['loan_id']}/ledger")))["items"]
    told = [
        (entry["kind"], entry["amount_cents"], entry["effect_on"], entry["reference"], entry["payer"])
        for entry in ledger
    ]
    assert told == [
        ("disbursement", 200_000, "2011-01-05", None, None),
        ("repayment", 81_000, "2011-12-05", "REPRISE/2010-06", None),
        ("repayment", 8_500, "2011-12-05", "REPRISE/2010-06/SOUTIEN", "ccas"),
    ]
    assert {entry["source"] for entry in ledger[1:]} == {"public_accountant"}
    loan = await ok(besancon.agent.get(f"/loans/{item['loan_id']}"))
    assert (loan["supported_cents"], loan["outstanding_cents"]) == (8_500, 110_500)


async def test_what_was_lost_leaves_the_books_by_a_decision(besancon: Ccas) -> None:
    part = line(LINES[0], NON_VALEUR="300", NON_VALEUR_LE="20/12/2011", SOLDE="110")
    whole = line(LINES[4], ETEINT="800", ETEINT_LE="01/12/2011", ETEINT_MOTIF="RETABLISSEMENT", SOLDE="0")
    answer = await taken(besancon, part, whole)
    assert [item["outstanding_cents"] for item in answer["items"]] == [11_000, 0]
    loans = [await ok(besancon.agent.get(f"/loans/{item['loan_id']}")) for item in answer["items"]]
    assert [loan["legally_due_cents"] for loan in loans] == [41_000, 0]
    assert [loan["status"] for loan in loans] == ["litigation", "closed"]


async def test_a_non_valeur_then_an_erasure_of_more_than_the_books_hold(besancon: Ccas, databases: Databases) -> None:
    lost = line(
        LINES[0],
        NON_VALEUR="300",
        NON_VALEUR_LE="20/12/2011",
        ETEINT="410",
        ETEINT_LE="22/12/2011",
        ETEINT_MOTIF="PLAN",
        SOLDE="0",
    )
    item = await item_of(besancon, lost)
    assert (item["status"], item["outstanding_cents"]) == ("recorded", 0)
    loan = await ok(besancon.agent.get(f"/loans/{item['loan_id']}"))
    assert (loan["written_off_cents"], loan["discharged_cents"], loan["legally_due_cents"]) == (30_000, 41_000, 0)
    found = run_sql(databases, besancon, "select kind, decided_by from loan_decisions order by kind")
    assert [(row["kind"], row["decided_by"]) for row in found] == [("discharge", "board"), ("write_off", "board")]


async def test_an_identical_line_again_is_known_and_records_nothing(besancon: Ccas, databases: Databases) -> None:
    first = await taken(besancon, *LINES)
    before = counts(databases, besancon)
    again = await taken(besancon, *reversed(LINES))
    assert {item["status"] for item in again["items"]} == {"known"}
    assert [item["loan_id"] for item in again["items"]] == [item["loan_id"] for item in reversed(first["items"])]
    assert again["totals"] == {**first["totals"], "recorded": 0, "known": 6}
    assert counts(databases, besancon) == before
    item = await item_of(besancon, line(PROJET="Autre chose"))
    assert item["error"]["code"] == "line_differs"
    assert counts(databases, besancon) == before


async def test_people_who_look_alike_are_told_and_never_merged(besancon: Ccas) -> None:
    first = await item_of(besancon, line())
    second = await item_of(besancon, line(REFERENCE="2011-99", NOM="MARTIN"))
    loan = await ok(besancon.agent.get(f"/loans/{first['loan_id']}"))
    applicant = (await ok(besancon.agent.get(f"/requests/{loan['request_id']}")))["applicant_id"]
    assert (first["similar_person_ids"], second["similar_person_ids"]) == ([], [applicant])
    people = (await ok(besancon.agent.get("/people?q=martin")))["items"]
    assert len(people) == 2


async def test_a_dry_run_answers_the_same_and_writes_nothing(besancon: Ccas, databases: Databases) -> None:
    lines = [*LINES, LINES[0], line(REFERENCE="2011-99"), line(REFERENCE="2011-98", SOLDE="1")]
    before = counts(databases, besancon)
    dry = await taken(besancon, *lines, dry_run=True)
    assert counts(databases, besancon) == before
    wet = await taken(besancon, *lines)
    assert (dry["dry_run"], wet["dry_run"], dry["totals"]) == (True, False, wet["totals"])
    assert [item["status"] for item in dry["items"]] == [item["status"] for item in wet["items"]]
    assert {item["loan_id"] for item in dry["items"]} == {None}
    assert [item["similar_person_ids"] for item in dry["items"]] == [[]] * 9
    assert (wet["totals"]["known"], wet["totals"]["refused"]) == (1, 1)


BAD_CELLS: list[tuple[dict[str, str], list[str]]] = [
    ({"REFERENCE": ""}, ["REFERENCE"]),
    ({"NOM": "x" * 101, "PRENOM": "a\u00adb"}, ["NOM", "PRENOM"]),
    ({"DATE_NAISSANCE": "1989-05-04"}, ["DATE_NAISSANCE"]),
    ({"CODE_INSEE": "2505"}, ["CODE_INSEE"]),
    ({"OBJET": "voiture"}, ["OBJET"]),
    ({"COUT_PROJET": "2000.00", "MONTANT_PRET": "0"}, ["COUT_PROJET", "MONTANT_PRET"]),
    ({"MONTANT_PRET": "-5", "SOLDE": "1,005"}, ["MONTANT_PRET", "SOLDE"]),
    ({"NB_ECHEANCES": "", "MENSUALITE": ""}, ["NB_ECHEANCES"]),
    ({"NB_ECHEANCES": "0"}, ["NB_ECHEANCES"]),
    ({"NB_ECHEANCES": "121"}, ["NB_ECHEANCES"]),
    ({"RELIQUAT": "MILIEU"}, ["RELIQUAT"]),
    ({"DERNIER_PAIEMENT": ""}, ["DERNIER_PAIEMENT"]),
    ({"REMBOURSE": ""}, ["REMBOURSE"]),
    ({"SOUTIEN": "900"}, ["SOUTIEN"]),
    ({"NON_VALEUR": "10"}, ["NON_VALEUR_LE"]),
    ({"ETEINT": "10", "ETEINT_LE": "01/12/2011"}, ["ETEINT_MOTIF"]),
    ({"ETEINT": "10", "ETEINT_LE": "01/12/2011", "ETEINT_MOTIF": "MAIRE"}, ["ETEINT_MOTIF"]),
]


@pytest.mark.parametrize(("changes", "columns"), BAD_CELLS)
async def test_a_cell_that_cannot_be_read_is_named(
    besancon: Ccas, databases: Databases, changes: dict[str, str], columns: list[str]
) -> None:
    before = counts(databases, besancon)
    item = await item_of(besancon, line(**changes))
    assert (item["status"], item["error"]["code"], item["loan_id"]) == ("refused", "invalid", None)
    assert [error["pointer"] for error in item["error"]["errors"]] == [f"/body/items/0/{name}" for name in columns]
    assert counts(databases, besancon) == before


REFUSALS: list[tuple[dict[str, str], str, list[str]]] = [
    ({"SOLDE": "1105,01"}, "balance_differs", ["1105,01", "1105,00"]),
    ({"REMBOURSE": "894,99"}, "balance_differs", ["1105,00", "1105,01"]),
    ({"NB_ECHEANCES": "25"}, "impossible_schedule", ["NB_ECHEANCES", "24"]),
    ({"NB_ECHEANCES": "", "MENSUALITE": "10"}, "impossible_schedule", ["MENSUALITE", "16,67"]),
    ({"RELIQUAT": ""}, "remainder_not_told", ["RELIQUAT"]),
    ({"NON_VALEUR": "1105,01", "NON_VALEUR_LE": "06/12/2011"}, "loss_above_debt", ["NON_VALEUR", "1105,00"]),
    (
        {"ETEINT": "2000", "ETEINT_LE": "31/12/2011", "ETEINT_MOTIF": "PLAN"},
        "loss_above_debt",
        ["ETEINT", "1105,00"],
    ),
    ({"DATE_DECISION": "01/12/2010"}, "date_out_of_order", ["DATE_DECISION"]),
    ({"DATE_VERSEMENT": "19/12/2010"}, "date_out_of_order", ["DATE_VERSEMENT"]),
    ({"PREMIERE_ECHEANCE": "04/01/2011"}, "date_out_of_order", ["PREMIERE_ECHEANCE"]),
    ({"DERNIER_PAIEMENT": "04/01/2011"}, "date_out_of_order", ["DERNIER_PAIEMENT"]),
    ({"DERNIER_PAIEMENT": "01/01/2012"}, "date_after_position", ["DERNIER_PAIEMENT"]),
    ({"CONTENTIEUX_LE": "01/01/2012"}, "date_after_position", ["CONTENTIEUX_LE"]),
    ({"DATE_SITUATION": "31/12/2190"}, "date_in_future", ["DATE_SITUATION"]),
    ({"CODE_INSEE": "75056"}, "commune_not_served", []),
    ({"DATE_DEMANDE": "01/09/2009"}, "no_rules_in_force", []),
]


@pytest.mark.parametrize(("changes", "code", "words"), REFUSALS)
async def test_a_line_that_cannot_be_is_refused_alone_and_leaves_nothing(
    besancon: Ccas, databases: Databases, changes: dict[str, str], code: str, words: list[str]
) -> None:
    answer = await taken(besancon, line(REFERENCE="2010-99", **changes), LINES[0])
    bad, good = answer["items"]
    assert (bad["status"], bad["error"]["code"], good["status"]) == ("refused", code, "recorded")
    assert all(word in bad["error"]["detail"] for word in words), bad["error"]["detail"]
    found = counts(databases, besancon)
    assert (found["people"], found["requests"], found["loans"], found["decisions"]) == (1, 1, 1, 1)
    assert (answer["totals"]["refused"], answer["totals"]["outstanding_cents"]) == (1, 41_000)


@pytest.mark.parametrize(
    ("content", "encoding", "code"),
    [
        (BESANCON.encode(), "iso-8859-15", "file_encoding_differs"),
        (BESANCON.encode("iso-8859-15"), "utf-8", "file_encoding_differs"),
        (f"{COLUMNS}\r\n".encode(), "iso-8859-15", "file_empty"),
        (BESANCON.replace("SOLDE", "BALANCE", 1).encode("utf-8"), "utf-8", "column_missing"),
        (BESANCON.replace("SOUTIEN", "SUBVENTION", 1).encode("utf-8"), "utf-8", "column_doubled"),
        ("\n".join([COLUMNS, *[LINES[1]] * 501]).encode(), "utf-8", "file_too_long"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    besancon: Ccas, databases: Databases, content: bytes, encoding: str, code: str
) -> None:
    before = counts(databases, besancon)
    body = portfolio(content_base64=b64encode(content).decode(), encoding=encoding)
    await refused(besancon.agent.post("/imports/portfolios", body), 409, code)
    assert counts(databases, besancon) == before


async def test_columns_that_may_be_empty_may_be_missing(besancon: Ccas) -> None:
    kept = [name for name in NAMES if name not in ("SUBVENTION", "SOUTIEN", "NON_VALEUR", "NON_VALEUR_LE", "ETEINT")]
    cells = dict(zip(NAMES, LINES[1].split(";"), strict=True))
    answer = await taken(besancon, ";".join(cells[name] for name in kept), columns=";".join(kept))
    assert answer["items"][0]["outstanding_cents"] == 110_500


async def test_a_ccas_whose_partner_lends_takes_no_loan_over(toulouse: Ccas) -> None:
    item = await item_of(toulouse, line(CODE_INSEE=toulouse.insee_code, DATE_SITUATION="31/12/2011"))
    assert item["error"]["code"] == "partner_lends"


async def test_whoever_works_for_some_communes_alone_takes_no_portfolio_over(
    besancon: Ccas, databases: Databases
) -> None:
    account_id = add_staff(databases, besancon.id, "narrowed", [Role.AGENT])
    narrowed = "update accounts set commune_insee_codes = array['39001'] where id = :id returning id"
    run_sql(databases, besancon, narrowed, as_owner=True, id=account_id)
    agent = Staff(besancon.agent.client, account_id, besancon.id)
    await refused(agent.post("/imports/portfolios", portfolio(LINES[0])), 409, "commune_out_of_reach")


async def test_only_a_decision_that_was_taken_over_has_no_signatory(besancon: Ccas, databases: Databases) -> None:
    await taken(besancon, LINES[0])
    with pytest.raises(Exception, match="signed_unless_taken_over"):
        run_sql(databases, besancon, "update decisions set facts = '{}' returning id", as_owner=True)
    with pytest.raises(Exception, match="household_whole"):
        run_sql(databases, besancon, "update requests set adults = 1 returning id", as_owner=True)
    with pytest.raises(Exception, match="former_line_whole"):
        run_sql(databases, besancon, "update loans set former_line_sha256 = null returning id", as_owner=True)


async def test_titles_and_payment_orders_go_on_from_where_the_spreadsheet_ended(besancon: Ccas) -> None:
    await taken(besancon, LINES[1])
    asked = {"due_until": "2012-02-29", "issued_on": "2012-01-15"}
    slip = await ok(besancon.agent.post("/exports/titres", asked))
    assert [(row["number"], row["due_on"]) for row in slip["lines"]] == [(12, "2012-01-05"), (13, "2012-02-05")]
    await refused(besancon.agent.post("/exports/mandats", asked), 409, "nothing_to_export")


async def test_no_title_asks_what_was_paid_ahead_before_the_loan_was_taken_over(besancon: Ccas) -> None:
    settled = line(REFERENCE="2010-97", REMBOURSE="2000", SOLDE="0")
    await taken(besancon, settled)
    asked = {"due_until": "2012-02-29", "issued_on": "2012-01-15"}
    await refused(besancon.agent.post("/exports/titres", asked), 409, "nothing_to_export")
    # Of the instalment of January 85 € were paid ahead, of that of February 30 €.
    await taken(besancon, line(REFERENCE="2010-98", REMBOURSE="1010", SOLDE="990"))
    slip = await ok(besancon.agent.post("/exports/titres", asked))
    assert [(row["number"], row["total_cents"]) for row in slip["lines"]] == [(13, 5_500)]


async def test_what_was_taken_over_is_read_as_any_other_file(besancon: Ccas) -> None:
    loan_id = (await item_of(besancon, LINES[0]))["loan_id"]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    request = f"/requests/{loan['request_id']}"
    for path in (
        f"/loans/{loan_id}/actions",
        f"/loans/{loan_id}/schedule",
        f"{request}/actions",
        f"{request}/timeline",
    ):
        await ok(besancon.agent.get(path))
    assert (await ok(besancon.agent.get("/worklist")))["items"] == []
    sheet = await besancon.agent.get(f"{request}/documents/intake_sheet")
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "application/pdf")
    late = {"amount_cents": 1_000, "received_on": "2012-01-05", "source": "public_accountant", "reference": "E-9"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", late))
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["outstanding_cents"] == 40_000
