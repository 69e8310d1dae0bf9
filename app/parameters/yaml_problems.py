"""What YAML says otherwise than its author sees, found in the tree before it is read: quotes and keys still show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml.constructor import SafeConstructor

# Each code with what developers read; what people read is in the messages.
PROBLEMS = {
    "syntax": "{text}",
    "tab": "a tab cannot begin a line or stand between words: use spaces ({text})",
    "unclosed": "a quote, a bracket or a brace is opened and not closed ({text})",
    "several_documents": "expected a single document in the file (---)",
    "unknown_anchor": "no anchor before this has the name that it is called by ({text})",
    "control_character": "the invisible character {text} has no place in a text",
    "encoding": "the file is not UTF-8 text: {text}",
    "too_deep": "what it says is nested more than {text} deep",
    "holds_itself": "what an anchor names holds itself",
    "too_many_values": "its anchors make more than {text} values of it",
    "tag": "the tag {text} has no place here",
    "key_not_text": "a key is a plain text: a list or a mapping is unhashable",
    "key_date": 'the key {text} would be a date: write "{text}" in quotes',
    "key_twice": "the key « {text} » is given twice",
    "insee_code": 'an INSEE code is text: write "{text}" in quotes',
    "float": '{text} would be a float: write cents as an integer, a rate in quotes ("{text}")',
    "boolean": "« {text} » would be a boolean: write true or false, or quote it",
    "integer": "{text} would not be the integer it looks like: write it plainly, or in quotes if it is text",
    "digits": "an integer of more than {text} digits is no figure of any rules",
    "looks_like_number": '{text} looks like a number and is text: write "{text}" in quotes',
    "half_character": "half of a character is written here (\\ud800 to \\udfff)",
    "date": "{text} is no date of the calendar",
}
_DIGITS_MAX = 19
_TEXT_MAX = 60
_TYPE = "tag:yaml.org,2002:"
_NULL, _STR, _MERGE, _TIMESTAMP = _TYPE + "null", _TYPE + "str", _TYPE + "merge", _TYPE + "timestamp"
_SCALARS = frozenset({"null", "bool", "int", "float", "str", "timestamp", "merge"})
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_HALF = re.compile("[\ud800-\udfff]")
_LOOKS_LIKE_A_NUMBER = re.compile(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-9]+)+)")


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """A thing refused: its code, the text it is about, where (from 1; null when unknown), and its path (`a.0.b`)."""

    code: str
    text: str = ""
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        return PROBLEMS[self.code].format(text=self.text)


def problem_at(node: Node, code: str, text: str = "", path: str = "") -> YamlProblem:
    """A problem where a node begins."""
    shown = text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"
    return YamlProblem(code, shown, node.start_mark.line + 1, node.start_mark.column + 1, path)


def settle_tree(root: Node) -> tuple[list[YamlProblem], frozenset[int]]:
    """Every problem of a tree, as it is read from top to bottom; and the scalars that now stand empty for them, by id.

    The tree is left such that it can be constructed.
    """
    found: list[YamlProblem] = []
    emptied: set[int] = set()
    seen: set[int] = set()
    waiting: list[tuple[Node, str]] = [(root, "")]
    while waiting:
        node, path = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            problem = _scalar_problem(node)
            if problem:
                found.append(problem_at(node, *problem, path))
                node.tag, node.value = _NULL, ""
                emptied.add(id(node))
            continue
        kind = "map" if isinstance(node, MappingNode) else "seq"
        if node.tag != _TYPE + kind:
            found.append(problem_at(node, "tag", node.tag, path))
            node.tag = _TYPE + kind
        if isinstance(node, MappingNode):
            found += _mapping_problems(node, path, emptied)
        waiting.extend(reversed(list(_inner(node, path))))
    return sorted(found, key=lambda one: (one.line or 0, one.column or 0)), frozenset(emptied)


def _inner(node: Node, path: str) -> Iterator[tuple[Node, str]]:
    if isinstance(node, SequenceNode):
        yield from ((part, f"{path}.{number}".lstrip(".")) for number, part in enumerate(node.value))
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            yield value, path if key.tag == _MERGE else f"{path}.{key.value}".lstrip(".")


def _mapping_problems(node: MappingNode, path: str, emptied: set[int]) -> Iterator[YamlProblem]:
    """What is wrong with the keys, which are texts from then on, and with codes that must be quoted."""
    known: set[tuple[str, str]] = set()
    for key, value in list(node.value):
        if not isinstance(key, ScalarNode):
            yield problem_at(key, "key_not_text", path=path)
            node.value.remove((key, value))
            continue
        here = f"{path}.{key.value}".lstrip(".")
        problem = _key_problem(key)
        if problem:
            yield problem_at(key, *problem, here)
            key.tag = _STR
        if (key.tag, key.value) in known:
            yield problem_at(key, "key_twice", key.value, here)
        known.add((key.tag, key.value))
        if key.value.endswith("insee_code") and isinstance(value, ScalarNode) and _is_unquoted(value):
            yield problem_at(value, "insee_code", value.value, here)
            value.tag, value.value = _NULL, ""
            emptied.add(id(value))


def _is_unquoted(node: ScalarNode) -> bool:
    return not node.style and node.tag != _NULL


def _scalar_problem(node: ScalarNode) -> tuple[str, str] | None:
    """The code of what is wrong with a single value, and the text that its sentence names."""
    kind, text = node.tag.removeprefix(_TYPE), node.value
    if kind not in _SCALARS:
        return "tag", node.tag
    if kind == "int" and len(text.lstrip("-")) > _DIGITS_MAX and _INTEGER.fullmatch(text):
        return "digits", str(_DIGITS_MAX)
    wrong = {
        "float": kind == "float",
        "boolean": kind == "bool" and text.lower() not in {"true", "false"},
        "integer": kind == "int" and not _INTEGER.fullmatch(text),
        "looks_like_number": kind == "str" and not node.style and bool(_LOOKS_LIKE_A_NUMBER.fullmatch(text)),
        "half_character": bool(_HALF.search(text)),
        "date": kind == "timestamp" and not _is_date(node),
    }
    return next(((code, text) for code, is_wrong in wrong.items() if is_wrong), None)


def _key_problem(key: ScalarNode) -> tuple[str, str] | None:
    """The same of a key, which no date can be."""
    return _scalar_problem(key) or (("key_date", key.value) if key.tag == _TIMESTAMP else None)


def _is_date(node: ScalarNode) -> bool:
    try:
        SafeConstructor().construct_yaml_timestamp(node)
    except ValueError:
        return False
    return True
