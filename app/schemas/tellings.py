"""What a lender tells by letter, as a member of staff enters it: the bodies of the lender's machine, and the letter."""

from app.schemas.base import Day, Input, Line, PartnerCode, ShortLine
from app.schemas.ficp_checks import Consultation
from app.schemas.handoffs import HandoffRead
from app.schemas.inbox import AnswerCreate
from app.schemas.lender_reports import (
    AccelerationCreate,
    GuaranteeCallCreate,
    LenderRecoveryCreate,
    LenderReversalCreate,
    LenderScheduleCreate,
    LossCreate,
)
from app.schemas.offers import LenderDisbursementCreate, OfferCreate
from app.schemas.statement_files import StatementFileCreate
from app.schemas.statements import StatementCreate


class Letter(Input):
    """The letter that the facts are told by: the lender's reference and day of it, and the officer who signed it."""

    reference: ShortLine
    dated_on: Day
    officer: Line | None = None


class ReportedAnswerCreate(AnswerCreate):
    """The lender's answer, by letter."""

    letter: Letter


class ReportedAnswerRead(HandoffRead):
    """The handoff once its lender's letter was entered; `known` where that was told before, and nothing changed."""

    known: bool


class ReportedCheckCreate(Consultation):
    """One consultation, by letter; of the handoff in the path."""

    letter: Letter


class ReportedOfferCreate(OfferCreate):
    """The lender's offer with its own rows, by letter."""

    letter: Letter


class ReportedDisbursementCreate(LenderDisbursementCreate):
    """The partner paid its loan out, whole or in part, by letter."""

    letter: Letter


class ReportedScheduleCreate(LenderScheduleCreate):
    """The lender's new rows of its loan, by letter."""

    letter: Letter


class ReportedAccelerationCreate(AccelerationCreate):
    """The lender calls the whole due, by letter."""

    letter: Letter


class ReportedLossCreate(LossCreate):
    """What the lender counts as lost, by letter."""

    letter: Letter


class ReportedCallCreate(GuaranteeCallCreate):
    """The lender calls on a guarantor, by letter."""

    letter: Letter


class ReportedRecoveryCreate(LenderRecoveryCreate):
    """What the lender recovered after a loss, by letter."""

    letter: Letter


class ReportedReversalCreate(LenderReversalCreate):
    """What the lender takes back of what it told, by letter."""

    letter: Letter


class ReportedStatementCreate(StatementCreate):
    """All that a partner knows of its loans of this CCAS up to `position_on`, by letter.

    `partner` is the only one that something was handed over to, unless given.
    """

    partner: PartnerCode | None = None
    letter: Letter


class ReportedStatementFileCreate(StatementFileCreate):
    """The same as a file that a partner exported, as staff received it with a letter."""

    partner: PartnerCode | None = None
    letter: Letter
