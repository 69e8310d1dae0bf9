"""What many loans stand on a day, read at once: as many statements for one as for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import books
from app.domain.allocation import Slot
from app.domain.books import Books
from app.domain.ledger import EntryKind, Fact, standing
from app.services import loan_books, schedules


@dataclass(frozen=True, slots=True)
class State:
    """The facts of a loan, what the schedule in force on a day lets be paid, and the books of that day."""

    facts: Sequence[Fact]
    slots: Sequence[Slot]
    books: Books
    on: date

    @property
    def is_paid_out(self) -> bool:
        """Whether money had left by that day, and was not taken back."""
        return any(fact.kind is EntryKind.DISBURSEMENT for fact in standing(self.facts, on=self.on))


async def states(
    session: AsyncSession, loan_ids: Sequence[UUID], *, on: date, known_at: datetime | None = None
) -> dict[UUID, State]:
    """What these loans are on a day, that day included, as known at an instant; none of a loan not known by then."""
    versions = {
        loan_id: found.on(on)
        for loan_id, found in (await schedules.timelines(session, loan_ids, known_at=known_at)).items()
    }
    slots = await schedules.slots(session, versions.values())
    facts = await loan_books.facts_of(session, loan_ids, known_at=known_at)
    return {
        loan_id: State(
            facts=facts.get(loan_id, []),
            slots=slots[version.id],
            books=books.books(facts.get(loan_id, []), slots[version.id], on=on),
            on=on,
        )
        for loan_id, version in versions.items()
    }
