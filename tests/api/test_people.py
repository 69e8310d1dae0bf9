"""The people whom a CCAS helps, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from app.parameters.codes import codes, label
from tests.support import BUDGET, Ccas, Json, demand, ok, refused


def someone(ccas: Ccas, **changes: Any) -> Json:
    """A beneficiary as first met."""
    return {
        "first_names": "Anaïs",
        "birth_name": "Modèle",
        "birth_on": "1988-02-29",
        "commune_insee_code": ccas.insee_code,
        **changes,
    }


async def test_a_person_is_read_as_written(besancon: Ccas) -> None:
    body = someone(besancon, usage_name="d'Épée", phone="+33 3 81 00 00 00", email="anais@exemple.fr")
    person = await ok(besancon.agent.post("/people", body))
    untold = dict.fromkeys(person.keys() - body.keys())
    assert {**untold, **body, "id": person["id"], "version": 1} == person
    response = await besancon.manager.get(f"/people/{person['id']}")
    assert (response.json(), response.headers["etag"]) == (person, '"1"')


async def test_since_when_somebody_lives_here_and_may_contract_is_told_or_not(besancon: Ccas) -> None:
    told = {"resident_since_on": "2009-06-01", "capacity": "curatorship"}
    person = await ok(besancon.agent.post("/people", someone(besancon, **told)))
    assert {name: person[name] for name in told} == told
    path = f"/people/{person['id']}"
    changed = await ok(besancon.agent.patch(path, {"capacity": None}, etag='"1"'))
    assert (changed["capacity"], changed["resident_since_on"]) == (None, "2009-06-01")
    await refused(besancon.agent.patch(path, {"capacity": "rich"}, etag='"2"'), 422, "invalid")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"resident_since_on": "2199-01-01"}, "date_in_future"),
        ({"resident_since_on": "1988-02-28"}, "date_out_of_order"),
    ],
)
async def test_nobody_lives_anywhere_before_being_born_or_after_today(besancon: Ccas, told: Json, code: str) -> None:
    problem = await refused(besancon.agent.post("/people", someone(besancon, **told)), 409, code)
    assert problem["field"] == "resident_since_on"
    person = await ok(besancon.agent.post("/people", someone(besancon)))
    await refused(besancon.agent.patch(f"/people/{person['id']}", told, etag='"1"'), 409, code)


async def test_nobody_is_born_tomorrow(besancon: Ccas) -> None:
    problem = await refused(
        besancon.agent.post("/people", someone(besancon, birth_on="2199-01-01")), 409, "date_in_future"
    )
    assert problem["field"] == "birth_on"


async def test_a_person_of_another_ccas_looks_like_nobody(besancon: Ccas, toulouse: Ccas) -> None:
    foreign = await ok(toulouse.agent.post("/people", someone(toulouse)))
    answers = [
        await refused(besancon.agent.get(f"/people/{person}"), 404, "not_found") for person in (foreign["id"], uuid4())
    ]
    assert answers[0] == answers[1]
    await refused(besancon.agent.patch(f"/people/{foreign['id']}", {"phone": None}, etag='"1"'), 404, "not_found")
    assert (await ok(besancon.agent.get("/people", q="modele")))["items"] == []


async def test_what_a_change_does_not_name_stays_and_null_takes_away_what_may_lack(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon, phone="0381000000", email="a@exemple.fr")))
    changed = await ok(besancon.agent.patch(f"/people/{person['id']}", {"phone": None}, etag='"1"'))
    assert changed == {**person, "phone": None, "version": 2}


@pytest.mark.parametrize("field", ["first_names", "birth_name", "birth_on", "commune_insee_code"])
async def test_what_a_person_cannot_lack_cannot_be_taken_away(besancon: Ccas, field: str) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon)))
    problem = await refused(besancon.agent.patch(f"/people/{person['id']}", {field: None}, etag='"1"'), 422, "invalid")
    assert problem["errors"][0]["pointer"] == f"/body/{field}"


@pytest.mark.parametrize(("etag", "status", "code"), [(None, 428, "version_missing"), ('"7"', 412, "version_stale")])
async def test_a_change_says_which_version_it_bears_on(
    besancon: Ccas, etag: str | None, status: int, code: str
) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon)))
    await refused(besancon.agent.patch(f"/people/{person['id']}", {"phone": None}, etag=etag), status, code)


async def test_a_birth_date_cannot_be_moved_into_the_future(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon)))
    path = f"/people/{person['id']}"
    await refused(besancon.agent.patch(path, {"birth_on": "2199-01-01"}, etag='"1"'), 409, "date_in_future")
    assert await ok(besancon.agent.get(path)) == person


async def test_a_person_is_found_under_a_new_name_and_no_longer_under_the_old(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon, usage_name="Martin")))
    await ok(besancon.agent.patch(f"/people/{person['id']}", {"usage_name": "Bérenger"}, etag='"1"'))
    assert len((await ok(besancon.agent.get("/people", q="berenger")))["items"]) == 1
    assert (await ok(besancon.agent.get("/people", q="martin")))["items"] == []


@pytest.mark.parametrize(
    ("names", "q"),
    [
        ({"first_names": "Anaïs"}, "ANAIS"),
        ({"first_names": "Anai\u0308s"}, "anaïs"),
        ({"birth_name": "Çelik"}, "celik"),
        ({"birth_name": "Nuñez"}, "nunez"),
        ({"usage_name": "Straße"}, "STRASSE"),
        ({"birth_name": "Œuvrard"}, "oeuvrard"),
        ({"birth_name": "L’Hôte"}, "l'hote"),
    ],
)
async def test_a_name_is_found_however_it_is_typed(besancon: Ccas, names: Json, q: str) -> None:
    await ok(besancon.agent.post("/people", someone(besancon, first_names="Zoé", birth_name="Autre")))
    wanted = await ok(besancon.agent.post("/people", someone(besancon, **names)))
    assert [person["id"] for person in (await ok(besancon.agent.get("/people", q=q)))["items"]] == [wanted["id"]]


async def test_pages_of_people_show_everyone_once_newest_first(besancon: Ccas) -> None:
    born = [f"198{year}-02-03" for year in range(5)]
    written = [(await ok(besancon.agent.post("/people", someone(besancon, birth_on=on))))["id"] for on in born]
    shown, cursor = [], {}
    while True:
        page = await ok(besancon.agent.get("/people", limit=2, **cursor))
        shown += [person["id"] for person in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert shown == written[::-1]


# The profile


PROFILE: Json = {
    "birth_place": "DZ",
    "nationality": "french",
    "sex": "female",
    "education_level": "cap_bep",
    "family_situation": "alone",
    "housing": "third_party_home",
    "domiciliation": "CCAS de Besançon",
    "already_known": True,
    "safe_contact": "social_referent",
    "interpreter_language": "tamoul",
    "reading_difficulty": False,
    "deceased_on": None,
}


async def test_a_profile_is_told_or_not_and_may_change(besancon: Ccas) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon, **PROFILE)))
    assert {name: person[name] for name in PROFILE} == PROFILE
    untold = dict.fromkeys(PROFILE)
    changed = await ok(besancon.agent.patch(f"/people/{person['id']}", untold, etag='"1"'))
    assert changed == {**person, **untold, "version": 2}


@pytest.mark.parametrize("birth_place", ["25056", "2A004", "97411", "99352", "FR", "TL"])
async def test_a_birth_place_is_a_commune_or_a_country(besancon: Ccas, birth_place: str) -> None:
    person = await ok(besancon.agent.post("/people", someone(besancon, birth_place=birth_place)))
    assert person["birth_place"] == birth_place


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"birth_place": "XX"}, "unknown_code"),
        ({"birth_place": "fr"}, "bad_form"),
        ({"birth_place": "Besançon"}, "bad_form"),
        ({"nationality": "martian"}, "unknown_code"),
        ({"sex": "m"}, "unknown_code"),
        ({"education_level": "phd"}, "unknown_code"),
        ({"family_situation": "single"}, "unknown_code"),
        ({"housing": "castle"}, "unknown_code"),
        ({"safe_contact": "pigeon"}, "unknown_code"),
        ({"already_known": "yes"}, "not_a_boolean"),
        ({"reading_difficulty": 1}, "not_a_boolean"),
    ],
)
async def test_what_is_on_no_list_is_told_by_name(besancon: Ccas, told: Json, code: str) -> None:
    problem = await refused(besancon.agent.post("/people", someone(besancon, **told)), 422, "invalid")
    ((field,),) = (told,)
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(f"/body/{field}", code)]
    assert (await ok(besancon.agent.get("/people")))["items"] == []


@pytest.mark.parametrize(
    ("deceased_on", "code"), [("1988-02-28", "date_out_of_order"), ("2199-01-01", "date_in_future")]
)
async def test_nobody_dies_before_being_born_or_tomorrow(besancon: Ccas, deceased_on: str, code: str) -> None:
    body = someone(besancon, deceased_on=deceased_on)
    assert (await refused(besancon.agent.post("/people", body), 409, code))["field"] == "deceased_on"
    person = await ok(besancon.agent.post("/people", someone(besancon)))
    await refused(besancon.agent.patch(f"/people/{person['id']}", {"deceased_on": deceased_on}, etag='"1"'), 409, code)
    assert await ok(besancon.agent.get(f"/people/{person['id']}")) == person


@pytest.mark.parametrize(
    ("section", "labels"),
    [
        ("education_levels", {"Sans qualification", "Niveau CAP/BEP", "Bac", "BTS", "DUT"}),
        ("family_situations", {"Isolé", "En situation de couple"}),
        ("housings", {"Hébergé chez un tiers", "Au domicile familial"}),
        ("situations", {"Demandeur d'emploi", "Apprenti", "Salarié", "Étudiant ou en formation", "Scolarisé au CNED"}),
    ],
)
def test_the_lists_hold_the_words_of_besancons_report(section: str, labels: set[str]) -> None:
    assert labels <= {label(section, code, "fr") for code in codes(section)}


async def test_what_is_of_the_day_of_a_demand_is_told_with_it(besancon: Ccas) -> None:
    told = {"situations": ["student", "employee", "student"], "priority_district": True}
    request = await ok(besancon.agent.post("/requests", demand(besancon, **told)))
    assert (request["situations"], request["priority_district"]) == (["student", "employee"], True)
    path = f"/requests/{request['id']}"
    changed = await ok(besancon.agent.patch(path, {"priority_district": None, "situations": []}, etag='"1"'))
    assert (changed["situations"], changed["priority_district"]) == ([], None)
    await refused(besancon.agent.post("/requests", demand(besancon, situations=["idle"])), 422, "invalid")


# The budgets


async def test_the_budgets_of_a_person_are_told_newest_first_with_their_demands(besancon: Ccas) -> None:
    first = await ok(besancon.agent.post("/requests", demand(besancon)))
    person_id = first["applicant_id"]
    other = await ok(besancon.agent.post("/people", someone(besancon)))
    body = {**demand(besancon), "applicant_id": other["id"], "co_applicant_id": person_id}
    del body["applicant"]
    second = await ok(besancon.agent.post("/requests", body))
    for request, rent in ((first, 20_000), (second, 30_000)):
        month = {**BUDGET, "charges": [{"kind": "rent", "amount_cents": rent}]}
        await ok(besancon.agent.put(f"/requests/{request['id']}/budget", month, etag='"1"'))
    history = (await ok(besancon.agent.get(f"/people/{person_id}/budgets")))["items"]
    assert [(one["reference"], one["budget"]["charges_cents"]) for one in history] == [
        (second["reference"], 30_000),
        (first["reference"], 20_000),
    ]
    assert history[1]["budget"] == await ok(besancon.agent.get(f"/requests/{first['id']}/budget"))
    assert len((await ok(besancon.agent.get(f"/people/{other['id']}/budgets")))["items"]) == 1
    await refused(besancon.agent.get(f"/people/{uuid4()}/budgets"), 404, "not_found")
