"""The rules of the four CCAS that the project starts from, as their own published documents state them."""

from pathlib import Path


def seed_files() -> list[Path]:
    """The YAML files shipped with the project, one per tenant, by name; each holds a TenantRules."""
    return sorted(Path(__file__).parent.glob("*.yaml"))
