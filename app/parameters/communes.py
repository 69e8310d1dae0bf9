"""The communes of France by INSEE code (`communes.yaml`); read once, by checks alone."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from app.parameters.yaml_file import load_yaml


@cache
def communes() -> Mapping[str, tuple[str, ...]]:
    """The names of each code, that of the commune itself before those of the communes within it."""
    names: dict[str, tuple[str, ...]] = {}
    for line in load_yaml(Path(__file__).with_name("communes.yaml"))["communes"].splitlines():
        code, _, name = line.partition(" ")
        names[code] = (*names.get(code, ()), name)
    return names
