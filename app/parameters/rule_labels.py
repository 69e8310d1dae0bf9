"""What people call the rules and the values that they choose from (`rule_labels.yaml`)."""

from functools import cache
from pathlib import Path
from typing import Literal

from app.parameters.yaml_file import load_yaml


@cache
def _labels() -> dict[str, dict[str, dict[str, str]]]:
    labels: dict[str, dict[str, dict[str, str]]] = load_yaml(Path(__file__).with_name("rule_labels.yaml"))
    return labels


def field_label(name: str, language: Literal["fr", "en"], *, of: str = "") -> str:
    """What people call a field of the rules, in a class where it means something else. Raises KeyError for none."""
    labels = _labels()["rules"]
    return labels.get(f"{of}.{name}", labels[name])[language]


def value_label(value: str, language: Literal["fr", "en"]) -> str:
    """What people read for a value; a text that is none of those chosen from stands for itself."""
    known = _labels()["values"].get(value)
    return known[language] if known else value


def rule_label(path: str, language: Literal["fr", "en"]) -> str:
    """What people call the rule of a path: « Garanties 1, part » for `guarantees.0.share_percent`."""
    told: list[str] = []
    for step in path.split("."):
        if step.isdecimal() and told:
            told[-1] += f" {int(step) + 1}"
        elif step in _labels()["rules"]:
            told.append(field_label(step, language))
        else:
            told.append(value_label(step, language))
    whole = ", ".join(told[:1] + [part[:1].lower() + part[1:] for part in told[1:]])
    return whole[:1].upper() + whole[1:]
