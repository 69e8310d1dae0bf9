"""The CCAS and their dated rules, open to all; loading them changes nothing that was published."""

from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from app.cli import main
from app.commands.tenants import RulesDiffer, load_tenant, read_rules
from app.tenants import seed_files
from tests.support import Ccas, Databases, ok, refused

BESANCON = next(path for path in seed_files() if path.stem == "besancon").read_text("utf-8")


def written(tmp_path: Path, slug: str, **changes: tuple[str, str]) -> Path:
    """Besançon's file under another slug, some of its words changed."""
    content = BESANCON.replace("slug: besancon", f"slug: {slug}")
    for old, new in changes.values():
        assert old in content
        content = content.replace(old, new)
    path = tmp_path / f"{uuid4().hex}.yaml"
    path.write_text(content, "utf-8")
    return path


@pytest.fixture
def slug() -> str:
    """A slug that no other test has."""
    return f"ccas-{uuid4().hex[:12]}"


# Read by anyone


async def test_anyone_may_read_which_ccas_there_are(besancon: Ccas, toulouse: Ccas, client: AsyncClient) -> None:
    slugs = await every_slug(client)
    assert {besancon.slug, toulouse.slug} <= set(slugs)
    assert slugs == sorted(set(slugs))


async def test_the_ccas_of_an_instance_come_in_pages(besancon: Ccas, toulouse: Ccas, client: AsyncClient) -> None:
    first = await client.get("/v1/tenants", params={"limit": 1})
    (shown,), cursor = first.json()["items"], first.json()["next_cursor"]
    assert first.headers["link"] == f'</v1/tenants?limit=1&cursor={cursor}>; rel="next"'
    second = await ok(client.get("/v1/tenants", params={"limit": 100, "cursor": cursor}))
    assert shown["slug"] < second["items"][0]["slug"]
    assert await every_slug(client, limit=1) == await every_slug(client, limit=100)
    for foreign in (cursor[:-1], cursor + "A", "A" * len(cursor)):
        await refused(client.get("/v1/tenants", params={"cursor": foreign}), 400, "cursor_not_ours")
    people = await ok(besancon.agent.get("/people"))
    assert people["next_cursor"] is None
    await refused(besancon.agent.get("/people", cursor=cursor), 400, "cursor_not_ours")


async def every_slug(client: AsyncClient, limit: int = 100) -> list[str]:
    """The slugs of all CCAS, page after page."""
    slugs: list[str] = []
    query: dict[str, str | int] = {"limit": limit}
    while True:
        page = await ok(client.get("/v1/tenants", params=query))
        slugs += [item["slug"] for item in page["items"]]
        if page["next_cursor"] is None:
            return slugs
        query["cursor"] = page["next_cursor"]


async def test_a_ccas_tells_its_name_and_its_communes(besancon: Ccas, client: AsyncClient) -> None:
    assert await ok(client.get(f"/v1/tenants/{besancon.slug}")) == {
        "slug": besancon.slug,
        "name": "CCAS de Besançon",
        "kind": "communal",
        "communes": [{"insee_code": "25056", "name": "Besançon"}],
        "time_zone": "Europe/Paris",
    }


@pytest.mark.parametrize("part", ["", "/rules", "/rules?on=2011-01-01", "/rules/versions"])
async def test_a_ccas_that_is_not_there_is_not_found(client: AsyncClient, part: str) -> None:
    await refused(client.get(f"/v1/tenants/nulle-part{part}"), 404, "not_found")


@pytest.mark.parametrize(
    ("on", "version"),
    [
        ("2009-10-01", 1),
        ("2010-12-31", 1),
        ("2011-01-01", 2),
        ("2011-04-30", 2),
        ("2011-05-01", 3),
        ("2011-10-12", 3),
        ("2011-10-13", 4),
        ("2199-12-31", 4),
    ],
)
async def test_the_rules_of_a_day_are_those_in_force_that_day_first_and_last_included(
    besancon: Ccas, client: AsyncClient, on: str, version: int
) -> None:
    rules = await ok(client.get(f"/v1/tenants/{besancon.slug}/rules", params={"on": on}))
    assert rules["version"] == version
    assert rules["valid_from"] <= on <= (rules["valid_to"] or on)


async def test_without_a_day_the_rules_are_todays(besancon: Ccas, client: AsyncClient) -> None:
    rules = await ok(client.get(f"/v1/tenants/{besancon.slug}/rules"))
    assert (rules["version"], rules["valid_to"]) == (4, None)


async def test_before_the_first_version_there_are_no_rules(besancon: Ccas, client: AsyncClient) -> None:
    answer = client.get(f"/v1/tenants/{besancon.slug}/rules", params={"on": "2009-09-30"})
    assert (await refused(answer, 409, "no_rules_in_force"))["on"] == "2009-09-30"


@pytest.mark.parametrize(
    ("on", "language", "told"),
    [
        ("1800-01-01", "fr", "01/01/1900 au moins est attendu."),
        ("2200-01-01", "fr", "31/12/2199 au plus est attendu."),
        ("1800-01-01", "en", "At least 1900-01-01 is expected."),
        ("2200-01-01", "en", "At most 2199-12-31 is expected."),
    ],
)
async def test_a_day_out_of_bounds_is_told_with_the_bound_as_a_day(
    besancon: Ccas, client: AsyncClient, on: str, language: str, told: str
) -> None:
    answer = client.get(f"/v1/tenants/{besancon.slug}/rules", params={"on": on}, headers={"accept-language": language})
    problem = await refused(answer, 422, "invalid")
    assert [fault["message"] for fault in problem["errors"]] == [told]
    assert "atetime" not in str(problem)


@pytest.mark.parametrize("query", [{"on": "2011"}, {"on": "2011-02-30"}, {"on": ""}, {"at": "2011-01-01"}])
async def test_a_day_that_is_none_is_refused(besancon: Ccas, client: AsyncClient, query: dict[str, str]) -> None:
    await refused(client.get(f"/v1/tenants/{besancon.slug}/rules", params=query), 422, "invalid")


@pytest.mark.parametrize(
    ("on", "children", "grant", "fast_track", "commitment"),
    [
        ("2010-12-31", 0, False, False, "written"),
        ("2011-01-01", 0, True, False, "oral"),
        ("2011-05-01", 0, True, True, "oral"),
        ("2011-10-13", None, True, True, "oral"),
    ],
)
async def test_besancons_rules_changed_as_its_report_tells(
    besancon: Ccas,
    client: AsyncClient,
    on: str,
    children: int | None,
    grant: bool,  # noqa: FBT001
    fast_track: bool,  # noqa: FBT001
    commitment: str,
) -> None:
    rules = await ok(client.get(f"/v1/tenants/{besancon.slug}/rules", params={"on": on}))
    (product,) = rules["products"]
    assert product["minor_children_max"] == children
    assert (product["grant"]["alone"], product["grant"]["with_loan"]) == (grant, grant)
    assert (product["fast_track"], product["commitment"]) == (fast_track, commitment)
    assert (product["amount_cents_max"], product["duration_months_max"], product["rate_percent"]) == (300_000, 36, "0")
    assert product["amount_cents_min"] is None
    assert "amount_cents_min" in product["not_stated"]


async def test_the_versions_are_listed_from_the_oldest_without_gap_or_overlap(
    besancon: Ccas, client: AsyncClient
) -> None:
    items = (await ok(client.get(f"/v1/tenants/{besancon.slug}/rules/versions")))["items"]
    assert [
        (item["version"], item["valid_from"], item["valid_from_precision"], item["valid_to"]) for item in items
    ] == [
        (1, "2009-10-01", "quarter", "2010-12-31"),
        (2, "2011-01-01", "year", "2011-04-30"),
        (3, "2011-05-01", "month", "2011-10-12"),
        (4, "2011-10-13", "day", None),
    ]
    assert all(item["reference"] for item in items)


# Loaded by the owner


async def test_loading_the_same_file_twice_changes_nothing(
    databases: Databases, client: AsyncClient, tmp_path: Path, slug: str
) -> None:
    rules = read_rules(written(tmp_path, slug))
    first = load_tenant(databases.owner_url, rules)
    before = await ok(client.get(f"/v1/tenants/{slug}/rules/versions"))
    assert load_tenant(databases.owner_url, rules) == first
    assert await ok(client.get(f"/v1/tenants/{slug}/rules/versions")) == before


async def test_a_published_version_that_says_something_else_is_refused_whole(
    databases: Databases, client: AsyncClient, tmp_path: Path, slug: str
) -> None:
    load_tenant(databases.owner_url, read_rules(written(tmp_path, slug)))
    before = await ok(client.get(f"/v1/tenants/{slug}/rules", params={"on": "2010-01-01"}))
    changed = written(
        tmp_path,
        slug,
        name=("name: CCAS de Besançon\nkind", "name: CCAS du Doubs\nkind"),
        ceiling=("amount_cents_max: 300000", "amount_cents_max: 500000"),
    )
    with pytest.raises(RulesDiffer, match="version 1"):
        load_tenant(databases.owner_url, read_rules(changed))
    assert await ok(client.get(f"/v1/tenants/{slug}/rules", params={"on": "2010-01-01"})) == before
    assert (await ok(client.get(f"/v1/tenants/{slug}")))["name"] == "CCAS de Besançon"


async def test_versions_in_force_on_one_day_are_refused_whole(
    databases: Databases, client: AsyncClient, tmp_path: Path, slug: str
) -> None:
    overlapping = written(tmp_path, slug, end=("valid_to: 2010-12-31", "valid_to: 2011-01-01"))
    with pytest.raises(IntegrityError, match="one_a_day"):
        load_tenant(databases.owner_url, read_rules(overlapping))
    await refused(client.get(f"/v1/tenants/{slug}"), 404, "not_found")


async def test_a_version_after_the_last_is_added_to_those_that_are_there(
    databases: Databases, client: AsyncClient, tmp_path: Path, slug: str
) -> None:
    whole = read_rules(written(tmp_path, slug))
    load_tenant(databases.owner_url, type(whole)(**{**fields_of(whole), "versions": whole.versions[:3]}))
    assert len((await ok(client.get(f"/v1/tenants/{slug}/rules/versions")))["items"]) == 3
    load_tenant(databases.owner_url, whole)
    assert len((await ok(client.get(f"/v1/tenants/{slug}/rules/versions")))["items"]) == 4


def fields_of(rules: object) -> dict[str, object]:
    return {name: getattr(rules, name) for name in type(rules).__dataclass_fields__}


async def test_the_command_loads_a_file_and_says_nothing(
    databases: Databases,
    client: AsyncClient,
    tmp_path: Path,
    slug: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    path = written(tmp_path, slug)
    for _ in range(2):
        assert main(["tenants", "load", str(path)]) == 0
    assert capsys.readouterr() == ("", "")
    await ok(client.get(f"/v1/tenants/{slug}"))


async def test_the_command_loads_the_four_seed_tenants_twice(
    databases: Databases, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    for _ in range(2):
        assert main(["tenants", "load"]) == 0
    slugs = set(await every_slug(client))
    assert {"besancon", "amiens", "toulouse", "fresnes"} <= slugs


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount_cents_max: 300000", "amount_cents_max: 3000.00"),
        ("amount_cents_max: 300000", "amount_cents_maximum: 300000"),
        ('insee_code: "25056"', "insee_code: 25056"),
        ('rate_percent: "0"', "rate_percent: zero"),
        ("valid_to: 2010-12-31", "valid_to: 2009-01-01"),
        ("valid_to: 2010-12-31", "valid_to: 2011-01-01"),
        ("slug: {slug}", "slug: platform"),
        ("slug: {slug}", "slug: Besançon"),
        ("versions:", "version:"),
    ],
)
async def test_a_file_that_is_wrong_is_refused_with_a_reason_and_no_trace(
    databases: Databases,
    client: AsyncClient,
    tmp_path: Path,
    slug: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    path = written(tmp_path, slug, change=(old.format(slug=slug), new))
    assert main(["tenants", "load", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("microcredit tenants: ")
    assert "Traceback" not in told.err
    await refused(client.get(f"/v1/tenants/{slug}/rules"), 404, "not_found")


@pytest.mark.parametrize("change", ["rules that differ", "no such file", "no address"])
async def test_a_load_that_cannot_be_done_says_why_in_one_sentence(
    databases: Databases,
    tmp_path: Path,
    slug: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    path = written(tmp_path, slug)
    if change == "no address":
        monkeypatch.delenv("DATABASE_OWNER_URL")
    elif change == "no such file":
        path = tmp_path / "nothing.yaml"
    else:
        assert main(["tenants", "load", str(path)]) == 0
        path = written(tmp_path, slug, ceiling=("amount_cents_max: 300000", "amount_cents_max: 500000"))
    assert main(["tenants", "load", str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("microcredit tenants: ")
