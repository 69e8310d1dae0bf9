"""From Pydantic's errors to ours: where, which stable code, which bounds; never the value that was sent."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.domain.errors import FieldFault
from app.schemas.base import FORMS

_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "unexpected_keyword_argument": "unknown_field",
    "int_type": "not_an_integer",
    "int_parsing": "not_an_integer",
    "int_parsing_size": "not_an_integer",
    "int_from_float": "not_an_integer",
    "string_type": "not_text",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "too_long": "too_long",
    "string_pattern_mismatch": "bad_form",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "enum": "not_one_of",
    "union_tag_invalid": "not_one_of",
    "union_tag_not_found": "missing",
    "literal_error": "not_one_of",
    "list_type": "not_a_list",
    "model_type": "not_an_object",
    "dataclass_type": "not_an_object",
    "tuple_type": "not_a_list",
    "decimal_type": "not_a_decimal",
    "decimal_parsing": "not_a_decimal",
    "decimal_not_text": "not_a_decimal",
    "finite_number": "not_a_decimal",
    "date_type": "not_a_day",
    "date_parsing": "not_a_day",
    "date_from_datetime_parsing": "not_a_day",
    "date_from_datetime_inexact": "not_a_day",
    "model_attributes_type": "not_an_object",
    "dict_type": "not_an_object",
    "bool_type": "not_a_boolean",
}

# What a message may name: limits of ours, never what was sent.
_BOUNDS = ("ge", "le", "min_length", "max_length", "expected", "expected_tags", "list")

_NAMES = {"expected_tags": "expected"}
# As Pydantic writes the bounds of a day, and the members of an enumeration.
_DAY = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")
_MEMBER = re.compile(r"<\w+\.\w+: ('\w+')>")
# A name that a sender made up may be a sentence: it is pointed at only where it looks like a name of ours.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}", re.ASCII)


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    """The faults of Pydantic errors as FastAPI reports them."""
    return [_fault(error) for error in errors]


def _fault(error: Mapping[str, Any]) -> FieldFault:
    context = error.get("ctx") or {}
    code = context.get("fault") or FORMS.get(context.get("pattern", "")) or _CODES.get(error["type"], error["type"])
    bounds = {_NAMES.get(name, name): _plain(context[name]) for name in _BOUNDS if name in context}
    return FieldFault(pointer=_pointer(_place(error)), code=code, bounds=bounds)


def _place(error: Mapping[str, Any]) -> Sequence[str | int]:
    """Where the fault is; of an object whose kind is wrong or missing, the field that says its kind; of a field that
    there is not and whose name is none, its object.
    """
    kind = (error.get("ctx") or {}).get("discriminator")
    if kind:
        return [*error["loc"], kind.strip("'")]
    *place, last = error["loc"] or [""]
    made_up = error["type"] == "extra_forbidden" and not _NAME.fullmatch(str(last))
    return place if made_up else error["loc"]


def _plain(bound: Any) -> Any:
    day = _DAY.fullmatch(str(bound))
    if day:
        return date(*map(int, day.groups())).isoformat()
    return bound if isinstance(bound, int) else _MEMBER.sub(r"\1", str(bound))


def _pointer(location: Sequence[str | int]) -> str:
    """`/body/loan/amount_cents`: RFC 6901, starting with the part of the request."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)
