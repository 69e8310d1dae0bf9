"""Direct debits that came back: told on a statement, before or after the repayments that they take back."""

from itertools import permutations
from typing import Any

import pytest

from tests.api.test_statements import codes, loan_on, running, tell
from tests.lenders import repayment_line
from tests.support import Ccas, Databases, Json, ok, run_sql


def returned(handoff: Json, of: str = "R-1", reference: str = "X-1", on: str = "2018-05-09", **changes: Any) -> Json:
    """The return of a repayment, four days after it."""
    return {
        "kind": "returned",
        "handoff_id": handoff["id"],
        "reference": reference,
        "repayment_reference": of,
        "returned_on": on,
        **changes,
    }


async def entries(ccas: Ccas, path: str) -> list[Json]:
    items: list[Json] = (await ok(ccas.agent.get(f"{path}/ledger")))["items"]
    return items[1:]


async def test_a_returned_debit_takes_its_repayment_back_once(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    paid = repayment_line(handoff, 8_882, "2018-05-05", "R-1")
    back = returned(handoff, reason_code="AM04", outstanding_principal_cents=200_000)
    first = await tell(bank, "2018-05-31", paid, back)
    assert codes(first) == ["recorded", "recorded"]
    repayment, reversal = await entries(amiens, path)
    told = ("kind", "amount_cents", "effect_on", "reverses_id", "reference", "reason")
    assert [reversal[name] for name in told] == [
        "reversal", 8_882, "2018-05-09", repayment["id"], "X-1", "AM04",
    ]  # fmt: skip
    states = [await loan_on(amiens, path, day) for day in ("2018-05-08", "2018-05-31")]
    assert [(one["outstanding_cents"], one["overdue_cents"], one["anomalies"]) for one in states] == [
        (192_151, 0, []), (200_000, 8_882, []),
    ]  # fmt: skip
    # Both told again are known: the repayment that came back is not received a second time.
    again = await tell(bank, "2018-06-30", back, paid)
    assert [(answer["status"], answer["id"]) for answer in again] == [
        ("known", first[1]["id"]), ("known", first[0]["id"]),
    ]  # fmt: skip
    for change in ({"returned_on": "2018-05-10"}, {"repayment_reference": "R-2"}, {"reason_code": "MD06"}):
        assert codes(await tell(bank, "2018-06-30", {**back, **change})) == ["reference_already_used"]
    assert codes(await tell(bank, "2018-06-30", returned(handoff, reference="X-2"))) == ["already_reversed"]
    assert len(await entries(amiens, path)) == 2
    # What is presented again has a reference of its own, and may come back too.
    second = repayment_line(handoff, 8_882, "2018-05-20", "R-1B")
    lines = (second, returned(handoff, of="R-1B", reference="X-3", on="2018-05-25"))
    assert codes(await tell(bank, "2018-06-30", *lines)) == ["recorded", "recorded"]
    assert (await loan_on(amiens, path, "2018-06-30"))["repaid_cents"] == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_whatever_order_they_are_told_the_books_are_the_same(
    databases: Databases, amiens: Ccas, order: tuple[int, ...]
) -> None:
    bank, handoff, path = await running(databases, amiens)
    lines = [
        repayment_line(handoff, 8_882, "2018-05-05", "R-1"),
        returned(handoff, reason_code="MD06"),
        repayment_line(handoff, 8_882, "2018-06-05", "R-2"),
    ]
    waiting = []
    for place in order:
        assert codes(await tell(bank, "2018-06-30", lines[place])) == ["recorded"]
        waiting.append((await loan_on(amiens, path, "2018-06-30"))["anomalies"])
    # Until its repayment is told, a return is shown to wait for it.
    early = order.index(1) < order.index(0)
    assert waiting[order.index(1)] == (["return_of_unknown_repayment"] if early else [])
    loan = await loan_on(amiens, path, "2018-06-30")
    assert (loan["anomalies"], loan["outstanding_cents"], loan["overdue_cents"]) == ([], 192_151, 8_882)
    assert sorted((one["kind"], one["effect_on"]) for one in await entries(amiens, path)) == [
        ("repayment", "2018-05-05"), ("repayment", "2018-06-05"), ("reversal", "2018-05-09"),
    ]  # fmt: skip


async def test_a_return_dated_before_its_repayment_is_a_fact_with_an_anomaly(
    databases: Databases, amiens: Ccas
) -> None:
    bank, handoff, path = await running(databases, amiens)
    lines = (repayment_line(handoff, 8_882, "2018-05-05", "R-1"), returned(handoff, on="2018-05-04"))
    assert codes(await tell(bank, "2018-05-31", *lines)) == ["recorded", "recorded"]
    loan = await loan_on(amiens, path, "2018-05-31")
    assert (loan["anomalies"], loan["repaid_cents"]) == (["returned_before_repaid"], 0)


async def test_what_cannot_be_a_return_is_refused_alone_and_leaves_nothing(databases: Databases, amiens: Ccas) -> None:
    bank, handoff, path = await running(databases, amiens)
    lines = [
        returned(handoff, on="2018-06-01"),
        returned({"id": "01900000-0000-7000-8000-000000000000"}),
        returned(handoff, reason_code="ZZ99"),
        returned(handoff, reason_code="fonds insuffisants"),
        returned(handoff, amount_cents=8_882),
    ]
    answers = await tell(bank, "2018-05-31", *lines)
    assert codes(answers) == ["date_after_position", "not_found", "invalid", "invalid", "invalid"]
    assert await entries(amiens, path) == []
    assert run_sql(databases, amiens, "select id from statement_lines") == []


async def test_an_unpaid_instalment_is_that_of_the_schedule_of_its_day(databases: Databases, amiens: Ccas) -> None:
    """Once the whole is called due, the number that was told names the same instalment, or one that is no more."""
    bank, handoff, path = await running(databases, amiens)
    unpaid = {"kind": "unpaid", "handoff_id": handoff["id"], "instalment_number": 1}
    await tell(bank, "2018-05-31", unpaid)
    await tell(bank, "2018-08-31", {**unpaid, "instalment_number": 4})
    told = {"reference": "DT-1", "accelerated_on": "2018-07-01"}
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/accelerations", told))
    assert (await loan_on(amiens, path, "2018-08-31"))["lender"]["unpaid_instalments"] == [1]
