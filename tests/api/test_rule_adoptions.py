"""A CCAS adopts a version of its rules: from today on, checked whole, and never changed afterwards."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.database import tenant_transaction
from app.services import rules
from tests.support import APPROVAL, Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql, submitted

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris")).date()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
REFERENCE = "Délibération 2026-41 du conseil d’administration"


async def present(ccas: Ccas, on: date = TODAY) -> Json:
    """The rules in force on a day, as anyone reads them."""
    return await ok(ccas.manager.get(f"/tenants/{ccas.slug}/rules", on=on.isoformat()))


async def draft(ccas: Ccas, product: Json | None = None, **changes: Any) -> Json:
    """The rules of today, to be adopted again from tomorrow on with a product that is changed."""
    rules = await present(ccas)
    products = [{**rules["products"][0], **(product or {})}]
    return {"valid_from": TOMORROW.isoformat(), "reference": REFERENCE, "products": products, **changes}


def adoption(ccas: Ccas) -> str:
    return f"/tenants/{ccas.slug}/rules/versions"


async def adopt(ccas: Ccas, body: Json) -> Json:
    return await ok(ccas.manager.post(adoption(ccas), body))


async def faults(ccas: Ccas, body: Json) -> dict[str, str]:
    """What is told to be wrong, by place; nothing is adopted."""
    before = await ok(ccas.manager.get(adoption(ccas)))
    problem = await refused(ccas.manager.post(adoption(ccas), body), 422, "invalid")
    assert await ok(ccas.manager.get(adoption(ccas))) == before
    assert all(fault["message"].endswith(".") and "{" not in fault["message"] for fault in problem["errors"])
    return {fault["pointer"]: fault["code"] for fault in problem["errors"]}


# In time


async def test_a_version_begins_on_its_day_and_the_one_before_ends_the_day_before(
    besancon: Ccas, client: AsyncClient
) -> None:
    before = await present(besancon)
    made = await adopt(besancon, await draft(besancon, {"amount_cents_max": 400_000}))
    assert (made["version"], made["valid_from"], made["valid_to"]) == (5, TOMORROW.isoformat(), None)
    assert (made["reference"], made["valid_from_precision"]) == (REFERENCE, "day")
    assert made["products"] == [{**before["products"][0], "amount_cents_max": 400_000}]
    assert {**await present(besancon, TOMORROW), "warnings": []} == made
    assert await present(besancon) == {**before, "valid_to": TODAY.isoformat()}
    # Anyone sees it at once.
    (*_, fourth, fifth) = (await ok(client.get(f"/v1/tenants/{besancon.slug}/rules/versions")))["items"]
    assert (fourth["valid_to"], fifth["valid_from"]) == (TODAY.isoformat(), TOMORROW.isoformat())


async def test_a_version_may_begin_today_and_decisions_follow_it(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    await adopt(besancon, await draft(besancon, {"amount_cents_max": 100_000}, valid_from=TODAY.isoformat()))
    path = f"/requests/{request_id}/decisions"
    today = {**APPROVAL, "decided_on": TODAY.isoformat()}
    problem = await refused(besancon.decider.post(path, today), 409, "rules_breached")
    assert [(breach["rule"], breach["limit"]) for breach in problem["breaches"]] == [("amount_cents_max", 100_000)]
    yesterday = {**APPROVAL, "decided_on": YESTERDAY.isoformat()}
    assert (await ok(besancon.decider.post(path, yesterday)))["rules_version"] == 4


async def test_nothing_is_adopted_for_the_past(besancon: Ccas) -> None:
    body = await draft(besancon, valid_from=YESTERDAY.isoformat())
    problem = await refused(besancon.manager.post(adoption(besancon), body), 409, "date_in_past")
    assert problem["field"] == "valid_from"
    assert (await present(besancon))["valid_to"] is None


@pytest.mark.parametrize(
    ("first", "second", "taken_by"),
    [
        ((1, None), (1, None), 5),
        ((1, 9), (9, None), 5),
        ((1, 9), (2, 3), 5),
        # What leads up to one to come is taken by the version that was in force, to the day before it.
        ((5, None), (4, None), 4),
        ((5, 9), (1, 20), 4),
    ],
    ids=["the same day", "from its last day", "within it", "before one to come", "around it"],
)
async def test_two_versions_are_never_in_force_on_one_day(
    besancon: Ccas, first: tuple[int, int | None], second: tuple[int, int | None], taken_by: int
) -> None:
    await adopt(besancon, await draft(besancon, **between(*first)))
    before = await ok(besancon.manager.get(adoption(besancon)))
    body = await draft(besancon, **between(*second))
    problem = await refused(besancon.manager.post(adoption(besancon), body), 409, "rules_overlap")
    taken = before["items"][taken_by - 1]
    told = [problem[name] for name in ("taken_by", "taken_from", "taken_to")]
    assert told == [taken_by, taken["valid_from"], taken["valid_to"]]
    assert await ok(besancon.manager.get(adoption(besancon))) == before


def between(first: int, last: int | None) -> Json:
    """The days of a version, counted from today."""
    days = [None if day is None else (TODAY + timedelta(days=day)).isoformat() for day in (first, last)]
    return dict(zip(("valid_from", "valid_to"), days, strict=True))


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [((5, None), (5, None), 6), ((5, 9), (5, 9), 10), ((5, 9), (1, 4), 10)],
    ids=["open", "ended", "before one to come"],
)
async def test_a_version_to_come_is_not_replaced_and_the_refusal_says_from_when_another_may_begin(
    besancon: Ccas, first: tuple[int, int | None], second: tuple[int, int | None], free: int
) -> None:
    await adopt(besancon, await draft(besancon, **between(*first)))
    problem = await refused(
        besancon.manager.post(adoption(besancon), await draft(besancon, **between(*second))), 409, "rules_overlap"
    )
    free_from = TODAY + timedelta(days=free)
    assert problem["free_from"] == free_from.isoformat()
    assert f"à partir du {free_from:%d/%m/%Y}." in problem["detail"]
    assert "–" not in problem["detail"]
    await adopt(besancon, await draft(besancon, valid_from=problem["free_from"]))


@pytest.mark.parametrize("last", [date(2199, 12, 31), date(9999, 12, 31)])
async def test_where_no_day_is_left_none_is_named(besancon: Ccas, databases: Databases, last: date) -> None:
    closing = "update rule_versions set valid_to = :last where version = 4"
    run_sql(databases, besancon, closing, as_owner=True, last=last)
    problem = await refused(besancon.manager.post(adoption(besancon), await draft(besancon)), 409, "no_free_day")
    assert (problem["taken_by"], problem["taken_to"], problem["free_from"]) == (4, last.isoformat(), None)
    assert problem["detail"].endswith("aucun jour ne reste libre après elle.")


async def test_days_that_are_left_without_rules_are_told(besancon: Ccas) -> None:
    made = await adopt(besancon, await draft(besancon, **between(1, 9)))
    day = TODAY + timedelta(days=10)
    (warning,) = made["warnings"]
    assert (warning["code"], warning["from"]) == ("no_rules_after", day.isoformat())
    assert f"{day:%d/%m/%Y}" in warning["message"]
    await adopt(besancon, await draft(besancon, **between(12, 20)))
    assert (await adopt(besancon, await draft(besancon, **between(10, 11))))["warnings"] == []
    assert (await adopt(besancon, await draft(besancon, **between(21, None))))["warnings"] == []


async def test_of_adoptions_at_once_with_no_open_version_each_is_told_what_is_taken(besancon: Ccas) -> None:
    await adopt(besancon, await draft(besancon, **between(1, 5)))
    bodies = [await draft(besancon, **between(*days)) for days in ((10, 15), (20, 25), (10, 15), (20, 25))]
    answers = await asyncio.gather(*(besancon.manager.post(adoption(besancon), body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"rules_overlap"}
    assert len((await ok(besancon.manager.get(adoption(besancon))))["items"]) == 7


async def test_versions_follow_one_another(besancon: Ccas) -> None:
    for days in ((1, 4), (5, None), (10, None)):
        await adopt(besancon, await draft(besancon, **between(*days)))
    told = (await ok(besancon.manager.get(adoption(besancon))))["items"][3:]
    assert [(item["version"], item["valid_to"]) for item in told] == [
        (4, TODAY.isoformat()),
        (5, between(1, 4)["valid_to"]),
        (6, between(1, 9)["valid_to"]),
        (7, None),
    ]


async def test_of_adoptions_at_once_one_is_made(besancon: Ccas) -> None:
    body = await draft(besancon)
    answers = await asyncio.gather(*(besancon.manager.post(adoption(besancon), body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len((await ok(besancon.manager.get(adoption(besancon))))["items"]) == 5


async def test_an_adoption_sent_twice_is_made_once(besancon: Ccas) -> None:
    body = await draft(besancon)
    first, again = [await besancon.manager.post(adoption(besancon), body, key="adoption") for _ in range(2)]
    assert (first.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, first.json(), "true")


# Never changed


@pytest.mark.parametrize(
    "change",
    [
        "valid_to = null",
        "valid_to = valid_to + 1",
        "products = '[]'",
        "indexes = '[{}]'",
        "reference = 'x'",
        "version = 99",
        "adopted_by = null",
        "valid_from = valid_from - 1",
    ],
)
async def test_no_version_is_ever_changed(besancon: Ccas, databases: Databases, change: str) -> None:
    await adopt(besancon, await draft(besancon))
    for as_owner in (False, True):
        for version in (4, 5):
            statement = f"update rule_versions set {change} where version = :version"  # noqa: S608
            with pytest.raises(IntegrityError, match="never changes"):
                run_sql(databases, besancon, statement, as_owner=as_owner, version=version)


async def test_an_open_version_can_be_closed_and_nothing_beside(besancon: Ccas, databases: Databases) -> None:
    closing = "update rule_versions set valid_to = '2030-01-01'"
    with pytest.raises(IntegrityError, match="never changes"):
        run_sql(databases, besancon, f"{closing}, reference = 'x' where valid_to is null")
    run_sql(databases, besancon, f"{closing} where valid_to is null")
    assert (await present(besancon))["valid_to"] == "2030-01-01"


async def test_no_version_ends_before_a_decision_that_was_taken_under_it(besancon: Ccas, databases: Databases) -> None:
    path = f"/requests/{await submitted(besancon)}/decisions"
    await ok(besancon.decider.post(path, {**APPROVAL, "decided_on": TODAY.isoformat()}))
    body = await draft(besancon, valid_from=TODAY.isoformat())
    problem = await refused(besancon.manager.post(adoption(besancon), body), 409, "decisions_under_version")
    told = [problem[name] for name in ("version", "decided_on", "free_from")]
    assert told == [4, TODAY.isoformat(), TOMORROW.isoformat()]
    assert f"à partir du {TOMORROW:%d/%m/%Y}." in problem["detail"]
    closing = "update rule_versions set valid_to = :day where valid_to is null"
    with pytest.raises(IntegrityError, match="dated after its end"):
        run_sql(databases, besancon, closing, day=YESTERDAY)
    assert (await present(besancon))["valid_to"] is None
    made = await adopt(besancon, await draft(besancon, valid_from=problem["free_from"]))
    assert made["version"] == 5
    assert (await present(besancon))["valid_to"] == TODAY.isoformat()


async def test_no_version_is_ever_taken_away(besancon: Ccas, databases: Databases) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        run_sql(databases, besancon, "delete from rule_versions")


async def test_the_owner_alone_writes_rules_of_the_past(besancon: Ccas, databases: Databases) -> None:
    insert = (
        "insert into rule_versions (tenant_id, id, version, valid_from, valid_to, reference, products, indexes,"
        " entered_at) values (:tenant_id, gen_random_uuid(), 99, :begins, :ends, 'x', '[]', '[]', now())"
    )
    last = date(1990, 12, 31)
    for begins, ends in ((date(1990, 1, 1), last), (None, last), (TODAY - timedelta(days=3), None)):
        with pytest.raises(IntegrityError, match="the owner alone writes rules of the past"):
            run_sql(databases, besancon, insert, tenant_id=besancon.id, begins=begins, ends=ends)
    run_sql(databases, besancon, insert, as_owner=True, tenant_id=besancon.id, begins=None, ends=last)
    assert (await present(besancon, last))["version"] == 99


async def test_the_owner_alone_ends_rules_in_the_past(besancon: Ccas, databases: Databases) -> None:
    closing = "update rule_versions set valid_to = :day where version = 4"
    for day in (date(2012, 1, 1), datetime.now(UTC).date() - timedelta(days=3)):
        with pytest.raises(IntegrityError, match="the owner alone ends rules in the past"):
            run_sql(databases, besancon, closing, day=day)
    assert (await present(besancon))["valid_to"] is None
    run_sql(databases, besancon, closing, as_owner=True, day=date(2012, 1, 1))
    assert (await present(besancon, date(2012, 1, 1)))["valid_to"] == "2012-01-01"


# Two at once


async def test_an_adoption_waits_for_what_is_being_decided_under_the_version_it_ends(
    besancon: Ccas, app: FastAPI
) -> None:
    body = await draft(besancon, valid_from=TODAY.isoformat())
    async with tenant_transaction(app.state.sessions, besancon.id) as deciding:
        assert (await rules.in_force(deciding, TODAY, held=True))[1].version == 4
        adopting = asyncio.create_task(besancon.manager.post(adoption(besancon), body))
        assert await asyncio.wait({adopting}, timeout=0.5) == (set(), {adopting})
    assert (await ok(adopting))["version"] == 5


async def test_what_waits_for_an_adoption_is_decided_under_the_new_version(besancon: Ccas, app: FastAPI) -> None:
    following = text(
        "insert into rule_versions select (jsonb_populate_record(v, jsonb_build_object("
        " 'id', gen_random_uuid(), 'version', 5, 'valid_from', v.valid_to + 1, 'valid_to', null))).*"
        " from rule_versions v where version = 4"
    )
    async with tenant_transaction(app.state.sessions, besancon.id) as adopting:
        await adopting.execute(
            text("update rule_versions set valid_to = :day where valid_to is null"), {"day": YESTERDAY}
        )
        deciding = asyncio.create_task(held(app, besancon, TODAY))
        assert await asyncio.wait({deciding}, timeout=0.5) == (set(), {deciding})
        await adopting.execute(following)
    assert await deciding == 5


async def held(app: FastAPI, ccas: Ccas, on: date) -> int:
    """The number of the version that a transaction finds in force and holds."""
    async with tenant_transaction(app.state.sessions, ccas.id) as session:
        return (await rules.in_force(session, on, held=True))[1].version


async def test_of_a_decision_and_an_adoption_of_one_day_the_second_sees_the_first(
    besancon: Ccas, databases: Databases
) -> None:
    """The decision has found its rules and waits to be written; the adoption comes in between."""
    path = f"/requests/{await submitted(besancon)}/decisions"
    body = await draft(besancon, valid_from=TODAY.isoformat())
    engine = databases.owner()
    with engine.connect() as blocking:
        blocking.execute(text("select set_config('app.tenant_id', :id, false)"), {"id": str(besancon.id)})
        blocking.execute(text("select from financing_plans for update"))
        decided = {**APPROVAL, "decided_on": TODAY.isoformat()}
        deciding = asyncio.create_task(besancon.decider.post(path, decided))
        assert await asyncio.wait({deciding}, timeout=0.5) == (set(), {deciding})
        adopting = asyncio.create_task(besancon.manager.post(adoption(besancon), body))
        assert await asyncio.wait({adopting}, timeout=0.5) == (set(), {adopting})
        blocking.rollback()
    engine.dispose()
    assert (await ok(deciding))["rules_version"] == 4
    await refused(adopting, 409, "decisions_under_version")


# What becomes of the files


async def test_a_product_that_is_dropped_tells_the_files_that_are_left_without(besancon: Ccas) -> None:
    for _ in range(2):
        await submitted(besancon)
    decided = await submitted(besancon)
    await ok(besancon.decider.post(f"/requests/{decided}/decisions", APPROVAL))
    assert (await adopt(besancon, await draft(besancon, **between(1, 9))))["warnings"][0]["code"] == "no_rules_after"
    made = await adopt(besancon, await draft(besancon, {"code": "parcours_neuf"}, **between(10, None)))
    (warning,) = made["warnings"]
    from_on = TODAY + timedelta(days=10)
    assert (warning["code"], warning["product"], warning["open_requests"]) == ("product_dropped", "parcours_projet", 2)
    assert warning["from"] == from_on.isoformat()
    assert (
        f"« parcours_projet » ; dossiers de ce produit sans décision : 2. Accordez avant le {from_on:%d/%m/%Y}"
        in (warning["message"])
    )


async def test_a_file_whose_product_is_dropped_takes_one_of_the_rules_of_today(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await adopt(besancon, await draft(besancon, {"code": "parcours_neuf"}, **between(0, None)))
    dropped = await refused(
        besancon.agent.patch(path, {"product": "parcours_projet"}, etag='"1"'), 409, "unknown_product"
    )
    assert dropped["product"] == "parcours_projet"
    changed = await ok(besancon.agent.patch(path, {"product": "parcours_neuf"}, etag='"1"'))
    assert (changed["product"], changed["version"]) == ("parcours_neuf", 2)
    assert changed["rules_version"] == request["rules_version"]


REFUSAL: Json = {
    "outcome": "refuse",
    "reason_code": "outside_purposes",
    "reason": "Le dispositif n’existe plus.",
    "other_answer": {"kind": "budget_advice", "given_on": TODAY.isoformat()},
    "decided_on": TODAY.isoformat(),
    "signatory": "La présidente de la commission",
}
ADJOURNMENT: Json = {
    **{name: REFUSAL[name] for name in ("decided_on", "signatory")},
    "outcome": "adjourn",
    "reason_code": "project_needs_work",
    "reason": "Le produit est à changer.",
    "missing": ["Un autre produit"],
}


async def test_a_submitted_file_whose_product_is_dropped_is_refused_or_adjourned_and_given_another(
    besancon: Ccas,
) -> None:
    refused_path, path = [f"/requests/{await submitted(besancon)}" for _ in range(2)]
    await adopt(besancon, await draft(besancon, {"code": "parcours_neuf"}, **between(0, None)))
    approval = {**APPROVAL, "decided_on": TODAY.isoformat()}
    await refused(besancon.decider.post(f"{path}/decisions", approval), 409, "unknown_product")
    items = (await ok(besancon.decider.get(f"{path}/actions")))["items"]
    told = {item["action"]: item["reasons"] for item in items}
    assert (told["approve"], told["refuse"], told["adjourn"]) == (["unknown_product"], [], [])
    decision = await ok(besancon.decider.post(f"{refused_path}/decisions", REFUSAL))
    assert (decision["rules_version"], decision["breaches"], decision["facts"]["lender"]) == (5, [], besancon.lender)
    assert (await ok(besancon.agent.get(refused_path)))["status"] == "refused"
    await ok(besancon.decider.post(f"{path}/decisions", ADJOURNMENT))
    etag = await etag_of(besancon.agent, path)
    changed = await ok(besancon.agent.patch(path, {"product": "parcours_neuf"}, etag=etag))
    assert (changed["status"], changed["product"]) == ("adjourned", "parcours_neuf")
    await ok(besancon.agent.post(f"{path}/submit", {"submitted_on": TODAY.isoformat()}))
    assert (await ok(besancon.decider.post(f"{path}/decisions", approval)))["rules_version"] == 5


async def test_an_impact_reads_what_was_refused_once_its_product_was_dropped(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    body = await draft(besancon, {"code": "parcours_neuf"}, **between(0, None))
    await adopt(besancon, body)
    decision = await ok(besancon.decider.post(f"{path}/decisions", REFUSAL))
    asked = {"version": 5, "decided_from": TODAY.isoformat(), "decided_to": TODAY.isoformat()}
    (file,) = (await ok(besancon.manager.post(f"/tenants/{besancon.slug}/rules/impact", asked)))["files"]
    assert (file["decision_id"], file["verdict"]) == (decision["id"], "other_warnings")


async def test_the_papers_of_a_file_whose_product_is_dropped_can_be_read(besancon: Ccas) -> None:
    path = f"/requests/{(await ok(besancon.agent.post('/requests', demand(besancon))))['id']}"
    await ok(besancon.agent.post(f"{path}/papers", {"code": "quote", "asked_on": TODAY.isoformat()}))
    await adopt(besancon, await draft(besancon, {"code": "parcours_neuf"}, **between(0, None)))
    read = await ok(besancon.agent.get(f"{path}/papers"))
    assert ([paper["code"] for paper in read["items"]], read["missing"]) == (["quote"], [])


# By whom


async def test_who_adopted_a_version_is_kept_and_a_loaded_one_has_nobody(besancon: Ccas, databases: Databases) -> None:
    await adopt(besancon, await draft(besancon))
    rows = run_sql(databases, besancon, "select version, adopted_by from rule_versions order by version")
    assert [row["adopted_by"] for row in rows] == [None] * 4 + [besancon.manager.account_id]


async def test_the_manager_alone_adopts_and_in_the_own_ccas_alone(besancon: Ccas, toulouse: Ccas) -> None:
    body = await draft(besancon)
    for staff in (besancon.agent, besancon.decider):
        await refused(staff.post(adoption(besancon), body), 403, "forbidden")
    theirs = await refused(toulouse.manager.post(adoption(besancon), body), 404, "not_found")
    nobodys = await refused(toulouse.manager.post("/tenants/nulle-part/rules/versions", body), 404, "not_found")
    assert theirs == nobodys
    anyone = await besancon.manager.client.post(f"/v1{adoption(besancon)}", json=body)
    assert anyone.status_code == 401
    assert (await present(besancon))["valid_to"] is None


# What is wrong


@pytest.mark.parametrize(
    ("product", "place", "code"),
    [
        ({"amount_cents_min": 500_000}, "amount_cents_min", "minimum_above_maximum"),
        ({"purposes": ["yacht"]}, "purposes/0", "unknown_code"),
        ({"documents": ["poem"]}, "documents/0", "unknown_code"),
        ({"residence_communes": ["75056"]}, "residence_communes/0", "commune_of_another"),
        ({"severities": {"over_indebtedness": "warn"}}, "severities/over_indebtedness", "set_by_law"),
        ({"sources": {"grant.colour": "bleu"}}, "sources/grant.colour", "no_such_rule"),
        ({"amount_cents_max": 3000.0}, "amount_cents_max", "not_a_decimal"),
        ({"amount_cents_max": "300000"}, "amount_cents_max", "not_an_integer"),
        ({"amount_cents_max": 10**13}, "amount_cents_max", "too_large"),
        ({"rate_percent": "1000000000"}, "rate_percent", "too_large"),
        ({"rate_percent": "9" * 4_000}, "rate_percent", "too_large"),
        ({"rate_percent": "zero"}, "rate_percent", "not_a_decimal"),
        ({"lending": "gift"}, "lending", "not_one_of"),
        ({"colour": "bleu"}, "colour", "unknown_field"),
        ({"lender": "ccas"}, "lender", "not_an_object"),
        ({"signed_by": "ccas"}, "signed_by", "not_a_list"),
        ({"name": "un\0deux"}, "name", "control_character"),
        ({"name": "x" * 4_001}, "name", "too_long"),
        ({"name": 12}, "name", "not_text"),
        ({"fast_track": "no"}, "fast_track", "not_a_boolean"),
        *(
            ({"rate_percent": text}, "rate_percent", "not_a_decimal")
            for text in ("1_0", "٣", " 0 ", "+1", "1e0", ".5", "5.", "0\n", "1e999999")
        ),
    ],
)
async def test_rules_that_are_wrong_are_refused_with_the_path_and_the_reason(
    besancon: Ccas, product: Json, place: str, code: str
) -> None:
    found = await faults(besancon, await draft(besancon, product))
    assert found[f"/body/products/0/{place}"] == code


async def test_every_fault_is_told_at_once(besancon: Ccas) -> None:
    indexes = [
        {
            "code": "rsa",
            "name": "RSA",
            "unit": "cents",
            "values": [
                {"valid_from": "2020-01-01", "valid_to": "2020-12-31", "value": "50000", "source": "Décret"},
                {"valid_from": "2021-02-01", "valid_to": None, "value": "51000", "source": "Décret"},
            ],
        }
    ]
    found = await faults(
        besancon, await draft(besancon, {"purposes": ["yacht"], "amount_cents_min": 1}, indexes=indexes)
    )
    assert found == {
        "/body/products/0/purposes/0": "unknown_code",
        "/body/indexes/0/values/1/valid_from": "index_hole",
    } | {pointer: code for pointer, code in found.items() if "not_stated" in pointer}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"products": []}, "/body/products", "too_short"),
        ({"products": None}, "/body/products", "not_a_list"),
        ({"products": {}}, "/body/products", "not_a_list"),
        ({"products": [1]}, "/body/products/0", "not_an_object"),
        ({"reference": None}, "/body/reference", "not_text"),
        ({"valid_to": TODAY.isoformat()}, "/body", "ends_before_it_begins"),
        ({"valid_from": None}, "/body/valid_from", "not_a_day"),
        ({"version": 5}, "/body/version", "unknown_field"),
        ({"adopted_by": "x"}, "/body/adopted_by", "unknown_field"),
    ],
)
async def test_an_adoption_that_is_ill_formed_is_refused(besancon: Ccas, change: Json, pointer: str, code: str) -> None:
    assert (await faults(besancon, await draft(besancon, **change)))[pointer] == code


async def test_rules_as_deep_as_json_goes_are_refused(besancon: Ccas) -> None:
    body = await draft(besancon)
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    body["products"][0]["purposes"] = deep
    assert set((await faults(besancon, body)).values()) == {"not_one_of"}


async def test_a_version_cannot_permit_what_the_law_forbids(amiens: Ccas) -> None:
    """Amiens' bank lends under the national guarantee: the law caps the amount and the duration."""
    found = await faults(amiens, await draft(amiens, {"amount_cents_max": 5_000_000}))
    assert "/body/products/0/amount_cents_max" in found


async def test_how_the_commission_deliberates_is_adopted_with_the_products(besancon: Ccas) -> None:
    said = {"quorum_members_min": 3, "quorum_percent": "50", "votes": "counted", "session_required": True}
    adopted = await adopt(besancon, await draft(besancon, commission=said))
    assert adopted["commission"] == {**said, "pages_anonymised": None}
    rules = await ok(besancon.agent.get(f"/tenants/{besancon.slug}/rules", on=TOMORROW.isoformat()))
    assert rules["commission"] == adopted["commission"]
    assert (await present(besancon))["commission"] is None
