"""Appointments: planned, moved, kept and missed; the diary of the desk and of each referent; no-show figures."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.domain.permissions import Role
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.support import Ccas, Databases, Json, Staff, add_staff, demand, desk_of, ok, refused, run_sql

# Ahead of any clock that runs these tests.
NEXT, LATER = "2190-03-02T09:30:00+01:00", "2190-03-09T09:30:00+01:00"


def hour(starts_at: str = NEXT, **changes: Any) -> Json:
    """An appointment at the desk."""
    return {"starts_at": starts_at, "kind": "desk", **changes}


def held(day: str, status: str, **changes: Any) -> Json:
    """An appointment that took place, at 10 UTC."""
    return hour(f"{day}T10:00:00Z", status=status, **changes)


async def taken_in(ccas: Ccas, **changes: Any) -> str:
    """The path of a request."""
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas, **changes))))['id']}"


async def diary(staff: Staff, **query: Any) -> list[str]:
    """The identifiers of the appointments of a diary, in its order."""
    return [item["id"] for item in (await ok(staff.get("/appointments", **query)))["items"]]


async def test_an_appointment_is_planned_with_somebody_and_the_caller_unless_another_is_named(
    besancon: Ccas, databases: Databases
) -> None:
    path = await taken_in(besancon)
    response = await besancon.agent.post(f"{path}/appointments", hour(minutes=45, purpose="Premier entretien"))
    assert response.status_code == 201, response.text
    made = response.json()
    request = await ok(besancon.agent.get(path))
    assert made == {
        "id": made["id"],
        "version": 1,
        "request_id": request["id"],
        "contact_id": None,
        "person_id": request["applicant_id"],
        "starts_at": "2190-03-02T08:30:00Z",
        "minutes": 45,
        "kind": "desk",
        "account_id": str(besancon.agent.account_id),
        "purpose": "Premier entretien",
        "status": "planned",
        "replaces_id": None,
        "entered_by": str(besancon.agent.account_id),
        "entered_at": made["entered_at"],
        "transitions": [],
        "check_warnings": [],
    }
    assert response.headers["etag"] == '"1"'
    referent = add_staff(databases, besancon.id, f"referent-{uuid4().hex[:6]}", [Role.AGENT])
    desk = desk_of(databases, besancon)
    other = await ok(desk.post(f"{path}/appointments", hour(account_id=str(referent), kind="phone")))
    assert (other["account_id"], other["entered_by"]) == (str(referent), str(desk.account_id))


async def test_nobody_of_another_ccas_is_met(besancon: Ccas, toulouse: Ccas, databases: Databases) -> None:
    path = await taken_in(besancon)
    for stranger in (str(toulouse.agent.account_id), str(uuid4())):
        await refused(besancon.agent.post(f"{path}/appointments", hour(account_id=stranger)), 409, "account_unknown")
    gone = add_staff(databases, besancon.id, f"gone-{uuid4().hex[:6]}", [Role.AGENT])
    run_sql(databases, besancon, "update accounts set active = false where id = :id", as_owner=True, id=gone)
    await refused(besancon.agent.post(f"{path}/appointments", hour(account_id=str(gone))), 409, "account_unknown")
    # They met the person before they left.
    await ok(besancon.agent.post(f"{path}/appointments", held("2011-01-10", "attended", account_id=str(gone))))
    await refused(toulouse.agent.post(f"{path}/appointments", hour()), 404, "not_found")


async def test_what_is_planned_lies_ahead_and_what_took_place_lies_behind(besancon: Ccas) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    past = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await refused(besancon.agent.post(path, hour(past)), 409, "appointment_in_past")
    for status in ("attended", "missed"):
        await refused(besancon.agent.post(path, hour(NEXT, status=status)), 409, "appointment_to_come")
    problem = await refused(besancon.agent.post(path, held("2011-01-02", "attended")), 409, "date_out_of_order")
    assert problem["not_before"] == "2011-01-03"
    assert (await ok(besancon.agent.get(path)))["items"] == []
    await ok(besancon.agent.post(path, held("2011-01-03", "attended")))


@pytest.mark.parametrize(
    "body",
    [
        hour("2190-03-02T09:30:00"),
        hour("2190-03-02"),
        hour(status="cancelled"),
        hour(kind="video"),
        hour(minutes=0),
        hour(minutes=1_441),
        hour(purpose="Deux\nlignes"),
        {"kind": "desk"},
    ],
)
async def test_what_is_no_appointment_is_refused(besancon: Ccas, body: Json) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    await refused(besancon.agent.post(path, body), 422, "invalid")
    assert (await ok(besancon.agent.get(path)))["items"] == []


async def test_whether_the_person_came_is_told_once_the_hour_has_come_and_what_was_told_is_kept(
    besancon: Ccas, databases: Databases
) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    made = await ok(besancon.agent.post(path, hour()))
    outcome = f"/appointments/{made['id']}/outcome"
    for status in ("attended", "missed"):
        problem = await refused(besancon.agent.post(outcome, {"status": status}), 409, "appointment_to_come")
        assert problem["starts_on"] == "2190-03-02"
    # Time passes.
    earlier = "update appointments set starts_at = '2011-02-01T08:30:00Z' where id = :id"
    run_sql(databases, besancon, earlier, id=made["id"])
    missed = await ok(besancon.agent.post(outcome, {"status": "missed", "note": "N’a pas prévenu"}))
    assert (missed["status"], missed["version"]) == ("missed", 2)
    await refused(besancon.agent.post(outcome, {"status": "missed"}), 409, "illegal_transition")
    await refused(besancon.agent.post(outcome, {"status": "cancelled"}), 409, "illegal_transition")
    await ok(besancon.agent.post(outcome, {"status": "attended"}))
    read = await ok(besancon.agent.get(f"/appointments/{made['id']}"))
    assert [(step["from_status"], step["to_status"], step["note"]) for step in read["transitions"]] == [
        ("planned", "missed", "N’a pas prévenu"),
        ("missed", "attended", None),
    ]
    assert {step["account_id"] for step in read["transitions"]} == {str(besancon.agent.account_id)}


async def test_to_move_an_appointment_is_to_cancel_it_for_another(besancon: Ccas, databases: Databases) -> None:
    desk, path = desk_of(databases, besancon), f"{await taken_in(besancon)}/appointments"
    first = await ok(desk.post(path, hour()))
    second = await ok(desk.post(path, hour(LATER, replaces_id=first["id"])))
    assert (second["status"], second["replaces_id"]) == ("planned", first["id"])
    moved = await ok(desk.get(f"/appointments/{first['id']}"))
    assert (moved["status"], [step["to_status"] for step in moved["transitions"]]) == ("cancelled", ["cancelled"])
    await refused(desk.post(path, hour(LATER, replaces_id=first["id"])), 409, "appointment_moved")
    # One that was cancelled before is moved too.
    await ok(desk.post(f"/appointments/{second['id']}/outcome", {"status": "cancelled"}))
    third = await ok(desk.post(path, hour(LATER, replaces_id=second["id"])))
    assert [item["id"] for item in (await ok(desk.get(path)))["items"]] == [first["id"], second["id"], third["id"]]


async def test_what_took_place_or_is_of_another_file_is_not_moved(besancon: Ccas) -> None:
    path, other = [f"{await taken_in(besancon)}/appointments" for _ in range(2)]
    kept = await ok(besancon.agent.post(path, held("2011-01-10", "attended")))
    await refused(besancon.agent.post(path, hour(replaces_id=kept["id"])), 409, "illegal_transition")
    planned = await ok(besancon.agent.post(other, hour()))
    for unknown in (planned["id"], str(uuid4())):
        await refused(besancon.agent.post(path, hour(replaces_id=unknown)), 409, "appointment_unknown")
    assert (await ok(besancon.agent.get(f"/appointments/{planned['id']}")))["status"] == "planned"
    assert len((await ok(besancon.agent.get(path)))["items"]) == 1


async def test_a_contact_has_appointments_which_are_then_those_of_the_request(
    toulouse: Ccas, databases: Databases
) -> None:
    """« donner la liste des pièces nécessaires … et proposer un rendez-vous avec le travailleur social »."""
    desk = desk_of(databases, toulouse)
    sheet = {**demand(toulouse)["applicant"], "household": {"adults": 1, "minor_children": 0}}
    amounts = {"project_cost_cents": 200_000, "requested_amount_cents": 200_000, "project_description": "Une voiture"}
    call = {"contacted_on": "2018-03-01", "channel": "phone", "commune_insee_code": toulouse.insee_code}
    call |= {"purpose": "vehicle_purchase", "sheet": {**sheet, **amounts}}
    contact = await ok(desk.post("/contacts", call))
    path = f"/contacts/{contact['id']}"
    planned = await ok(desk.post(f"{path}/appointments", hour(account_id=str(toulouse.agent.account_id))))
    assert (planned["contact_id"], planned["request_id"]) == (contact["id"], None)
    problem = await refused(desk.post(f"{path}/appointments", held("2018-02-28", "missed")), 409, "date_out_of_order")
    assert problem["not_before"] == "2018-03-01"
    referent = str(toulouse.agent.account_id)
    body = {"received_on": "2018-03-05", "instructing_agent_id": referent}
    request_id = (await ok(desk.post(f"{path}/request", body)))["request_id"]
    of_request = f"/requests/{request_id}/appointments"
    assert [item["id"] for item in (await ok(desk.get(of_request)))["items"]] == [planned["id"]]
    await refused(desk.post(f"{path}/appointments", hour()), 409, "contact_became_request")
    moved = await ok(desk.post(of_request, hour(LATER, replaces_id=planned["id"])))
    assert (moved["request_id"], moved["contact_id"]) == (request_id, None)
    assert [item["id"] for item in (await ok(desk.get(f"{path}/appointments")))["items"]] == [planned["id"]]
    await refused(desk.post(f"/contacts/{uuid4()}/appointments", hour()), 404, "not_found")


async def test_the_diary_is_in_the_order_of_the_hours_and_is_asked_by_day_person_and_state(
    besancon: Ccas, databases: Databases
) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    referent = str(add_staff(databases, besancon.id, f"referent-{uuid4().hex[:6]}", [Role.AGENT]))
    third = await ok(besancon.agent.post(path, held("2011-02-03", "attended")))
    first = await ok(besancon.agent.post(path, held("2011-02-01", "missed", account_id=referent)))
    # The 2nd in Besançon, though still the 1st at Greenwich.
    second = await ok(besancon.agent.post(path, hour("2011-02-01T23:30:00Z", status="attended")))
    ids = [made["id"] for made in (first, second, third)]
    assert await diary(besancon.agent) == ids
    assert await diary(besancon.agent, **{"from": "2011-02-02", "to": "2011-02-02"}) == [second["id"]]
    assert await diary(besancon.agent, **{"from": "2011-02-02"}) == ids[1:]
    assert await diary(besancon.agent, to="2011-02-01") == [first["id"]]
    assert await diary(besancon.agent, account_id=referent) == [first["id"]]
    assert await diary(besancon.agent, status="attended") == ids[1:]
    page = await ok(besancon.agent.get("/appointments", limit=2))
    following = await ok(besancon.agent.get("/appointments", limit=2, cursor=page["next_cursor"]))
    assert [item["id"] for item in page["items"] + following["items"]] == ids
    assert following["next_cursor"] is None


async def test_appointments_of_one_hour_are_each_told_once(besancon: Ccas) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    made = {(await ok(besancon.agent.post(path, hour())))["id"] for _ in range(3)}
    seen: list[str] = []
    query: Json = {"limit": 1}
    while True:
        page = await ok(besancon.agent.get("/appointments", **query))
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": 1, "cursor": page["next_cursor"]}
    assert (len(seen), set(seen)) == (3, made)


async def test_no_shows_are_counted_by_kind_and_by_member_of_staff(besancon: Ccas, databases: Databases) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    assert await ok(besancon.agent.get("/appointments/figures")) == {
        "total": counts(),
        "by_kind": [],
        "by_account": [],
    }
    referent = str(add_staff(databases, besancon.id, f"referent-{uuid4().hex[:6]}", [Role.AGENT]))
    for day, status, kind, account_id in (
        ("2011-01-31", "missed", "desk", referent),
        ("2011-02-01", "attended", "desk", referent),
        ("2011-02-02", "attended", "phone", referent),
        ("2011-02-03", "missed", "desk", None),
        ("2011-03-01", "missed", "desk", referent),
    ):
        await ok(besancon.agent.post(path, held(day, status, kind=kind, account_id=account_id)))
    planned = await ok(besancon.agent.post(path, hour(kind="home")))
    cancelled = await ok(besancon.agent.post(path, hour(kind="home")))
    await ok(besancon.agent.post(f"/appointments/{cancelled['id']}/outcome", {"status": "cancelled"}))

    february = await ok(besancon.agent.get("/appointments/figures", **{"from": "2011-02-01", "to": "2011-02-28"}))
    assert february["total"] == counts(attended=2, missed=1, no_show_percent="33.33")
    assert february["by_kind"] == [
        {"kind": "desk", **counts(attended=1, missed=1, no_show_percent="50")},
        {"kind": "phone", **counts(attended=1, no_show_percent="0")},
    ]
    own = str(besancon.agent.account_id)
    expected = {
        referent: counts(attended=2, no_show_percent="0"),
        own: counts(missed=1, no_show_percent="100"),
    }
    assert {of.pop("account_id"): of for of in february["by_account"]} == expected
    ever = await ok(besancon.manager.get("/appointments/figures"))
    assert ever["total"] == counts(planned=1, attended=2, missed=3, cancelled=1, no_show_percent="60")
    assert {"kind": "home", **counts(planned=1, cancelled=1)} in ever["by_kind"]
    assert planned["status"] == "planned"


def counts(**changes: Any) -> Json:
    """The figures of no appointment, changed."""
    none = {"planned": 0, "attended": 0, "missed": 0, "cancelled": 0, "no_show_percent": None}
    return {**none, **changes}


async def test_each_commune_sees_its_own_appointments(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    own, theirs = [
        (await ok(fresnes.agent.post("/requests", demand_of(fresnes, code))))["id"] for code in (CONDE, FRESNES)
    ]
    call = {"contacted_on": "2018-03-01", "channel": "phone", "commune_insee_code": FRESNES}
    contact = await ok(fresnes.agent.post("/contacts", call))
    made = [
        (await ok(fresnes.agent.post(f"/{of}/appointments", held("2018-03-05", "missed"))))["id"]
        for of in (f"requests/{own}", f"requests/{theirs}", f"contacts/{contact['id']}")
    ]
    assert await diary(conde) == made[:1]
    assert sorted(await diary(fresnes.agent)) == sorted(made)
    assert (await ok(conde.get("/appointments/figures")))["total"]["missed"] == 1
    for hidden in made[1:]:
        await refused(conde.get(f"/appointments/{hidden}"), 404, "not_found")
        await refused(conde.post(f"/appointments/{hidden}/outcome", {"status": "attended"}), 404, "not_found")


async def test_an_appointment_is_planned_with_somebody_who_works_for_the_commune_of_the_file(
    fresnes: Ccas, databases: Databases
) -> None:
    conde, other = (staff_of(databases, fresnes, code) for code in (CONDE, FRESNES))
    request = await ok(conde.post("/requests", demand_of(fresnes, CONDE)))
    call = {"contacted_on": "2018-03-01", "channel": "phone", "commune_insee_code": CONDE}
    contact = await ok(conde.post("/contacts", call))
    for path in (f"/requests/{request['id']}/appointments", f"/contacts/{contact['id']}/appointments"):
        elsewhere = hour(account_id=str(other.account_id))
        await refused(fresnes.agent.post(path, elsewhere), 409, "account_unknown")
        assert (await ok(fresnes.agent.get(path)))["items"] == []
        for staff in (conde, fresnes.agent):
            await ok(fresnes.agent.post(path, hour(account_id=str(staff.account_id))))
        # They may have worked there when they met the person.
        met = held("2018-03-05", "attended", account_id=str(other.account_id))
        await ok(fresnes.agent.post(path, met))


async def test_who_decides_reads_diaries_and_plans_nothing(besancon: Ccas) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    await refused(besancon.decider.post(path, hour()), 403, "forbidden")
    await refused(besancon.manager.post(path, hour()), 403, "forbidden")
    assert (await ok(besancon.decider.get("/appointments")))["items"] == []


async def test_the_same_key_plans_one_appointment(besancon: Ccas) -> None:
    path, key = f"{await taken_in(besancon)}/appointments", uuid4().hex
    first, again = [await ok(besancon.agent.post(path, hour(), key=key)) for _ in range(2)]
    assert first == again
    await besancon.agent.client.post(f"/v1{path}", json=hour(), headers=besancon.agent.headers)
    assert len((await ok(besancon.agent.get(path)))["items"]) == 2


async def test_the_database_refuses_an_appointment_of_nobody(besancon: Ccas, databases: Databases) -> None:
    path = f"{await taken_in(besancon)}/appointments"
    made = await ok(besancon.agent.post(path, hour()))
    with pytest.raises(IntegrityError, match="ck_appointments_of_one_file"):
        run_sql(databases, besancon, "update appointments set request_id = null where id = :id", id=made["id"])


async def test_nothing_is_planned_once_a_file_has_ended_but_what_took_place_before_is_entered(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    first = await ok(besancon.agent.post(f"{path}/appointments", hour()))
    given = {"kind": "budget_advice", "given_on": "2011-02-01"}
    end = {"outcome": "withdrawn", "reason_code": "other", "other_answer": given, "closed_on": "2011-02-01"}
    await ok(besancon.agent.post(f"{path}/close", end))
    for refused_one in (hour(LATER), hour(LATER, replaces_id=first["id"]), held("2011-02-02", "missed")):
        problem = await refused(besancon.agent.post(f"{path}/appointments", refused_one), 409, "request_locked")
        assert problem["state"] == "withdrawn"
    assert (await ok(besancon.agent.get(f"/appointments/{first['id']}")))["status"] == "planned"
    await ok(besancon.agent.post(f"{path}/appointments", held("2011-02-01", "attended")))
    await ok(besancon.agent.post(f"/appointments/{first['id']}/outcome", {"status": "cancelled"}))
    await ok(besancon.agent.post(f"{path}/reopen", {"reason": "La personne est revenue"}))
    await ok(besancon.agent.post(f"{path}/appointments", hour(LATER)))


async def test_nothing_is_planned_of_a_contact_that_was_answered(besancon: Ccas) -> None:
    call = {"contacted_on": "2011-01-05", "channel": "phone", "commune_insee_code": besancon.insee_code}
    path = f"/contacts/{(await ok(besancon.agent.post('/contacts', call)))['id']}"
    given = {"kind": "budget_advice", "given_on": "2011-01-05"}
    await ok(besancon.agent.post(f"{path}/close", {"reason_code": "other", "other_answer": given}))
    await refused(besancon.agent.post(f"{path}/appointments", hour()), 409, "contact_answered")
    assert (await ok(besancon.agent.get(f"{path}/appointments")))["items"] == []
