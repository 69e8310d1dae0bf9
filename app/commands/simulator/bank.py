"""The bank at work: it hears of handoffs and loans, by its inbox or by webhooks, and tells what comes next."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from httpx import Response

from app.commands.simulator.behaviour import PARIS, Push, Seen, next_actions, offer_number, statements
from app.commands.simulator.machine import TRIES, Machine
from app.commands.simulator.scenario import Scenario
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.domain.lenders import Lending
from app.domain.loan_lifecycle import LoanStage
from app.domain.products import Product
from app.schemas.inbox import InboxItem, InboxRead
from app.schemas.lender_loans import LenderLoanRead
from app.schemas.tenants import RuleVersionRead

Json = dict[str, Any]
Say = Callable[[str], None]
_TAKEN = frozenset({"recorded", "known", "replayed"})
_OVER = (HandoffStatus.REFUSED, HandoffStatus.CONCLUDED, HandoffStatus.WITHDRAWN)


class Bank:
    """A partner that lends. All that it knows is in memory: started again, it reads it from the service.

    `told` counts what the service answered: `recorded`, `replayed`, or the code of a refusal.
    """

    def __init__(
        self, machine: Machine, scenario: Scenario, *, now: Callable[[], datetime], say: Say = lambda _: None
    ) -> None:
        self.machine, self.scenario = machine, scenario
        self.told: Counter[str] = Counter()
        self._now, self._say, self._rng = now, say, Random(scenario.seed)  # noqa: S311 - a behaviour, not a secret
        self.go_down(scenario.down)
        self._position = 0
        self._handoffs: set[UUID] = set()
        self._over: set[UUID] = set()
        self._loans: dict[UUID, LoanStage] = {}
        self._sequences: dict[UUID, int] = {}
        self._lent: dict[UUID, Seen] = {}
        self._statements_told: set[str] = set()

    @property
    def is_down(self) -> bool:
        """Whether it neither acts nor takes a delivery now."""
        return self._now() < self._up_at

    def go_down(self, duration: timedelta) -> None:
        """Neither acts nor takes a delivery for so long."""
        self._up_at = self._now() + duration

    def hear(self, event: Json) -> None:
        """Takes an event in, delivered or read, once or often. Of a loan, what is older than what is known is over."""
        data = event["data"]
        handoff_id = UUID(data["handoff_id"])
        self._handoffs.add(handoff_id)
        self._over.discard(handoff_id)
        if event["type"].startswith("loan.") and data["sequence"] > self._sequences.get(handoff_id, 0):
            self._sequences[handoff_id] = data["sequence"]
            self._loans[handoff_id] = LoanStage(data["status"])

    async def catch_up(self) -> None:
        """Reads the events that it has not read, and its inbox. Raises SimulatorRefused, NoAnswer."""
        while True:
            page = (await self.machine.read("/partner/events", after=self._position)).json()["items"]
            for event in page:
                self.hear(event)
                self._position = event["data"]["position"]
            if not page:
                break
        inbox = await self.machine.all("/partner/handoffs", InboxItem)
        self._handoffs.update(item.id for item in inbox)
        self._over -= {item.id for item in inbox if item.check_wanted}

    async def act(self) -> int:
        """Tells what is to be told of all that it knows; how much of it the service had not been told before.

        Raises SimulatorRefused, NoAnswer.
        """
        if self.is_down:
            return 0
        told = 0
        for handoff_id in self._in_turn(sorted(self._handoffs - self._over)):
            seen = await self._look(handoff_id)
            for push in next_actions(seen, self.scenario, self._rng, today=self._today()):
                told += (await self._tell(push)).count("recorded")
        for push in self._in_turn(statements(list(self._lent.values()), self.scenario, today=self._today())):
            if push.key not in self._statements_told:
                outcomes = await self._tell(push)
                told += outcomes.count("recorded")
                if _TAKEN.issuperset(outcomes):
                    self._statements_told.add(push.key)
        return told

    def _in_turn(self, items: Iterable[Any]) -> list[Any]:
        turn = list(items)
        if self.scenario.reorder:
            self._rng.shuffle(turn)
        return turn

    def _today(self) -> date:
        return self._now().astimezone(PARIS).date()

    async def _look(self, handoff_id: UUID) -> Seen:
        handoff = await self.machine.get(f"/partner/handoffs/{handoff_id}", InboxRead)
        lends = handoff.kind is HandoffKind.LOAN_FILE and handoff.payload is not None
        product = await self._product(handoff) if lends else None
        seen = Seen(handoff, self._loans.get(handoff_id), product)
        if seen.loan is LoanStage.DISBURSED and (handoff_id in self._lent or await self._has_offered(handoff_id)):
            self._lent[handoff_id] = seen
        is_answered = handoff.kind is not HandoffKind.LOAN_FILE and handoff.status is HandoffStatus.ACCEPTED
        if handoff.status in _OVER or (is_answered and not handoff.check_wanted):
            self._over.add(handoff_id)
        return seen

    async def _has_offered(self, handoff_id: UUID) -> bool:
        """Whether the loan is one that it offered: it knows the rows of no other."""
        loan = await self.machine.get(f"/partner/loans/{handoff_id}", LenderLoanRead)
        return loan.number == offer_number(handoff_id)

    async def _product(self, handoff: InboxRead) -> Product | None:
        """What the CCAS publishes of the product that a partner lends, on the day of its endorsement."""
        on = (handoff.payload or {})["endorsement"]["decided_on"]
        rules = await self.machine.get(f"/tenants/{handoff.tenant}/rules", RuleVersionRead, on=on)
        return next((product for product in rules.products if product.lending is Lending.PARTNER), None)

    async def _tell(self, push: Push) -> list[str]:
        response = await self.machine.push(push)
        first = self._count(push, response)
        if self.scenario.repeat:
            self._count(push, await self.machine.push(push))
            self._count(push, await self.machine.push(push, key=f"{push.key}-again"))
        return first

    def _count(self, push: Push, response: Response) -> list[str]:
        outcomes = _outcomes(response)
        self.told.update(outcomes)
        self._say(f"{push.title}: {', '.join(sorted(set(outcomes)))}")
        return outcomes


def _outcomes(response: Response) -> list[str]:
    """What became of a push, or of each of its lines: `recorded`, `known`, `replayed`, or the code of a refusal."""
    body = response.json()
    if not response.is_success:
        return [str(body.get("code", response.status_code))]
    # A replay to whoever had to ask again is the first answer, which was lost.
    if "Idempotency-Replayed" in response.headers and response.extensions[TRIES] == 1:
        return ["replayed"]
    if "items" in body:
        return [item["error"]["code"] if item["error"] else item["status"] for item in body["items"]]
    return ["known" if body.get("status") == "known" or body.get("known") else "recorded"]
