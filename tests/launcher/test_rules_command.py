"""The commands that look at rule files and write nothing: `tenants check`, `diff` and `schema`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from app.cli import main
from app.commands.rules import WIDTH, schema_text
from app.commands.tenant_export import as_yaml
from app.commands.tenants import read_rules
from app.domain.rules import TenantRules
from app.parameters.yaml_file import YamlFault, load_yaml
from app.tenants import seed_files
from tests.domain.any_rules import WRITABLE_DECIMALS, anything

SIGNED = 'reference: "Conseil d\'administration du CCAS du 6 septembre 2007 ; conseil municipal du 23 mai 2008"'
ROOT = Path(__file__).parents[2]
SEEDS = {path.stem: path for path in seed_files()}


def plain(text: str) -> str:
    """What is printed, in one line of ordinary spaces."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def changed(folder: Path, *changes: tuple[str, str], of: str = "toulouse", name: str = "changed") -> Path:
    """A seed's file with some of its words changed."""
    content = SEEDS[of].read_text("utf-8")
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    path = folder / f"{name}.yaml"
    path.write_text(content, "utf-8")
    return path


# check


def test_checking_the_seeds_tells_what_they_say_and_finds_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenants", "check", *map(str, SEEDS.values())]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= WIDTH
    told = plain(out)
    assert told.count("Aucun défaut.") == 4
    assert "Version 1, depuis mars 2009 : Conseil d'administration du CCAS du 6 septembre 2007" in told
    assert (
        "Prêt maximal : 3 000 € ; Durée maximale : 36 mois ; Taux : 3,04 % ; Intérêts à la charge de : la Ville" in told
    )
    assert "Version 4, depuis le 13/10/2011" in told
    assert "Enfants mineurs au plus : 0 → –" in told


def test_checking_a_folder_checks_all_its_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    changed(tmp_path, name="b")
    changed(tmp_path / "in", of="amiens", name="a")
    assert main(["tenants", "check", str(tmp_path)]) == 0
    assert plain(capsys.readouterr().out).count("Aucun défaut.") == 2


def test_every_fault_is_told_with_its_path_and_the_reason(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("amount_cents_min: 30000", "amount_cents_min: 300001"),
        ('rate_percent: "3.04"', 'rate_percent: "23.04"'),
        ('insee_code: "31555"', 'insee_code: "31999"'),
        ('share_percent: "15"', 'share_percent: "115"'),
        ("purposes: null", "purposes: [health, rocket]"),
    )
    assert main(["tenants", "check", str(path)]) == 1
    told = plain(capsys.readouterr().out)
    for line in (
        "communes.0.insee_code : Aucune commune de France n’a ce code INSEE.",
        "versions.0.products.0.amount_cents_min : Le minimum (3 000,01 €) est au-dessus du maximum (3 000 €).",
        "versions.0.products.0.guarantees.0.share_percent : 100 % au plus est attendu.",
        "versions.0.products.0.purposes.1 : Ce code n’est pas dans la liste des objets.",
        "versions.0.products.0.rate_percent : Le taux dépasse le seuil de l’usure du 01/03/2009",
    ):
        assert line in told
    assert "Aucun défaut" not in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "amount_cents_max: 300000",
            "amount_cents_max: 3000.00",
            "ligne 20, versions.0.products.0.amount_cents_max : 3000.00 serait un nombre à virgule",
        ),
        (
            "amount_cents_max: 300000",
            "amount_max: 300000",
            "versions.0.products.0.amount_max : Ce champ n’existe pas ici.",
        ),
        (
            "commitment: written",
            "commitment: carved",
            "versions.0.products.0.commitment : Une de ces valeurs est attendue : 'written', 'oral' ou 'none'.",
        ),
        ("name: Toulouse}", "name: Toulouse", "ligne 8, colonne 9 : Un guillemet, un crochet ou une accolade s’ouvre"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_with_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert main(["tenants", "check", str(changed(tmp_path, (old, new)))]) == 1
    assert told in plain(capsys.readouterr().out)


def test_all_that_can_be_told_of_a_file_is_told_at_once_by_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = changed(
        tmp_path,
        ("time_zone: Europe/Paris\n", ""),
        ('insee_code: "31555"', "insee_code: 31555"),
        ("valid_from: 2009-03-01", "valid_from: 2009-02-30"),
        ("amount_cents_min: 30000", 'amount_cents_min: "30000"'),
        ("amount_cents_max: 300000", "amount_cents_max: 3000.00"),
        ("fast_track: false", "fast_track: no"),
        ("commitment: written", "commitment: carved"),
        ("payee: null", "payee: null\n        beneficiary: supplier\n        payee: null"),
    )
    assert main(["tenants", "check", str(path)]) == 1
    told = plain(capsys.readouterr().out)
    expected = [
        "time_zone : Ce champ est requis.",
        'communes.0.insee_code : Un code INSEE est un texte : écrivez "31555" entre guillemets.',
        "versions.0.valid_from : La date 2009-02-30 n’existe pas au calendrier.",
        "versions.0.products.0.amount_cents_min : Un nombre entier est attendu.",
        "versions.0.products.0.amount_cents_max : 3000.00 serait un nombre à virgule flottante",
        "versions.0.products.0.fast_track : « no » se lirait comme oui ou non",
        "versions.0.products.0.commitment : Une de ces valeurs est attendue",
        "versions.0.products.0.beneficiary : Ce champ n’existe pas ici.",
        "versions.0.products.0.payee : La clé « payee » est donnée deux fois.",
    ]
    places = [told.index(sentence) for sentence in expected]
    assert places == sorted(places)
    assert told.count("ligne ") == len(expected) - 1
    assert "null" not in told


def test_a_value_refused_where_an_anchor_stands_is_told_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = "amount_cents_min: 30000"
    path = changed(tmp_path, (line, "amount_cents_min: &least 300.00\n        instalment_cents_max: *least"))
    assert main(["tenants", "check", str(path)]) == 1
    assert plain(capsys.readouterr().out).count("ligne ") == 1


def test_keys_that_are_no_text_are_told_in_french(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = changed(tmp_path, ("name: CCAS de Toulouse\n", "name: CCAS de Toulouse\n2011-01-01: x\n"))
    assert main(["tenants", "check", str(path)]) == 1
    assert "La clé 2011-01-01 se lirait comme une date" in plain(capsys.readouterr().out)


@pytest.mark.parametrize("text", ["1_0", "٣", " 0 ", "+1", "1e0", ".5", "5."])
def test_a_decimal_is_digits_and_a_point(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str) -> None:
    path = changed(tmp_path, ('rate_percent: "3.04"', f'rate_percent: "{text}"'))
    assert main(["tenants", "check", str(path)]) == 1
    told = plain(capsys.readouterr().out)
    assert "versions.0.products.0.rate_percent : Un nombre décimal est attendu" in told
    assert "ligne " in told


def test_a_day_beyond_the_calendar_of_rules_is_told_as_a_day(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = changed(tmp_path, ("valid_from: 2009-03-01", "valid_from: 1800-01-01"))
    assert main(["tenants", "check", str(path)]) == 1
    assert "versions.0.valid_from : 01/01/1900 au moins est attendu." in plain(capsys.readouterr().out)


def test_a_commune_under_another_name_is_to_be_looked_at_and_no_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = changed(tmp_path, ("name: Condé-sur-l'Escaut}", "name: Condé sur Escaut}"), of="fresnes")
    assert main(["tenants", "check", str(path)]) == 0
    told = plain(capsys.readouterr().out)
    assert "communes.1.name : Le nom officiel est « Condé-sur-l'Escaut »." in told


def test_a_file_that_is_not_there_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["tenants", "check", str(tmp_path / "none.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err


def test_a_folder_without_rule_files_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["tenants", "check", str(tmp_path)]) == 1
    assert "no rule file" in capsys.readouterr().err


# diff


def test_two_files_are_compared_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    after = changed(
        tmp_path,
        ("name: CCAS de Toulouse\n", "name: CCAS de la Ville de Toulouse\n"),
        ("amount_cents_max: 300000", "amount_cents_max: 200000"),
        ('rate_percent: "3.04"', 'rate_percent: "2"'),
        ("payee: null", "payee: supplier"),
        ("          - payee\n", ""),
        (SIGNED, "reference: Convention de 2007"),
    )
    assert main(["tenants", "diff", str(SEEDS["toulouse"]), str(after)]) == 0
    told = plain(capsys.readouterr().out)
    assert told == (
        "Nom : CCAS de Toulouse → CCAS de la Ville de Toulouse Version 1 personal_microcredit"
        " Prêt maximal : 3 000 € → 2 000 € Taux : 3,04 % → 2 % Versement à : – → le prestataire"
        " Non précisé : − Versement à"
        " - Convention avec credit_municipal_toulouse :"
        " Conseil d'administration du CCAS du 6 septembre 2007 ; conseil municipal du 23 mai 2008"
        " + Convention avec credit_municipal_toulouse : Convention de 2007"
    )


def test_another_kind_and_another_time_zone_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    after = changed(tmp_path, ("kind: communal", "kind: intercommunal"), ("Europe/Paris", "Indian/Reunion"))
    assert main(["tenants", "diff", str(SEEDS["toulouse"]), str(after)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Nature\u00a0: communal → intercommunal",
        "Fuseau horaire\u00a0: Europe/Paris → Indian/Reunion",
    ]


def test_a_version_that_is_added_tells_what_it_changes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    content = SEEDS["besancon"].read_text("utf-8")
    start = content.index("  - version: 4")
    before = tmp_path / "before.yaml"
    before.write_text(content[:start], "utf-8")
    assert main(["tenants", "diff", str(before), str(SEEDS["besancon"])]) == 0
    told = plain(capsys.readouterr().out)
    assert told.startswith("+ Version 4, depuis le 13/10/2011")
    assert told.endswith("parcours_projet Enfants mineurs au plus : 0 → – Textes : Enfants mineurs au plus")
    assert main(["tenants", "diff", str(SEEDS["besancon"]), str(before)]) == 0
    assert plain(capsys.readouterr().out).startswith("- Version 4, depuis le 13/10/2011")


def test_a_file_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenants", "diff", str(SEEDS["amiens"]), str(SEEDS["amiens"])]) == 0
    assert capsys.readouterr().out == "Rien ne change.\n"


def test_comparing_with_the_database_asks_for_its_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    assert main(["tenants", "diff", "toulouse", str(SEEDS["toulouse"])]) == 1
    assert "DATABASE_OWNER_URL" in capsys.readouterr().err


# schema


def test_the_published_schema_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    published = (ROOT / "docs" / "rules.schema.json").read_text("utf-8")
    assert published == f"{schema_text()}\n", "./run tenants schema > docs/rules.schema.json"
    assert main(["tenants", "schema"]) == 0
    assert capsys.readouterr().out == published


def test_the_schema_describes_every_class_and_field_and_refuses_unknown_keys() -> None:
    schema: dict[str, Any] = json.loads(schema_text())
    objects = [kind for kind in (schema, *schema["$defs"].values()) if kind.get("type") == "object"]
    assert len(objects) > 15
    for kind in objects:
        assert kind["additionalProperties"] is False
        assert kind["description"].endswith(".")
        assert all(field["title"] and field["description"] for field in kind["properties"].values())
    assert schema["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("path", SEEDS.values(), ids=SEEDS)
def test_the_seeds_have_the_keys_that_the_schema_knows_and_all_that_it_requires(path: Path) -> None:
    schema: dict[str, Any] = json.loads(schema_text())
    product = schema["$defs"]["Product"]
    for version in load_yaml(path)["versions"]:
        for content in version["products"]:
            assert set(product["required"]) <= set(content) <= set(product["properties"])


# export


@given(rules=anything(TenantRules, WRITABLE_DECIMALS))
def test_whatever_rules_say_their_file_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, rules: TenantRules
) -> None:
    path = tmp_path_factory.getbasetemp() / "any_rules.yaml"
    path.write_text(as_yaml(rules), "utf-8")
    if re.search(r": -?\d{20,}$", path.read_text("utf-8"), re.MULTILINE):
        with pytest.raises(YamlFault, match="more than 19 digits"):
            read_rules(path)
    else:
        assert read_rules(path) == rules
