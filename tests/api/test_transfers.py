"""Files that go from one commune to another, with their history."""

from uuid import uuid4

import pytest

from tests.api.test_communes import CONDE, ESCAUTPONT, FRESNES, demand_of, staff_of
from tests.api.test_referrals import authorise, organisation, to
from tests.support import OTHER_ANSWER, Ccas, Databases, Json, Staff, etag_of, ok, refused, run_sql

TO_FRESNES: Json = {
    "to_commune_insee_code": FRESNES,
    "transferred_on": "2018-04-02",
    "reason": "A déménagé à Fresnes",
    "person_moved": True,
}
SHEET: Json = {
    "household": {"adults": 1, "minor_children": 0},
    "project_description": "Réparer la voiture",
    "project_cost_cents": 60_000,
    "requested_amount_cents": 60_000,
}


def given_to(staff: Staff) -> Json:
    """The part of a transfer that names who instructs the file from then on."""
    return {"instructing_agent_id": str(staff.account_id)}


async def test_a_file_goes_from_conde_to_fresnes_with_its_person(fresnes: Ccas, databases: Databases) -> None:
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    request = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    path, person = f"/requests/{request['id']}", f"/people/{request['applicant_id']}"

    transfer = await ok(fresnes.agent.post(f"{path}/transfers", TO_FRESNES | given_to(other)))
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
    await ok(both.post(path, TO_FRESNES | given_to(both)))


async def test_a_file_goes_nowhere_without_somebody_to_instruct_it_there(fresnes: Ccas, databases: Databases) -> None:
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    request = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    for named in ({}, given_to(conde), given_to(fresnes.decider), {"instructing_agent_id": str(uuid4())}):
        problem = await refused(fresnes.agent.post(f"{path}/transfers", TO_FRESNES | named), 409, "cannot_instruct")
        assert problem["insee_code"] == FRESNES
    kept = await ok(conde.get(path))
    assert (kept["commune_insee_code"], kept["version"]) == (CONDE, request["version"])
    assert (await ok(conde.get(f"{path}/transfers")))["items"] == []
    await ok(fresnes.agent.post(f"{path}/transfers", TO_FRESNES | given_to(other)))
    moved = await ok(other.get(path))
    assert (moved["instructing_agent_id"], moved["version"]) == (str(other.account_id), 2)
    last = (await ok(other.get(f"{path}/assignments")))["items"][-1]
    told = ("account_id", "assigned_on", "reason", "assigned_by")
    assert [last[name] for name in told] == [
        str(other.account_id),
        "2018-04-02",
        "A déménagé à Fresnes",
        str(fresnes.agent.account_id),
    ]


async def test_a_transfer_takes_no_file_from_an_agent_who_works_there_too(fresnes: Ccas, databases: Databases) -> None:
    both, again = (staff_of(databases, fresnes, CONDE, FRESNES) for _ in range(2))
    request = await ok(both.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    taken = TO_FRESNES | given_to(again)
    await refused(again.post(f"{path}/transfers", taken), 403, "not_the_referent")
    await ok(again.post(f"{path}/transfers", TO_FRESNES | given_to(both)))
    assert len((await ok(both.get(f"{path}/assignments")))["items"]) == 1
    back = {**taken, "to_commune_insee_code": CONDE, "transferred_on": "2018-04-03"}
    await ok(both.post(f"{path}/transfers", back))
    assert (await ok(both.get(path)))["instructing_agent_id"] == str(again.account_id)
    given = {"account_id": str(both.account_id), "assigned_on": "2018-04-05"}
    await ok(again.post(f"{path}/assignments", given))
    late = {**TO_FRESNES, "transferred_on": "2018-04-04", **given_to(again)}
    problem = await refused(both.post(f"{path}/transfers", late), 409, "date_out_of_order")
    assert (problem["field"], problem["not_before"]) == ("transferred_on", "2018-04-05")


async def test_what_the_file_was_before_it_was_one_goes_with_it(fresnes: Ccas, databases: Databases) -> None:
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    person = await ok(conde.post("/people", demand_of(fresnes, CONDE)["applicant"]))
    lender = await organisation(fresnes)
    await authorise(fresnes, person["id"], lender, "2018-03-01")
    call = {"contacted_on": "2018-03-01", "channel": "phone", "commune_insee_code": CONDE, "person_id": person["id"],
            "purpose": "vehicle_repair", "sheet": SHEET}  # fmt: skip
    contacts = [await ok(conde.post("/contacts", call)) for _ in range(2)]
    contact = f"/contacts/{contacts[0]['id']}"
    missed = {"starts_at": "2018-03-02T10:00:00+01:00", "kind": "desk", "status": "missed"}
    await ok(conde.post(f"{contact}/appointments", missed))
    sent = to(lender, referred_on="2018-03-02", answer_expected_on="2018-04-02")
    referral = await ok(conde.post(f"{contact}/referrals", sent))
    path = f"/requests/{(await ok(conde.post(f'{contact}/request', {})))['request_id']}"
    before = (await ok(conde.get(f"{path}/timeline")))["items"]
    await refused(other.get(contact), 404, "not_found")
    await ok(fresnes.agent.post(f"{path}/transfers", TO_FRESNES | given_to(other)))

    after = (await ok(other.get(f"{path}/timeline")))["items"]
    assert [item for item in before if item not in after] == []
    assert len((await ok(other.get(f"{path}/appointments")))["items"]) == 1
    assert [item["id"] for item in (await ok(other.get(f"{path}/referrals")))["items"]] == [referral["id"]]
    assert (await ok(other.get(contact)))["commune_insee_code"] == CONDE
    # A contact that became nothing stays where it was made.
    await refused(other.get(f"/contacts/{contacts[1]['id']}"), 404, "not_found")
    end = {"outcome": "referred", "reason_code": "withdrawn", "closed_on": "2018-05-01",
           "other_answer": {"kind": "other_right", "given_on": "2018-05-01"}}  # fmt: skip
    await ok(other.post(f"{path}/close", end))


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
