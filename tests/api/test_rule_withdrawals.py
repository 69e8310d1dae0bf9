"""A version of the rules that has not begun is taken back: it stays in the list, and the one before it goes on."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from app.cli import main
from app.commands.tenant_export import as_yaml, stored_rules
from app.commands.tenants import RulesDiffer, load_tenant
from tests.api.test_rule_adoptions import TODAY, TOMORROW, adopt, adoption, between, draft, present
from tests.support import Ccas, Databases, Json, Staff, ok, refused, run_sql, submitted

REASON = {"reason": "Délibération retirée par le conseil d’administration"}
WITHDRAWN = "withdrawn_at = now(), withdrawal_reason = 'x', withdrawn_by = :account_id"


def withdrawal(ccas: Ccas, version: int = 5) -> str:
    return f"{adoption(ccas)}/{version}/withdraw"


async def withdraw(ccas: Ccas, version: int = 5) -> Json:
    return await ok(ccas.manager.post(withdrawal(ccas, version), REASON))


async def listed(ccas: Ccas) -> list[Json]:
    """All the versions, as anyone reads them."""
    return list((await ok(ccas.manager.get(adoption(ccas))))["items"])


async def test_a_version_to_come_is_taken_back_and_the_one_it_had_closed_goes_on(
    besancon: Ccas, databases: Databases
) -> None:
    before = await listed(besancon)
    await adopt(besancon, await draft(besancon))
    told = await withdraw(besancon)
    assert (told["version"], told["reopened_version"], told["warnings"]) == (5, 4, [])
    *others, fifth = await listed(besancon)
    assert others == before
    assert {**fifth, "reopened_version": 4, "warnings": []} == told
    assert fifth["withdrawal_reason"] == REASON["reason"]
    assert (fifth["valid_from"], fifth["withdrawn_at"][:10] >= (TODAY - timedelta(days=1)).isoformat()) == (
        TOMORROW.isoformat(),
        True,
    )
    for on in (TODAY, TOMORROW, date(2199, 12, 31)):
        assert (await present(besancon, on))["version"] == 4
    (row,) = run_sql(databases, besancon, "select withdrawn_by, products from rule_versions where version = 5")
    assert row["withdrawn_by"] == besancon.manager.account_id
    assert row["products"] != []


async def test_the_days_of_a_withdrawn_version_are_free_and_its_number_is_not(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon))
    await withdraw(besancon)
    made = await adopt(besancon, await draft(besancon, {"amount_cents_max": 100_000}))
    assert (made["version"], made["valid_from"]) == (6, TOMORROW.isoformat())
    assert (await present(besancon, TOMORROW))["version"] == 6
    assert [item["withdrawn_at"] is None for item in await listed(besancon)] == [True] * 4 + [False, True]
    # Closed again by the sixth, the fourth is opened again with it.
    assert (await withdraw(besancon, 6))["reopened_version"] == 4
    assert (await present(besancon, TOMORROW))["version"] == 4


async def test_versions_to_come_are_taken_back_from_the_last(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon, **between(5, None)))
    await adopt(besancon, await draft(besancon, **between(10, None)))
    problem = await refused(besancon.manager.post(withdrawal(besancon), REASON), 409, "rules_followed")
    assert (problem["version"], problem["followed_by"]) == (5, 6)
    assert (await withdraw(besancon, 6))["reopened_version"] == 5
    assert (await present(besancon, TODAY + timedelta(days=10)))["version"] == 5
    assert (await withdraw(besancon, 5))["reopened_version"] == 4


async def test_where_nothing_goes_on_the_days_without_rules_are_told(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon, **between(1, 9)))
    await adopt(besancon, await draft(besancon, **between(10, None)))
    told = await withdraw(besancon, 6)
    assert told["reopened_version"] is None
    (warning,) = told["warnings"]
    assert (warning["code"], warning["from"]) == ("no_rules_after", (TODAY + timedelta(days=10)).isoformat())


async def test_what_is_withdrawn_or_has_begun_or_is_not_there_is_not_taken_back(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon))
    await withdraw(besancon)
    again = await refused(besancon.manager.post(withdrawal(besancon), REASON), 409, "rules_already_withdrawn")
    assert again["version"] == 5
    for version, begun_on in ((4, "2011-10-13"), (1, "2009-10-01")):
        problem = await refused(besancon.manager.post(withdrawal(besancon, version), REASON), 409, "rules_begun")
        assert (problem["version"], problem["valid_from"]) == (version, begun_on)
    assert "13/10/2011" in (await besancon.manager.post(withdrawal(besancon, 4), REASON)).json()["detail"]
    await adopt(besancon, await draft(besancon, valid_from=TODAY.isoformat()))
    await refused(besancon.manager.post(withdrawal(besancon, 6), REASON), 409, "rules_begun")
    await refused(besancon.manager.post(withdrawal(besancon, 7), REASON), 404, "not_found")


async def test_a_version_that_a_file_refers_to_is_not_taken_back(besancon: Ccas, databases: Databases) -> None:
    request_id = await submitted(besancon)
    await adopt(besancon, await draft(besancon))
    run_sql(databases, besancon, "update requests set rules_version = 5 where id = :id", id=request_id)
    problem = await refused(besancon.manager.post(withdrawal(besancon), REASON), 409, "rules_used")
    assert problem["version"] == 5
    with pytest.raises(IntegrityError, match="refers to this version"):
        take_back(databases, besancon, besancon.manager)


def take_back(databases: Databases, ccas: Ccas, by: Staff, version: int = 5) -> None:
    """A withdrawal by SQL, as the role that serves."""
    statement = f"update rule_versions set {WITHDRAWN} where version = :version"  # noqa: S608
    run_sql(databases, ccas, statement, account_id=by.account_id, version=version)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {**REASON, "on": "x"}])
async def test_a_withdrawal_has_a_reason_and_nothing_else(besancon: Ccas, body: Json) -> None:
    await adopt(besancon, await draft(besancon))
    await refused(besancon.manager.post(withdrawal(besancon), body), 422, "invalid")
    assert (await present(besancon, TOMORROW))["version"] == 5


@pytest.mark.parametrize("version", ["0", "-1", "x", "+5", "5.0", "100001"])
async def test_a_version_that_is_no_number_is_refused(besancon: Ccas, version: str) -> None:
    path = f"{adoption(besancon)}/{version}/withdraw"
    problem = await refused(besancon.manager.post(path, REASON), 422, "invalid")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/path/version"]


async def test_the_manager_alone_takes_back_and_in_the_own_ccas_alone(
    besancon: Ccas, toulouse: Ccas, client: AsyncClient
) -> None:
    await adopt(besancon, await draft(besancon))
    for staff in (besancon.agent, besancon.decider):
        await refused(staff.post(withdrawal(besancon), REASON), 403, "forbidden")
    await refused(toulouse.manager.post(withdrawal(besancon), REASON), 404, "not_found")
    assert (await client.post(f"/v1{withdrawal(besancon)}", json=REASON)).status_code == 401
    assert (await present(besancon, TOMORROW))["version"] == 5


async def test_of_withdrawals_at_once_one_is_made(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon))
    answers = await asyncio.gather(*(besancon.manager.post(withdrawal(besancon), REASON) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"rules_already_withdrawn"}


# By SQL


async def test_what_was_closed_is_opened_again_with_the_withdrawal_alone(besancon: Ccas, databases: Databases) -> None:
    reopening = "update rule_versions set valid_to = null where version = :version"
    await adopt(besancon, await draft(besancon))
    take_back(databases, besancon, besancon.manager)
    # The transaction of the withdrawal is over; nor was any other version closed by it.
    for version in (3, 4, 5):
        with pytest.raises(IntegrityError, match="never changes"):
            run_sql(databases, besancon, f"{reopening} and valid_to is not null or version = 4", version=version)


async def test_a_withdrawal_opens_no_version_that_it_had_not_closed(besancon: Ccas, databases: Databases) -> None:
    await adopt(besancon, await draft(besancon))
    both = (
        f"with back as (update rule_versions set {WITHDRAWN} where version = 5 returning 1)"  # noqa: S608
        " update rule_versions set valid_to = null where version = 3 and exists (select from back)"
    )
    with pytest.raises(IntegrityError, match="never changes"):
        run_sql(databases, besancon, both, account_id=besancon.manager.account_id)
    assert (await present(besancon, TOMORROW))["version"] == 5


@pytest.mark.parametrize(
    "change",
    [
        f"{WITHDRAWN}, valid_to = '2199-01-01'",
        f"{WITHDRAWN}, products = '[]'",
        WITHDRAWN.replace("now()", "now() - interval '1 second'"),
        WITHDRAWN.replace("withdrawn_by = :account_id", "withdrawn_by = null"),
    ],
)
async def test_a_withdrawal_is_whole_of_its_instant_and_changes_nothing_else(
    besancon: Ccas, databases: Databases, change: str
) -> None:
    await adopt(besancon, await draft(besancon))
    statement = (
        f"update rule_versions set {change} where version = 5 and :account_id is not null"  # noqa: S608
    ).replace(":account_id", "cast(:account_id as uuid)")
    with pytest.raises(IntegrityError, match=r"never changes|withdrawn_by_someone"):
        run_sql(databases, besancon, statement, account_id=besancon.manager.account_id)


async def test_a_withdrawal_is_never_undone_nor_made_of_a_version_that_has_begun(
    besancon: Ccas, databases: Databases
) -> None:
    with pytest.raises(IntegrityError, match="never changes"):
        take_back(databases, besancon, besancon.manager, version=4)
    await adopt(besancon, await draft(besancon))
    await withdraw(besancon)
    for change in ("withdrawn_at = null, withdrawn_by = null, withdrawal_reason = null", "withdrawal_reason = 'y'"):
        with pytest.raises(IntegrityError, match="never changes"):
            run_sql(databases, besancon, f"update rule_versions set {change} where version = 5")  # noqa: S608


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"begins": 1, "closes": 5, "withdrawn": True}, "born withdrawn"),
        ({"begins": 1, "closes": None, "withdrawn": True}, "born withdrawn"),
        ({"begins": 2, "closes": 5, "withdrawn": False}, "does not end the day before"),
        ({"begins": 1, "closes": 3, "withdrawn": False}, "does not end the day before"),
    ],
)
async def test_no_version_is_written_as_withdrawn_nor_as_closing_what_it_does_not_follow(
    besancon: Ccas, databases: Databases, changes: Json, told: str
) -> None:
    await adopt(besancon, await draft(besancon, **between(1, 9)))
    forged = (
        "insert into rule_versions (tenant_id, id, version, valid_from, valid_from_precision, reference, products,"
        " indexes, entered_at, closes_version, withdrawn_at, withdrawn_by, withdrawal_reason)"
        " select tenant_id, gen_random_uuid(), 99, valid_to + cast(:begins as int), 'day', 'x', products, indexes,"
        " now(), cast(:closes as int), case when :withdrawn then now() end,"
        " case when :withdrawn then cast(:account_id as uuid) end, case when :withdrawn then 'x' end"
        " from rule_versions where version = 5"
    )
    with pytest.raises(IntegrityError, match=told):
        run_sql(databases, besancon, forged, account_id=besancon.manager.account_id, **changes)
    assert [item["version"] for item in await listed(besancon)] == [1, 2, 3, 4, 5]


# Loaded and exported


async def test_what_is_exported_leaves_withdrawn_versions_out_and_loads_again(
    besancon: Ccas, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    await adopt(besancon, await draft(besancon))
    await withdraw(besancon)
    await adopt(besancon, await draft(besancon, **between(5, None)))
    rules = stored_rules(databases.owner_url, besancon.slug)
    assert [version.version for version in rules.versions] == [1, 2, 3, 4, 6]
    path = tmp_path / "exported.yaml"
    path.write_text(as_yaml(rules), "utf-8")
    before = await listed(besancon)
    assert (main(["tenants", "check", str(path)]), main(["tenants", "load", str(path)])) == (0, 0)
    assert await listed(besancon) == before


async def test_a_file_that_still_has_a_withdrawn_version_is_refused_whole(besancon: Ccas, databases: Databases) -> None:
    await adopt(besancon, await draft(besancon))
    as_adopted = stored_rules(databases.owner_url, besancon.slug)
    await withdraw(besancon)
    before = await listed(besancon)
    with pytest.raises(RulesDiffer, match="version 5 was withdrawn; its number is not used again"):
        load_tenant(databases.owner_url, replace(as_adopted, name="Autre nom"))
    assert await listed(besancon) == before
    assert stored_rules(databases.owner_url, besancon.slug).name == as_adopted.name


async def test_a_file_that_adds_a_version_has_those_that_are_there(besancon: Ccas, databases: Databases) -> None:
    await adopt(besancon, await draft(besancon, **between(1, 9)))
    rules = stored_rules(databases.owner_url, besancon.slug)
    *earlier, last = rules.versions
    without = replace(rules, versions=(*earlier, replace(last, version=6)))
    with pytest.raises(RulesDiffer, match="version 5 is already there and the file does not have it"):
        load_tenant(databases.owner_url, without)
