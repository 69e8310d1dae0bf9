"""Besançon, month by month: a demand sent to another lender of microcredit, and its answer that comes back.

The partner is the report's; names and days are assumed.
"""

from collections.abc import Mapping

from httpx import AsyncClient

from tests.api.test_referral_links import FAR
from tests.support import Ccas, Json, Staff, demand, ok, refused

CAISSE = "Caisse Solidaire de Franche-Comté"
# « 36 situations ont été orientées vers la Caisse Solidaire » in 2011, 18 in 2010, by what came of them.
ORIENTATIONS: Mapping[str, Mapping[str, int]] = {
    "2010": {"accepted": 4, "refused": 12, "no_papers": 2, "never_went": 0},
    "2011": {"accepted": 12, "refused": 9, "no_papers": 3, "never_went": 12},
}
STORY = [
    ("2011-01-10", "Demande reçue : D-2011-0001"),
    ("2011-01-10", "Dossier confié : agent"),
    ("2011-01-17", "Dossier : évaluation"),
    ("2011-01-20", "Orientation : Caisse Solidaire de Franche-Comté"),
    ("2011-02-14", "Relance de l'orientation"),
    ("2011-03-08", "Réponse à l'orientation : accepté"),
    ("2011-03-21", "Dossier : réorientée"),
]


async def caisse_of(ccas: Ccas) -> str:
    """The identifier of the lender in the directory."""
    return str((await ok(ccas.agent.post("/organisations", {"name": CAISSE, "kinds": ["referral"]})))["id"])


async def silent(staff: Staff, on: str) -> list[str]:
    """The references of the referrals that were without an answer on a day."""
    return [item["reference"] for item in (await ok(staff.get("/referrals", silent_on=on)))["items"]]


async def waiting(staff: Staff) -> list[tuple[str, str | None]]:
    """What the worklist says of referrals: the title, and by when an answer was expected."""
    items = (await ok(staff.get("/worklist", kind="silent_referral")))["items"]
    return [(item["title"], item["due_on"]) for item in items]


async def test_a_demand_goes_to_another_lender_and_its_answer_comes_back(besancon: Ccas, client: AsyncClient) -> None:
    """« par contact téléphonique afin que la personne puisse repartir avec un RDV vers le partenaire approprié »."""
    agent, caisse = besancon.agent, await caisse_of(besancon)

    # January: a project beyond what the CCAS lends.
    asked = demand(besancon, received_on="2011-01-10", project_cost_cents=450_000, requested_amount_cents=300_000)
    request = await ok(agent.post("/requests", asked))
    path = f"/requests/{request['id']}"
    await ok(agent.post(f"{path}/assess", {"assessed_on": "2011-01-17"}))
    end = {
        "outcome": "referred",
        "reason_code": "referred_elsewhere",
        "other_answer": {"kind": "partner_lender", "organisation_id": caisse, "given_on": "2011-01-20"},
        "closed_on": "2011-03-21",
    }
    await refused(agent.post(f"{path}/close", end), 409, "no_referral")
    sent: Json = {
        "organisation_id": caisse,
        "referred_on": "2011-01-20",
        "by": "phone",
        "appointment_at": "2011-01-27T14:00:00+01:00",
        "answer_expected_on": "2011-02-10",
        "reason": "Projet au-delà du plafond",
    }
    await refused(agent.post(f"{path}/referrals", sent), 409, "authorisation_missing")
    authorisation = {"organisation_id": caisse, "purposes": ["referral"], "given_on": "2011-01-20"}
    await ok(agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    referral = await ok(agent.post(f"{path}/referrals", sent))
    assert (referral["reference"], referral["status"], referral["answers"]) == ("O-2011-0001", "waiting", [])
    assert referral["appointment_at"] == "2011-01-27T13:00:00Z"

    # February: the day passes without a word.
    assert await silent(agent, "2011-02-10") == []
    assert await silent(agent, "2011-02-11") == ["O-2011-0001"]
    assert await waiting(agent) == [("Orientation sans réponse", "2011-02-10")]
    reminded = {"reminded_on": "2011-02-14", "answer_expected_on": "2011-03-14"}
    await ok(agent.post(f"/referrals/{referral['id']}/reminders", reminded))
    assert await silent(agent, "2011-03-14") == []
    assert await waiting(agent) == [("Orientation sans réponse", "2011-03-14")]

    # March: the lender answers by its link, which is good once and says nothing of the person.
    link = await ok(agent.post(f"/referrals/{referral['id']}/links", FAR))
    question = await client.get(link["path"])
    assert (question.json()["organisation"], question.json()["reference"]) == (CAISSE, "O-2011-0001")
    assert asked["applicant"]["birth_name"] not in question.text
    answer = {"answer": "accepted", "answered_on": "2011-03-08", "note": "Prêt accordé"}
    await ok(client.post(link["path"], json=answer))
    await refused(client.post(link["path"], json={**answer, "answer": "refused"}), 409, "link_used")
    told = await ok(agent.get(f"/referrals/{referral['id']}"))
    assert [(one["answer"], one["source"], one["answered_on"]) for one in told["answers"]] == [
        ("accepted", "partner_link", "2011-03-08")
    ]
    assert await silent(agent, "2190-01-01") == []
    assert await waiting(agent) == []

    # The file ends with the other answer, and with nothing left to do about it.
    closed = await ok(agent.post(f"{path}/close", end))
    assert (closed["status"], closed["other_answer"]) == ("referred", {**end["other_answer"], "attempts_on": []})
    figures = await ok(agent.get("/referrals/figures", **{"from": "2011-01-01", "to": "2011-12-31"}))
    assert (figures["total"]["referred"], figures["total"]["accepted"], figures["total"]["waiting"]) == (1, 1, 0)
    told = (await ok(agent.get(f"{path}/timeline")))["items"]
    assert [(item["on"], item["title"]) for item in told] == STORY


async def test_the_orientations_of_the_report_are_counted_by_what_came_of_them(besancon: Ccas) -> None:
    """18 = 4 + 12 + 2 + 0 in 2010, 36 = 12 + 9 + 3 + 12 in 2011 (« 12 qui n'ont pas fait la démarche »)."""
    agent, caisse = besancon.agent, await caisse_of(besancon)
    for year, counts in ORIENTATIONS.items():
        call = {"contacted_on": f"{year}-06-01", "channel": "phone", "commune_insee_code": besancon.insee_code}
        sent = {"organisation_id": caisse, "referred_on": f"{year}-06-01", "by": "email",
                "answer_expected_on": f"{year}-07-01"}  # fmt: skip
        for answer in (answer for answer, number in counts.items() for _ in range(number)):
            contact = await ok(agent.post("/contacts", call))
            referral = await ok(agent.post(f"/contacts/{contact['id']}/referrals", sent))
            told = {"answer": answer, "answered_on": f"{year}-06-20"}
            await ok(agent.post(f"/referrals/{referral['id']}/answers", told))
    for year, total in (("2010", 18), ("2011", 36)):
        figures = await ok(agent.get("/referrals/figures", **{"from": f"{year}-01-01", "to": f"{year}-12-31"}))
        (of_caisse,) = figures["by_organisation"]
        assert of_caisse["organisation_name"] == CAISSE
        for told in (figures["total"], of_caisse):
            assert told["referred"] == total
            assert {answer: told[answer] for answer in ORIENTATIONS[year]} == ORIENTATIONS[year]
            assert (told["waiting"], told["silent"], told["withdrawn"]) == (0, 0, 0)
