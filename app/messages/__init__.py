"""What people read: French by default, English when asked. English errors are the docstrings of their classes."""

from collections.abc import Mapping
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal

from app.domain.errors import Breach, FieldFault, MicrocreditError
from app.parameters.yaml_file import load_yaml

Language = Literal["fr", "en"]


def of_error(error: MicrocreditError, language: Language) -> str:
    """The sentence that tells a refusal."""
    template = cleandoc(type(error).__doc__ or "") if language == "en" else _texts("fr")["errors"][error.code]
    return _filled(template, error.facts)


def of_fault(fault: FieldFault, language: Language) -> str:
    """The sentence that tells what is wrong with a field, with its bounds."""
    texts = _texts(language)["faults"]
    return _filled(texts.get(fault.code, texts["invalid"]), fault.bounds)


def of_breach(breach: Breach, language: Language) -> str:
    """The sentence that tells which rule was not met. `amounts` are told in cents, as in the data."""
    template = _texts(language)["rules"][breach.rule]
    limit = ", ".join(breach.limit) if isinstance(breach.limit, list) else breach.limit
    return _filled(template, {"limit": limit, "actual": breach.actual})


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    return template.format_map({name: "–" if fact is None else fact for name, fact in facts.items()})


@cache
def _texts(language: Language) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = load_yaml(Path(__file__).with_name(f"{language}.yaml"))
    return texts
