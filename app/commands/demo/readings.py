"""What the API answers about each case once it has been lived: the only source of the figures that are printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.commands.demo.cases import Case
from app.commands.demo.staff import Staff
from app.domain.decisions import Outcome
from app.domain.financing import PlanLineStatus
from app.domain.ledger import EntryKind
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.domain.request_lifecycle import RequestStatus
from app.schemas.decisions import DecisionItem, DecisionRead
from app.schemas.loans import LoanItem, LoanRead
from app.schemas.people import PersonRead
from app.schemas.plans import FinancingPlanRead
from app.schemas.repayments import LedgerEntryRead, LedgerRead
from app.schemas.requests import RequestItem, RequestRead

_WITHOUT_LOAN = {
    (Outcome.APPROVE, RequestStatus.WITHDRAWN): "not_contracted",
    (Outcome.APPROVE, RequestStatus.CLOSED_WITHOUT_ACTION): "not_contracted",
    (Outcome.REFUSE, RequestStatus.REFUSED): "refused",
    (Outcome.GRANT_ONLY, RequestStatus.GRANT_ONLY): "grant_only",
    (Outcome.ADJOURN, RequestStatus.ADJOURNED): "adjourned",
    (Outcome.ADJOURN, RequestStatus.CLOSED_WITHOUT_ACTION): "adjourned",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One case as the API tells it, its loan as of the day of the report's tables. Amounts in cents."""

    name: str
    request: RequestRead
    plan: FinancingPlanRead
    decision: DecisionRead
    loan: LoanRead | None
    entries: tuple[LedgerEntryRead, ...]

    @property
    def year(self) -> int:
        """The year in which the commission examined it."""
        return self.decision.decided_on.year

    @property
    def contracted_on(self) -> date | None:
        """The day of the last signature; None while one is awaited."""
        if self.loan is None or self.loan.awaiting_signature_of:
            return None
        return max(signature.signed_on for signature in self.loan.signatures)

    @property
    def settled_on(self) -> date | None:
        """The day of the last repayment of a closed loan."""
        if self.loan is None or self.loan.status is not LoanStatus.CLOSED:
            return None
        return max(entry.effect_on for entry in self.entries if entry.kind is EntryKind.REPAYMENT)

    def paid_out_cents(self, year: int) -> int:
        """What the ledger says was paid out in a year."""
        return sum(
            entry.amount_cents
            for entry in self.entries
            if entry.kind is EntryKind.DISBURSEMENT and entry.effect_on.year == year
        )

    def planned_cents(self) -> int:
        """The lines of the financing plan that nobody refused."""
        return sum(line.amount_cents for line in self.plan.lines if line.status is not PlanLineStatus.REFUSED)

    def situation(self) -> str:
        """In the report's terms; a state that the report does not know is given as it is."""
        if self.loan is None:
            return _WITHOUT_LOAN.get((self.decision.outcome, self.request.status), self.request.status.value)
        if self.loan.status is LoanStatus.CLOSED:
            on_schedule = self.loan.closing_reasons == [ClosingReason.ON_SCHEDULE]
            return "settled" if on_schedule else "+".join(self.loan.closing_reasons)
        if self.loan.status is LoanStatus.OVERDUE and self.loan.repaid_cents == 0 and self._owes_the_first():
            return "first_unpaid"
        return self.loan.status.value

    def _owes_the_first(self) -> bool:
        return self.loan is not None and self.loan.next_due is not None and self.loan.next_due.number == 1


async def read_all(staff: Staff, cases: Iterable[Case], *, as_of: date) -> list[Reading]:
    """The demand of every case, in their order. Raises DemoRefused."""
    people = {person.id: person.birth_name for person in await staff.all("/people", PersonRead)}
    names = {case.id for case in cases}
    requests = [each for each in await staff.all("/requests", RequestItem) if people[each.applicant_id] in names]
    decisions = await staff.all("/decisions", DecisionItem)
    loans = await staff.all("/loans", LoanItem)
    readings = [
        await _read(
            staff,
            request,
            last=max((each for each in decisions if each.request_id == request.id), key=lambda each: each.number),
            loan=next((each for each in loans if each.request_id == request.id), None),
            as_of=as_of,
        )
        for request in requests
    ]
    return sorted(readings, key=lambda reading: reading.name)


async def _read(staff: Staff, item: RequestItem, *, last: DecisionItem, loan: LoanItem | None, as_of: date) -> Reading:
    path = f"/requests/{item.id}"
    person = await staff.get(f"/people/{item.applicant_id}", PersonRead)
    ledger = await staff.get(f"/loans/{loan.id}/ledger", LedgerRead) if loan else None
    return Reading(
        name=person.birth_name,
        request=await staff.get(path, RequestRead),
        plan=await staff.get(f"{path}/financing-plan", FinancingPlanRead),
        decision=await staff.get(f"/decisions/{last.id}", DecisionRead),
        loan=await staff.get(f"/loans/{loan.id}", LoanRead, as_of=str(as_of)) if loan else None,
        entries=tuple(ledger.items) if ledger else (),
    )


def of_year(readings: Iterable[Reading], year: int) -> list[Reading]:
    """The cases that the commission examined in a year."""
    return [reading for reading in readings if reading.year == year]
