"""The workload: by referent, by full-time post, by commune."""

from typing import Any

from app.domain.permissions import Role
from tests.api.test_assignments import agent_of, given_to
from tests.api.test_communes import CONDE, ESCAUTPONT, FRESNES, demand_of, staff_of
from tests.support import OTHER_ANSWER, Ccas, Databases, Json, Staff, disbursed, ok, refused, repayment

PERIOD = {"from": "2018-01-01", "to": "2018-12-31"}
UNKNOWN: Json = {"per_fte": None, "per_fte_max": None, "over": None}


async def contact(ccas: Ccas, on: str, code: str = CONDE) -> Json:
    """Someone calls."""
    body = {"contacted_on": on, "channel": "phone", "commune_insee_code": code}
    return await ok(ccas.agent.post("/contacts", body))


def of(workload: Json, agent: Staff) -> Json:
    """The load of one referent."""
    (one,) = [one for one in workload["referents"] if one["account_id"] == str(agent.account_id)]
    return dict(one)


async def half_time(ccas: Ccas, agent: Staff, **changes: Any) -> Json:
    """« 1 référente du dispositif à 0,5 ETP » (Fresnes)."""
    body = {"valid_from": "2018-01-01", "fte_percent": 50, **changes}
    return await ok(ccas.manager.post(f"/users/{agent.account_id}/working-times", body))


async def test_fresnes_half_time_referent_bears_twice_the_work_of_a_post(fresnes: Ccas) -> None:
    for on in ("2018-02-01", "2018-02-02"):
        await contact(fresnes, on)
    for code in (CONDE, FRESNES, ESCAUTPONT, "59616"):
        await ok(fresnes.agent.post("/requests", demand_of(fresnes, code)))
    told = await ok(fresnes.manager.get("/workload", **PERIOD))
    assert of(told, fresnes.agent)["open_files"] == {"count": 4, **UNKNOWN}
    assert told["tenant"]["fte_percent"] is None

    await half_time(fresnes, fresnes.agent)
    limits = "/workload/thresholds"
    for measure, most in (("open_files", 7), ("solicitations", 4)):
        await ok(fresnes.manager.post(limits, {"measure": measure, "per_fte_max": most, "valid_from": "2018-01-01"}))
    told = await ok(fresnes.manager.get("/workload", **PERIOD))
    for load in (of(told, fresnes.agent), told["tenant"]):
        assert load["fte_percent"] == 50
        assert load["solicitations"] == {"count": 2, "per_fte": "4.00", "per_fte_max": 4, "over": False}
        assert load["open_files"] == {"count": 4, "per_fte": "8.00", "per_fte_max": 7, "over": True}
        assert load["files_taken_in"] == {**UNKNOWN, "count": 4, "per_fte": "8.00"}
    before = await ok(fresnes.manager.get("/workload", **{"from": "2017-01-01", "to": "2017-12-31"}))
    assert before["tenant"]["open_files"] == {"count": 0, **UNKNOWN}


async def test_the_last_word_of_a_day_counts_and_null_lifts_a_limit(fresnes: Ccas) -> None:
    await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    first = await half_time(fresnes, fresnes.agent)
    second = await half_time(fresnes, fresnes.agent, fte_percent=25)
    later = await half_time(fresnes, fresnes.agent, fte_percent=100, valid_from="2019-01-01")
    assert (await ok(fresnes.agent.get(f"/users/{fresnes.agent.account_id}/working-times")))["items"] == [
        first,
        second,
        later,
    ]
    for most in (1, None):
        body = {"measure": "open_files", "per_fte_max": most, "valid_from": "2018-01-01"}
        await ok(fresnes.manager.post("/workload/thresholds", body))
    told = await ok(fresnes.manager.get("/workload", **PERIOD))
    assert of(told, fresnes.agent)["open_files"] == {"count": 1, "per_fte": "4.00", "per_fte_max": None, "over": None}


async def test_a_person_with_files_in_two_communes_is_one_person_of_the_group(fresnes: Ccas) -> None:
    one = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    second = {**demand_of(fresnes, FRESNES), "applicant_id": one["applicant_id"]}
    second.pop("applicant")
    await ok(fresnes.agent.post("/requests", second))
    couple = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    await ok(fresnes.agent.patch(f"/requests/{couple['id']}", {"co_applicant_id": one["applicant_id"]}, etag='"1"'))
    told = (await ok(fresnes.manager.get("/workload", **PERIOD)))["by_commune"]
    counts = {row["insee_code"]: (row["files"], row["persons"]) for row in told["communes"]}
    assert counts == {CONDE: (2, 2), FRESNES: (1, 1), ESCAUTPONT: (0, 0), "59616": (0, 0)}
    assert told["group"] == {"files": 3, "persons": 2}


async def test_files_follow_who_held_them_on_the_last_day_and_end_with_their_end(
    fresnes: Ccas, databases: Databases
) -> None:
    other = agent_of(databases, fresnes)
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    await ok(fresnes.agent.post(f"{path}/assignments", given_to(other, "2018-04-02")))
    end = {
        "outcome": "withdrawn",
        "reason_code": "missing_papers",
        "other_answer": {**OTHER_ANSWER, "given_on": "2018-06-01"},
        "closed_on": "2018-06-01",
    }
    await ok(fresnes.agent.post(f"{path}/close", end))
    found = {}
    for to in ("2018-04-01", "2018-05-31", "2018-06-01"):
        told = await ok(fresnes.manager.get("/workload", **{"from": "2018-01-01", "to": to}))
        found[to] = [of(told, agent)["open_files"]["count"] for agent in (fresnes.agent, other)]
        assert of(told, fresnes.agent)["files_taken_in"]["count"] == 1
    assert found == {"2018-04-01": [1, 0], "2018-05-31": [0, 1], "2018-06-01": [0, 0]}


async def test_a_loan_runs_from_its_payment_to_its_last_cent(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(200_000, "2012-03-01", "B-1")))
    counts = {}
    for to in ("2011-01-29", "2011-01-30", "2012-02-29", "2012-03-01"):
        told = await ok(besancon.manager.get("/workload", to=to))
        counts[to] = told["tenant"]["running_loans"]["count"]
        assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=to)))["status"] in (
            ("closed", "accepted") if not counts[to] else ("not_started", "running", "overdue")
        )
    assert counts == {"2011-01-29": 0, "2011-01-30": 1, "2012-02-29": 1, "2012-03-01": 0}


async def test_a_period_ends_after_it_begins_and_not_after_today(fresnes: Ccas) -> None:
    await refused(fresnes.manager.get("/workload", to="2199-01-01"), 409, "date_in_future")
    await refused(
        fresnes.manager.get("/workload", **{"from": "2018-02-01", "to": "2018-01-31"}), 409, "date_out_of_order"
    )
    told = await ok(fresnes.manager.get("/workload", to="2018-12-31"))
    assert (told["from_on"], told["to_on"]) == ("2018-01-01", "2018-12-31")


async def test_a_manager_of_one_commune_is_not_told_a_part_of_the_work_for_the_whole_of_a_post(
    fresnes: Ccas, databases: Databases
) -> None:
    manager = staff_of(databases, fresnes, CONDE, roles=(Role.MANAGER,))
    for code in (CONDE, FRESNES):
        await ok(fresnes.agent.post("/requests", demand_of(fresnes, code)))
    await half_time(fresnes, fresnes.agent)
    told = await ok(manager.get("/workload", **PERIOD))
    assert of(told, fresnes.agent)["open_files"] == {"count": 1, **UNKNOWN}
    assert [row["insee_code"] for row in told["by_commune"]["communes"]] == [CONDE]


async def test_only_the_manager_tells_working_times_of_known_staff(fresnes: Ccas, besancon: Ccas) -> None:
    body = {"valid_from": "2018-01-01", "fte_percent": 50}
    path = f"/users/{fresnes.agent.account_id}/working-times"
    await refused(fresnes.agent.post(path, body), 403, "forbidden")
    await refused(besancon.manager.post(path, body), 404, "not_found")
    for part in (0, 101):
        await refused(fresnes.manager.post(path, {**body, "fte_percent": part}), 422, "invalid")
    assert (await ok(fresnes.manager.get(path)))["items"] == []


async def test_staff_are_listed_with_their_roles_and_communes(fresnes: Ccas, databases: Databases) -> None:
    conde = staff_of(databases, fresnes, CONDE)
    shown = {user["id"]: user for user in (await ok(fresnes.manager.get("/users")))["items"]}
    assert shown[str(conde.account_id)]["commune_insee_codes"] == [CONDE]
    assert shown[str(fresnes.agent.account_id)]["commune_insee_codes"] is None
    assert shown[str(fresnes.agent.account_id)]["roles"] == ["agent"]
    await refused(fresnes.decider.get("/users"), 403, "forbidden")


async def test_a_file_that_ended_is_not_open_though_a_step_before_was_entered_without_its_day(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    await ok(fresnes.agent.post(f"{path}/assess"))
    given = {**OTHER_ANSWER, "given_on": "2018-06-01"}
    end = {"outcome": "withdrawn", "reason_code": "other", "other_answer": given, "closed_on": "2018-06-01"}
    await ok(fresnes.agent.post(f"{path}/close", end))
    counts = []
    for query in ({"to": "2018-05-31"}, {"to": "2018-06-01"}, {}):
        told = await ok(fresnes.manager.get("/workload", **query))
        counts.append(told["tenant"]["open_files"]["count"])
    assert counts == [1, 0, 0]
    await ok(fresnes.agent.post(f"{path}/reopen", {"reason": "La personne est revenue"}))
    assert (await ok(fresnes.manager.get("/workload")))["tenant"]["open_files"]["count"] == 1
