"""Lists: pages that neither repeat nor miss, cursors that are ours alone, limits, filters, links."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from tests.api.test_referrals import anonymous, referral
from tests.arrears import positioned, support
from tests.committees import committee_of, session_of
from tests.lenders import accepted_by, offer, offered_by, sent
from tests.openapi import Callers, Operation, everyone, forms, json_bytes, open_both, operations, resolved
from tests.signatures import KEYS, signing
from tests.support import APPROVAL, Ccas, Databases, Json, Staff, demand, disbursed, offered, ok, refused, submitted
from tests.webhooks import logged

# Every operation that answers pages.
LISTS = [operation for operation in operations() if "cursor" in operation.parameters("query")]
PAGE = {"items", "next_cursor"}
# Beside the papers of a file and their cursor: what is missing among them, which no paper tells.
# Papers come with what is still asked for, options are a fixed set, an import answers as many items as were sent.
# Events are read on after the last position, which is told even where nothing happened since.
TELL_MORE = {
    "papers_list", "papers_create_list", "loan_options_list", "position_imports_create", "portfolio_imports_create",
    "events_list", "partner_events_list",
}  # fmt: skip
_days = count()


@dataclass(frozen=True)
class Stocked:
    """Who may read every list of a CCAS that has two things in each; and the handoffs in the partner's inbox."""

    callers: Callers
    identifiers: dict[str, str]
    sent: str
    received: str

    def path(self, operation: Operation) -> str:
        """The address of a list, below that of the API."""
        return operation.url(self.identifiers).removeprefix("/v1")


@pytest.fixture(scope="module")
async def stocked(app: FastAPI, databases: Databases) -> AsyncIterator[Stocked]:
    """A CCAS of this module, which is only looked at."""
    async with AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        ccas = open_both(databases, client)
        callers = everyone(databases, ccas)
        identifiers = await with_lists(ccas)
        for _ in range(2):
            await referral(ccas)
        received, waiting = [str((await sent(ccas, None, 200_000, 24))["id"]) for _ in range(2)]
        await ok(callers.lender.post(f"/partner/handoffs/{received}/acknowledgements"))
        for number in ("O-1", "O-2"):
            accepted = await sent(ccas, None, 200_000, 24)
            await accepted_by(callers.lender, accepted)
            await offered_by(ccas, callers.lender, accepted, offer(200_000, 24, "6.20", number=number))
        await ok(callers.lender.post("/partner/credentials"))
        identifiers |= await logged(databases, ccas, waiting)
        await ok((await signing(callers.lender)).post(KEYS))
        yield Stocked(callers, identifiers, waiting, received)


async def with_lists(ccas: Ccas) -> dict[str, str]:
    """The identifiers of things that have lists of their own, with two things in each."""
    loan_id, _ = await disbursed(ccas), await disbursed(ccas)
    await late(ccas, loan_id)
    request = f"/requests/{(await ok(ccas.agent.get(f'/loans/{loan_id}')))['request_id']}"
    contact, _ = await anonymous(ccas), await anonymous(ccas)
    one, two = await people(ccas, 2)
    agreed = {"form": "oral", "agreed_on": "2011-01-22"}
    contract = await ok(ccas.agent.post(f"/loans/{loan_id}/support-contracts", agreed))
    held = {"title": "Gérer son budget", "held_on": "2011-05-17"}
    workshop, other = [(await ok(ccas.agent.post("/workshops", held)))["id"] for _ in range(2)]
    for workshop_id, person_id in ((workshop, one), (workshop, two), (other, one)):
        came = {"person_id": person_id, "status": "attended"}
        await ok(ccas.agent.post(f"/workshops/{workshop_id}/attendances", came))
    for hour in ("09", "10"):
        meeting = {"starts_at": f"2011-01-21T{hour}:00:00Z", "kind": "desk", "status": "attended"}
        for of_whom in (request, contact):
            await ok(ccas.agent.post(f"{of_whom}/appointments", meeting))
        await ok(ccas.agent.post(f"{request}/notes", {"text": "Vu", "visibility": "shared"}))
        done = {"kind": "budget_follow_up", "done_on": "2011-03-10"}
        await ok(ccas.agent.post(f"/support-contracts/{contract['id']}/support-actions", done))
    await disbursed(ccas)
    for kind in ("titres", "mandats"):
        await ok(ccas.agent.post(f"/exports/{kind}", {"due_until": "2011-02-28", "issued_on": "2011-02-01"}))
    (committee, members), _ = await committee_of(ccas), await committee_of(ccas)
    for _ in range(2):
        await session_of(ccas, committee=(committee, members))
    return {
        "committee_id": committee.rpartition("/")[2],
        "loan_id": loan_id,
        "request_id": request.rpartition("/")[2],
        "contact_id": contact.rpartition("/")[2],
        "support_contract_id": contract["id"],
        "workshop_id": workshop,
        "person_id": one,
    }


async def late(ccas: Ccas, loan_id: str) -> None:
    """What a loan that is late gives rise to, twice."""
    await positioned(ccas, "2011-06-10")
    for ref in (2, 3):
        await ok(ccas.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (ref, 8_500))))
        letter = {"kind": "reminder", "sent_on": "2011-06-15", "instalment_ref": 1}
        await ok(ccas.agent.post(f"/loans/{loan_id}/letters", letter))


async def people(ccas: Ccas, number: int, **fields: Any) -> list[str]:
    """The identifiers of new people, oldest first."""
    body = {**demand(ccas)["applicant"], **fields}
    born = [str(date(1960, 1, 1) + timedelta(days=next(_days))) for _ in range(number)]
    return [str((await ok(ccas.agent.post("/people", {**body, "birth_on": on})))["id"]) for on in born]


async def pages(staff: Staff, path: str, **query: Any) -> AsyncIterator[Json]:
    """The pages of a list, from the first to the last."""
    while True:
        page = await ok(staff.get(path, **query))
        yield page
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


async def walked(staff: Staff, path: str, **query: Any) -> list[str]:
    """The identifiers that the pages of a list show, in their order."""
    return [item["id"] async for page in pages(staff, path, **query) for item in page["items"]]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
def test_every_list_takes_a_limit_and_a_cursor_and_no_offset(operation: Operation) -> None:
    parameters = operation.parameters("query")
    limit = resolved(parameters["limit"])
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 25)
    assert {"offset", "page", "sort", "order", "total"}.isdisjoint(parameters)
    answer = resolved(operation.spec["responses"]["200"]["content"]["application/json"]["schema"])
    assert set(answer["properties"]) == PAGE


def test_every_answer_with_items_has_a_cursor_beside_them() -> None:
    bare = []
    for operation in operations():
        for status, answer in operation.spec["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            for form in forms(schema):
                names = set(resolved(form).get("properties", {}))
                if status.startswith("2") and "items" in names and names != PAGE:
                    bare.append(operation)
    # What may be done with a thing is a fixed set, and what answers many items is as long as what was sent.
    listed = [operation.id for operation in bare if not operation.itemised]
    assert {name for name in listed if not name.endswith("_actions")} == TELL_MORE


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_show_everything_once_newest_first(besancon: Ccas, limit: int) -> None:
    known = await people(besancon, 7)
    assert await walked(besancon.agent, "/people", limit=limit) == known[::-1]


async def test_an_empty_list_is_one_page_without_items(besancon: Ccas) -> None:
    assert await ok(besancon.agent.get("/people")) == {"items": [], "next_cursor": None}


async def test_the_last_page_is_told_by_itself_even_when_it_is_full(besancon: Ccas) -> None:
    await people(besancon, 4)
    sizes = [
        (len(page["items"]), page["next_cursor"] is None) async for page in pages(besancon.agent, "/people", limit=2)
    ]
    assert sizes == [(2, False), (2, True)]


async def test_a_page_has_25_items_where_no_limit_is_given(besancon: Ccas) -> None:
    await people(besancon, 26)
    page = await ok(besancon.agent.get("/people"))
    assert (len(page["items"]), page["next_cursor"] is None) == (25, False)


async def test_a_walk_among_insertions_misses_nobody_and_shows_nobody_twice(besancon: Ccas) -> None:
    known = await people(besancon, 20)
    seen: list[str] = []
    async for page in pages(besancon.agent, "/people", limit=3):
        seen += [item["id"] for item in page["items"]]
        await asyncio.gather(*(people(besancon, 1) for _ in range(5)))
    assert len(seen) == len(set(seen))
    assert set(known) <= set(seen)


async def test_a_walk_among_changes_misses_nothing_and_shows_nothing_twice(besancon: Ccas) -> None:
    known = [str((await ok(besancon.agent.post("/requests", demand(besancon))))["id"]) for _ in range(6)]
    seen: list[str] = []
    async for page in pages(besancon.agent, "/requests", limit=2):
        for item in page["items"]:
            seen.append(item["id"])
            await ok(besancon.agent.post(f"/requests/{item['id']}/assess"))
    assert seen == known[::-1]


async def test_the_link_header_names_the_next_page_and_only_where_there_is_one(besancon: Ccas) -> None:
    known = await people(besancon, 5)
    answer = await besancon.agent.get("/people", limit=2, q="exemple")
    seen = [item["id"] for item in answer.json()["items"]]
    while link := answer.headers.get("link"):
        address, relation = link.split("; ")
        assert relation == 'rel="next"'
        query = dict(parse_qsl(urlsplit(address.strip("<>")).query))
        assert query == {"limit": "2", "q": "exemple", "cursor": answer.json()["next_cursor"]}
        answer = await besancon.agent.client.get(address.strip("<>"), headers=besancon.agent.headers)
        seen += [item["id"] for item in answer.json()["items"]]
    assert answer.json()["next_cursor"] is None
    assert seen == known[::-1]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
async def test_every_list_links_to_its_next_page(operation: Operation, stocked: Stocked) -> None:
    answer = await stocked.callers.of(operation).get(stocked.path(operation), limit=1)
    cursor = answer.json()["next_cursor"]
    assert cursor is not None, f"make two things for {operation.id} here"
    assert f"cursor={cursor}" in answer.headers["link"]


# Cursors.


async def test_a_cursor_that_was_changed_is_refused_wherever_it_was_changed(besancon: Ccas) -> None:
    cursor = await a_cursor(besancon, "/people")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, character in enumerate(cursor):
        # The last character also carries bits that say nothing: those may not change either.
        for step in (1, 32):
            other = alphabet[(alphabet.index(character) + step) % 64]
            await not_ours(besancon, "/people", cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("change", ["{}A", "A{}", "{}=", "={}", "{} ", " {}", "{}....", "{}==", "{0}{0}"])
async def test_a_cursor_with_something_beside_it_is_refused(besancon: Ccas, change: str) -> None:
    await not_ours(besancon, "/people", change.format(await a_cursor(besancon, "/people")))


@pytest.mark.parametrize(
    "cursor", ["", "AAAA", "A" * 38, "é", "MQ==", "1", "null", "01890000-0000-7000-8000-000000000000"]
)
async def test_a_cursor_that_was_never_given_out_is_refused(besancon: Ccas, cursor: str) -> None:
    await people(besancon, 1)
    await not_ours(besancon, "/people", cursor)


async def test_a_cursor_of_another_tenant_is_refused_like_one_that_never_was(besancon: Ccas, toulouse: Ccas) -> None:
    theirs = await not_ours(besancon, "/people", await a_cursor(toulouse, "/people"))
    forged = await not_ours(besancon, "/people", "A" * 38)
    assert theirs == forged


async def test_a_cursor_of_another_list_is_refused(stocked: Stocked) -> None:
    lists = {stocked.path(operation): stocked.callers.of(operation) for operation in LISTS}
    cursors = {path: (await ok(caller.get(path, limit=1)))["next_cursor"] for path, caller in lists.items()}
    for path, caller in lists.items():
        for origin, cursor in cursors.items():
            if origin != path:
                await refused(caller.get(path, cursor=cursor), 400, "cursor_not_ours")


async def test_a_cursor_of_the_same_list_of_another_thing_is_refused(besancon: Ccas) -> None:
    paths = [f"{await anonymous(besancon)}/appointments" for _ in range(2)]
    hour = {"starts_at": "2011-01-21T09:00:00Z", "kind": "desk", "status": "attended"}
    for path in paths * 2:
        await ok(besancon.agent.post(path, hour))
    for path, other in (paths, reversed(paths)):
        cursor = (await ok(besancon.agent.get(path, limit=1)))["next_cursor"]
        assert len((await ok(besancon.agent.get(path, cursor=cursor)))["items"]) == 1
        await not_ours(besancon, other, cursor)


async def test_pages_of_every_list_show_everything_once(stocked: Stocked) -> None:
    # The CCAS of the instance have no identifiers and grow while this runs: tests/api/test_tenants.py walks them.
    for operation in (operation for operation in LISTS if not operation.public):
        path, caller = stocked.path(operation), stocked.callers.of(operation)
        whole = (await ok(caller.get(path, limit=100)))["items"]
        assert len({json_bytes(item) for item in whole}) == len(whole) >= 2, operation.id
        shown = [item async for page in pages(caller, path, limit=1) for item in page["items"]]
        assert shown == whole, operation.id


async def test_an_inbox_and_the_handoffs_of_a_ccas_are_filtered_by_state(stocked: Stocked) -> None:
    lender, staff = stocked.callers.lender, stocked.callers.staff
    for caller, path in ((lender, "/partner/handoffs"), (staff, "/handoffs")):
        assert await walked(caller, path, status="sent") == [stocked.sent]
        assert await walked(caller, path, status="received") == [stocked.received]
        assert await walked(caller, path, status="withdrawn") == []
        await refused(caller.get(path, status="lost"), 422, "invalid")
    assert (await walked(staff, "/handoffs", kind="loan_file"))[-2:] == [stocked.sent, stocked.received]
    assert await walked(staff, "/handoffs", kind="precheck") == []


async def test_a_cursor_serves_any_colleague_and_any_limit(besancon: Ccas) -> None:
    known = await people(besancon, 5)
    cursor = (await ok(besancon.agent.get("/people", limit=2)))["next_cursor"]
    page = await ok(besancon.manager.get("/people", limit=100, cursor=cursor))
    assert [item["id"] for item in page["items"]] == known[2::-1]


async def test_a_cursor_tells_nothing_of_the_tenant(besancon: Ccas) -> None:
    cursor = await a_cursor(besancon, "/people")
    assert besancon.slug not in cursor
    assert str(besancon.id) not in cursor


async def a_cursor(ccas: Ccas, path: str, *, more: int = 2) -> str:
    """A cursor that the list gives out."""
    await people(ccas, more)
    return str((await ok(ccas.agent.get(path, limit=1)))["next_cursor"])


async def not_ours(ccas: Ccas, path: str, cursor: str) -> Json:
    """The problem of a cursor that the list did not give out."""
    return await refused(ccas.agent.get(path, cursor=cursor), 400, "cursor_not_ours")


# Limits.


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
async def test_a_limit_is_a_whole_number_from_1_to_100(operation: Operation, stocked: Stocked) -> None:
    path, caller = stocked.path(operation), stocked.callers.of(operation)
    for limit in ("0", "-1", "101", "10" * 10, "ten", "", "1.0", "1e1", "+1", " 1", "true", "１"):
        problem = await refused(caller.get(path, limit=limit), 422, "invalid")
        assert [error["pointer"] for error in problem["errors"]] == ["/query/limit"]
        assert problem["errors"][0]["code"] in ("too_small", "too_large", "not_an_integer")
    for good in (1, 100):
        await ok(caller.get(path, limit=good))


async def test_a_limit_that_is_given_twice_is_refused(besancon: Ccas) -> None:
    answer = besancon.agent.client.get("/v1/people?limit=1&limit=2", headers=besancon.agent.headers)
    problem = await refused(answer, 422, "invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/query/limit", "repeated")]


# Filters.


async def test_a_person_who_was_just_entered_is_found_by_any_part_of_any_name(besancon: Ccas) -> None:
    await people(besancon, 2, birth_name="Autre")
    (known,) = await people(besancon, 1, first_names="Zoé Anaïs", birth_name="L’Hermitte", usage_name="Müller-Œuvré")
    for q in ("zoe", "ANAÏS", "hermitte", "muller", "Müller", "e ana", "ller-"):
        assert await walked(besancon.agent, "/people", q=q) == [known], q
    for q in ("inconnu", "%", "_", "\\", "zoe%", "' or true --", "*"):
        assert await walked(besancon.agent, "/people", q=q) == [], q


async def test_pages_of_a_filtered_list_stay_filtered(besancon: Ccas) -> None:
    known = []
    for _ in range(4):
        await people(besancon, 1, birth_name="Autre")
        known += await people(besancon, 1, birth_name="Cherchée")
    assert await walked(besancon.agent, "/people", q="cherchee", limit=1) == known[::-1]


async def test_requests_are_filtered_by_state_day_commune_and_name_and_all_at_once(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    early = str((await ok(besancon.agent.post("/requests", demand(besancon, received_on="2010-06-01"))))["id"])

    async def found(**query: Any) -> set[str]:
        return set(await walked(besancon.agent, "/requests", **query))

    assert await found() == {request_id, early}
    assert await found(status="submitted") == {request_id}
    assert await found(status="intake") == {early}
    assert await found(status="approved") == set()
    assert await found(received_from="2010-06-02") == {request_id}
    assert await found(received_to="2010-06-01") == {early}
    assert await found(received_from="2010-06-01", received_to="2011-01-03") == {request_id, early}
    assert await found(received_from="2011-01-03", received_to="2010-06-01") == set()
    assert await found(commune_insee_code=besancon.insee_code) == {request_id, early}
    assert await found(commune_insee_code="75056") == set()
    assert await found(q="exemple") == {request_id, early}
    assert await found(q="exemple", status="intake", received_to="2010-12-31") == {early}
    reference = (await ok(besancon.agent.get(f"/requests/{early}")))["reference"]
    assert await found(q=reference) == {early}


async def test_decisions_are_filtered_by_outcome_and_day(besancon: Ccas) -> None:
    request_id = await submitted(besancon)
    decision = await ok(besancon.decider.post(f"/requests/{request_id}/decisions", APPROVAL))
    for query, shown in (
        ({}, True),
        ({"outcome": "approve"}, True),
        ({"outcome": "refuse"}, False),
        ({"decided_from": "2011-01-20", "decided_to": "2011-01-20"}, True),
        ({"decided_from": "2011-01-21"}, False),
        ({"decided_to": "2011-01-19"}, False),
    ):
        found = await walked(besancon.agent, "/decisions", **query)
        assert found == ([decision["id"]] if shown else []), query


async def test_loans_are_filtered_by_request(besancon: Ccas) -> None:
    loan_id, _ = await offered(besancon), await offered(besancon)
    request_id = (await ok(besancon.agent.get(f"/loans/{loan_id}")))["request_id"]
    assert await walked(besancon.agent, "/loans", request_id=request_id) == [loan_id]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
async def test_a_filter_that_is_none_is_refused(operation: Operation, stocked: Stocked) -> None:
    caller = stocked.callers.of(operation)
    answer: Response = await caller.get(stocked.path(operation), filter="x", offset=1)
    problem = await refused(_now(answer), 422, "invalid")
    assert {error["pointer"] for error in problem["errors"]} == {"/query/filter", "/query/offset"}


async def _now(answer: Response) -> Response:
    return answer
