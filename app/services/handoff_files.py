"""A handoff as files, to be sent by the secure means of a lender that takes files, as long as the handoff lives."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import documents
from app.documents import Document
from app.domain import accounting_files
from app.domain.accounting_files import FileEncoding
from app.domain.dates import in_words
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.money import euros, percent_words
from app.parameters.codes import codes, label
from app.parameters.rule_labels import value_label
from app.schemas.handoff_files import COLUMNS
from app.services import authorisations, file_facts, handoff_steps, letterheads
from app.tables import Handoff, Partner

_TITLES = {
    HandoffKind.PRECHECK: "Demande de vérification préalable",
    HandoffKind.LOAN_FILE: "Dossier de demande de microcrédit",
    HandoffKind.GUARANTEE_CLAIM: "Appel en garantie",
    HandoffKind.INTEREST_STATEMENT: "Relevé d’intérêts pris en charge",
}
# Of what is handed over, the number to speak of it by.
_REFERENCES = ("request_reference", "statement_reference", "offer_number")
# Where the words of a code are, by the part of the payload and its field.
_CODES = {
    "project/purpose": ("purposes",),
    "budget/kind": ("resource_kinds", "charge_kinds"),
    "financing_plan/kind": ("plan_line_kinds",),
}
_PLACES = ("birth_place", "commune_insee_code")
_VALUES_OF_RULES = ("payer", "base", "cap_of")

Json = dict[str, Any]


async def csv(session: AsyncSession, handoff_id: UUID, *, today: date) -> bytes:
    """`payload.csv`: one line for each value (see `COLUMNS`), nothing that a spreadsheet would run.

    Raises NotFound, HandoffClosed, AuthorisationMissing.
    """
    handoff, told = await _live(session, handoff_id, today=today)
    head = (str(handoff.id), handoff.payload_sha256)
    lines = [(*head, *line) for line in _lines(told["payload"])]
    return accounting_files.written(COLUMNS, lines, encoding=FileEncoding.UTF_8, delimiter=",")


async def pdf(session: AsyncSession, handoff_id: UUID, *, today: date) -> Document:
    """`payload.pdf`: what was handed over and no more, in words, with its hash.

    Raises NotFound, HandoffClosed, AuthorisationMissing.
    """
    handoff, told = await _live(session, handoff_id, today=today)
    partner = await session.get_one(Partner, handoff.partner_id)
    reference = next((told["payload"][name] for name in _REFERENCES if name in told["payload"]), None)
    sent_on = told["steps"][0].effect_on
    head = await letterheads.of_ccas(session, title=_TITLES[handoff.kind], on=sent_on, reference=reference)
    data = {
        **head,
        "recipient": [partner.name],
        "handoff_id": str(handoff.id),
        "payload_sha256": handoff.payload_sha256,
        "sections": _sections(told["payload"]),
    }
    return await documents.make("handoff_payload", data, file_name=f"transmission-{handoff.id}.pdf")


async def _live(session: AsyncSession, handoff_id: UUID, *, today: date) -> tuple[Handoff, Json]:
    handoff = await handoff_steps.load(session, handoff_id)
    request = await handoff_steps.file_of(session, handoff)
    handoff_steps.check_open(handoff, request)
    if request is not None:
        await authorisations.check_still_given(session, request, handoff, on=today)
    return handoff, await handoff_steps.told(session, handoff)


def _lines(payload: Json) -> Iterator[tuple[str, str, str, str]]:
    """Section, number, field and value of each value of a payload, in the order of its canonical text."""
    for name, value in sorted(payload.items()):
        if isinstance(value, dict):
            yield from ((name, "", field, _plain(inner)) for field, inner in sorted(value.items()))
        elif isinstance(value, list):
            for number, row in enumerate(value, start=1):
                yield from ((name, str(number), field, _plain(inner)) for field, inner in sorted(row.items()))
        else:
            yield "", "", name, _plain(value)


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _sections(payload: Json) -> list[Json]:
    """What the paper shows, under the names of the payload: its own values, its parts, the rows of its lists."""
    own = {name: value for name, value in payload.items() if not isinstance(value, dict | list) and name != "kind"}
    told: list[Json] = [{"name": "", "facts": _words("", own), "rows": []}]
    for name, part in payload.items():
        if isinstance(part, dict):
            told.append({"name": name, "facts": _words(name, part), "rows": []})
        elif isinstance(part, list) and part:
            told.append({"name": name, "facts": {}, "rows": [_words(name, row) for row in part]})
    return told


def _words(section: str, part: Json) -> dict[str, str | None]:
    return {field: _shown(section, field, value) for field, value in part.items()}


def _shown(section: str, field: str, value: Any) -> str | None:
    """A value in words: euros, percentages, days, places, the labels of codes."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "oui" if value else "non"
    if field.endswith("cents"):
        return euros(value)
    if field.endswith("_percent"):
        return percent_words(Decimal(value))
    if field.endswith("_on"):
        return in_words(date.fromisoformat(value))
    if field in _PLACES:
        return file_facts.commune_name(value)
    if field in _VALUES_OF_RULES:
        return value_label(value, "fr")
    listed = next((one for one in _CODES.get(f"{section}/{field}", ()) if value in codes(one)), None)
    return str(value) if listed is None else label(listed, value, "fr")
