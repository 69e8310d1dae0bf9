"""Looking at rules without loading them: what files say and what is wrong with them, what they change, their schema."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from textwrap import wrap
from typing import Any

from pydantic import TypeAdapter

from app.commands import CommandRefused
from app.commands.rule_files import CheckedFile, checked_file, checked_files
from app.commands.rule_words import COLON, SEMICOLON, date_words, difference_words, product_words, told
from app.commands.tenant_export import stored_rules
from app.domain.rule_differences import differences, leaves
from app.domain.rules import Agreement, RuleVersion, TenantRules
from app.parameters.rule_labels import field_label, rule_label

WIDTH = 100
_TEXTS = "sources."
# What moves a terminal's cursor, turns its writing round, or is half a character.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def check_files(paths: Iterable[Path]) -> Iterator[tuple[str, bool]]:
    """For each file what it says, its faults and remarks, in French; and whether it has no fault."""
    for file in checked_files(paths):
        yield "\n".join(_wrapped(_report(file))), not file.faults


def compare(owner_url: str | None, first: str, second: str | None = None) -> str:
    """In French, what the second of two files changes in the first; either may be a CCAS of the database, by slug.

    A file alone is compared with what the database has under its slug. Raises CommandRefused for a file that cannot
    be read, a slug that no CCAS has, or a slug without a database.
    """
    before = _rules_of(owner_url, first)
    if second is None:
        before, after = _stored(owner_url, before.slug), before
    else:
        after = _rules_of(owner_url, second)
    return "\n".join(_wrapped(_changes(before, after))) or "Rien ne change."


def schema() -> dict[str, Any]:
    """The JSON Schema of a rule file: each class with what it is, each field with its French and English names."""
    content = TypeAdapter(TenantRules).json_schema()
    for kind in (content, *content["$defs"].values()):
        kind["description"] = " ".join(kind.get("description", "").split())
        for name, field in kind.get("properties", {}).items():
            field["title"] = _sentence(field_label(name, "fr", of=kind["title"]))
            field["description"] = f"{_sentence(field_label(name, 'en', of=kind['title']))}."
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), ensure_ascii=False, indent=2)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _report(file: CheckedFile) -> Iterator[str]:
    yield f"{file.path}"
    if file.rules is not None:
        communes = ", ".join(commune.name for commune in file.rules.communes)
        yield f"{file.rules.name} ({file.rules.slug}){COLON}{communes}"
        for number, version in enumerate(file.rules.versions):
            yield f"  {_heading(version)}"
            yield from _said(version, file.rules.versions[number - 1] if number else None)
    for title, lines in (("Défauts", file.faults), ("À regarder", file.remarks)):
        if lines:
            yield f"  {title}{COLON}"
            yield from (f"    {line}" for line in lines)
    if not file.faults:
        yield "  Aucun défaut."


def _heading(version: RuleVersion) -> str:
    return f"Version {version.version}, {_dates(version)}{COLON}{version.reference}"


def _dates(version: RuleVersion) -> str:
    begins, ends = version.valid_from, version.valid_to
    if begins is None:
        return f"jusqu'au {ends:%d/%m/%Y}" if ends else "de date inconnue"
    first = date_words(begins, version.valid_from_precision)
    if ends is None:
        return f"depuis {first}"
    return f"{f'du {first[3:]}' if first.startswith('le ') else f'de {first}'} au {ends:%d/%m/%Y}"


def _said(version: RuleVersion, before: RuleVersion | None) -> Iterator[str]:
    """What the first version says; of those that follow, what they change."""
    if before is not None:
        yield from _differences(before, version, "    ")
        return
    for product in version.products:
        yield f"    {product.name} ({product.code})"
        yield f"      {SEMICOLON.join(product_words(product))}"
    said = [(rule, value) for rule, value in leaves(version.commission) if rule and value is not None]
    if said:
        words = [f"{rule_label(rule, 'fr')}{COLON}{told(rule, value)}" for rule, value in said]
        yield f"    {rule_label('commission', 'fr')}"
        yield f"      {SEMICOLON.join(words)}"


def _differences(before: RuleVersion, after: RuleVersion, margin: str) -> Iterator[str]:
    """What changes, product by product; of the texts that rules rest on, which."""
    found = differences(before, after)
    for part, code in dict.fromkeys((difference.part, difference.code) for difference in found):
        ours = [difference for difference in found if (difference.part, difference.code) == (part, code)]
        texts = [one.rule for one in ours if one.rule.startswith(_TEXTS)]
        yield f"{margin}{code or rule_label(part, 'fr')}"
        yield from (f"{margin}  {difference_words(one)}" for one in ours if one.rule not in texts)
        if texts:
            yield f"{margin}  Textes{COLON}{', '.join(rule_label(text.removeprefix(_TEXTS), 'fr') for text in texts)}"


def _changes(before: TenantRules, after: TenantRules) -> Iterator[str]:
    if before.name != after.name:
        yield f"{field_label('name', 'fr')}{COLON}{before.name} → {after.name}"
    old, new = (", ".join(f"{one.name} ({one.insee_code})" for one in rules.communes) for rules in (before, after))
    if old != new:
        yield f"{field_label('communes', 'fr')}{COLON}{old} → {new}"
    for name in ("kind", "time_zone"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            label = _sentence(field_label(name, "fr"))
            yield f"{label}{COLON}{told(name, was)} → {told(name, now)}"
    yield from _changed_versions(before, after)
    yield from _changed_agreements(before.agreements, after.agreements)


def _changed_versions(before: TenantRules, after: TenantRules) -> Iterator[str]:
    known = {version.version: version for version in before.versions}
    for version in after.versions:
        old = known.pop(version.version, None)
        if old is None:
            yield f"+ {_heading(version)}"
            earlier = [one for one in after.versions if one.version < version.version]
            yield from _said(version, earlier[-1] if earlier else None)
        elif old != version:
            yield f"Version {version.version}"
            if _heading(old) != _heading(version):
                yield f"  {_heading(old)} → {_heading(version)}"
            yield from _differences(old, version, "  ")
    yield from (f"- {_heading(version)}" for version in known.values())


def _changed_agreements(before: Iterable[Agreement], after: Iterable[Agreement]) -> Iterator[str]:
    old, new = ({(one.partner, one.reference): one for one in ones} for ones in (before, after))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key):
            sign = "-" if key not in new else "+" if key not in old else "≠"
            yield f"{sign} Convention avec {key[0]}{COLON}{key[1]}"
            yield from _changed_terms(old.get(key), new.get(key))


def _changed_terms(before: Agreement | None, after: Agreement | None) -> Iterator[str]:
    """What an agreement that is in both says otherwise."""
    for name in (field.name for field in fields(Agreement)) if before and after else ():
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            label = _sentence(field_label(name, "fr", of="Agreement"))
            yield f"  {label}{COLON}{told(name, was)} → {told(name, now)}"


def _rules_of(owner_url: str | None, source: str) -> TenantRules:
    if not source.endswith(".yaml"):
        return _stored(owner_url, source)
    file = checked_file(Path(source))
    if file.rules is None:
        raise CommandRefused(f"{source}{COLON}{'; '.join(file.faults)}")
    return file.rules


def _stored(owner_url: str | None, slug: str) -> TenantRules:
    if owner_url is None:
        raise CommandRefused(f"{slug}: DATABASE_OWNER_URL names the database, as the role that owns it")
    return stored_rules(owner_url, slug)


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        margin = line[: len(line) - len(line.lstrip())]
        yield from wrap(
            _UNSAFE.sub("?", line),
            WIDTH,
            subsequent_indent=margin + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
