"""Schedules changed at random: whatever is put off, spread, repaid early and undone, all that was lent is repaid."""

import os
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from httpx import AsyncClient

from tests.schedules import AMIENS, decided, lending_at, rows_of, running
from tests.support import Ccas, Databases, Json, ok, repayment, run_sql

# Longer walks: SCHEDULE_WALKS=20 ./run test tests/stories/test_schedule_walks.py
WALKS, STEPS = int(os.environ.get("SCHEDULE_WALKS", "3")), 8
ACTS = ("defer", "reschedule", "repay_early", "cancel", "pay", "pay", "reverse")


class Walk:
    """One loan, the day, and what was paid on it."""

    def __init__(self, ccas: Ccas, loan_id: str, chance: Random) -> None:
        self.ccas, self.path, self.loan_id, self.chance = ccas, f"/loans/{loan_id}", loan_id, chance
        self.day, self.paid = date(2011, 2, 1), list[Json]()

    async def act(self, act: str) -> int:
        """Tries one act; the status code."""
        self.day += timedelta(days=self.chance.randrange(40))
        return int(await getattr(self, act)())

    async def _post(self, path: str, body: Any) -> int:
        response = await self.ccas.agent.post(f"{self.path}/{path}", body)
        assert response.status_code in (201, 409), response.text
        return response.status_code

    async def defer(self) -> int:
        """Some months off from some instalment on."""
        asked = {
            "months": self.chance.randint(1, 3),
            "first_number": self.chance.randint(1, 26),
            "mode": self.chance.choice(("shift", "interest_only")),
        }
        return await self._post("deferrals", {**asked, "decision": decided(str(self.day))})

    async def reschedule(self) -> int:
        """From some day on, over some months or at some instalment."""
        first_due_on = str(self.day + timedelta(days=self.chance.randrange(20, 120)))
        over = self.chance.choice(
            ({"duration_months": self.chance.randint(1, 36)}, {"instalment_cents": self.chance.randint(2_000, 20_000)})
        )
        body = {"first_due_on": first_due_on, **over, "decision": decided(str(self.day))}
        return await self._post("reschedules", body)

    async def pay(self) -> int:
        """What is due next, or some other amount."""
        amount = self.chance.choice((8_882, self.chance.randint(1, 60_000)))
        told = repayment(amount, str(self.day), f"W-{self.loan_id}-{len(self.paid)}")
        self.paid.append(await ok(self.ccas.agent.post(f"{self.path}/repayments", told)))
        return 201

    async def repay_early(self) -> int:
        """What a payment exceeds what was due by."""
        await self.pay()
        choice = self.chance.choice(("settle", "shorten", "shorten", "reduce", "reduce", "advance"))
        body = {"repayment_id": self.paid[-1]["id"], "choice": choice, "decision": decided(str(self.day))}
        return await self._post("early-repayments", body)

    async def reverse(self) -> int:
        """A payment is taken back."""
        if not self.paid:
            return 409
        repayment_id = self.chance.choice(self.paid)["id"]
        return await self._post(
            f"repayments/{repayment_id}/reversal", {"reversed_on": str(self.day), "reason": "Rejet"}
        )

    async def cancel(self) -> int:
        """The last change is undone."""
        changes = (await ok(self.ccas.agent.get(f"{self.path}/schedule-changes")))["items"]
        version = changes[-1]["version"]
        return await self._post(f"schedule-changes/{version}/cancellation", {"decision": decided(str(self.day))})


@pytest.mark.parametrize("rate", ["0", "6.20"])
@pytest.mark.parametrize("batch", range(4))
async def test_a_schedule_led_at_random_repays_what_was_lent_and_one_version_is_in_force(
    databases: Databases, client: AsyncClient, rate: str, batch: int
) -> None:
    ccas = lending_at(databases, client, rate)
    chance = Random(f"{rate} {batch}")  # noqa: S311 - the same walks each time
    for _ in range(WALKS):
        walk = Walk(ccas, await running(ccas, AMIENS), chance)
        for _ in range(STEPS):
            done = chance.choice(ACTS)
            code = await walk.act(done)
            await holds(databases, walk, f"{done}: {code}")


async def holds(databases: Databases, walk: Walk, done: str) -> None:
    """Fails where the loan is not whole after an act."""
    rows = await rows_of(walk.ccas, walk.loan_id)
    changes = (await ok(walk.ccas.agent.get(f"{walk.path}/schedule-changes")))["items"]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1)), done
    assert [row["due_on"] for row in rows] == sorted({row["due_on"] for row in rows}), done
    assert len({row["ref"] for row in rows}) == len(rows), done
    assert [change["is_in_force"] for change in changes] == [False] * (len(changes) - 1) + [True], done
    versions = run_sql(
        databases,
        walk.ccas,
        "select s.version, (select coalesce(sum(r.principal_cents), 0) from schedule_rows r where r.schedule_id = s.id)"
        " + (select coalesce(sum((p->>'principal_cents')::bigint), 0) from jsonb_array_elements(s.prepayments) p)"
        " as lent from schedules s where s.loan_id = :id",
        id=walk.loan_id,
    )
    assert {int(version["lent"]) for version in versions} == {200_000}, done
    loan = await ok(walk.ccas.agent.get(walk.path))
    assert loan["schedule_version"] == changes[-1]["version"], done
    assert 0 <= loan["outstanding_cents"] <= 200_000, done
    drift = run_sql(
        databases,
        walk.ccas,
        "select entry_id from ledger_lines where loan_id = :id group by entry_id having sum(amount_cents) <> 0",
        id=walk.loan_id,
    )
    assert drift == [], done
    principal = run_sql(
        databases,
        walk.ccas,
        "select coalesce(sum(amount_cents), 0) as cents from ledger_lines where loan_id = :id and account = 'loans'",
        id=walk.loan_id,
    )
    assert int(principal[0]["cents"]) == loan["outstanding_cents"], done
