"""Fresnes, month by month: a file that moves from Condé to Fresnes, and the half-time referent of the four communes.

The communes, their shared desk and « 1 référente du dispositif à 0,5 ETP » are the sheet's; names and days are assumed.
"""

from tests.api.test_communes import CONDE, FRESNES, staff_of
from tests.support import Ccas, Databases, Json, demand, ok, refused

YEAR = {"from": "2018-01-01", "to": "2018-12-31"}


def asked(ccas: Ccas, on: str, **changes: Json | str) -> Json:
    """A demand at Condé for furniture."""
    cost = {"project_cost_cents": 60_000, "requested_amount_cents": 60_000, "purpose": "furniture_appliances"}
    return demand(ccas, **{**cost, "commune_insee_code": CONDE, "received_on": on, **changes})


async def test_a_file_that_moves_from_conde_to_fresnes(fresnes: Ccas, databases: Databases) -> None:
    """« 1 référente du dispositif à 0,5 ETP […] les équipes sociales des 4 CCAS »."""
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    referent, manager = fresnes.agent, fresnes.manager
    person = {"first_names": "Dominique", "birth_name": "Exemple", "birth_on": "1984-06-11",
              "commune_insee_code": CONDE}  # fmt: skip

    # January: Condé takes a demand in; the person gives up, with another answer.
    first = await ok(conde.post("/requests", asked(fresnes, "2018-01-15", applicant=person)))
    applicant = first["applicant_id"]
    answer = {"kind": "budget_advice", "given_on": "2018-02-02"}
    end = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": answer, "closed_on": "2018-02-02"}
    await ok(conde.post(f"/requests/{first['id']}/close", end))

    # March: the same person comes again; Fresnes does not see what is Condé's, the shared desk does.
    again = asked(fresnes, "2018-03-05")
    again.pop("applicant")
    second = await ok(conde.post("/requests", {**again, "applicant_id": applicant}))
    path = f"/requests/{second['id']}"
    await ok(conde.post(f"{path}/notes", {"text": "Déménagement prévu au printemps", "visibility": "shared"}))
    held = {"starts_at": "2018-03-12T10:00:00+01:00", "kind": "home", "status": "attended"}
    await ok(conde.post(f"{path}/appointments", held))
    for hidden in (path, f"{path}/notes", f"/people/{applicant}"):
        await refused(other.get(hidden), 404, "not_found")
        await ok(referent.get(hidden))
    before = (await ok(manager.get("/workload", **YEAR)))["by_commune"]
    assert {row["name"]: (row["files"], row["persons"]) for row in before["communes"] if row["files"]} == {
        "Condé-sur-l'Escaut": (2, 1)
    }
    assert before["group"] == {"files": 2, "persons": 1}

    # April: the person moves; whoever works for Condé alone cannot send the file away.
    moving = {"to_commune_insee_code": FRESNES, "transferred_on": "2018-04-09", "person_moved": True,
              "reason": "A emménagé à Fresnes"}  # fmt: skip
    await refused(conde.post(f"{path}/transfers", moving), 409, "commune_out_of_reach")
    given = {"account_id": str(referent.account_id), "assigned_on": "2018-04-09", "reason": "Reprise du dossier"}
    await refused(referent.post(f"{path}/assignments", given), 403, "not_the_referent")
    # Whoever instructs the file works for Condé alone: the transfer names somebody who works for Fresnes.
    await refused(referent.post(f"{path}/transfers", moving), 409, "cannot_instruct")
    await ok(referent.post(f"{path}/transfers", {**moving, "instructing_agent_id": str(referent.account_id)}))

    await refused(conde.get(path), 404, "not_found")
    moved = await ok(other.get(path))
    assert (moved["commune_insee_code"], moved["reference"]) == (FRESNES, second["reference"])
    assert (await ok(other.get(f"/people/{applicant}")))["commune_insee_code"] == FRESNES
    # What Condé did stays told; the demand that ended there stays there.
    (transfer,) = (await ok(other.get(f"{path}/transfers")))["items"]
    assert (transfer["from_commune_insee_code"], transfer["transferred_on"]) == (CONDE, "2018-04-09")
    assert [note["text"] for note in (await ok(other.get(f"{path}/notes")))["items"]] == [
        "Déménagement prévu au printemps"
    ]
    assert [one["assigned_on"] for one in (await ok(other.get(f"{path}/assignments")))["items"]] == [
        "2018-03-05",
        "2018-04-09",
    ]
    for staff, sees in ((conde, [first]), (other, [second]), (referent, [second, first])):
        listed = (await ok(staff.get("/requests")))["items"]
        assert [item["id"] for item in listed] == [request["id"] for request in sees]
    told = (await ok(referent.get(f"{path}/timeline")))["items"]
    assert [(item["on"], item["title"], item["author"]) for item in told if item["kind"] in ("transfer", "assignment")][
        1:
    ] == [
        ("2018-04-09", "Transfert de commune : Fresnes-sur-Escaut", "agent"),
        ("2018-04-09", "Dossier confié : agent", "agent"),
    ]

    # June: two more people at Fresnes, and two calls that lead to nothing yet; the year is counted.
    for name, on in (("Alix", "2018-06-04"), ("Noa", "2018-06-18")):
        newcomer = {**person, "first_names": name, "commune_insee_code": FRESNES}
        body = asked(fresnes, on, applicant=newcomer, commune_insee_code=FRESNES)
        await ok(referent.post("/requests", body))
        call = {"contacted_on": on, "channel": "phone", "commune_insee_code": FRESNES}
        await ok(referent.post("/contacts", call))
    by_commune = (await ok(manager.get("/workload", **YEAR)))["by_commune"]
    assert {row["name"]: (row["files"], row["persons"]) for row in by_commune["communes"] if row["files"]} == {
        "Condé-sur-l'Escaut": (1, 1),
        "Fresnes-sur-Escaut": (3, 3),
    }
    # 1 + 3 people by commune, yet three in all: the one who moved is one person of the group.
    assert by_commune["group"] == {"files": 4, "persons": 3}

    half = {"valid_from": "2018-01-01", "fte_percent": 50}
    await ok(manager.post(f"/users/{referent.account_id}/working-times", half))
    limit = {"measure": "open_files", "per_fte_max": 5, "valid_from": "2018-01-01"}
    await ok(manager.post("/workload/thresholds", limit))
    workload = await ok(manager.get("/workload", **YEAR))
    (load,) = [one for one in workload["referents"] if one["account_id"] == str(referent.account_id)]
    assert load["fte_percent"] == 50
    assert load["open_files"] == {"count": 3, "per_fte": "6.00", "per_fte_max": 5, "over": True}
    assert (load["solicitations"]["count"], load["solicitations"]["per_fte"]) == (2, "4.00")
    assert (load["files_taken_in"]["count"], load["files_taken_in"]["per_fte"]) == (2, "4.00")
