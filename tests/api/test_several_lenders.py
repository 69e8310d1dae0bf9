"""Amiens once its announced agreements are signed: a file goes from bank to bank, and none sees the other."""

import pytest
from httpx import AsyncClient

from app.domain.handoff_lifecycle import HandoffKind
from tests.lenders import (
    SUPPORT_PERSON,
    Lender,
    accepted_by,
    check,
    endorsed,
    lender_of,
    machine_of,
    offer,
    open_under,
    paid_out,
    sent,
)
from tests.support import Ccas, Databases, Json, ok, refused

REFUSED: Json = {"decision": "refused", "decided_on": "2018-03-16", "reference": "CM-2018-4"}
WITHDRAWAL: Json = {"withdrawn_on": "2018-03-16", "reason": "La Banque Postale a répondu la première"}
REASON = "La personne a son compte à la Banque Postale"


@pytest.fixture
def signed(databases: Databases, client: AsyncClient) -> Ccas:
    """Amiens with its three agreements in force."""
    return open_under(databases, client, "amiens", banque_postale={"planned": False}, caisse_epargne={"planned": False})


def code_of(ccas: Ccas, bank: str) -> str:
    return ccas.lender.replace("credit_mutuel", bank)


async def authorised_for(ccas: Ccas, request_id: str, code: str, given_on: str = "2018-03-16") -> None:
    request = await ok(ccas.agent.get(f"/requests/{request_id}"))
    body = {"recipient": code, "purposes": ["loan_file"], "given_on": given_on}
    await ok(ccas.agent.post(f"/people/{request['applicant_id']}/authorisations", body))


def to(code: str, sent_on: str = "2018-03-18", **changes: object) -> Json:
    return {"kind": "loan_file", "partner": code, "choice_reason": REASON, "support_person": SUPPORT_PERSON,
            "sent_on": sent_on, **changes}  # fmt: skip


async def let_go(ccas: Ccas, bank: Lender, handoff: Json, *, end: str) -> None:
    """The first bank refuses the file, or the CCAS takes it back."""
    if end == "refused":
        await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", REFUSED))
    else:
        await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/withdrawals", WITHDRAWAL))


@pytest.mark.parametrize("end", ["refused", "withdrawn"])
async def test_a_file_goes_to_the_next_bank_with_all_that_it_needs_and_is_lent_on_there(
    databases: Databases, client: AsyncClient, signed: Ccas, end: str
) -> None:
    first, code = lender_of(databases, signed), code_of(signed, "banque_postale")
    second = machine_of(databases, client, code)
    handoff = await sent(signed, None, 200_000, 24)
    request_id, path = handoff["request_id"], f"/requests/{handoff['request_id']}/handoffs"
    favourable = check(handoff, ref="CM-1", consulted_at="2018-03-14T09:00:00Z")
    await ok(first.post("/partner/ficp-checks", favourable))
    await let_go(signed, first, handoff, end=end)

    # Its own authorisation, an agreement in force, and a reason.
    await refused(signed.agent.post(path, to(code)), 409, "authorisation_missing")
    await authorised_for(signed, request_id, code)
    unexplained = {name: value for name, value in to(code).items() if name != "choice_reason"}
    await refused(signed.agent.post(path, unexplained), 409, "choice_reason_missing")
    again = await ok(signed.agent.post(path, to(code)))
    assert (again["partner"], again["choice_reason"], again["payload"]) == (code, REASON, handoff["payload"])

    # Its own check: that of the first bank is worth nothing to the second.
    answer = {"decision": "accepted", "decided_on": "2018-03-20"}
    parked = await ok(second.post(f"/partner/handoffs/{again['id']}/answers", answer))
    assert parked["status"] == "awaiting_check"
    late = check(handoff, ref="CM-2", consulted_at="2018-03-21T09:00:00Z")
    await refused(first.post("/partner/ficp-checks", late), 409, "handoff_closed")
    own = check(again, ref="BP-1", consulted_at="2018-03-21T09:00:00Z")
    await ok(second.post("/partner/ficp-checks", own))
    body = offer(200_000, 24, "6.20", number="BP-O-1", offered_on="2018-03-22")
    loan_id = await paid_out(signed, second, again, body)
    assert (await ok(signed.agent.get(f"/loans/{loan_id}")))["lender"]["partner"] == code

    # Both histories are kept, and each bank has its own alone.
    items = (await ok(signed.agent.get("/handoffs", request_id=request_id)))["items"]
    assert [(item["partner"], item["status"]) for item in items] == [(code, "accepted"), (signed.lender, end)]
    kept = await ok(signed.agent.get(f"/handoffs/{handoff['id']}"))
    assert (kept["payload"], kept["payload_sha256"]) == (handoff["payload"], handoff["payload_sha256"])
    for bank, mine, other in ((first, handoff, again), (second, again, handoff)):
        assert [item["id"] for item in (await ok(bank.get("/partner/handoffs")))["items"]] == [mine["id"]]
        await refused(bank.get(f"/partner/handoffs/{other['id']}"), 404, "not_found")


@pytest.mark.parametrize("end", ["refused", "withdrawn"])
async def test_what_the_first_bank_still_reads_holds_no_payload_and_nothing_of_the_second(
    databases: Databases, signed: Ccas, end: str
) -> None:
    first, code = lender_of(databases, signed), code_of(signed, "banque_postale")
    handoff = await sent(signed, None, 200_000, 24)
    path = f"/partner/handoffs/{handoff['id']}"
    assert (await ok(first.get(path)))["payload"] == handoff["payload"]
    await let_go(signed, first, handoff, end=end)
    before = await first.get(path)
    assert (before.json()["status"], before.json()["payload"]) == (end, None)
    assert before.json()["payload_sha256"] == handoff["payload_sha256"]
    assert [step["note"] for step in before.json()["steps"]] == [None, None]
    await authorised_for(signed, handoff["request_id"], code)
    await ok(signed.agent.post(f"/requests/{handoff['request_id']}/handoffs", to(code)))
    after = await first.get(path)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    assert not any(word in after.text for word in ("Postale", code, "Exemple", REASON))


async def test_a_file_goes_to_no_bank_whose_agreement_is_only_announced_or_whose_authorisation_is_anothers(
    databases: Databases, client: AsyncClient
) -> None:
    amiens = open_under(databases, client, "amiens", banque_postale={"planned": False})
    bank, next_one = lender_of(databases, amiens), code_of(amiens, "caisse_epargne")
    handoff = await sent(amiens, None, 200_000, 24)
    await let_go(amiens, bank, handoff, end="refused")
    path = f"/requests/{handoff['request_id']}/handoffs"
    await authorised_for(amiens, handoff["request_id"], next_one)
    await refused(amiens.agent.post(path, to(next_one)), 409, "no_agreement")
    await refused(amiens.agent.post(path, to(code_of(amiens, "banque_postale"))), 409, "authorisation_missing")
    items = (await ok(amiens.agent.get("/handoffs", request_id=handoff["request_id"])))["items"]
    assert [item["status"] for item in items] == ["refused"]


async def blocked_by(ccas: Ccas, request_id: str, action: str = "send_loan_file") -> list[str]:
    """What the actions of a request say against sending it."""
    items = (await ok(ccas.agent.get(f"/requests/{request_id}/actions")))["items"]
    (found,) = [item for item in items if item["action"] == action]
    assert found["allowed"] == (found["reasons"] == [])
    return list(found["reasons"])


@pytest.mark.parametrize("end", ["endorsed", "refused", "withdrawn"])
async def test_a_file_may_be_sent_where_any_bank_that_it_may_go_to_is_authorised(
    databases: Databases, signed: Ccas, end: str
) -> None:
    bank = lender_of(databases, signed)
    if end == "endorsed":
        request_id = (await endorsed(signed, None, 200_000, 24))["id"]
    else:
        handoff = await sent(signed, None, 200_000, 24)
        request_id = handoff["request_id"]
        assert await blocked_by(signed, request_id) == ["handoff_already_open"]
        await let_go(signed, bank, handoff, end=end)
    assert await blocked_by(signed, request_id) == []
    request = await ok(signed.agent.get(f"/requests/{request_id}"))
    path = f"/people/{request['applicant_id']}/authorisations"
    (given,) = (await ok(signed.agent.get(path)))["items"]
    await ok(signed.agent.post(f"{path}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-17"}))
    assert await blocked_by(signed, request_id) == ["authorisation_missing"], "none is"
    await authorised_for(signed, request_id, code_of(signed, "caisse_epargne"), given_on="2018-03-18")
    assert await blocked_by(signed, request_id) == []
    await ok(signed.agent.post(f"/requests/{request_id}/handoffs", to(code_of(signed, "caisse_epargne"))))


async def test_a_bank_that_there_is_no_agreement_with_opens_nothing(databases: Databases, client: AsyncClient) -> None:
    """The third is only announced, and the second takes no files."""
    announced = {"banque_postale": {"planned": False, "handoff_kinds": (HandoffKind.GUARANTEE_CLAIM,)}}
    amiens = open_under(databases, client, "amiens", **announced)
    handoff = await sent(amiens, None, 200_000, 24)
    await let_go(amiens, lender_of(databases, amiens), handoff, end="refused")
    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    path = f"/people/{request['applicant_id']}/authorisations"
    (given,) = (await ok(amiens.agent.get(path)))["items"]
    await ok(amiens.agent.post(f"{path}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-17"}))
    for bank in ("banque_postale", "caisse_epargne"):
        await authorised_for(amiens, request["id"], code_of(amiens, bank), given_on="2018-03-18")
    assert await blocked_by(amiens, request["id"]) == ["authorisation_missing"]


async def test_three_banks_one_after_the_other_and_back_to_the_first(
    databases: Databases, client: AsyncClient, signed: Ccas
) -> None:
    codes = [signed.lender, code_of(signed, "banque_postale"), code_of(signed, "caisse_epargne")]
    banks = [machine_of(databases, client, code) for code in codes]
    handoff = await sent(signed, None, 200_000, 24)
    request_id = handoff["request_id"]
    for day, bank, code in (("16", banks[1], codes[1]), ("17", banks[2], codes[2]), ("18", banks[0], codes[0])):
        previous = next(one for one in banks if one is banks[codes.index(handoff["partner"])])
        answer = {"decision": "refused", "decided_on": f"2018-03-{day}"}
        await ok(previous.post(f"/partner/handoffs/{handoff['id']}/answers", answer))
        await authorised_for(signed, request_id, code, given_on=f"2018-03-{day}")
        handoff = await ok(signed.agent.post(f"/requests/{request_id}/handoffs", to(code, f"2018-03-{day}")))
        assert (await ok(bank.get("/partner/handoffs")))["items"][0]["id"] == handoff["id"]
    assert (await accepted_by(banks[0], handoff, decided_on="2018-03-19"))["status"] == "accepted"
    items = (await ok(signed.agent.get("/handoffs", request_id=request_id)))["items"]
    assert [(item["partner"], item["status"]) for item in items] == [
        (codes[0], "accepted"),
        (codes[2], "refused"),
        (codes[1], "refused"),
        (codes[0], "refused"),
    ]
    assert [len((await ok(bank.get("/partner/handoffs")))["items"]) for bank in banks] == [2, 1, 1]
