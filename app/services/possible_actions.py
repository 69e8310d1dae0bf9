"""Actions as they are told to a caller: allowed, or why not."""

from collections.abc import Awaitable, Mapping
from datetime import date
from types import MappingProxyType

from app.domain.errors import IllegalTransition, MicrocreditError, RequestLocked
from app.domain.operation_roles import allows
from app.domain.permissions import Caller
from app.schemas.requests import ActionList, ActionRead


async def refusals(guard: Awaitable[object]) -> list[str]:
    """The code of what a guard raises, `state` where it is not the time; none where it raises nothing."""
    try:
        await guard
    except (IllegalTransition, RequestLocked):
        return ["state"]
    except MicrocreditError as refused:
        return [refused.code]
    return []


def listed(
    caller: Caller,
    operations: Mapping[str, str],
    obstacles: Mapping[str, list[str]],
    days: Mapping[str, tuple[date | None, date | None]] = MappingProxyType({}),
) -> ActionList:
    """The actions with the reasons against each, `role` first, and the days between which each is possible."""
    items = []
    for action, operation in operations.items():
        reasons = ([] if allows(caller.roles, operation) else ["role"]) + obstacles[action]
        first, last = days.get(action, (None, None))
        items.append(ActionRead(action=action, allowed=not reasons, reasons=reasons, not_before=first, not_after=last))
    return ActionList(items=items)
