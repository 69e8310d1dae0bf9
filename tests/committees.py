"""Committees and their sessions, as tests need them."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from tests.support import APPROVAL, Ccas, Databases, Json, Staff, ok

HELD_ON = APPROVAL["decided_on"]


@dataclass(frozen=True)
class Sitting:
    """A session of a committee whose chair is the decider of the CCAS, with another vote and a voice."""

    ccas: Ccas
    path: str
    committee: str
    chair: str
    voter: str
    voice: str

    @property
    def id(self) -> str:
        """The identifier of the session."""
        return self.path.rpartition("/")[2]

    async def act(self, action: str, body: Any = None, *, by: Staff | None = None) -> Json:
        """One act of the agent, or of somebody else."""
        return await ok((by or self.ccas.agent).post(f"{self.path}/{action}", body))

    async def seat(self, **statuses: str) -> Json:
        """What is known of the members, by their part: chair, voter, voice."""
        members = [{"member_id": getattr(self, part), "status": status} for part, status in statuses.items()]
        return await self.act("attendances", {"members": members})

    async def opened(self) -> "Sitting":
        """The session convened, all three there, and begun."""
        await self.convened()
        await self.seat(chair="present", voter="present", voice="present")
        await self.act("open", {})
        return self

    async def convened(self) -> "Sitting":
        """The session convened."""
        await self.act("convene", {"convened_on": "2011-01-10"})
        return self

    async def agenda(self, by: Staff | None = None) -> list[Json]:
        """The items as they stand."""
        return list((await ok((by or self.ccas.agent).get(f"{self.path}/agenda")))["items"])


async def committee_of(ccas: Ccas) -> tuple[str, dict[str, str]]:
    """The path of a committee, and the identifiers of its chair, of another vote and of a voice, since 2009."""
    body = {"name": "Commission permanente", "reference": "Délibération du 1er octobre 2009"}
    path = f"/committees/{(await ok(ccas.manager.post('/committees', body)))['id']}"
    parts: dict[str, Json] = {
        "chair": {
            "name": "La présidente",
            "capacity": "voting",
            "chair": True,
            "account_id": str(ccas.decider.account_id),
        },
        "voter": {"name": "Un élu", "capacity": "voting"},
        "voice": {"name": "Une associée", "capacity": "advisory"},
    }
    members = {}
    for part, member in parts.items():
        term = {**member, "term_from": "2009-10-01"}
        members[part] = str((await ok(ccas.manager.post(f"{path}/members", term)))["id"])
    return path, members


async def session_of(
    ccas: Ccas, *, held_on: str = HELD_ON, committee: tuple[str, dict[str, str]] | None = None
) -> Sitting:
    """A session planned for a day, of a committee of its own unless one is given."""
    path, members = committee or await committee_of(ccas)
    session = await ok(ccas.agent.post(f"{path}/sessions", {"held_on": held_on, "place": "Salle du conseil"}))
    return Sitting(ccas, f"{path}/sessions/{session['id']}", path, **members)


def with_rule(databases: Databases, ccas: Ccas, **rule: Any) -> None:
    """Writes how the commission deliberates into all the versions of the rules, which only tests may change."""
    engine = databases.owner()
    with engine.begin() as connection:
        connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})
        connection.execute(text("alter table rule_versions disable trigger only_closed"))
        written = text("update rule_versions set commission = cast(:rule as jsonb)")
        connection.execute(written, {"rule": json.dumps(rule)})
        connection.execute(text("alter table rule_versions enable trigger only_closed"))
    engine.dispose()


async def settled(sitting: Sitting, request_id: str, decision: Json) -> str:
    """The identifier of the decision by which a session settles a file on its agenda."""
    body = {**decision, "session_id": sitting.id}
    return str((await ok(sitting.ccas.decider.post(f"/requests/{request_id}/decisions", body)))["id"])


async def ahead_of(ccas: Ccas, *, held_on: str) -> Sitting:
    """A session open, with what was decided ahead of it on its agenda."""
    return await (await session_of(ccas, held_on=held_on)).opened()
