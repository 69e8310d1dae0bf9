"""Slips to the public accountant: each line once, numbered without a hole, the bytes of their files."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import text

from app.domain.permissions import Role
from tests.schedules import decided, defer
from tests.support import Ccas, Databases, Json, Staff, accepted, add_staff, demand, disbursed, ok, refused, run_sql

HEADER = (
    b"EXERCICE;COLLECTIVITE_SIRET;NUM_PRET;NUM_ECHEANCE;DATE_ECHEANCE;TIERS_CODE;CIVILITE;NOM;PRENOM;DATE_NAISSANCE;"
    b"ADR1;ADR2;CP;VILLE;IMPUTATION;MONTANT_PRINCIPAL;MONTANT_INTERETS;MONTANT_TOTAL;OBJET;REF_DECISION;DATE_DECISION;"
    b"IBAN;RUM;MODE_RECOUVREMENT;REF_ECHEANCE;TYPE;NUM_BORDEREAU\r\n"
)
FEBRUARY: Json = {"due_until": "2011-02-28", "issued_on": "2011-02-01"}
MARCH: Json = {"due_until": "2011-03-31", "issued_on": "2011-03-01"}


def said(slip: Json) -> list[tuple[str, str, int]]:
    """What the lines of a slip say, shortly."""
    return [(line["type"], line["reference"], line["total_cents"]) for line in slip["lines"]]


def reschedule(databases: Databases, ccas: Ccas, loan_id: str, rows: list[tuple[int, str, int]], on: str) -> None:
    """Puts a version of these rows (reference, day, cents) in force, as a change of the schedule would."""
    run_sql(
        databases,
        ccas,
        "insert into schedules (tenant_id, id, loan_id, version, kind, rate_percent, past_anchors, pauses, prepayments,"
        " entered_at) select tenant_id, gen_random_uuid(), loan_id, max(version) + 1, 'reschedule', 0, '[]', '[]',"
        " '[]', now() from schedules where loan_id = :loan_id group by tenant_id, loan_id",
        loan_id=loan_id,
    )
    left = sum(cents for _, _, cents in rows)
    for number, (ref, due_on, cents) in enumerate(rows, 1):
        left -= cents
        run_sql(
            databases,
            ccas,
            "insert into schedule_rows (tenant_id, id, schedule_id, number, ref, due_on, principal_cents,"
            " interest_cents, total_cents, balance_cents, borrower_cents, third_parties) select tenant_id,"
            " gen_random_uuid(), id, :number, :ref, :due_on, :cents, 0, :cents, :left, :cents, '[]' from schedules"
            " where loan_id = :loan_id order by version desc limit 1",
            loan_id=loan_id,
            number=number,
            ref=ref,
            due_on=due_on,
            cents=cents,
            left=left,
        )
    run_sql(
        databases,
        ccas,
        "insert into schedule_activations (tenant_id, id, loan_id, schedule_id, effective_on, supersedes_id,"
        " entered_at) select s.tenant_id, gen_random_uuid(), s.loan_id, s.id, :on,"
        " (select a.id from schedule_activations a where a.loan_id = s.loan_id and not exists (select from"
        " schedule_activations b where b.supersedes_id = a.id)), now()"
        " from schedules s where s.loan_id = :loan_id order by s.version desc limit 1",
        loan_id=loan_id,
        on=on,
    )


async def test_titles_are_a_file_that_finance_software_takes_byte_for_byte(besancon: Ccas) -> None:
    await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/titres", {**MARCH, "collectivity_siret": "26000000500017"}))
    answer = await besancon.agent.get(f"/exports/{slip['id']}.csv")
    assert answer.content == HEADER + (
        b"2011;26000000500017;P-2011-0001;1;05/02/2011;;;Exemple;Camille;02/03/1988;;;;Besan\xe7on;2748;45,00;0,00;45,00;"
        b"MICROCREDIT ECH 1/24;D-2011-0001;20/01/2011;;;TITRE;P-2011-0001-001;emission;1\r\n"
        b"2011;26000000500017;P-2011-0001;2;05/03/2011;;;Exemple;Camille;02/03/1988;;;;Besan\xe7on;2748;85,00;0,00;85,00;"
        b"MICROCREDIT ECH 2/24;D-2011-0001;20/01/2011;;;TITRE;P-2011-0001-002;emission;1\r\n"
    )
    assert answer.headers["content-type"] == "text/csv; charset=iso-8859-15"
    assert answer.headers["content-disposition"] == 'attachment; filename="titres-2011-0001.csv"'
    assert answer.headers["cache-control"] == "no-store"


async def test_the_same_file_in_utf_8(besancon: Ccas) -> None:
    await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    latin, utf_8 = [
        await besancon.agent.get(f"/exports/{slip['id']}.csv", encoding=encoding)
        for encoding in ("iso-8859-15", "utf-8")
    ]
    assert utf_8.content.decode() == latin.content.decode("iso-8859-15")
    assert "Besançon" in utf_8.content.decode()
    assert utf_8.headers["content-type"] == "text/csv; charset=utf-8"


async def test_payment_orders_are_a_file_too(besancon: Ccas) -> None:
    await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/mandats", FEBRUARY))
    answer = await besancon.agent.get(f"/exports/{slip['id']}.csv")
    assert answer.content == (
        b"EXERCICE;COLLECTIVITE_SIRET;NUM_PRET;DATE_VERSEMENT;TIERS_CODE;TIERS_SIRET;CIVILITE;NOM;PRENOM;IBAN;IMPUTATION;"
        b"MONTANT;NUM_FACTURE;OBJET;REF_DECISION;DATE_DECISION;REF_VERSEMENT;TYPE;NUM_BORDEREAU\r\n"
        b"2011;;P-2011-0001;30/01/2011;;;;;;;2748;2000,00;;VERSEMENT P-2011-0001;D-2011-0001;20/01/2011;"
        b"P-2011-0001-V001;emission;1\r\n"
    )
    await refused(besancon.agent.post("/exports/mandats", FEBRUARY), 409, "nothing_to_export")


async def test_a_mandate_names_the_supplier_and_the_invoice_and_never_the_whole_account(besancon: Ccas) -> None:
    garage = {"name": "Garage Exemple", "kinds": ["supplier"], "siret": "73282932000074"}
    organisation = await ok(besancon.agent.post("/organisations", garage))
    payee = {
        "kind": "supplier",
        "organisation_id": organisation["id"],
        "iban": "FR1420041010050500013M02606",
        "invoice_reference": "F-2011-7",
    }
    loan_id = await accepted(besancon)
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": payee}
    await ok(besancon.agent.post(f"/loans/{loan_id}/disbursements", payment))
    slip = await ok(besancon.agent.post("/exports/mandats", FEBRUARY))
    content = (await besancon.agent.get(f"/exports/{slip['id']}.csv")).content
    assert content.split(b"\r\n")[1] == (
        b"2011;;P-2011-0001;30/01/2011;;73282932000074;;Garage Exemple;;;2748;2000,00;F-2011-7;VERSEMENT P-2011-0001;"
        b"D-2011-0001;20/01/2011;P-2011-0001-V001;emission;1"
    )
    assert slip["lines"][0]["party"]["iban_last4"] == "2606"


async def test_a_payment_that_was_taken_back_is_taken_back_at_the_accountants_too(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post("/exports/mandats", FEBRUARY))
    run_sql(
        databases,
        besancon,
        "with reversal as (insert into ledger_entries (tenant_id, id, loan_id, kind, amount_cents, effect_on,"
        " reverses_id, account_id, off_books_cents, entered_at) select tenant_id, gen_random_uuid(), loan_id,"
        " 'reversal', amount_cents, '2011-02-10', id, account_id, 0, now() from ledger_entries"
        " where loan_id = :loan_id returning id, reverses_id)"
        " insert into ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)"
        " select l.tenant_id, gen_random_uuid(), r.id, l.loan_id, l.account, -l.amount_cents, '2011-02-10'"
        " from ledger_lines l join reversal r on r.reverses_id = l.entry_id",
        loan_id=loan_id,
    )
    slip = await ok(besancon.agent.post("/exports/mandats", MARCH))
    assert said(slip) == [("annulation", "P-2011-0001-V001", 200_000)]
    await refused(besancon.agent.post("/exports/mandats", MARCH), 409, "nothing_to_export")


async def test_an_instalment_is_told_once_and_only_when_it_falls_due_by_the_day(besancon: Ccas) -> None:
    await disbursed(besancon)
    first = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    await refused(besancon.agent.post("/exports/titres", FEBRUARY), 409, "nothing_to_export")
    second = await ok(besancon.agent.post("/exports/titres", MARCH))
    assert said(first) == [("emission", "P-2011-0001-001", 4_500)]
    assert said(second) == [("emission", "P-2011-0001-002", 8_500)]
    assert first["totals"] == {"emission_cents": 4_500, "reduction_cents": 0, "annulation_cents": 0}


async def test_slips_are_numbered_without_a_hole_in_the_year_of_their_kind(besancon: Ccas) -> None:
    await disbursed(besancon)
    bodies = [
        ("titres", FEBRUARY),
        ("titres", FEBRUARY),  # nothing is left to tell: no number is spent
        ("titres", MARCH),
        ("mandats", MARCH),
        ("titres", {"due_until": "2012-01-31", "issued_on": "2012-01-02"}),
    ]
    answers = [(await besancon.agent.post(f"/exports/{kind}", body)).json() for kind, body in bodies]
    numbers = [(slip["kind"], slip["year"], slip["number"]) for slip in answers if "kind" in slip]
    assert numbers == [("titres", 2011, 1), ("titres", 2011, 2), ("mandats", 2011, 1), ("titres", 2012, 1)]
    listed = await ok(besancon.agent.get("/exports", kind="titres", year=2011))
    assert [slip["number"] for slip in listed["items"]] == [2, 1]


async def test_slips_of_one_kind_follow_one_another_in_time(besancon: Ccas) -> None:
    await disbursed(besancon)
    await ok(besancon.agent.post("/exports/titres", MARCH))
    earlier = {"due_until": "2011-04-30", "issued_on": "2011-02-28"}
    problem = await refused(besancon.agent.post("/exports/titres", earlier), 409, "date_out_of_order")
    assert problem["not_before"] == "2011-03-01"
    assert problem["detail"] == "La date du bordereau ne peut pas précéder le 01/03/2011."
    later = {"due_until": "2011-04-30", "issued_on": "2199-01-01"}
    await refused(besancon.agent.post("/exports/titres", later), 409, "date_in_future")


async def test_two_slips_at_once_never_tell_a_line_twice(besancon: Ccas) -> None:
    await disbursed(besancon)
    answers = await asyncio.gather(*(besancon.agent.post("/exports/titres", MARCH) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_loan_that_was_not_paid_out_has_no_title(besancon: Ccas) -> None:
    await disbursed(besancon)
    before = {"due_until": "2011-12-31", "issued_on": "2011-01-29"}
    await refused(besancon.agent.post("/exports/titres", before), 409, "nothing_to_export")


async def test_what_a_change_of_schedule_moved_is_cancelled_and_told_again(
    besancon: Ccas, databases: Databases
) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post("/exports/titres", MARCH))
    rows = [(1, "2011-02-05", 4_500), (25, "2011-03-05", 4_000), (26, "2011-04-05", 191_500)]
    reschedule(databases, besancon, loan_id, rows, on="2011-03-10")
    slip = await ok(besancon.agent.post("/exports/titres", {"due_until": "2011-04-30", "issued_on": "2011-03-15"}))
    assert said(slip) == [
        ("reduction", "P-2011-0001-002", 4_500),
        ("emission", "P-2011-0001-026", 191_500),
    ]
    deferred = [(1, "2011-02-05", 4_500), (27, "2011-05-05", 195_500)]
    reschedule(databases, besancon, loan_id, deferred, on="2011-04-01")
    slip = await ok(besancon.agent.post("/exports/titres", {"due_until": "2011-05-31", "issued_on": "2011-04-02"}))
    assert said(slip) == [
        ("annulation", "P-2011-0001-002", 4_000),
        ("annulation", "P-2011-0001-026", 191_500),
        ("emission", "P-2011-0001-027", 195_500),
    ]
    answer = await besancon.agent.get(f"/exports/{slip['id']}.csv")
    assert answer.content.split(b"\r\n")[1].endswith(b";TITRE;P-2011-0001-002;annulation;3")


async def test_an_instalment_put_off_and_back_again_is_cancelled_and_told_back(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    april = {"due_until": "2011-04-30", "issued_on": "2011-03-01"}
    assert len((await ok(besancon.agent.post("/exports/titres", april)))["lines"]) == 3
    change = await defer(besancon, loan_id, 3, "2011-03-20")
    slip = await ok(besancon.agent.post("/exports/titres", {**april, "issued_on": "2011-03-21"}))
    assert said(slip) == [("annulation", "P-2011-0001-003", 8_500)]
    path = f"/loans/{loan_id}/schedule-changes/{change['version']}/cancellation"
    await ok(besancon.agent.post(path, {"decision": decided("2011-03-22")}))
    slip = await ok(besancon.agent.post("/exports/titres", {**april, "issued_on": "2011-03-23"}))
    assert said(slip) == [("emission", "P-2011-0001-003", 8_500)]


async def test_a_slip_tells_the_schedule_in_force_on_its_own_day(besancon: Ccas, databases: Databases) -> None:
    loan_id = await disbursed(besancon)
    reschedule(databases, besancon, loan_id, [(25, "2011-06-05", 200_000)], on="2011-03-10")
    slip = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    assert said(slip) == [("emission", "P-2011-0001-001", 4_500)]


async def test_a_slip_is_kept_as_it_was_told(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    before = (await besancon.agent.get(f"/exports/{slip['id']}.csv")).content
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    path = f"/people/{request['applicant_id']}"
    etag = (await besancon.agent.get(path)).headers["etag"]
    await ok(besancon.agent.patch(path, {"usage_name": "Autre"}, etag=etag))
    assert (await besancon.agent.get(f"/exports/{slip['id']}.csv")).content == before
    assert await ok(besancon.agent.get(f"/exports/{slip['id']}")) == slip


async def test_no_cell_of_the_file_is_a_formula(besancon: Ccas, databases: Databases) -> None:
    await disbursed(besancon)
    name = '=HYPERLINK("http://x";"y")'
    run_sql(databases, besancon, "update people set birth_name = :name", name=name, as_owner=True)
    slip = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    content = (await besancon.agent.get(f"/exports/{slip['id']}.csv")).content
    assert b';"\'=HYPERLINK(""http://x"";""y"")";Camille;' in content
    assert slip["lines"][0]["party"]["name"] == name


async def test_the_purpose_of_the_loan_and_the_life_of_the_person_are_in_no_file(besancon: Ccas) -> None:
    await disbursed(besancon)
    file = demand(besancon)
    for kind in ("titres", "mandats"):
        slip = await ok(besancon.agent.post(f"/exports/{kind}", FEBRUARY))
        content = (await besancon.agent.get(f"/exports/{slip['id']}.csv", encoding="utf-8")).content.decode()
        assert file["project_description"] not in content
        assert [word for word in ("voiture", "vehicle", "rsa", "household") if word in content.lower()] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"due_until": None}, "/body/due_until"),
        ({"collectivity_siret": "26000000500018"}, "/body/collectivity_siret"),
        ({"loan_account": "27 48"}, "/body/loan_account"),
        ({"interest_account": 762}, "/body/interest_account"),
        ({"purpose": "x"}, "/body/purpose"),
    ],
)
async def test_a_slip_that_is_asked_for_wrongly_names_the_field(besancon: Ccas, change: Json, pointer: str) -> None:
    await disbursed(besancon)
    problem = await refused(besancon.agent.post("/exports/titres", {**FEBRUARY, **change}), 422, "invalid")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    await refused(besancon.agent.post("/exports/bilans", FEBRUARY), 422, "invalid")
    assert (await ok(besancon.agent.get("/exports")))["items"] == []


async def test_who_works_for_some_communes_alone_neither_makes_nor_reads_a_slip(
    besancon: Ccas, databases: Databases
) -> None:
    await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    account_id = add_staff(databases, besancon.id, "narrowed", [Role.AGENT])
    engine = databases.owner()
    with engine.begin() as connection:
        connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(besancon.id)})
        narrowed = "update accounts set commune_insee_codes = array['39001'] where id = :id"
        connection.execute(text(narrowed), {"id": account_id})
    engine.dispose()
    narrowed_agent = Staff(besancon.agent.client, account_id, besancon.id)
    await refused(narrowed_agent.post("/exports/titres", MARCH), 409, "commune_out_of_reach")
    await refused(narrowed_agent.get(f"/exports/{slip['id']}"), 404, "not_found")
    await refused(narrowed_agent.get(f"/exports/{slip['id']}.csv"), 404, "not_found")
    assert (await ok(narrowed_agent.get("/exports")))["items"] == []


async def test_the_database_changes_no_slip_and_tells_no_line_twice(besancon: Ccas, databases: Databases) -> None:
    await disbursed(besancon)
    await ok(besancon.agent.post("/exports/titres", FEBRUARY))
    for statement in ("update accounting_lines set principal_cents = 1", "delete from accounting_slips"):
        with pytest.raises(Exception, match="permission denied"):
            run_sql(databases, besancon, statement)
        with pytest.raises(Exception, match="only ever added to"):
            run_sql(databases, besancon, statement, as_owner=True)
    again = (
        "insert into accounting_lines (tenant_id, id, slip_id, rank, type, loan_id, ref, turn, stands_for, number,"
        " due_on, principal_cents, interest_cents, told, entered_at) select tenant_id, gen_random_uuid(), slip_id, 2,"
        " type, loan_id, ref, turn, stands_for, number, due_on, principal_cents, interest_cents, told, now()"
        " from accounting_lines"
    )
    with pytest.raises(Exception, match="uq_accounting_lines_tenant_id_loan_id_ref_turn"):
        run_sql(databases, besancon, again)


async def test_a_slip_of_today_needs_no_day(besancon: Ccas) -> None:
    await disbursed(besancon)
    slip = await ok(besancon.agent.post("/exports/titres", {"due_until": "2011-02-28"}))
    assert slip["issued_on"] >= date(2026, 1, 1).isoformat()
    assert slip["loan_account"] == "2748"
    assert slip["interest_account"] == "762"
