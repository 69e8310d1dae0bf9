"""Fields that take one code of the project's lists (`app/parameters/codes.yaml`)."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from app.parameters.codes import codes, reasons_for


def _code_of(section: str, known: frozenset[str]) -> Any:
    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError("unknown_code", "not a code of {list}", {"list": section})
        return value

    enum: list[JsonValue] = [*sorted(known)]
    return Annotated[str, Field(strict=True, json_schema_extra={"enum": enum}), AfterValidator(check)]


Purpose = _code_of("purposes", codes("purposes"))
Channel = _code_of("channels", codes("channels"))
OtherAnswerKind = _code_of("other_answers", codes("other_answers"))
DecisionReason = _code_of("reasons", reasons_for("refuse") | reasons_for("adjourn"))
ClosingReason = _code_of("reasons", reasons_for("close"))
ExceptionalReason = _code_of("exceptions", codes("exceptions"))
ResourceKind = _code_of("resource_kinds", codes("resource_kinds"))
ChargeKind = _code_of("charge_kinds", codes("charge_kinds"))
