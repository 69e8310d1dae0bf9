"""What docs/rules.md lists is what the code has: the faults and remarks, and how serious each rule is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from app.domain import eligibility, lending_limits, means
from app.domain.breaches import Severity
from app.domain.eligibility import LEGAL_TEXTS
from app.domain.rule_faults import RuleFault
from app.domain.rule_paths import rule_paths
from app.parameters.yaml_file import load_yaml
from app.schemas import faults
from app.schemas.rule_adoptions import AdoptionWarning

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SENTENCES = load_yaml(ROOT / "app" / "messages" / "en.yaml")["faults"]
# What is told and forbids nothing.
REMARKS = ("domain/tenant_checks.py", ("remarks", "_days_without_rules", "_unheld", "_unused_indexes"))
# A field of a file is never of these kinds; a document is no list of parts.
OF_REQUESTS_ALONE = {"bad_form", "too_short", "too_long", "too_small", "too_large"}


def codes_of(*, remarks: bool) -> set[str]:
    """The codes of the faults that the checks of rules yield, or of the remarks."""
    module, functions = REMARKS
    of_adoptions = get_args(AdoptionWarning.model_fields["code"].annotation)
    found = {"above_last_usury", *of_adoptions} if remarks else set()
    for path in (ROOT / "app" / "domain").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            is_remark = path.match(module) and isinstance(node, ast.FunctionDef) and node.name in functions
            if is_remark is remarks:
                found |= set(_codes(node))
    return found if remarks else found - {"above_last_usury"}


def _codes(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        is_fault = isinstance(call.func, ast.Name) and call.func.id == RuleFault.__name__
        if is_fault and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            yield str(call.args[1].value)


def row(code: str) -> str:
    """A code with its sentence, what it names left out."""
    sentence = re.sub(r"\{\w+\}", "…", SENTENCES[code]).replace("|", "\\|")
    return f"| `{code}` | {sentence} |"


def rows_under(heading: str) -> list[str]:
    _, _, rest = GUIDE.partition(f"\n### {heading}\n")
    return [line for line in rest.split("\n#")[0].splitlines() if line.startswith("| `")]


def test_every_fault_of_rules_is_listed_with_its_sentence() -> None:
    assert rows_under("What is refused") == [row(code) for code in sorted(codes_of(remarks=False))]


def test_every_remark_is_listed_with_its_sentence() -> None:
    assert rows_under("What is only remarked") == [row(code) for code in sorted(codes_of(remarks=True))]


def test_every_fault_of_a_field_is_listed_with_its_sentence() -> None:
    listed = sorted(set(faults._CODES.values()) - OF_REQUESTS_ALONE - codes_of(remarks=False))
    assert rows_under("What is wrong with a field") == [row(code) for code in listed]


# Severities.

REFUSES, WARNS = frozenset({Severity.REFUSE}), frozenset({Severity.WARN})
HEADINGS = {
    "refuses": REFUSES,
    "warns": WARNS,
    "refuses; warns while its figure is not known": REFUSES | WARNS,
}


def usual_severities() -> dict[str, frozenset[Severity]]:
    """The severities with which each rule is found by the engine, as its sources say; not the law's."""
    found: defaultdict[str, set[Severity]] = defaultdict(set)
    for module in (eligibility, lending_limits, means):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            for rule, severity in _finding(node):
                found[rule].add(severity)
    return {rule: frozenset(severities) for rule, severities in found.items() if rule not in LEGAL_TEXTS}


def _finding(node: ast.AST) -> Iterator[tuple[str, Severity]]:
    """The rule and severity of `yield rule, limit, actual, severity`, or of `above` and `below`, which refuse."""
    if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 4:
        rule, *_, severity = node.value.elts
        if isinstance(rule, ast.JoinedStr):
            rule = rule.values[0]
        if isinstance(rule, ast.Constant) and isinstance(severity, ast.Attribute):
            yield str(rule.value).rstrip("."), Severity[severity.attr]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("above", "below"):
        (rule, *_) = node.args
        if isinstance(rule, ast.Constant):
            yield str(rule.value), Severity.REFUSE


def listed_severities() -> dict[str, list[str]]:
    """The rules of each line of the table under « Refuse or warn »."""
    _, _, rest = GUIDE.partition("\n## Refuse or warn\n")
    lines = [line.strip("| ").split(" | ") for line in rest.split("\n## ")[0].splitlines() if line.startswith("| ")]
    return {heading: re.findall(r"`([^`]+)`", rules) for heading, rules in lines}


def test_the_usual_severity_of_every_rule_is_that_of_the_engine() -> None:
    listed, known = listed_severities(), usual_severities()
    for heading, severities in HEADINGS.items():
        assert sorted(listed[heading]) == sorted(rule for rule, found in known.items() if found == severities), heading
    assert set(listed["what the law sets"]) == set(LEGAL_TEXTS)
    assert listed["as its value says"] == ["ficp", "bank_ban"]


def test_every_rule_with_a_severity_is_a_path_that_rules_may_name() -> None:
    assert set(usual_severities()) <= rule_paths()
    assert len(usual_severities()) > 25
