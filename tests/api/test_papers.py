"""Papers: asked for from the rules' list, seen by whom and when, waived; what is missing stops the submission."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError

from app.domain.breaches import Severity
from tests.lenders import rules_under
from tests.support import (
    APPROVAL,
    ATTESTED,
    BUDGET,
    OTHER_ANSWER,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    attestation,
    demand,
    desk_of,
    etag_of,
    ok,
    open_with,
    refused,
    run_sql,
)

ASKED = ("identity", "quote")
SEEN: Json = {"seen_on": "2011-01-12", "kind": "original"}


def open_asking(databases: Databases, client: AsyncClient, **changes: Any) -> Ccas:
    """A CCAS with Besançon's rules, which ask for an identity paper and a quote."""
    rules = rules_under("besancon")
    versions = tuple(
        replace(version, products=tuple(replace(one, documents=ASKED, **changes) for one in version.products))
        for version in rules.versions
    )
    return open_with(databases, client, replace(rules, versions=versions))


@pytest.fixture
def asking(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone whose rules ask for two papers."""
    return open_asking(databases, client)


async def taken_in(ccas: Ccas, **changes: Any) -> str:
    """The path of a request."""
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas, **changes))))['id']}"


async def assessed(ccas: Ccas) -> str:
    """The path of a request that lacks nothing but papers."""
    path = await taken_in(ccas)
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact)))
    await ok(ccas.agent.post(f"{path}/assess", {"assessed_on": "2011-01-05"}))
    for part, body in (("budget", BUDGET), ("financing-plan", WHOLE_LOAN)):
        await ok(ccas.agent.put(f"{path}/{part}", body, etag=await etag_of(ccas.agent, path)))
    return path


def paper(code: str = "quote", **changes: Any) -> Json:
    """A paper asked for on 10 January 2011."""
    return {"code": code, "asked_on": "2011-01-10", **changes}


async def missing(ccas: Ccas, path: str) -> list[str]:
    """What is missing of a request, told with whether it is complete."""
    told = await ok(ccas.agent.get(f"{path}/papers"))
    assert told["complete"] is (told["missing"] == [])
    found: list[str] = told["missing"]
    return found


async def obstacles(ccas: Ccas, path: str) -> list[str]:
    """What keeps the agent from submitting."""
    items = (await ok(ccas.agent.get(f"{path}/actions")))["items"]
    found: list[str] = next(item["reasons"] for item in items if item["action"] == "submit")
    return found


async def test_a_paper_is_asked_for_and_seen_by_somebody_on_a_day(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    body = paper(label="Garage du Pont", party="applicant", due_on="2011-02-01")
    made = await ok(besancon.agent.post(f"{path}/papers", body))
    asked = {**body, "status": "asked", "asked_by": str(besancon.agent.account_id), "version": 1, "seen_on": None}
    assert asked.items() <= made.items()
    response = await besancon.agent.post(f"/papers/{made['id']}/receipt", {**SEEN, "note": "Non signé"})
    seen = response.json()
    assert response.headers["etag"] == '"2"'
    told = {"status": "received", "seen_on": "2011-01-12", "seen_kind": "original", "seen_note": "Non signé"}
    assert {**made, **told, "seen_by": str(besancon.agent.account_id), "version": 2} == seen
    assert (await ok(besancon.agent.get(f"{path}/papers"))) == {
        "items": [seen],
        "missing": [],
        "complete": True,
        "next_cursor": None,
    }
    await refused(besancon.agent.post(f"/papers/{made['id']}/receipt", SEEN), 409, "illegal_transition")
    await refused(besancon.agent.post(f"/papers/{made['id']}/waive", {"reason": "Vu"}), 409, "illegal_transition")


async def test_a_paper_that_is_no_longer_needed_is_waived_with_a_reason_and_may_come_all_the_same(
    besancon: Ccas,
) -> None:
    path = await taken_in(besancon)
    made = await ok(besancon.agent.post(f"{path}/papers", paper("proof_of_charges")))
    waive, waiver = f"/papers/{made['id']}/waive", {"reason": "Hébergée par sa mère", "waived_on": "2011-01-11"}
    await refused(besancon.agent.post(waive, {"reason": "  "}), 422, "invalid")
    early = {**waiver, "waived_on": "2011-01-09"}
    await refused(besancon.agent.post(waive, early), 409, "date_out_of_order")
    waived = await ok(besancon.agent.post(waive, waiver))
    assert (waived["status"], waived["waived_reason"]) == ("waived", "Hébergée par sa mère")
    assert waived["waived_by"] == str(besancon.agent.account_id)
    seen = await ok(besancon.agent.post(f"/papers/{made['id']}/receipt", SEEN))
    assert (seen["status"], seen["waived_reason"]) == ("received", "Hébergée par sa mère")


async def test_the_list_of_the_rules_is_asked_for_at_once_but_for_what_was_asked_already(asking: Ccas) -> None:
    path = await taken_in(asking)
    assert await missing(asking, path) == ["identity", "quote"]
    first = await ok(asking.agent.post(f"{path}/papers", paper("quote", label="Garage du Pont")))
    body = {"asked_on": "2011-01-11", "due_on": "2011-02-01"}
    told = await ok(asking.agent.post(f"{path}/papers/ask-list", body))
    assert [(item["code"], item["asked_on"], item["due_on"]) for item in told["items"]] == [
        ("quote", "2011-01-10", None),
        ("identity", "2011-01-11", "2011-02-01"),
    ]
    assert (told["items"][0]["id"], told["missing"], told["complete"]) == (first["id"], ["identity", "quote"], False)
    again = await ok(asking.agent.post(f"{path}/papers/ask-list", body))
    assert len(again["items"]) == 2


async def test_rules_that_name_no_paper_ask_for_none(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    told = await ok(besancon.agent.post(f"{path}/papers/ask-list", {"asked_on": "2011-01-11"}))
    assert told == {"items": [], "missing": [], "complete": True, "next_cursor": None}


async def test_missing_papers_stop_the_submission_asked_for_or_not(asking: Ccas) -> None:
    path = await assessed(asking)
    assert await obstacles(asking, path) == ["papers_missing"]
    problem = await refused(asking.agent.post(f"{path}/submit"), 409, "papers_missing")
    assert problem["papers"] == ["identity", "quote"]
    assert problem["detail"] == "Il manque des pièces : Pièce d'identité ou titre de séjour, Devis ou facture."
    told = await ok(asking.agent.post(f"{path}/papers/ask-list", {"asked_on": "2011-01-10"}))
    identity, quote = [item["id"] for item in told["items"]]
    await ok(asking.agent.post(f"/papers/{identity}/receipt", SEEN))
    problem = await refused(asking.agent.post(f"{path}/submit"), 409, "papers_missing")
    assert (problem["papers"], await missing(asking, path)) == (["quote"], ["quote"])
    await ok(asking.agent.post(f"/papers/{quote}/waive", {"reason": "Prix affiché", "waived_on": "2011-01-13"}))
    # On the day it was submitted the quote was still awaited.
    early = {"submitted_on": "2011-01-12"}
    assert (await refused(asking.agent.post(f"{path}/submit", early), 409, "papers_missing"))["papers"] == ["quote"]
    assert (await missing(asking, path), await obstacles(asking, path)) == ([], [])
    submitted = await ok(asking.agent.post(f"{path}/submit", {"submitted_on": "2011-01-13"}))
    assert "documents" not in [breach["rule"] for breach in submitted["breaches"]]
    decision = await ok(asking.decider.post(f"{path}/decisions", APPROVAL))
    assert decision["facts"]["documents"] == ["identity", "quote"]


async def test_another_copy_that_is_awaited_is_missing_again(asking: Ccas) -> None:
    path = await assessed(asking)
    told = await ok(asking.agent.post(f"{path}/papers/ask-list", {"asked_on": "2011-01-10"}))
    for item in told["items"]:
        await ok(asking.agent.post(f"/papers/{item['id']}/receipt", SEEN))
    assert await missing(asking, path) == []
    await ok(asking.agent.post(f"{path}/papers", paper("quote", label="Second garage", asked_on="2011-01-14")))
    assert await missing(asking, path) == ["quote"]


async def test_what_the_agent_asks_for_beyond_the_rules_stops_nothing(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await ok(besancon.agent.post(f"{path}/papers", paper("project_proof")))
    assert (await missing(besancon, path), await obstacles(besancon, path)) == ([], [])
    await ok(besancon.agent.post(f"{path}/submit"))
    facts = (await ok(besancon.decider.post(f"{path}/decisions", APPROVAL)))["facts"]
    assert facts["documents"] == []


async def test_where_nothing_was_asked_a_decision_holds_nothing_of_papers(besancon: Ccas) -> None:
    path = await assessed(besancon)
    await ok(besancon.agent.post(f"{path}/submit"))
    assert "documents" not in (await ok(besancon.decider.post(f"{path}/decisions", APPROVAL)))["facts"]


async def test_papers_of_which_the_rules_only_warn_stop_nothing_and_are_told(
    databases: Databases, client: AsyncClient
) -> None:
    warning = open_asking(databases, client, severities={"documents": Severity.WARN})
    path = await assessed(warning)
    assert (await missing(warning, path), await obstacles(warning, path)) == ([], [])
    submitted = await ok(warning.agent.post(f"{path}/submit", {"submitted_on": "2011-01-14"}))
    expected = ("warn", ["identity", "quote"])
    told = [(one["severity"], one["limit"]) for one in submitted["breaches"] if one["rule"] == "documents"]
    assert told == [expected]
    decision = await ok(warning.decider.post(f"{path}/decisions", APPROVAL))
    told = [(one["severity"], one["limit"]) for one in decision["breaches"] if one["rule"] == "documents"]
    assert told == [expected]


async def test_a_decision_of_a_day_when_papers_were_awaited_is_refused(asking: Ccas) -> None:
    path = await assessed(asking)
    told = await ok(asking.agent.post(f"{path}/papers/ask-list", {"asked_on": "2011-01-10"}))
    for item in told["items"]:
        await ok(asking.agent.post(f"/papers/{item['id']}/receipt", {**SEEN, "seen_on": "2011-01-25"}))
    await ok(asking.agent.post(f"{path}/submit"))
    problem = await refused(asking.decider.post(f"{path}/decisions", APPROVAL), 409, "rules_breached")
    assert [(one["rule"], one["limit"]) for one in problem["breaches"]] == [("documents", ["identity", "quote"])]
    await ok(asking.decider.post(f"{path}/decisions", {**APPROVAL, "decided_on": "2011-01-25"}))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (paper("poem"), 422, "invalid"),
        (paper(party="lender"), 422, "invalid"),
        (paper(asked_on="2190-01-01"), 409, "date_in_future"),
        (paper(asked_on="2011-01-02"), 409, "date_out_of_order"),
        (paper(due_on="2011-01-09"), 409, "date_out_of_order"),
        (paper(party="co_applicant"), 409, "no_co_applicant"),
        (paper(label="Deux\nlignes"), 422, "invalid"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_and_nothing_is_kept(
    besancon: Ccas, body: Json, status: int, code: str
) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.post(f"{path}/papers", body), status, code)
    assert (await ok(besancon.agent.get(f"{path}/papers")))["items"] == []


async def test_a_paper_that_is_awaited_is_not_asked_for_twice(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await ok(besancon.agent.post(f"{path}/papers", paper()))
    await refused(besancon.agent.post(f"{path}/papers", paper(asked_on="2011-01-11")), 409, "paper_already_asked")
    for other in (paper(label="Second garage"), paper(party="applicant"), paper("identity")):
        await ok(besancon.agent.post(f"{path}/papers", other))


async def test_nothing_is_asked_for_or_seen_in_a_file_that_ended(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    made = await ok(besancon.agent.post(f"{path}/papers", paper()))
    closing = {"outcome": "withdrawn", "reason_code": "missing_papers", "closed_on": "2011-01-21"}
    await ok(besancon.agent.post(f"{path}/close", {**closing, "other_answer": OTHER_ANSWER}))
    await refused(besancon.agent.post(f"{path}/papers", paper("identity")), 409, "request_locked")
    await refused(besancon.agent.post(f"{path}/papers/ask-list", {"asked_on": "2011-01-10"}), 409, "request_locked")
    await refused(besancon.agent.post(f"/papers/{made['id']}/receipt", SEEN), 409, "request_locked")
    await refused(besancon.agent.post(f"/papers/{made['id']}/waive", {"reason": "Clos"}), 409, "request_locked")
    assert [item["status"] for item in (await ok(besancon.agent.get(f"{path}/papers")))["items"]] == ["asked"]


async def test_a_paper_is_not_seen_before_it_is_asked_for_nor_tomorrow(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    made = await ok(besancon.agent.post(f"{path}/papers", paper()))
    for seen_on, code in (("2011-01-09", "date_out_of_order"), ("2190-01-01", "date_in_future")):
        body = {**SEEN, "seen_on": seen_on}
        await refused(besancon.agent.post(f"/papers/{made['id']}/receipt", body), 409, code)
    await refused(besancon.agent.post(f"/papers/{uuid4()}/receipt", SEEN), 404, "not_found")


async def test_the_desk_and_who_decides_ask_for_no_papers(besancon: Ccas, databases: Databases) -> None:
    path = await taken_in(besancon)
    for staff in (desk_of(databases, besancon), besancon.decider, besancon.manager):
        await refused(staff.post(f"{path}/papers", paper()), 403, "forbidden")


async def test_the_letter_tells_what_is_awaited_and_until_when_and_what_was_seen(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.get(f"{path}/papers/letter"), 409, "nothing_asked")
    ids = [
        (await ok(besancon.agent.post(f"{path}/papers", body)))["id"]
        for body in (
            paper("quote", label="Garage du Pont", due_on="2011-02-01"),
            paper("project_proof"),
            paper("identity"),
            paper("tax_notice"),
        )
    ]
    await ok(besancon.agent.post(f"/papers/{ids[2]}/receipt", {**SEEN, "note": "Surendettée, FICP"}))
    waiver = {"reason": "Dette fiscale", "waived_on": "2011-01-12"}
    await ok(besancon.agent.post(f"/papers/{ids[3]}/waive", waiver))
    request = await ok(besancon.agent.get(path))
    told = await ok(besancon.agent.get(f"{path}/papers/letter"))
    greeting, day, *lines, closing, signature = told["lines"]
    assert (told["to"], greeting, closing) == ("Camille Exemple", "Bonjour Camille Exemple,", "Cordialement,")
    assert day.startswith("Le ")
    demanded = f"Pour votre demande du 03/01/2011, référence {request['reference']},"
    assert lines == [
        f"{demanded} merci de nous apporter ou de nous envoyer :",
        "- Devis ou facture (Garage du Pont), pour le 01/02/2011",
        "- Justificatif du projet (inscription, promesse d'embauche…)",
        "Nous avons déjà vu :",
        "- Pièce d'identité ou titre de séjour, le 12/01/2011",
    ]
    assert signature == "CCAS de Besançon"
    assert told["text"] == "\n".join(told["lines"])
    for unsaid in ("FICP", "dett", "prêt", "crédit", "€", request["project_description"]):
        assert unsaid not in told["text"]


async def test_the_letter_is_in_english_when_asked_and_says_when_nothing_is_awaited(besancon: Ccas) -> None:
    path = await taken_in(besancon, applicant={**demand(besancon)["applicant"], "usage_name": "Usage"})
    made = await ok(besancon.agent.post(f"{path}/papers", paper("identity")))
    await ok(besancon.agent.post(f"/papers/{made['id']}/receipt", SEEN))
    request = await ok(besancon.agent.get(path))
    headers = {**besancon.agent.headers, "Accept-Language": "en"}
    response = await besancon.agent.client.get(f"/v1{path}/papers/letter", headers=headers)
    greeting, _, *lines, _, _ = response.json()["lines"]
    assert greeting == "Dear Camille Usage,"
    assert lines == [
        f"For your request of 2011-01-03, reference {request['reference']}, we are waiting for no further paper.",
        "We have already seen:",
        "- Identity card or residence permit, on 2011-01-12",
    ]


async def test_the_paper_of_the_co_applicant_is_named_as_theirs(besancon: Ccas) -> None:
    person = {**demand(besancon)["applicant"], "first_names": "Dominique"}
    other = await ok(besancon.agent.post("/people", person))
    path = await taken_in(besancon, co_applicant_id=other["id"])
    await ok(besancon.agent.post(f"{path}/papers", paper("identity", party="co_applicant")))
    assert (
        "- Pièce d'identité ou titre de séjour, du co-demandeur"
        in (await ok(besancon.agent.get(f"{path}/papers/letter")))["text"]
    )


async def test_the_database_refuses_a_paper_received_that_nobody_saw(besancon: Ccas, databases: Databases) -> None:
    path = await taken_in(besancon)
    made = await ok(besancon.agent.post(f"{path}/papers", paper()))
    for change, constraint in (
        ("status = 'received'", "received_when_seen"),
        ("status = 'waived'", "waived_with_reason"),
        ("seen_on = '2011-01-12'", "seen_whole|received_when_seen"),
        ("waived_on = '2011-01-12'", "waived_whole"),
    ):
        with pytest.raises(IntegrityError, match=constraint):
            run_sql(databases, besancon, f"update papers set {change} where id = :id", id=made["id"])  # noqa: S608
