"""Many items in one request, each answered for itself."""

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.domain.errors import FieldFault
from app.schemas.base import Output
from app.schemas.faults import faults_of

ITEMS_MAX = 500

Item = TypeVar("Item")


class Malformed:
    """An item whose fields fail: it is refused alone, the others have their effect."""

    def __init__(self, faults: list[FieldFault]) -> None:
        self.faults = faults


def _or_malformed(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        return Malformed(faults_of(error.errors()))


# Typed as the item: what is read is the item, or Malformed in its place.
OrMalformed = Annotated[Item, WrapValidator(_or_malformed)]


class FaultRead(Output):
    """What is wrong with one field of an item; the pointer starts at the body."""

    pointer: str
    code: str
    message: str


class ItemError(Output):
    """Why an item was refused; `code` is that of the refusal of a single request."""

    code: str
    detail: str
    errors: list[FaultRead]


class ItemAnswer(Output):
    """The answer to one item: `recorded`, `known` (told before, nothing changed), or `refused` with its error."""

    index: int
    status: Literal["recorded", "known", "refused"]
    id: UUID | None
    error: ItemError | None


class BatchRead(Output):
    """The answers in the order of the items."""

    items: list[ItemAnswer]
