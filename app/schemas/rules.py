"""Rules as they are sent: read by the classes of the domain, as strictly as the file of a tenant."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.domain.committees import MEMBERS_MAX, CommissionRule, VoteKeeping
from app.domain.products import Product
from app.domain.rules import Index
from app.schemas.base import Input, RatePercent

PRODUCTS_MAX, INDEXES_MAX = 20, 50
_DEPTH_MAX, _TEXT_MAX = 10, 4_000
# No amount, rate or coefficient of any rules comes near; what is computed with one stays small.
_FIGURE_MAX, _DECIMALS_MAX = 10**12, 12

_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

Place = tuple[str | int, ...]
# Without a null: the framework leaves them out of the document, and every rule is named, be it null.
_EXAMPLE = {
    "code": "microcredit", "name": "Microcrédit", "lending": "own_funds",
    "lender": {"code": "ccas", "name": "CCAS"}, "amount_cents_min": 30_000, "amount_cents_max": 300_000,
    "duration_months_max": 36, "rate_percent": "0", "interest_borne_by": "nobody", "guarantees": [], "ficp": "accepted",
    "deciding_body": "commission", "rounding": {"unit_cents": 100, "mode": "up", "remainder_on": ["last"]},
    "grant": {"with_loan": True, "alone": False}, "purposes": ["employment"], "applicant_age_min": 18,
    "minor_children_max": 12, "fast_track": False, "signed_by": ["borrower", "ccas"], "commitment": "written",
    "payee": "supplier", "collected_by": "public_accountant", "not_stated": [], "sources": {},
}  # fmt: skip
_INDEX_EXAMPLE = {"code": "rsa", "name": "RSA", "unit": "cents", "values": []}


def _read(adapter: TypeAdapter[Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise PydanticCustomError("list_type", "a list")
        _refuse(_unfit(value, ()))
        read_value = adapter.validate_json(json.dumps(value))
        check_decimals(value, read_value)
        return read_value

    return read


def _unfit(value: Any, place: Place) -> Iterator[tuple[Place, PydanticCustomError]]:
    """What no rule can be: too deep, a text too long or that the database cannot keep, a number with a point."""
    if len(place) > _DEPTH_MAX:
        yield place, PydanticCustomError("not_one_of", "too deep", {"expected": "null"})
    elif isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(step, str):
                yield from _unfit_text(step, place)
            yield from _unfit(item, (*place, step))
    elif isinstance(value, str):
        yield from _unfit_text(value, place)
    elif isinstance(value, float):
        yield place, PydanticCustomError("decimal_not_text", "a decimal is written in quotation marks")


def _unfit_text(text: str, place: Place) -> Iterator[tuple[Place, PydanticCustomError]]:
    if "\0" in text:
        yield place, PydanticCustomError("control_character", "no control characters here")
    if len(text) > _TEXT_MAX:
        yield place, PydanticCustomError("too_long", "too long", {"max_length": _TEXT_MAX})


def check_decimals(written: Any, whole: Any) -> None:
    """Raises ValidationError for the decimals of rules that were read from texts of another form than « -1.5 »: Python
    also reads « 1_0 », « +1 », « 1e0 » and the digits of every script.
    """
    _refuse(_odd_decimals(written, whole, ()))


def _odd_decimals(written: Any, whole: Any, place: Place) -> Iterator[tuple[Place, PydanticCustomError]]:
    if isinstance(whole, Decimal):
        if isinstance(written, str) and not _DECIMAL.fullmatch(written):
            yield place, PydanticCustomError("decimal_not_text", "a decimal is written in digits, with a point")
    elif is_dataclass(whole):
        for name in written:
            yield from _odd_decimals(written[name], getattr(whole, name), (*place, name))
    elif isinstance(whole, tuple):
        for number, (item, read_item) in enumerate(zip(written, whole, strict=True)):
            yield from _odd_decimals(item, read_item, (*place, number))


def _bounded(value: Any) -> Any:
    _refuse(_beyond(value, ()))
    return value


def _beyond(value: Any, place: Place) -> Iterator[tuple[Place, PydanticCustomError]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from _beyond(getattr(value, field.name), (*place, field.name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _beyond(item, (*place, number))
    elif not _is_plain(value):
        yield place, PydanticCustomError("too_large", "too large", {"le": _FIGURE_MAX})


def _is_plain(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= _FIGURE_MAX
    if not isinstance(value, Decimal):
        return True
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_DECIMALS_MAX and (not value or value.adjusted() < _DECIMALS_MAX)


def _refuse(found: Iterator[tuple[Place, PydanticCustomError]]) -> None:
    lines = [InitErrorDetails(type=fault, loc=place, input=None) for place, fault in found]
    if lines:
        raise ValidationError.from_exception_data("rules", lines)


def _described(what: str, example: dict[str, Any], most: int, least: int = 0) -> WithJsonSchema:
    items = {"title": what, "description": f"as in `RuleVersionRead` (schema `{what}`)", "examples": [example]}
    return WithJsonSchema({"type": "array", "items": items, "minItems": least, "maxItems": most})


Products = Annotated[
    tuple[Product, ...],
    Field(min_length=1, max_length=PRODUCTS_MAX),
    AfterValidator(_bounded),
    BeforeValidator(_read(TypeAdapter(tuple[Product, ...]))),
    _described("Product", _EXAMPLE, PRODUCTS_MAX, least=1),
]
Indexes = Annotated[
    tuple[Index, ...],
    Field(max_length=INDEXES_MAX),
    AfterValidator(_bounded),
    BeforeValidator(_read(TypeAdapter(tuple[Index, ...]))),
    _described("Index", _INDEX_EXAMPLE, INDEXES_MAX),
]


class CommissionRuleCreate(Input):
    """How the commission deliberates; what is null is not stated, and nothing is checked."""

    quorum_members_min: Annotated[int, Field(strict=True, ge=1, le=MEMBERS_MAX)] | None = None
    quorum_percent: RatePercent | None = None
    votes: VoteKeeping | None = None
    session_required: Annotated[bool, Field(strict=True)] | None = None
    pages_anonymised: Annotated[bool, Field(strict=True)] | None = None

    def rule(self) -> CommissionRule:
        """The same as the rules say it."""
        return CommissionRule(**dict(self))
