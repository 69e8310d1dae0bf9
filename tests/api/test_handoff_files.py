"""The files of a handoff, for lenders that take files: as long as it lives, with its hash, nothing that runs."""

import csv
import io
import json

from httpx import AsyncClient

from app.documents.engine import TEMPLATES
from app.domain.handoff_fields import FIELDS
from app.services.handoff_payloads import canonical, digest
from tests.api.test_guarantee_claims import CITY, open_guaranteed
from tests.api.test_loan_handoffs import ACCEPTED, ASKED, claimed, handed
from tests.documents.samples import text_of
from tests.lenders import (
    OTHER_ANSWER,
    SUPPORT_PERSON,
    endorsed,
    handed_over,
    lender_of,
    letter,
    neighbours,
    sent,
    taken_in,
)
from tests.support import Ccas, Databases, Json, ok, refused

COLUMNS = ["handoff_id", "payload_sha256", "section", "number", "field", "value"]


async def lines_of(ccas: Ccas, handoff: Json) -> list[list[str]]:
    """The lines of `payload.csv`, below its columns."""
    answer = await ccas.agent.get(f"/handoffs/{handoff['id']}/files/payload.csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="transmission-{handoff["id"]}.csv"'
    assert answer.content.endswith(b"\r\n")
    columns, *lines = csv.reader(io.StringIO(answer.text, newline=""), strict=True)
    assert columns == COLUMNS
    return lines


async def said_by(ccas: Ccas, handoff: Json) -> str:
    """What `payload.pdf` says."""
    answer = await ccas.agent.get(f"/handoffs/{handoff['id']}/files/payload.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["document-template"] == "handoff_payload/v1"
    return text_of(answer.content)


def values_of(payload: Json) -> set[tuple[str, str, str, str]]:
    """Section, number, field and value of all that was handed over."""
    own = {("", "", name, value) for name, value in payload.items() if not isinstance(value, dict | list)}
    parts = {
        (name, "", field, value)
        for name, part in payload.items()
        if isinstance(part, dict)
        for field, value in part.items()
    }
    rows = {
        (name, str(number), field, value)
        for name, part in payload.items()
        if isinstance(part, list)
        for number, row in enumerate(part, start=1)
        for field, value in row.items()
    }
    return {(*where, "" if value is None else str(value)) for *where, value in own | parts | rows}


async def test_the_csv_tells_all_that_was_handed_over_and_nothing_else(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    lines = await lines_of(amiens, handoff)
    assert {tuple(line[2:]) for line in lines} == values_of(handoff["payload"])
    assert {tuple(line[:2]) for line in lines} == {(handoff["id"], handoff["payload_sha256"])}
    assert ("budget", "1", "amount_cents", "120000") in {tuple(line[2:]) for line in lines}
    assert digest(canonical(handoff["payload"])) == handoff["payload_sha256"]


async def test_no_cell_is_a_formula(amiens: Ccas) -> None:
    text = '=HYPERLINK("http://exemple.invalid", "Devis"), puis +33'
    request = await endorsed(amiens, None, 200_000, 24)
    handoff = await handed_over(amiens, request["id"], "loan_file", "2018-03-13", support_person=text)
    named = [line[-1] for line in await lines_of(amiens, handoff) if line[4] == "support_person"]
    assert named == [f"'{text}"]


async def test_the_paper_says_the_same_in_words_with_the_hash(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    said = await said_by(amiens, handoff)
    person = handoff["payload"]["applicant"]
    for words in (
        "Dossier de demande de microcrédit",
        "Demandeur",
        person["birth_name"],
        "Accompagnante sociale du CCAS",
        "2 000,00 €",
        "Durée en mois 24",
        "Plan de financement",
        "Le 13 mars 2018",
        handoff["id"],
        handoff["payload_sha256"],
    ):
        assert words.replace("\u202f", " ") in said.replace("\u202f", " "), words
    assert "None" not in said


async def test_the_files_of_a_precheck_tell_the_identity_alone(toulouse: Ccas) -> None:
    handoff = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    assert {line[2] for line in await lines_of(toulouse, handoff)} == {"", "applicant"}
    said = await said_by(toulouse, handoff)
    assert "Demande de vérification préalable" in said
    assert "Projet" not in said
    assert "€" not in said


async def test_files_are_given_as_long_as_the_handoff_lives(toulouse: Ccas) -> None:
    handoffs = [
        await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02") for _ in range(2)
    ]
    withdrawal = {"withdrawn_on": "2018-03-20", "reason": "Le projet a changé"}
    await ok(toulouse.agent.post(f"/handoffs/{handoffs[0]['id']}/withdrawals", withdrawal))
    closing = {"outcome": "withdrawn", "reason_code": "other", "closed_on": "2018-03-20", "other_answer": OTHER_ANSWER}
    await ok(toulouse.agent.post(f"/requests/{handoffs[1]['request_id']}/close", closing))
    for handoff in handoffs:
        for name in ("payload.csv", "payload.pdf"):
            await refused(toulouse.agent.get(f"/handoffs/{handoff['id']}/files/{name}"), 409, "handoff_closed")


async def test_no_file_leaves_without_the_persons_authorisation(toulouse: Ccas) -> None:
    request = await taken_in(toulouse)
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    person = f"/people/{request['applicant_id']}/authorisations"
    given = (await ok(toulouse.agent.get(person)))["items"][0]
    await ok(toulouse.agent.post(f"{person}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-21"}))
    for name in ("payload.csv", "payload.pdf"):
        await refused(toulouse.agent.get(f"/handoffs/{handoff['id']}/files/{name}"), 409, "authorisation_missing")


async def test_files_are_for_agents_of_the_ccas(databases: Databases, client: AsyncClient) -> None:
    one, two = neighbours(databases, client, "amiens")
    handoff = await sent(one, None, 200_000, 24)
    for name in ("payload.csv", "payload.pdf"):
        path = f"/handoffs/{handoff['id']}/files/{name}"
        await refused(two.agent.get(path), 404, "not_found")
        await refused(lender_of(databases, one).get(path), 403, "forbidden")
    assert json.loads((await one.agent.get(f"/handoffs/{handoff['id']}/files/payload.txt")).text)["code"] == "not_found"


async def test_how_it_was_handed_over_is_kept_with_the_handoff(amiens: Ccas) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    assert handoff["channel"] == "api"
    taken_back = {"withdrawn_on": "2018-03-14", "reason": "La banque prend des fichiers"}
    await ok(amiens.agent.post(f"/handoffs/{handoff['id']}/withdrawals", taken_back))
    by_file = await handed_over(amiens, handoff["request_id"], "loan_file", "2018-03-15", channel="file")
    assert by_file["channel"] == "file"
    listed = (await ok(amiens.agent.get("/handoffs", request_id=handoff["request_id"])))["items"]
    assert [item["channel"] for item in listed] == ["file", "api"]
    body = {"kind": "loan_file", "support_person": "x", "channel": "pigeon"}
    await refused(amiens.agent.post(f"/requests/{handoff['request_id']}/handoffs", body), 422, "invalid")


def test_whatever_may_leave_has_its_words_on_paper() -> None:
    template = (TEMPLATES / "handoff_payload" / "v1.typ").read_text()
    named = {name for pointers in FIELDS.values() for pointer in pointers for name in pointer.split("/")} - {"", "*"}
    assert {name for name in named if f"  {name}: " not in template} == set()


async def test_a_claim_on_a_guarantor_is_on_paper_as_it_was_handed_over_and_names_nobody(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, claim = await claimed(databases, ccas)
    handoff = await handed(ccas, claim)
    said = await said_by(ccas, handoff)
    for words in ("Appel en garantie", "Garant Ville de Toulouse", "414,05 €", handoff["payload_sha256"]):
        assert words in said
    assert SUPPORT_PERSON not in said
    assert {tuple(line[2:]) for line in await lines_of(ccas, handoff)} == values_of(handoff["payload"])
    # Its lender answers it by a letter, or by an officer.
    link = await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": "Dominique Modèle"}))
    asked = await ok(client.get(link["path"]))
    assert (asked["kind"], asked["stage"], asked["payload"]) == ("guarantee_claim", None, handoff["payload"])
    told = await ok(client.post(link["path"], json={"answer": ASKED}))
    assert told["status"] == "more_information"
    by_letter = {**ACCEPTED, "letter": letter("2018-09-21")}
    answered = await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/answers", by_letter))
    assert [step["source"] for step in answered["steps"]] == [None, "officer_link", "reported_by_staff"]
