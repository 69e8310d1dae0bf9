"""The one way YAML is read here: a file must mean what its author sees in it.

YAML 1.1 turns 01001 into 513, 12:30 into 750 and « no » into false, reads 6.20 as a binary float and lets the
second of two equal keys win in silence; anchors within anchors make of ten lines more than a memory holds. Each of
these is refused, with its place.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml.constructor import SafeConstructor
from yaml.events import CollectionEndEvent, CollectionStartEvent

# libyaml reads ten times as fast; what it refuses, Python's own loader tells better.
_Loader = yaml.SafeLoader | yaml.CSafeLoader
_FAST: type[_Loader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_DEPTH_MAX = 100
_NODES_MAX = 1_000_000
_DIGITS_MAX = 19
_TYPE = "tag:yaml.org,2002:"
_SCALARS = frozenset({"null", "bool", "int", "float", "str", "timestamp", "merge"})
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_LOOKS_LIKE_A_NUMBER = re.compile(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-9]+)+)")


class YamlFault(ValueError):
    """A YAML file that cannot be taken at its word: `path`, `line` (from 1; null when unknown), `problem`."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}, line {line}: {problem}" if line else f"{path}: {problem}")


def load_yaml(path: Path) -> Any:
    """The content of a UTF-8 YAML file of one document, null if it is empty.

    Raises YamlFault for the first thing refused, OSError for a file that cannot be read.
    """
    content = path.read_bytes()
    try:
        return _load(path, content, _FAST)
    except yaml.YAMLError:
        return _told_in_full(path, content)


def _told_in_full(path: Path, content: bytes) -> Any:
    try:
        return _load(path, content, yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        problem = ": ".join(part for part in (fault.context, fault.problem) if part)
        raise YamlFault(path, mark.line + 1 if mark else None, problem) from fault
    except yaml.YAMLError as fault:
        raise YamlFault(path, None, " ".join(str(fault).split())) from fault


def _load(path: Path, content: bytes, kind: type[_Loader]) -> Any:
    _refuse_depth(path, content, kind)
    loader = kind(content)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_expansion(path, root, {}, set())
        problems = [(node.start_mark.line + 1, problem) for node, problem in _problems(root)]
        if problems:
            raise YamlFault(path, *min(problems))
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _refuse_depth(path: Path, content: bytes, kind: type[_Loader]) -> None:
    """Refuses nesting that a reader would follow down until the process falls."""
    depth = 0
    for event in yaml.parse(content, Loader=kind):
        if isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > _DEPTH_MAX:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise YamlFault(path, line, f"what it says is nested more than {_DEPTH_MAX} deep")


def _refuse_expansion(path: Path, node: Node, sizes: dict[int, tuple[int, int]], above: set[int]) -> tuple[int, int]:
    """How many nodes a node is once its aliases are replaced, and how deep; an alias follows what it stands for."""
    if isinstance(node, ScalarNode):
        return 1, 0
    if id(node) in sizes:
        return sizes[id(node)]
    line = node.start_mark.line + 1
    if id(node) in above:
        raise YamlFault(path, line, "what an anchor names holds itself")
    above.add(id(node))
    count, depth = 1, 0
    for part in _parts(node):
        inner, deep = _refuse_expansion(path, part, sizes, above)
        count, depth = count + inner, max(depth, deep)
        if count > _NODES_MAX:
            raise YamlFault(path, line, f"its anchors make more than {_NODES_MAX} values of it")
    if depth >= _DEPTH_MAX:
        raise YamlFault(path, line, f"what it says is nested more than {_DEPTH_MAX} deep")
    above.remove(id(node))
    sizes[id(node)] = count, depth + 1
    return sizes[id(node)]


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        yield from (part for pair in node.value for part in pair)
    elif isinstance(node, SequenceNode):
        yield from node.value


def _problems(root: Node) -> Iterator[tuple[Node, str]]:
    """What is refused, read before construction, where quotes and repeated keys are still to be seen."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            problem = _scalar_problem(node)
            if problem:
                yield node, problem
        elif node.tag not in (_TYPE + "seq", _TYPE + "map"):
            yield node, f"the tag {node.tag} has no place here"
        elif isinstance(node, MappingNode):
            yield from _mapping_problems(node)
        waiting.extend(_parts(node))


def _mapping_problems(node: MappingNode) -> Iterator[tuple[Node, str]]:
    known: set[tuple[str, str]] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            continue
        if (key.tag, key.value) in known:
            yield key, f"the key « {key.value} » is given twice"
        known.add((key.tag, key.value))
        if key.value.endswith("insee_code") and _is_unquoted(value):
            yield value, f'an INSEE code is text: write "{value.value}" in quotes'


def _is_unquoted(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.tag != _TYPE + "null"


def _scalar_problem(node: ScalarNode) -> str | None:
    kind, text = node.tag.removeprefix(_TYPE), node.value
    if kind not in _SCALARS:
        return f"the tag {node.tag} has no place here"
    if kind == "float":
        return f'{text} would be a float: write cents as an integer, a rate in quotes ("{text}")'
    if kind == "bool" and text.lower() not in {"true", "false"}:
        return f"« {text} » would be a boolean: write true or false, or quote it"
    if kind == "int" and not _INTEGER.fullmatch(text):
        return f"{text} would not be the integer it looks like: write it plainly, or in quotes if it is text"
    if kind == "int" and len(text.lstrip("-")) > _DIGITS_MAX:
        return f"an integer of more than {_DIGITS_MAX} digits is no figure of any rules"
    if kind == "str" and not node.style and _LOOKS_LIKE_A_NUMBER.fullmatch(text):
        return f'{text} looks like a number and is text: write "{text}" in quotes'
    if kind == "timestamp" and not _is_date(node):
        return f"{text} is no date of the calendar"
    return None


def _is_date(node: ScalarNode) -> bool:
    try:
        SafeConstructor().construct_yaml_timestamp(node)
    except ValueError:
        return False
    return True
