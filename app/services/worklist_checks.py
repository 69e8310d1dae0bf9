"""The lenders' checks that have expired: one of the kinds of the worklist."""

from datetime import datetime
from typing import Any

from sqlalchemy import Date, Integer, and_, any_, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.ficp import CheckEffect, CheckOutcome, CheckStage
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.request_lifecycle import WITH_LENDER
from app.services import checks_wanted
from app.services.check_standings import source_of
from app.services.worklist_requests import Waiting, of_request
from app.tables import AgreementRow, FicpCheck, Handoff, Request
from app.tenancy import of_tenant

_CONCLUDES = (CheckOutcome.FAVORABLE, CheckOutcome.UNFAVORABLE)


def checks_to_renew(session: AsyncSession, *, now: datetime) -> Waiting:
    """Files that lie with a lender whose check no longer holds, since the day after its last; but not where the lender
    was asked to check again, nor where the rules take no notice.
    """
    held = _held(session)
    last_day = cast(func.timezone(str(now.tzinfo), held.c.consulted_at), Date) + cast(
        col(AgreementRow.check_valid_days), Integer
    )
    of_file = and_(col(Request.tenant_id) == Handoff.tenant_id, col(Request.id) == Handoff.request_id)
    of_agreement = and_(col(AgreementRow.tenant_id) == Handoff.tenant_id, col(AgreementRow.id) == Handoff.agreement_id)
    return (
        of_request(last_day + 1, col(Handoff.id), handoff_id=col(Handoff.id))
        .select_from(Handoff)
        .join(Request, of_file)
        .join(AgreementRow, of_agreement)
        .join(held, held.c.handoff_id == Handoff.id)
        .where(
            of_tenant(session, Handoff),
            col(Request.status).in_(sorted(WITH_LENDER)),
            held.c.outcome.in_(_CONCLUDES),
            last_day < now.date(),
            checks_wanted.is_open(session),
            ~checks_wanted.wanted(session),
        )
    )


def _held(session: AsyncSession) -> Any:
    """The check that holds for each handoff of a loan file, as `app.domain.ficp` concludes: the latest, the more
    cautious of two at once.
    """
    caution = case(
        (col(FicpCheck.outcome) == CheckOutcome.UNFAVORABLE, 2),
        (col(FicpCheck.outcome) == CheckOutcome.TO_CLEAR, 1),
        else_=0,
    )
    heard = or_(
        col(Handoff.check_told_by).is_(None),
        col(FicpCheck.outcome) != CheckOutcome.FAVORABLE,
        source_of(FicpCheck) == any_(col(Handoff.check_told_by)),
    )
    return (
        select(col(Handoff.id).label("handoff_id"), col(FicpCheck.outcome), col(FicpCheck.consulted_at))
        .join(
            FicpCheck,
            and_(
                col(FicpCheck.tenant_id) == Handoff.tenant_id,
                col(FicpCheck.request_id) == Handoff.request_id,
                col(FicpCheck.partner_id) == Handoff.partner_id,
            ),
        )
        .where(
            of_tenant(session, Handoff),
            col(Handoff.kind) == HandoffKind.LOAN_FILE,
            col(Handoff.check_effect) != CheckEffect.IGNORE,
            col(FicpCheck.stage) == CheckStage.GRANT_DECISION,
            col(FicpCheck.outcome) != CheckOutcome.UNAVAILABLE,
            heard,
        )
        .ext(distinct_on(col(Handoff.id)))
        .order_by(col(Handoff.id), col(FicpCheck.consulted_at).desc(), caution.desc())
        .subquery("held")
    )
