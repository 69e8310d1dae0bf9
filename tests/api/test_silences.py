"""A partner that has not answered within its agreed delay: in the list of what waits, and once in the events."""

from datetime import UTC, date, datetime

from httpx import AsyncClient

from app.commands.nightly import run
from tests.lenders import Lender, accepted_by, check, endorsed, lender_of, offer, offered_by, open_under, sent
from tests.support import Ccas, Databases, Json, Staff, ok, refused


async def silent_files(staff: Staff) -> list[Json]:
    """What the list says of files without an answer."""
    return list((await ok(staff.get("/worklist", kind="silent_lender")))["items"])


async def silences_told(staff: Staff) -> list[str]:
    """The events of silence, by their subjects."""
    items = (await ok(staff.get("/events")))["items"]
    return [event["subject_id"] for event in items if event["kind"] == "handoff.silent"]


async def waiting(databases: Databases, client: AsyncClient, days: int | None) -> tuple[Ccas, Lender, Json]:
    """A file sent on 13 March 2018 to a lender that agreed to answer within some days."""
    ccas = open_under(databases, client, "amiens", credit_mutuel={"answer_days_max": days})
    return ccas, lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)


async def test_the_agreed_delay_is_the_last_day_to_answer(databases: Databases, client: AsyncClient) -> None:
    ccas, _, handoff = await waiting(databases, client, 10)
    (item,) = await silent_files(ccas.agent)
    assert (item["since_on"], item["due_on"], item["request_id"]) == ("2018-03-13", "2018-03-23", handoff["request_id"])
    assert item["handoff_id"] == handoff["id"]
    for day, told in ((23, []), (24, [handoff["id"]]), (25, [handoff["id"]])):
        await run(databases.app_url, date(2018, 3, day), slug=ccas.slug)
        assert await silences_told(ccas.agent) == told


async def test_a_step_of_the_partner_ends_a_silence_and_the_next_is_told_anew(
    databases: Databases, client: AsyncClient
) -> None:
    ccas, bank, handoff = await waiting(databases, client, 10)
    await run(databases.app_url, date(2018, 3, 24), slug=ccas.slug)
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/acknowledgements"))
    assert await silent_files(ccas.agent) == []
    await run(databases.app_url, datetime.now(UTC).date(), slug=ccas.slug)
    assert len(await silences_told(ccas.agent)) == 1
    await run(databases.app_url, date(2199, 1, 1), slug=ccas.slug)
    assert len(await silences_told(ccas.agent)) == 2
    await ok(
        bank.post(f"/partner/handoffs/{handoff['id']}/answers", {"decision": "refused", "decided_on": "2018-03-30"})
    )
    await run(databases.app_url, date(2199, 1, 1), slug=ccas.slug)
    assert len(await silences_told(ccas.agent)) == 2


async def test_without_an_agreed_delay_a_waiting_file_is_listed_and_nobody_is_said_silent(
    databases: Databases, client: AsyncClient
) -> None:
    ccas, _, _ = await waiting(databases, client, None)
    assert [item["due_on"] for item in await silent_files(ccas.agent)] == [None]
    await run(databases.app_url, date(2018, 12, 31), slug=ccas.slug)
    assert await silences_told(ccas.agent) == []


async def to_check_again(databases: Databases, client: AsyncClient, days: int | None) -> tuple[Ccas, Lender, Json]:
    """An accepted file whose check of 15 March 2018 has expired, and was asked for anew on 20 April."""
    ccas, bank, handoff = await waiting(databases, client, days)
    await accepted_by(bank, handoff)
    await run(databases.app_url, date(2018, 4, 19), slug=ccas.slug)
    assert (await silent_files(ccas.agent), await silences_told(ccas.agent)) == ([], []), "it answered"
    await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/check-renewals", {"wanted_on": "2018-04-20"}))
    return ccas, bank, handoff


async def test_a_bank_asked_to_check_again_has_the_agreed_delay_and_is_told_silent_once(
    databases: Databases, client: AsyncClient
) -> None:
    ccas, bank, handoff = await to_check_again(databases, client, 10)
    (item,) = await silent_files(ccas.agent)
    told = (item["since_on"], item["due_on"], item["request_id"], item["handoff_id"])
    assert told == ("2018-04-20", "2018-04-30", handoff["request_id"], handoff["id"])
    assert (await ok(ccas.agent.get("/worklist", kind="check_to_renew")))["items"] == []
    for day, times in ((date(2018, 4, 30), 0), (date(2018, 5, 1), 1), (date(2018, 5, 2), 1)):
        await run(databases.app_url, day, slug=ccas.slug)
        assert await silences_told(ccas.agent) == [handoff["id"]] * times
    assert "handoff.silent" in [event["type"] for event in (await ok(bank.get("/partner/events")))["items"]]

    no_answer = check(handoff, "unavailable", "R-1", consulted_at="2018-05-02T10:00:00Z")
    await ok(bank.post("/partner/ficp-checks", no_answer))
    assert len(await silent_files(ccas.agent)) == 1
    await ok(bank.post("/partner/ficp-checks", check(handoff, ref="R-2", consulted_at="2018-05-03T10:00:00Z")))
    assert await silent_files(ccas.agent) == []

    # That one expires too, and is asked for once more: another silence.
    await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/check-renewals", {"wanted_on": "2018-06-10"}))
    for day, times in ((date(2018, 6, 20), 1), (date(2018, 6, 21), 2), (date(2018, 6, 22), 2)):
        await run(databases.app_url, day, slug=ccas.slug)
        assert await silences_told(ccas.agent) == [handoff["id"]] * times


async def test_a_check_that_is_wanted_without_an_agreed_delay_is_listed_and_nobody_is_said_silent(
    databases: Databases, client: AsyncClient
) -> None:
    ccas, _, handoff = await to_check_again(databases, client, None)
    assert [(item["since_on"], item["due_on"]) for item in await silent_files(ccas.agent)] == [("2018-04-20", None)]
    await run(databases.app_url, date(2018, 12, 31), slug=ccas.slug)
    assert await silences_told(ccas.agent) == []
    await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/withdrawals", {"withdrawn_on": "2018-05-02", "reason": "Non"}))
    assert await silent_files(ccas.agent) == []


async def test_a_check_that_is_wanted_matters_no_more_once_the_offer_is_made(
    databases: Databases, client: AsyncClient
) -> None:
    ccas, bank, handoff = await to_check_again(databases, client, 10)
    await offered_by(ccas, bank, handoff, offer(200_000, 24, "6.20", offered_on="2018-04-10"))
    assert await silent_files(ccas.agent) == []
    await run(databases.app_url, date(2018, 5, 2), slug=ccas.slug)
    assert await silences_told(ccas.agent) == []


async def test_what_the_agreement_does_not_say_is_not_handed_over(databases: Databases, client: AsyncClient) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel={"handoff_kinds": ()})
    request = await endorsed(ccas, None, 200_000, 24)
    body = {"kind": "loan_file", "support_person": "Accompagnante sociale", "sent_on": "2018-03-13"}
    await refused(ccas.agent.post(f"/requests/{request['id']}/handoffs", body), 409, "handoff_not_agreed")
    assert (await ok(ccas.agent.get("/handoffs")))["items"] == []
