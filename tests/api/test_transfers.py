"""Files that go from one commune to another, with their history."""

import pytest

from tests.api.test_communes import CONDE, ESCAUTPONT, FRESNES, demand_of, staff_of
from tests.support import OTHER_ANSWER, Ccas, Databases, Json, etag_of, ok, refused, run_sql

TO_FRESNES: Json = {
    "to_commune_insee_code": FRESNES,
    "transferred_on": "2018-04-02",
    "reason": "A déménagé à Fresnes",
    "person_moved": True,
}


async def test_a_file_goes_from_conde_to_fresnes_with_its_person(fresnes: Ccas, databases: Databases) -> None:
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    request = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    path, person = f"/requests/{request['id']}", f"/people/{request['applicant_id']}"

    transfer = await ok(fresnes.agent.post(f"{path}/transfers", TO_FRESNES))
    assert (transfer["from_commune_insee_code"], transfer["to_commune_insee_code"]) == (CONDE, FRESNES)
    assert (await ok(other.get(path)))["commune_insee_code"] == FRESNES
    assert (await ok(other.get(person)))["commune_insee_code"] == FRESNES
    assert (await ok(other.get(f"{path}/transfers")))["items"] == [transfer]
    for gone in (path, f"{path}/transfers", person):
        await refused(conde.get(gone), 404, "not_found")


async def test_a_file_that_is_transferred_back_tells_both_ways(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    there = await ok(fresnes.agent.post(f"{path}/transfers", {**TO_FRESNES, "person_moved": False}))
    assert (await ok(fresnes.agent.get(f"/people/{request['applicant_id']}")))["commune_insee_code"] == CONDE
    early = {**TO_FRESNES, "to_commune_insee_code": CONDE, "transferred_on": "2018-04-01"}
    await refused(fresnes.agent.post(f"{path}/transfers", early), 409, "date_out_of_order")
    back = await ok(fresnes.manager.post(f"{path}/transfers", {**early, "transferred_on": "2018-04-03"}))
    assert (await ok(fresnes.agent.get(f"{path}/transfers")))["items"] == [there, back]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to_commune_insee_code": CONDE}, "same_commune"),
        ({"to_commune_insee_code": "80021"}, "commune_not_served"),
        ({"transferred_on": "2199-01-01"}, "date_in_future"),
        ({"transferred_on": "2018-02-28"}, "date_out_of_order"),
    ],
)
async def test_a_transfer_that_cannot_be_changes_nothing(
    changes: Json, code: str, fresnes: Ccas, databases: Databases
) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    await refused(fresnes.agent.post(f"{path}/transfers", {**TO_FRESNES, **changes}), 409, code)
    assert (await ok(fresnes.agent.get(path)))["version"] == request["version"]
    assert run_sql(databases, fresnes, "select 1 from request_transfers") == []


async def test_whoever_works_for_one_of_the_two_communes_transfers_nothing(fresnes: Ccas, databases: Databases) -> None:
    conde, both = staff_of(databases, fresnes, CONDE), staff_of(databases, fresnes, CONDE, FRESNES)
    request = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}/transfers"
    await refused(conde.post(path, TO_FRESNES), 409, "commune_out_of_reach")
    await ok(both.post(path, TO_FRESNES))


async def test_a_file_that_has_ended_stays_where_it_is(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    end = {
        "outcome": "withdrawn",
        "reason_code": "missing_papers",
        "other_answer": {**OTHER_ANSWER, "given_on": "2018-03-20"},
        "closed_on": "2018-03-20",
    }
    await ok(fresnes.agent.post(f"{path}/close", end))
    await refused(fresnes.agent.post(f"{path}/transfers", TO_FRESNES), 409, "request_locked")


async def test_the_commune_of_the_intake_is_corrected_until_the_file_is_transferred(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    corrected = await ok(fresnes.agent.patch(path, {"commune_insee_code": ESCAUTPONT}, etag='"1"'))
    assert corrected["commune_insee_code"] == ESCAUTPONT
    assert (await ok(fresnes.agent.get(f"{path}/transfers")))["items"] == []
    await ok(fresnes.agent.post(f"{path}/transfers", TO_FRESNES))
    etag = await etag_of(fresnes.agent, path)
    await refused(fresnes.agent.patch(path, {"commune_insee_code": CONDE}, etag=etag), 409, "commune_of_transfer")
    await ok(fresnes.agent.patch(path, {"commune_insee_code": FRESNES}, etag=etag))
