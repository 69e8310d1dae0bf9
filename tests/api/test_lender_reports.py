"""What a lender reports of its loan until its end: other rows, the whole called due, losses, calls on guarantors."""

from itertools import permutations
from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.test_guarantee_claims import CITY, lent, open_guaranteed
from tests.api.test_statements import loan_on, running, tell
from tests.lenders import Lender, accepted_file, lender_of, offer, offered_by, repayment_line, signed
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

NOWHERE = "01900000-0000-7000-8000-000000000000"
PAYMENT: Json = {
    "amount_cents": 200_000,
    "disbursed_on": "2018-04-05",
    "reference": "V-1",
    "payee": {"kind": "supplier"},
}


async def push(lender: Lender, handoff: Json, what: str, body: Json) -> Json:
    return await ok(lender.post(f"/partner/handoffs/{handoff['id']}/{what}", body))


def acceleration(**changes: Any) -> Json:
    return {"reference": "DT-1", "accelerated_on": "2018-08-20", **changes}


def loss(**changes: Any) -> Json:
    told = {"reference": "P-1", "lost_on": "2018-12-01", "principal_cents": 192_151, "interest_cents": 1_000}
    return {**told, **changes}


def rows(*amounts: tuple[str, int, int]) -> list[Json]:
    return [
        {
            "number": number,
            "due_on": due_on,
            "principal_cents": principal,
            "interest_cents": interest,
            "total_cents": principal + interest,
        }
        for number, (due_on, principal, interest) in enumerate(amounts, start=1)
    ]


def schedule(*amounts: tuple[str, int, int], **changes: Any) -> Json:
    told = {"reference": "A-1", "kind": "reschedule", "decided_on": "2018-06-10", "effective_on": "2018-06-15"}
    return {**told, "rows": rows(*amounts), **changes}


async def reports(ccas: Ccas, path: str) -> list[Json]:
    items: list[Json] = (await ok(ccas.agent.get(f"{path}/lender-reports")))["items"]
    return items


async def version_on(ccas: Ccas, path: str) -> list[tuple[str, int, int]]:
    told = await ok(ccas.agent.get(f"{path}/schedule"))
    return [(row["due_on"], row["principal_cents"], row["borrower_cents"]) for row in told["rows"]]


async def test_once_the_whole_is_called_due_the_loan_is_in_litigation_and_late_of_all(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    await tell(bank, "2018-05-31", repayment_line(handoff, 8_882, "2018-05-05", "R-1"))
    told = await push(bank, handoff, "accelerations", acceleration(outstanding_principal_cents=192_151))
    assert {name: told[name] for name in ("kind", "reference", "effect_on", "known", "anomalies")} == {
        "kind": "acceleration", "reference": "DT-1", "effect_on": "2018-08-20", "known": False, "anomalies": [],
    }  # fmt: skip
    await tell(bank, "2018-08-31")
    before, after = [await loan_on(amiens, path, day) for day in ("2018-08-19", "2018-08-31")]
    assert (before["status"], before["lender"]["accelerated_on"]) == ("overdue", None)
    assert (after["status"], after["lender"]["accelerated_on"]) == ("litigation", "2018-08-20")
    # Three instalments had fallen due with their interest; the rest of the principal is due without.
    assert after["overdue_cents"] == 192_151 + (993 + 952 + 911)
    assert after["outstanding_cents"] == 192_151
    listed = await ok(amiens.agent.get(f"{path}/schedule"))
    assert (listed["kind"], listed["rows"][-1]["due_on"], len(listed["rows"])) == ("acceleration", "2018-08-20", 5)
    (changed,) = (await ok(amiens.agent.get(f"{path}/schedule-changes")))["items"][1:]
    assert (changed["decision"]["decided_by"], changed["decision"]["reference"]) == ("lender", "DT-1")
    # Told again, it is the same.
    again = await push(bank, handoff, "accelerations", acceleration(outstanding_principal_cents=192_151))
    assert again == {**told, "known": True}
    body = acceleration(accelerated_on="2018-08-21")
    await refused(bank.post(f"/partner/handoffs/{handoff['id']}/accelerations", body), 409, "reference_already_used")
    assert len(await reports(amiens, path)) == 1
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    assert "Fait rapporté par le prêteur : déchéance du terme" in [item["title"] for item in timeline]


async def test_a_loss_closes_the_loan_and_leaves_the_debt_due(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    bank, handoff, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}"
    await push(bank, handoff, "accelerations", acceleration(accelerated_on="2018-08-20"))
    told = await push(bank, handoff, "losses", loss(principal_cents=300_000))
    assert (told["known"], told["anomalies"]) == (False, [])
    assert (await push(bank, handoff, "losses", loss(principal_cents=300_000)))["known"] is True
    day = await loan_on(ccas, path, "2018-12-31")
    assert (day["status"], day["outstanding_cents"], day["legally_due_cents"]) == ("closed", 0, 300_000)
    assert (day["closing_reasons"], day["written_off_cents"]) == (["after_litigation"], 0)
    assert (day["lender"]["lost_principal_cents"], day["lender"]["lost_interest_cents"]) == (300_000, 1_000)
    entries = (await ok(ccas.agent.get(f"{path}/ledger")))["items"]
    assert [(one["kind"], one["amount_cents"]) for one in entries if one["kind"] != "reallocation"] == [
        ("disbursement", 300_000), ("loss", 300_000),
    ]  # fmt: skip
    # What comes back afterwards meets the debt that left the books.
    await tell(bank, "2019-01-31", repayment_line(handoff, 20_000, "2019-01-10", "R-9"))
    later = await loan_on(ccas, path, "2019-01-31")
    assert (later["recovered_cents"], later["legally_due_cents"], later["credit_cents"]) == (20_000, 280_000, 0)
    # Once a guarantor is called on, that is why it closed too.
    call = {"reference": "G-1", "called_on": "2018-12-20", "guarantor": "Ville de Toulouse", "amount_cents": 45_000,
            "loss_reference": "P-1"}  # fmt: skip
    assert (await push(bank, handoff, "guarantee-calls", call))["anomalies"] == []
    assert (await loan_on(ccas, path, "2019-01-31"))["closing_reasons"] == ["after_litigation", "guarantee"]


async def test_a_call_stands_beside_what_the_rules_give_and_the_claim_of_the_staff(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    bank, handoff, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}"
    call = {"reference": "G-1", "called_on": "2018-12-20", "guarantor": "Ville de Toulouse", "amount_cents": 41_406,
            "loss_reference": "P-1"}  # fmt: skip
    early = await push(bank, handoff, "guarantee-calls", call)
    assert early["anomalies"] == ["loss_not_told"]
    await push(bank, handoff, "losses", loss(principal_cents=276_030, interest_cents=1_500))
    (of_call,) = [one for one in await reports(ccas, path) if one["kind"] == "guarantee_call"]
    assert (of_call["computed_cents"], of_call["claim_id"], of_call["anomalies"]) == (
        41_405,
        None,
        ["call_above_rules"],
    )
    stranger = {**call, "reference": "G-2", "guarantor": "Une autre ville", "amount_cents": 1}
    assert (await push(bank, handoff, "guarantee-calls", stranger))["anomalies"] == ["guarantor_not_in_rules"]
    letter = {"source": "reported_by_staff", "reference": "P-1", "lost_on": "2018-12-01", "principal_cents": 276_030,
              "interest_cents": 1_500}  # fmt: skip
    claim = await ok(ccas.agent.post(f"{path}/guarantee-claims", letter))
    (of_call,) = [one for one in await reports(ccas, path) if one["reference"] == "G-1"]
    assert (of_call["computed_cents"], of_call["claim_id"]) == (41_405, claim["id"])
    recovery = {"reference": "RC-1", "recovered_on": "2019-02-01", "amount_cents": 10_000, "loss_reference": "P-1"}
    assert (await push(bank, handoff, "recoveries", recovery))["anomalies"] == []
    entered = {"amount_cents": 10_000, "recovered_on": "2019-02-01", "reference": "RC-1"}
    made = await ok(ccas.agent.post(f"{path}/guarantee-recoveries", entered))
    (of_recovery,) = [one for one in await reports(ccas, path) if one["kind"] == "recovery"]
    assert of_recovery["recovery_id"] == made["id"]


async def test_where_the_rules_leave_a_guarantee_open_the_call_says_what_is_not_stated(
    databases: Databases, toulouse: Ccas
) -> None:
    bank, handoff, loan_id = await lent(databases, toulouse)
    call = {"reference": "G-1", "called_on": "2018-12-20", "guarantor": "Ville de Toulouse", "amount_cents": 1,
            "loss_reference": "P-1"}  # fmt: skip
    await push(bank, handoff, "guarantee-calls", call)
    (told,) = await reports(toulouse, f"/loans/{loan_id}")
    assert (told["computed_cents"], told["rule_not_stated"]) == (None, "guarantees.0.base")


async def test_the_lender_s_rows_from_a_day_on_are_the_next_version(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    first, second = (await version_on(amiens, path))[:2]
    assert (first, second) == (("2018-05-05", 4_936, 5_091), ("2018-06-05", 4_962, 5_091))
    # 201,02 € are owed on 15 June by the rows; the lender has 200 € repaid, from August on.
    told = schedule(("2018-08-05", 10_000, 100), ("2018-09-05", 10_102, 50))
    answer = await push(bank, handoff, "schedules", told)
    # Nothing was told to be repaid yet: by our copy more is owed.
    assert (answer["kind"], answer["anomalies"]) == ("schedule", ["balance_differs"])
    assert await version_on(amiens, path) == [
        first, second, ("2018-08-05", 10_000, 10_100), ("2018-09-05", 10_102, 10_152),
    ]  # fmt: skip
    listed = await ok(amiens.agent.get(f"{path}/schedule"))
    assert (listed["kind"], listed["version"], [row["ref"] for row in listed["rows"]]) == (
        "reschedule", 2, [1, 2, 7, 8],
    )  # fmt: skip
    lines = [repayment_line(handoff, 5_091, f"2018-0{month}-05", f"R-{month}") for month in (5, 6)]
    await tell(bank, "2018-08-31", *lines)
    assert [one["anomalies"] for one in await reports(amiens, path)] == [[]]
    loan = await loan_on(amiens, path, "2018-08-31")
    assert (loan["outstanding_cents"], loan["overdue_cents"]) == (20_102, 10_100)
    again = await push(bank, handoff, "schedules", told)
    assert again == {**answer, "known": True, "anomalies": []}
    other = {**told, "decided_on": "2018-06-11"}
    await refused(bank.post(f"/partner/handoffs/{handoff['id']}/schedules", other), 409, "reference_already_used")
    assert (await ok(amiens.agent.get(f"{path}/schedule")))["version"] == 2


async def test_arrears_that_are_spread_anew_leave_the_rows_of_before(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    # Of the two instalments due by then one was repaid: the other is in the new rows.
    told = schedule(("2018-07-05", 12_532, 129), ("2018-08-05", 12_532, 65))
    await push(bank, handoff, "schedules", told)
    assert await version_on(amiens, path) == [
        ("2018-05-05", 4_936, 5_091), ("2018-07-05", 12_532, 12_661), ("2018-08-05", 12_532, 12_597),
    ]  # fmt: skip


async def test_what_was_repaid_early_stands_beside_the_rows(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    told = schedule(("2018-07-05", 5_000, 52), ("2018-08-05", 5_000, 26), kind="early_repayment")
    await push(bank, handoff, "schedules", told)
    lines = [repayment_line(handoff, 5_091, f"2018-0{month}-05", f"R-{month}") for month in (5, 6)]
    await tell(bank, "2018-07-31", *lines, repayment_line(handoff, 10_102, "2018-06-15", "R-7"))
    loan = await loan_on(amiens, path, "2018-07-31")
    assert (loan["outstanding_cents"], loan["overdue_cents"], loan["credit_cents"]) == (10_000, 5_052, 0)
    assert loan["anomalies"] == []


TOLD: dict[str, tuple[str, Json]] = {
    "paid out": ("disbursements", {**PAYMENT, "amount_cents": 30_000}),
    "rescheduled": ("schedules", schedule(("2018-07-05", 12_532, 129), ("2018-08-05", 12_532, 65))),
    "put off": (
        "schedules",
        schedule(("2018-09-05", 25_064, 300), reference="A-2", kind="deferral", effective_on="2018-07-01"),
    ),
    "called due": ("accelerations", acceleration()),
    "lost": ("losses", loss(principal_cents=25_064, interest_cents=300)),
}


@pytest.mark.parametrize("order", [*list(permutations(TOLD))[::17], tuple(reversed(TOLD))])
async def test_in_whatever_order_a_lender_reports_the_loan_ends_the_same(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 30_000, 6)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(30_000, 6, '6.20'))}"
    await signed(amiens, path.rpartition("/")[2])
    for name in order:
        what, body = TOLD[name]
        await push(bank, handoff, what, body)
    await tell(bank, "2018-12-31", repayment_line(handoff, 5_091, "2018-05-05", "R-1"))
    days = {day: await loan_on(amiens, path, day) for day in ("2018-06-30", "2018-08-15", "2018-09-30", "2018-12-31")}
    names = ("status", "outstanding_cents", "legally_due_cents", "overdue_cents", "closing_reasons", "anomalies")
    assert [[one[name] for name in names] for one in days.values()] == [
        ["running", 25_064, 25_064, 0, [], []],
        ["running", 25_064, 25_064, 0, [], []],
        ["litigation", 25_064, 25_064, 25_064, [], []],
        ["closed", 0, 25_064, 0, ["after_litigation"], []],
    ]
    assert await version_on(amiens, path) == [("2018-05-05", 4_936, 5_091), ("2018-08-20", 25_064, 25_064)]
    assert {one["kind"]: one["anomalies"] for one in await reports(amiens, path)} == {
        "schedule": [], "acceleration": [], "loss": [],
    }  # fmt: skip


async def test_what_contradicts_our_copy_is_recorded_with_an_anomaly(databases: Databases, amiens: Ccas) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(200_000, 24, '6.20'))}"
    assert (await push(bank, handoff, "accelerations", acceleration()))["anomalies"] == ["not_paid_out"]
    assert (await loan_on(amiens, path, "2018-12-31"))["status"] == "offered"
    await signed(amiens, path.rpartition("/")[2])
    await push(bank, handoff, "disbursements", PAYMENT)
    assert (await loan_on(amiens, path, "2018-12-31"))["status"] == "litigation"
    (told,) = await reports(amiens, path)
    assert told["anomalies"] == []
    more = await push(bank, handoff, "losses", loss(principal_cents=200_001))
    assert more["anomalies"] == ["loss_above_outstanding"]
    # The books lose no more than was lent.
    day = await loan_on(amiens, path, "2018-12-31")
    assert (day["outstanding_cents"], day["legally_due_cents"]) == (0, 200_000)
    second = await push(bank, handoff, "losses", loss(reference="P-2", principal_cents=1, interest_cents=0))
    assert second["anomalies"] == []
    assert (await loan_on(amiens, path, "2018-12-31"))["legally_due_cents"] == 200_000


async def test_a_report_is_of_the_lender_of_the_loan_and_of_a_loan(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 200_000, 24)
    stranger = lender_of(databases, fresnes)
    where = f"/partner/handoffs/{handoff['id']}"
    for what, body in (("accelerations", acceleration()), ("losses", loss())):
        await refused(bank.post(f"{where}/{what}", body), 409, "illegal_transition")
        foreign, unknown = [
            await refused(stranger.post(f"/partner/handoffs/{target}/{what}", body), 404, "not_found")
            for target in (handoff["id"], NOWHERE)
        ]
        assert foreign == unknown
        await refused(amiens.agent.post(f"{where}/{what}", body), 403, "forbidden")
    await offered_by(amiens, bank, handoff, offer(200_000, 24, "6.20"))
    tomorrow = acceleration(accelerated_on="2118-01-01")
    await refused(bank.post(f"{where}/accelerations", tomorrow), 409, "date_in_future")
    for told in (schedule(("2018-06-14", 1, 0)), schedule(("2018-07-05", 1, 0), ("2018-07-05", 1, 0)), schedule()):
        await refused(bank.post(f"{where}/schedules", told), 422, "invalid")
    assert run_sql(databases, amiens, "select id from lender_reports") == []
    assert run_sql(databases, amiens, "select id from loan_decisions") == []


async def test_the_lender_reads_where_its_loans_stand_by_our_copy(
    databases: Databases, amiens: Ccas, fresnes: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    line = repayment_line(handoff, 8_882, "2018-05-05", "R-1", outstanding_principal_cents=192_161)
    await tell(bank, "2018-05-31", line)
    one = await ok(bank.get(f"/partner/loans/{handoff['id']}"))
    assert (await ok(bank.get("/partner/loans")))["items"] == [one]
    told = {"loan_id": path.rpartition("/")[2], "handoff_id": handoff["id"], "tenant": amiens.slug, "status": "overdue",
            "outstanding_cents": 192_151, "reported_outstanding_cents": 192_161, "gap_cents": 10,
            "position_on": "2018-05-31", "anomalies": [], "disbursed_cents": 200_000}  # fmt: skip
    assert told.items() <= {**one, "status": "overdue"}.items()
    stranger = lender_of(databases, fresnes)
    await refused(stranger.get(f"/partner/loans/{handoff['id']}"), 404, "not_found")
    assert (await ok(stranger.get("/partner/loans")))["items"] == []
    _, unoffered = await accepted_file(databases, amiens, 100_000, 12)
    await refused(bank.get(f"/partner/loans/{unoffered['id']}"), 409, "illegal_transition")
