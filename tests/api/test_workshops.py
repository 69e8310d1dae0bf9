"""Workshops: who is expected, who came, within the seats there are."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.api.test_support_contracts import directory
from tests.support import Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql


async def workshop(ccas: Ccas, **changes: Any) -> Json:
    """A workshop of 17 May 2011 about the budget."""
    body = {"title": "Gérer son budget", "theme": "budget", "held_on": "2011-05-17", **changes}
    return await ok(ccas.agent.post("/workshops", body))


async def person(ccas: Ccas, name: str = "Exemple") -> str:
    applicant = {**demand(ccas)["applicant"], "birth_name": name}
    return str((await ok(ccas.agent.post("/people", applicant)))["id"])


async def noted(ccas: Ccas, workshop_id: str, person_id: str, status: str) -> Json:
    body = {"person_id": person_id, "status": status}
    return await ok(ccas.agent.post(f"/workshops/{workshop_id}/attendances", body))


async def not_noted(ccas: Ccas, workshop_id: str, person_id: str, status: str, code: str) -> Json:
    """The refusal, which leaves nothing behind."""
    paths = (f"/workshops/{workshop_id}", f"/workshops/{workshop_id}/attendances")
    before = [await ok(ccas.agent.get(path)) for path in paths]
    problem = await refused(ccas.agent.post(paths[1], {"person_id": person_id, "status": status}), 409, code)
    assert [await ok(ccas.agent.get(path)) for path in paths] == before
    return problem


def figures(read: Json) -> tuple[int, ...]:
    return tuple(read[status] for status in ("registered", "attended", "missed", "excused"))


async def test_a_workshop_is_held_by_the_ccas_or_by_an_organisation_that_holds_workshops(fresnes: Ccas) -> None:
    own = await workshop(fresnes)
    assert (own["organisation_id"], own["place"], own["seats"], figures(own)) == (None, None, None, (0, 0, 0, 0))
    holder = await directory(fresnes, "workshop", "referral")
    told = {"organisation_id": holder, "place": "Maison des solidarités", "seats": 12, "held_on": "2118-05-17"}
    made = await workshop(fresnes, **told)
    assert told.items() <= made.items()
    assert (await ok(fresnes.manager.get("/workshops")))["items"] == [made, own]
    assert await ok(fresnes.decider.get(f"/workshops/{made['id']}")) == made


async def test_another_organisation_holds_no_workshop(fresnes: Ccas, toulouse: Ccas) -> None:
    body = {"title": "Gérer son budget", "held_on": "2011-05-17"}
    other, foreign = await directory(fresnes, "prescriber"), await directory(toulouse, "workshop")
    for organisation_id, code in ((other, "not_a_workshop_organisation"), (foreign, "organisation_unknown")):
        told = {**body, "organisation_id": organisation_id}
        await refused(fresnes.agent.post("/workshops", told), 409, code)
    assert (await ok(fresnes.agent.get("/workshops")))["items"] == []
    made = await workshop(fresnes)
    path = f"/workshops/{made['id']}"
    change = {"organisation_id": other}
    await refused(fresnes.agent.patch(path, change, etag='"1"'), 409, "not_a_workshop_organisation")
    assert await ok(fresnes.agent.get(path)) == made


async def test_who_came_is_noted_and_what_was_known_before_is_kept(fresnes: Ccas, databases: Databases) -> None:
    made = await workshop(fresnes)
    one, two, three = [await person(fresnes, name) for name in ("Un", "Deux", "Trois")]
    for person_id in (one, two, three):
        await noted(fresnes, made["id"], person_id, "registered")
    assert figures(await ok(fresnes.agent.get(f"/workshops/{made['id']}"))) == (3, 0, 0, 0)
    came = await noted(fresnes, made["id"], one, "attended")
    missed = await noted(fresnes, made["id"], two, "missed")
    read = await ok(fresnes.agent.get(f"/workshops/{made['id']}"))
    assert (figures(read), read["version"]) == ((1, 1, 1, 0), 6)
    mended = await noted(fresnes, made["id"], two, "attended")
    assert figures(await ok(fresnes.agent.get(f"/workshops/{made['id']}"))) == (1, 2, 0, 0)
    entries = (await ok(fresnes.manager.get(f"/workshops/{made['id']}/attendances")))["items"]
    assert [(entry["person_id"], entry["status"], entry["replaced"]) for entry in entries] == [
        (two, "attended", False),
        (two, "missed", True),
        (one, "attended", False),
        (three, "registered", False),
        (two, "registered", True),
        (one, "registered", True),
    ]
    assert (entries[0], entries[2]) == (mended, came)
    assert (await ok(fresnes.agent.get("/workshops")))["items"][0]["attended"] == 2
    for statement in ("update attendances set status = 'excused'", "delete from attendances"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, fresnes, f"{statement} where id = :id", id=missed["id"])


async def test_a_person_is_at_a_workshop_once(fresnes: Ccas, databases: Databases) -> None:
    made = await workshop(fresnes)
    who = await person(fresnes)
    await noted(fresnes, made["id"], who, "registered")
    await not_noted(fresnes, made["id"], who, "registered", "already_in_workshop")
    entry = await noted(fresnes, made["id"], who, "attended")
    await not_noted(fresnes, made["id"], who, "attended", "already_in_workshop")
    await not_noted(fresnes, made["id"], who, "registered", "attendance_known")
    twice = (
        "insert into attendances (tenant_id, id, workshop_id, person_id, status, account_id, entered_at)"
        " select tenant_id, gen_random_uuid(), workshop_id, person_id, 'missed', account_id, now()"
        " from attendances where id = :id"
    )
    with pytest.raises(DBAPIError, match="uq_attendances_one_per_person"):
        run_sql(databases, fresnes, twice, id=entry["id"])


async def test_a_workshop_to_come_has_not_been_attended(fresnes: Ccas) -> None:
    made = await workshop(fresnes, held_on="2118-05-17")
    who = await person(fresnes)
    for status in ("attended", "missed"):
        problem = await not_noted(fresnes, made["id"], who, status, "workshop_to_come")
        assert problem["held_on"] == "2118-05-17"
    await noted(fresnes, made["id"], who, "registered")
    await noted(fresnes, made["id"], who, "excused")
    await noted(fresnes, made["id"], who, "registered")


async def test_no_more_people_are_taken_than_there_are_seats(fresnes: Ccas) -> None:
    made = await workshop(fresnes, seats=1)
    one, two = await person(fresnes, "Un"), await person(fresnes, "Deux")
    await noted(fresnes, made["id"], one, "registered")
    for status in ("registered", "attended"):
        problem = await not_noted(fresnes, made["id"], two, status, "workshop_full")
        assert problem["seats"] == 1
    await noted(fresnes, made["id"], two, "excused")
    await noted(fresnes, made["id"], one, "missed")
    await noted(fresnes, made["id"], two, "attended")
    await not_noted(fresnes, made["id"], one, "attended", "workshop_full")


async def test_the_last_seat_goes_to_one_of_two_who_ask_at_once(fresnes: Ccas) -> None:
    made = await workshop(fresnes, seats=1)
    people = [await person(fresnes, name) for name in ("Un", "Deux")]
    answers = await asyncio.gather(
        *(
            fresnes.agent.post(f"/workshops/{made['id']}/attendances", {"person_id": who, "status": "registered"})
            for who in people
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await ok(fresnes.agent.get(f"/workshops/{made['id']}")))["registered"] == 1


async def test_only_people_who_are_known_take_part(fresnes: Ccas, toulouse: Ccas) -> None:
    made = await workshop(fresnes)
    problem = await not_noted(fresnes, made["id"], await person(toulouse), "registered", "participant_unknown")
    assert problem["field"] == "person_id"


async def test_a_workshop_changes_under_its_version(fresnes: Ccas) -> None:
    made = await workshop(fresnes, seats=2, place="Salle A")
    path = f"/workshops/{made['id']}"
    changed = await ok(fresnes.agent.patch(path, {"title": "Le budget", "place": None}, etag='"1"'))
    assert changed == {**made, "title": "Le budget", "place": None, "version": 2}
    await refused(fresnes.agent.patch(path, {"title": "Autre"}, etag='"1"'), 412, "version_stale")
    await refused(fresnes.agent.patch(path, {"title": "Autre"}, etag=None), 428, "version_missing")
    for name in ("Un", "Deux"):
        await noted(fresnes, made["id"], await person(fresnes, name), "registered")
    # Who is expected is part of what is read, so it has made a new version.
    await refused(fresnes.agent.patch(path, {"seats": 3}, etag='"2"'), 412, "version_stale")
    etag = await etag_of(fresnes.agent, path)
    problem = await refused(fresnes.agent.patch(path, {"seats": 1}, etag=etag), 409, "seats_taken")
    assert problem["taken"] == 2
    await ok(fresnes.agent.patch(path, {"held_on": "2118-05-17"}, etag=etag))


async def test_a_workshop_that_people_came_to_is_not_put_off(fresnes: Ccas) -> None:
    made = await workshop(fresnes)
    await noted(fresnes, made["id"], await person(fresnes), "attended")
    path = f"/workshops/{made['id']}"
    before = await ok(fresnes.agent.get(path))
    change = fresnes.agent.patch(path, {"held_on": "2118-05-17"}, etag='"2"')
    await refused(change, 409, "attendance_known")
    assert await ok(fresnes.agent.get(path)) == before
    await ok(fresnes.agent.patch(path, {"held_on": "2011-05-18"}, etag='"2"'))


async def test_the_workshops_of_a_person_are_told_with_what_is_known_of_each(fresnes: Ccas) -> None:
    first, second = await workshop(fresnes), await workshop(fresnes, title="La banque", theme="banking")
    who = await person(fresnes)
    await noted(fresnes, first["id"], who, "registered")
    await noted(fresnes, second["id"], who, "registered")
    await noted(fresnes, first["id"], who, "missed")
    read = await ok(fresnes.manager.get(f"/people/{who}/attendances"))
    told = [(item["workshop_id"], item["title"], item["theme"], item["status"]) for item in read["items"]]
    assert told == [
        (first["id"], "Gérer son budget", "budget", "missed"),
        (second["id"], "La banque", "banking", "registered"),
    ]
    assert read["items"][0]["held_on"] == "2011-05-17"


async def test_two_rows_of_one_person_are_at_a_workshop_once(fresnes: Ccas) -> None:
    made = await workshop(fresnes)
    kept, double = await person(fresnes), await person(fresnes, "Exemple-Double")
    await noted(fresnes, made["id"], double, "registered")
    merge = {"merged_id": double, "reason": "Saisie en double"}
    await ok(fresnes.agent.post(f"/people/{kept}/merges", merge))
    await not_noted(fresnes, made["id"], double, "attended", "person_merged")
    await not_noted(fresnes, made["id"], kept, "registered", "already_in_workshop")
    await noted(fresnes, made["id"], kept, "attended")
    assert figures(await ok(fresnes.agent.get(f"/workshops/{made['id']}"))) == (0, 1, 0, 0)
    read = await ok(fresnes.agent.get(f"/people/{kept}/attendances"))
    assert [(item["workshop_id"], item["status"]) for item in read["items"]] == [(made["id"], "attended")]


async def test_agents_write_and_all_staff_read(fresnes: Ccas) -> None:
    made = await workshop(fresnes)
    who = await person(fresnes)
    path = f"/workshops/{made['id']}"
    for staff in (fresnes.decider, fresnes.manager):
        await refused(staff.post("/workshops", {"title": "Autre", "held_on": "2011-05-17"}), 403, "forbidden")
        await refused(staff.patch(path, {"title": "Autre"}, etag='"1"'), 403, "forbidden")
        entry = {"person_id": who, "status": "registered"}
        await refused(staff.post(f"{path}/attendances", entry), 403, "forbidden")
        assert await ok(staff.get(path)) == made
