"""What a lender called due or laid anew: taken back where it was told by mistake, ended by terms that it tells later,
in whatever order, as if what does not stand had never been told.
"""

from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.api.test_lender_reports import PAYMENT, acceleration, push, reports, schedule, version_on
from tests.api.test_lender_reversals import booked, figures, reversal
from tests.api.test_statements import codes, loan_on, running, tell
from tests.lenders import accepted_file, letter, offer, offered_by, repayment_line, signed
from tests.support import Ccas, Databases, Json, ok, refused, run_sql

JUNE_20 = acceleration(accelerated_on="2018-06-20")
# 250,64 € are owed once the first instalment is repaid.
PLAN = schedule(
    ("2018-10-05", 12_532, 129), ("2018-11-05", 12_532, 65), decided_on="2018-09-10", effective_on="2018-09-15"
)
CONTRACT = [("2018-05-05", 4_936), ("2018-06-05", 4_962), ("2018-07-05", 4_987),
            ("2018-08-05", 5_013), ("2018-09-05", 5_039), ("2018-10-05", 5_063)]  # fmt: skip


async def short(databases: Databases, ccas: Ccas) -> tuple[Any, Json, str]:
    """A loan of 300 € over 6 months, of which the first instalment is repaid and all is told until the end of 2018."""
    bank, handoff, path = await running(databases, ccas, 30_000, 6, "6.20")
    await tell(bank, "2018-12-31", repayment_line(handoff, 5_091, "2018-05-05", "R-1"))
    return bank, handoff, path


async def statuses(ccas: Ccas, path: str, *days: str) -> list[str]:
    return [(await loan_on(ccas, path, day))["status"] for day in days]


async def principals(ccas: Ccas, path: str) -> list[tuple[str, int]]:
    return [(due_on, principal) for due_on, principal, _ in await version_on(ccas, path)]


@pytest.mark.parametrize("first", ["acceleration", "reversal"])
async def test_an_acceleration_told_by_mistake_never_was(databases: Databases, amiens: Ccas, first: str) -> None:
    bank, handoff, path = await short(databases, amiens)
    days = ("2018-06-04", "2018-06-19", "2018-06-20", "2018-07-31", "2018-12-31")
    before = await figures(amiens, path, *days)
    lines = await booked(databases, amiens)
    back = reversal("acceleration", "DT-1", "2018-07-10")
    told = [("accelerations", JUNE_20), ("reversals", back)]
    for what, body in told if first == "acceleration" else reversed(told):
        await push(bank, handoff, what, body)
    assert await figures(amiens, path, *days) == before
    assert await booked(databases, amiens) == lines
    assert await principals(amiens, path) == CONTRACT
    assert (await loan_on(amiens, path, "2018-12-31"))["lender"]["accelerated_on"] is None
    assert (await ok(bank.get(f"/partner/loans/{handoff['id']}")))["status"] == "overdue"
    # Told again, each is what it was; told right, it has a reference of its own.
    for what, body in told:
        assert (await push(bank, handoff, what, body))["known"] is True
    assert await figures(amiens, path, *days) == before
    await push(bank, handoff, "accelerations", acceleration(reference="DT-2", accelerated_on="2018-07-20"))
    assert await statuses(amiens, path, "2018-07-19", "2018-07-20") == ["overdue", "litigation"]
    listed = {one["reference"]: (one["reversed_on"], one["anomalies"]) for one in await reports(amiens, path)}
    assert listed == {"DT-1": ("2018-07-10", []), "B-1": (None, []), "DT-2": (None, [])}


async def test_what_was_taken_back_stays_in_the_history(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await short(databases, amiens)
    await push(bank, handoff, "accelerations", JUNE_20)
    await push(bank, handoff, "reversals", reversal("acceleration", "DT-1", "2018-07-10"))
    _, back = await reports(amiens, path)
    known = await ok(amiens.agent.get(path, as_of="2018-07-31", known_at=back["entered_at"]))
    now = await loan_on(amiens, path, "2018-07-31")
    assert (known["status"], now["status"]) == ("litigation", "overdue")
    assert (known["schedule_version"], now["schedule_version"]) == (2, 1)
    changes = (await ok(amiens.agent.get(f"{path}/schedule-changes")))["items"]
    assert [(one["version"], one["effective_on"], one["is_in_force"]) for one in changes] == [
        (1, None, False), (2, "2018-06-20", False), (1, "2018-06-20", True),
    ]  # fmt: skip
    assert (await ok(amiens.agent.get(f"{path}/litigation")))["items"] == []
    timeline = (await ok(amiens.agent.get(f"/requests/{handoff['request_id']}/timeline")))["items"]
    titles = [item["title"] for item in timeline if (item["on"] or "") >= "2018-06-01"]
    assert titles == [
        "Fait rapporté par le prêteur : déchéance du terme",
        "Prêt : en contentieux",
        "Fait rapporté par le prêteur : contre-passation",
    ]
    kinds = [one["kind"] for one in (await ok(amiens.agent.get("/events", after=0, limit=100)))["items"]]
    assert kinds[-4:] == ["loan.acceleration_reported", "loan.litigation", "loan.reversal_reported", "loan.disbursed"]


@pytest.mark.parametrize("first", ["schedule", "reversal"])
async def test_a_schedule_told_by_mistake_never_was(databases: Databases, amiens: Ccas, first: str) -> None:
    bank, handoff, path = await short(databases, amiens)
    days = ("2018-06-14", "2018-06-15", "2018-09-30", "2018-12-31")
    before = await figures(amiens, path, *days)
    lines = await booked(databases, amiens)
    # By other rows the repayment would be of another instalment.
    mistake = schedule(("2018-08-05", 20_102, 300))
    told = [("schedules", mistake), ("reversals", reversal("schedule", "A-1", "2018-06-30"))]
    for what, body in told if first == "schedule" else reversed(told):
        await push(bank, handoff, what, body)
    assert await figures(amiens, path, *days) == before
    assert await booked(databases, amiens) == lines
    assert await principals(amiens, path) == CONTRACT
    assert [row["ref"] for row in (await ok(amiens.agent.get(f"{path}/schedule")))["rows"]] == [1, 2, 3, 4, 5, 6]
    assert (await push(bank, handoff, *told[1]))["known"] is True
    # The same rows under another reference are told for good.
    await push(bank, handoff, "schedules", {**mistake, "reference": "A-2"})
    assert await principals(amiens, path) == [*CONTRACT[:2], ("2018-08-05", 20_102)]
    (change,) = [one for one in (await ok(amiens.agent.get(f"{path}/schedule-changes")))["items"] if one["is_in_force"]]
    assert change["decision"]["reference"] == "A-2"
    where = f"/partner/handoffs/{handoff['id']}/reversals"
    await refused(bank.post(where, reversal("schedule", "A-1", reference="B-2")), 409, "already_reversed")


@pytest.mark.parametrize("order", list(permutations(("A-1", "A-2", "B-1"))))
async def test_of_two_schedules_the_one_that_stands_follows_the_contract(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff, path = await short(databases, amiens)
    told = {
        "A-1": ("schedules", schedule(("2018-08-05", 25_064, 300))),
        "A-2": ("schedules", schedule(("2018-09-05", 15_115, 200), reference="A-2", effective_on="2018-07-10")),
        "B-1": ("reversals", reversal("schedule", "A-1", "2018-07-20")),
    }
    for name in order:
        await push(bank, handoff, *told[name])
    assert await principals(amiens, path) == [*CONTRACT[:3], ("2018-09-05", 15_115)]
    assert await statuses(amiens, path, "2018-06-04", "2018-07-31") == ["running", "overdue"]


async def test_terms_told_after_an_acceleration_end_the_litigation(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await short(databases, amiens)
    await push(bank, handoff, "accelerations", JUNE_20)
    told = await push(bank, handoff, "schedules", PLAN)
    assert told["anomalies"] == []
    assert await principals(amiens, path) == [CONTRACT[0], ("2018-10-05", 12_532), ("2018-11-05", 12_532)]
    paid = [repayment_line(handoff, 12_661, "2018-10-05", "R-2")]
    await tell(bank, "2018-12-31", *paid)
    days = ("2018-06-19", "2018-06-20", "2018-09-14", "2018-09-15", "2018-10-31", "2018-11-06")
    assert await statuses(amiens, path, *days) == [
        "overdue", "litigation", "litigation", "running", "running", "overdue",
    ]  # fmt: skip
    since = [(await loan_on(amiens, path, day))["lender"]["accelerated_on"] for day in days]
    assert since == [None, "2018-06-20", "2018-06-20", None, None, None]
    # Kept to its end, it is repaid as its borrower agreed to, and no more in litigation.
    await tell(bank, "2018-12-31", repayment_line(handoff, 12_597, "2018-11-05", "R-3"))
    loan = await loan_on(amiens, path, "2018-12-31")
    assert (loan["status"], loan["closing_reasons"], loan["overdue_cents"]) == ("closed", ["on_schedule"], 0)
    # Not kept, the whole is called due again.
    await push(bank, handoff, "reversals", reversal("repayment", "R-3", "2018-11-20"))
    await push(bank, handoff, "accelerations", acceleration(reference="DT-2", accelerated_on="2018-12-10"))
    assert await statuses(amiens, path, "2018-11-30", "2018-12-10") == ["overdue", "litigation"]
    assert (await loan_on(amiens, path, "2018-12-31"))["lender"]["accelerated_on"] == "2018-12-10"


@pytest.mark.parametrize("first", ["schedule", "acceleration"])
async def test_rows_decided_before_an_acceleration_are_overtaken_by_it(
    databases: Databases, amiens: Ccas, first: str
) -> None:
    bank, handoff, path = await short(databases, amiens)
    # Decided on 10 June for 1 July on; called due on 20 June.
    deferral = schedule(("2018-09-05", 25_064, 300), kind="deferral", effective_on="2018-07-01")
    told = [("schedules", deferral), ("accelerations", JUNE_20)]
    for what, body in told if first == "schedule" else reversed(told):
        await push(bank, handoff, what, body)
    assert await principals(amiens, path) == [*CONTRACT[:2], ("2018-06-20", 20_102)]
    assert await statuses(amiens, path, "2018-06-30", "2018-07-01", "2018-12-31") == ["litigation"] * 3
    by_reference = {one["reference"]: one["anomalies"] for one in await reports(amiens, path)}
    assert "overtaken" in by_reference["A-1"]
    # Rows of a day before it do not end it either, nor do those of that very day.
    for reference, on in (("A-2", "2018-06-20"), ("A-3", "2018-06-12")):
        rows = schedule(("2018-09-05", 25_064, 0), reference=reference, decided_on="2018-06-25", effective_on=on)
        await push(bank, handoff, "schedules", rows)
    assert await statuses(amiens, path, "2018-06-20", "2018-07-01") == ["litigation"] * 2
    for number, reference in enumerate(("A-2", "A-3")):
        await push(bank, handoff, "reversals", reversal("schedule", reference, reference=f"B-{number}"))
    # The acceleration was a mistake: what had been decided holds from its day.
    await push(bank, handoff, "reversals", reversal("acceleration", "DT-1", "2018-07-10", "B-9"))
    assert await principals(amiens, path) == [CONTRACT[0], ("2018-09-05", 25_064)]
    assert await statuses(amiens, path, "2018-06-30", "2018-07-01", "2018-12-31") == ["overdue", "running", "overdue"]


ALL: dict[str, tuple[str, Json]] = {
    "paid out": ("disbursements", {**PAYMENT, "amount_cents": 30_000}),
    "called due": ("accelerations", JUNE_20),
    "laid anew": ("schedules", PLAN),
    "called due by mistake": ("accelerations", acceleration(reference="DT-2", accelerated_on="2018-10-20")),
    "which is taken back": ("reversals", reversal("acceleration", "DT-2", "2018-10-25", "B-1")),
    "laid by mistake": (
        "schedules",
        schedule(("2018-12-05", 25_064, 400), reference="A-2", decided_on="2018-07-02", effective_on="2018-07-05"),
    ),
    "which is taken back too": ("reversals", reversal("schedule", "A-2", "2018-07-09", "B-2")),
}
ORDERS = Random(11).sample(list(permutations(ALL)), 8)  # noqa: S311 - a seed, so that a failure can be told again


@pytest.mark.parametrize("order", [tuple(ALL), tuple(reversed(ALL)), *ORDERS])
async def test_in_whatever_order_it_is_told_and_taken_back_the_loan_is_the_same(
    databases: Databases, amiens: Ccas, order: tuple[str, ...]
) -> None:
    bank, handoff = await accepted_file(databases, amiens, 30_000, 6)
    path = f"/loans/{await offered_by(amiens, bank, handoff, offer(30_000, 6, '6.20'))}"
    await signed(amiens, path.rpartition("/")[2])
    for place, name in enumerate(order):
        await push(bank, handoff, *ALL[name])
        if place == 3:
            lines = [repayment_line(handoff, 5_091, "2018-05-05", "R-1"),
                     repayment_line(handoff, 12_661, "2018-10-05", "R-2")]  # fmt: skip
            await tell(bank, "2018-12-31", *lines)
    days = ("2018-06-19", "2018-06-20", "2018-07-06", "2018-09-15", "2018-10-20", "2018-12-31")
    assert await figures(amiens, path, *days) == [
        ["overdue", 30_000, 25_064, 25_064, 5_091, 5_091, 0, []],
        ["litigation", 30_000, 25_064, 25_064, 5_091, 5_091, 0, []],
        ["litigation", 30_000, 25_064, 25_064, 25_193, 5_091, 0, []],
        ["running", 30_000, 25_064, 25_064, 0, 5_091, 0, []],
        ["running", 30_000, 12_532, 12_532, 0, 17_752, 0, []],
        ["overdue", 30_000, 12_532, 12_532, 12_597, 17_752, 0, []],
    ]
    assert await version_on(amiens, path) == [
        ("2018-05-05", 4_936, 5_091), ("2018-10-05", 12_532, 12_661), ("2018-11-05", 12_532, 12_597),
    ]  # fmt: skip
    assert await booked(databases, amiens) == [
        ("cash", "2018-04-05", -30_000), ("cash", "2018-05-05", 5_091), ("cash", "2018-10-05", 12_661),
        ("interest", "2018-05-05", -155), ("interest", "2018-10-05", -129),
        ("loans", "2018-04-05", 30_000), ("loans", "2018-05-05", -4_936), ("loans", "2018-10-05", -12_532),
    ]  # fmt: skip
    assert {one["reference"]: one["anomalies"] for one in await reports(amiens, path)} == {
        "DT-1": [], "A-1": [], "DT-2": [], "B-1": [], "A-2": [], "B-2": [],
    }  # fmt: skip


async def test_once_the_payment_is_taken_back_no_report_lays_a_schedule(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens, 30_000, 6, "6.20")
    await push(bank, handoff, "accelerations", JUNE_20)
    (paid,) = [one for one in (await ok(amiens.agent.get(f"{path}/ledger")))["items"] if one["kind"] == "disbursement"]
    await push(bank, handoff, "reversals", reversal("disbursement", paid["reference"], "2018-07-01"))
    assert await principals(amiens, path) == CONTRACT
    again = {**PAYMENT, "amount_cents": 30_000, "reference": "V-2", "disbursed_on": "2018-07-02"}
    await push(bank, handoff, "disbursements", again)
    assert await principals(amiens, path) == [*CONTRACT[:2], ("2018-06-20", 20_102)]


async def test_by_letter_and_on_a_statement_it_is_the_same_reversal(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await short(databases, amiens)
    await push(bank, handoff, "accelerations", JUNE_20)
    back = reversal("acceleration", "DT-1", "2018-07-10")
    by_letter = {**back, "letter": letter("2018-07-12")}
    told = await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/reversals", by_letter))
    line = {**back, "kind": "reversal", "handoff_id": handoff["id"]}
    (answer,) = await tell(bank, "2018-07-31", line)
    assert (answer["status"], answer["id"]) == ("known", told["id"])
    other = {**line, "reference": "B-2", "reversed_kind": "schedule", "reversed_reference": "A-1"}
    assert codes(await tell(bank, "2018-07-31", other)) == ["recorded"]
    assert [one["anomalies"] for one in await reports(amiens, path)] == [[], [], ["reversed_not_told"]]
    assert await statuses(amiens, path, "2018-07-31") == ["overdue"]
    found = run_sql(databases, amiens, "select action from loan_transitions order by id desc limit 2")
    assert [row["action"] for row in found] == ["reinstate", "accelerate"]
