"""The rules of the four CCAS that the project starts from, and whom they work with, as their own documents say."""

from pathlib import Path


def seed_files() -> list[Path]:
    """The YAML files shipped with the project, one per tenant, by name; each holds a TenantRules."""
    return sorted(Path(__file__).parent.glob("*.yaml"))


def directory_file(slug: str) -> Path:
    """Where the organisations that the documents of a CCAS name would be: a list, each with its sentence."""
    return Path(__file__).parent / "organisations" / f"{slug}.yaml"
