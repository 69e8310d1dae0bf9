"""The types of fields and the two kinds of models: what is read strictly, what is written plainly."""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.dates import DAY_MAX, DAY_MIN
from app.domain.money import percent_text

CENTS_MAX = 100_000_000_00

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RATE = re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_DIGITS = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# PostgreSQL stores no NUL; long texts may hold line breaks.
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _read_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("not_a_day", "a date is written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("not_a_day", "no such day") from None


def _read_uuid(value: Any) -> Any:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise PydanticCustomError("not_an_identifier", "an identifier is a UUID")
    return UUID(value)


def _read_digits(value: Any) -> Any:
    # Pydantic would take « +5 », « 5.0 » and « 1_0 ».
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise PydanticCustomError("int_parsing", "a whole number is written in digits")
    return value


def _read_rate(value: Any) -> Any:
    if not isinstance(value, str) or not _RATE.fullmatch(value):
        raise PydanticCustomError("not_a_rate", "a rate is a decimal in quotation marks, in percent")
    return Decimal(value)


def _read_instant(value: Any) -> Any:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("not_an_instant", "an instant is written 2011-05-17T09:30:00Z")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_an_instant", "no such instant") from None
    if not DAY_MIN <= instant.date() <= DAY_MAX:
        raise PydanticCustomError("not_an_instant", "no such instant")
    return instant


# Controls, invisible formatting and line separators: a name or a reference must look like what it is.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


def _tidy(value: str) -> str:
    # « R1 » and « R1 » with a space after it are one reference, é in one or in two characters is one letter.
    return unicodedata.normalize("NFC", value.strip())


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) in _UNSEEN for character in value):
        raise PydanticCustomError("control_character", "no control characters here")
    return value


def _some_lines(value: str) -> str:
    if _CONTROLS_BUT_LINES.search(value):
        raise PydanticCustomError("control_character", "no control characters here")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "not only spaces")
    return value


ShortLine = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=100),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
    AfterValidator(_tidy),
]
Line = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
    AfterValidator(_not_blank),
    AfterValidator(_tidy),
]
Password = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Prose = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=4000),
    AfterValidator(_some_lines),
    AfterValidator(_not_blank),
]
Cents = Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX, description="whole cents")]
PositiveCents = Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX, description="whole cents")]
Months = Annotated[int, Field(strict=True, ge=1, le=120)]
Day = Annotated[
    date,
    BeforeValidator(_read_day),
    Field(ge=DAY_MIN, le=DAY_MAX),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2011-05-17"]}),
]
InstalmentRef = Annotated[
    int, Field(strict=True, ge=1, le=10_000, description="the permanent number of an instalment within its loan")
]
AnchorDay = Annotated[int, Field(strict=True, ge=1, le=31, description="the day of the month of the instalments")]
Id = Annotated[UUID, BeforeValidator(_read_uuid, json_schema_input_type=UUID)]
Percent = Annotated[
    Decimal,
    PlainSerializer(percent_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d{1,6})?$", "examples": ["6.2"]}),
]
RatePercent = Annotated[
    Decimal,
    BeforeValidator(_read_rate),
    Field(ge=0, le=100),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d{1,6})?$", "examples": ["6.20"]}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_read_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2011-05-17T09:30:00Z"]}),
]
# References and hashes that machines give: nothing that could carry a sentence.
_REFERENCE, _SHA256 = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$", r"^[0-9a-f]{64}$"
MachineReference = Annotated[str, Field(strict=True, pattern=_REFERENCE, examples=["C-2011-7"])]
PartnerCode = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{1,62}$", examples=["credit_mutuel"])]
Sha256 = Annotated[str, Field(strict=True, pattern=_SHA256, examples=["0" * 64])]
InseeCode = Annotated[str, Field(strict=True, pattern=r"^([0-9]{2}|2[AB])[0-9]{3}$", examples=["25056"])]
Phone = Annotated[str, Field(strict=True, pattern=r"^\+?[0-9][0-9 .]{5,18}$", max_length=20)]
Email = Annotated[
    str, Field(strict=True, pattern=r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,189}$", max_length=254)
]
# The faults that say which form a text should have had.
FORMS = {_REFERENCE: "not_a_reference", _SHA256: "not_a_sha256"}
# For integers of a query, which come as text.
InDigits = BeforeValidator(_read_digits)
Limit = Annotated[int, Field(ge=1, le=100), InDigits]
Cursor = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]


class Input(BaseModel):
    """What a caller sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """What the service answers. Fields have no defaults: every one is always there."""

    model_config = ConfigDict(from_attributes=True)


class Resource(Output):
    """One thing that can be read alone. Its ETag is its version, to be sent back in If-Match."""

    version: int

    def etag(self) -> str:
        """The strong ETag of this representation."""
        return f'"{self.version}"'


class PageQuery(Input):
    """Where to go on in a list, and how far."""

    limit: Limit = 25
    cursor: Cursor | None = None


Item = TypeVar("Item", bound=Output)


class Page(Output, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None
