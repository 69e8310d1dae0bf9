"""The papers of a loan over HTTP: they say what the API says, in plain French, the same each time."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient
from pypdf import PdfReader

from app.domain.lenders import Payer
from app.domain.loan_documents import OF_ANY_LENDER, LoanDocumentKind
from tests.api.test_overrides import open_changed
from tests.lenders import accepted_file, offer, offered_by
from tests.support import (
    Ccas,
    Databases,
    Json,
    Staff,
    accepted,
    approved,
    demand,
    desk_of,
    disbursed,
    etag_of,
    offered,
    offered_on,
    ok,
    refused,
    repayment,
)

Kind = LoanDocumentKind
TODAY = datetime.now(ZoneInfo("Europe/Paris")).date()
HOSTILE = "#strong[x] $a$ \\ *b* @c <d> `e` //f"
MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
          "décembre")  # fmt: skip


def words(day: str) -> str:
    """« 2013-01-05 » as the French write it."""
    year, month, number = (int(part) for part in day.split("-"))
    return f"{'1er' if number == 1 else number} {MONTHS[month - 1]} {year}"


def amount(cents: int) -> str:
    """123456 as the French write it, spaces alike."""
    return f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02d} €"


def text_of(pdf: bytes) -> str:
    """What a PDF says, all spaces alike."""
    pages = PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def printed(staff: Staff, loan_id: str, kind: Kind, **query: Any) -> bytes:
    """The PDF of a paper of a loan."""
    response = await staff.get(f"/loans/{loan_id}/documents/{kind}", **query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    return response.content


async def said(ccas: Ccas, loan_id: str, kind: Kind, **query: Any) -> str:
    """What a paper of a loan says."""
    return text_of(await printed(ccas.agent, loan_id, kind, **query))


async def not_printed(ccas: Ccas, loan_id: str, kind: Kind, code: str, **query: Any) -> Json:
    """The refusal to print a paper."""
    return await refused(ccas.agent.get(f"/loans/{loan_id}/documents/{kind}", **query), 409, code)


async def template_of(ccas: Ccas, loan_id: str, kind: Kind) -> str:
    """The template that a paper is made with."""
    response = await ccas.agent.get(f"/loans/{loan_id}/documents/{kind}")
    return str(response.headers["document-template"])


async def read(ccas: Ccas, loan_id: str) -> tuple[Json, Json]:
    """The loan and its schedule, as the API tells them."""
    return await ok(ccas.agent.get(f"/loans/{loan_id}")), await ok(ccas.agent.get(f"/loans/{loan_id}/schedule"))


async def repay(ccas: Ccas, loan_id: str, cents: int, on: str, reference: str = "R-1") -> None:
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(cents, on, reference)))


async def garage(ccas: Ccas, **changes: Any) -> str:
    body = {"name": "Garage du Pont", "kinds": ["supplier"], "address": "1 rue du Pont\n25000 Besançon", **changes}
    return str((await ok(ccas.agent.post("/organisations", body)))["id"])


# Before the contract, and the contract


async def test_the_information_before_the_contract_has_the_fields_of_the_law(besancon: Ccas) -> None:
    """Code de la consommation, L312-12 and R312-2; case G06: 45 €, then 23 times 85 €."""
    text = await said(besancon, await offered(besancon), Kind.PRECONTRACT_INFORMATION)
    for told in (
        "CCAS de Besançon", "prêt personnel", "Montant total du crédit 2 000,00 €", "24 mois",
        "24 échéances, une par mois : 1 échéance de 45,00 €, puis 23 échéances de 85,00 €",
        "La première est due le 5 février 2011, la dernière le 5 janvier 2013", "Montant total dû 2 000,00 €",
        "Taux débiteur 0 % par an", "TAEG 0 %", "Exemple représentatif", "0,00 € d’intérêts", "Frais aucun",
        "ni frais, ni pénalité", "Sûretés et garanties aucune", "Remboursement anticipé", "sans indemnité",
        "gratuitement, à un exemplaire du projet de contrat", "payé au fournisseur du projet",
    ):  # fmt: skip
        assert told in text, told
    assert "n’a pas consulté le fichier" in text
    assert text.count("FICP") == 1


async def test_the_contract_begins_with_its_box_and_ends_with_the_form_to_withdraw(besancon: Ccas) -> None:
    """Code de la consommation, L312-28 and R312-10; the file of payment incidents is not this lender's."""
    pdf = await printed(besancon.agent, await offered(besancon), Kind.LOAN_CONTRACT)
    text = text_of(pdf)
    order = ["Encadré", "Montant total du crédit 2 000,00 €", "TAEG 0 %", "Sûretés", "Ce contrat suit",
             "Le versement", "droit de rétractation", "Rembourser plus tôt", "En cas de difficulté", "Signatures",
             "L’emprunteur Camille", "Pour le CCAS CCAS de Besançon",
             "Bordereau de rétractation, à détacher"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "FICP" not in text
    last = PdfReader(BytesIO(pdf)).pages[-1].extract_text()
    assert "Bordereau" in last
    assert "Encadré" not in last
    assert "Signatures" not in last


@pytest.mark.parametrize(
    ("day", "regime", "withdrawal_days"),
    [
        ("2011-04-30", "conso_pre_2026_11_20", 7),
        ("2011-05-01", "conso_pre_2026_11_20", 14),
        ("2026-11-19", "conso_pre_2026_11_20", 14),
        ("2026-11-20", "conso_ccd2", 14),
    ],
)
async def test_the_template_and_the_delays_are_those_of_the_day_of_the_offer(
    besancon: Ccas, day: str, regime: str, withdrawal_days: int
) -> None:
    loan_id = await offered_on(besancon, day)
    assert (await read(besancon, loan_id))[0]["legal_regime"] == regime
    for kind in (Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT):
        assert await template_of(besancon, loan_id, kind) == f"{kind}_{regime}/v1"
        text = await said(besancon, loan_id, kind)
        assert f"pendant {withdrawal_days} jours" in text
        assert ("2025-880" in text) is (regime == "conso_ccd2")


async def test_a_loan_left_out_of_consumer_credit_says_so_and_has_no_form_to_withdraw(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, excluded_from_consumer_credit=True)
    loan_id = await offered_on(ccas, "2026-11-20")
    text = await said(ccas, loan_id, Kind.LOAN_CONTRACT)
    assert await template_of(ccas, loan_id, Kind.LOAN_CONTRACT) == "loan_contract_excluded_social/v1"
    assert "hors du crédit à la consommation" in text
    assert "Bordereau" not in text
    assert "étractation" not in await said(ccas, loan_id, Kind.PRECONTRACT_INFORMATION)


async def test_an_accepted_contract_tells_the_days_that_the_loan_tells(besancon: Ccas) -> None:
    loan_id = await offered_on(besancon, "2026-03-01", offer_valid_until="2026-03-31")
    for party in ("ccas", "borrower"):
        await ok(besancon.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2026-03-02"}))
    loan, _ = await read(besancon, loan_id)
    assert (loan["withdrawal_until"], loan["earliest_release_on"]) == ("2026-03-16", "2026-03-10")
    text = await said(besancon, loan_id, Kind.LOAN_CONTRACT)
    assert "Le dernier jour est le 16 mars 2026" in text
    assert "accepté le 2 mars 2026 : rien ne peut être versé avant le 10 mars 2026" in text
    assert "L’offre est valable jusqu’au 31 mars 2026" in text
    assert text.count("Signé le 2 mars 2026") == 2


async def test_interest_and_its_rate_are_those_of_the_schedule_and_of_a_simulation(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_changed(databases, client, rate_percent=Decimal("3.04"), interest_borne_by=Payer.BORROWER)
    loan = {"amount_cents": 200_000, "duration_months": 24, "rounding_unit_cents": 1, "rounding": "half_up"}
    request_id = await approved(ccas, None, {"loan": loan})
    body = {"offered_on": "2011-01-21", "disbursed_on": "2011-02-05", "first_due_on": "2011-03-05"}
    loan_id = (await ok(ccas.agent.post(f"/requests/{request_id}/loans", body)))["id"]
    _, schedule = await read(ccas, loan_id)
    totals = schedule["totals"]
    assert totals["interest_cents"] > 0
    terms = {"amount_cents": 200_000, "duration_months": 24, "rate_percent": "3.04", "on": "2011-01-21",
             "disbursed_on": "2011-02-05", "first_due_on": "2011-03-05"}  # fmt: skip
    simulated = await ok(ccas.agent.post("/simulations", terms))
    for kind in (Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT):
        text = await said(ccas, loan_id, kind)
        assert f"Montant total dû {amount(totals['paid_by_borrower_cents'])}" in text
        assert "Taux débiteur 3,04 % par an" in text
        assert f"TAEG {simulated['apr_percent'].replace('.', ',')} %" in text


async def test_two_borrowers_and_a_curator_have_each_a_place_to_sign(besancon: Ccas) -> None:
    person = demand(besancon)["applicant"]
    other = {**person, "first_names": "Sacha", "usage_name": "Autre", "capacity": "curatorship"}
    co_applicant = await ok(besancon.agent.post("/people", other))
    couple = {"co_applicant_id": co_applicant["id"], "household": {"adults": 2, "minor_children": 0}}
    request_id = await approved(besancon, None, None, **couple)
    body = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    loan = await ok(besancon.agent.post(f"/requests/{request_id}/loans", body))
    text = await said(besancon, loan["id"], Kind.LOAN_CONTRACT)
    assert "Sacha Autre, nom de naissance : Exemple, naissance : 2 mars 1988, commune : Besançon" in text
    assert "Le co-emprunteur Sacha Autre" in text
    assert text.count("Assisté par son curateur") == 1
    assert "Signature du co-emprunteur" in text


async def test_an_offer_that_no_longer_stands_has_no_contract(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    cancellation = {"cancelled_on": "2011-01-25", "reason": "Projet abandonné"}
    await ok(besancon.agent.post(f"/loans/{loan_id}/cancellations", cancellation))
    for kind in (Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT):
        problem = await not_printed(besancon, loan_id, kind, "document_not_ready")
        assert "une offre en cours" in problem["detail"]


# The schedule


def rows_in(schedule: Json, *names: str) -> list[str]:
    return [
        " ".join([str(row["number"]), words(row["due_on"]), *(amount(row[name]) for name in names)])
        for row in schedule["rows"]
    ]


async def test_the_schedule_is_that_of_the_api_row_by_row(besancon: Ccas) -> None:
    loan_id = await offered(besancon, first_due_on="2011-01-31")
    _, schedule = await read(besancon, loan_id)
    text = await said(besancon, loan_id, Kind.SCHEDULE)
    rows = rows_in(schedule, "borrower_cents", "principal_cents", "interest_cents", "balance_cents")
    assert len(rows) == 24
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert "Total 2 000,00 € 2 000,00 € 0,00 €" in text


async def test_the_schedule_of_a_partner_is_printed_as_it_was_received(databases: Databases, toulouse: Ccas) -> None:
    """Toulouse, 3 000 € over 36 months: 87,30 € of which the City pays 7,60 €, and 87,20 € at the end."""
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    _, schedule = await read(toulouse, loan_id)
    text = await said(toulouse, loan_id, Kind.SCHEDULE)
    assert "1 5 mai 2018 79,70 € 7,60 € 79,70 € 7,60 €" in text
    assert "celui que le prêteur a transmis" in text
    for row in schedule["rows"]:
        shares = sum(share["cents"] for share in row["third_parties"])
        told = [row["borrower_cents"], shares, row["principal_cents"], row["interest_cents"], row["balance_cents"]]
        assert " ".join([str(row["number"]), words(row["due_on"]), *map(amount, told)]) in text


async def test_a_partner_writes_its_own_offer_contract_and_letters(databases: Databases, toulouse: Ccas) -> None:
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    for kind in set(Kind) - OF_ANY_LENDER:
        await not_printed(toulouse, loan_id, kind, "partner_lends")


# Support


async def test_a_support_contract_to_sign_with_the_loan_lets_what_is_agreed_be_ticked(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04"))
    text = await said(toulouse, loan_id, Kind.SUPPORT_CONTRACT)
    assert "Cochez ce qui est convenu" in text
    assert "Suivi individuel budgétaire" in text
    assert "Actions collectives" in text
    assert "jusqu’au 5 avril 2021" in text


async def test_a_support_contract_says_what_was_agreed_and_changes_nothing_of_the_loan(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    problem = await not_printed(besancon, loan_id, Kind.SUPPORT_CONTRACT, "document_not_ready")
    assert "par écrit" in problem["detail"]
    supporter = await garage(besancon, name="Mission locale", kinds=["referral"], phone="03 81 00 00 00")
    agreed = {"form": "written", "agreed_on": "2011-01-22", "organisation_id": supporter,
              "actions_planned": ["budget_follow_up"], "agreed_ends_on": "2011-12-31"}  # fmt: skip
    await ok(besancon.agent.post(f"/loans/{loan_id}/support-contracts", agreed))
    text = await said(besancon, loan_id, Kind.SUPPORT_CONTRACT)
    assert "Mission locale (téléphone : 03 81 00 00 00)" in text
    assert "Suivi individuel budgétaire" in text
    assert "Actions collectives" not in text
    assert "Convenu le 22 janvier 2011. L’accompagnement dure jusqu’au 31 décembre 2011." in text
    assert "rien ne change au prêt" in text


# The supplier


async def test_the_supplier_is_told_how_much_until_when_and_nothing_of_a_loan(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    until = (TODAY + timedelta(days=30)).isoformat()
    supplier = {"organisation_id": await garage(besancon), "valid_until": until}
    text = await said(besancon, loan_id, Kind.SUPPLIER_LETTER, **supplier)
    assert "Garage du Pont 1 rue du Pont 25000 Besançon" in text
    assert "vous payer 2 000,00 € pour le compte de Camille Exemple" in text
    assert f"Engagement valable jusqu’au {words(until)}" in text
    assert "Aucun paiement avant le 30 janvier 2011" in text
    for told_to_nobody in ("prêt", "crédit", "RSA", "social", "échéance"):
        assert told_to_nobody not in text.replace("centre communal d’action sociale", "")


async def test_a_commitment_waits_for_the_contract_its_supplier_and_its_last_day(besancon: Ccas) -> None:
    await not_printed(besancon, await offered(besancon), Kind.SUPPLIER_LETTER, "document_not_ready")
    loan_id = await accepted(besancon)
    problem = await not_printed(besancon, loan_id, Kind.SUPPLIER_LETTER, "document_not_ready")
    assert "le fournisseur" in problem["detail"]
    assert "le dernier jour de l’engagement" in problem["detail"]
    supplier = await garage(besancon)
    query = {"organisation_id": supplier, "valid_until": (TODAY - timedelta(days=2)).isoformat()}
    await not_printed(besancon, loan_id, Kind.SUPPLIER_LETTER, "date_out_of_order", **query)


async def test_the_supplier_is_in_the_directory_of_this_ccas(besancon: Ccas, amiens: Ccas) -> None:
    loan_id = await accepted(besancon)
    for stranger in (await garage(amiens), str(uuid4())):
        query = {"organisation_id": stranger, "valid_until": TODAY.isoformat()}
        await not_printed(besancon, loan_id, Kind.SUPPLIER_LETTER, "organisation_unknown", **query)


async def test_no_commitment_is_dated_before_money_may_leave(besancon: Ccas) -> None:
    day = (TODAY - timedelta(days=3)).isoformat()
    loan_id = await offered_on(besancon, day)
    for party in ("ccas", "borrower"):
        await ok(besancon.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": day}))
    query = {"organisation_id": await garage(besancon), "valid_until": (TODAY + timedelta(days=30)).isoformat()}
    problem = await not_printed(besancon, loan_id, Kind.SUPPLIER_LETTER, "commitment_too_early", **query)
    assert problem["not_before"] == (await read(besancon, loan_id))[0]["earliest_release_on"]


async def test_nothing_is_committed_of_a_loan_that_was_paid(besancon: Ccas) -> None:
    query = {"organisation_id": await garage(besancon), "valid_until": TODAY.isoformat()}
    problem = await not_printed(besancon, await disbursed(besancon), Kind.SUPPLIER_LETTER, "loan_already_paid", **query)
    assert problem["paid_on"] == "2011-01-30"


# An instalment that is late, and a loan that is repaid


async def test_the_first_letter_tells_what_is_late_and_what_to_do_and_threatens_nobody(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon, first_due_on="2011-02-05")
    await repay(besancon, loan_id, 14_000, "2011-03-10")
    loan, schedule = await read(besancon, loan_id)
    text = await said(besancon, loan_id, Kind.FIRST_UNPAID_LETTER)
    assert "3 5 avril 2011 75,00 €" in text
    assert words(schedule["rows"][1]["due_on"]) not in text
    for row in schedule["rows"][3:]:
        assert f"{row['number']} {words(row['due_on'])} {amount(row['borrower_cents'])}" in text
    assert loan["overdue_cents"] == 186_000
    assert f"Total {amount(loan['overdue_cents'])}" in text
    assert f"Au {words(loan['position_on'])}, nous n’avons pas reçu ces paiements" in text
    assert "au comptable public" in text
    assert "appelez-nous" in text
    assert "ni frais, ni pénalité" in text
    for threat in ("huissier", "saisie", "contentieux", "poursuite", "mise en demeure", "FICP", "tribunal"):
        assert threat not in text.lower().replace("ficp", "FICP")


async def test_no_letter_goes_where_nothing_is_late_or_to_the_dead(besancon: Ccas) -> None:
    not_paid_out = await accepted(besancon)
    await not_printed(besancon, not_paid_out, Kind.FIRST_UNPAID_LETTER, "document_not_ready")
    loan_id = await disbursed(besancon)
    loan, _ = await read(besancon, loan_id)
    request = await ok(besancon.agent.get(f"/requests/{loan['request_id']}"))
    path = f"/people/{request['applicant_id']}"
    etag = await etag_of(besancon.agent, path)
    await ok(besancon.agent.patch(path, {"deceased_on": "2012-01-01"}, etag=etag))
    problem = await not_printed(besancon, loan_id, Kind.FIRST_UNPAID_LETTER, "document_not_ready")
    assert "à qui écrire" in problem["detail"]


async def test_repayment_is_attested_once_nothing_is_owed(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await repay(besancon, loan_id, 199_999, "2012-12-20")
    await not_printed(besancon, loan_id, Kind.REPAYMENT_ATTESTATION, "document_not_ready")
    await repay(besancon, loan_id, 101, "2013-01-04", "R-2")
    loan, _ = await read(besancon, loan_id)
    assert (loan["status"], loan["credit_cents"]) == ("closed", 100)
    text = await said(besancon, loan_id, Kind.REPAYMENT_ATTESTATION)
    assert f"{loan['reference']} de 2 000,00 €, versé le 30 janvier 2011, est entièrement remboursé" in text
    assert "depuis le 4 janvier 2013" in text
    assert "1,00 € ont été payés en trop" in text
    await not_printed(besancon, loan_id, Kind.FIRST_UNPAID_LETTER, "document_not_ready")


# All of them


async def test_what_people_typed_is_printed_as_they_typed_it(besancon: Ccas) -> None:
    applicant = {**demand(besancon)["applicant"], "first_names": HOSTILE}
    request_id = await approved(besancon, applicant=applicant)
    body = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    loan_id = (await ok(besancon.agent.post(f"/requests/{request_id}/loans", body)))["id"]
    for kind in (Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT, Kind.SCHEDULE):
        assert HOSTILE in await said(besancon, loan_id, kind)
    for party in ("ccas", "borrower"):
        await ok(besancon.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    supplier = {"organisation_id": await garage(besancon, name=HOSTILE), "valid_until": TODAY.isoformat()}
    assert (await said(besancon, loan_id, Kind.SUPPLIER_LETTER, **supplier)).count(HOSTILE) == 2


async def test_a_paper_is_the_same_each_time_and_tagged_in_french(besancon: Ccas) -> None:
    loan_id = await offered(besancon)
    for kind in (Kind.PRECONTRACT_INFORMATION, Kind.LOAN_CONTRACT, Kind.SCHEDULE):
        first = await printed(besancon.agent, loan_id, kind)
        assert first == await printed(besancon.decider, loan_id, kind)
        catalogue: Any = PdfReader(BytesIO(first)).trailer["/Root"]
        assert catalogue["/Lang"] == "fr-FR"
        assert catalogue["/MarkInfo"]["/Marked"] is not False


async def test_papers_are_for_the_staff_of_the_ccas(databases: Databases, besancon: Ccas, amiens: Ccas) -> None:
    loan_id = await offered(besancon)
    path = f"/loans/{loan_id}/documents/{Kind.SCHEDULE}"
    await refused(amiens.agent.get(path), 404, "not_found")
    await refused(desk_of(databases, besancon).get(path), 403, "forbidden")
    await refused(besancon.agent.get(f"/loans/{loan_id}/documents/banknote"), 422, "invalid")
