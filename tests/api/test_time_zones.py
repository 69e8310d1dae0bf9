"""A CCAS overseas and a bank in Paris: every day told of a handoff, and that of a night, is that of the CCAS."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from httpx import AsyncClient

from app.commands import nightly, purge
from app.security import Credential, sign_token
from tests.api.test_withheld_payloads import HIDDEN, borrower_of, seen, take_back
from tests.lenders import (
    Lender,
    accepted_file,
    check,
    lender_of,
    offer,
    open_under,
    paid_out,
    rules_under,
    sent,
)
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, Staff, ok, open_with, refused, run_sql

# At 21:30 UTC it is the 14th in Paris and the 15th in Nouméa; at 5:00 UTC the 15th in Paris and the 14th in Papeete.
NOUMEA, PAPEETE = "Pacific/Noumea", "Pacific/Tahiti"
LATE, EARLY = datetime(2018, 3, 14, 21, 30, tzinfo=UTC), datetime(2018, 3, 15, 5, 0, tzinfo=UTC)


def open_at(databases: Databases, client: AsyncClient, time_zone: str) -> Ccas:
    """A CCAS with the rules of Amiens, elsewhere."""
    return open_with(databases, client, replace(rules_under("amiens"), time_zone=time_zone))


def speak_at(staff: Staff, instant: datetime) -> None:
    """Gives the account a token of that instant."""
    credential = Credential(staff.account_id, staff.tenant_id, staff.partner_id)
    staff.headers = {"Authorization": f"Bearer {sign_token(credential, secret=TOKEN_SECRET, now=instant)}"}


async def test_the_day_of_a_withdrawal_is_that_of_the_ccas(
    databases: Databases, client: AsyncClient, moved: dict[str, datetime]
) -> None:
    ccas = open_at(databases, client, NOUMEA)
    bank, handoff = lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)
    borrower, moved["now"] = await borrower_of(ccas, handoff), LATE
    for staff in (bank, ccas.agent):
        speak_at(staff, moved["now"])
    assert (await seen(bank, handoff))[1] is None
    await take_back(ccas.agent, borrower, "2018-03-15")
    assert await seen(bank, handoff) == HIDDEN


async def test_a_bank_answers_on_the_day_that_it_is_at_the_ccas_whatever_it_is_in_paris(
    databases: Databases, client: AsyncClient, moved: dict[str, datetime]
) -> None:
    ccas = open_at(databases, client, NOUMEA)
    bank, handoff = lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)
    moved["now"] = LATE
    speak_at(bank, LATE)
    path = f"/partner/handoffs/{handoff['id']}"
    await ok(bank.post(f"{path}/acknowledgements"))
    await ok(bank.post("/partner/ficp-checks", check(handoff, consulted_at="2018-03-14T21:00:00Z")))
    tomorrow = {"decision": "accepted", "decided_on": "2018-03-16"}
    await refused(bank.post(f"{path}/answers", tomorrow), 409, "date_in_future")
    accepted = await ok(bank.post(f"{path}/answers", {**tomorrow, "decided_on": "2018-03-15"}))
    assert (accepted["status"], accepted["answered_on"]) == ("accepted", "2018-03-15")
    made = await bank.post(f"{path}/offers", offer(200_000, 24, "6.20", offered_on="2018-03-15"))
    assert made.status_code == 201
    read = await ok(bank.get(path))
    assert [step["effect_on"] for step in read["steps"]] == ["2018-03-13", *["2018-03-15"] * 3]


async def test_a_day_that_has_not_begun_at_the_ccas_is_still_to_come(
    databases: Databases, client: AsyncClient, moved: dict[str, datetime]
) -> None:
    ccas = open_at(databases, client, PAPEETE)
    bank, handoff = lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)
    moved["now"] = EARLY
    speak_at(bank, EARLY)
    path = f"/partner/handoffs/{handoff['id']}/answers"
    answer = {"decision": "refused", "decided_on": "2018-03-15"}
    await refused(bank.post(path, answer), 409, "date_in_future")
    await ok(bank.post(path, {**answer, "decided_on": "2018-03-14"}))


@pytest.mark.parametrize(
    ("time_zone", "last_day"), [("Europe/Paris", "2018-03-18"), (PAPEETE, "2018-03-17"), (NOUMEA, "2018-03-18")]
)
async def test_a_check_expires_at_the_end_of_its_last_day_at_the_ccas(
    databases: Databases, client: AsyncClient, time_zone: str, last_day: str
) -> None:
    """Two days from a consultation of 15 March at 23:30 UTC: the 16th in Paris and Nouméa, the 15th in Papeete."""
    agreement = {"credit_mutuel": {"check_valid_days": 2}}
    ccas = open_with(databases, client, replace(rules_under("amiens", **agreement), time_zone=time_zone))
    bank, handoff = lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)
    await ok(bank.post("/partner/ficp-checks", check(handoff, consulted_at="2018-03-15T23:30:00Z")))
    (item,) = (await ok(ccas.agent.get(f"/requests/{handoff['request_id']}/ficp-checks")))["items"]
    assert (item["valid_until"], item["standing"]) == (last_day, "to_renew")
    (waits,) = (await ok(ccas.agent.get("/worklist", kind="check_to_renew")))["items"]
    day_after = f"2018-03-{int(last_day[-2:]) + 1}"
    assert waits["since_on"] == day_after
    path = f"/partner/handoffs/{handoff['id']}/answers"
    late = await ok(bank.post(path, {"decision": "accepted", "decided_on": day_after}))
    assert late["status"] == "awaiting_check"
    renewal = {"wanted_on": day_after}
    await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/check-renewals", renewal))


async def test_an_acceptance_on_the_last_day_of_its_check_holds(databases: Databases, client: AsyncClient) -> None:
    ccas = open_under(databases, client, "amiens", credit_mutuel={"check_valid_days": 2})
    bank, handoff = lender_of(databases, ccas), await sent(ccas, None, 200_000, 24)
    await ok(bank.post("/partner/ficp-checks", check(handoff, consulted_at="2018-03-15T22:30:00Z")))
    path = f"/partner/handoffs/{handoff['id']}"
    accepted = await ok(bank.post(f"{path}/answers", {"decision": "accepted", "decided_on": "2018-03-17"}))
    assert accepted["status"] == "accepted"
    late = offer(200_000, 24, "6.20", offered_on="2018-03-18")
    problem = await refused(bank.post(f"{path}/offers", late), 409, "check_not_favourable")
    assert problem["standing"] == "to_renew"
    await ok(bank.post(f"{path}/offers", {**late, "offered_on": "2018-03-17"}))


async def lent_at(databases: Databases, client: AsyncClient, time_zone: str) -> tuple[Ccas, Lender, Json]:
    """A bank's loan whose contract was concluded on 26 March 2018; the instalment of 5 May is not paid by the 20th."""
    ccas = open_at(databases, client, time_zone)
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    await paid_out(ccas, bank, handoff, offer(200_000, 24, "6.20"))
    unpaid = {"kind": "unpaid", "handoff_id": handoff["id"], "instalment_number": 1}
    told = await ok(bank.post("/partner/repayments", {"position_on": "2018-05-20", "items": [unpaid]}))
    assert [item["status"] for item in told["items"]] == ["recorded"]
    return ccas, bank, handoff


# Nobody may appeal any more from 27 May on.
NIGHTS = pytest.mark.parametrize(
    ("time_zone", "now", "day", "erased"),
    [
        (NOUMEA, datetime(2018, 5, 26, 21, 30, tzinfo=UTC), "2018-05-27", 1),
        ("Europe/Paris", datetime(2018, 5, 26, 21, 30, tzinfo=UTC), "2018-05-26", 0),
        ("Europe/Paris", datetime(2018, 5, 27, 5, 0, tzinfo=UTC), "2018-05-27", 1),
        (PAPEETE, datetime(2018, 5, 27, 5, 0, tzinfo=UTC), "2018-05-26", 0),
    ],
)


@NIGHTS
async def test_a_night_is_of_the_day_that_it_is_at_each_ccas(
    databases: Databases, client: AsyncClient, time_zone: str, now: datetime, day: str, erased: int
) -> None:
    ccas, _, _ = await lent_at(databases, client, time_zone)
    (night,) = await nightly.run(databases.app_url, None, slug=ccas.slug, now=now)
    assert (night.detected, night.purged, night.failures) == (1, erased, {})
    (noted,) = run_sql(databases, ccas, "select detected_on::text from arrears_detections")
    assert noted["detected_on"] == day


@NIGHTS
async def test_a_purge_is_of_the_day_that_it_is_at_each_ccas_unless_it_is_told_one(
    databases: Databases, client: AsyncClient, time_zone: str, now: datetime, day: str, erased: int
) -> None:
    ccas, _, _ = await lent_at(databases, client, time_zone)
    asked = date.fromisoformat("2018-05-26")
    for on, expected in ((asked, 0), (None, erased)):
        found = await purge.run(databases.app_url, on, slug=ccas.slug, now=now)
        assert (found[ccas.slug].checks, found[ccas.slug].failures) == (expected, {}), day


@pytest.mark.parametrize(
    ("time_zone", "now", "day"), [(NOUMEA, LATE, "2018-04-15"), (PAPEETE, EARLY, "2018-04-14"),
                                  ("Europe/Paris", EARLY, "2018-04-15")]
)  # fmt: skip
async def test_a_bank_reads_its_loans_as_of_the_day_that_it_is_at_the_ccas(
    databases: Databases, client: AsyncClient, moved: dict[str, datetime], time_zone: str, now: datetime, day: str
) -> None:
    ccas = open_at(databases, client, time_zone)
    bank, handoff = await accepted_file(databases, ccas, 200_000, 24)
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/offers", offer(200_000, 24, "6.20")))
    moved["now"] = now.replace(month=4)  # after the offer
    speak_at(bank, moved["now"])
    (listed,) = (await ok(bank.get("/partner/loans")))["items"]
    read = await ok(bank.get(f"/partner/loans/{handoff['id']}"))
    assert (listed["as_of"], read["as_of"]) == (day, day)
