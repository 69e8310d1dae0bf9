"""Notes: private to their author or shared, struck out and never lost, and nowhere but in their own list."""

import json
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.permissions import Role
from tests.lenders import handed_over, lender_of, sent
from tests.support import (
    OTHER_ANSWER,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    approved,
    demand,
    desk_of,
    ok,
    refused,
    run_sql,
)

SECRET = "Violences conjugales, ne pas appeler le soir"


def note(visibility: str, text: str = SECRET) -> Json:
    """A note."""
    return {"text": text, "visibility": visibility}


def colleague_of(databases: Databases, ccas: Ccas) -> Staff:
    """Another agent of a CCAS."""
    account_id = add_staff(databases, ccas.id, f"agent-{uuid4().hex[:6]}", [Role.AGENT])
    return Staff(ccas.agent.client, account_id, ccas.id)


async def taken_in(ccas: Ccas) -> str:
    """The path of a request."""
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas))))['id']}"


async def texts(staff: Staff, path: str) -> list[str | None]:
    """What somebody reads, newest first."""
    return [item["text"] for item in (await ok(staff.get(f"{path}/notes")))["items"]]


async def test_a_private_note_is_read_by_its_author_alone(besancon: Ccas, databases: Databases) -> None:
    path, colleague = await taken_in(besancon), colleague_of(databases, besancon)
    made = await ok(besancon.agent.post(f"{path}/notes", note("private")))
    assert (made["text"], made["account_id"]) == (SECRET, str(besancon.agent.account_id))
    await ok(colleague.post(f"{path}/notes", note("private", "Du collègue")))
    await ok(colleague.post(f"{path}/notes", note("shared", "Pour tous")))
    assert await texts(besancon.agent, path) == ["Pour tous", SECRET]
    assert await texts(colleague, path) == ["Pour tous", "Du collègue"]
    assert await texts(besancon.manager, path) == await texts(besancon.decider, path) == ["Pour tous"]
    # Not even that it exists.
    for other in (colleague, besancon.manager):
        await refused(other.post(f"/notes/{made['id']}/strike"), 404, "not_found")
    assert await texts(besancon.agent, path) == ["Pour tous", SECRET]


async def test_pages_do_not_tell_that_there_are_notes_one_may_not_read(besancon: Ccas, databases: Databases) -> None:
    path, colleague = await taken_in(besancon), colleague_of(databases, besancon)
    for number in range(3):
        await ok(besancon.agent.post(f"{path}/notes", note("shared", f"Note {number}")))
        await ok(besancon.agent.post(f"{path}/notes", note("private")))
    page = await ok(colleague.get(f"{path}/notes", limit=2))
    following = await ok(colleague.get(f"{path}/notes", limit=2, cursor=page["next_cursor"]))
    assert [item["text"] for item in page["items"] + following["items"]] == ["Note 2", "Note 1", "Note 0"]
    assert (len(page["items"]), following["next_cursor"]) == (2, None)


async def test_what_its_author_takes_back_is_kept_and_read_by_nobody_else(besancon: Ccas, databases: Databases) -> None:
    path, colleague = await taken_in(besancon), colleague_of(databases, besancon)
    made = await ok(besancon.agent.post(f"{path}/notes", note("shared")))
    assert made["struck_at"] is None
    await refused(colleague.post(f"/notes/{made['id']}/strike"), 403, "not_the_author")
    assert await texts(colleague, path) == [SECRET]
    struck = await ok(besancon.agent.post(f"/notes/{made['id']}/strike"))
    assert struck == {**made, "struck_at": struck["struck_at"]}
    assert struck["struck_at"] is not None
    await refused(besancon.agent.post(f"/notes/{made['id']}/strike"), 409, "note_struck")
    for reader, text in ((colleague, None), (besancon.manager, None), (besancon.agent, SECRET)):
        assert (await ok(reader.get(f"{path}/notes")))["items"] == [{**struck, "text": text}]
    for change in ("update notes set text = ''", "delete from notes", "delete from note_strikes"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, change)


async def test_a_file_that_ended_still_takes_notes(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    closing = {"outcome": "withdrawn", "reason_code": "missing_papers", "closed_on": "2011-01-21"}
    await ok(besancon.agent.post(f"{path}/close", {**closing, "other_answer": OTHER_ANSWER}))
    await ok(besancon.decider.post(f"{path}/notes", note("shared", "A rappelé")))
    assert await texts(besancon.agent, path) == ["A rappelé"]


@pytest.mark.parametrize(
    "body",
    [{"text": SECRET}, {"visibility": "shared"}, note("secret"), note("shared", "  "), note("shared", "x" * 4_001)],
)
async def test_what_is_no_note_is_refused(besancon: Ccas, body: Json) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.post(f"{path}/notes", body), 422, "invalid")
    assert await texts(besancon.agent, path) == []


async def test_the_desk_and_other_ccas_read_no_notes(besancon: Ccas, toulouse: Ccas, databases: Databases) -> None:
    path = await taken_in(besancon)
    made = await ok(besancon.agent.post(f"{path}/notes", note("shared")))
    await refused(desk_of(databases, besancon).get(f"{path}/notes"), 403, "forbidden")
    await refused(toulouse.agent.get(f"{path}/notes"), 404, "not_found")
    await refused(toulouse.agent.post(f"/notes/{made['id']}/strike"), 404, "not_found")


async def test_nothing_of_a_note_is_handed_to_a_lender(toulouse: Ccas, databases: Databases) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    path = f"/requests/{handoff['request_id']}"
    for visibility in ("private", "shared"):
        await ok(toulouse.agent.post(f"{path}/notes", note(visibility)))
    withdrawal = {"withdrawn_on": "2018-03-17", "reason": "Le projet a changé"}
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", withdrawal))
    handed = await handed_over(toulouse, handoff["request_id"], "loan_file", "2018-03-18")
    seen = json.dumps(await ok(lender.get(f"/partner/handoffs/{handed['id']}")), ensure_ascii=False)
    assert "Exemple" in seen
    assert SECRET not in seen
    kept = run_sql(databases, toulouse, "select * from handoff_payloads")
    assert kept
    assert SECRET not in str(kept)


async def test_notes_are_in_no_list_figure_or_search_of_anyone(besancon: Ccas, databases: Databases) -> None:
    request_id = await approved(besancon)
    path, colleague = f"/requests/{request_id}", colleague_of(databases, besancon)
    for visibility in ("private", "shared"):
        await ok(besancon.agent.post(f"{path}/notes", note(visibility)))
    for reader in (besancon.agent, colleague, besancon.manager):
        assert (await ok(reader.get("/requests", q="Violences")))["items"] == []
        assert (await ok(reader.get("/people", q="Violences")))["items"] == []
        for place in (path, f"{path}/actions", "/requests", "/decisions", "/appointments/figures", f"{path}/papers"):
            assert SECRET not in (await reader.get(place)).text
    manager = await besancon.manager.get("/workload")
    assert SECRET not in manager.text
