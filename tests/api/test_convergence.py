"""Pushes of checks converge: in whatever order they come, one by one or many at once, the same state is reached."""

from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import event

from tests.api.test_ficp_checks import ACCEPTED, PUSH, all_of, copied, precheck, pushed, standing
from tests.lenders import check, lender_of, open_under, sent
from tests.support import Ccas, Databases, ok, run_sql

# Two consultations, the first of them told twice, a late older one, and a correction of the second at its own instant.
CORRECTED = (
    ("1", "favorable", "2018-03-17T09:00:00Z"),
    ("2", "favorable", "2018-03-18T09:00:00Z"),
    ("1", "favorable", "2018-03-17T09:00:00Z"),
    ("0", "to_clear", "2018-03-16T09:00:00Z"),
    ("3", "unfavorable", "2018-03-18T10:00:00+01:00"),
)
# The same with a correction of a later instant, and a file that did not answer after it.
CLEARED = (
    *(CORRECTED[0], ("2", "unfavorable", "2018-03-18T09:00:00Z"), CORRECTED[2]),
    ("4", "unavailable", "2018-03-19T09:00:00Z"),
    ("3", "favorable", "2018-03-18T09:00:01Z"),
)


@pytest.mark.parametrize(
    ("kind", "told", "end"),
    [
        ("precheck", CORRECTED, ("refused", "intake", "unfavourable")),
        ("loan_file", CLEARED, ("accepted", "lender_accepted", "favourable")),
    ],
)
async def test_five_pushes_in_all_120_orders_end_in_the_same_state(
    databases: Databases, client: AsyncClient, kind: str, told: Any, end: tuple[str, str, str]
) -> None:
    """One file for each order, of one CCAS; prechecks are pushed one by one, the others in batches."""
    ccas = open_under(databases, client, "toulouse", credit_municipal_toulouse={"check_valid_days": 36_500})
    bank = lender_of(databases, ccas)
    if kind == "precheck":
        handoff = await precheck(ccas)
    else:
        handoff = await sent(ccas, bank, 300_000, 36)
        await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", ACCEPTED))
    orders = list(permutations(told))
    twins = copied(databases, ccas, bank, handoff, len(orders))
    answers = Counter[str]()
    for arrival in range(len(told)):
        batch = []
        for twin, order in zip(twins, orders, strict=True):
            ref, outcome, at = order[arrival]
            batch.append(check(twin, outcome, ref=f"{twin['id']}-{ref}", consulted_at=at))
        if kind == "loan_file":
            answers.update(item["status"] for item in await pushed(bank, *batch))
        else:
            answers.update([(await ok(bank.post(PUSH, push)))["status"] for push in batch])
    assert answers == {"recorded": 4 * 120, "known": 120}
    handoffs, requests = await all_of(ccas.agent, "/handoffs"), await all_of(ccas.agent, "/requests")
    stage = check(handoff)["stage"]
    ends = Counter[tuple[str, ...]]()
    for twin in twins:
        ends[handoffs[twin["id"]], requests[twin["request_id"]], (await standing(ccas, twin["request_id"]))[stage]] += 1
    assert ends == {end: 120}
    assert len(run_sql(databases, ccas, "select id from ficp_checks")) == 4 * 120 + (kind == "loan_file")


@pytest.fixture
def statements(app: FastAPI) -> Iterator[list[str]]:
    """The statements that the database was sent."""
    sent_there: list[str] = []

    def on_statement(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent_there.append(statement)

    engine = app.state.engine.sync_engine
    event.listen(engine, "before_cursor_execute", on_statement)
    yield sent_there
    event.remove(engine, "before_cursor_execute", on_statement)


async def test_of_500_items_a_bad_one_rejects_no_other_and_each_costs_as_many_statements_as_in_50(
    databases: Databases, toulouse: Ccas, statements: list[str]
) -> None:
    bank = lender_of(databases, toulouse)
    handoff = await precheck(toulouse)
    costs = []
    for size in (50, 500):
        twins = copied(databases, toulouse, bank, handoff, size, start=size)
        told = [check(twin, ref=f"{size}-{number}") for number, twin in enumerate(twins)]
        told[size // 2] |= {"outcome": "listed"}
        statements.clear()
        items = await pushed(bank, *told)
        costs.append(len(statements) / size)
        assert [item["index"] for item in items] == list(range(size))
        refused = [item for item in items if item["status"] != "recorded"]
        assert [(item["index"], item["error"]["code"]) for item in refused] == [(size // 2, "invalid")]
        assert len({item["id"] for item in items}) == size
    assert max(costs) <= 25
    assert abs(costs[0] - costs[1]) < 1
