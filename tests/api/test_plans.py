"""Budgets and financing plans: revisions are kept, the money adds up."""

from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.support import BUDGET, WHOLE_LOAN, Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql, submitted

UNBALANCED: Json = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": 199_999}]}


def line(kind: str, amount_cents: int, **more: Any) -> Json:
    return {"label": kind, "kind": kind, "amount_cents": amount_cents, **more}


async def assessed(ccas: Ccas, **changes: Any) -> str:
    """The path of a request that is being instructed."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, **changes)))
    await ok(ccas.agent.post(f"/requests/{request['id']}/assess"))
    return f"/requests/{request['id']}"


async def put(ccas: Ccas, path: str, part: str, body: Json) -> Json:
    return await ok(ccas.agent.put(f"{path}/{part}", body, etag=await etag_of(ccas.agent, path)))


@pytest.mark.parametrize("part", ["budget", "financing-plan"])
async def test_there_is_nothing_to_read_before_the_first_revision(besancon: Ccas, part: str) -> None:
    await refused(besancon.agent.get(f"{await assessed(besancon)}/{part}"), 404, "not_found")


async def test_a_budget_adds_up_what_comes_in_and_what_goes_out(besancon: Ccas) -> None:
    path = await assessed(besancon)
    body = {
        "resources": [{"kind": "rsa", "amount_cents": 45_000}, {"kind": "housing_aid", "amount_cents": 20_050}],
        "charges": [{"kind": "rent", "label": "Loyer", "amount_cents": 38_000}],
    }
    budget = await put(besancon, path, "budget", body)
    assert (budget["resources_cents"], budget["charges_cents"], budget["revision"]) == (65_050, 38_000, 1)
    assert [entry["kind"] for entry in budget["resources"]] == ["rsa", "housing_aid"]
    assert await ok(besancon.manager.get(f"{path}/budget")) == budget


async def test_someone_may_have_nothing_at_all(besancon: Ccas) -> None:
    budget = await put(besancon, await assessed(besancon), "budget", {"resources": [], "charges": []})
    assert (budget["resources_cents"], budget["charges_cents"]) == (0, 0)


@pytest.mark.parametrize(("part", "body"), [("budget", BUDGET), ("financing-plan", WHOLE_LOAN)])
async def test_each_change_adds_a_revision_and_the_earlier_ones_stay(
    besancon: Ccas, databases: Databases, part: str, body: Json
) -> None:
    path = await assessed(besancon)
    revisions = [(await put(besancon, path, part, body))["revision"] for _ in range(3)]
    assert revisions == [1, 2, 3]
    assert (await ok(besancon.agent.get(f"{path}/{part}")))["revision"] == 3
    table = {"budget": "budgets", "financing-plan": "financing_plans"}[part]
    statement = f"select revision from {table} where request_id = :id order by revision"  # noqa: S608
    kept = run_sql(databases, besancon, statement, id=path.rpartition("/")[2])
    assert [row["revision"] for row in kept] == [1, 2, 3]


@pytest.mark.parametrize("table", ["budgets", "budget_lines", "financing_plans", "financing_plan_lines", "decisions"])
@pytest.mark.parametrize("statement", ["update {} set tenant_id = tenant_id", "delete from {}"])
async def test_the_service_cannot_rewrite_what_a_file_rested_on(
    besancon: Ccas, databases: Databases, table: str, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, statement.format(table))


@pytest.mark.parametrize(("part", "body"), [("budget", BUDGET), ("financing-plan", WHOLE_LOAN)])
async def test_the_etag_of_a_part_is_that_of_the_request(besancon: Ccas, part: str, body: Json) -> None:
    path = await assessed(besancon)
    before = await etag_of(besancon.agent, path)
    response = await besancon.agent.put(f"{path}/{part}", body, etag=before)
    after = response.headers["etag"]
    assert after != before
    assert await etag_of(besancon.agent, path) == after == await etag_of(besancon.agent, f"{path}/{part}")
    await refused(besancon.agent.put(f"{path}/{part}", body, etag=before), 412, "version_stale")
    await refused(besancon.agent.put(f"{path}/{part}", body, etag=None), 428, "version_missing")
    assert (await ok(besancon.agent.get(f"{path}/{part}")))["revision"] == 1


async def test_a_plan_may_be_unbalanced_while_it_is_being_made(besancon: Ccas) -> None:
    plan = await put(besancon, await assessed(besancon), "financing-plan", UNBALANCED)
    assert (plan["balanced"], plan["total_cents"], plan["project_cost_cents"]) == (False, 199_999, 200_000)


@pytest.mark.parametrize("difference", [-1, 1])
async def test_a_plan_one_cent_off_does_not_go_to_the_commission(besancon: Ccas, difference: int) -> None:
    path = await assessed(besancon)
    await put(besancon, path, "budget", BUDGET)
    await put(besancon, path, "financing-plan", {"lines": [line("loan", 200_000 + difference)]})
    problem = await refused(besancon.agent.post(f"{path}/submit"), 409, "plan_unbalanced")
    assert (problem["total_cents"], problem["project_cost_cents"]) == (200_000 + difference, 200_000)


async def test_money_that_was_refused_does_not_count(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await put(besancon, path, "budget", BUDGET)
    refusal = line("third_party", 60_000, status="refused", fund="FDAJ")
    plan = await put(besancon, path, "financing-plan", {"lines": [line("loan", 200_000), refusal]})
    assert (plan["balanced"], plan["total_cents"]) == (True, 200_000)
    assert [entry["status"] for entry in plan["lines"]] == ["expected", "refused"]
    assert (await ok(besancon.agent.post(f"{path}/submit")))["status"] == "submitted"


async def test_a_plan_that_counts_on_refused_money_does_not_go_to_the_commission(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await put(besancon, path, "budget", BUDGET)
    lines = [line("loan", 140_000), line("third_party", 60_000, status="refused")]
    plan = await put(besancon, path, "financing-plan", {"lines": lines})
    assert plan["balanced"] is False
    await refused(besancon.agent.post(f"{path}/submit"), 409, "plan_unbalanced")


async def test_a_change_of_the_cost_unbalances_the_plan(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await put(besancon, path, "budget", BUDGET)
    await put(besancon, path, "financing-plan", WHOLE_LOAN)
    etag = await etag_of(besancon.agent, path)
    await ok(besancon.agent.patch(path, {"project_cost_cents": 210_000}, etag=etag))
    assert (await ok(besancon.agent.get(f"{path}/financing-plan")))["balanced"] is False
    await refused(besancon.agent.post(f"{path}/submit"), 409, "plan_unbalanced")


async def test_a_dental_plan_of_many_funds_adds_up(besancon: Ccas) -> None:
    """Besançon, case G24: 2 145 € of health cover, 400 € of a fund of the CCAS, 149 € of grant, 120 € of loan."""
    path = await assessed(besancon, project_cost_cents=281_400, requested_amount_cents=12_000)
    lines = [
        line("third_party", 214_500, status="confirmed", fund="Sécurité sociale et mutuelle"),
        line("third_party", 40_000, fund="Fonds santé jeune CCAS"),
        line("grant", 14_900),
        line("loan", 12_000),
    ]
    plan = await put(besancon, path, "financing-plan", {"lines": lines})
    assert plan["balanced"] is True
    assert [entry["fund"] for entry in plan["lines"]][:2] == ["Sécurité sociale et mutuelle", "Fonds santé jeune CCAS"]


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("financing-plan", {"lines": []}),
        ("financing-plan", {"lines": [line("loan", 0)]}),
        ("financing-plan", {"lines": [line("loan", -1)]}),
        ("financing-plan", {"lines": [line("gift", 1)]}),
        ("financing-plan", {"lines": [line("loan", 1, status="maybe")]}),
        ("budget", {"resources": [{"kind": "rsa", "amount_cents": -1}], "charges": []}),
        ("budget", {"resources": [{"kind": "rent", "amount_cents": 1}], "charges": []}),
        ("budget", {"resources": []}),
    ],
)
async def test_ill_formed_parts_are_refused_and_leave_no_revision(besancon: Ccas, part: str, body: Json) -> None:
    path = await assessed(besancon)
    etag = await etag_of(besancon.agent, path)
    await refused(besancon.agent.put(f"{path}/{part}", body, etag=etag), 422, "invalid")
    await refused(besancon.agent.get(f"{path}/{part}"), 404, "not_found")


async def test_parts_of_another_ccas_request_look_like_nothing(besancon: Ccas, toulouse: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    for part, body in (("budget", BUDGET), ("financing-plan", WHOLE_LOAN)):
        await refused(toulouse.agent.get(f"{path}/{part}"), 404, "not_found")
        await refused(toulouse.agent.put(f"{path}/{part}", body, etag='"4"'), 404, "not_found")


async def test_a_source_of_money_may_be_an_organisation_of_the_directory(besancon: Ccas, toulouse: Ccas) -> None:
    path = await assessed(besancon)
    body = {"name": "Fonds d’aide aux jeunes", "kinds": ["referral"]}
    fund, foreign = [(await ok(ccas.agent.post("/organisations", body)))["id"] for ccas in (besancon, toulouse)]
    lines = [line("third_party", 60_000, organisation_id=fund), line("loan", 140_000)]
    plan = await put(besancon, path, "financing-plan", {"lines": lines})
    assert [entry["organisation_id"] for entry in plan["lines"]] == [fund, None]
    unknown = {"lines": [line("third_party", 60_000, organisation_id=foreign)]}
    etag = await etag_of(besancon.agent, path)
    await refused(besancon.agent.put(f"{path}/financing-plan", unknown, etag=etag), 409, "organisation_unknown")
    assert (await ok(besancon.agent.get(f"{path}/financing-plan")))["revision"] == 1
