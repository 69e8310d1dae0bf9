"""Loans of own funds counted, with the money that went out, came back and was lost."""

from datetime import date, datetime

from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.schemas.base import Day, Input, Instant, Output
from app.schemas.decision_figures import Figure


class PortfolioQuery(Input):
    """Loans contracted on these days, both included: the day on which the last party signed.

    As they stood at the end of `as_of`, today where no day is given, and as known at an instant, now where none is.
    """

    contracted_from: Day | None = None
    contracted_to: Day | None = None
    as_of: Day | None = None
    known_at: Instant | None = None


class ReasonFigure(Figure):
    """The settled loans that closed for a reason; one may have several."""

    reason: ClosingReason


class StatusFigure(Figure):
    """The loans of a status."""

    status: LoanStatus


class SettledFigures(Figure):
    """Loans whose books are nil and of which nothing was erased."""

    reasons: list[ReasonFigure]


class ErasedFigures(Figure):
    """Loans of which the law erased a part or the whole; `closed` are those whose books are nil."""

    closed: Figure


class ActiveFigures(Figure):
    """Loans that are not settled and of which nothing was erased: each has one status, so the statuses add up."""

    statuses: list[StatusFigure]


class PrincipalFigures(Output):
    """Where the principal is, in cents: disbursed = repaid + written off + discharged + remitted + outstanding.

    `discharged_cents` and `remitted_cents` are what left the books so; `balanced` is whether that sum holds.
    """

    disbursed_cents: int
    repaid_cents: int
    written_off_cents: int
    discharged_cents: int
    remitted_cents: int
    outstanding_cents: int
    balanced: bool


class NonValeurFigures(Output):
    """What became of non-valeurs, in cents: written off = recovered + discharged + remitted + still due."""

    written_off_cents: int
    recovered_cents: int
    discharged_cents: int
    remitted_cents: int
    still_due_cents: int
    balanced: bool


class PortfolioRead(Output):
    """The loans of own funds contracted over a time: contracted = settled + erased + active, in number and in cents of
    principal; those given up before the money left are in none of them.

    `legally_due_cents` is what the books hold and what is still due of non-valeurs; `supported_cents` what the CCAS
    paid for borrowers; `credit_cents` what was overpaid and is to be refunded; `interest_cents` is that received.
    """

    as_of: date
    known_at: datetime | None
    position_on: date | None
    contracted: Figure
    settled: SettledFigures
    erased: ErasedFigures
    active: ActiveFigures
    principal: PrincipalFigures
    non_valeurs: NonValeurFigures
    legally_due_cents: int
    overdue_cents: int
    supported_cents: int
    interest_cents: int
    credit_cents: int
