"""The rule files of CCAS as people hand them over: read, checked whole, and loaded all or none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.commands import CommandRefused
from app.commands.rule_words import told
from app.commands.tenants import load_tenants, rules_of
from app.domain.errors import FieldFault
from app.domain.rule_faults import RuleCodes, RuleFault
from app.domain.rules import TenantRules
from app.domain.tenant_checks import remarks, tenant_faults
from app.messages import of_fault, of_yaml
from app.parameters.codes import codes
from app.parameters.communes import communes
from app.parameters.law import national_law, usury_table
from app.parameters.yaml_file import YamlFault, YamlFile, read_yaml
from app.parameters.yaml_problems import YamlProblem
from app.schemas.faults import faults_of

_TOLD_MAX = 50
_IN_UNIT_OF_THE_FIELD = {
    "too_small": ("ge",),
    "too_large": ("le",),
    "minimum_above_maximum": ("least", "most"),
    "above_national_cap": ("cap",),
}


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file, its rules where they could be read, and in words what is wrong and what is to be looked at."""

    path: Path
    rules: TenantRules | None
    faults: list[str]
    remarks: list[str]


def load_files(owner_url: str, paths: Iterable[Path]) -> None:
    """Loads the files, and those of the folders, in one transaction; nothing where one has a fault.

    Raises CommandRefused with every fault, RulesDiffer, AgreementDiffers.
    """
    load_tenants(owner_url, _without_fault(checked_files(paths)))


def checked_files(paths: Iterable[Path]) -> Iterator[CheckedFile]:
    """Each file, and those of each folder by name, with its faults; a file given twice is read once.

    Raises CommandRefused for a folder without rule files, OSError for a file that cannot be read.
    """
    for file in {file.resolve(): file for path in paths for file in _files(path)}.values():
        yield checked_file(file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.yaml"))
    if not found:
        raise CommandRefused(f"{path}: no rule file (.yaml) in this folder")
    return found


def checked_file(path: Path) -> CheckedFile:
    """A file with its faults: those of its writing and of its fields, and once it has none of these, of its rules.

    Raises OSError for a file that cannot be read.
    """
    try:
        file = read_yaml(path)
    except YamlFault as stopped:
        return CheckedFile(path, None, [_in_file(problem) for problem in stopped.problems], [])
    rules, unfit = _rules_of(file)
    if rules is None:
        told_by_line = sorted([*_written(file), *unfit], key=lambda one: one[0] or 0)
        return CheckedFile(path, None, [text for _, text in told_by_line], [])
    found = tenant_faults(rules, law=national_law(), usury=usury_table(), codes=rule_codes(), official=communes())
    to_be_looked_at = remarks(rules, usury=usury_table(), official=communes())
    return CheckedFile(path, rules, _told(found, file), _told(to_be_looked_at, file))


def _written(file: YamlFile) -> Iterator[tuple[int | None, str]]:
    """What is refused as it is written, each with its line."""
    return ((problem.line, _in_file(problem)) for problem in file.problems)


def _in_file(problem: YamlProblem) -> str:
    column = f", colonne {problem.column}" if problem.column and not problem.path else ""
    place = f"ligne {problem.line}{column}" if problem.line else "fichier"
    return f"{place}{f', {problem.path}' if problem.path else ''} : {of_yaml(problem)}"


def _rules_of(file: YamlFile) -> tuple[TenantRules | None, list[tuple[int | None, str]]]:
    """The rules of a file without fault in its writing and fields; else none, with what the classes refuse, by line."""
    try:
        rules = rules_of(file.content)
    except ValidationError as fault:
        return None, list(_unfit(fault, file))
    return (None if file.problems else rules), []


def _unfit(fault: ValidationError, file: YamlFile) -> Iterator[tuple[int | None, str]]:
    """What the classes of the rules refuse, by path, but where the writing is refused already."""
    errors = fault.errors()
    for error, one in zip(errors, faults_of(errors), strict=True):
        path = ".".join(str(step) for step in error["loc"])
        if not file.is_refused(path):
            yield file.line_of(path), f"{_place(path, file)} : {of_fault(one, 'fr')}"


def _place(path: str, file: YamlFile) -> str:
    line = file.line_of(path)
    return f"ligne {line}, {path}" if line else path or "fichier"


def rule_codes() -> RuleCodes:
    """The codes that rules may use."""
    return RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))


def _told(faults: Iterable[RuleFault], file: YamlFile) -> list[str]:
    fields = (FieldFault(pointer=fault.path, code=fault.code, bounds=_in_words(fault)) for fault in faults)
    return [f"{_place(field.pointer, file)} : {of_fault(field, 'fr')}" for field in fields]


def _in_words(fault: RuleFault) -> dict[str, Any]:
    """The facts of a fault, those in the unit of its field told with it: 4 000 €, 36 mois."""
    counted = _IN_UNIT_OF_THE_FIELD.get(fault.code, ())
    return {name: told(fault.path, fact) if name in counted else fact for name, fact in fault.facts.items()}


def _without_fault(files: Iterable[CheckedFile]) -> Iterator[TenantRules]:
    """The rules one by one until a fault is met; then all the faults of the files that are left, in a refusal."""
    found: list[str] = []
    slugs: set[str] = set()
    for file in files:
        found += [f"{file.path} : {fault}" for fault in file.faults]
        if file.rules is None:
            continue
        if file.rules.slug in slugs:
            found.append(f"{file.path} : slug : {of_fault(_slug_twice(file.rules.slug), 'fr')}")
        slugs.add(file.rules.slug)
        if not found:
            yield file.rules
    if found:
        more = [f"… et {len(found) - _TOLD_MAX} autres défauts"] if len(found) > _TOLD_MAX else []
        raise CommandRefused("\n".join([*found[:_TOLD_MAX], *more]))


def _slug_twice(slug: str) -> FieldFault:
    return FieldFault(pointer="slug", code="same_code", bounds={"code": slug})
