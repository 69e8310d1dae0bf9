"""Rules in and out of the database by command: checked before they are loaded, all or none, and given back the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import yaml
from httpx import AsyncClient

from app.cli import main
from app.commands.tenant_export import export, stored_rules
from app.commands.tenants import RulesDiffer, load_tenant, load_tenants, read_rules
from app.domain.committees import CommissionRule, VoteKeeping
from app.domain.rules import Index, IndexUnit, IndexValue, TenantRules
from app.tenants import seed_files
from tests.support import APPROVAL, Ccas, Databases, ok, refused, submitted, with_own_partners

SEEDS = {path.stem: path for path in seed_files()}
Written = Callable[..., Path]


def own(rules: TenantRules) -> TenantRules:
    """The rules under a slug, and with partners, that no other test has."""
    mark = uuid4().hex[:10]
    return with_own_partners(replace(rules, slug=f"{rules.slug}-{mark}"), mark)


@pytest.fixture
def write(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes a seed's file under a slug of its own, some of its words changed; the commands find the database."""
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)

    def written(slug: str, *changes: tuple[str, str], of: str = "besancon", folder: str = ".") -> Path:
        content = SEEDS[of].read_text("utf-8").replace(f"slug: {of}", f"slug: {slug}")
        for old, new in changes:
            assert old in content
            content = content.replace(old, new, 1)
        path = tmp_path / folder / f"{slug}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
        return path

    return written


@pytest.fixture
def slug() -> str:
    """A slug that no other test has."""
    return f"ccas-{uuid4().hex[:12]}"


OVER_100 = 'guarantees: [{guarantor: Ville, share_percent: "101"}]'
WITH_A_HOLE = """  - version: 1
    indexes:
      - code: livret_a
        name: Livret A
        unit: percent
        values:
          - {valid_from: 2009-08-01, valid_to: 2010-07-31, value: "1.25", source: x}
          - {valid_from: 2010-08-02, valid_to: null, value: "1.75", source: x}
"""
TODAY = datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris")).date()
YESTERDAY = TODAY - timedelta(days=1)
BEYOND = ("amount_cents_max: 300000", "amount_cents_max: 9000000")


# load


async def test_a_ccas_opened_by_command_while_the_service_runs_is_there_at_once(
    client: AsyncClient, write: Written, slug: str
) -> None:
    await refused(client.get(f"/v1/tenants/{slug}/rules"), 404, "not_found")
    assert main(["tenants", "load", str(write(slug))]) == 0
    rules = await ok(client.get(f"/v1/tenants/{slug}/rules"))
    assert (rules["version"], rules["products"][0]["code"]) == (4, "parcours_projet")


async def test_a_folder_is_loaded_whole_and_each_ccas_has_its_own_rules(
    client: AsyncClient, write: Written, slug: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, seed in enumerate(("besancon", "toulouse", "besancon")):
        write(f"{slug}-{number}", of=seed, folder=f"in/{number}" if number else "in")
    for _ in range(2):
        assert main(["tenants", "load", str(tmp_path / "in")]) == 0
    assert capsys.readouterr() == ("", "")
    names = []
    for number in range(3):
        names.append((await ok(client.get(f"/v1/tenants/{slug}-{number}/rules")))["products"][0]["name"])
        versions = (await ok(client.get(f"/v1/tenants/{slug}-{number}/rules/versions")))["items"]
        assert len(versions) == (1 if number == 1 else 4)
    assert names == ["Parcours Projet", "Micro-crédit personnel accompagné", "Parcours Projet"]


async def test_a_file_with_a_fault_loads_nothing_of_any_and_tells_all_the_faults(
    client: AsyncClient, write: Written, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(slug), write(f"{slug}-a", BEYOND), write(f"{slug}-b", ("fast_track: false", "fast_track: no"))]
    files.append(write(f"{slug}-c", ("purposes: null", "purposes: [rocket]"), of="toulouse"))
    assert main(["tenants", "load", *map(str, files)]) == 1
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert (told.out, len(lines)) == ("", 4 + 1 + 1)
    assert lines[0].startswith("microcredit tenants: ")
    for file, sentence in (
        ("a", "versions.0.products.0.amount_cents_max : 75\u202f000\u00a0€ au plus"),
        ("b", "versions.0.products.0.fast_track : « no » se lirait comme oui ou non"),
        ("c", "versions.0.products.0.purposes.0 : Ce code"),
    ):
        assert any(f"{slug}-{file}.yaml : ligne " in line and f", {sentence}" in line for line in lines)
    for path in files:
        await refused(client.get(f"/v1/tenants/{path.stem}"), 404, "not_found")


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("valid_to: 2010-12-31", "valid_to: 2011-01-01", "versions.1.valid_from"),
        ("purposes: null", "purposes: [rocket]", "versions.0.products.0.purposes.0"),
        ("amount_cents_min: null", "amount_cents_min: 300001", "versions.0.products.0.amount_cents_min"),
        ('rate_percent: "0"', 'rate_percent: "99"', "versions.3.products.0.rate_percent"),
        ("guarantees: []", OVER_100, "versions.0.products.0.guarantees.0.share_percent"),
        ('insee_code: "25056"', 'insee_code: "25999"', "communes.0.insee_code"),
        ("  - version: 1\n", WITH_A_HOLE, "versions.0.indexes.0.values.1.valid_from"),
    ],
)
async def test_bad_rules_are_refused_with_the_path_and_the_reason_and_leave_no_trace(
    client: AsyncClient, write: Written, slug: str, capsys: pytest.CaptureFixture[str], old: str, new: str, path: str
) -> None:
    assert main(["tenants", "load", str(write(slug, (old, new)))]) == 1
    assert f", {path} : " in capsys.readouterr().err
    await refused(client.get(f"/v1/tenants/{slug}"), 404, "not_found")


async def test_one_slug_in_two_files_is_refused(
    client: AsyncClient, write: Written, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(slug, folder="a"), write(slug, of="toulouse", folder="b")]
    assert main(["tenants", "load", *map(str, files)]) == 1
    assert f"b/{slug}.yaml : slug : « {slug} » désigne déjà autre chose" in capsys.readouterr().err
    await refused(client.get(f"/v1/tenants/{slug}"), 404, "not_found")


async def test_a_later_tenant_that_differs_from_what_is_published_takes_back_the_earlier_ones(
    databases: Databases, client: AsyncClient
) -> None:
    there, new = (own(read_rules(SEEDS["besancon"])) for _ in range(2))
    load_tenant(databases.owner_url, there)
    other = replace(there, versions=(replace(there.versions[0], reference="Autre"), *there.versions[1:]))
    with pytest.raises(RulesDiffer, match=there.slug):
        load_tenants(databases.owner_url, [new, other])
    await refused(client.get(f"/v1/tenants/{new.slug}"), 404, "not_found")


async def test_an_open_version_is_closed_by_the_file_that_adds_the_next(
    databases: Databases, client: AsyncClient
) -> None:
    rules = own(read_rules(SEEDS["besancon"]))
    load_tenant(databases.owner_url, rules)
    *earlier, last = rules.versions
    following = replace(last, version=5, valid_from=date(2027, 1, 1), reference="Délibération de décembre 2026")
    longer = replace(rules, versions=(*earlier, replace(last, valid_to=date(2026, 12, 31)), following))
    load_tenant(databases.owner_url, longer)
    items = (await ok(client.get(f"/v1/tenants/{rules.slug}/rules/versions")))["items"]
    assert [(item["version"], item["valid_to"]) for item in items[-2:]] == [(4, "2026-12-31"), (5, None)]
    # What has ended never opens again, nor ends on another day.
    for end in (None, date(2026, 6, 30)):
        reopened = replace(longer, versions=(*earlier, replace(last, valid_to=end), replace(following, version=6)))
        with pytest.raises(RulesDiffer, match="version 4"):
            load_tenant(databases.owner_url, reopened)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            [("minor_children_max: null\n", "minor_children_max: 2\n")],
            "version 4 is already there and says something else",
        ),
        ([("valid_to: 2011-10-12", "valid_to: 2011-10-11")], "version 3 is already there and says something else"),
        (
            [("day\n    valid_to: null", f"day\n    valid_to: {YESTERDAY}")],
            f"version 4 cannot end on {YESTERDAY}: a decision of {TODAY} was taken under it",
        ),
        ([("- version: 4", "- version: 5")], "version 4 is already there and the file does not have it"),
    ],
)
async def test_a_file_that_rewrites_what_was_decided_under_is_refused_in_a_sentence_and_changes_nothing(
    besancon: Ccas, write: Written, capsys: pytest.CaptureFixture[str], changes: list[tuple[str, str]], sentence: str
) -> None:
    decision = {**APPROVAL, "decided_on": TODAY.isoformat()}
    made = await ok(besancon.decider.post(f"/requests/{await submitted(besancon)}/decisions", decision))
    told = [f"/tenants/{besancon.slug}", f"/tenants/{besancon.slug}/rules/versions", f"/decisions/{made['id']}"]
    before = [await ok(besancon.agent.get(path)) for path in told]
    path = write(besancon.slug, ("name: CCAS de Besançon\n", "name: CCAS du Doubs\n"), *changes)
    assert main(["tenants", "load", str(path)]) == 1
    assert capsys.readouterr().err == f"microcredit tenants: {besancon.slug}: {sentence}\n"
    assert [await ok(besancon.agent.get(path)) for path in told] == before
    # The decision is where the file as it was loaded says; that one is taken back as before.
    assert main(["tenants", "load", str(write(besancon.slug))]) == 0


# export


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_exported_is_what_was_loaded_and_loads_again(
    databases: Databases, client: AsyncClient, tmp_path: Path, seed: str
) -> None:
    rules = own(read_rules(SEEDS[seed]))
    load_tenant(databases.owner_url, rules)
    path = tmp_path / "exported.yaml"
    path.write_text(export(databases.owner_url, rules.slug), "utf-8")
    assert read_rules(path) == rules
    load_tenant(databases.owner_url, read_rules(path))
    assert stored_rules(databases.owner_url, rules.slug) == rules


COMMISSION = CommissionRule(quorum_members_min=3, quorum_percent=Decimal("50.5"), votes=VoteKeeping.BY_NAME)


async def test_what_yaml_would_read_otherwise_is_exported_in_quotes(databases: Databases, tmp_path: Path) -> None:
    rules = own(read_rules(SEEDS["toulouse"]))
    odd = [
        "no",
        "2A004",
        "08105",
        "08:30",
        "6.20",
        "null",
        "2011-01-01",
        "a: b",
        "# c",
        " d",
        "é\u202f€\n« x »",
        "{e}",
        "~",
    ]
    value = IndexValue(valid_from=None, valid_to=None, value=Decimal("1.10"), source="no")
    index = Index(code="on", name="Yes", unit=IndexUnit.PERCENT, values=(value,))
    product = replace(rules.versions[0].products[0], public="\n".join(odd))
    product = replace(product, lender=replace(product.lender, steps=tuple(odd)))
    rules = replace(
        rules, versions=(replace(rules.versions[0], products=(product,), indexes=(index,), commission=COMMISSION),)
    )
    load_tenant(databases.owner_url, rules)
    path = tmp_path / "exported.yaml"
    path.write_text(export(databases.owner_url, rules.slug), "utf-8")
    assert read_rules(path) == rules
    assert "&id" not in path.read_text("utf-8")


async def test_the_command_exports_on_its_output(write: Written, slug: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenants", "load", str(write(slug))]) == 0
    assert main(["tenants", "export", slug]) == 0
    content = yaml.safe_load(capsys.readouterr().out)
    assert (content["slug"], content["communes"]) == (slug, [{"insee_code": "25056", "name": "Besançon"}])


async def test_exporting_a_ccas_that_is_not_there_says_so(
    write: Written, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del write
    assert main(["tenants", "export", slug]) == 1
    assert capsys.readouterr().err == f'microcredit tenants: no CCAS has the slug "{slug}"\n'


# diff


async def test_a_file_is_compared_with_what_is_loaded(
    write: Written, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tenants", "load", str(write(slug))]) == 0
    changed = write(slug, ("duration_months_max: 36", "duration_months_max: 24"))
    told = []
    for sources in ([str(changed)], [slug, str(changed)], [str(changed), slug]):
        assert main(["tenants", "diff", *sources]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "Durée maximale\u00a0: 36 mois → 24 mois" in told[0]
    assert "Durée maximale\u00a0: 24 mois → 36 mois" in told[2]
