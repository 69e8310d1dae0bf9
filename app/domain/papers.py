"""The papers of a file (pièces justificatives): asked for, then seen by somebody, or waived with a reason."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Protocol

from app.domain.breaches import Severity, of_rule
from app.domain.errors import IllegalTransition
from app.domain.products import Product


class PaperStatus(StrEnum):
    """Where a paper stands. `waived`: it is no longer needed."""

    ASKED = "asked"
    RECEIVED = "received"
    WAIVED = "waived"


class PaperAction(StrEnum):
    """What becomes of a paper that was asked for."""

    RECEIVE = "receive"
    WAIVE = "waive"


class PaperParty(StrEnum):
    """Of whom a paper is."""

    APPLICANT = "applicant"
    CO_APPLICANT = "co_applicant"


class SeenKind(StrEnum):
    """What was seen."""

    ORIGINAL = "original"
    COPY = "copy"


class AskedPaper(Protocol):
    """What is known of one paper, whatever holds it."""

    code: str
    asked_on: date
    seen_on: date | None
    waived_on: date | None


S, A = PaperStatus, PaperAction

TRANSITIONS: dict[tuple[PaperStatus, PaperAction], PaperStatus] = {
    (S.ASKED, A.RECEIVE): S.RECEIVED,
    (S.ASKED, A.WAIVE): S.WAIVED,
    # It came all the same.
    (S.WAIVED, A.RECEIVE): S.RECEIVED,
}


def after(status: PaperStatus, action: PaperAction) -> PaperStatus:
    """The state that follows, or IllegalTransition."""
    following = TRANSITIONS.get((status, action))
    if following is None:
        raise IllegalTransition(action=action.value, state=status.value)
    return following


def provided(papers: Iterable[AskedPaper], *, on: date) -> frozenset[str] | None:
    """The codes of which, on a day, nothing was awaited any more: each paper asked for was seen, or waived.

    Null where none was asked for by then.
    """
    asked = [paper for paper in papers if paper.asked_on <= on]
    awaited = {paper.code for paper in asked if not _is_done(paper, on=on)}
    return frozenset(paper.code for paper in asked) - awaited if asked else None


def blocking(product: Product, codes: frozenset[str] | None) -> list[str]:
    """The papers that the rules ask for and that are not among `codes`, in the order of the rules.

    None where the rules say that papers only warn.
    """
    if of_rule(product.severities, "documents") is Severity.WARN:
        return []
    return [code for code in product.documents if code not in (codes or ())]


def _is_done(paper: AskedPaper, *, on: date) -> bool:
    return any(day is not None and day <= on for day in (paper.seen_on, paper.waived_on))
