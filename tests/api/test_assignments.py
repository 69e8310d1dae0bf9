"""Who instructs a file: taken in by one agent, given to another."""

from uuid import uuid4

import pytest

from app.domain.permissions import Role
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.support import Ccas, Databases, Json, Staff, add_staff, ok, refused, run_sql


def agent_of(databases: Databases, ccas: Ccas) -> Staff:
    """Another agent of the shared desk."""
    account_id = add_staff(databases, ccas.id, f"agent-{uuid4().hex[:6]}", [Role.AGENT])
    return Staff(ccas.agent.client, account_id, ccas.id)


def given_to(agent: Staff, on: str = "2018-04-02") -> Json:
    """The file is given to an agent."""
    return {"account_id": str(agent.account_id), "assigned_on": on, "reason": "Congé de maternité"}


async def test_the_agent_who_takes_a_file_in_holds_it_until_it_is_given_to_another(
    fresnes: Ccas, databases: Databases
) -> None:
    other = agent_of(databases, fresnes)
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}"
    assert request["instructing_agent_id"] == str(fresnes.agent.account_id)
    (first,) = (await ok(fresnes.agent.get(f"{path}/assignments")))["items"]
    assert (first["account_id"], first["assigned_on"]) == (str(fresnes.agent.account_id), "2018-03-01")

    second = await ok(fresnes.agent.post(f"{path}/assignments", given_to(other)))
    assert second["assigned_by"] == str(fresnes.agent.account_id)
    assert (await ok(other.get(f"{path}/assignments")))["items"] == [first, second]
    held = await ok(other.get("/requests", instructing_agent_id=str(other.account_id)))
    assert [item["id"] for item in held["items"]] == [request["id"]]
    assert (await ok(other.get("/requests", instructing_agent_id=str(fresnes.agent.account_id))))["items"] == []


async def test_a_manager_or_the_holder_gives_a_file_away_and_nobody_else(fresnes: Ccas, databases: Databases) -> None:
    other = agent_of(databases, fresnes)
    path = f"/requests/{(await ok(fresnes.agent.post('/requests', demand_of(fresnes, CONDE))))['id']}/assignments"
    await refused(other.post(path, given_to(other)), 403, "not_the_referent")
    await refused(fresnes.decider.post(path, given_to(other)), 403, "forbidden")
    await ok(fresnes.manager.post(path, given_to(other)))
    await refused(fresnes.agent.post(path, given_to(fresnes.agent)), 403, "not_the_referent")


@pytest.mark.parametrize("whom", ["of another commune", "closed", "not an agent", "unknown"])
async def test_a_file_is_given_to_an_active_agent_who_sees_its_commune(
    whom: str, fresnes: Ccas, databases: Databases
) -> None:
    elsewhere = staff_of(databases, fresnes, FRESNES)
    agent = {"not an agent": fresnes.manager, "unknown": Staff(fresnes.agent.client, uuid4(), fresnes.id)}
    if whom == "closed":
        run_sql(
            databases, fresnes, "update accounts set active = false, commune_insee_codes = null where id = :id",
            as_owner=True, id=elsewhere.account_id,
        )  # fmt: skip
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}/assignments"
    body = given_to(agent.get(whom, elsewhere))
    assert (await refused(fresnes.agent.post(path, body), 409, "cannot_instruct"))["insee_code"] == CONDE
    assert len((await ok(fresnes.agent.get(path)))["items"]) == 1


@pytest.mark.parametrize(("on", "code"), [("2018-02-28", "date_out_of_order"), ("2199-01-01", "date_in_future")])
async def test_a_file_is_given_away_between_its_intake_and_today(
    on: str, code: str, fresnes: Ccas, databases: Databases
) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    path = f"/requests/{request['id']}/assignments"
    await refused(fresnes.agent.post(path, given_to(agent_of(databases, fresnes), on)), 409, code)
    await refused(fresnes.agent.post(path, given_to(fresnes.agent)), 409, "already_instructing")
    assert len((await ok(fresnes.agent.get(path)))["items"]) == 1
