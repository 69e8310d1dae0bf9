"""Published schemes of other towns, written in docs/schemes as docs/rules.md tells, answer what the towns answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import TypeAdapter

from app.commands.tenants import read_rules
from app.domain.aids import Aid
from app.domain.breaches import Breach
from app.domain.eligibility import LEGAL_TEXTS, breaches
from app.domain.errors import RuleNotStated
from app.domain.lenders import InterestAid
from app.domain.products import Product
from app.domain.rule_checks import RuleCodes
from app.domain.rule_paths import is_given, is_rule
from app.domain.rules import IndexValue, RuleVersion, TenantRules
from app.domain.settled_rules import settle, stated_rate
from app.domain.tenant_checks import remarks, tenant_faults
from app.parameters.codes import codes
from app.parameters.communes import communes
from app.parameters.law import national_law, usury_table
from app.parameters.yaml_file import load_yaml
from app.tenants import seed_files

DOCS = Path(__file__).parents[2] / "docs"
FILES = sorted((DOCS / "schemes").glob("*.yaml"))
RULES = {path.stem: read_rules(path) for path in FILES}
RAW: dict[str, dict[str, Any]] = {path.stem: load_yaml(path) for path in FILES}
ASKED = load_yaml(Path(__file__).parents[1] / "cases" / "schemes.yaml")
CASES: dict[str, list[dict[str, Any]]] = {slug: asked["cases"] for slug, asked in ASKED["schemes"].items()}
CODES = RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))

# What names a product, or tells of its rules: no sentence has to state it.
ABOUT = {"code", "name", "not_stated", "inferred", "sources", "severities"}
QUOTATION = re.compile(r"«.+» \(.+, https?://\S+\)")
LAW = re.compile(r"Code monétaire et financier, article \S+")

TENANT = TypeAdapter(TenantRules)
AID = TypeAdapter(Aid)


def as_json(content: object) -> str:
    return json.dumps(content, default=date.isoformat)


def faults(rules: TenantRules) -> list[str]:
    found = tenant_faults(rules, law=national_law(), usury=usury_table(), codes=CODES, official=communes())
    return [f"{fault.path}: {fault.code} {dict(fault.facts)}" for fault in found]


def in_force(slug: str, on: date) -> RuleVersion | None:
    held = (one for one in RULES[slug].versions if (one.valid_from or date.min) <= on <= (one.valid_to or date.max))
    return next(held, None)


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a product with its path; a list of plain values is one value."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from leaves(value, f"{path}.{name}".lstrip("."))
    elif isinstance(content, list) and any(isinstance(value, dict) for value in content):
        for index, value in enumerate(content):
            yield from leaves(value, f"{path}.{index}")
    else:
        yield path, content


def products(written: dict[str, Any]) -> list[dict[str, Any]]:
    return [product for version in written["versions"] for product in version["products"]]


EACH: list[Any] = [
    pytest.param(product, raw, id=f"{slug}-{number}")
    for slug, rules in RULES.items()
    for number, (product, raw) in enumerate(
        zip([one for version in rules.versions for one in version.products], products(RAW[slug]), strict=True), start=1
    )
]


# The files.


@pytest.mark.parametrize("slug", RULES)
def test_a_scheme_holds_together_and_keeps_to_the_law(slug: str) -> None:
    assert RULES[slug].slug == slug
    assert faults(RULES[slug]) == []
    told = {remark.code for remark in remarks(RULES[slug], usury=usury_table(), official=communes())}
    # Few towns say whether their lender is under a national cap.
    assert told <= {"no_national_cap"}


def test_no_scheme_is_one_of_the_four_seeds() -> None:
    seeds = {commune.insee_code for path in seed_files() for commune in read_rules(path).communes}
    assert seeds.isdisjoint(commune.insee_code for rules in RULES.values() for commune in rules.communes)
    assert {"laval", "marseille"} < set(RULES)


@pytest.mark.parametrize(("product", "raw"), EACH)
def test_sources_and_inferences_name_rules(product: Product, raw: dict[str, Any]) -> None:
    assert [path for path in [*raw["sources"], *raw["inferred"]] if not is_rule(product, path)] == []


@pytest.mark.parametrize(("product", "raw"), EACH)
def test_nothing_is_stated_without_a_quotation(product: Product, raw: dict[str, Any]) -> None:
    stated = [*raw["sources"], *raw["inferred"]]
    rules = [path for path, value in leaves(raw) if value is not None and path.split(".")[0] not in ABOUT]
    assert [path for path in rules if not any(f"{path}.".startswith(f"{known}.") for known in stated)] == []


@pytest.mark.parametrize(("product", "raw"), EACH)
def test_a_rule_left_null_is_owned_up_to_or_left_open_by_a_sentence(product: Product, raw: dict[str, Any]) -> None:
    accounted = {*product.not_stated, *product.sources}
    nulls = [name for name, value in raw.items() if value is None and name not in accounted]
    assert nulls == []


@pytest.mark.parametrize(("product", "raw"), EACH)
def test_what_is_not_stated_is_neither_given_nor_quoted(product: Product, raw: dict[str, Any]) -> None:
    assert [path for path in product.not_stated if is_given(product, path) or path in product.sources] == []
    assert len(set(product.not_stated)) == len(product.not_stated)


@pytest.mark.parametrize(("product", "raw"), EACH)
def test_a_source_quotes_a_page_by_its_address_or_cites_the_law(product: Product, raw: dict[str, Any]) -> None:
    for path, source in product.sources.items():
        quotations = re.split(r"(?<=\)) ; (?=«)", source)
        assert LAW.match(source) or all(QUOTATION.fullmatch(one) for one in quotations), path


@pytest.mark.parametrize("slug", RULES)
def test_each_version_names_the_text_it_comes_from(slug: str) -> None:
    assert all("http" in version.reference for version in RULES[slug].versions)


@pytest.mark.parametrize("slug", RULES)
def test_agreements_are_quoted_and_with_lenders_of_the_rules(slug: str) -> None:
    lending = {
        one.code: one.name for version in RULES[slug].versions for own in version.products for one in own.lenders
    }
    for agreement in RULES[slug].agreements:
        assert lending[agreement.partner] == agreement.partner_name
        assert QUOTATION.fullmatch(agreement.source)


# The answers.


class Told(NamedTuple):
    """What the rules of a day tell of a case."""

    product: Product
    reference: str
    breaches: list[Breach]


def told(slug: str, case: dict[str, Any]) -> Told:
    given = ASKED["base"] | case["aid"] | {"on": case["day"]}
    assert set(given) <= {field.name for field in fields(Aid)}
    aid = AID.validate_json(as_json(given))
    version = in_force(slug, case["day"])
    assert version is not None
    (whole,) = [one for one in version.products if case.get("product", one.code) == one.code]
    age = aid.applicant_age
    product = settle(whole, on=case["day"], indexes=version.indexes, lender=case.get("lender"), age=age)
    return Told(product, version.reference, breaches(product, aid, reference=version.reference))


@pytest.mark.parametrize(
    ("slug", "case"),
    [pytest.param(slug, case, id=f"{slug}: {case['name']}") for slug, asked in CASES.items() for case in asked],
)
def test_a_case_is_answered_as_its_town_would(slug: str, case: dict[str, Any]) -> None:
    answer = told(slug, case)
    plain = {one.rule: [one.limit, one.actual, one.severity.value] for one in answer.breaches}
    assert json.loads(as_json(plain)) == case["breaches"]
    assert len(plain) == len(answer.breaches)
    assert answer.product.rate_percent == (None if case["rate"] is None else Decimal(case["rate"]))
    if len(answer.breaches) == 1:
        assert case["text"] in answer.breaches[0].reference
    texts = [answer.reference, *answer.product.sources.values(), *LEGAL_TEXTS.values()]
    assert any(case["text"] in text for text in texts)


def test_each_scheme_has_five_cases_or_more() -> None:
    assert set(CASES) == set(RULES)
    assert {slug: len(asked) for slug, asked in CASES.items() if len(asked) < 5} == {}


@pytest.mark.parametrize("slug", RULES)
def test_who_pays_the_interest(slug: str) -> None:
    borne_by, aids = ASKED["schemes"][slug]["interest"]
    product = RULES[slug].versions[-1].products[0]
    assert product.interest_borne_by == borne_by
    assert product.interest_aids == TypeAdapter(tuple[InterestAid, ...]).validate_json(as_json(aids))


def test_where_no_figure_is_stated_what_computes_with_the_rate_is_refused() -> None:
    with pytest.raises(RuleNotStated) as refused:
        stated_rate(told("laval", CASES["laval"][0]).product)
    assert refused.value.facts == {"path": "rate_percent"}


@pytest.mark.parametrize(
    ("slug", "on", "version"),
    [
        ("laval", date(2006, 12, 31), None),
        ("laval", date(2007, 1, 1), 1),
        ("tarbes-2009", date(2009, 7, 28), None),
        ("tarbes-2009", date(2009, 7, 29), 1),
        ("orthez", date(2010, 11, 6), None),
        ("orthez", date(2010, 11, 7), 1),
        ("rennes", date(2010, 12, 31), None),
        ("rennes", date(2021, 5, 31), 1),
        ("rennes", date(2021, 6, 1), 2),
        ("nousty", date(2021, 1, 31), None),
        ("nousty", date(2021, 2, 1), 1),
        ("marseille", date(1990, 1, 1), 1),
    ],
)
def test_the_day_from_which_rules_hold(slug: str, on: date, version: int | None) -> None:
    found = in_force(slug, on)
    assert (found.version if found else None) == version


def with_index(slug: str, value: str) -> RuleVersion:
    """The version of a scheme once its CCAS has entered the figure that the sources do not give."""
    version = RULES[slug].versions[0]
    row = IndexValue(valid_from=date(2012, 1, 1), valid_to=date(2019, 12, 31), value=Decimal(value), source="Essai")
    return replace(version, indexes=(replace(version.indexes[0], values=(row,)),))


@pytest.mark.parametrize(
    ("resources_cents", "expected"),
    [(150_000, []), (150_001, [("income_ceiling", 150_000, 150_001, "refuse")])],
)
def test_a_ceiling_refuses_once_its_index_has_a_figure(resources_cents: int, expected: list[tuple[Any, ...]]) -> None:
    version, on = with_index("limoges-5-mois", "100000"), date(2012, 6, 30)
    product = settle(version.products[0], on=on, indexes=version.indexes)
    aid = Aid(lives_in_served_commune=True, adults=2, minor_children=3, resources_cents=resources_cents, on=on)
    found = breaches(product, aid, reference=version.reference)
    assert [(one.rule, one.limit, one.actual, one.severity) for one in found] == expected


@pytest.mark.parametrize(
    ("on", "rate"), [(date(2018, 10, 1), "3.25"), (date(2011, 12, 31), None), (date(2020, 1, 1), None)]
)
def test_a_rate_follows_its_index_and_is_not_known_beyond_it(on: date, rate: str | None) -> None:
    version = with_index("sainte-luce-sur-loire", "1")
    product = settle(version.products[0], on=on, indexes=version.indexes)
    assert product.rate_percent == (None if rate is None else Decimal(rate))


def test_an_association_whose_rules_state_no_duration_is_refused_by_the_law() -> None:
    rules = RULES["pont-saint-esprit"]
    (product,) = rules.versions[0].products
    silent = replace(product, lender=replace(product.lender, duration_months_max=None))
    version = replace(rules.versions[0], products=(replace(silent, inferred=("lender.scopes",)),))
    (fault,) = faults(replace(rules, versions=(version,)))
    assert fault.startswith("versions.0.products.0.duration_months_max: above_national_cap {'cap': 84,")


def test_two_files_of_one_ccas_become_two_versions_once_the_day_is_known() -> None:
    first, second = RAW["tarbes-2009"]["versions"][0], RAW["tarbes"]["versions"][0]
    versions = [
        first | {"valid_to": "2014-12-31"},
        second | {"version": 2, "valid_from": "2015-01-01", "valid_from_precision": "year"},
    ]
    whole = TENANT.validate_json(as_json(RAW["tarbes"] | {"versions": versions}))
    assert faults(whole) == []
    assert [version.products[0].rate_percent for version in whole.versions] == [2, 1]


# The guide.


class Block(NamedTuple):
    """A fenced block of YAML in docs/rules.md, with the scheme whose section it stands in."""

    line: int
    scheme: str | None
    text: str


def sections() -> Iterator[tuple[int, str | None, str]]:
    """Each line of the guide with its number and the scheme of its section."""
    scheme = None
    for number, line in enumerate((DOCS / "rules.md").read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            link = re.search(r"\(schemes/([a-z0-9-]+)\.yaml\)", line)
            scheme = link.group(1) if link else None
        yield number, scheme, line


def blocks() -> Iterator[Block]:
    begun: Block | None = None
    for number, scheme, line in sections():
        if begun is None and line == "```yaml":
            begun = Block(number, scheme, "")
        elif begun is not None and line == "```":
            yield begun
            begun = None
        elif begun is not None:
            begun = begun._replace(text=f"{begun.text}{line}\n")


BLOCKS = list(blocks())
SMALLEST = next(block for block in BLOCKS if block.text.startswith("slug:"))


def loaded(block: Block, folder: Path) -> Any:
    path = folder / "block.yaml"
    path.write_text(block.text, encoding="utf-8")
    return load_yaml(path)


def completed(smallest: dict[str, Any], fragment: dict[str, Any]) -> dict[str, Any]:
    """The smallest file with the fragment in its place: rules of a product, of the version or of the whole file."""
    beside = {name: fragment.get(name, []) for name in ("indexes", "agreements")}
    beside["commission"] = fragment.get("commission")
    version = smallest["versions"][0]
    product = version["products"][0] | {name: value for name, value in fragment.items() if name not in beside}
    versions = [version | {"products": [product], "indexes": beside["indexes"], "commission": beside["commission"]}]
    return smallest | {"versions": versions, "agreements": beside["agreements"]}


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if not block.scheme], ids=lambda block: f"line {block.line}"
)
def test_the_yaml_of_the_guide_is_a_file_or_the_rules_of_one(block: Block, tmp_path: Path) -> None:
    content = loaded(block, tmp_path)
    whole = content if block.text.startswith("slug:") else completed(loaded(SMALLEST, tmp_path), content)
    assert faults(TENANT.validate_json(as_json(whole))) == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.scheme], ids=lambda block: f"line {block.line}")
def test_the_yaml_of_an_example_is_that_of_its_scheme(block: Block, tmp_path: Path) -> None:
    assert block.scheme is not None
    written = RAW[block.scheme]
    places = [*products(written), *written["versions"], written]
    for name, value in loaded(block, tmp_path).items():
        assert value in [place[name] for place in places if name in place], name


def rendered(case: dict[str, Any]) -> str:
    """A case as a row of the guide."""
    acts = {"refuse": "refuses", "warn": "warns"}
    found = []
    for rule, (limit, actual, severity) in case["breaches"].items():
        figures = [f"{name} {shown(value)}" for name, value in (("limit", limit), ("found", actual)) if value]
        found.append(f"`{rule}` {acts[severity]}" + (f" ({', '.join(figures)})" if figures else ""))
    rate = "not told" if case["rate"] is None else f"{case['rate']} %"
    return f"| {case['name']} | {rate} | {'; '.join(found) or 'nothing'} |"


def shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def test_the_answers_of_the_guide_are_those_of_the_cases() -> None:
    rows = [(scheme, line) for _, scheme, line in sections() if scheme and line.startswith("| ")]
    shown_of = {scheme for scheme, _ in rows}
    known = {scheme: {rendered(case) for case in CASES[scheme]} for scheme in shown_of}
    said = [(scheme, line) for scheme, line in rows if not line.startswith(("| asked ", "|---"))]
    assert [line for scheme, line in said if line not in known[scheme]] == []
    assert len(shown_of) >= 5


def test_the_guide_names_every_scheme() -> None:
    guide = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(schemes/([a-z0-9-]+)\.yaml\)", guide)) == set(RULES)
