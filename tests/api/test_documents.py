"""The papers of a request in PDF: they say what the API says, in plain French, and nothing that a letter must not."""

from datetime import date
from typing import Any
from unicodedata import normalize

import pytest
from httpx import AsyncClient

from app.domain.dates import in_words
from app.domain.money import euros
from app.domain.notices import FastTrackNotice
from tests.api.test_decisions import WHY_LESS
from tests.api.test_fast_track import AHEAD
from tests.api.test_overrides import open_changed
from tests.committees import ahead_of
from tests.documents.samples import logo, png, text_of
from tests.documents.test_templates import FORBIDDEN
from tests.lenders import (
    OTHER_ANSWER,
    before_commission,
    endorsement,
    lender_of,
    prechecked,
    sent,
    taken_in,
)
from tests.support import (
    APPROVAL,
    Ccas,
    Databases,
    Json,
    approved,
    demand,
    desk_of,
    etag_of,
    ok,
    refused,
    submitted,
)

NAMED: Json = {
    "signatory": "Claude Modèle",
    "signatory_capacity": "Présidente de la commission",
    "delegation_reference": "Délibération 2010-12",
    "body": "Commission permanente",
}
REFUSAL: Json = {
    "outcome": "refuse",
    "reason_code": "no_repayment_capacity",
    "reason": "Vos charges dépassent vos ressources.",
    "other_answer": {"kind": "budget_advice", "given_on": "2011-01-21"},
    "decided_on": "2011-01-20",
    **NAMED,
}
KINDS = ("intake_sheet", "papers_list", "receipt", "assessment", "action_plan", "decision_notice")
LENDER_DECLINED: Json = {
    "outcome": "closed_without_action",
    "reason_code": "lender_declined",
    "other_answer": OTHER_ANSWER,
    "closed_on": "2018-03-20",
}


async def printed(ccas: Ccas, path: str, kind: str) -> str:
    """What a paper of the request says."""
    response = await ccas.agent.get(f"{path}/documents/{kind}")
    assert response.status_code == 200, response.text
    return text_of(response.content)


def flat(text: str) -> str:
    """The text as `text_of` gives it back."""
    return " ".join(text.split())


def money(cents: int) -> str:
    """An amount as the papers write it, read back."""
    return flat(euros(cents))


async def decided(ccas: Ccas, decision: Json, **changes: Any) -> str:
    """The path of a request on which that was decided."""
    path = f"/requests/{await submitted(ccas, **changes)}"
    await ok(ccas.decider.post(f"{path}/decisions", decision))
    return path


async def test_a_paper_is_shown_under_its_name_and_kept_nowhere(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    for staff in (besancon.agent, besancon.decider, besancon.manager):
        response = await staff.get(f"/requests/{request['id']}/documents/receipt")
        assert response.content.startswith(b"%PDF-")
        assert response.headers["content-type"] == "application/pdf"
        assert response.headers["cache-control"] == "no-store"
        name = f"accuse-de-reception-{request['reference']}.pdf"
        assert response.headers["content-disposition"] == f'inline; filename="{name}"'
        assert response.headers["document-template"] == "receipt/v1"
    again = await besancon.agent.get(f"/requests/{request['id']}/documents/receipt")
    assert again.content == response.content


@pytest.mark.parametrize("kind", KINDS)
async def test_papers_are_for_the_staff_of_the_ccas(
    besancon: Ccas, amiens: Ccas, databases: Databases, kind: str
) -> None:
    path = f"/requests/{await approved(besancon, decision=NAMED)}/documents/{kind}"
    await refused(amiens.agent.get(path), 404, "not_found")
    await refused(desk_of(databases, besancon).get(path), 403, "forbidden")
    problem = await refused(besancon.agent.get(f"{path}s"), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/path/kind"


async def test_the_receipt_tells_the_demand_and_the_day_on_which_silence_refuses_it(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon, project_cost_cents=270_050)))
    text = await printed(besancon, f"/requests/{request['id']}", "receipt")
    assert f"votre demande d’aide le {in_words_of(request['received_on'])}" in text
    assert f"Elle porte le numéro {request['reference']}." in text
    assert f"Son coût {money(request['project_cost_cents'])}" in text
    assert f"Ce que vous demandez {money(request['requested_amount_cents'])}" in text
    assert "Si vous n’avez pas de réponse le 3 mars 2011, votre demande est considérée comme refusée." in text


def in_words_of(day: str) -> str:
    """A day of the API as the papers write it."""
    return flat(in_words(date.fromisoformat(day)))


async def test_the_intake_sheet_tells_the_figures_of_the_file(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    request, budget, plan = [
        await ok(besancon.agent.get(f"{path}{part}")) for part in ("", "/budget", "/financing-plan")
    ]
    text = await printed(besancon, path, "intake_sheet")
    assert request["project_description"] in text
    for told, cents in (
        ("Montant demandé", request["requested_amount_cents"]),
        ("Total des ressources", budget["resources_cents"]),
        ("Total des charges", budget["charges_cents"]),
        ("Reste à vivre, avant l’alimentation", budget["left_to_live_cents"]),
        ("Capacité de remboursement retenue", budget["assessed_capacity_cents"]),
        ("Microcrédit Microcrédit attendu", plan["lines"][0]["amount_cents"]),
        ("Total", plan["total_cents"]),
    ):
        assert f"{told} {money(cents)}" in text
    ratio = budget["debt_ratio_percent"].replace(".", ",")
    assert f"Taux d’endettement {ratio} %" in text


async def test_what_people_typed_is_shown_as_they_typed_it(besancon: Ccas) -> None:
    said = 'Un #panic("oui"), $x$ et *y* [z] \\ @preview `t`'
    request = await ok(besancon.agent.post("/requests", demand(besancon, project_description=said)))
    assert said in await printed(besancon, f"/requests/{request['id']}", "intake_sheet")


async def test_the_list_of_papers_tells_what_is_awaited_and_what_was_seen(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    problem = await refused(besancon.agent.get(f"{path}/documents/papers_list"), 409, "document_not_ready")
    assert problem["missing"] == "asked_papers"
    assert problem["detail"] == "Ce document ne peut pas encore être établi : il manque la demande d’une pièce."
    asked: Json = {"asked_on": "2011-01-10", "due_on": "2011-01-31"}
    quote = await ok(besancon.agent.post(f"{path}/papers", {"code": "quote", **asked}))
    await ok(besancon.agent.post(f"{path}/papers", {"code": "identity", **asked}))
    text = await printed(besancon, path, "papers_list")
    assert "Pièce à fournir Avant le Devis ou facture 31 janvier 2011" in text
    assert "Le 10 janvier 2011" in text
    await ok(besancon.agent.post(f"/papers/{quote['id']}/receipt", {"seen_on": "2011-01-12", "kind": "copy"}))
    text = await printed(besancon, path, "papers_list")
    assert "Pièce Vue le Devis ou facture 12 janvier 2011" in text
    assert "Le 12 janvier 2011" in text


async def test_the_social_assessment_and_the_action_plan_come_with_what_was_recorded(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    for kind, missing in (("assessment", "an_assessment"), ("action_plan", "an_action_plan")):
        problem = await refused(besancon.agent.get(f"{path}/documents/{kind}"), 409, "document_not_ready")
        assert problem["missing"] == missing
    found = {name: f"Le point {name}." for name in ("needs", "viability", "diagnosis", "expected_improvement")}
    proposal = {"loan_cents": 123_456, "instalment_cents": 5_000, "duration_months": 25, "grant_cents": 18_400}
    body = {**found, "opinion": "Avis favorable.", "proposal": proposal, "assessed_on": "2011-01-08"}
    await ok(besancon.agent.put(f"{path}/assessment", body, etag=await etag_of(besancon.agent, path)))
    plan = {
        "objectives": ["Tenir son budget"],
        "actions": [{"kind": "group", "label": "Ateliers", "starts_on": "2011-03-01"}],
        "signed_on": "2011-01-09",
    }
    await ok(besancon.agent.put(f"{path}/action-plan", plan, etag=await etag_of(besancon.agent, path)))
    text = await printed(besancon, path, "assessment")
    assert "Le 8 janvier 2011 Rapport social" in text
    assert all(sentence in text for sentence in (*found.values(), "Avis favorable."))
    told = f"Prêt {money(123_456)} Mensualité {money(5_000)} Durée 25 mois Subvention {money(18_400)}"
    assert told in text
    text = await printed(besancon, path, "action_plan")
    assert "Ateliers collective 1er mars 2011 –" in text
    assert "Signé le 9 janvier 2011." in text


# The notice of a decision.


async def test_a_notice_tells_the_terms_that_were_decided(besancon: Ccas) -> None:
    path = await decided(besancon, {**APPROVAL, **NAMED})
    (item,) = (await ok(besancon.agent.get("/decisions", request_id=path.rpartition("/")[2])))["items"]
    loan = (await ok(besancon.agent.get(f"/decisions/{item['id']}")))["loan"]
    text = await printed(besancon, path, "decision_notice")
    assert f"Le CCAS vous accorde un prêt de {money(loan['amount_cents'])}." in text
    assert f"Durée {loan['duration_months']} mois" in text
    assert f"Remboursement par mois {money(loan['instalment_cents'])}" in text
    assert "Taux d’intérêt par an 0 %" in text
    assert "vous aurez 7 jours pour changer d’avis" in text
    assert "Commission permanente Décision du 20 janvier 2011 Délégation Délibération 2010-12" in text
    assert "tribunal" not in text
    assert "différent" not in text


async def test_less_than_was_asked_for_may_be_contested(besancon: Ccas) -> None:
    plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": 200_000}]}
    path = await decided(besancon, {**APPROVAL, **NAMED, **WHY_LESS}, plan=plan, requested_amount_cents=250_000)
    text = await printed(besancon, path, "decision_notice")
    assert "Ce montant est différent de celui que vous demandiez." in text
    assert "tribunal administratif" in text


async def test_a_refusal_tells_its_reason_the_other_answer_and_the_remedies(besancon: Ccas) -> None:
    text = await printed(besancon, await decided(besancon, REFUSAL), "decision_notice")
    for words in (
        "Le CCAS ne vous accorde pas de prêt. Pourquoi Pas de capacité de remboursement.",
        "Vos charges dépassent vos ressources.",
        "Ce que nous vous proposons Conseils budgétaires.",
        "recours gracieux",
        "tribunal administratif. Vous avez 2 mois pour le faire.",
        "Claude Modèle Présidente de la commission",
    ):
        assert words in text
    assert FORBIDDEN.search(text) is None


async def test_an_adjournment_tells_the_papers_that_are_missing(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    await ok(besancon.agent.post(f"{path}/papers", {"code": "quote", "asked_on": "2011-01-10"}))
    adjourned = {**NAMED, "outcome": "adjourn", "decided_on": "2011-01-20"}
    why = {"reason_code": "missing_papers", "reason": "Le devis manque.", "missing_papers": ["quote"]}
    await ok(besancon.decider.post(f"{path}/decisions", {**adjourned, **why}))
    text = await printed(besancon, path, "decision_notice")
    assert "Votre demande n’est pas encore décidée. Elle sera examinée de nouveau." in text
    assert "Ce qui nous manque – Devis ou facture" in text
    assert "tribunal" not in text


async def test_a_decision_that_does_not_say_who_took_it_is_not_notified(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    problem = await refused(besancon.agent.get(f"{path}/documents/decision_notice"), 409, "document_not_ready")
    assert problem["missing"] == "a_decision"
    await ok(besancon.decider.post(f"{path}/decisions", APPROVAL))
    problem = await refused(besancon.agent.get(f"{path}/documents/decision_notice"), 409, "not_notifiable")
    assert problem["reasons"] == ["body_missing", "signatory_capacity_missing", "delegation_reference_missing"]


# A decision that was told, and has changed since.


async def told(ccas: Ccas, path: str) -> str:
    """The path of the last decision on a request, which the person was told of."""
    items = (await ok(ccas.agent.get("/decisions", request_id=path.rpartition("/")[2])))["items"]
    decision = f"/decisions/{items[0]['id']}"
    notice = {"notified_on": "2011-01-24", "channel": "post", "recipient": "applicant"}
    await ok(ccas.agent.post(f"{decision}/notifications", notice))
    return decision


def ending(kind: str, **changes: Any) -> Json:
    return {"kind": kind, "rectified_on": "2011-02-01", "reason": "Pièce oubliée.", "signatory": "Mme Type", **changes}


async def test_a_notice_that_was_corrected_says_that_it_replaces_the_one_before(besancon: Ccas) -> None:
    path = await decided(besancon, REFUSAL)
    decision = await told(besancon, path)
    correction = ending("material_error", corrections={"reason": "Vos charges sont trop fortes."})
    await ok(besancon.decider.post(f"{decision}/rectifications", correction))
    text = await printed(besancon, path, "decision_notice")
    assert "Le 1er février 2011 Décision" in text
    assert "Notre décision du 20 janvier 2011 a été corrigée le 1er février 2011." in text
    assert "Cette lettre remplace la précédente." in text
    assert "Vos charges sont trop fortes." in text
    assert "Décision du 20 janvier 2011 Délégation" in text


async def test_a_correction_before_anybody_was_told_replaces_no_letter(besancon: Ccas) -> None:
    path = await decided(besancon, {**REFUSAL, "body": None})
    (item,) = (await ok(besancon.agent.get("/decisions", request_id=path.rpartition("/")[2])))["items"]
    correction = ending("material_error", corrections={"body": "Commission permanente"})
    await ok(besancon.decider.post(f"/decisions/{item['id']}/rectifications", correction))
    text = await printed(besancon, path, "decision_notice")
    assert "remplace" not in text
    assert "Décision examinée par Commission permanente" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("withdrawal", "Le CCAS retire sa décision du 20 janvier 2011."),
        ("abrogation", "Elle ne s’applique plus depuis le 1er février 2011."),
    ],
)
async def test_who_was_told_of_a_decision_is_told_that_it_ended(besancon: Ccas, kind: str, words: str) -> None:
    path = await decided(besancon, {**APPROVAL, **NAMED, "internal_note": "Secret"})
    decision = await told(besancon, path)
    await ok(besancon.decider.post(f"{decision}/rectifications", ending(kind)))
    text = await printed(besancon, path, "decision_notice")
    for part in (words, "Pourquoi Pièce oubliée.", "Votre demande sera examinée de nouveau.", "Mme Type"):
        assert part in text
    assert "tribunal administratif. Vous avez 2 mois" in text
    assert "accorde" not in text
    assert "Secret" not in text


async def test_the_end_of_a_decision_that_nobody_was_told_of_is_no_letter(besancon: Ccas) -> None:
    path = await decided(besancon, REFUSAL)
    (item,) = (await ok(besancon.agent.get("/decisions", request_id=path.rpartition("/")[2])))["items"]
    await ok(besancon.decider.post(f"/decisions/{item['id']}/rectifications", ending("withdrawal")))
    problem = await refused(besancon.agent.get(f"{path}/documents/decision_notice"), 409, "not_notifiable")
    assert problem["reasons"] == ["no_longer_stands"]


async def test_who_was_told_subject_to_ratification_is_told_what_the_session_answered(
    databases: Databases, client: AsyncClient
) -> None:
    notice = FastTrackNotice.SUBJECT_TO_RATIFICATION
    ccas = open_changed(databases, client, fast_track=True, fast_track_ratified=True, fast_track_notice=notice)
    answer = {"ratified_on": "2011-02-01", "signatory": "Mme Type", "signatory_capacity": "Présidente"}
    for ratified, words in (
        (True, "Confirmée le 1er février 2011"),
        (False, "La décision du 20 janvier 2011 n’a pas été confirmée. Elle ne s’applique plus."),
    ):
        path = await decided(ccas, {**AHEAD, **NAMED})
        assert "sous réserve de ratification" in await printed(ccas, path, "decision_notice")
        decision = await told(ccas, path)
        why = {} if ratified else {"reason": "L’urgence n’est pas établie."}
        sitting = await ahead_of(ccas, held_on=answer["ratified_on"])
        body = {**answer, "session_id": sitting.id, "ratified": ratified, **why}
        await ok(ccas.decider.post(f"{decision}/ratifications", body))
        await sitting.act("close", by=ccas.decider)
        text = await printed(ccas, path, "decision_notice")
        assert words in text
        assert "sous réserve" not in text
        assert ("accorde" in text) is ratified


@pytest.mark.parametrize(
    "word",
    [
        *("FICP", "F.I.C.P", "fichée", "Fichier", "ﬁchier", "incidents", "banque de données"),
        *("Banque de France", "interdit bancaire"),
    ],
)
async def test_a_reason_that_names_a_register_goes_into_no_letter(besancon: Ccas, word: str) -> None:
    path = await decided(besancon, {**REFUSAL, "reason": f"À cause du mot {word}, là."})
    problem = await refused(besancon.agent.get(f"{path}/documents/decision_notice"), 409, "reason_names_register")
    assert problem["found"] == normalize("NFKC", word)


async def test_where_a_partner_lends_the_ccas_gives_its_opinion_and_the_lender_answers(
    databases: Databases, amiens: Ccas
) -> None:
    path = await before_commission(amiens, None, 200_000)
    await ok(amiens.decider.post(f"{path}/decisions", endorsement(200_000, 24, **NAMED)))
    text = await printed(amiens, path, "decision_notice")
    assert "Le CCAS donne un avis favorable à votre demande." in text
    assert f"Montant demandé au prêteur {money(200_000)} Durée 24 mois" in text
    assert "C’est lui qui décide du prêt. Il vous répond directement." in text
    assert "Remboursement par mois" not in text
    declined = await before_commission(amiens, None, 200_000)
    body = {**REFUSAL, "outcome": "decline", "decided_on": "2018-03-12"}
    body["other_answer"] = {"kind": "budget_advice", "given_on": "2018-03-12"}
    await ok(amiens.decider.post(f"{declined}/decisions", body))
    text = await printed(amiens, declined, "decision_notice")
    assert "Le CCAS ne présente pas votre demande au prêteur." in text
    assert FORBIDDEN.search(text) is None


async def test_after_the_lender_refused_the_letter_says_that_the_lender_answers(
    databases: Databases, amiens: Ccas
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    answer = {"decision": "refused", "decided_on": "2018-03-16"}
    await ok(lender_of(databases, amiens).post(f"/partner/handoffs/{handoff['id']}/answers", answer))
    path = f"/requests/{handoff['request_id']}"
    closing = {**LENDER_DECLINED, "outcome": "lender_refused"}
    await ok(amiens.agent.post(f"{path}/close", closing))
    await _says_that_the_lender_answers(amiens, path)


async def test_a_person_whom_the_check_stopped_is_told_nothing_of_it(databases: Databases, toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    await prechecked(toulouse, lender_of(databases, toulouse), request, "unfavorable")
    path = f"/requests/{request['id']}"
    await ok(toulouse.agent.post(f"{path}/close", LENDER_DECLINED))
    await _says_that_the_lender_answers(toulouse, path)
    assert FORBIDDEN.search(await printed(toulouse, path, "receipt")) is None


async def _says_that_the_lender_answers(ccas: Ccas, path: str) -> None:
    text = await printed(ccas, path, "decision_notice")
    assert "Le prêteur n’a pas donné suite à votre demande." in text
    assert "Le prêteur vous répond directement." in text
    assert "s’exerce à la Banque de France" in text
    assert "Conseils budgétaires" in text
    assert "Le 20 mars 2018" in text
    assert FORBIDDEN.search(text) is None


# To whom, from whom.


async def test_the_letter_to_a_minor_goes_to_the_legal_representative_too(besancon: Ccas) -> None:
    minor = {**demand(besancon)["applicant"], "birth_on": "1994-05-01", "capacity": "minor"}
    request = await ok(besancon.agent.post("/requests", demand(besancon, applicant=minor)))
    path = f"/requests/{request['id']}"
    adult = {**minor, "first_names": "Dominique", "birth_on": "1970-01-01", "capacity": "full"}
    mother = await ok(besancon.agent.post("/people", adult))
    assert "Copie à" not in await printed(besancon, path, "receipt")
    relation = {"kind": "parent", "other_person_id": mother["id"]}
    await ok(besancon.agent.post(f"/people/{request['applicant_id']}/relations", relation))
    text = await printed(besancon, path, "receipt")
    assert "Camille Exemple Dominique Exemple Référence" in text
    assert "Copie à votre représentant légal : Dominique Exemple." in text


async def test_the_parents_of_someone_of_age_get_no_letter(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    parent = {**demand(besancon)["applicant"], "first_names": "Dominique", "birth_on": "1960-01-01"}
    other = await ok(besancon.agent.post("/people", parent))
    relation = {"kind": "parent", "other_person_id": other["id"]}
    await ok(besancon.agent.post(f"/people/{request['applicant_id']}/relations", relation))
    assert "Dominique" not in await printed(besancon, f"/requests/{request['id']}", "receipt")


@pytest.mark.parametrize(
    ("commune", "sender"), [("59153", "CCAS de Condé-sur-l’Escaut"), ("59207", "CCAS d’Escautpont")]
)
async def test_the_letterhead_is_of_the_ccas_of_the_commune(fresnes: Ccas, commune: str, sender: str) -> None:
    changes = {"commune_insee_code": commune, "received_on": "2018-03-01"}
    request = await ok(fresnes.agent.post("/requests", demand(fresnes, **changes)))
    assert (await printed(fresnes, f"/requests/{request['id']}", "receipt")).startswith(f"{sender} Camille Exemple")


# The logo.


async def test_the_last_logo_that_a_manager_gave_is_on_the_papers(besancon: Ccas, amiens: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}/documents/receipt"
    bare = (await besancon.agent.get(path)).content
    await refused(besancon.agent.post("/logos", logo(png())), 403, "forbidden")
    given = [await ok(besancon.manager.post("/logos", logo(png(width, 3)))) for width in (4, 40)]
    assert (given[0]["media_type"], given[0]["bytes"]) == ("image/png", len(png(4, 3)))
    listed = (await ok(besancon.agent.get("/logos")))["items"]
    assert [item["id"] for item in listed] == [given[1]["id"], given[0]["id"]]
    assert (await ok(amiens.agent.get("/logos")))["items"] == []
    with_logo = (await besancon.agent.get(path)).content
    assert b"/Subtype/Image" in with_logo.replace(b" ", b"")
    assert b"/Subtype/Image" not in bare.replace(b" ", b"")
    assert text_of(with_logo) == text_of(bare)


@pytest.mark.parametrize(
    "content",
    [b"GIF89a" + bytes(60), png()[:-4], png()[:60] + b"x" + png()[61:], png(2_001, 1), b"<svg/>" * 10],
    ids=["another image", "cut off", "damaged", "too wide", "a drawing"],
)
async def test_what_is_no_logo_is_refused_and_not_kept(besancon: Ccas, content: bytes) -> None:
    await refused(besancon.manager.post("/logos", logo(content)), 409, "logo_unreadable")
    assert (await ok(besancon.agent.get("/logos")))["items"] == []


async def test_a_logo_is_the_one_that_was_hashed_and_small(besancon: Ccas) -> None:
    await refused(besancon.manager.post("/logos", logo(png(), sha256="0" * 64)), 409, "logo_unreadable")
    await refused(besancon.manager.post("/logos", logo(png(), content_base64="A===")), 422, "invalid")
    await refused(besancon.manager.post("/logos", logo(b"\x89" * 65_540)), 422, "invalid")
    await refused(besancon.manager.post("/logos", logo(png(), media_type="image/svg+xml")), 422, "invalid")
