"""What the tests of webhooks speak with: a bank with handoffs, its endpoints, and workers whose clock is the test's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from app.commands.worker import Worker, drain
from app.database import open_engine, open_sessions
from app.partners.webhooks import Sender
from tests.lenders import Lender, lender_of, sent
from tests.receivers import Receiver
from tests.support import ENCRYPTION_KEYS, Ccas, Databases, Json, ok


@dataclass
class Clock:
    """What workers take for now."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **spans: float) -> None:
        """Time goes by."""
        self.at += timedelta(**spans)


@dataclass(frozen=True)
class Bank:
    """A partner with files handed over to it."""

    databases: Databases
    ccas: Ccas
    lender: Lender
    handoffs: list[str]
    id: UUID

    async def webhook(self, receiver: Receiver, **changes: str) -> Json:
        """An endpoint of it that is told of what happens from now on."""
        return await ok(self.lender.post("/partner/webhooks", {"url": receiver.url, **changes}))

    def happens(self, *handoffs: str) -> None:
        """Something befalls each of the handoffs, in this order and each in its own transaction."""
        engine = self.databases.owner()
        values = {"tenant": self.ccas.id, "partner": self.id}
        for handoff in handoffs:
            with engine.begin() as owner:
                owner.execute(text("select set_config('app.tenant_id', :tenant, true)"), {"tenant": str(self.ccas.id)})
                owner.execute(
                    text(
                        "insert into events (tenant_id, id, subject, subject_id, kind, status, handoff_id, partner_id,"
                        " entered_at) values (:tenant, :id, 'handoff', :handoff, 'handoff.received', 'received',"
                        " :handoff, :partner, now())"
                    ),
                    {**values, "id": uuid4(), "handoff": handoff},
                )
        engine.dispose()

    async def deliveries(self, webhook: Json, **query: str) -> list[Json]:
        """The log of an endpoint, oldest first."""
        page = await ok(self.lender.get(f"/partner/webhooks/{webhook['id']}/deliveries", limit=100, **query))
        return list(reversed(page["items"]))

    async def events(self) -> list[Json]:
        """What the bank reads without any webhook."""
        return list((await ok(self.lender.get("/partner/events", limit=500)))["items"])


async def bank_of(databases: Databases, ccas: Ccas, *, handoffs: int = 1) -> Bank:
    """The lender of a CCAS, to which files were handed over before it has any endpoint."""
    files = [str((await sent(ccas, None, 200_000, 24))["id"]) for _ in range(handoffs)]
    return Bank(databases, ccas, lender_of(databases, ccas), files, partner_id(databases, ccas.lender))


def partner_id(databases: Databases, code: str) -> UUID:
    """The identifier of a partner."""
    engine = databases.owner()
    with engine.connect() as owner:
        found = owner.execute(text("select id from partners where code = :code"), {"code": code}).scalar_one()
    engine.dispose()
    return UUID(str(found))


@asynccontextmanager
async def worker_for(bank: Bank, clock: Clock | None = None, *, chance: float = 0) -> AsyncIterator[Worker]:
    """A worker for one bank, with connections of its own."""
    engine = open_engine(bank.databases.app_url, pool_size=5, pool_wait_seconds=30)
    yield Worker(
        sessions=open_sessions(engine),
        sender=Sender(loopback_allowed=True),
        keys=ENCRYPTION_KEYS,
        partner=bank.ccas.lender,
        now=clock or Clock(),
        chance=lambda: chance,
    )
    await engine.dispose()


async def logged(databases: Databases, ccas: Ccas, handoff_id: str) -> dict[str, str]:
    """The identifiers of an endpoint to which two events could not be sent, beside another one, and of a delivery."""
    bank = Bank(databases, ccas, lender_of(databases, ccas), [handoff_id], partner_id(databases, ccas.lender))
    webhook, _ = [
        await ok(bank.lender.post("/partner/webhooks", {"url": "https://banque.example/microcredit"})) for _ in range(2)
    ]
    bank.happens(handoff_id, handoff_id)

    async def inside(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async with worker_for(bank) as worker:
        worker.sender = Sender(loopback_allowed=False, resolve=inside)
        await drain(worker)
    log = await bank.deliveries(webhook)
    assert [len(delivery["attempts"]) for delivery in log] == [1, 0]
    return {"webhook_id": str(webhook["id"]), "delivery_id": str(log[0]["id"])}


async def worked(bank: Bank, clock: Clock | None = None, *, chance: float = 0) -> tuple[int, int]:
    """What a worker that sends all that is due comes to: delivered, failed."""
    async with worker_for(bank, clock, chance=chance) as worker:
        await drain(worker)
        return worker.delivered, worker.failed
