"""National law and usury thresholds, from their YAML to the types of the domain; read once."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.domain.national_law import Law, NationalLaw, Parameter
from app.domain.usury import UsuryClasses, UsuryPeriod, UsuryTable
from app.parameters.yaml_file import YamlFault, load_yaml

_FOLDER = Path(__file__).parent
_PARAMETERS = TypeAdapter(dict[Law, Parameter])
_CLASSES = TypeAdapter(tuple[UsuryClasses, ...])
_PERIODS = TypeAdapter(tuple[UsuryPeriod, ...])


@cache
def national_law() -> NationalLaw:
    """`national_law.yaml`. Raises YamlFault if the file is broken."""
    return read_national_law(_FOLDER / "national_law.yaml")


@cache
def usury_table() -> UsuryTable:
    """`usury.yaml`. Raises YamlFault if the file is broken."""
    return read_usury_table(_FOLDER / "usury.yaml")


def read_national_law(path: Path) -> NationalLaw:
    """National law as a file of this form gives it. Raises YamlFault."""
    content = _mapping(path)
    try:
        return NationalLaw(_PARAMETERS.validate_json(_json(content), strict=True))
    except ValueError as fault:
        raise _fault(path, fault) from fault


def read_usury_table(path: Path) -> UsuryTable:
    """The thresholds as a file of this form gives them. Raises YamlFault."""
    content = _mapping(path)
    try:
        return UsuryTable(
            classes=_CLASSES.validate_json(_json(content.get("classes"))),
            periods=_PERIODS.validate_json(_json([_spelt_out(period) for period in content.get("periods") or ()])),
        )
    except ValueError as fault:
        raise _fault(path, fault) from fault


def _spelt_out(period: Any) -> Any:
    """A period whose thresholds are all objects: a rate alone stands for `{percent}`."""
    if not isinstance(period, dict) or not isinstance(period.get("thresholds"), dict):
        return period
    cells = {
        category: {"percent": cell} if isinstance(cell, str) else cell
        for category, cell in period["thresholds"].items()
    }
    return period | {"thresholds": cells}


def _mapping(path: Path) -> dict[str, Any]:
    content = load_yaml(path)
    if not isinstance(content, dict):
        raise YamlFault(path, None, "the file is not a mapping")
    return content


def _json(content: Any) -> str:
    # Strict types read decimals and dates from JSON text, where YAML has already made Python objects of dates.
    return json.dumps(content, default=date.isoformat)


def _fault(path: Path, fault: ValueError) -> YamlFault:
    if not isinstance(fault, ValidationError):
        return YamlFault(path, None, str(fault))
    places = (".".join(str(step) for step in error["loc"]) + ": " + error["msg"] for error in fault.errors())
    return YamlFault(path, None, "; ".join(places))
