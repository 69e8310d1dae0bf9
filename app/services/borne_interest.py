"""The interest that third parties bear of the loans of partners, month by month."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import borne_interest
from app.domain.borne_interest import BornePart
from app.schemas.borne_interest import BorneInstalmentRead, BorneInterestList, BorneInterestQuery, BorneInterestRead
from app.services import guarantee_facts, partner_loans, partners
from app.services.partner_loans import PartnerLoan
from app.tables import BorneInterestStatement, Partner
from app.tenancy import of_tenant


async def read(session: AsyncSession, *, query: BorneInterestQuery) -> BorneInterestList:
    """What each third party owes each lender for the instalments of a month, in the communes that the caller sees.

    Raises UnknownPartner.
    """
    first = date(query.year, query.month, 1)
    last = borne_interest.month_end(first)
    partner_id = (await partners.by_code(session, query.partner)).id if query.partner else None
    told = await owed(session, partner_id=partner_id, due=(first, last), known_at=query.known_at)
    references = await _references(session, query)
    lines: dict[tuple[str, str], list[BorneInstalmentRead]] = defaultdict(list)
    for lent, parts in told:
        for part in parts:
            if first <= part.due_on <= last and query.payer in (None, part.payer):
                lines[lent.partner, part.payer].append(line(lent.loan.reference, part))
    items = [
        BorneInterestRead(
            partner=partner,
            payer=payer,
            year=query.year,
            month=query.month,
            lines=of_both,
            total_cents=sum(one.cents for one in of_both),
            reference=references.get((partner, payer)),
        )
        for (partner, payer), of_both in sorted(lines.items())
    ]
    return BorneInterestList(items=items, next_cursor=None)


async def csv(session: AsyncSession, *, query: BorneInterestQuery) -> str:
    """The same for a spreadsheet, one line for each instalment. Raises UnknownPartner."""
    statements = (await read(session, query=query)).items
    return borne_interest.lines_csv(
        (told.partner, told.payer, told.year, told.month, one.loan_reference,
         f"{one.loan_reference}-{one.instalment_ref:03}",
         one.due_on.strftime("%d/%m/%Y"), borne_interest.in_euros(one.cents))
        for told in statements
        for one in told.lines
    )  # fmt: skip


async def owed(
    session: AsyncSession,
    *,
    partner_id: UUID | None,
    due: tuple[date, date] | None = None,
    known_at: datetime | None = None,
) -> Sequence[tuple[PartnerLoan, list[BornePart]]]:
    """What third parties owe of each loan over its whole life, as known at an instant; of the loans of one partner, or
    of those with an instalment between two days.
    """
    lent = await partner_loans.paid_out(session, partner_id=partner_id, due=due, known_at=known_at)
    facts = await guarantee_facts.of_loans(session, [one.loan.id for one in lent], known_at=known_at)
    lost: dict[UUID, date] = {}
    for claim in facts.claimed():
        lost[claim.loan_id] = min(claim.lost_on, lost.get(claim.loan_id, claim.lost_on))
    return [
        (
            one,
            borne_interest.due(
                one.loan.id,
                one.versions,
                disbursed_on=one.disbursed_on,
                ended_on=borne_interest.ended_on([one.settled_on(), lost.get(one.loan.id), one.withdrawn_on]),
            ),
        )
        for one in lent
    ]


def line(loan_reference: str, part: BornePart) -> BorneInstalmentRead:
    """One instalment on a statement."""
    return BorneInstalmentRead(
        loan_id=part.loan_id,
        loan_reference=loan_reference,
        instalment_ref=part.instalment_ref,
        due_on=part.due_on,
        cents=part.cents,
    )


async def _references(session: AsyncSession, query: BorneInterestQuery) -> dict[tuple[str, str], str]:
    """The numbers of the statements of the month, by lender and payer."""
    statement = (
        select(col(Partner.code), col(BorneInterestStatement.payer), col(BorneInterestStatement.reference))
        .join(Partner, col(Partner.id) == BorneInterestStatement.partner_id)
        .where(
            of_tenant(session, BorneInterestStatement),
            col(BorneInterestStatement.year) == query.year,
            col(BorneInterestStatement.month) == query.month,
            *guarantee_facts.entered_by(BorneInterestStatement, query.known_at),
        )
    )
    return {(partner, payer): reference for partner, payer, reference in await session.execute(statement)}
