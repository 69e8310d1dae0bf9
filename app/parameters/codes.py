"""The lists of codes that people, requests and decisions are told with, and their labels."""

from functools import cache
from pathlib import Path
from typing import Any

from app.parameters.yaml_file import load_yaml


@cache
def _sections() -> dict[str, dict[str, dict[str, Any]]]:
    sections: dict[str, dict[str, dict[str, Any]]] = {}
    for name in ("codes.yaml", "countries.yaml"):
        sections |= load_yaml(Path(__file__).with_name(name))
    return sections


@cache
def codes(section: str) -> frozenset[str]:
    """The codes of a section (`purposes`, `reasons`, ...). Raises KeyError for an unknown section."""
    return frozenset(_sections()[section])


def label(section: str, code: str, language: str) -> str:
    """What people read for a code, in `fr` or `en`. Raises KeyError for what is unknown."""
    text: str = _sections()[section][code][language]
    return text


@cache
def reasons_for(act: str) -> frozenset[str]:
    """The reasons that fit an act: `refuse`, `adjourn`, `close`, or `give` for an aid other than the one asked."""
    return frozenset(code for code, reason in _sections()["reasons"].items() if act in reason["for"])
