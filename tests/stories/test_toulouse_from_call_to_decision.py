"""Toulouse, month by month: from a call to the desk to the decision, as the experience sheet of its CCAS tells it.

The steps are the sheet's; names, days, amounts and the list of papers, which it does not print, are assumed.
"""

from dataclasses import replace

import pytest
from httpx import AsyncClient

from tests.lenders import check, endorsement, handed_over, lender_of, rules_under
from tests.support import ATTESTED, Ccas, Databases, Json, Staff, attestation, desk_of, etag_of, ok, open_with, refused

SHEET: Json = {
    "first_names": "Camille",
    "birth_name": "Exemple",
    "birth_on": "1988-03-02",
    "phone": "05 61 00 00 00",
    "household": {"adults": 1, "minor_children": 1},
    "situations": ["fixed_term_contract", "part_time"],
    "project_description": "Une voiture pour garder un emploi en horaires décalés",
    "project_cost_cents": 300_000,
    "requested_amount_cents": 300_000,
}
PAPERS = ("identity", "proof_of_resources", "quote")
# The steps that the timeline tells; it tells each paper, attestation and part of the file as well.
STEPS = ("contact", "intake", "precheck", "ficp_check", "rights_check", "appointment", "transition", "decision")
STORY = [
    ("2018-01-08", "Sollicitation : Téléphone"),
    ("2018-01-08", "Demande reçue : D-2018-0001"),
    ("2018-01-09", "Préalable demandé au prêteur (vérification) : envoyée"),
    ("2018-01-12", "Vérification du prêteur : favorable"),
    ("2018-01-12", "Préalable demandé au prêteur (vérification) : accepté"),
    ("2018-01-22", "Rendez-vous : honoré"),
    ("2018-01-22", "Dossier : évaluation"),
    ("2018-01-22", "Autre droit examiné : Aide financière individuelle de la CAF"),
    ("2018-01-22", "Dossier : en attente de pièces"),
    ("2018-02-05", "Rendez-vous : manqué"),
    ("2018-02-19", "Rendez-vous : honoré"),
    ("2018-02-19", "Dossier : évaluation"),
    ("2018-02-26", "Dossier : soumise à la commission"),
    ("2018-03-06", "Décision : donner un avis favorable"),
    ("2018-03-06", "Dossier : avis favorable"),
]


@pytest.fixture
def toulouse(databases: Databases, client: AsyncClient) -> Ccas:
    """Toulouse, whose rules name the papers that they ask for."""
    rules = rules_under("toulouse")
    versions = tuple(
        replace(version, products=tuple(replace(one, documents=PAPERS) for one in version.products))
        for version in rules.versions
    )
    return open_with(databases, client, replace(rules, versions=versions))


async def put(staff: Staff, path: str, part: str, body: Json) -> Json:
    """A new revision of a part of the file."""
    return await ok(staff.put(f"{path}/{part}", body, etag=await etag_of(staff, path)))


async def taken_by_the_desk(ccas: Ccas, desk: Staff) -> tuple[str, Json]:
    """The contact's path and the request that its sheet becomes, with nothing typed twice."""
    call = {"contacted_on": "2018-01-08", "channel": "phone", "purpose": "vehicle_purchase",
            "commune_insee_code": ccas.insee_code}  # fmt: skip
    begun = {"sheet": {"first_names": SHEET["first_names"], "phone": SHEET["phone"]}}
    contact = await ok(desk.post("/contacts", {**call, **begun}))
    path = f"/contacts/{contact['id']}"
    await ok(desk.patch(path, {"sheet": {**SHEET, "commune_insee_code": ccas.insee_code}}, etag='"1"'))
    agent = {"instructing_agent_id": str(ccas.agent.account_id)}
    became = await ok(desk.post(f"{path}/request", agent))
    return path, became


async def meeting(staff: Staff, path: str, day: str, status: str, agent: Staff) -> None:
    """An appointment with the social worker, and whether the person came."""
    body = {"starts_at": f"{day}T09:30:00+01:00", "kind": "desk", "status": status,
            "account_id": str(agent.account_id), "purpose": "Entretien d'évaluation"}  # fmt: skip
    await ok(staff.post(f"{path}/appointments", body))


async def missing(staff: Staff, path: str) -> list[str]:
    """The papers that keep the file from being submitted."""
    found: list[str] = (await ok(staff.get(f"{path}/papers")))["missing"]
    return found


async def test_from_the_call_to_the_decision(databases: Databases, toulouse: Ccas) -> None:
    """« Le secrétariat reçoit tous les appels téléphoniques et établit une fiche recueil de données. »"""
    agent, desk, bank = toulouse.agent, desk_of(databases, toulouse), lender_of(databases, toulouse)

    # January: the call, the sheet, the lender's check.
    contact, became = await taken_by_the_desk(toulouse, desk)
    path = f"/requests/{became['request_id']}"
    request = await ok(agent.get(path))
    assert (request["status"], request["received_on"], request["reference"]) == ("intake", "2018-01-08", "D-2018-0001")
    assert request["instructing_agent_id"] == str(agent.account_id)
    for name in ("household", "situations", "project_description", "project_cost_cents", "requested_amount_cents"):
        assert request[name] == SHEET[name]
    assert (await ok(desk.get(contact)))["status"] == "request"
    await refused(desk.get(path), 403, "forbidden")

    sending = {"kind": "precheck", "support_person": "La responsable du dispositif", "sent_on": "2018-01-09"}
    await refused(agent.post(f"{path}/handoffs", sending), 409, "authorisation_missing")
    authorisation = {"recipient": toulouse.lender, "purposes": ["precheck", "loan_file"], "given_on": "2018-01-09"}
    await ok(agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-01-09")
    payload = (await ok(bank.get(f"/partner/handoffs/{handoff['id']}")))["payload"]
    told = {name: SHEET[name] for name in ("first_names", "birth_name", "birth_on")}
    assert payload["applicant"] == {**told, "birth_place": None}
    too_soon = {"assessed_on": "2018-01-10"}
    assert (await refused(agent.post(f"{path}/assess", too_soon), 409, "check_not_favourable"))["standing"] == "pending"
    await ok(bank.post("/partner/ficp-checks", check(handoff, consulted_at="2018-01-12T09:30:00Z")))
    (standing,) = (await ok(agent.get(f"{path}/ficp-checks")))["items"]
    assert (standing["standing"], standing["consulted_on"]) == ("favourable", "2018-01-12")

    # « donner la liste des pièces nécessaires à l'instruction de la demande et proposer un rendez-vous »
    asked = await ok(agent.post(f"{path}/papers/ask-list", {"asked_on": "2018-01-15", "due_on": "2018-02-19"}))
    assert [paper["code"] for paper in asked["items"]] == asked["missing"] == [*PAPERS]
    letter = await ok(agent.get(f"{path}/papers/letter"))
    assert letter["to"] == "Camille Exemple"
    assert [line for line in letter["lines"] if line.startswith("- ")] == [
        "- Pièce d'identité ou titre de séjour, pour le 19/02/2018",
        "- Justificatifs de ressources, pour le 19/02/2018",
        "- Devis ou facture, pour le 19/02/2018",
    ]

    # The first interview: « la demande, le projet, les ressources, les perspectives d'amélioration ».
    await meeting(desk, path, "2018-01-22", "attended", agent)
    await ok(agent.post(f"{path}/assess", {"assessed_on": "2018-01-22"}))
    papers = {paper["code"]: f"/papers/{paper['id']}/receipt" for paper in asked["items"]}
    for code in ("identity", "quote"):
        await ok(agent.post(papers[code], {"seen_on": "2018-01-22", "kind": "original"}))
    right = {"right": "caf", "checked_on": "2018-01-22", "result": "not_entitled"}
    await ok(agent.post(f"{path}/rights-checks", right))
    for fact in ATTESTED:
        await ok(agent.post(f"{path}/attestations", attestation(fact, attested_on="2018-01-22")))
    await ok(agent.post(f"{path}/await-papers", {"awaited_on": "2018-01-22"}))

    # February: « Il est parfois utile de revoir une à trois fois les personnes ».
    await meeting(desk, path, "2018-02-05", "missed", agent)
    await meeting(desk, path, "2018-02-19", "attended", agent)
    figures = await ok(agent.get("/appointments/figures", **{"from": "2018-01-01", "to": "2018-02-28"}))
    assert figures["total"] == {"planned": 0, "attended": 2, "missed": 1, "cancelled": 0, "no_show_percent": "33.33"}
    assert [one["account_id"] for one in figures["by_account"]] == [str(agent.account_id)]

    await ok(agent.post(f"{path}/assess", {"assessed_on": "2018-02-19"}))
    budget = {
        "resources": [{"kind": "wage", "amount_cents": 95_000}, {"kind": "housing_aid", "amount_cents": 25_000}],
        "charges": [{"kind": "rent", "amount_cents": 48_000}, {"kind": "energy", "amount_cents": 6_000}],
        "assessed_capacity_cents": 9_000,
        "as_of_on": "2018-02-19",
    }
    month = await put(agent, path, "budget", budget)
    assert month["left_to_live_cents"] == 95_000 - (48_000 - 25_000) - 6_000
    proposal = {"loan_cents": 300_000, "duration_months": 36, "grant_cents": 0}
    await put(agent, path, "assessment", {
        "needs": "Aucun transport collectif aux heures de travail",
        "viability": "Promesse de renouvellement du contrat",
        "diagnosis": "Budget tenu, pas d'accès au crédit bancaire",
        "expected_improvement": "Garder l'emploi",
        "opinion": "Favorable",
        "proposal": proposal,
        "assessed_on": "2018-02-19",
    })  # fmt: skip
    plan = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": 300_000}]}
    assert (await put(agent, path, "financing-plan", plan))["balanced"] is True

    # One paper is still missing: the file stays, and says which.
    submission = {"submitted_on": "2018-02-26"}
    assert await missing(agent, path) == ["proof_of_resources"]
    problem = await refused(agent.post(f"{path}/submit", submission), 409, "papers_missing")
    assert problem["papers"] == ["proof_of_resources"]
    assert (await ok(agent.get(path)))["status"] == "assessment"
    await ok(agent.post(papers["proof_of_resources"], {"seen_on": "2018-02-26", "kind": "copy"}))
    assert await missing(agent, path) == []
    assert (await ok(agent.post(f"{path}/submit", submission)))["status"] == "submitted"

    # March: the CCAS presents the file to the lender.
    decision = await ok(toulouse.decider.post(f"{path}/decisions", endorsement(300_000, 36, decided_on="2018-03-06")))
    assert (decision["outcome"], decision["number"], decision["breaches"]) == ("endorse", 1, [])
    assert (await ok(agent.get(path)))["status"] == "endorsed"
    told = (await ok(agent.get(f"{path}/timeline")))["items"]
    assert [(item["on"], item["title"]) for item in told if item["kind"] in STEPS] == STORY
