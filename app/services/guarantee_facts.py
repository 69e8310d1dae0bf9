"""What is known of the claims on guarantors: losses, payments and recoveries, with what was taken back of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.guarantee_errors import GuaranteeEntryReversed
from app.domain.guarantees import Claimed
from app.tables import GuaranteeClaim, GuaranteePayment, GuaranteeRecovery, GuaranteeReversal
from app.tenancy import of_tenant

EntryRow = GuaranteeClaim | GuaranteePayment | GuaranteeRecovery
One = TypeVar("One", GuaranteeClaim, GuaranteePayment, GuaranteeRecovery)
_DAYS = {GuaranteeClaim: "lost_on", GuaranteePayment: "paid_on", GuaranteeRecovery: "recovered_on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was entered on the claims of some loans; `reversals` by the identifier of what was taken back."""

    claims: Sequence[GuaranteeClaim]
    payments: Sequence[GuaranteePayment]
    recoveries: Sequence[GuaranteeRecovery]
    reversals: dict[UUID, GuaranteeReversal]

    def standing(self, entries: Sequence[One], *, on: date | None = None) -> list[One]:
        """Those that stand at the end of a day; of all days where none is given."""
        return [
            entry
            for entry in entries
            if on is None or getattr(entry, _DAYS[type(entry)]) <= on
            if (taken_back := self.reversals.get(entry.id)) is None or (on is not None and taken_back.reversed_on > on)
        ]

    def claimed(self, *, on: date | None = None) -> list[Claimed]:
        """The claims that stand, with what was paid and recovered on each."""
        return [self.state(claim, on=on) for claim in self.standing(self.claims, on=on)]

    def state(self, claim: GuaranteeClaim, *, on: date | None = None) -> Claimed:
        """One claim with what was paid and recovered on it."""
        paid = [one.amount_cents for one in self.standing(self.payments, on=on) if one.claim_id == claim.id]
        shares = [share for one in self.standing(self.recoveries, on=on) for share in one.shares]
        names = ("id", "loan_id", "guarantor", "reference", "lost_on", "principal_cents", "interest_cents")
        return Claimed(
            **{name: getattr(claim, name) for name in names},
            claimed_cents=claim.claimed_cents,
            paid_cents=sum(paid),
            shared_cents=sum(share["cents"] for share in shares if share["claim_id"] == str(claim.id)),
        )

    def check_standing(self, entry: EntryRow) -> None:
        """Raises GuaranteeEntryReversed where it was taken back."""
        if entry.id in self.reversals:
            raise GuaranteeEntryReversed

    def reversed_on(self, entry: EntryRow) -> date | None:
        """The day on which it was taken back; null where it stands."""
        taken_back = self.reversals.get(entry.id)
        return taken_back.reversed_on if taken_back else None


async def of_loans(session: AsyncSession, loan_ids: Collection[UUID], *, known_at: datetime | None = None) -> Facts:
    """What was entered on the claims of some loans, in the order of entry, as known at an instant."""
    claims = await _rows(session, GuaranteeClaim, col(GuaranteeClaim.loan_id).in_(loan_ids), known_at)
    of_claims = [claim.id for claim in claims]
    payments = await _rows(session, GuaranteePayment, col(GuaranteePayment.claim_id).in_(of_claims), known_at)
    recoveries = await _rows(session, GuaranteeRecovery, col(GuaranteeRecovery.loan_id).in_(loan_ids), known_at)
    return Facts(
        claims=claims,
        payments=payments,
        recoveries=recoveries,
        reversals=await _reversals(session, [one.id for one in (*claims, *payments, *recoveries)], known_at),
    )


def entered_by(table: Any, known_at: datetime | None) -> list[ColumnElement[bool]]:
    """The condition that a row was known at an instant; none where no instant is given."""
    return [] if known_at is None else [col(table.entered_at) <= known_at]


async def _rows(
    session: AsyncSession, table: type[One], condition: ColumnElement[bool], known_at: datetime | None
) -> Sequence[One]:
    statement = select(table).where(of_tenant(session, table), condition, *entered_by(table, known_at))
    return (await session.scalars(statement.order_by(col(table.id)))).all()


async def _reversals(
    session: AsyncSession, entry_ids: Collection[UUID], known_at: datetime | None
) -> dict[UUID, GuaranteeReversal]:
    of_entry = ("claim_id", "payment_id", "recovery_id")
    statement = select(GuaranteeReversal).where(
        of_tenant(session, GuaranteeReversal),
        or_(*(col(getattr(GuaranteeReversal, name)).in_(entry_ids) for name in of_entry)),
        *entered_by(GuaranteeReversal, known_at),
    )
    return {
        entry_id: one
        for one in await session.scalars(statement)
        for name in of_entry
        if (entry_id := getattr(one, name)) is not None
    }
