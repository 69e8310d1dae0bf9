"""Whether a lender was asked to check again and has not yet."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.ficp import CheckOutcome, CheckStage
from app.domain.handoff_lifecycle import OVER
from app.domain.loan_lifecycle import LoanStage
from app.tables import CheckRenewal, FicpCheck, Handoff, Loan
from app.tenancy import of_tenant


def is_open(session: AsyncSession) -> ColumnElement[bool]:
    """The condition that a check still matters to a handoff: it is not over, and no loan came of its request."""
    lent = exists().where(
        of_tenant(session, Loan), col(Loan.request_id) == Handoff.request_id, col(Loan.stage) != LoanStage.CANCELLED
    )
    return col(Handoff.status).not_in(sorted(OVER)) & ~lent


def wanted(session: AsyncSession) -> ColumnElement[bool]:
    """The condition that the lender of a handoff was asked to check again and told of no later consultation.

    A file that did not answer is no answer.
    """
    answered = (
        exists()
        .where(
            of_tenant(session, FicpCheck),
            col(FicpCheck.request_id) == Handoff.request_id,
            col(FicpCheck.partner_id) == Handoff.partner_id,
            col(FicpCheck.stage) == CheckStage.GRANT_DECISION,
            col(FicpCheck.consulted_at) > CheckRenewal.expired_at,
            col(FicpCheck.outcome).is_distinct_from(CheckOutcome.UNAVAILABLE),
        )
        .correlate(Handoff, CheckRenewal)
    )
    asked = exists().where(of_tenant(session, CheckRenewal), col(CheckRenewal.handoff_id) == Handoff.id, ~answered)
    return is_open(session) & asked


async def is_wanted(session: AsyncSession, handoff: Handoff) -> bool:
    """Whether the lender of a handoff is asked to check again."""
    statement = select(wanted(session)).where(of_tenant(session, Handoff), col(Handoff.id) == handoff.id)
    return bool(await session.scalar(statement))
