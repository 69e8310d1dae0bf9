"""What the YAML loader takes and refuses, and the code lists that it reads."""

from datetime import date
from pathlib import Path

import pytest

from app import messages
from app.messages import of_yaml
from app.parameters.codes import codes, label, reasons_for
from app.parameters.yaml_file import YamlFault, load_yaml, read_yaml
from app.parameters.yaml_problems import PROBLEMS, YamlProblem

SECTIONS = [
    "purposes",
    "channels",
    "reasons",
    "other_answers",
    "situations",
    "resource_kinds",
    "charge_kinds",
    "plan_line_kinds",
]


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "rules.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("", None),
        ("a: 300000", {"a": 300000}),
        ("a: -1\nb: 0", {"a": -1, "b": 0}),
        ('rate_percent: "6.20"', {"rate_percent": "6.20"}),
        ('insee_code: "01001"', {"insee_code": "01001"}),
        ("insee_code: null", {"insee_code": None}),
        ("valid_from: 2011-10-13", {"valid_from": date(2011, 10, 13)}),
        ("a: true\nb: false\nc: null", {"a": True, "b": False, "c": None}),
        ("a: &x {k: 1, m: 2}\nb: {<<: *x, k: 3}", {"a": {"k": 1, "m": 2}, "b": {"k": 3, "m": 2}}),
        ("a: [&x {k: 1}, *x]", {"a": [{"k": 1}, {"k": 1}]}),
        ("a: Échéance 12:30 et 1.5", {"a": "Échéance 12:30 et 1.5"}),
    ],
)
def test_taken(tmp_path: Path, content: str, value: object) -> None:
    assert load_yaml(written(tmp_path, content)) == value


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("a: 1\nb: 6.20", 2, "6.20 would be a float"),
        ("a: [1, .inf]", 1, ".inf would be a float"),
        ("a: 190:20:30.15", 1, "would be a float"),
        ("a: !!float 1", 1, "1 would be a float"),
        ("a: 1\nb: 2\na: 3", 3, "« a » is given twice"),
        ("a:\n  - b: 1\n    b: 1", 3, "« b » is given twice"),
        ('a: 1\n"a": 2', 2, "« a » is given twice"),
        ("x: &x {k: 1}\ny: {<<: *x, k: 2, k: 3}", 2, "« k » is given twice"),
        ("insee_code: 25056", 1, 'write "25056" in quotes'),
        ("commune_insee_code: 2A004", 1, 'write "2A004" in quotes'),
        ("communes:\n  - {insee_code: 01001}", 2, "01001"),
        ("a: 01001", 1, "01001 would not be the integer"),
        ("a: 08105", 1, 'write "08105" in quotes'),
        ("a: 12:30", 1, "12:30 would not be the integer"),
        ("a: 08:30", 1, 'write "08:30" in quotes'),
        ("a: 0x1F", 1, "0x1F would not be the integer"),
        ("a: 3_000", 1, "3_000 would not be the integer"),
        ("on: 1", 1, "« on » would be a boolean"),
        ("a: no", 1, "« no » would be a boolean"),
        ("a: 2011-02-30", 1, "no date of the calendar"),
        ("a: 1\nb: [", 2, "expected the node content"),
        ("a: 1\nb: !!python/name:os.system x", 2, "the tag tag:yaml.org,2002:python/name:os.system has no place"),
        ("a: 1\nb: !!binary aGVsbG8=", 2, "the tag tag:yaml.org,2002:binary has no place"),
        ("a: !!set {x, y}", 1, "the tag tag:yaml.org,2002:set has no place"),
        ("a: !rule x", 1, "the tag !rule has no place"),
        ("a: 1\nb: " + "9" * 20, 2, "an integer of more than 19 digits"),
        ("a: 1\nb: " + "9" * 6_000, 2, "an integer of more than 19 digits"),
        ("a: &x [*x]", 1, "what an anchor names holds itself"),
        ("a: 1\nb: &x {c: {<<: *x}}", 2, "what an anchor names holds itself"),
        ("a: 1\n---\nb: 2", 2, "expected a single document"),
        ("? [a]\n: 1\n", 1, "unhashable"),
        ('a: "\\ud800"', 1, "half of a character"),
    ],
)
def test_refused_with_its_place(tmp_path: Path, content: str, line: int, problem: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(YamlFault) as caught:
        load_yaml(path)
    assert caught.value.line == line
    assert problem in caught.value.problem
    assert str(caught.value) == f"{path}, line {line}: {caught.value.problem}"


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? ", "- ? "])
def test_nesting_without_end_is_refused_and_does_not_take_the_process_down(tmp_path: Path, opened: str) -> None:
    with pytest.raises(YamlFault, match="nested more than 100 deep"):
        load_yaml(written(tmp_path, opened * 200_000))


@pytest.mark.parametrize("times", [3, 10, 60])
def test_anchors_within_anchors_are_refused_before_they_are_unfolded(tmp_path: Path, times: int) -> None:
    lines = ["a0: &a0 [" + ", ".join("x" * 200) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 50) + "]" for n in range(1, times + 1)]
    with pytest.raises(YamlFault, match=r"line 4: its anchors make more than 1000000 values of it"):
        load_yaml(written(tmp_path, "\n".join(lines)))


def test_aliases_that_nest_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["- &a0 [x]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 2_000))]
    with pytest.raises(YamlFault, match="nested more than 100 deep"):
        load_yaml(written(tmp_path, "\n".join(lines)))


def test_every_problem_is_told_from_top_to_bottom_with_its_path(tmp_path: Path) -> None:
    path = written(tmp_path, "a: {b: [{c: 1.5}, {insee_code: 25056}]}\nb: no\na: 2\nd: !x [2011-02-30]\n")
    with pytest.raises(YamlFault) as caught:
        load_yaml(path)
    assert [(one.line, one.path, one.code, one.text) for one in caught.value.problems] == [
        (1, "a.b.0.c", "float", "1.5"),
        (1, "a.b.1.insee_code", "insee_code", "25056"),
        (2, "b", "boolean", "no"),
        (3, "a", "key_twice", "a"),
        (4, "d", "tag", "!x"),
        (4, "d.0", "date", "2011-02-30"),
    ]
    assert str(caught.value).count(str(path)) == 6
    assert str(caught.value).startswith(f"{path}, line 1: 1.5 would be a float")


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        ("a: 1\n\tb: 2", "tab", 2, 1),
        ("a: [1, 2\nb: 3", "unclosed", 2, 2),
        ("a: 'x", "unclosed", 1, 6),
        ("a: *x", "unknown_anchor", 1, 4),
        ("a: 1\n---\nb: 2", "several_documents", 2, 1),
        ("a: b: c", "syntax", 1, 5),
        ("a: {<<: 1}", "syntax", 1, 9),
    ],
)
def test_where_the_parser_stops_is_one_problem_with_line_and_column(
    tmp_path: Path, content: str, code: str, line: int, column: int
) -> None:
    with pytest.raises(YamlFault) as caught:
        load_yaml(written(tmp_path, content))
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == (code, line, column)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a", 1),
        ("a.0.b", 2),
        ("a.1.b", 2),
        ("a.1.c", 3),
        ("a.1.missing", 3),
        ("a.7", 1),
        ("d.e.f", 5),
        ("d.e", 4),
        ("nothing", None),
        ("", None),
    ],
)
def test_the_line_of_a_path_is_its_own_or_that_of_what_holds_it(tmp_path: Path, path: str, line: int | None) -> None:
    content = "a:\n  - &x {b: 1}\n  - {<<: *x, c: 2}\nd:\n  e.f: 3\n"
    assert read_yaml(written(tmp_path, content)).line_of(path) == line


def test_every_problem_has_a_sentence_in_french_that_names_the_same() -> None:
    french = load_yaml(Path(messages.__file__).with_name("fr.yaml"))["yaml"]
    assert set(french) == set(PROBLEMS)
    for code, sentence in french.items():
        assert ("{text}" in PROBLEMS[code]) or ("{text}" not in sentence), code
        assert of_yaml(YamlProblem(code, "x")) == sentence.replace("{text}", "x")


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(YamlFault) as caught:
        load_yaml(written(tmp_path, b"a: caf\xe9"))
    assert (caught.value.line, [one.code for one in caught.value.problems]) == (1, ["encoding"])


@pytest.mark.parametrize(("character", "name"), [("\0", "U+0000"), ("\a", "U+0007"), ("\uffff", "U+FFFF")])
def test_a_control_character_is_told_as_one_with_its_line(tmp_path: Path, character: str, name: str) -> None:
    with pytest.raises(YamlFault) as caught:
        load_yaml(written(tmp_path, f"é: 1\né: é{character}\n"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.code, problem.text) == (2, "control_character", name)


def test_a_date_for_a_key_is_told_with_its_line_and_hides_nothing(tmp_path: Path) -> None:
    file = read_yaml(written(tmp_path, "a: 1\nb:\n  2020-01-01: x\nc: 1.5\n"))
    assert [(one.line, one.path, one.code) for one in file.problems] == [
        (3, "b.2020-01-01", "key_date"),
        (4, "c", "float"),
    ]
    assert load_yaml(written(tmp_path, '"2020-01-01": x')) == {"2020-01-01": "x"}


@pytest.mark.parametrize("text", ["012", "150_000", "+5"])
def test_how_a_number_is_written_is_told_without_ambiguity(tmp_path: Path, text: str) -> None:
    (problem,) = read_yaml(written(tmp_path, f"a: {text}")).problems
    assert "écrivez-le en chiffres seuls, sans 0 devant ni signe + ni tiret bas" in of_yaml(problem)


def test_no_shared_state_between_merged_mappings(tmp_path: Path) -> None:
    first, second = load_yaml(written(tmp_path, "- &x {k: 1, m: 1}\n- {<<: *x, k: 2}"))
    assert (first, second) == ({"k": 1, "m": 1}, {"k": 2, "m": 1})


@pytest.mark.parametrize("section", SECTIONS)
def test_every_code_has_both_labels(section: str) -> None:
    assert codes(section)
    for code in codes(section):
        assert code == code.lower()
        assert code.isidentifier()
        assert label(section, code, "fr").strip()
        assert label(section, code, "en").strip()


def test_unknown_section_code_or_language() -> None:
    with pytest.raises(KeyError):
        codes("planets")
    with pytest.raises(KeyError):
        label("purposes", "rocket", "fr")
    with pytest.raises(KeyError):
        label("purposes", "debts", "de")


def test_fixed_lists() -> None:
    assert codes("plan_line_kinds") == {"own", "family", "third_party", "grant", "loan"}
    assert codes("other_answers") == {
        "budget_advice",
        "social_referent",
        "over_indebtedness",
        "partner_lender",
        "other_right",
        "family_solution",
        "unreachable",
    }


def test_every_reason_serves_some_act() -> None:
    acts = [reasons_for(act) for act in ("refuse", "adjourn", "close", "give")]
    assert frozenset().union(*acts) == codes("reasons")
    assert all(acts)


@pytest.mark.parametrize(
    ("section", "word"),
    [
        *[("situations", word) for word in ("vacataire", "intérim", "apprenti", "CAE", "stagiaire", "CDD")],
        *[("situations", word) for word in ("temps partiel", "AAH", "retraité", "RSA", "étudiant", "salarié")],
        *[("situations", word) for word in ("demandeur d'emploi", "CNED", "handicap", "minima sociaux")],
        *[("reasons", word) for word in ("manque de lisibilité", "manque de justificatif", "sans suite")],
        *[("reasons", word) for word in ("projet professionnel à travailler", "solution familiale")],
        *[("reasons", word) for word in ("pris en charge par un autre organisme", "n'a pas fait la démarche")],
        *[("purposes", word) for word in ("permis de conduire", "achat de véhicule", "scooter", "ordinateur")],
        *[("purposes", word) for word in ("inscription en faculté", "formation", "mobilité internationale")],
        *[("purposes", word) for word in ("mobilier", "électroménager", "caution", "soins dentaires", "dettes")],
        *[("purposes", word) for word in ("trajets", "liens familiaux", "éducation", "emploi", "logement")],
        *[("channels", word) for word in ("téléphone", "courrier", "prescripteur", "référent social", "direct")],
    ],
)
def test_the_words_of_the_four_ccas_are_there(section: str, word: str) -> None:
    labels = [label(section, code, "fr").lower() for code in codes(section)]
    assert any(word.lower() in text for text in labels)


def test_no_reason_names_the_ficp() -> None:
    assert not any("ficp" in label("reasons", code, "fr").lower() for code in codes("reasons"))
