"""The people whom a CCAS helps, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support import Ccas, Json, ok, refused


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
    assert {**body, "resident_since_on": None, "capacity": None, "id": person["id"], "version": 1} == person
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
    written = [(await ok(besancon.agent.post("/people", someone(besancon))))["id"] for _ in range(5)]
    shown, cursor = [], {}
    while True:
        page = await ok(besancon.agent.get("/people", limit=2, **cursor))
        shown += [person["id"] for person in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert shown == written[::-1]
