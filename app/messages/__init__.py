"""What people read: French by default, English when asked. English errors are the docstrings of their classes."""

import re
from collections.abc import Mapping
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal

from app.domain.breaches import Breach
from app.domain.errors import FieldFault, MicrocreditError
from app.domain.money import euros
from app.parameters.codes import label
from app.parameters.yaml_file import load_yaml
from app.parameters.yaml_problems import YamlProblem

Language = Literal["fr", "en"]

# Rules whose limits are codes, with the list they are of; rules in cents whose names do not say so.
_CODES = {"purposes": "purposes", "purposes_excluded": "purposes", "tiers": "exceptions", "documents": "papers"}
_IN_CENTS = frozenset({"grant", "income_ceiling", "left_to_live", "instalment_within_capacity"})
# Facts whose values are codes of the list of their name.
_LISTS = frozenset({"papers", "other_answers"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)


def language_of(accept_language: str | None) -> Language:
    """English when it is preferred to French; French for everyone else."""
    weights = {"fr": 0.0, "en": 0.0}
    for choice in (accept_language or "").split(","):
        tag, _, parameters = choice.strip().partition(";")
        language = tag.split("-")[0].lower()
        if language in weights:
            weights[language] = max(weights[language], _quality(parameters))
    return "en" if weights["en"] > weights["fr"] else "fr"


def _quality(parameters: str) -> float:
    quality = parameters.strip().removeprefix("q=")
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0


def of_error(error: MicrocreditError, language: Language) -> str:
    """The sentence that tells a refusal."""
    return of_family(type(error), error, language)


def of_family(family: type[MicrocreditError], error: MicrocreditError, language: Language) -> str:
    """The sentence of a family of refusals, which does not change from one case to the next."""
    template = cleandoc(family.__doc__ or "") if language == "en" else _texts("fr")["errors"][family.code]
    return _filled(template, error.facts, language)


def of_fault(fault: FieldFault, language: Language) -> str:
    """The sentence that tells what is wrong with a field, with its bounds."""
    texts = _texts(language)["faults"]
    return _filled(texts.get(fault.code, texts["invalid"]), fault.bounds, language)


def of_letter(part: str, facts: Mapping[str, Any], language: Language) -> str:
    """A part of a letter, with its facts."""
    return _filled(_texts(language)["letters"][part], facts, language)


def of_word(code: str, language: Language) -> str:
    """The word for a state or an act; what has none stands for itself."""
    return _texts(language)["words"].get(code, code)


def of_yaml(problem: YamlProblem) -> str:
    """The sentence, in French, that tells what a YAML file says otherwise than its author sees."""
    return _texts("fr")["yaml"][problem.code].format(text=problem.text)


def of_breach(breach: Breach, language: Language) -> str:
    """The sentence that tells which rule was not met."""
    texts = _texts(language)["rules"]
    template = texts[breach.rule]
    if breach.limit is None or breach.actual is None:
        template = texts.get(f"{breach.rule}.unknown", template)
    if breach.rule in _CODES:
        section = _CODES[breach.rule]
        limit = breach.limit if isinstance(breach.limit, list) else []
        named = [label(section, code, language) for code in limit]
        actual = label(section, str(breach.actual), language) if breach.actual else ""
        return template.format(limit=", ".join(named), actual=actual)
    unit = "_cents" if "_cents" in breach.rule or breach.rule.partition(".")[0] in _IN_CENTS else ""
    found = _filled_values({f"limit{unit}": breach.limit, f"actual{unit}": breach.actual}, language)
    return template.format_map({name.removesuffix("_cents"): value for name, value in found.items()})


def _filled(template: str, facts: Mapping[str, Any], language: Language) -> str:
    text = template.format_map(_filled_values(facts, language))
    return text[:1].upper() + text[1:]


def _filled_values(facts: Mapping[str, Any], language: Language) -> dict[str, str]:
    # The bound of a field is in the unit of the field's name.
    units = {"bound": str(facts.get("field"))}
    return {name: _told(units.get(name, name), value, language) for name, value in facts.items()}


def _told(name: str, value: Any, language: Language) -> str:
    """A fact as people say it: amounts in euros, codes by their words."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(_told(name, item, language) for item in value)
    if name.endswith("_cents") and isinstance(value, int):
        return euros(value) if language == "fr" else f"€{value // 100:,}.{value % 100:02d}"
    text = str(value)
    if language == "fr" and _DAY.fullmatch(text):
        return "/".join(reversed(text.split("-")))
    if language == "fr" and _DECIMAL.fullmatch(text):
        return text.replace(".", ",")
    if name in _LISTS:
        return label(name, text, language)
    if name == "expected":
        return text.replace(" or ", " ou ") if language == "fr" else text
    return _texts(language)["words"].get(text, text)


@cache
def _texts(language: Language) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = load_yaml(Path(__file__).with_name(f"{language}.yaml"))
    return texts
