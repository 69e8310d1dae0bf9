"""The papers of a change of schedule: the amendment (avenant), and the letter that tells the borrower."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.amortization import Instalment
from app.domain.dates import in_words
from app.domain.document_errors import DocumentNotReady
from app.domain.loan_decisions import LoanAuthority
from app.domain.loan_documents import runs
from app.domain.money import euros
from app.schemas.schedule_changes import ScheduleChangeRead
from app.services import letterheads, loan_books, loan_letters, loan_parties, loan_steps, schedule_changes, schedules
from app.services.letterheads import Data
from app.tables import Deferral, EarlyRepayment, Loan, Schedule
from app.tenancy import of_tenant

_AUTHORITIES = {
    LoanAuthority.COMMISSION: "la commission",
    LoanAuthority.BOARD: "le conseil d’administration",
    LoanAuthority.PRESIDENT: "la présidence du CCAS",
    LoanAuthority.LENDER: "le prêteur",
    LoanAuthority.ACCOUNTANT: "le comptable public",
    LoanAuthority.OVER_INDEBTEDNESS_COMMISSION: "la commission de surendettement",
    LoanAuthority.JUDGE: "le juge",
    LoanAuthority.BORROWER: "l’emprunteur",
}


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an amendment tells beside the schedule, and its day."""

    decided_on: date
    data: Data


async def amendment(session: AsyncSession, loan: Loan, *, today: date) -> Amendment:
    """The last change of the schedule, by whose decision. Raises DocumentNotReady where the contract's holds."""
    changes = (await schedule_changes.list_all(session, loan.id)).items
    last, decision = changes[-1], changes[-1].decision
    if decision is None or last.effective_on is None:
        raise DocumentNotReady(missing="schedule_change")
    before = changes[-2]
    people = await loan_parties.borrowers(session, loan)
    parties = ["Le CCAS", *(letterheads.name_of(person) for person in people)]
    return Amendment(
        decision.decided_on,
        {
            **await _what(session, loan, last),
            "effective_on": in_words(last.effective_on),
            "decided_on": in_words(decision.decided_on),
            "decided_by": _AUTHORITIES[decision.decided_by],
            "decision_reference": decision.reference,
            "offered_on": in_words(loan.offered_on),
            "last_due_before": in_words(before.last_due_on) if before.last_due_on else None,
            "last_due": in_words(last.last_due_on) if last.last_due_on else None,
            "interest_before": euros(before.interest_cents),
            "interest": euros(last.interest_cents),
            "bears_interest": bool(before.interest_cents or last.interest_cents),
            "parties": parties,
        },
    )


async def to_borrowers(session: AsyncSession, loan: Loan, *, today: date) -> Data:
    """The letter to those of the borrowers who are alive: what changes, what comes next, until when.

    Raises DocumentNotReady where the contract's schedule holds, or nobody is there to write to.
    """
    changes = (await schedule_changes.list_all(session, loan.id)).items
    last = changes[-1]
    if last.effective_on is None:
        raise DocumentNotReady(missing="schedule_change")
    alive = [person for person in await loan_parties.borrowers(session, loan) if person.deceased_on is None]
    if not alive:
        raise DocumentNotReady(missing="living_borrower")
    state = await loan_books.books(session, loan, on=today)
    rows, _ = await schedules.whole_rows(session, await schedules.active(session, loan))
    left = {row.number for row in state.rows if row.left_cents}
    to_come = [row for row in rows if row.number in left]
    _, product = await loan_steps.rules_of(session, loan)
    more_cents = last.interest_cents - changes[-2].interest_cents
    return {
        **await _what(session, loan, last),
        "recipient": await loan_letters.living(session, loan, on=today),
        "names": [letterheads.name_of(person) for person in alive],
        "effective_on": in_words(last.effective_on),
        "to_come": _told(to_come),
        "interest_more": euros(more_cents) if more_cents > 0 else None,
        "interest_less": euros(-more_cents) if more_cents < 0 else None,
        "left": euros(sum(row.left_cents for row in state.rows)),
        "last_due": in_words(to_come[-1].due_on) if to_come else None,
        "collected_by": product.collected_by,
    }


def _told(rows: Sequence[Instalment]) -> list[list[str]]:
    """The instalments to come by runs of one amount: how many, of how much, from which day on."""
    told, place = [], 0
    for run in runs(rows):
        told.append([str(run.count), euros(run.amount_cents), in_words(rows[place].due_on)])
        place += run.count
    return told


async def _what(session: AsyncSession, loan: Loan, change: ScheduleChangeRead) -> Data:
    """What was done: `kind` of the change, with the due dates passed over, or the choice and its amount."""
    kind = "cancellation" if change.cancels_version is not None else change.kind.value
    data: Data = {"kind": kind, "paused": [], "choice": None, "early": None}
    if kind == "cancellation":
        return data
    of_version = (
        of_tenant(session, Schedule),
        col(Schedule.loan_id) == loan.id,
        col(Schedule.version) == change.version,
    )
    schedule_id = (await session.scalars(select(col(Schedule.id)).where(*of_version))).one()
    put_off = select(Deferral).where(of_tenant(session, Deferral), col(Deferral.schedule_id) == schedule_id)
    for deferral in await session.scalars(put_off):
        data["paused"] = [in_words(day) for day in deferral.paused_on]
    repaid = select(EarlyRepayment).where(
        of_tenant(session, EarlyRepayment), col(EarlyRepayment.schedule_id) == schedule_id
    )
    for early in await session.scalars(repaid):
        data["choice"], data["early"] = early.choice.value, euros(early.amount_cents)
    return data
