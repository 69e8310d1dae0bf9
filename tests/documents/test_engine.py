"""The engine of the papers: tagged, complete in themselves, the same each time; data are shown, never evaluated."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import Unprintable, compile_pdf
from app.documents.characters import MISSING, shown
from app.documents.engine import TEMPLATES, template_of
from tests.documents.samples import FILE, HEAD, png, said, text_of

RECEIPT = {**HEAD, **FILE, "implicit_on": None, "appeal_months": None}


def with_text(text: str) -> str:
    """What the intake sheet says of a project described so."""
    return said("intake_sheet", {**HEAD, **FILE, "description": text})


def test_apostrophes_are_curled_in_words_and_nowhere_else() -> None:
    assert "l’aide d’Éloi, 5'3 et 'x'" in with_text("l'aide d'Éloi, 5'3 et 'x'")


def test_a_paper_is_a_tagged_pdf_in_french_with_its_title_and_its_fonts_within() -> None:
    reader = pypdf.PdfReader(io.BytesIO(compile_pdf("receipt", RECEIPT)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"].startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert reader.metadata is not None
    assert reader.metadata.title == HEAD["title"]
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    descriptors = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert fonts
    assert all("/FontFile3" in one or "/FontFile2" in one for one in descriptors)
    assert {str(one["/FontName"]).partition("+")[2].partition("-")[0] for one in descriptors} == {"LibertinusSerif"}


def test_the_same_data_give_the_same_bytes_and_the_date_of_the_file_is_that_of_the_data() -> None:
    assert compile_pdf("receipt", RECEIPT) == compile_pdf("receipt", dict(RECEIPT))
    reader = pypdf.PdfReader(io.BytesIO(compile_pdf("receipt", RECEIPT)))
    assert reader.metadata is not None
    assert str(reader.metadata.creation_date).startswith("2026-03-12 00:00:00")
    assert compile_pdf("receipt", RECEIPT) != compile_pdf("receipt", {**RECEIPT, "day": "2026-03-13"})


def test_papers_are_made_from_several_threads_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: compile_pdf("receipt", RECEIPT), range(12)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        '#panic("oui")',
        '#include("/base.typ") #read("/base.typ")',
        '#import "@preview/cetz:0.3.0": *',
        "$a^2$ *gras* _italique_ `code` ```code```",
        "[crochets] {accolades} \\ \\u{41} // commentaire /* bloc */",
        "= Titre - liste + liste / terme: mot @ref <label> ~ --- ... #",
        '\\" \\n "}, "title": "autre"',
        "https://example.org/?a=1&b=2#c",
    ],
)
def test_what_people_type_is_shown_as_they_typed_it_and_never_evaluated(text: str) -> None:
    assert text in with_text(text)


def test_lines_are_kept_and_very_long_words_stay_on_the_page() -> None:
    assert "une deux" in with_text("une\r\ndeux")
    word = "anticonstitutionnellement" * 40
    pages = pypdf.PdfReader(io.BytesIO(compile_pdf("intake_sheet", {**HEAD, **FILE, "description": word})))
    lines = [line for page in pages.pages for line in page.extract_text().splitlines()]
    assert word in "".join(line.strip("\u200b ") for line in lines).replace("\u200b", "")
    assert max(len(line) for line in lines) < 130


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Zoé Œuvré 😀", f"Zoé Œuvré {MISSING}"),
        ("محمد", MISSING * 4),
        ("e\u0301te\u0301", "été"),
        ("Łukasz Ångström Ştefan Đorđe Nguyễn", "Łukasz Ångström Ştefan Đorđe Nguyễn"),
        ("a\u202eb\u200bc\x07d", "abcd"),
        ("12\u202f€ « oui »", "12\u202f€ « oui »"),
    ],
)
def test_what_the_font_lacks_is_shown_to_be_missing(text: str, told: str) -> None:
    assert shown({"a": [text]}) == {"a": [told]}
    assert re.sub(r"\s", " ", told) in with_text(text)


def test_every_character_that_is_let_through_can_be_shown_also_in_bold() -> None:
    kept = [chr(code) for code in range(0x20, 0x3000) if shown(chr(code)) == chr(code)]
    lines = [" ".join(kept[at : at + 200]) for at in range(0, len(kept), 200)]
    for line in lines:
        compile_pdf("action_plan", {**HEAD, "objectives": [line], "names": [line], "signed_on": None, "actions": []})


@given(st.text(max_size=200))
def test_no_text_stops_a_paper(text: str) -> None:
    compile_pdf("receipt", {**RECEIPT, "names": [text], "recipient": [text], "purpose": text, "reference": text})


def test_the_last_version_of_a_template_is_in_use_and_the_paper_says_which() -> None:
    names = sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())
    assert "decision_notice" in names
    for name in names:
        assert re.fullmatch(rf"{name}/v[1-9]\d*", template_of(name))
    assert "modèle receipt v1" in said("receipt", RECEIPT)
    with pytest.raises(KeyError):
        template_of("../templates")


def test_the_logo_is_on_the_paper_under_the_name_of_the_ccas() -> None:
    sender = {"name": "CCAS de Besançon", "logo": list(png())}
    pdf = compile_pdf("receipt", {**RECEIPT, "sender": sender})
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    assert text_of(pdf) == said("receipt", RECEIPT)
    with pytest.raises(Unprintable):
        compile_pdf("receipt", {**RECEIPT, "sender": {**sender, "logo": list(png()[:40])}})


def test_templates_take_nothing_from_outside() -> None:
    sources = {path: path.read_text() for path in TEMPLATES.rglob("*.typ")}
    outside = [
        path.name for path, text in sources.items() if re.search(r"@preview|\bread\(|\beval\(|https?:|plugin\(", text)
    ]
    assert outside == []
