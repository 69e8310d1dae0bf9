"""The one way YAML is read here: a file must mean what its author sees in it.

YAML 1.1 turns 01001 into 513, 12:30 into 750 and « no » into false, reads 6.20 as a binary float and lets the
second of two equal keys win in silence; anchors within anchors make of ten lines more than a memory holds. Each of
these is refused, with its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.reader import ReaderError

from app.parameters.yaml_problems import YamlProblem, problem_at, settle_tree

# libyaml reads ten times as fast; what it refuses, Python's own loader tells better.
_Loader = yaml.SafeLoader | yaml.CSafeLoader
_FAST: type[_Loader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_DEPTH_MAX = 100
_NODES_MAX = 1_000_000
# What the parser says, in part, and the code of what was most likely meant; syntax is all the rest.
_SAID = {
    "'\\t'": "tab",
    "expected a single document": "several_documents",
    "undefined alias": "unknown_anchor",
    "unexpected end of stream": "unclosed",
    "expected ',' or": "unclosed",
    "unhashable key": "key_not_text",
}


class YamlFault(ValueError):
    """A YAML file that cannot be taken at its word: `path`, `line` (from 1; null when unknown), `problem`.

    `problems` are all that YAML itself has against it, of which `line` and `problem` are the first.
    """

    def __init__(self, path: Path, line: int | None, problem: str, problems: tuple[YamlProblem, ...] = ()) -> None:
        self.path, self.line, self.problem, self.problems = path, line, problem, problems
        first = f"{path}, line {line}: {problem}" if line else f"{path}: {problem}"
        super().__init__("\n".join([first, *(f"{path}, line {one.line}: {one}" for one in problems[1:])]))

    @classmethod
    def of(cls, path: Path, first: YamlProblem, *others: YamlProblem) -> "YamlFault":
        """The fault of a file with these problems."""
        return cls(path, first.line, str(first), (first, *others))


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file as it is written: its content, null where something is refused, and what is."""

    content: Any
    problems: tuple[YamlProblem, ...]
    root: Node | None
    emptied: frozenset[int]

    def line_of(self, path: str) -> int | None:
        """The line from 1 on which the value of a path (`versions.0.products`) stands, or what holds it; else null."""
        line = None
        for key, value in _steps(self.root, path):
            line = (key or value).start_mark.line + 1
        return line

    def is_refused(self, path: str) -> bool:
        """Whether the value of a path is one of those refused."""
        found = [id(value) for _, value in _steps(self.root, path)]
        return bool(found) and found[-1] in self.emptied


def load_yaml(path: Path) -> Any:
    """The content of a UTF-8 YAML file of one document, null if it is empty.

    Raises YamlFault with all that is refused, OSError for a file that cannot be read.
    """
    file = read_yaml(path)
    if file.problems:
        raise YamlFault.of(path, *file.problems)
    return file.content


def read_yaml(path: Path) -> YamlFile:
    """A UTF-8 YAML file of one document with every problem of its values and keys.

    Raises YamlFault for what stops the reading itself, OSError for a file that cannot be read.
    """
    content = path.read_bytes()
    try:
        return _load(path, content, _FAST)
    except yaml.YAMLError:
        return _told_in_full(path, content)


def _told_in_full(path: Path, content: bytes) -> YamlFile:
    try:
        return _load(path, content, yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        said = ": ".join(part for part in (fault.context, fault.problem) if part)
        code = next((code for part, code in _SAID.items() if part in said), "syntax")
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise YamlFault.of(path, YamlProblem(code, said, *place)) from fault
    except ReaderError as fault:
        raise YamlFault.of(path, _unreadable(fault, content)) from fault
    except yaml.YAMLError as fault:
        raise YamlFault.of(path, YamlProblem("syntax", " ".join(str(fault).split()))) from fault


def _unreadable(fault: ReaderError, content: bytes) -> YamlProblem:
    """Bytes that are no text, or a character that is none of a text; of the one the place is in bytes."""
    if fault.encoding != "unicode":
        return YamlProblem("encoding", str(fault.reason), content[: fault.position].count(b"\n") + 1)
    before = content.decode("utf-8", "replace")[: fault.position]
    return YamlProblem("control_character", f"U+{fault.character:04X}", before.count("\n") + 1)


def _load(path: Path, content: bytes, kind: type[_Loader]) -> YamlFile:
    _refuse_depth(path, content, kind)
    loader = kind(content)
    try:
        root = loader.get_single_node()
        if root is None:
            return YamlFile(None, (), None, frozenset())
        _refuse_expansion(path, root, {}, set())
        problems, emptied = settle_tree(root)
        return YamlFile(loader.construct_document(root), tuple(problems), root, emptied)
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
                place = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (None, None)
                raise YamlFault.of(path, YamlProblem("too_deep", str(_DEPTH_MAX), *place))


def _refuse_expansion(path: Path, node: Node, sizes: dict[int, tuple[int, int]], above: set[int]) -> tuple[int, int]:
    """How many nodes a node is once its aliases are replaced, and how deep; an alias follows what it stands for."""
    if isinstance(node, ScalarNode):
        return 1, 0
    if id(node) in sizes:
        return sizes[id(node)]
    if id(node) in above:
        raise YamlFault.of(path, problem_at(node, "holds_itself"))
    above.add(id(node))
    count, depth = 1, 0
    for part in _parts(node):
        inner, deep = _refuse_expansion(path, part, sizes, above)
        count, depth = count + inner, max(depth, deep)
        if count > _NODES_MAX:
            raise YamlFault.of(path, problem_at(node, "too_many_values", str(_NODES_MAX)))
    if depth >= _DEPTH_MAX:
        raise YamlFault.of(path, problem_at(node, "too_deep", str(_DEPTH_MAX)))
    above.remove(id(node))
    sizes[id(node)] = count, depth + 1
    return sizes[id(node)]


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        yield from (part for pair in node.value for part in pair)
    elif isinstance(node, SequenceNode):
        yield from node.value


def _steps(root: Node | None, path: str) -> Iterator[tuple[Node | None, Node]]:
    """The keys and values met on the way to a path, as far as it goes; a list has no keys."""
    node, steps = root, path.split(".")
    while steps:
        found = _step(node, steps)
        if found is None:
            return
        key, node, taken = found
        steps = steps[taken:]
        yield key, node


def _step(node: Node | None, steps: list[str]) -> tuple[Node | None, Node, int] | None:
    """The next key and value and how many steps they are: a key may have dots; of two equal keys the last holds."""
    if isinstance(node, SequenceNode) and steps[0].isdecimal() and int(steps[0]) < len(node.value):
        return None, node.value[int(steps[0])], 1
    if isinstance(node, MappingNode):
        held = {key.value: (key, value) for key, value in node.value if isinstance(key, ScalarNode)}
        for taken in range(len(steps), 0, -1):
            name = ".".join(steps[:taken])
            if name in held:
                return (*held[name], taken)
    return None
