"""A repeated request has its effect once; a key is the caller's, for one method, one path and one body."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import text

from app.domain.permissions import Role
from tests.api.test_referral_links import FAR
from tests.api.test_referrals import referral
from tests.lenders import Lender, check, lender_of, machine_of, sent
from tests.openapi import Operation, headers_of, json_bytes, operations, sample
from tests.support import (
    APPROVAL,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    demand,
    disbursed,
    ok,
    refused,
    repayment,
    run_sql,
    submitted,
)

REPLAYED = "Idempotency-Replayed"
POSTS = [operation for operation in operations() if operation.method == "POST" and not operation.public]
# As the contract says: money and states ask for a key, what only adds to a file does not.
ASKS_FOR_A_KEY = re.compile(
    r"/v1/(loans|partner)\b.*|/v1/requests/\{\w+\}/(?!notes|papers|appointments).*|/v1/lender-statement(s|-files)"
    r"|/v1/handoffs/\{\w+\}/(answers|ficp-checks|offers|disbursements|schedules|accelerations|losses|guarantee-calls)"
    r"|/v1/handoffs/\{\w+\}/(recoveries|reversals)"
)


def applicant(ccas: Ccas) -> Json:
    """A new person."""
    body: Json = demand(ccas)["applicant"]
    return body


async def people_of(ccas: Ccas) -> int:
    """How many people the CCAS knows."""
    return len((await ok(ccas.agent.get("/people", limit=100)))["items"])


def without_key(staff: Staff) -> dict[str, str]:
    """The headers of a POST that brings no key."""
    return {**staff.headers, "Content-Type": "application/json"}


async def test_the_same_key_and_body_have_one_effect_and_the_same_answer(besancon: Ccas) -> None:
    first = await besancon.agent.post("/people", applicant(besancon), key="once")
    again = await besancon.agent.post("/people", applicant(besancon), key="once")
    assert (first.status_code, first.headers.get(REPLAYED)) == (201, None)
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true")
    assert again.content == first.content
    for name in ("etag", "content-type", "cache-control"):
        assert again.headers.get(name) == first.headers.get(name), name
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await people_of(besancon) == 1


async def test_an_answer_is_given_again_as_it_was_even_when_the_thing_has_changed(besancon: Ccas) -> None:
    first = await besancon.agent.post("/people", applicant(besancon), key="once")
    path = f"/people/{first.json()['id']}"
    await ok(besancon.agent.patch(path, {"phone": "0381000000"}, etag=first.headers["etag"]))
    again = await besancon.agent.post("/people", applicant(besancon), key="once")
    assert again.json() == first.json()


async def test_money_is_received_once_however_often_it_is_told(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    money = repayment(8_500, "2011-02-05", "B-1")
    answers = [await besancon.agent.post(f"/loans/{loan_id}/repayments", money, key="once") for _ in range(3)]
    assert [answer.headers.get(REPLAYED) for answer in answers] == [None, "true", "true"]
    assert len({answer.content for answer in answers}) == 1
    ledger = await ok(besancon.agent.get(f"/loans/{loan_id}/ledger"))
    assert Counter(entry["kind"] for entry in ledger["items"])["repayment"] == 1


async def test_a_transition_is_taken_once_though_the_state_would_refuse_it_now(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}/assess"
    first = await besancon.agent.post(path, key="once")
    again = await besancon.agent.post(path, key="once")
    assert (again.status_code, again.content, again.headers.get(REPLAYED)) == (first.status_code, first.content, "true")
    await refused(besancon.agent.post(path, key="twice"), 409, "illegal_transition")


async def test_a_key_that_was_used_for_another_body_is_422(besancon: Ccas) -> None:
    await ok(besancon.agent.post("/people", applicant(besancon), key="once"))
    other = {**applicant(besancon), "birth_name": "Autre"}
    await refused(besancon.agent.post("/people", other, key="once"), 422, "idempotency_key_reused")
    assert await people_of(besancon) == 1


async def test_one_byte_makes_another_body(besancon: Ccas) -> None:
    headers = {**without_key(besancon.agent), "Idempotency-Key": "once"}
    body = json_bytes(applicant(besancon))
    await ok(besancon.agent.client.post("/v1/people", content=body, headers=headers))
    again = besancon.agent.client.post("/v1/people", content=body + b" ", headers=headers)
    await refused(again, 422, "idempotency_key_reused")


async def test_a_key_is_of_one_path(besancon: Ccas) -> None:
    body = applicant(besancon)
    first = await ok(besancon.agent.post("/people", body, key="once"))
    request = demand(besancon, applicant_id=first["id"])
    del request["applicant"]
    other = await besancon.agent.post("/requests", request, key="once")
    assert (other.status_code, other.headers.get(REPLAYED)) == (201, None)


async def test_a_key_is_of_one_thing_in_a_path(besancon: Ccas) -> None:
    one, two = [await submitted(besancon) for _ in range(2)]
    for request_id in (one, two):
        answer = await besancon.decider.post(f"/requests/{request_id}/decisions", APPROVAL, key="once")
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)


async def test_a_key_is_of_one_caller(besancon: Ccas, databases: Databases) -> None:
    colleague = Staff(besancon.agent.client, add_staff(databases, besancon.id, "colleague", [Role.AGENT]), besancon.id)
    first = await besancon.agent.post("/requests", demand(besancon), key="once")
    other = await colleague.post("/requests", demand(besancon), key="once")
    assert (other.status_code, other.headers.get(REPLAYED)) == (201, None)
    assert other.json()["id"] != first.json()["id"]


async def test_a_key_is_of_one_tenant(besancon: Ccas, toulouse: Ccas) -> None:
    body = applicant(besancon)
    await ok(besancon.agent.post("/people", body, key="once"))
    other = await toulouse.agent.post("/people", body, key="once")
    assert (other.status_code, other.headers.get(REPLAYED)) == (201, None)


@pytest.mark.parametrize("operation", POSTS, ids=lambda operation: operation.id)
async def test_a_key_is_required_where_money_moves_or_a_state_changes(
    operation: Operation, besancon: Ccas, databases: Databases
) -> None:
    staff = {"decisions_create": besancon.decider}.get(operation.id, besancon.agent)
    staff = machine_of(databases, staff.client, "some_bank") if operation.of_partners else staff
    address = operation.path.format_map({name: str(uuid4()) for name in operation.parameters("path")})
    headers = without_key(staff)
    answer = await staff.client.post(address, headers=headers, content=json_bytes(sample(operation.body_schema or {})))
    missing = (answer.status_code, answer.json().get("code")) == (400, "header_missing")
    assert missing == bool(ASKS_FOR_A_KEY.fullmatch(operation.path)), answer.text
    if missing:
        assert answer.json()["header"] == "Idempotency-Key"


async def test_a_key_may_be_left_out_where_it_is_not_required(besancon: Ccas) -> None:
    for _ in range(2):
        body = json_bytes(demand(besancon))
        answer = await besancon.agent.client.post("/v1/requests", headers=without_key(besancon.agent), content=body)
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)
    assert await people_of(besancon) == 2


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("a", "")])
async def test_a_key_that_is_given_twice_is_refused_and_nothing_happens(besancon: Ccas, keys: tuple[str, ...]) -> None:
    headers = [*without_key(besancon.agent).items(), *(("Idempotency-Key", key) for key in keys)]
    content = json_bytes(applicant(besancon))
    answer = besancon.agent.client.post("/v1/people", headers=headers, content=content)
    await refused(answer, 400, "header_doubled")
    assert await people_of(besancon) == 0


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "a\tb"])
async def test_a_key_that_is_none_is_refused(besancon: Ccas, key: str) -> None:
    headers = {**without_key(besancon.agent), "Idempotency-Key": key}
    answer = besancon.agent.client.post("/v1/people", headers=headers, content=json_bytes(applicant(besancon)))
    await refused(answer, 400, "header_malformed")
    assert await people_of(besancon) == 0


async def test_a_key_may_be_as_long_as_255_characters(besancon: Ccas) -> None:
    key = "".join(chr(33 + number % 94) for number in range(255))
    for replayed in (None, "true"):
        answer = await besancon.agent.post("/people", applicant(besancon), key=key)
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, replayed)


async def test_a_key_is_ignored_by_what_has_no_effect_and_by_signing_in(besancon: Ccas) -> None:
    headers = {**besancon.agent.headers, "Idempotency-Key": "once"}
    for _ in range(2):
        answer = await besancon.agent.client.get("/v1/people", headers=headers)
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)
    form = {"username": "nobody@nowhere", "password": "x"}
    answer = await besancon.agent.client.post("/v1/auth/token", data=form, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 401


async def test_an_error_leaves_the_key_free(besancon: Ccas) -> None:
    unborn = {**applicant(besancon), "birth_on": "2199-01-01"}
    await refused(besancon.agent.post("/people", unborn, key="once"), 409, "date_in_future")
    await refused(besancon.agent.post("/people", {**unborn, "zz": 1}, key="once"), 422, "invalid")
    answer = await besancon.agent.post("/people", applicant(besancon), key="once")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)


async def test_an_error_is_not_given_again_once_its_cause_is_gone(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    path = f"/requests/{request_id}/decisions"
    headers = {**besancon.decider.headers, "Idempotency-Key": "once"}
    await refused(besancon.agent.post(path, APPROVAL, key="once"), 403, "forbidden")
    answer = await besancon.decider.client.post(f"/v1{path}", json=APPROVAL, headers=headers)
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)


async def test_the_answer_is_kept_with_the_effect_or_not_at_all(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.post("/people", applicant(besancon), key="once"))
    await refused(besancon.agent.post("/people", {}, key="never"), 422, "invalid")
    assert keys_of(databases, besancon) == ["once"]


async def test_twenty_at_once_with_one_key_have_one_effect(besancon: Ccas) -> None:
    answers = await asyncio.gather(
        *(besancon.agent.post("/people", applicant(besancon), key="once") for _ in range(20))
    )
    told = Counter(outcome(answer) for answer in answers)
    assert told["done"] == 1
    assert set(told) <= {"done", "replayed", "idempotency_key_in_flight"}, told
    assert await people_of(besancon) == 1
    assert outcome(await besancon.agent.post("/people", applicant(besancon), key="once")) == "replayed"


async def test_twenty_at_once_with_one_key_are_paid_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path, money = f"/loans/{loan_id}/repayments", repayment(8_500, "2011-02-05", "B-1")
    answers = await asyncio.gather(*(besancon.agent.post(path, money, key="once") for _ in range(20)))
    told = Counter(outcome(answer) for answer in answers)
    assert told["done"] == 1
    assert set(told) <= {"done", "replayed", "idempotency_key_in_flight"}, told
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert loan["repaid_cents"] == 8_500


def outcome(answer: Response) -> str:
    """What became of a request."""
    if answer.is_success:
        return "replayed" if answer.headers.get(REPLAYED) else "done"
    return str(answer.json()["code"])


@pytest.mark.parametrize(("days", "replayed"), [(29, "true"), (31, None)])
async def test_an_answer_is_kept_for_thirty_days(
    besancon: Ccas, databases: Databases, days: int, replayed: str | None
) -> None:
    await ok(besancon.agent.post("/requests", demand(besancon), key="once"))
    make_older(databases, besancon, days)
    answer = await besancon.agent.post("/requests", demand(besancon), key="once")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, replayed)
    assert keys_of(databases, besancon) == ["once"]


async def test_a_forgotten_key_may_have_another_body(besancon: Ccas, databases: Databases) -> None:
    await ok(besancon.agent.post("/people", applicant(besancon), key="once"))
    make_older(databases, besancon, 31)
    other = {**applicant(besancon), "birth_name": "Autre"}
    answer = await besancon.agent.post("/people", other, key="once")
    assert (answer.status_code, answer.json()["birth_name"]) == (201, "Autre")
    assert outcome(await besancon.agent.post("/people", other, key="once")) == "replayed"


async def test_the_same_thing_spelt_otherwise_in_the_path_is_still_the_same_key(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    capitals, small = (f"/loans/{spell(loan_id)}/repayments" for spell in (str.upper, str.lower))
    money = repayment(8_500, "2011-03-05", "B-2")
    await ok(besancon.agent.post(small, money, key="once"))
    assert outcome(await besancon.agent.post(capitals, money, key="once")) == "replayed"


async def test_an_answer_that_tells_a_secret_is_not_kept_and_the_same_key_makes_another(
    besancon: Ccas, databases: Databases
) -> None:
    """The one exception: the database keeps a digest of a link's token, and would keep the token in the answer."""
    path = f"/referrals/{(await referral(besancon))['id']}/links"
    tomorrow = {"expires_on": str(datetime.now(UTC).date() + timedelta(days=1))}
    answers = [await besancon.agent.post(path, body, key="once") for body in (FAR, FAR, tomorrow)]
    assert [(answer.status_code, answer.headers.get(REPLAYED)) for answer in answers] == [(201, None)] * 3
    assert len({answer.json()["token"] for answer in answers}) == 3
    assert "once" not in keys_of(databases, besancon)


@pytest.mark.parametrize("operation", POSTS, ids=lambda operation: operation.id)
def test_the_document_tells_of_the_key(operation: Operation) -> None:
    assert "idempotency-key" in {name.lower() for name in operation.parameters("header")}
    assert headers_of(operation, None)["Idempotency-Key"]


# A partner's keys, whose requests may bear on several tenants.


async def test_a_partners_repeated_request_has_its_effect_once(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    first = await bank.post("/partner/ficp-checks", check(handoff), key="once")
    again = await bank.post("/partner/ficp-checks", check(handoff), key="once")
    assert (first.status_code, first.json()["status"], first.headers.get(REPLAYED)) == (201, "recorded", None)
    assert (again.status_code, again.content, again.headers.get(REPLAYED)) == (201, first.content, "true")
    other = check(handoff, "unfavorable", "C-2")
    await refused(bank.post("/partner/ficp-checks", other, key="once"), 422, "idempotency_key_reused")
    told = run_sql(databases, amiens, "select count(*) as told from ficp_checks")
    assert told[0]["told"] == 1
    assert "once" not in keys_of(databases, amiens)


async def test_a_partners_answer_is_given_again_though_the_state_would_refuse_it_now(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    path = f"/partner/handoffs/{handoff['id']}/acknowledgements"
    first = await bank.post(path, key="once")
    again = await bank.post(path, key="once")
    assert (again.status_code, again.content, again.headers.get(REPLAYED)) == (201, first.content, "true")
    assert again.headers["etag"] == first.headers["etag"]
    await refused(bank.post(path, {"reference": "X"}, key="twice"), 409, "illegal_transition")


async def test_a_batch_is_answered_again_as_it_was_with_its_refusals(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    body = {"items": [check(handoff), {**check(handoff), "stage": "precheck", "consultation_ref": "C-2"}]}
    first = await bank.post("/partner/ficp-checks", body, key="once")
    again = await bank.post("/partner/ficp-checks", body, key="once")
    assert [item["status"] for item in first.json()["items"]] == ["recorded", "refused"]
    assert (again.status_code, again.content, again.headers.get(REPLAYED)) == (200, first.content, "true")


async def test_a_partners_error_leaves_the_key_free(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    wrong = {**check(handoff), "stage": "precheck"}
    await refused(bank.post("/partner/ficp-checks", wrong, key="once"), 409, "stage_does_not_fit")
    await refused(bank.post("/partner/ficp-checks", {}, key="once"), 422, "invalid")
    answer = await bank.post("/partner/ficp-checks", check(handoff), key="once")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)


async def test_a_key_is_of_one_partner(databases: Databases, amiens: Ccas, toulouse: Ccas) -> None:
    body = {"position_on": "2018-05-31", "items": []}
    machines: list[Lender] = [lender_of(databases, ccas) for ccas in (amiens, toulouse)]
    for machine in machines:
        answer = await machine.post("/partner/repayments", body, key="once")
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)
        assert outcome(await machine.post("/partner/repayments", body, key="once")) == "replayed"


async def test_twenty_pushes_at_once_with_one_key_have_one_effect(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    answers = await asyncio.gather(*(bank.post("/partner/ficp-checks", check(handoff), key="once") for _ in range(20)))
    told = Counter(outcome(answer) for answer in answers)
    assert told["done"] == 1
    assert set(told) <= {"done", "replayed", "idempotency_key_in_flight"}, told
    assert run_sql(databases, amiens, "select count(*) as told from ficp_checks")[0]["told"] == 1


@pytest.mark.parametrize(("days", "replayed"), [(29, "true"), (31, None)])
async def test_an_answer_to_a_partner_is_kept_for_thirty_days(
    databases: Databases, amiens: Ccas, days: int, replayed: str | None
) -> None:
    bank, handoff = lender_of(databases, amiens), await sent(amiens, None, 200_000, 24)
    await ok(bank.post("/partner/ficp-checks", check(handoff), key="once"))
    make_older(databases, amiens, days, of_partner=amiens.lender)
    answer = await bank.post("/partner/ficp-checks", check(handoff), key="once")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, replayed)
    assert answer.json()["status"] == ("recorded" if replayed else "known")


def keys_of(databases: Databases, ccas: Ccas) -> list[Any]:
    """The keys that are kept of a CCAS."""
    engine = databases.owner()
    with engine.begin() as owner:
        owner.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})
        keys = list(owner.execute(text("select key from idempotency_records")).scalars())
    engine.dispose()
    return keys


def make_older(databases: Databases, ccas: Ccas, days: int, *, of_partner: str | None = None) -> None:
    """Makes every answer that is kept of the CCAS, or of a partner, older."""
    table = "idempotency_records" if of_partner is None else "partner_idempotency_records"
    bound = "select set_config('app.partner_id', id::text, true) from partners where code = :code"
    engine = databases.owner()
    with engine.begin() as owner:
        owner.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})
        owner.execute(text(bound), {"code": of_partner})
        older = f"update {table} set entered_at = entered_at - make_interval(days => :days)"  # noqa: S608
        owner.execute(text(older), {"days": days})
    engine.dispose()
