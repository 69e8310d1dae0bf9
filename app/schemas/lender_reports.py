"""Facts that a lender reports of its loan beside its statements."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.domain.amortization import DURATION_MONTHS_MAX
from app.domain.channels import Source
from app.domain.lender_reports import LenderScheduleKind, ReportAnomaly, ReportKind, ReversedKind
from app.schemas.base import Cents, Day, Input, Line, MachineReference, Output, Percent, PositiveCents, RatePercent
from app.schemas.offers import OfferRow, check_rows


class LenderRows(Input):
    """The lender's new rows of its loan: all that falls due from `effective_on` on, numbered from 1."""

    reference: MachineReference
    decided_on: Day
    effective_on: Day
    rate_percent: RatePercent | None = None
    rows: Annotated[list[OfferRow], Field(min_length=1, max_length=DURATION_MONTHS_MAX)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        check_rows(self.rows, not_before=self.effective_on)
        return self


class LenderScheduleCreate(LenderRows):
    """The lender's new rows of its loan: all that falls due from `effective_on` on, numbered from 1.

    They repay what is still owed on that day; what fell due before stays as it was told. Of a loan that was called due
    before, they end the litigation; decided before it was and of a day after it, they are without effect.
    """

    kind: LenderScheduleKind

    @property
    def schedule_kind(self) -> LenderScheduleKind:
        """Why the rows are others."""
        return self.kind


class AccelerationCreate(Input):
    """The lender calls the whole due from a day on (déchéance du terme); the principal owed then, if it says."""

    reference: MachineReference
    accelerated_on: Day
    outstanding_principal_cents: Cents | None = None


class LossCreate(Input):
    """What the lender counts as lost (passage à perte): it leaves its books, and stays due."""

    reference: MachineReference
    lost_on: Day
    principal_cents: Cents
    interest_cents: Cents


class GuaranteeCallCreate(Input):
    """The lender asks a guarantor for its part of a loss, which `loss_reference` names."""

    reference: MachineReference
    called_on: Day
    guarantor: Line
    amount_cents: PositiveCents
    loss_reference: MachineReference


class LenderRecoveryCreate(Input):
    """What the lender recovered after a loss, which `loss_reference` names."""

    reference: MachineReference
    recovered_on: Day
    amount_cents: PositiveCents
    loss_reference: MachineReference


class LenderReversalCreate(Input):
    """The lender takes back what it told by mistake under `reversed_reference`.

    Money moves back on `reversed_on`; anything else never was: without an acceleration or a schedule, the loan stands
    as it would have stood. It may be told before what it takes back.
    What is then told right has a reference of its own.
    """

    reference: MachineReference
    reversed_on: Day
    reversed_kind: ReversedKind
    reversed_reference: MachineReference


class ReportAnswer(Output):
    """What was recorded, as the lender may see it; `known` where it was told before, and nothing changed."""

    id: UUID
    handoff_id: UUID
    kind: ReportKind
    reference: str
    effect_on: date
    known: bool
    anomalies: list[ReportAnomaly]


class LenderReportRead(Output):
    """A fact as the lender reports it, in cents, with what it contradicts of our copy.

    Beside a call on a guarantor stand `computed_cents`, its part of that loss by our rules (null where
    `rule_not_stated` names what they leave open), and the claim that the staff have entered of it. Beside a recovery
    stands the one that the staff have entered under its reference. A reversal names what it takes back, which then says
    `reversed_on`, the day of it.
    """

    id: UUID
    kind: ReportKind
    reference: str
    effect_on: date
    schedule_kind: LenderScheduleKind | None
    decided_on: date | None
    rate_percent: Percent | None
    principal_cents: int | None
    interest_cents: int | None
    amount_cents: int | None
    guarantor: str | None
    loss_reference: str | None
    reversed_kind: ReversedKind | None
    reversed_reference: str | None
    reversed_on: date | None
    computed_cents: int | None
    rule_not_stated: str | None
    claim_id: UUID | None
    recovery_id: UUID | None
    anomalies: list[ReportAnomaly]
    source: Source
    entered_at: datetime


class LenderReportList(Output):
    """What the lender reports of a loan, in the order in which it was entered."""

    items: list[LenderReportRead]
    next_cursor: str | None
