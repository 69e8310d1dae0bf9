"""The rule files of CCAS as people hand them over: read, checked whole, and loaded all or none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.commands import CommandRefused
from app.commands.rule_words import told
from app.commands.tenants import load_tenants, read_rules
from app.domain.errors import FieldFault
from app.domain.rule_faults import RuleCodes, RuleFault
from app.domain.rules import TenantRules
from app.domain.tenant_checks import remarks, tenant_faults
from app.messages import of_fault
from app.parameters.codes import codes
from app.parameters.communes import communes
from app.parameters.law import national_law, usury_table
from app.parameters.yaml_file import YamlFault
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
    """A file with its faults. Raises OSError for a file that cannot be read."""
    try:
        rules = read_rules(path)
        found = tenant_faults(rules, law=national_law(), usury=usury_table(), codes=rule_codes(), official=communes())
        to_be_looked_at = remarks(rules, usury=usury_table(), official=communes())
    except YamlFault as fault:
        return CheckedFile(path, None, [f"ligne {fault.line} : {fault.problem}" if fault.line else fault.problem], [])
    except ValidationError as fault:
        return CheckedFile(path, None, _unfit(fault), [])
    except (ValueError, TypeError, RecursionError) as fault:
        return CheckedFile(path, None, [f"Ce fichier ne peut pas être lu : {fault}"], [])
    return CheckedFile(path, rules, _told(found), _told(to_be_looked_at))


def _unfit(fault: ValidationError) -> list[str]:
    """What the classes of the rules refuse, by path."""
    errors = fault.errors()
    places = (".".join(str(step) for step in error["loc"]) for error in errors)
    return [
        f"{place or 'fichier'} : {of_fault(one, 'fr')}" for place, one in zip(places, faults_of(errors), strict=True)
    ]


def rule_codes() -> RuleCodes:
    """The codes that rules may use."""
    return RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))


def _told(faults: Iterable[RuleFault]) -> list[str]:
    fields = (FieldFault(pointer=fault.path, code=fault.code, bounds=_in_words(fault)) for fault in faults)
    return [f"{field.pointer} : {of_fault(field, 'fr')}" for field in fields]


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
            found += [f"{file.path} : {fault}" for fault in _told([_slug_twice(file.rules.slug)])]
        slugs.add(file.rules.slug)
        if not found:
            yield file.rules
    if found:
        more = [f"… et {len(found) - _TOLD_MAX} autres défauts"] if len(found) > _TOLD_MAX else []
        raise CommandRefused("\n".join([*found[:_TOLD_MAX], *more]))


def _slug_twice(slug: str) -> RuleFault:
    return RuleFault("slug", "same_code", {"code": slug})
