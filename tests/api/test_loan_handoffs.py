"""What follows from a lender's loan and goes to it too: a claim on a guarantor, a statement of interest borne."""

import asyncio
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from tests.api.test_borne_interest import numbered
from tests.api.test_communes import staff_of
from tests.api.test_guarantee_claims import CITY, FUND, LOSS, lent, lost, open_guaranteed, paid
from tests.lenders import SUPPORT_PERSON, Lender, check, lender_of, letter, machine_of, offer
from tests.support import Ccas, Databases, Json, disbursed, ok, refused, run_sql

SUPPORTED: Json = {"support_person": SUPPORT_PERSON, "sent_on": "2018-09-10"}
REFUSED: Json = {"decision": "refused", "decided_on": "2018-09-20"}
ACCEPTED: Json = {**REFUSED, "decision": "accepted"}
ASKED: Json = {"decision": "more_information", "decided_on": "2018-09-12", "asked": "Le courrier du 3 septembre"}


@pytest.fixture
def guaranteed(databases: Databases, client: AsyncClient) -> Ccas:
    """Toulouse, with a guarantor whose terms are stated."""
    return open_guaranteed(databases, client, CITY)


async def claimed(databases: Databases, ccas: Ccas) -> tuple[Lender, Json, Json]:
    """The lender, the handoff of the file of its loan, and the claim of a loss on it."""
    lender, handoff, loan_id = await lent(databases, ccas)
    return lender, handoff, await lost(ccas, loan_id)


async def handed(ccas: Ccas, claim: Json) -> Json:
    return await ok(ccas.agent.post(f"/guarantee-claims/{claim['id']}/handoffs", SUPPORTED))


def statement_path(statement: Json) -> str:
    return f"/borne-interest/statements/{statement['id']}/handoffs"


def answers(handoff: Json) -> str:
    return f"/partner/handoffs/{handoff['id']}/answers"


async def test_a_claim_goes_to_the_lender_of_its_loan_and_names_nobody(databases: Databases, guaranteed: Ccas) -> None:
    lender, file, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    assert (handoff["kind"], handoff["status"], handoff["partner"]) == ("guarantee_claim", "sent", guaranteed.lender)
    assert (handoff["guarantee_claim_id"], handoff["request_id"]) == (claim["id"], file["request_id"])
    assert handoff["support_person"] == SUPPORT_PERSON
    told = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert told["payload"] == {
        "kind": "guarantee_claim",
        "offer_number": f"O-{file['id'][-12:]}",
        "loss_reference": LOSS["reference"],
        "guarantor": "Ville de Toulouse",
        "lost_on": "2018-09-01",
        "principal_cents": 276_030,
        "interest_cents": 1_500,
        "share_percent": "15",
        "base": "principal",
        "cap_cents": None,
        "cap_of": None,
        "claimed_cents": 41_405,
    }
    (listed, *_) = (await ok(lender.get("/partner/handoffs")))["items"]
    assert (listed["id"], listed["kind"], listed["status"]) == (handoff["id"], "guarantee_claim", "sent")
    found = await ok(guaranteed.agent.get("/handoffs", guarantee_claim_id=claim["id"]))
    assert [item["id"] for item in found["items"]] == [handoff["id"]]
    of_kind = await ok(guaranteed.agent.get("/handoffs", kind="guarantee_claim"))
    assert of_kind == found


async def test_a_claim_is_received_asked_about_completed_and_accepted(databases: Databases, guaranteed: Ccas) -> None:
    lender, file, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    path = f"/handoffs/{handoff['id']}"
    await ok(lender.post(f"/partner{path}/acknowledgements", {"reference": "GAR-1"}))
    await ok(lender.post(answers(handoff), ASKED))
    again = {"note": "Le voici", "resend": True}
    await refused(guaranteed.agent.post(f"{path}/completions", again), 409, "payload_unchanged")
    assert (await ok(guaranteed.agent.get(path)))["status"] == "more_information"
    await ok(guaranteed.agent.post(f"{path}/completions", {"note": "Le voici"}))
    told = await ok(lender.post(answers(handoff), ACCEPTED))
    assert (told["status"], told["answered_on"], told["partner_reference"]) == ("accepted", "2018-09-20", "GAR-1")
    assert (await ok(lender.post(answers(handoff), ACCEPTED)))["known"]
    problem = await refused(
        guaranteed.agent.post(f"/guarantee-claims/{claim['id']}/handoffs", SUPPORTED), 409, "handoff_already_open"
    )
    assert problem["partner"] == guaranteed.lender
    # The file, its check and its loan are where they were.
    assert (await ok(guaranteed.agent.get(f"/handoffs/{file['id']}")))["status"] == "accepted"
    standings = (await ok(guaranteed.agent.get(f"/requests/{file['request_id']}/ficp-checks")))["items"]
    assert [item["stage"] for item in standings] == ["precheck", "grant_decision"]
    assert (await ok(guaranteed.agent.get(f"/requests/{file['request_id']}")))["status"] == "contracted"


async def test_a_claim_leaves_by_a_channel_of_the_agreement(databases: Databases, guaranteed: Ccas) -> None:
    _, _, claim = await claimed(databases, guaranteed)
    run_sql(databases, guaranteed, "update agreements set capabilities = '{letter,link}'", as_owner=True)
    path = f"/guarantee-claims/{claim['id']}/handoffs"
    problem = await refused(guaranteed.agent.post(path, {**SUPPORTED, "channel": "api"}), 409, "channel_not_agreed")
    assert problem["channels"] == ["link", "letter"]
    assert problem["detail"].endswith("(API), mais par celles-ci : lien d’un chargé de dossier, courrier.")
    assert (await handed(guaranteed, claim))["channel"] == "link"


async def test_a_claim_that_the_lender_refused_stays_with_the_ccas_which_corrects_it_and_sends_another(
    databases: Databases, guaranteed: Ccas
) -> None:
    lender, _, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    await ok(lender.post(answers(handoff), REFUSED))
    assert (await ok(lender.get(f"/partner/handoffs/{handoff['id']}")))["payload"] is None
    kept = await ok(guaranteed.agent.get(f"/handoffs/{handoff['id']}"))
    assert kept["payload"]["claimed_cents"] == 41_405
    path = f"/guarantee-claims/{claim['id']}"
    early = guaranteed.agent.post(f"{path}/handoffs", {**SUPPORTED, "sent_on": "2018-09-19"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-09-20"
    await ok(guaranteed.agent.post(f"{path}/reversal", {"reversed_on": "2018-09-21", "reason": "Capital mal lu"}))
    gone = guaranteed.agent.post(f"{path}/handoffs", {**SUPPORTED, "sent_on": "2018-09-21"})
    await refused(gone, 409, "guarantee_entry_reversed")
    right = await lost(guaranteed, claim["loan_id"], principal_cents=270_000)
    again = await handed(guaranteed, right)
    assert (again["payload"]["principal_cents"], again["status"]) == (270_000, "sent")


async def test_a_claim_taken_back_is_taken_back_from_the_lender_too(databases: Databases, guaranteed: Ccas) -> None:
    lender, _, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    reversal = {"reversed_on": "2018-09-09", "reason": "Erreur"}
    path = f"/guarantee-claims/{claim['id']}/reversal"
    problem = await refused(guaranteed.agent.post(path, reversal), 409, "date_out_of_order")
    assert problem["not_before"] == "2018-09-10"
    await ok(guaranteed.agent.post(path, {**reversal, "reversed_on": "2018-09-12"}))
    told = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    assert (told["status"], told["payload"], told["steps"][-1]["effect_on"]) == ("withdrawn", None, "2018-09-12")
    await refused(lender.post(answers(handoff), ACCEPTED), 409, "illegal_transition")


async def test_each_guarantor_of_a_loss_is_claimed_on_in_a_handoff_of_its_own(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY, FUND)
    _, _, loan_id = await lent(databases, ccas)
    both = [await lost(ccas, loan_id, guarantor=one.guarantor) for one in (CITY, FUND)]
    sent = [await handed(ccas, claim) for claim in both]
    assert [one["payload"]["guarantor"] for one in sent] == [CITY.guarantor, FUND.guarantor]
    responses = await asyncio.gather(
        *(ccas.agent.post(f"/guarantee-claims/{both[0]['id']}/handoffs", SUPPORTED) for _ in range(3))
    )
    assert {response.json()["code"] for response in responses} == {"handoff_already_open"}


async def test_a_claim_takes_neither_check_nor_offer_and_a_trace_of_neither_is_left(
    databases: Databases, guaranteed: Ccas
) -> None:
    lender, _, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    statement = await numbered(guaranteed, 2018, 5)
    of_statement = await ok(guaranteed.agent.post(statement_path(statement), {"sent_on": "2018-06-05"}))
    before = run_sql(databases, guaranteed, "select count(*) from ficp_checks")
    for one in (handoff, of_statement):
        await refused(lender.post("/partner/ficp-checks", check(one, ref="X-1")), 409, "not_a_file")
        bulk = await ok(lender.post("/partner/ficp-checks", {"items": [check(one, ref="X-2")]}))
        assert bulk["items"][0]["error"]["code"] == "not_a_file"
        offers = f"/partner/handoffs/{one['id']}/offers"
        await refused(lender.post(offers, offer(300_000, 36, "3.04", number="O-2")), 409, "not_a_file")
    assert run_sql(databases, guaranteed, "select count(*) from ficp_checks") == before


async def test_the_claim_of_the_ccas_s_own_loan_has_no_lender_to_go_to(databases: Databases, besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    row = {"id": str(uuid4()), "tenant_id": besancon.id, "loan_id": loan_id, "account_id": besancon.agent.account_id}
    run_sql(
        databases,
        besancon,
        "insert into guarantee_claims (tenant_id, id, loan_id, guarantor, source, reference, reference_use, lost_on,"
        " principal_cents, interest_cents, share_percent, base, claimed_cents, account_id, entered_at) values"
        " (:tenant_id, :id, :loan_id, 'Fonds', 'reported_by_staff', '1', 1, '2012-01-05', 1000, 0, 50, 'principal',"
        " 500, :account_id, now())",
        **row,
    )
    await refused(besancon.agent.post(f"/guarantee-claims/{row['id']}/handoffs", SUPPORTED), 409, "no_lender")
    assert (await ok(besancon.agent.get("/handoffs")))["items"] == []


async def test_who_may_hand_a_claim_over_and_what_is_not_one(databases: Databases, guaranteed: Ccas) -> None:
    lender, _, claim = await claimed(databases, guaranteed)
    path = f"/guarantee-claims/{claim['id']}/handoffs"
    for staff in (guaranteed.decider, guaranteed.manager, lender):
        await refused(staff.post(path, SUPPORTED), 403, "forbidden")
    await refused(guaranteed.agent.post(f"/guarantee-claims/{uuid4()}/handoffs", SUPPORTED), 404, "not_found")
    early = guaranteed.agent.post(path, {**SUPPORTED, "sent_on": "2018-08-31"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-09-01"
    await refused(guaranteed.agent.post(path, {**SUPPORTED, "sent_on": "2199-01-01"}), 409, "date_in_future")
    for bad in ({"support_person": "  "}, {"support_person": None}, {"payload": {}}):
        await refused(guaranteed.agent.post(path, {**SUPPORTED, **bad}), 422, "invalid")
    of_file = {"kind": "guarantee_claim", "support_person": SUPPORT_PERSON}
    problem = await refused(
        guaranteed.agent.post(f"/requests/{(await ok(guaranteed.agent.get('/requests')))['items'][0]['id']}/handoffs",
                              of_file), 422, "invalid",
    )  # fmt: skip
    assert problem["errors"][0]["code"] == "not_one_of"
    assert (await ok(guaranteed.agent.get("/handoffs", kind="guarantee_claim")))["items"] == []


async def test_a_claim_that_was_paid_in_part_may_still_be_handed_over(databases: Databases, guaranteed: Ccas) -> None:
    _, _, claim = await claimed(databases, guaranteed)
    await paid(guaranteed, claim, 10_000)
    assert (await handed(guaranteed, claim))["payload"]["claimed_cents"] == 41_405


async def test_the_timeline_tells_a_claim_apart_from_the_file(databases: Databases, guaranteed: Ccas) -> None:
    _, file, claim = await claimed(databases, guaranteed)
    await handed(guaranteed, claim)
    events = (await ok(guaranteed.agent.get(f"/requests/{file['request_id']}/timeline")))["items"]
    of_lender = {event["kind"] for event in events} & {"precheck", "handoff", "claim_handoff"}
    assert of_lender == {"precheck", "handoff", "claim_handoff"}


async def test_a_bank_without_a_machine_answers_both_by_letter(databases: Databases, guaranteed: Ccas) -> None:
    _, _, claim = await claimed(databases, guaranteed)
    path = f"/guarantee-claims/{claim['id']}/handoffs"
    of_claim = await ok(guaranteed.agent.post(path, {**SUPPORTED, "channel": "letter"}))
    path = statement_path(await numbered(guaranteed, 2018, 5))
    of_statement = await ok(guaranteed.agent.post(path, {"sent_on": "2018-06-05", "channel": "file"}))
    assert (of_claim["channel"], of_statement["channel"]) == ("letter", "file")
    for handoff in (of_claim, of_statement):
        told = {**ACCEPTED, "letter": letter("2018-09-21")}
        answered = await ok(guaranteed.agent.post(f"/handoffs/{handoff['id']}/answers", told))
        last = answered["steps"][-1]
        assert (answered["status"], last["by"], last["source"]) == ("accepted", "partner", "reported_by_staff")
    check_told = {name: value for name, value in check(of_claim).items() if name != "handoff_id"}
    by_letter = guaranteed.agent.post(
        f"/handoffs/{of_claim['id']}/ficp-checks", {**check_told, "letter": letter("2018-09-21")}
    )
    await refused(by_letter, 409, "not_a_file")


async def test_a_claim_and_a_statement_that_the_lender_does_not_answer_wait_in_the_worklist(
    databases: Databases, guaranteed: Ccas
) -> None:
    lender, file, claim = await claimed(databases, guaranteed)
    of_claim = await handed(guaranteed, claim)
    path = statement_path(await numbered(guaranteed, 2018, 5))
    of_statement = await ok(guaranteed.agent.post(path, {"sent_on": "2018-06-05"}))
    waiting = (await ok(guaranteed.agent.get("/worklist", kind="silent_lender")))["items"]
    assert [(item["since_on"], item["request_id"], item["handoff_id"]) for item in waiting] == [
        ("2018-06-05", None, of_statement["id"]),
        ("2018-09-10", file["request_id"], of_claim["id"]),
    ]
    opened = await ok(guaranteed.agent.get(f"/handoffs/{waiting[0]['handoff_id']}"))
    assert opened["borne_interest_statement_id"] == of_statement["borne_interest_statement_id"]
    mine = (await ok(guaranteed.agent.get("/worklist", kind="silent_lender", mine="true")))["items"]
    assert [item["request_id"] for item in mine] == [file["request_id"]]
    for handoff in (of_claim, of_statement):
        await ok(lender.post(answers(handoff), ACCEPTED))
    assert (await ok(guaranteed.agent.get("/worklist", kind="silent_lender")))["items"] == []


# Statements of interest borne.


async def test_a_statement_goes_to_the_lender_by_its_own_offer_numbers_and_concerns_no_person(
    databases: Databases, guaranteed: Ccas
) -> None:
    lender, file, _ = await lent(databases, guaranteed)
    statement = await numbered(guaranteed, 2018, 5)
    handoff = await ok(guaranteed.manager.post(statement_path(statement), {"sent_on": "2018-06-05"}))
    assert (handoff["kind"], handoff["request_id"], handoff["support_person"]) == ("interest_statement", None, None)
    assert handoff["borne_interest_statement_id"] == statement["id"]
    told = await ok(lender.get(f"/partner/handoffs/{handoff['id']}"))
    line = {"offer_number": f"O-{file['id'][-12:]}", "instalment_ref": 1, "due_on": "2018-05-05", "cents": 760,
            "correction": False}  # fmt: skip
    assert told["payload"] == {
        "kind": "interest_statement",
        "statement_reference": statement["reference"],
        "payer": "city",
        "year": 2018,
        "month": 5,
        "lines": [line],
        "total_cents": 760,
    }
    assert told["support_person"] is None
    found = await ok(guaranteed.agent.get("/handoffs", borne_interest_statement_id=statement["id"]))
    assert [(item["id"], item["request_id"]) for item in found["items"]] == [(handoff["id"], None)]
    assert await ok(guaranteed.decider.get(f"/handoffs/{handoff['id']}")) == handoff


async def test_a_statement_is_answered_and_one_that_was_refused_is_sent_again(
    databases: Databases, guaranteed: Ccas
) -> None:
    lender, _, _ = await lent(databases, guaranteed)
    path = statement_path(await numbered(guaranteed, 2018, 5))
    first = await ok(guaranteed.agent.post(path, {"sent_on": "2018-06-05"}))
    await refused(guaranteed.agent.post(path, {}), 409, "handoff_already_open")
    await ok(lender.post(f"/partner/handoffs/{first['id']}/acknowledgements"))
    await ok(lender.post(answers(first), {**ASKED, "decided_on": "2018-06-06"}))
    await ok(guaranteed.agent.post(f"/handoffs/{first['id']}/completions", {"note": "Voir la convention"}))
    await ok(lender.post(answers(first), {**REFUSED, "decided_on": "2018-06-07"}))
    second = await ok(guaranteed.agent.post(path, {"sent_on": "2018-06-08"}))
    assert second["payload_sha256"] == first["payload_sha256"]
    told = await ok(lender.post(answers(second), {**ACCEPTED, "decided_on": "2018-06-09"}))
    assert told["status"] == "accepted"
    withdrawal = {"withdrawn_on": "2018-06-10", "reason": "Montant revu avec la Ville"}
    taken_back = await ok(guaranteed.agent.post(f"/handoffs/{second['id']}/withdrawals", withdrawal))
    assert (taken_back["status"], taken_back["steps"][-1]["note"]) == ("withdrawn", "Montant revu avec la Ville")
    assert (await ok(lender.get(f"/partner/handoffs/{second['id']}")))["steps"][-1]["note"] is None


async def test_a_statement_leaves_once_its_month_is_over_and_by_one_hand_at_a_time(
    databases: Databases, guaranteed: Ccas
) -> None:
    await lent(databases, guaranteed)
    path = statement_path(await numbered(guaranteed, 2018, 5))
    early = guaranteed.agent.post(path, {"sent_on": "2018-05-30"})
    assert (await refused(early, 409, "date_out_of_order"))["not_before"] == "2018-05-31"
    await refused(guaranteed.agent.post(path, {"sent_on": "2199-01-01"}), 409, "date_in_future")
    await refused(guaranteed.decider.post(path, {}), 403, "forbidden")
    nowhere = statement_path({"id": uuid4()})
    await refused(guaranteed.agent.post(nowhere, {}), 404, "not_found")
    responses = await asyncio.gather(*(guaranteed.agent.post(path, {}) for _ in range(3)))
    assert sorted(response.status_code for response in responses) == [201, 409, 409]


async def test_who_works_for_one_commune_sees_and_sends_the_whole_statement(
    databases: Databases, guaranteed: Ccas
) -> None:
    """As the statement itself: it is of the CCAS, whatever the commune of its loans."""
    await lent(databases, guaranteed)
    statement = await numbered(guaranteed, 2018, 5)
    elsewhere = staff_of(databases, guaranteed, "31000")
    handoff = await ok(elsewhere.post(statement_path(statement), {"sent_on": "2018-06-05"}))
    assert [line["cents"] for line in handoff["payload"]["lines"]] == [760]
    items = (await ok(elsewhere.get("/handoffs")))["items"]
    assert [item["id"] for item in items] == [handoff["id"]]


async def test_another_lender_sees_neither(databases: Databases, client: AsyncClient, guaranteed: Ccas) -> None:
    _, _, claim = await claimed(databases, guaranteed)
    statement = await numbered(guaranteed, 2018, 5)
    both = [await handed(guaranteed, claim), await ok(guaranteed.agent.post(statement_path(statement), {}))]
    rival = machine_of(databases, client, f"rival_{uuid4().hex[:6]}")
    for handoff in both:
        await refused(rival.get(f"/partner/handoffs/{handoff['id']}"), 404, "not_found")
        await refused(rival.post(answers(handoff), ACCEPTED), 404, "not_found")
    assert (await ok(rival.get("/partner/handoffs")))["items"] == []
    shown = {item["id"] for item in (await ok(lender_of(databases, guaranteed).get("/partner/handoffs")))["items"]}
    assert {handoff["id"] for handoff in both} <= shown


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("request_id = null", "of_a_request"),
        ("guarantee_claim_id = null", "of_a_claim"),
        ("kind = 'loan_file'", "of_a_claim"),
        ("support_person = '  '", "support_named"),
        ("choice_reason = 'x'", "choice_of_a_file"),
    ],
)
async def test_the_database_holds_what_a_claim_is_of(
    databases: Databases, guaranteed: Ccas, change: str, constraint: str
) -> None:
    _, _, claim = await claimed(databases, guaranteed)
    handoff = await handed(guaranteed, claim)
    statement = f"update handoffs set {change} where id = :id"  # noqa: S608 - the changes above
    with pytest.raises(IntegrityError, match=f"ck_handoffs_{constraint}"):
        run_sql(databases, guaranteed, statement, id=handoff["id"])
