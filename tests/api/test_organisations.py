"""The directory of a CCAS."""

from tests.support import Ccas, Databases, Json, etag_of, ok, refused, run_sql

MISSION_LOCALE: Json = {"name": "Mission Locale", "kinds": ["prescriber", "referral"]}
SIRET = "73282932000074"


async def test_an_organisation_is_added_read_and_found_by_what_it_does_and_by_its_name(besancon: Ccas) -> None:
    made = await ok(besancon.agent.post("/organisations", {**MISSION_LOCALE, "siret": SIRET}))
    await ok(besancon.agent.post("/organisations", {"name": "Auto-école du Doubs", "kinds": ["supplier"]}))
    assert await ok(besancon.agent.get(f"/organisations/{made['id']}")) == made
    assert (made["kinds"], made["siret"], made["closed_on"], made["source"]) == (
        ["prescriber", "referral"], SIRET, None, None,
    )  # fmt: skip
    for query, names in (
        ({}, ["Auto-école du Doubs", "Mission Locale"]),
        ({"kind": "referral"}, ["Mission Locale"]),
        ({"q": "ECOLE auto"}, ["Auto-école du Doubs"]),
        ({"kind": "supplier", "q": "locale"}, []),
    ):
        listed = await ok(besancon.decider.get("/organisations", **query))
        assert [one["name"] for one in listed["items"]] == names


async def test_the_directory_is_read_page_by_page_in_the_order_of_names(besancon: Ccas) -> None:
    names = ["Adie", "CIDFF", "Éducation nationale", "Restos du Cœur"]
    for name in reversed(names):
        await ok(besancon.agent.post("/organisations", {"name": name, "kinds": ["referral"]}))
    first = await ok(besancon.agent.get("/organisations", limit=3))
    then = await ok(besancon.agent.get("/organisations", limit=3, cursor=first["next_cursor"]))
    assert [one["name"] for page in (first, then) for one in page["items"]] == names
    assert then["next_cursor"] is None


async def test_two_organisations_never_have_the_same_name_accents_and_case_aside(besancon: Ccas) -> None:
    known = await ok(besancon.agent.post("/organisations", {"name": "Foyer Éluard", "kinds": ["referral"]}))
    again = {"name": "FOYER  eluard", "kinds": ["workshop"]}
    problem = await refused(besancon.agent.post("/organisations", again), 409, "organisation_exists")
    assert problem["organisation_id"] == known["id"]
    other = await ok(besancon.agent.post("/organisations", MISSION_LOCALE))
    renamed = besancon.agent.patch(f"/organisations/{other['id']}", {"name": "foyer éluard"}, etag='"1"')
    await refused(renamed, 409, "organisation_exists")
    assert await ok(besancon.agent.get(f"/organisations/{other['id']}")) == other
    assert len((await ok(besancon.agent.get("/organisations")))["items"]) == 2


async def test_one_keeps_its_own_name_and_what_is_not_named(besancon: Ccas) -> None:
    made = await ok(besancon.agent.post("/organisations", {**MISSION_LOCALE, "phone": "03 81 00 00 00"}))
    path = f"/organisations/{made['id']}"
    changed = await ok(besancon.agent.patch(path, {"name": "MISSION LOCALE", "note": "Agents"}, etag='"1"'))
    assert changed == {**made, "name": "MISSION LOCALE", "note": "Agents", "version": 2}
    await refused(besancon.agent.patch(path, {"note": None}, etag='"1"'), 412, "version_stale")
    await refused(besancon.agent.patch(path, {"note": None}, etag=None), 428, "version_missing")


async def test_an_organisation_closes_and_is_never_deleted(besancon: Ccas, databases: Databases) -> None:
    made = await ok(besancon.agent.post("/organisations", MISSION_LOCALE))
    path = f"/organisations/{made['id']}"
    tomorrow = besancon.agent.patch(path, {"closed_on": "2150-01-01"}, etag='"1"')
    await refused(tomorrow, 409, "date_in_future")
    closed = await ok(besancon.agent.patch(path, {"closed_on": "2012-06-30"}, etag=await etag_of(besancon.agent, path)))
    assert closed["closed_on"] == "2012-06-30"
    rights = run_sql(databases, besancon, "select has_table_privilege('app', 'organisations', 'DELETE') as may")
    assert not rights[0]["may"]


async def test_what_is_ill_formed_is_named(besancon: Ccas) -> None:
    for body, pointer, code in (
        ({**MISSION_LOCALE, "siret": "73282932000075"}, "/body/siret", "not_a_siret"),
        ({**MISSION_LOCALE, "siret": "732829320"}, "/body/siret", "bad_form"),
        ({"name": "X", "kinds": []}, "/body/kinds", "too_short"),
        ({"name": "X", "kinds": ["friend"]}, "/body/kinds/0", "not_one_of"),
        ({"kinds": ["referral"]}, "/body/name", "missing"),
    ):
        problem = await refused(besancon.agent.post("/organisations", body), 422, "invalid")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [(pointer, code)]
    assert (await ok(besancon.agent.get("/organisations")))["items"] == []


async def test_each_ccas_has_a_directory_of_its_own(besancon: Ccas, toulouse: Ccas) -> None:
    made = await ok(besancon.agent.post("/organisations", MISSION_LOCALE))
    await refused(toulouse.agent.get(f"/organisations/{made['id']}"), 404, "not_found")
    await refused(toulouse.agent.patch(f"/organisations/{made['id']}", {"note": "x"}, etag='"1"'), 404, "not_found")
    assert (await ok(toulouse.agent.post("/organisations", MISSION_LOCALE)))["id"] != made["id"]
