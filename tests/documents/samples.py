"""What papers are made of, as the services give it, and what is read back from their PDF."""

import io
import re
import struct
import zlib
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pypdf

from app.documents import compile_pdf
from app.services import session_papers

Json = dict[str, Any]

HEAD: Json = {
    "title": "Décision sur votre demande",
    "day": "2026-03-12",
    "on": "12 mars 2026",
    "reference": "2026-0001",
    "sender": {"name": "CCAS de Besançon", "logo": None},
    "recipient": ["Camille Exemple"],
    "names": ["Camille Exemple"],
    "represented_by": [],
}
_PERSON = dict.fromkeys(
    (
        *("birth_name", "birth_place", "domiciliation", "phone", "email", "safe_contact", "nationality"),
        *("education_level", "family_situation", "housing", "interpreter_language", "reading_difficulty"),
    )
)
FILE: Json = {
    "people": [{**_PERSON, "name": "Camille Exemple", "birth_on": "2 mars 1988", "commune": "Besançon"}],
    "adults": 1,
    "minor_children": 2,
    "situations": None,
    "received_on": "3 janvier 2011",
    "channel": "Téléphone",
    "prescriber": None,
    "commune": "Besançon",
    "purpose": "Achat de véhicule",
    "description": "Une voiture pour aller travailler",
    "cost": "2 700,00 €",
    "requested": "2 000,00 €",
    "budget": {
        "as_of_on": None,
        "resources": [["Salaire", "1 100,00 €"]],
        "charges": [["Loyer", "450,00 €"]],
        "resources_total": "1 100,00 €",
        "charges_total": "450,00 €",
        "left_to_live": "650,00 €",
        "debt_instalments": "0,00 €",
        "debt_ratio": "0,00 %",
        "capacity": None,
    },
    "plan": {"lines": [["Microcrédit", "Microcrédit", "expected", "2 700,00 €"]], "total": "2 700,00 €"},
}
_NOTICE: Json = {
    **HEAD,
    "asked_on": "3 janvier 2011",
    "requested": "2 500,00 €",
    "decided_on": "12 mars 2026",
    "corrected_on": None,
    "confirmed_on": None,
    "differs": True,
    "loan": None,
    "grant": None,
    "reason": None,
    "missing": [],
    "next_on": None,
    "conditions": [],
    "subject_to_ratification": False,
    "lender": None,
    "other_answer": None,
    "withdrawal_days": 14,
    "appeal_months": None,
    "body": "Commission permanente",
    "signatory": "Claude Modèle",
    "signatory_capacity": "Présidente",
    "delegation_reference": "Délibération 2010-12",
}
_LOAN: Json = {"amount": "2 000,00 €", "duration_months": 24, "instalment": "85,00 €", "rate": "0 %"}
_WHY: Json = {"label": "Pas de capacité de remboursement", "text": "Vos charges dépassent vos ressources."}
_INSTEAD: Json = {"label": "Conseils budgétaires", "whom": ["Point conseil budget", "03 81 00 00 00"]}
NOTICES: dict[str, Json] = {
    "approve": {"loan": _LOAN, "grant": "300,00 €", "conditions": ["Le devis signé"], "appeal_months": 2},
    "provisional": {"outcome": "approve", "loan": _LOAN, "subject_to_ratification": True},
    "grant_only": {"grant": "184,00 €", "appeal_months": 2},
    "refuse": {"reason": _WHY, "other_answer": _INSTEAD, "appeal_months": 2},
    "endorse": {"loan": {**_LOAN, "instalment": None, "rate": None}, "lender": "Crédit Mutuel"},
    "decline": {"reason": _WHY, "other_answer": _INSTEAD, "appeal_months": 2},
    "adjourn": {"reason": _WHY, "missing": ["Devis ou facture"], "next_on": "12 avril 2026"},
    "lender_refused": {"other_answer": _INSTEAD, "signatory": None},
    **{
        kind: {"reason": {"label": None, "text": "Le projet a changé."}, "ended_on": "2 avril 2026", "appeal_months": 2}
        for kind in ("withdrawal", "abrogation", "not_ratified")
    },
}
PAPERS: dict[str, tuple[str, Json]] = {
    "intake_sheet": ("intake_sheet", {**HEAD, **FILE, "title": "Fiche recueil de données"}),
    "receipt": ("receipt", {**HEAD, **FILE, "implicit_on": "3 mars 2011", "appeal_months": 2}),
    "papers_list": (
        "papers_list",
        {**HEAD, "received_on": "3 janvier 2011", "awaited": [["Devis", None]], "received": [["Identité", "1er mars"]]},
    ),
    "assessment": (
        "assessment",
        {
            **HEAD,
            **FILE,
            **dict.fromkeys(("needs", "viability", "diagnosis", "expected_improvement", "opinion"), "Oui."),
            "proposal": {"loan": "2 000,00 €", "instalment": "85,00 €", "duration_months": 24, "grant": None},
        },
    ),
    "action_plan": (
        "action_plan",
        {
            **HEAD,
            "objectives": ["Tenir son budget"],
            "signed_on": None,
            "actions": [["Ateliers", "group", "1er mars 2011", None]],
        },
    ),
    **{
        f"decision_notice {name}": ("decision_notice", {**_NOTICE, "outcome": name, **notice})
        for name, notice in NOTICES.items()
    },
}


def _item(position: int, kind: str = "request", **said: Any) -> Json:
    """An item of the minutes, as a session that is closed tells it."""
    nothing = ("review_reason", "outcome_months", "outcome_reason", "withdrawn_on", "withdrawn_reason", "votes")
    named = {"position": position, "kind": kind, "request_reference": f"2011-{position:04}", "outcome": "decided"}
    named |= {"purpose": "scooter", "requested_amount_cents": 210_000}
    return {**dict.fromkeys((*nothing, "decision")), **named, "recusals": [], **said}


def _decision(outcome: str, **said: Any) -> Json:
    nothing = dict.fromkeys(("loan_amount_cents", "duration_months", "instalment_cents", "reason_code", "next_on"))
    lists = {name: [] for name in ("missing", "missing_papers", "conditions")}
    return {**nothing, **lists, "outcome": outcome, "grant_cents": 0, **said}


_TERMS: Json = {"loan_amount_cents": 200_000, "duration_months": 24, "instalment_cents": 8_500}
SESSION: Json = {
    "held_on": "2011-03-01",
    "convened_on": "2011-02-15",
    "place": None,
    "reference": "3/2011",
    "chaired_by": "Claude Modèle",
}
MONEY: list[Json] = [
    {"kind": "loans", "before_cents": 5_000_000, "left_cents": 4_800_000},
    {"kind": "grants", "before_cents": 1_500_000, "left_cents": 1_470_000},
]
ITEMS: list[Json] = [
    _item(
        1,
        decision=_decision("approve", **_TERMS, grant_cents=30_000),
        recusals=[{"name": "Alex Essai", "reason": "Parent"}],
        votes={
            "in_favour": 1,
            "against": 1,
            "abstentions": 0,
            "ballots": [{"name": "Claude Modèle", "vote": "in_favour"}, {"name": "Sacha Type", "vote": "against"}],
        },
    ),
    _item(2, decision=_decision("refuse", reason_code="no_repayment_capacity")),
    _item(
        3, decision=_decision("adjourn", reason_code="missing_papers", missing_papers=["quote"], next_on="2011-04-05")
    ),
    _item(4, decision=_decision("grant_only", grant_cents=18_400, conditions=["Bail signé"])),
    _item(5, "ratification", outcome="ratified", decision=_decision("approve", **_TERMS)),
    _item(
        6,
        "loan_review",
        review_reason="deferral",
        outcome="agreed",
        outcome_months=2,
        outcome_reason="Un emploi perdu.",
    ),
    _item(7, outcome=None, withdrawn_on="2011-03-01", withdrawn_reason="Le devis a changé."),
]
CLOSED: Json = {
    "committee": {"name": "Commission permanente"},
    "session": SESSION,
    "members": [
        {"name": "Claude Modèle", "capacity": "voting", "chair": True, "status": "present"},
        {"name": "Sacha Type", "capacity": "voting", "chair": False, "status": "present"},
        {"name": "Alex Essai", "capacity": "advisory", "chair": False, "status": None},
    ],
    "quorum": {"in_office": 2, "present": 2, "needed": 2},
    "items": ITEMS,
    "money": MONEY,
}
_OF_SESSION: Json = {**HEAD, "day": "2011-03-01", "on": "1er mars 2011", "recipient": []}
PAPERS |= {
    "agenda": (
        "agenda",
        {**_OF_SESSION, **session_papers.agenda(SESSION, committee="Commission permanente", items=ITEMS, money=MONEY)},
    ),
    "minutes": ("minutes", {**_OF_SESSION, **session_papers.minutes(CLOSED)}),
}


PAPERS["handoff_payload"] = (
    "handoff_payload",
    {
        **HEAD,
        "title": "Dossier de demande de microcrédit",
        "handoff_id": "01900000-0000-7000-8000-000000000000",
        "payload_sha256": "c0ffee" * 10 + "beef",
        "sections": [
            {"name": "", "facts": {"request_reference": "2026-0001", "support_person": "Claude Modèle"}, "rows": []},
            {"name": "applicant", "facts": {"birth_name": "Exemple", "phone": None}, "rows": []},
            {"name": "later", "facts": {"later_still": "Valeur"}, "rows": []},
            {
                "name": "budget",
                "facts": {},
                "rows": [
                    {"amount_cents": "1 100,00 €", "kind": "Salaire", "side": "resource"},
                    {"amount_cents": "450,00 €", "kind": "Loyer", "side": "charge"},
                ],
            },
        ],
    },
)


def text_of(pdf: bytes) -> str:
    """What a PDF says, its lines run together and every space a plain one."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def said(name: str, data: Json) -> str:
    """What the paper of a template says."""
    return text_of(compile_pdf(name, data))


def png(width: int = 4, height: int = 3) -> bytes:
    """A blue rectangle."""
    row = b"\x00" + b"\x20\x40\x90" * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    told = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)


def logo(content: bytes, **changes: Any) -> Json:
    """The body that gives a logo."""
    digest = sha256(content).hexdigest()
    return {"media_type": "image/png", "content_base64": b64encode(content).decode(), "sha256": digest, **changes}
