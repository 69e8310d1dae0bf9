"""The papers that a file gives rise to before it is decided: each function reads what one of them says."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import in_words, months_after
from app.domain.document_errors import DocumentNotReady
from app.domain.errors import NotFound
from app.domain.money import euros
from app.domain.national_law import Law, Scope
from app.domain.papers import PaperStatus
from app.parameters.law import national_law
from app.schemas.assessments import ProposalRead
from app.services import action_plans, assessments, file_facts, letterheads, paper_letters, papers
from app.services.letterheads import Data
from app.tables import Paper, Request


async def intake_sheet(session: AsyncSession, request: Request) -> Data:
    """The intake sheet (fiche recueil de données), of the day the demand was received."""
    head = await letterheads.of_request(session, request, title="Fiche recueil de données", on=request.received_on)
    return {**head, **await file_facts.of_request(session, request)}


async def receipt(session: AsyncSession, request: Request) -> Data:
    """The receipt of the demand (accusé de réception), with the day on which silence refuses it.

    Without that day where the law of the demand sets no delay.
    """
    law, on = national_law(), request.received_on
    months = law.whole(Law.IMPLICIT_REFUSAL_MONTHS, scope=Scope.PUBLIC_DECISIONS, on=on)
    head = await letterheads.to_applicants(session, request, title="Accusé de réception de votre demande", on=on)
    return {
        **head,
        **file_facts.project(request),
        "implicit_on": None if months is None else in_words(months_after(on, months)),
        "appeal_months": law.whole(Law.APPEAL_MONTHS, scope=Scope.PUBLIC_DECISIONS, on=on),
    }


async def papers_list(session: AsyncSession, request: Request) -> Data:
    """The papers asked for (liste des pièces), of the last day on which one was asked for, seen or waived.

    Raises DocumentNotReady before any was asked for.
    """
    asked = await papers.of_request(session, request)
    if not asked:
        raise DocumentNotReady(missing="asked_papers")
    on = max(day for paper in asked for day in (paper.asked_on, paper.seen_on, paper.waived_on) if day is not None)
    head = await letterheads.to_applicants(session, request, title="Les pièces de votre dossier", on=on)
    return {
        **head,
        "received_on": in_words(request.received_on),
        "awaited": [_row(paper) for paper in asked if paper.status is PaperStatus.ASKED],
        "received": [_row(paper) for paper in asked if paper.status is PaperStatus.RECEIVED],
    }


def _row(paper: Paper) -> list[str | None]:
    on = paper.seen_on or paper.due_on
    return [paper_letters.named(paper, "fr"), in_words(on) if on else None]


async def assessment(session: AsyncSession, request: Request) -> Data:
    """The social assessment (rapport social), of the day it was made, else of the receipt of the demand.

    Raises DocumentNotReady before it is recorded.
    """
    try:
        read = await assessments.read(session, request.id)
    except NotFound:
        raise DocumentNotReady(missing="an_assessment") from None
    on = read.assessed_on or request.received_on
    head = await letterheads.of_request(session, request, title="Rapport social", on=on)
    return {
        **head,
        **await file_facts.of_request(session, request),
        **read.model_dump(include={"needs", "viability", "diagnosis", "expected_improvement", "opinion"}),
        "proposal": _proposal(read.proposal),
    }


def _proposal(read: ProposalRead) -> Data:
    return {
        "loan": euros(read.loan_cents) if read.loan_cents else None,
        "instalment": euros(read.instalment_cents) if read.instalment_cents else None,
        "duration_months": read.duration_months,
        "grant": euros(read.grant_cents) if read.grant_cents else None,
    }


async def action_plan(session: AsyncSession, request: Request) -> Data:
    """The action plan (plan d'action), of the day it was signed, else of the receipt of the demand.

    Raises DocumentNotReady before it is recorded.
    """
    try:
        read = await action_plans.read(session, request.id)
    except NotFound:
        raise DocumentNotReady(missing="an_action_plan") from None
    on = read.signed_on or request.received_on
    head = await letterheads.of_request(session, request, title="Plan d’action", on=on)
    people = await letterheads.people_of(session, request)
    return {
        **head,
        "names": [letterheads.name_of(person) for person in people],
        "objectives": read.objectives,
        "signed_on": in_words(read.signed_on) if read.signed_on else None,
        "actions": [
            [
                action.label,
                action.kind.value,
                in_words(action.starts_on) if action.starts_on else None,
                in_words(action.ends_on) if action.ends_on else None,
            ]
            for action in read.actions
        ],
    }
