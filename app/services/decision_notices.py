"""The notice of a decision (notification): what was decided, why, what to do next, how to contest it.

A letter of the CCAS never says what banks know of a person: where a lender does not follow, it answers them itself.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import in_words
from app.domain.decisions import REFUSES, Outcome
from app.domain.document_errors import DocumentNotReady, ReasonNamesRegister
from app.domain.money import euros, percent_words
from app.domain.national_law import Law, Scope
from app.domain.notices import NAMED
from app.domain.rectifications import ENDING
from app.domain.request_lifecycle import RequestStatus
from app.parameters.codes import label
from app.parameters.law import national_law
from app.schemas.rectifications import RectificationRead
from app.services import (
    decision_reads,
    letterheads,
    notices,
    notifications,
    ratifications,
    rectifications,
    rules,
)
from app.services.letterheads import Data
from app.tables import Decision, Organisation, Ratification, Request

_TITLE = "Décision sur votre demande"
_LENDER_DECLINED = "lender_declined"
_NOT_RATIFIED = "not_ratified"
# The registers of payment incidents, by name, by what they are, or by who keeps them.
_REGISTERS = re.compile(
    r"\b(f\W?i\W?c\W?p|f\W?c\W?c|fich(é|ée|és|ées|age|ier|iers)|incidents?"
    r"|ba(nqu|s)es? de données|banque de france|interdi(t|te|ts|tes|ction|ctions) bancaires?)\b",
    re.IGNORECASE,
)


async def notice(session: AsyncSession, request: Request) -> Data:
    """The notice of the last decision as it stands; where the lender did not follow, that it answers the person.

    It is of the day of the decision, else of its last correction or ratification. A person who was told of a decision
    that ended since is told so. Raises DocumentNotReady before a decision, NotNotifiable, ReasonNamesRegister.
    """
    if request.status is RequestStatus.LENDER_REFUSED or request.closing_reason_code == _LENDER_DECLINED:
        return await _lender_refused(session, request)
    decision = await rectifications.last_decision(session, request.id)
    if decision is None:
        raise DocumentNotReady(missing="a_decision")
    ratification = await ratifications.of_decision(session, decision)
    corrections = await rectifications.of_decision(session, decision)
    told_at = await notifications.first_entered_at(session, decision)
    if told_at is not None and (end := _end(corrections, ratification)):
        return await _ended(session, request, decision, end)
    told = await notices.check(session, decision)
    said = await rectifications.as_corrected(session, decision)
    missing = [*said["missing"], *(label("papers", code, "fr") for code in said["missing_papers"])]
    _check_words(said["reason"] or "", *missing, *said["conditions"])
    differs = (await decision_reads.differences_of(session, decision, request)).amount
    acts = [one.rectified_on for one in corrections]
    confirmed_on = ratification.ratified_on if ratification else None
    on = max(day for day in (decision.decided_on, *acts, confirmed_on) if day is not None)
    head = await letterheads.to_applicants(session, request, title=_TITLE, on=on)
    replaces = told_at is not None and any(told_at < one.entered_at for one in corrections)
    return {
        **head,
        **_asked(request),
        **_given(decision),
        "outcome": decision.outcome.value,
        "decided_on": in_words(decision.decided_on),
        "corrected_on": in_words(max(acts)) if replaces else None,
        "confirmed_on": in_words(confirmed_on) if confirmed_on else None,
        "differs": differs,
        "reason": _reason(said),
        "missing": missing,
        "next_on": in_words(said["next_on"]) if said["next_on"] else None,
        "conditions": said["conditions"],
        "subject_to_ratification": told.subject_to_ratification,
        "lender": await _lender(session, request, decision),
        "other_answer": await _other_answer(session, request) if decision.outcome in REFUSES else None,
        "withdrawal_days": _law(Law.WITHDRAWAL_DAYS, Scope.CONSUMER_CREDIT, decision.decided_on),
        "appeal_months": _appeal_months(decision, differs=differs),
        "signatory": said["signatory"],
        **{name: said[name] or getattr(ratification, name, None) for name in NAMED},
    }


def _end(corrections: Sequence[RectificationRead], ratification: Ratification | None) -> Data | None:
    """What ended a decision: that it was withdrawn, abrogated or not ratified; null while it stands."""
    for one in corrections:
        if one.kind in ENDING:
            return {"outcome": one.kind.value, "ended_on": one.rectified_on, "by": one, "delegation_reference": None}
    if ratification is None or ratification.ratified:
        return None
    delegation = ratification.delegation_reference
    ended = {"outcome": _NOT_RATIFIED, "ended_on": ratification.ratified_on, "by": ratification}
    return {**ended, "delegation_reference": delegation}


async def _ended(session: AsyncSession, request: Request, decision: Decision, end: Data) -> Data:
    by, on = end["by"], end["ended_on"]
    _check_words(by.reason)
    head = await letterheads.to_applicants(session, request, title=_TITLE, on=on)
    favourable = decision.outcome not in (*REFUSES, Outcome.ADJOURN)
    return {
        **head,
        **_asked(request),
        "outcome": end["outcome"],
        "decided_on": in_words(decision.decided_on),
        "ended_on": in_words(on),
        "reason": {"label": None, "text": by.reason},
        "appeal_months": _law(Law.APPEAL_MONTHS, Scope.PUBLIC_DECISIONS, on) if favourable else None,
        "signatory": by.signatory,
        "signatory_capacity": by.signatory_capacity,
        "body": by.body,
        "delegation_reference": end["delegation_reference"],
    }


async def _lender_refused(session: AsyncSession, request: Request) -> Data:
    on = request.other_answer_on or request.received_on
    head = await letterheads.to_applicants(session, request, title="Réponse à votre demande", on=on)
    other_answer = await _other_answer(session, request)
    return {**head, **_asked(request), "outcome": "lender_refused", "other_answer": other_answer}


def _check_words(*said: str) -> None:
    for text in said:
        if found := _REGISTERS.search(unicodedata.normalize("NFKC", text)):
            raise ReasonNamesRegister(found=found[0])


def _asked(request: Request) -> Data:
    return {"asked_on": in_words(request.received_on), "requested": euros(request.requested_amount_cents)}


def _given(decision: Decision) -> Data:
    amount, instalment, rate = decision.loan_amount_cents, decision.instalment_cents, decision.rate_percent
    loan = None
    if amount is not None:
        loan = {
            "amount": euros(amount),
            "duration_months": decision.duration_months,
            "instalment": None if instalment is None else euros(instalment),
            "rate": None if rate is None else percent_words(rate),
        }
    return {"loan": loan, "grant": euros(decision.grant_cents) if decision.grant_cents else None}


def _reason(said: Mapping[str, Any]) -> Data | None:
    code = said["reason_code"]
    if code is None and said["reason"] is None:
        return None
    return {"label": label("reasons", code, "fr") if code and code != "other" else None, "text": said["reason"]}


async def _lender(session: AsyncSession, request: Request, decision: Decision) -> str | None:
    if decision.outcome is not Outcome.ENDORSE:
        return None
    _, product = await rules.decided(session, decision, request)
    return product.lender.name


async def _other_answer(session: AsyncSession, request: Request) -> Data | None:
    """What the person is offered in place of the aid, and whom to see for it."""
    kind, organisation_id = request.other_answer_kind, request.other_answer_organisation_id
    if kind is None or kind == "unreachable":
        return None
    whom = None
    if organisation_id is not None:
        organisation = await session.get_one(Organisation, (request.tenant_id, organisation_id))
        address = ", ".join((organisation.address or "").splitlines())
        whom = [part for part in (organisation.name, address, organisation.phone) if part]
    return {"label": label("other_answers", kind, "fr"), "whom": whom}


def _appeal_months(decision: Decision, *, differs: bool) -> int | None:
    """Null where there is nothing to contest: the amount that was asked for, or an answer that is still to come."""
    outcome = decision.outcome
    if (outcome is Outcome.APPROVE and not differs) or outcome in (Outcome.ADJOURN, Outcome.ENDORSE):
        return None
    return _law(Law.APPEAL_MONTHS, Scope.PUBLIC_DECISIONS, decision.decided_on)


def _law(name: Law, scope: Scope, on: date) -> int | None:
    return national_law().whole(name, scope=scope, on=on)
