"""Loans with an unpaid instalment."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.domain.arrears import NoLetter
from app.schemas.base import Output, PageQuery


class ArrearsQuery(PageQuery):
    """All of them, or `mine`: those whose file the caller instructs."""

    mine: Literal["true", "false"] = "false"


class ArrearsItem(Output):
    """A loan with instalments that are unpaid as far as whoever collects has told, up to `position_on`.

    Those that support wholly covers are none of them; `covered_cents` is what it covers in part. `days_late` counts
    from the oldest. `detected_on` is the night on which it was first seen, null before. `no_letter` says why nobody is
    to be written to, null where somebody may be.
    """

    loan_id: UUID
    reference: str
    request_id: UUID
    partner: str | None
    instalment_ref: int
    due_on: date
    days_late: int
    instalments: int
    unpaid_cents: int
    covered_cents: int
    position_on: date
    detected_on: date | None
    last_letter_on: date | None
    instructing_agent_id: UUID | None
    no_letter: NoLetter | None
