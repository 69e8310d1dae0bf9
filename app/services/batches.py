"""Many items in one request: each on its own savepoint, each answered, none undone by another."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import messages
from app.database import savepoint
from app.domain.errors import FieldFault, Invalid, MicrocreditError
from app.domain.permissions import Caller
from app.messages import Language
from app.schemas.batches import BatchRead, FaultRead, ItemAnswer, ItemError, Malformed

Item = TypeVar("Item")
# What an item became: its identifier, and whether it was told before.
Recorded = tuple[UUID, bool]


async def each(
    session: AsyncSession,
    items: Sequence[Item],
    record: Callable[[Item], Awaitable[Recorded]],
    *,
    numbers: Sequence[int] | None = None,
    order: Callable[[Item], str],
    caller: Caller,
    language: Language,
) -> BatchRead:
    """Records the items in one order, one batch of a partner or a tenant at a time: two never wait for each other both
    ways.

    The answers stand in the order of the items, whose numbers are their places unless given. An item that is refused
    leaves nothing behind.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_turn(caller))))
    numbered = list(enumerate(items) if numbers is None else zip(numbers, items, strict=True))
    malformed = [(index, item) for index, item in numbered if isinstance(item, Malformed)]
    answers = {index: _refused(index, _pointed(index, item), language) for index, item in malformed}
    readable = [(index, item) for index, item in numbered if not isinstance(item, Malformed)]
    for index, item in sorted(readable, key=lambda numbered: order(numbered[1])):
        try:
            async with savepoint(session):
                identifier, known = await record(item)
        except MicrocreditError as refusal:
            answers[index] = _refused(index, refusal, language)
        else:
            status = "known" if known else "recorded"
            answers[index] = ItemAnswer(index=index, status=status, id=identifier, error=None)
    return BatchRead(items=[answers[index] for index, _ in numbered])


def _turn(caller: Caller) -> int:
    """The lock that the batches of a partner, or of a tenant's staff, take in turn."""
    whose = caller.partner_id or caller.tenant_id
    return int.from_bytes(sha256(f"batch/{whose}".encode()).digest()[:8], "big", signed=True)


def _pointed(index: int, item: Malformed) -> Invalid:
    """The faults with pointers that start at the body."""
    return Invalid(
        *(FieldFault(f"/body/items/{index}{fault.pointer}", fault.code, fault.bounds) for fault in item.faults)
    )


def _refused(index: int, refusal: MicrocreditError, language: Language) -> ItemAnswer:
    faults = refusal.faults if isinstance(refusal, Invalid) else ()
    error = ItemError(
        code=refusal.code,
        detail=messages.of_error(refusal, language),
        errors=[
            FaultRead(pointer=fault.pointer, code=fault.code, message=messages.of_fault(fault, language))
            for fault in faults
        ],
    )
    return ItemAnswer(index=index, status="refused", id=None, error=error)
