"""The search before somebody is added, over HTTP."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.tables import Person
from tests.api.test_people import someone
from tests.support import Ccas, Databases, Json, demand, desk_of, ok, refused, run_sql


async def known(ccas: Ccas, **changes: Any) -> str:
    """The identifier of somebody known: Anaïs Modèle, born on 29 February 1988."""
    return str((await ok(ccas.agent.post("/people", someone(ccas, **changes))))["id"])


async def found(ccas: Ccas, **sought: Any) -> list[tuple[str, int, list[str]]]:
    """Who is found, with which score, by which fields."""
    answer = await ok(ccas.agent.post("/people/candidates", sought))
    return [(item["person"]["id"], item["score"], item["matched"]) for item in answer["items"]]


NAMES = ["birth_name", "first_names"]


@pytest.mark.parametrize(
    ("sought", "score"),
    [
        ({"birth_name": "MODELE", "first_names": "anais", "birth_on": "1988-02-29"}, 100),
        ({"birth_name": "Modelle", "first_names": "Anaïs", "birth_on": "1988-02-29"}, 93),
        ({"birth_name": "Nodèle", "first_names": "Anaïs", "birth_on": "1988-02-29"}, 93),
        ({"birth_name": "Anaïs", "first_names": "Modèle", "birth_on": "1988-02-29"}, 88),
        ({"birth_name": "Anaïs", "first_names": "Modèle"}, 44),
        ({"birth_name": "Modèle", "first_names": "Anaïs", "birth_on": "1988-02-28"}, 86),
        ({"birth_name": "Modèle", "first_names": "Anaïs"}, 55),
        ({"usage_name": "Épouse", "first_names": "Anaïs"}, 55),
        ({"birth_name": "epouse", "birth_on": "1988-02-29"}, 77),
        ({"birth_on": "1988-02-29"}, 44),
        ({"phone": "0381000000"}, 5),
        ({"email": "Anais@Exemple.FR"}, 5),
    ],
)
async def test_somebody_is_found_however_they_are_told(besancon: Ccas, sought: Json, score: int) -> None:
    person_id = await known(besancon, usage_name="Épouse", phone="+33 3 81 00 00 00", email="anais@exemple.fr")
    await known(besancon, first_names="Zoé", birth_name="Autre", birth_on="1961-01-05")
    ((candidate, told, _),) = await found(besancon, **sought)
    assert (candidate, told) == (person_id, score)


async def test_day_and_month_exchanged_are_found(besancon: Ccas) -> None:
    person_id = await known(besancon, birth_on="1988-03-02")
    sought = {"birth_name": "Zzz", "first_names": "Anaïs", "birth_on": "1988-02-03"}
    assert await found(besancon, **sought) == [(person_id, 53, ["birth_on", "first_names"])]


async def test_the_likeliest_come_first_and_at_most_ten(besancon: Ccas) -> None:
    for year in range(11):
        await known(besancon, birth_on=f"19{60 + year}-02-28")
    wanted = await known(besancon)
    candidates = await found(besancon, birth_name="Modele", first_names="Anais", birth_on="1988-02-29")
    assert len(candidates) == 10
    assert candidates[0] == (wanted, 100, ["birth_on", *NAMES])
    assert [score for _, score, _ in candidates] == sorted((score for _, score, _ in candidates), reverse=True)


async def test_nobody_of_another_ccas_is_a_candidate(besancon: Ccas, toulouse: Ccas) -> None:
    await known(toulouse)
    assert await found(besancon, birth_name="Modèle", first_names="Anaïs", birth_on="1988-02-29") == []


@pytest.mark.parametrize("sought", [{}, {"birth_name": None}])
async def test_something_is_told_of_whom_one_seeks(besancon: Ccas, sought: Json) -> None:
    problem = await refused(besancon.agent.post("/people/candidates", sought), 422, "invalid")
    assert problem["errors"][0]["code"] == "nothing_told"


# Before somebody is added


async def test_somebody_of_the_same_names_and_birth_date_is_not_added_unseen(besancon: Ccas) -> None:
    first = await known(besancon)
    again = someone(besancon, birth_name="MODELE", phone="0600000000")
    problem = await refused(besancon.agent.post("/people", again), 409, "person_may_exist")
    assert problem["candidate_ids"] == [first]
    assert [person["id"] for person in (await ok(besancon.agent.get("/people")))["items"]] == [first]


async def test_each_person_who_is_not_the_same_is_named(besancon: Ccas) -> None:
    first = await known(besancon)
    second = await known(besancon, not_the_same_as=[first])
    third = someone(besancon, not_the_same_as=[first])
    problem = await refused(besancon.agent.post("/people", third), 409, "person_may_exist")
    assert problem["candidate_ids"] == [second]
    await ok(besancon.agent.post("/people", {**third, "not_the_same_as": [first, second]}))


async def test_who_is_not_the_same_is_somebody_known(besancon: Ccas, toulouse: Ccas) -> None:
    for stranger in (str(uuid4()), await known(toulouse)):
        body = someone(besancon, not_the_same_as=[stranger])
        await refused(besancon.agent.post("/people", body), 409, "applicant_unknown")
    assert (await ok(besancon.agent.get("/people")))["items"] == []


async def test_a_demand_is_taken_in_and_tells_whom_its_applicant_resembles(besancon: Ccas) -> None:
    first = await ok(besancon.agent.post("/requests", demand(besancon)))
    second = await ok(besancon.agent.post("/requests", demand(besancon)))
    assert (first["similar_person_ids"], second["similar_person_ids"]) == ([], [first["applicant_id"]])
    applicant = {**demand(besancon)["applicant"], "not_the_same_as": [first["applicant_id"]]}
    third = await ok(besancon.agent.post("/requests", demand(besancon, applicant=applicant)))
    assert third["similar_person_ids"] == [second["applicant_id"]]


async def test_two_desks_that_add_one_person_at_once_add_one(besancon: Ccas) -> None:

    answers = await asyncio.gather(*(besancon.agent.post("/people", someone(besancon)) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len((await ok(besancon.agent.get("/people")))["items"]) == 1


# Among many


async def test_the_search_looks_where_indexes_lead_it_behind_the_policy(
    databases: Databases, besancon: Ccas, toulouse: Ccas
) -> None:
    for ccas in (besancon, toulouse):
        crowd(databases, ccas, 3_000)
    conditions = {
        "birth_on in ('1988-03-02', '1988-02-03')": "ix_people_birth_on",
        "name_key >= 'mod' and name_key < 'mod\U0010ffff'": "ix_people_name_key",
        "usage_name_key >= 'mod' and usage_name_key < 'mod\U0010ffff'": "ix_people_usage_name_key",
        "phone_key = '0381000000'": "ix_people_phone_key",
        "email_key = 'a@exemple.fr'": "ix_people_email_key",
    }
    explain = f"explain select id from people where tenant_id = '{besancon.id}' and ({' or '.join(conditions)})"  # noqa: S608 - names of ours
    plan = "\n".join(row["QUERY PLAN"] for row in run_sql(databases, besancon, explain))
    assert [index for index in conditions.values() if index not in plan] == [], plan
    assert "Seq Scan" not in plan


def crowd(databases: Databases, ccas: Ccas, number: int) -> None:
    """So many people of whom nothing is alike."""
    columns = [column.name for column in Person.__table__.columns if not column.nullable]  # type: ignore[attr-defined]
    assert {"tenant_id", "id", "name_key", "birth_on"} <= set(columns)
    run_sql(
        databases,
        ccas,
        "insert into people (tenant_id, id, version, first_names, birth_name, birth_on, commune_insee_code, name_key,"
        " usage_name_key, phone_key, email_key, entered_at)"
        " select :tenant_id, gen_random_uuid(), 1, 'X', 'X', date '1930-01-01' + (n * 7) % 25000, :insee_code,"
        " md5(n::text), md5((n + 1)::text), n::text, n::text, now() from generate_series(1, :number) n",
        tenant_id=UUID(str(ccas.id)),
        insee_code=ccas.insee_code,
        number=number,
    )
    run_sql(databases, ccas, "analyze people", as_owner=True)


async def test_the_desk_looks_for_somebody_before_noting_a_call(besancon: Ccas, databases: Databases) -> None:
    person_id = await known(besancon)
    sought = {"birth_name": "Modèle", "first_names": "Anaïs"}
    told = await ok(desk_of(databases, besancon).post("/people/candidates", sought))
    assert [item["person"]["id"] for item in told["items"]] == [person_id]
