"""Two rows found to be one person, and that taken back, over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.api.test_people import someone
from tests.api.test_relations import person, relate, relations
from tests.support import BUDGET, Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql

WHY = "Saisie deux fois : même pièce d’identité"
NOT_AFTER_ALL = "Deux sœurs jumelles"


async def file_of(ccas: Ccas, applicant_id: str, **changes: Any) -> str:
    """The identifier of a demand of somebody known."""
    body = {**demand(ccas), "applicant_id": applicant_id, **changes}
    del body["applicant"]
    return str((await ok(ccas.agent.post("/requests", body)))["id"])


async def merge(ccas: Ccas, kept: str, merged: str) -> Any:
    """POST of a merge."""
    return await ccas.agent.post(f"/people/{kept}/merges", {"merged_id": merged, "reason": WHY})


async def take_back(ccas: Ccas, kept: str, merge_id: str) -> Any:
    """POST of the reversal of a merge."""
    return await ccas.agent.post(f"/people/{kept}/merges/{merge_id}/reversal", {"reason": NOT_AFTER_ALL})


async def borrowers(ccas: Ccas, request_id: str) -> tuple[str, str | None]:
    """Who asks, and with whom."""
    request = await ok(ccas.agent.get(f"/requests/{request_id}"))
    return request["applicant_id"], request["co_applicant_id"]


async def two(ccas: Ccas) -> tuple[str, str]:
    """The identifiers of somebody, and of somebody else."""
    return await person(ccas, "1980-01-01"), await person(ccas, "1981-01-01")


async def test_files_relations_and_authorisations_move_and_come_back(amiens: Ccas) -> None:
    kept, merged = await two(amiens)
    partner, child = await person(amiens, "1982-01-01"), await person(amiens, "2005-01-01")
    asked, beside = await file_of(amiens, merged), await file_of(amiens, partner, co_applicant_id=merged)
    mine = await file_of(amiens, kept)
    await ok(relate(amiens, merged, "partner", partner))
    await ok(relate(amiens, child, "parent", merged))
    paper = {"recipient": amiens.lender, "purposes": ["loan_file"], "given_on": "2011-01-03"}
    await ok(amiens.agent.post(f"/people/{merged}/authorisations", paper))

    told = await ok(merge(amiens, kept, merged))
    assert (told["kept_id"], told["merged_id"], told["reason"], told["reversal"]) == (kept, merged, WHY, None)
    assert sorted((row["table"], row["column"]) for row in told["moved"]) == [
        ("authorisations", "person_id"),
        ("person_relations", "other_person_id"),
        ("person_relations", "person_id"),
        ("requests", "applicant_id"),
        ("requests", "co_applicant_id"),
    ]
    assert [await borrowers(amiens, one) for one in (asked, beside, mine)] == [
        (kept, None),
        (partner, kept),
        (kept, None),
    ]
    assert await relations(amiens, kept) == [("partner", partner), ("child", child)]
    assert await relations(amiens, partner) == [("partner", kept)]
    assert len((await ok(amiens.agent.get(f"/people/{kept}/authorisations")))["items"]) == 1

    back = await ok(take_back(amiens, kept, told["id"]))
    assert back["reversal"]["reason"] == NOT_AFTER_ALL
    assert [await borrowers(amiens, one) for one in (asked, beside, mine)] == [
        (merged, None),
        (partner, merged),
        (kept, None),
    ]
    assert await relations(amiens, kept) == []
    assert await relations(amiens, merged) == [("partner", partner), ("child", child)]
    assert len((await ok(amiens.agent.get(f"/people/{merged}/authorisations")))["items"]) == 1
    for one in (kept, merged):
        assert (await ok(amiens.agent.get(f"/people/{one}/merges")))["items"] == [back]


async def test_both_identifiers_live_and_one_is_counted(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    await ok(merge(besancon, kept, merged))
    assert (await ok(besancon.agent.get(f"/people/{merged}")))["merged_into_id"] == kept
    assert (await ok(besancon.agent.get(f"/people/{kept}")))["merged_into_id"] is None
    assert [one["id"] for one in (await ok(besancon.agent.get("/people")))["items"]] == [kept]
    sought = {"birth_name": "Modèle", "first_names": "Anaïs"}
    candidates = (await ok(besancon.agent.post("/people/candidates", sought)))["items"]
    assert [candidate["person"]["id"] for candidate in candidates] == [kept]


async def test_nothing_new_is_given_to_whom_was_merged_until_that_is_taken_back(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    other = await person(besancon, "1990-01-01")
    told = await ok(merge(besancon, kept, merged))
    body = {**demand(besancon), "applicant_id": merged}
    del body["applicant"]
    paper = {"organisation_id": str(uuid4()), "purposes": ["referral"], "given_on": "2011-01-03"}
    path = f"/people/{merged}"
    for answer in (
        besancon.agent.post("/requests", body),
        besancon.agent.post("/requests", {**body, "applicant_id": other, "co_applicant_id": merged}),
        relate(besancon, other, "partner", merged),
        relate(besancon, merged, "partner", other),
        besancon.agent.post(f"{path}/authorisations", paper),
        besancon.agent.patch(path, {"phone": "0381000000"}, etag=await etag_of(besancon.agent, path)),
        merge(besancon, other, merged),
        merge(besancon, merged, other),
    ):
        assert (await refused(answer, 409, "person_merged"))["merged_into_id"] == kept
    await ok(take_back(besancon, kept, told["id"]))
    await ok(besancon.agent.post("/requests", body))


async def test_a_person_is_not_merged_with_themselves_or_with_a_stranger(besancon: Ccas, toulouse: Ccas) -> None:
    one, stranger = await person(besancon, "1980-01-01"), await person(toulouse, "1981-01-01")
    await refused(merge(besancon, one, one), 409, "merged_with_themselves")
    for nobody in (stranger, str(uuid4())):
        problem = await refused(merge(besancon, one, nobody), 409, "applicant_unknown")
        assert problem["field"] == "merged_id"
        await refused(merge(besancon, nobody, one), 404, "not_found")
    assert (await ok(besancon.agent.get(f"/people/{one}/merges")))["items"] == []


@pytest.mark.parametrize("first", [False, True])
async def test_nobody_becomes_their_own_co_applicant(besancon: Ccas, first: bool) -> None:  # noqa: FBT001
    one, other = await two(besancon)
    request_id = await file_of(besancon, one, co_applicant_id=other)
    kept, merged = (one, other) if first else (other, one)
    await refused(merge(besancon, kept, merged), 409, "same_person_twice")
    assert await borrowers(besancon, request_id) == (one, other)
    assert (await ok(besancon.agent.get(f"/people/{merged}")))["merged_into_id"] is None


async def test_two_who_are_related_are_merged_once_that_is_over(besancon: Ccas) -> None:
    one, other = await two(besancon)
    told = await ok(relate(besancon, one, "partner", other))
    await refused(merge(besancon, one, other), 409, "merge_of_related")
    await ok(besancon.agent.post(f"/people/{one}/relations/{told['id']}/end", {"ended_on": "2011-01-01"}))
    assert (await ok(merge(besancon, one, other)))["moved"] == []


async def test_a_relation_that_both_have_is_told_once(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    child = await person(besancon, "2005-01-01")
    for one in (kept, merged):
        await ok(relate(besancon, one, "child", child))
    told = await ok(merge(besancon, kept, merged))
    assert told["moved"] == []
    assert await relations(besancon, kept) == [("child", child)]
    assert await relations(besancon, child) == [("parent", kept)]
    await ok(take_back(besancon, kept, told["id"]))
    assert await relations(besancon, child) == [("parent", kept), ("parent", merged)]


async def test_merges_are_taken_back_in_the_order_opposite_to_theirs(besancon: Ccas) -> None:
    first, second = await two(besancon)
    third = await person(besancon, "1982-01-01")
    request_id = await file_of(besancon, first)
    into_second = await ok(merge(besancon, second, first))
    into_third = await ok(merge(besancon, third, second))
    assert await borrowers(besancon, request_id) == (third, None)
    await refused(take_back(besancon, second, into_second["id"]), 409, "person_merged")
    await ok(take_back(besancon, third, into_third["id"]))
    assert await borrowers(besancon, request_id) == (second, None)
    await ok(take_back(besancon, second, into_second["id"]))
    assert await borrowers(besancon, request_id) == (first, None)


async def test_what_was_given_to_somebody_else_since_stays_there(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    applicant, other = await person(besancon, "1982-01-01"), await person(besancon, "1983-01-01")
    request_id = await file_of(besancon, applicant, co_applicant_id=merged)
    told = await ok(merge(besancon, kept, merged))
    path = f"/requests/{request_id}"
    await ok(besancon.agent.patch(path, {"co_applicant_id": other}, etag=await etag_of(besancon.agent, path)))
    await ok(take_back(besancon, kept, told["id"]))
    assert await borrowers(besancon, request_id) == (applicant, other)


async def test_a_merge_is_taken_back_once_and_by_the_person_kept(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    told = await ok(merge(besancon, kept, merged))
    await refused(take_back(besancon, merged, told["id"]), 404, "not_found")
    await ok(take_back(besancon, kept, told["id"]))
    await refused(take_back(besancon, kept, told["id"]), 409, "merge_reversed")
    again = await ok(merge(besancon, kept, merged))
    await refused(take_back(besancon, kept, told["id"]), 409, "merge_reversed")
    assert [one["id"] for one in (await ok(besancon.agent.get(f"/people/{kept}/merges")))["items"]] == [
        told["id"],
        again["id"],
    ]


async def test_what_is_edited_meanwhile_is_told_to_be_stale(besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    request_id = await file_of(besancon, merged)
    etag = await etag_of(besancon.agent, f"/requests/{request_id}")
    await ok(merge(besancon, kept, merged))
    await refused(besancon.agent.patch(f"/requests/{request_id}", {"channel": "desk"}, etag=etag), 412, "version_stale")


@pytest.mark.parametrize("what", ["request", "co-applicant", "contact", "authorisation", "relation"])
async def test_what_is_given_to_a_person_while_they_are_merged_is_not_left_behind(amiens: Ccas, what: str) -> None:
    agent, commune = amiens.agent, amiens.insee_code
    other = await person(amiens, "1990-01-01")
    for day in range(1, 6):
        kept, merged = [await person(amiens, f"{year}-02-{day:02}") for year in (1980, 1981)]
        asked = {**demand(amiens), "applicant_id": merged}
        del asked["applicant"]
        paper = {"recipient": amiens.lender, "purposes": ["loan_file"], "given_on": "2011-01-03"}
        contact = {"contacted_on": "2011-01-05", "channel": "phone", "commune_insee_code": commune}
        path, body = {
            "request": ("/requests", asked),
            "co-applicant": ("/requests", {**asked, "applicant_id": other, "co_applicant_id": merged}),
            "contact": ("/contacts", {**contact, "person_id": merged}),
            "authorisation": (f"/people/{merged}/authorisations", paper),
            "relation": (f"/people/{merged}/relations", {"kind": "partner", "other_person_id": other}),
        }[what]
        told, given = await asyncio.gather(merge(amiens, kept, merged), agent.post(path, body))
        assert told.status_code == 201
        if given.status_code == 201:
            assert [row["id"] for row in told.json()["moved"]] == [given.json()["id"]]
        else:
            problem = given.json()
            assert (given.status_code, problem["code"], problem["merged_into_id"]) == (409, "person_merged", kept)


async def test_a_person_merged_while_they_are_noted_at_a_workshop_is_noted_once(besancon: Ccas) -> None:
    for day in range(1, 5):
        kept, merged = [await person(besancon, f"{year}-02-{day:02}") for year in (1980, 1981)]
        body = {"title": "Gérer son budget", "theme": "budget", "held_on": "2011-05-17"}
        path = f"/workshops/{(await ok(besancon.agent.post('/workshops', body)))['id']}/attendances"
        came = {"status": "attended"}
        answers = await asyncio.gather(
            merge(besancon, kept, merged), besancon.agent.post(path, {**came, "person_id": merged})
        )
        again = await besancon.agent.post(path, {**came, "person_id": kept})
        assert {answers[1].status_code, again.status_code} == {201, 409}
        assert len((await ok(besancon.agent.get(f"/people/{kept}/attendances")))["items"]) == 1


async def test_workshops_follow_a_person_merged_twice(besancon: Ccas) -> None:
    first, second = await two(besancon)
    third = await person(besancon, "1982-01-01")
    body = {"title": "Gérer son budget", "theme": "budget", "held_on": "2011-05-17"}
    workshop = await ok(besancon.agent.post("/workshops", body))
    path = f"/workshops/{workshop['id']}/attendances"
    await ok(besancon.agent.post(path, {"person_id": first, "status": "attended"}))
    await ok(merge(besancon, second, first))
    await ok(merge(besancon, third, second))
    for one in (first, second, third):
        items = (await ok(besancon.agent.get(f"/people/{one}/attendances")))["items"]
        assert [item["workshop_id"] for item in items] == [workshop["id"]]
    again = besancon.agent.post(path, {"person_id": third, "status": "attended"})
    await refused(again, 409, "already_in_workshop")


async def test_the_person_kept_is_found_by_what_was_known_of_those_merged(besancon: Ccas) -> None:
    names = {"birth_name": "Durandel", "first_names": "Zoé"}
    told = {**someone(besancon, birth_on="1980-01-01"), **names, "phone": "06 22 22 22 22"}
    merged = str((await ok(besancon.agent.post("/people", told)))["id"])
    between, kept = await person(besancon, "1981-01-01", birth_name="Martin"), await person(besancon, "1982-01-01")
    merges = [await ok(merge(besancon, between, merged)), await ok(merge(besancon, kept, between))]
    request_id = await file_of(besancon, kept)
    for q in ("Durandel", "durandel zoe", "Martin"):
        assert [one["id"] for one in (await ok(besancon.agent.get("/people", q=q)))["items"]] == [kept]
    for q in ("Durandel", "0622222222", "Martin"):
        assert [one["id"] for one in (await ok(besancon.agent.get("/requests", q=q)))["items"]] == [request_id]
    for sought in ({**names, "birth_on": "1980-01-01"}, {"phone": "0622222222"}):
        candidates = (await ok(besancon.agent.post("/people/candidates", sought)))["items"]
        assert [candidate["person"]["id"] for candidate in candidates] == [kept]
    known = await refused(besancon.agent.post("/people", told), 409, "person_may_exist")
    assert known["candidate_ids"] == [kept]
    await ok(take_back(besancon, kept, merges[1]["id"]))
    known = await refused(besancon.agent.post("/people", told), 409, "person_may_exist")
    assert known["candidate_ids"] == [between]
    assert (await ok(besancon.agent.get("/people", q="Durandel")))["items"][0]["id"] == between
    await ok(besancon.agent.post("/people", {**told, "not_the_same_as": [between]}))


async def test_what_is_read_of_whom_was_merged_is_that_of_the_person_kept(amiens: Ccas) -> None:
    kept, merged = await two(amiens)
    child = await person(amiens, "2005-01-01")
    path = f"/requests/{await file_of(amiens, merged)}"
    await ok(amiens.agent.post(f"{path}/assess"))
    await ok(amiens.agent.put(f"{path}/budget", BUDGET, etag=await etag_of(amiens.agent, path)))
    await ok(relate(amiens, child, "parent", merged))
    paper = {"recipient": amiens.lender, "purposes": ["loan_file"], "given_on": "2011-01-03"}
    await ok(amiens.agent.post(f"/people/{merged}/authorisations", paper))
    await ok(merge(amiens, kept, merged))
    for kind in ("budgets", "relations", "authorisations"):
        answers = [await ok(amiens.agent.get(f"/people/{one}/{kind}")) for one in (kept, merged)]
        assert answers[0] == answers[1]
        assert len(answers[0]["items"]) == 1


async def test_of_two_merges_at_once_one_holds(besancon: Ccas) -> None:
    one, other = await two(besancon)
    answers = await asyncio.gather(merge(besancon, one, other), merge(besancon, other, one))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    merged = [(await ok(besancon.agent.get(f"/people/{each}")))["merged_into_id"] for each in (one, other)]
    assert sorted(merged, key=str) == sorted([None, one if merged[0] is None else other], key=str)


async def test_history_of_merges_is_only_added_to(databases: Databases, besancon: Ccas) -> None:
    kept, merged = await two(besancon)
    await ok(merge(besancon, kept, merged))
    for table in ("person_merges", "person_merge_reversals"):
        for statement in (f"update {table} set reason = 'x'", f"delete from {table}"):  # noqa: S608 - names of ours
            with pytest.raises(Exception, match="permission denied"):
                run_sql(databases, besancon, statement)


async def test_an_unreadable_merge_leaves_nothing(besancon: Ccas) -> None:
    one, other = await two(besancon)
    bodies: list[Json] = [{"merged_id": other}, {"merged_id": other, "reason": " "}, {"merged_id": 1, "reason": WHY}]
    for body in bodies:
        await refused(besancon.agent.post(f"/people/{one}/merges", body), 422, "invalid")
    assert (await ok(besancon.agent.get(f"/people/{other}")))["merged_into_id"] is None
