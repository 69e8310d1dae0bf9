"""Answers of an officer of a lender, by a link."""

from datetime import date, datetime
from typing import Any, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from app.domain.ficp import CheckStage
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.schemas.base import Input, Output
from app.schemas.ficp_checks import Consultation, FicpCheckRead
from app.schemas.handoffs import HandoffStep
from app.schemas.inbox import AnswerCreate, QueryKeys
from app.schemas.offers import OfferCreate, OfferRead


class LenderAnswerCreate(Input):
    """What the officer answers, as the lender's machine would: the check, the answer, the offer, in that order.

    At least one of them. A precheck is answered by its check alone; what is no file, by an answer.
    """

    ficp_check: Consultation | None = None
    answer: AnswerCreate | None = None
    offer: OfferCreate | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.ficp_check is None and self.answer is None and self.offer is None:
            raise PydanticCustomError("nothing_told", "one at least", {"expected": "ficp_check, answer, offer"})
        return self


class LenderLinkRead(Output):
    """What the officer is asked: the handoff as the lender's machine would read it, and the check that it asks for."""

    ccas: str
    lender: str
    officer: str
    expires_at: datetime
    kind: HandoffKind
    stage: CheckStage | None
    status: HandoffStatus
    sent_at: datetime
    support_person: str | None
    payload: dict[str, Any] | None
    payload_sha256: str
    ficp_query_keys: QueryKeys | None
    steps: list[HandoffStep]


class LenderAnswerRead(Output):
    """The answer was received: where the handoff now stands, and what was recorded.

    `known` where the lender's answer was told before, and changed nothing; a check and an offer say it for themselves.
    """

    kind: HandoffKind
    status: HandoffStatus
    answered_on: date | None
    known: bool
    ficp_check: FicpCheckRead | None
    offer: OfferRead | None
