"""The loans of own funds counted: each is read as one alone is, from what is loaded for all of them at once.

The number of statements does not depend on how many loans there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import loan_lifecycle
from app.domain.books import Books, books
from app.domain.ledger import LedgerAccount
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.schemas.decision_figures import Figure
from app.schemas.loan_figures import (
    ActiveFigures,
    ErasedFigures,
    NonValeurFigures,
    PortfolioQuery,
    PortfolioRead,
    PrincipalFigures,
    ReasonFigure,
    SettledFigures,
    StatusFigure,
)
from app.services import loan_histories, positions, support_covers
from app.services.loan_histories import History

A = LedgerAccount
# What a loan may be that is neither closed nor given up.
_NOT_ACTIVE = (LoanStatus.OFFERED, LoanStatus.CLOSED, LoanStatus.CANCELLED)
_ACTIVE = [status for status in LoanStatus if status not in _NOT_ACTIVE]


@dataclass(frozen=True, slots=True)
class _Standing:
    """One loan on the day that is asked; `late_cents` is what is overdue."""

    principal_cents: int
    status: LoanStatus
    reasons: Sequence[ClosingReason]
    books: Books
    late_cents: int

    @property
    def is_erased(self) -> bool:
        return self.books.discharged_cents > 0

    @property
    def is_closed(self) -> bool:
        return self.status is LoanStatus.CLOSED


async def read(session: AsyncSession, *, today: date, query: PortfolioQuery) -> PortfolioRead:
    """The loans contracted over a time, in the communes that the caller sees, as they stood on a day."""
    as_of = query.as_of or today
    position_on = await positions.latest(session, known_at=query.known_at)
    histories = await loan_histories.contracted(
        session, since=query.contracted_from, until=min(query.contracted_to or as_of, as_of), known_at=query.known_at
    )
    every = [_standing(history, as_of, position_on) for history in histories]
    standings = [one for one in every if one.status is not LoanStatus.CANCELLED]
    settled = [one for one in standings if one.is_closed and not one.is_erased]
    erased = [one for one in standings if one.is_erased]
    active = [one for one in standings if not one.is_closed and not one.is_erased]
    return PortfolioRead(
        as_of=as_of,
        known_at=query.known_at,
        position_on=position_on,
        contracted=_counted(standings),
        settled=_settled(settled),
        erased=ErasedFigures(
            **_counted(erased).model_dump(), closed=_counted([one for one in erased if one.is_closed])
        ),
        active=_active(active),
        principal=_principal(standings),
        non_valeurs=_non_valeurs(standings),
        legally_due_cents=sum(one.books.legally_due_cents for one in standings),
        overdue_cents=sum(one.late_cents for one in standings),
        supported_cents=sum(one.books.supported_cents for one in standings),
        interest_cents=sum(one.books.interest_cents for one in standings),
        credit_cents=sum(one.books.credit_cents for one in standings),
    )


def _standing(history: History, as_of: date, position_on: date | None) -> _Standing:
    state = books(history.facts, history.slots_on(as_of), on=as_of)
    is_suspended = history.is_suspended(as_of)
    late = 0
    if not is_suspended:
        late = support_covers.late_cents(history.supports, state, history.facts, on=as_of, position_on=position_on)
    status = loan_lifecycle.status(
        loan_lifecycle.stage_of_money(history.stage_on(as_of), state.disbursed_cents),
        first_due_on=state.rows[0].due_on if state.rows else None,
        outstanding_cents=state.outstanding_cents,
        overdue_cents=late,
        is_suspended=is_suspended,
        on=as_of,
    )
    reasons = history.closing_reasons(as_of) if status is LoanStatus.CLOSED else []
    return _Standing(history.principal_cents, status, reasons, state, late)


def _counted(standings: Iterable[_Standing]) -> Figure:
    cents = [one.principal_cents for one in standings]
    return Figure(count=len(cents), cents=sum(cents))


def _settled(settled: Sequence[_Standing]) -> SettledFigures:
    reasons = [
        ReasonFigure(reason=reason, **_counted(one for one in settled if reason in one.reasons).model_dump())
        for reason in ClosingReason
        if reason is not ClosingReason.ERASED
    ]
    return SettledFigures(**_counted(settled).model_dump(), reasons=reasons)


def _active(active: Sequence[_Standing]) -> ActiveFigures:
    statuses = [
        StatusFigure(status=status, **_counted(one for one in active if one.status is status).model_dump())
        for status in _ACTIVE
    ]
    return ActiveFigures(**_counted(active).model_dump(), statuses=statuses)


def _principal(standings: Sequence[_Standing]) -> PrincipalFigures:
    disbursed = sum(one.books.disbursed_cents for one in standings)
    parts = {
        "repaid_cents": sum(one.books.principal_repaid_cents for one in standings),
        "written_off_cents": _booked(standings, A.NON_VALEUR),
        "discharged_cents": _booked(standings, A.EXTINGUISHED),
        "remitted_cents": _booked(standings, A.REMISSION),
        "outstanding_cents": sum(one.books.outstanding_cents for one in standings),
    }
    return PrincipalFigures(disbursed_cents=disbursed, **parts, balanced=disbursed == sum(parts.values()))


def _non_valeurs(standings: Sequence[_Standing]) -> NonValeurFigures:
    written_off = sum(one.books.written_off_cents for one in standings)
    parts = {
        "recovered_cents": sum(one.books.recovered_cents for one in standings),
        "discharged_cents": sum(one.books.discharged_cents for one in standings) - _booked(standings, A.EXTINGUISHED),
        "remitted_cents": sum(one.books.remitted_cents for one in standings) - _booked(standings, A.REMISSION),
        "still_due_cents": sum(one.books.legally_due_cents - one.books.outstanding_cents for one in standings),
    }
    return NonValeurFigures(written_off_cents=written_off, **parts, balanced=written_off == sum(parts.values()))


def _booked(standings: Sequence[_Standing], account: LedgerAccount) -> int:
    return sum(one.books.accounts[account] for one in standings)
