"""Agents of one commune beside the desk that four communes share: what the database keeps from whom."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.permissions import Role
from tests.support import Ccas, Databases, Json, Staff, add_staff, demand, etag_of, ok, refused, run_sql

FRESNES, CONDE, ESCAUTPONT = "59253", "59153", "59207"


def staff_of(databases: Databases, ccas: Ccas, *insee_codes: str, roles: tuple[Role, ...] = (Role.AGENT,)) -> Staff:
    """A member of staff who works for some communes only."""
    account_id = add_staff(databases, ccas.id, f"staff-{uuid4().hex[:6]}", list(roles))
    narrow = "update accounts set commune_insee_codes = :codes where id = :id"
    run_sql(databases, ccas, narrow, as_owner=True, codes=list(insee_codes), id=account_id)
    return Staff(ccas.agent.client, account_id, ccas.id)


def demand_of(ccas: Ccas, code: str, **changes: Any) -> Json:
    """A demand by someone who lives in the commune it is made in, received on 1 March 2018."""
    person = {**demand(ccas)["applicant"], "commune_insee_code": code, "birth_name": f"De {code}"}
    return demand(ccas, **{"commune_insee_code": code, "applicant": person, "received_on": "2018-03-01", **changes})


async def test_each_commune_sees_its_people_and_the_shared_desk_all(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    assert (await ok(conde.get("/me")))["commune_insee_codes"] == [CONDE]
    theirs = await ok(fresnes.agent.post("/requests", demand_of(fresnes, FRESNES)))
    own = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))

    for path, ids in (("/requests", ("id",)), ("/people", ("applicant_id",))):
        seen = {item["id"] for item in (await ok(conde.get(path)))["items"]}
        assert seen == {own[name] for name in ids}
        everything = {item["id"] for item in (await ok(fresnes.agent.get(path)))["items"]}
        assert everything == {request[name] for request in (own, theirs) for name in ids}
    await refused(conde.get(f"/requests/{theirs['id']}"), 404, "not_found")
    await refused(conde.get(f"/people/{theirs['applicant_id']}"), 404, "not_found")
    assert (await ok(conde.get("/requests", commune_insee_code=FRESNES)))["items"] == []


async def test_whoever_asks_in_a_commune_is_seen_there_wherever_they_live(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    lives_elsewhere = {**demand(fresnes)["applicant"], "commune_insee_code": FRESNES}
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE, applicant=lives_elsewhere)))
    partner = await ok(fresnes.agent.post("/people", {**lives_elsewhere, "first_names": "Dominique"}))
    await refused(conde.get(f"/people/{partner['id']}"), 404, "not_found")
    await ok(fresnes.agent.patch(f"/requests/{request['id']}", {"co_applicant_id": partner["id"]}, etag='"1"'))
    for person_id in (request["applicant_id"], partner["id"]):
        assert (await ok(conde.get(f"/people/{person_id}")))["commune_insee_code"] == FRESNES


async def test_nothing_is_made_in_a_commune_that_one_does_not_work_for(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    own = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    path, person = f"/requests/{own['id']}", f"/people/{own['applicant_id']}"
    before = run_sql(databases, fresnes, "select count(*) from people")
    await refused(conde.post("/requests", demand_of(fresnes, FRESNES)), 409, "commune_out_of_reach")
    await refused(conde.post("/people", demand_of(fresnes, FRESNES)["applicant"]), 409, "commune_out_of_reach")
    await refused(
        conde.patch(path, {"commune_insee_code": FRESNES}, etag=await etag_of(conde, path)),
        409,
        "commune_out_of_reach",
    )
    assert run_sql(databases, fresnes, "select count(*) from people") == before
    assert (await ok(conde.get(path)))["commune_insee_code"] == CONDE
    # The person of one's own file may live elsewhere: the file keeps them in sight.
    moved = await ok(conde.patch(person, {"commune_insee_code": FRESNES}, etag=await etag_of(conde, person)))
    assert (await ok(conde.get(person)))["commune_insee_code"] == moved["commune_insee_code"] == FRESNES


async def test_a_person_without_a_file_is_not_sent_out_of_sight(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    person = await ok(conde.post("/people", demand_of(fresnes, CONDE)["applicant"]))
    path = f"/people/{person['id']}"
    await refused(
        conde.patch(path, {"commune_insee_code": FRESNES}, etag=await etag_of(conde, path)),
        409,
        "commune_out_of_reach",
    )
    assert (await ok(conde.get(path)))["commune_insee_code"] == CONDE


async def test_the_rules_are_those_of_the_whole_tenant(fresnes: Ccas, databases: Databases) -> None:
    manager = staff_of(databases, fresnes, CONDE, roles=(Role.MANAGER,))
    body = {"version": 1, "decided_from": "2018-01-01", "decided_to": "2018-12-31"}
    await refused(manager.post(f"/tenants/{fresnes.slug}/rules/impact", body), 403, "forbidden")
    await ok(fresnes.manager.post(f"/tenants/{fresnes.slug}/rules/impact", body))


async def test_an_account_that_works_for_no_commune_cannot_be(fresnes: Ccas, databases: Databases) -> None:
    with pytest.raises(DBAPIError, match="communes_named"):
        staff_of(databases, fresnes)


async def test_a_connection_forgets_the_communes_of_the_transaction_before(fresnes: Ccas, databases: Databases) -> None:
    await ok(fresnes.agent.post("/requests", demand_of(fresnes, FRESNES)))
    engine = create_engine(databases.app_url, pool_size=1)
    seen = []
    for codes in ("", CONDE, ""):
        with engine.begin() as connection:
            connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(fresnes.id)})
            if codes:
                connection.execute(text("select set_config('app.commune_insee_codes', :codes, true)"), {"codes": codes})
            seen.append(connection.execute(text("select count(*) from requests")).scalar_one())
    engine.dispose()
    assert seen == [1, 0, 1]


@pytest.mark.parametrize("table", ["requests", "people"])
async def test_a_narrowed_transaction_changes_nothing_of_another_commune(
    table: str, fresnes: Ccas, databases: Databases
) -> None:
    await ok(fresnes.agent.post("/requests", demand_of(fresnes, FRESNES)))
    engine = create_engine(databases.app_url)
    with engine.begin() as connection:
        for setting, value in (("app.tenant_id", str(fresnes.id)), ("app.commune_insee_codes", CONDE)):
            connection.execute(text("select set_config(:setting, :value, true)"), {"setting": setting, "value": value})
        assert connection.execute(text(f"update {table} set version = 99")).rowcount == 0  # noqa: S608
    engine.dispose()
