"""All that happened to a file, in one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from app.domain.permissions import Role
from app.domain.timeline import EventKind
from app.parameters.codes import codes
from tests.api.test_communes import CONDE, FRESNES, demand_of, staff_of
from tests.lenders import accepted_by, lender_of, sent
from tests.support import (
    APPROVAL,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    attestation,
    demand,
    etag_of,
    ok,
    refused,
)


async def timeline(staff: Staff, request_id: str) -> list[Json]:
    """The events of a file."""
    told = await ok(staff.get(f"/requests/{request_id}/timeline"))
    assert told["next_cursor"] is None
    return list(told["items"])


def in_short(items: list[Json]) -> list[tuple[str, str | None, str]]:
    """The kind, day and title of each."""
    return [(item["kind"], item["on"], item["title"]) for item in items]


@contextmanager
def statements_of(app: FastAPI) -> Iterator[list[str]]:
    """What the service asks the database meanwhile."""
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    engine = app.state.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def test_a_new_file_has_been_received_and_given_to_whoever_took_it_in(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    intake, given = await timeline(besancon.agent, request["id"])
    assert intake == {
        "kind": "intake",
        "id": request["id"],
        "on": "2011-01-03",
        "entered_at": request["entered_at"],
        "title": "Demande reçue : D-2011-0001",
        "author": "agent",
        "partner": None,
        "source": None,
    }
    assert (given["kind"], given["title"], given["author"]) == ("assignment", "Dossier confié : agent", "agent")


async def test_a_whole_file_is_told_from_its_contact_to_its_loan_by_day_of_effect(besancon: Ccas) -> None:
    agent = besancon.agent
    body = demand(besancon)
    asked = ("household", "project_description", "project_cost_cents", "requested_amount_cents")
    contact = {name: body[name] for name in ("channel", "purpose", "commune_insee_code")}
    contact |= {"contacted_on": "2011-01-02", "sheet": body["applicant"] | {name: body[name] for name in asked}}
    taken = await ok(agent.post("/contacts", contact))
    hour = {"starts_at": "2011-01-02T09:00:00Z", "kind": "desk", "status": "attended"}
    await ok(agent.post(f"/contacts/{taken['id']}/appointments", hour))
    became = await ok(agent.post(f"/contacts/{taken['id']}/request", {"received_on": "2011-01-03"}))
    request = {"id": became["request_id"]}
    path = f"/requests/{request['id']}"
    for fact in ("no_other_aid", "excluded_from_credit", "engaged_in_project"):
        await ok(agent.post(f"{path}/attestations", attestation(fact, attested_on="2011-01-04")))
    paper = await ok(agent.post(f"{path}/papers", {"code": "quote", "asked_on": "2011-01-05"}))
    seen = {"seen_on": "2011-01-06", "kind": "original"}
    await ok(agent.post(f"/papers/{paper['id']}/receipt", seen))
    await ok(agent.post(f"{path}/assess", {"assessed_on": "2011-01-07"}))
    await ok(agent.put(f"{path}/budget", BUDGET, etag=await etag_of(agent, path)))
    await ok(agent.put(f"{path}/financing-plan", WHOLE_LOAN, etag=await etag_of(agent, path)))
    await ok(agent.post(f"{path}/submit", {"submitted_on": "2011-01-10"}))
    await ok(besancon.decider.post(f"{path}/decisions", APPROVAL))
    terms = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05"}
    loan = await ok(agent.post(f"{path}/loans", terms))
    for party in ("ccas", "borrower"):
        await ok(agent.post(f"/loans/{loan['id']}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    items = await timeline(agent, request["id"])
    assert in_short([item for item in items if item["on"]]) == [
        ("contact", "2011-01-02", "Sollicitation : Téléphone"),
        ("appointment", "2011-01-02", "Rendez-vous : honoré"),
        ("intake", "2011-01-03", "Demande reçue : D-2011-0001"),
        ("assignment", "2011-01-03", "Dossier confié : agent"),
        ("attestation", "2011-01-04", "Attestation : aucune autre aide n'est possible"),
        ("attestation", "2011-01-04", "Attestation : pas d'accès au crédit bancaire"),
        ("attestation", "2011-01-04", "Attestation : engagement dans un projet d'insertion ou d'activité"),
        ("paper_asked", "2011-01-05", "Pièce demandée : Devis ou facture"),
        ("paper_received", "2011-01-06", "Pièce reçue : Devis ou facture"),
        ("transition", "2011-01-07", "Dossier : évaluation"),
        ("transition", "2011-01-10", "Dossier : soumise à la commission"),
        ("decision", "2011-01-20", "Décision : accorder"),
        ("transition", "2011-01-20", "Dossier : accordée"),
        ("loan", "2011-01-21", "Prêt : proposé"),
        ("signature", "2011-01-22", "Signature : le CCAS"),
        ("signature", "2011-01-22", "Signature : l’emprunteur"),
        ("loan", "2011-01-22", "Prêt : accepté"),
        ("transition", "2011-01-22", "Dossier : contractualisée"),
    ]
    # What has no day of effect stands at the day it was entered.
    assert [item["kind"] for item in items if not item["on"]] == ["budget", "financing_plan"]
    assert [item["author"] for item in items if item["kind"] == "decision"] == ["decider"]
    assert "45000" not in str(items)
    assert "450" not in str([item["title"] for item in items])


async def test_what_a_lender_did_is_told_with_its_name_and_of_a_check_the_conclusion_alone(
    toulouse: Ccas, databases: Databases
) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    await accepted_by(lender, handoff)
    items = await timeline(toulouse.agent, handoff["request_id"])
    checks = [item for item in items if item["kind"] == "ficp_check"]
    assert {item["title"] for item in checks} == {"Vérification du prêteur : favorable"}
    assert {(item["author"], item["partner"]) for item in checks} == {(None, toulouse.lender)}
    handoffs = [item["title"] for item in items if item["kind"] == "handoff"]
    assert handoffs[-1] == "Transmission au prêteur : accepté"


async def test_a_private_note_is_in_the_timeline_of_its_author_alone_and_no_text_in_any(
    besancon: Ccas, databases: Databases
) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}/notes"
    for visibility in ("private", "shared"):
        await ok(besancon.agent.post(path, {"text": "Hébergée chez sa sœur", "visibility": visibility}))
    private = await ok(besancon.agent.post(path, {"text": "À rappeler", "visibility": "private"}))
    await ok(besancon.agent.post(f"/notes/{private['id']}/strike"))
    other = Staff(besancon.agent.client, add_staff(databases, besancon.id, "collegue", [Role.AGENT]), besancon.id)
    told = {
        reader: [
            item["title"] for item in await timeline(reader, request["id"]) if item["kind"] in ("note", "note_struck")
        ]
        for reader in (besancon.agent, other, besancon.manager)
    }
    own = ["Note : privée", "Note", "Note : privée", "Note retirée : privée"]
    assert list(told.values()) == [own, ["Note"], ["Note"]]
    for reader in told:
        text = (await reader.get(f"/requests/{request['id']}/timeline")).text
        assert "sœur" not in text
        assert "rappeler" not in text


async def test_a_transfer_names_the_commune_where_the_file_went(fresnes: Ccas) -> None:
    request = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    body = {
        "to_commune_insee_code": FRESNES,
        "transferred_on": "2018-04-01",
        "reason": "Elle a déménagé",
        "person_moved": True,
    }
    await ok(fresnes.agent.post(f"/requests/{request['id']}/transfers", body))
    titles = [item["title"] for item in await timeline(fresnes.agent, request["id"])]
    assert titles[-1] == "Transfert de commune : Fresnes-sur-Escaut"


async def test_titles_are_in_the_language_asked_for(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    english = besancon.agent.headers | {"Accept-Language": "en"}
    told = await ok(besancon.agent.client.get(f"/v1/requests/{request['id']}/timeline", headers=english))
    assert [item["title"] for item in told["items"]] == ["Request received: D-2011-0001", "File given: agent"]


async def test_a_file_of_another_ccas_or_commune_is_not_there(
    besancon: Ccas, fresnes: Ccas, databases: Databases
) -> None:
    theirs = await ok(fresnes.agent.post("/requests", demand_of(fresnes, CONDE)))
    conde, elsewhere = staff_of(databases, fresnes, CONDE), staff_of(databases, fresnes, FRESNES)
    assert await timeline(conde, theirs["id"])
    for reader, request_id in ((besancon.agent, theirs["id"]), (elsewhere, theirs["id"]), (besancon.agent, uuid4())):
        await refused(reader.get(f"/requests/{request_id}/timeline"), 404, "not_found")


async def test_it_takes_two_statements_beside_those_of_every_call(besancon: Ccas, app: FastAPI) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    with statements_of(app) as alone:
        await ok(besancon.agent.get(f"/requests/{request['id']}"))
    with statements_of(app) as whole:
        await timeline(besancon.agent, request["id"])
    # A read takes one of its own: that of the request, with which the timeline begins.
    assert len(whole) == len(alone) + 1


async def test_of_a_very_long_file_the_latest_events_are_told(besancon: Ccas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.timelines.SHOWN_MAX", 1)
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    assert [item["kind"] for item in await timeline(besancon.agent, request["id"])] == ["assignment"]


def test_every_kind_of_event_has_its_words() -> None:
    assert codes("event_kinds") == {kind.value for kind in EventKind}


async def test_a_step_without_its_day_stands_before_the_step_that_followed_it(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    path = f"/requests/{request['id']}"
    await ok(besancon.agent.post(f"{path}/assess"))
    given = {"kind": "budget_advice", "given_on": "2011-02-01"}
    end = {"outcome": "withdrawn", "reason_code": "other", "other_answer": given, "closed_on": "2011-02-01"}
    await ok(besancon.agent.post(f"{path}/close", end))
    steps = [item for item in await timeline(besancon.agent, request["id"]) if item["kind"] == "transition"]
    assert in_short(steps) == [
        ("transition", None, "Dossier : évaluation"),
        ("transition", "2011-02-01", "Dossier : désistement"),
    ]
