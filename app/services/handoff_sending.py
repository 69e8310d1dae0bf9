"""The leaving of a handoff, whatever it is of: its exact text is kept, and it lies in the partner's inbox."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.handoff_lifecycle import HandoffAction
from app.domain.permissions import Caller
from app.services import handoff_payloads, handoff_routes, handoff_steps
from app.tables import Handoff


async def send(session: AsyncSession, handoff: Handoff, *, caller: Caller, effect_on: date) -> None:
    """Sends a handoff that is ready and not kept yet."""
    payload = await handoff_payloads.write(session, handoff)
    session.add(handoff)
    await session.flush()  # what follows refers to the handoff through foreign keys without an ORM relation
    session.add(payload)
    await handoff_steps.move(session, handoff, HandoffAction.SEND, caller=caller, effect_on=effect_on)
    await handoff_routes.open_way(session, handoff)


async def send_again(session: AsyncSession, handoff: Handoff) -> None:
    """Keeps one more text, which the lender reads from now on. Raises PayloadUnchanged."""
    session.add(await handoff_payloads.write(session, handoff))
