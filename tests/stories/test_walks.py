"""Files led at random, by anyone, through anything: no step is taken that the life of a request does not know.

The life of a request where the CCAS lends is typed here a second time and not read from the service.
"""

import os
from random import Random

import pytest

from tests.api.test_actions import ROLES, colleague_of, ready, taken_in, try_on_request
from tests.support import Ccas, Databases, Json, Staff, ok

# The whole of two thousand, in some three minutes: WALKS=100 ./run test tests/stories/test_walks.py
BATCHES, WALKS, STEPS = 20, int(os.environ.get("WALKS", "10")), 8

UNDECIDED = ("intake", "assessment", "awaiting_papers", "submitted", "adjourned")
CLOSED = ("withdrawn", "closed_without_action", "referred")
# By act: who may do it, and from which states it leads to which.
LIFE: dict[str, tuple[str, dict[str, set[str]]]] = {
    "assess": ("agent", {one: {"assessment"} for one in ("intake", "adjourned", "awaiting_papers")}),
    "await_papers": ("agent", {"assessment": {"awaiting_papers"}}),
    "submit": ("agent", {one: {"submitted"} for one in ("assessment", "awaiting_papers", "adjourned")}),
    "approve": ("decider", {"submitted": {"approved"}}),
    "fast_track": ("decider", {"submitted": {"approved"}}),
    "grant_only": ("decider", {"submitted": {"grant_only"}}),
    "refuse": ("decider", {"submitted": {"refused"}}),
    "adjourn": ("decider", {"submitted": {"adjourned"}}),
    "sign": ("agent", {"approved": {"approved", "contracted"}}),
    "cancel": ("agent", {"approved": {"approved"}, "contracted": {"approved"}}),
    "withdraw": ("agent", {one: {"withdrawn"} for one in (*UNDECIDED, "approved")}),
    "close_without_action": ("agent", {one: {"closed_without_action"} for one in (*UNDECIDED, "approved")}),
    "refer": ("agent", {one: {"referred"} for one in UNDECIDED}),
    "reopen": ("agent", {one: {"intake", "assessment"} for one in CLOSED}),
}
# Where the CCAS lends its own money nobody else is asked, and what was ratified or never waited cannot be ratified.
NEVER = ("endorse", "decline", "send_loan_file", "lender_refuse", "ratify")
OFFER, NOTE = "offer_loan", "write_note"
ACTS = (*LIFE, *NEVER, OFFER, NOTE)


class Walk:
    """One file, and where it stands."""

    def __init__(self, ccas: Ccas, request_id: str, colleague: str) -> None:
        self.ccas, self.request_id, self.colleague = ccas, request_id, colleague

    async def status(self) -> str:
        """The state as the API tells it."""
        return str((await ok(self.ccas.agent.get(f"/requests/{self.request_id}")))["status"])

    async def attempt(self, act: str, staff: Staff) -> int:
        """Does the act for real; the status code."""
        if act not in ("sign", "cancel"):
            tried = await try_on_request(self.ccas, staff, self.request_id, act, colleague=self.colleague)
            return tried.status_code
        loans = (await ok(self.ccas.agent.get("/loans", request_id=self.request_id)))["items"]
        if not loans:
            return 404
        return await self._on_loan(act, staff, loans[0]["id"])

    async def _on_loan(self, act: str, staff: Staff, loan_id: str) -> int:
        if act == "cancel":
            body: Json = {"cancelled_on": "2011-06-10", "reason": "Désistement"}
            return (await staff.post(f"/loans/{loan_id}/cancellations", body)).status_code
        awaited = (await ok(self.ccas.agent.get(f"/loans/{loan_id}")))["awaiting_signature_of"]
        body = {"party": (*awaited, "borrower")[0], "signed_on": "2011-02-01"}
        return (await staff.post(f"/loans/{loan_id}/signatures", body)).status_code


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_a_file_led_at_random_takes_no_step_that_its_life_does_not_know(
    besancon: Ccas, databases: Databases, batch: int
) -> None:
    chance = Random(batch)  # noqa: S311 - the same walks each time
    colleague = colleague_of(databases, besancon)
    for number in range(WALKS):
        begin = ready if number % 2 else taken_in
        walk = Walk(besancon, await begin(besancon), colleague)
        state = await walk.status()
        for _ in range(chance.randint(2, STEPS)):
            state = await step(walk, state, chance)


async def step(walk: Walk, state: str, chance: Random) -> str:
    """One attempt, more often than not a sensible one; the state after it."""
    sensible = [act for act, (_, life) in LIFE.items() if state in life]
    wild = chance.random() < 0.3 or not sensible
    act = chance.choice(ACTS if wild else [*sensible, *([OFFER] if state == "approved" else [])])
    role = chance.choice(ROLES) if wild else LIFE.get(act, ("agent",))[0]
    code = await walk.attempt(act, getattr(walk.ccas, role))
    after = await walk.status()
    tried = f"{role} tries {act} on a file {state}: {code}, then {after}"
    assert code < 500, tried
    if code >= 300 or act in (OFFER, NOTE):
        assert after == state, tried
    else:
        may, life = LIFE[act]
        assert role == may, tried
        assert after in life[state], tried
    return after
