"""Loans with an unpaid instalment, ranked for the referents: derived from the ledger, never stored."""

from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, String, Subquery, and_, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.permissions import Caller
from app.schemas.arrears import ArrearsItem, ArrearsQuery
from app.schemas.base import CENTS_MAX, Page
from app.services import loan_dues, sent_letters
from app.services.pages import name_page
from app.tables import ArrearsDetection, Loan, Partner, Request, SentLetter
from app.tenancy import bound_tenant, of_tenant


async def list_page(session: AsyncSession, *, caller: Caller, today: date, query: ArrearsQuery) -> Page[ArrearsItem]:
    """Those in the communes that the caller sees: the longest late first, then the greater amount, then the reference.

    Raises CursorNotOurs.
    """
    late = _by_loan(session, on=today)
    statement = _described(session, late)
    if query.mine == "true":
        statement = statement.where(col(Request.instructing_agent_id) == caller.account_id)
    rank = func.concat(
        func.to_char(late.c.due_on, "YYYY-MM-DD"),
        " ",
        func.to_char(CENTS_MAX - late.c.unpaid_cents, "FM000000000000"),
        " ",
        cast(col(Loan.reference), String),
    ).collate("C")
    scope = f"{bound_tenant(session)}/arrears"
    rows, next_cursor = await name_page(session, statement, rank, scope=scope, query=query)
    reasons = await sent_letters.why_none(session, [row.loan_id for row in rows], on=today)
    items = [
        ArrearsItem.model_validate(
            {**row._asdict(), "days_late": (today - row.due_on).days, "no_letter": reasons.get(row.loan_id)}
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=next_cursor)


def _by_loan(session: AsyncSession, *, on: date) -> Subquery:
    late = loan_dues.late(session, on=on)
    in_order: Any = aggregate_order_by(late.c.ref, late.c.due_on)
    return (
        select(
            late.c.loan_id,
            func.array_agg(in_order, type_=ARRAY(Integer))[1].label("instalment_ref"),
            func.min(late.c.due_on).label("due_on"),
            func.count().label("instalments"),
            func.sum(late.c.left_cents).label("unpaid_cents"),
            func.sum(late.c.covered_cents).label("covered_cents"),
            func.max(late.c.position_on).label("position_on"),
        )
        .group_by(late.c.loan_id)
        .subquery("arrears")
    )


def _described(session: AsyncSession, late: Subquery) -> Select[*tuple[Any, ...]]:
    detected_on = (
        select(func.min(ArrearsDetection.detected_on))
        .where(
            of_tenant(session, ArrearsDetection),
            col(ArrearsDetection.loan_id) == late.c.loan_id,
            col(ArrearsDetection.instalment_ref) == late.c.instalment_ref,
        )
        .scalar_subquery()
    )
    last_letter_on = (
        select(func.max(SentLetter.sent_on))
        .where(of_tenant(session, SentLetter), col(SentLetter.loan_id) == late.c.loan_id)
        .scalar_subquery()
    )
    return (
        select(
            *late.c,
            col(Loan.reference),
            col(Loan.request_id),
            col(Partner.code).label("partner"),
            detected_on.label("detected_on"),
            last_letter_on.label("last_letter_on"),
            col(Request.instructing_agent_id),
        )
        .select_from(late)
        .join(Loan, and_(of_tenant(session, Loan), col(Loan.id) == late.c.loan_id))
        .join(Request, and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id))
        .outerjoin(Partner, col(Partner.id) == Loan.partner_id)
    )
